import type { SearchParameter } from '@medplum/fhirtypes';
import t from 'tap';
import { everyone } from '../../src/fhir/compartment.ts';
import { countOutdated, outdated, rewriteIndex, takeReindex } from '../../src/store/reindex.ts';
import { type TestApp, testApp } from '../support/app.ts';
import { secondDeps } from '../support/second.ts';

const MAIDEN = 'http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName';
const COUNT = 'https://example.org/StructureDefinition/siblings';

const parameter = (over: Partial<SearchParameter> = {}): SearchParameter => ({
  resourceType: 'SearchParameter',
  url: 'https://example.org/SearchParameter/mothers-maiden-name',
  name: 'mothersMaidenName',
  status: 'active',
  description: "Patients by their mother's maiden name",
  code: 'mothers-maiden-name',
  base: ['Patient'],
  type: 'string',
  expression: `Patient.extension.where(url = '${MAIDEN}').value.ofType(string)`,
  ...over,
});

const aPatient = (app: TestApp, name: string, siblings: number) =>
  app.send('POST', '/Patient', {
    resourceType: 'Patient',
    name: [{ family: 'A', given: ['B'] }],
    extension: [
      { url: MAIDEN, valueString: name },
      { url: COUNT, valueQuantity: { value: siblings } },
    ],
  });

const STRICT = { prefer: 'handling=strict' };
const found = async (app: TestApp, query: string): Promise<number> => {
  const { status, body } = await app.send('GET', `/Patient?${query}`, undefined, STRICT);
  return status === 200 ? (body.entry?.length ?? 0) : -status;
};
const value = (body: { parameter: { name: string; [key: string]: unknown }[] }) =>
  Object.fromEntries(body.parameter.map(({ name, ...rest }) => [name, Object.values(rest)[0]]));

t.test('a posted parameter is indexed from then on, and offered when all that was there is indexed', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const { indexing } = app.deps;
  await Promise.all(Array.from({ length: 204 }, (_, i) => aPatient(app, i % 2 === 0 ? 'Lévy' : 'Martin', i % 5)));
  const { body: gone } = await aPatient(app, 'Lévy', 1);
  await app.send('DELETE', `/Patient/${gone.id}`);

  t.equal(await found(app, 'mothers-maiden-name=levy'), -400, 'unknown before');
  const { status, body } = await app.send('POST', '/SearchParameter', parameter());
  t.equal(status, 201);
  const progress = async () => value((await app.send('GET', `/SearchParameter/${body.id}/$reindex`)).body);
  t.same(await progress(), { status: 'pending', total: 204, indexed: 0 });

  await indexing.refresh();
  t.equal(await found(app, 'mothers-maiden-name=levy'), -400, 'not offered yet');
  await aPatient(app, 'Levysohn', 2);
  t.same(await progress(), { status: 'pending', total: 205, indexed: 1 }, 'what is written now is indexed');

  await indexing.work();
  t.same(await progress(), { status: 'pending', total: 205, indexed: 205 });
  t.equal(await found(app, 'mothers-maiden-name=levy'), -400, 'another process may not have heard of it');

  await indexing.work({ graceSeconds: 0 });
  t.same(await progress(), { status: 'complete', total: 205, indexed: 205 });
  t.equal(await found(app, 'mothers-maiden-name=levy&_count=1000'), 103);
  t.equal(await found(app, 'mothers-maiden-name:exact=Martin&_count=1000'), 102);
  t.equal(await found(app, 'mothers-maiden-name:missing=true&_count=1000'), 0);

  const rows = await app.database.db.kysely.selectFrom('index_string').select('id').execute();
  await indexing.work({ graceSeconds: 0 });
  t.equal((await app.database.db.kysely.selectFrom('index_string').select('id').execute()).length, rows.length);
});

t.test(
  'another process hears of it, goes on where one has ended, and what it wrote with old parameters is mended',
  async (t) => {
    const app = await testApp({ demoPolicy: false });
    const other = await secondDeps(app, 4);
    t.teardown(async () => {
      await other.close();
      await app.close();
    });
    for (let i = 0; i < 5; i += 1) await aPatient(app, 'Lévy', i);
    const posted = parameter({
      code: 'siblings',
      type: 'quantity',
      url: 'https://example.org/SearchParameter/siblings',
      expression: `Patient.extension('${COUNT}').value.ofType(Quantity)`,
    });
    const { body } = await app.send('POST', '/SearchParameter', posted);
    await other.deps.indexing.refresh();
    // The first process died holding the work.
    t.ok(await takeReindex(app.database.db, everyone(), body.id, 60));
    await other.deps.indexing.work({ graceSeconds: 0 });
    t.equal((await other.deps.indexing.progress(body)).indexed, 0, 'it is held');
    await app.database.db.pool.query("update reindex set locked_until = '-infinity'");
    await other.deps.indexing.work({ graceSeconds: 0 });
    t.match(await other.deps.indexing.progress(body), { status: 'complete', total: 5, indexed: 5 });

    // This one has not heard of it.
    t.equal(await found(app, 'siblings=3'), -400);
    await aPatient(app, 'Late', 3);
    t.match(await other.deps.indexing.progress(body), { total: 6, indexed: 5 });
    await other.deps.indexing.work();
    t.match(await other.deps.indexing.progress(body), { status: 'complete', total: 6, indexed: 6 });
    await app.deps.indexing.refresh();
    t.equal(await found(app, 'siblings=3'), 2);
    t.equal(await found(app, 'siblings=gt3'), 1);
  },
);

t.test('a new version is indexed anew, and one that is retired is no longer offered', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const { indexing } = app.deps;
  await app.send('POST', '/Patient', {
    resourceType: 'Patient',
    language: 'fr',
    maritalStatus: { text: 'm', coding: [{ code: 'M' }] },
  });
  const complete = async () => {
    await indexing.refresh();
    await indexing.work({ graceSeconds: 0 });
  };
  const own = parameter({
    code: 'own',
    type: 'token',
    url: 'https://example.org/SearchParameter/own',
    expression: 'Patient.language',
  });
  const { body } = await app.send('POST', '/SearchParameter', own);
  await complete();
  t.equal(await found(app, 'own=fr'), 1);
  const ofOthers = parameter({
    code: 'own',
    type: 'token',
    base: ['Organization'],
    url: 'https://example.org/SearchParameter/own-of-organizations',
    expression: 'Organization.language',
  });
  const second = await app.send('POST', '/SearchParameter', ofOthers);
  t.equal(second.status, 201, 'the same code for another type');
  await app.send('POST', '/Organization', { resourceType: 'Organization', name: 'O', language: 'fr' });
  await complete();
  t.match(value((await app.send('GET', `/SearchParameter/${second.body.id}/$reindex`)).body), { status: 'complete' });
  t.equal((await app.send('GET', '/Organization?own=fr', undefined, STRICT)).body.entry?.length, 1);
  t.equal(await found(app, 'own=fr'), 1);
  const next = { ...own, id: body.id, expression: 'Patient.maritalStatus' };
  t.equal((await app.send('PUT', `/SearchParameter/${body.id}`, next)).status, 200);
  await indexing.refresh();
  t.equal(await found(app, 'own=fr'), -400, 'not offered until it is complete again');
  await complete();
  t.equal(await found(app, 'own=fr'), 0);
  t.equal(await found(app, 'own=M'), 1);
  await app.send('PUT', `/SearchParameter/${body.id}`, { ...next, status: 'retired' });
  await indexing.refresh();
  t.equal(await found(app, 'own=M'), -400);
  t.match(value((await app.send('GET', `/SearchParameter/${body.id}/$reindex`)).body), { status: 'not-indexed' });
});

t.test('what cannot be walked is refused in words, and stored as a draft', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const walked = parameter({ expression: "Patient.name.matches('a')" });
  const refused = await app.send('POST', '/SearchParameter', walked);
  t.equal(refused.status, 422);
  t.match(refused.body.issue[0].diagnostics, /function matches\(\)/);
  const taken = await app.send('POST', '/SearchParameter', parameter({ code: 'gender', expression: 'Patient.gender' }));
  t.match(taken.body.issue[0].diagnostics, /has a search parameter gender already/);
  const draft = await app.send('POST', '/SearchParameter', { ...walked, status: 'draft' });
  t.equal(draft.status, 201);
  const { body } = await app.send('GET', `/SearchParameter/${draft.body.id}/$reindex`);
  t.match(value(body), { status: 'not-indexed', reason: 'its status is not active' });
});

t.test('a resource that changes while it is indexed again keeps the rows of its new version', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const { db } = app.database;
  const { body } = await aPatient(app, 'Lévy', 1);
  const all = everyone();
  const since = (app.deps.registry.generation ?? 0n) + 1n;
  const [read] = await outdated(db, all, 'Patient', since, { after: '', limit: 10 });
  t.equal(read?.id, body.id);
  await app.send('PUT', `/Patient/${body.id}`, { resourceType: 'Patient', id: body.id, name: [{ family: 'New' }] });
  if (!read) return;
  const stale = {
    tok: [],
    key1: null,
    code1: 0,
    lo: null,
    hi: null,
    patient: null,
    present: 0n,
    registry: since,
    dates: [],
    numbers: [],
    strings: [{ param: 'family', norm: 'old', exact: 'Old' }],
    tables: [],
  };
  const written = await rewriteIndex(db, all, [{ at: read, index: stale }], {
    params: ['family'],
    tables: ['index_string'],
  });
  t.equal(written, 0);
  t.same(
    (await db.kysely.selectFrom('index_string').select('norm').where('param', '=', 'family').execute()).map(
      ({ norm }) => norm,
    ),
    ['new'],
  );
  t.same(await countOutdated(db, all, ['Patient'], since), { total: 1, remaining: 1 });
});
