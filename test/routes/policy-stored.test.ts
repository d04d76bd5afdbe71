import type { Flag, Parameters, PlanDefinition } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { Catalog } from '../../src/catalog.ts';
import { everyone } from '../../src/fhir/compartment.ts';
import { type Answer, type TestApp, testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { aPolicy, put } from './support.ts';

const SOUND = '%finding.min >= 3';
const RELEASED = 'https://example.org/PlanDefinition/mine|1';

/** What was accepted by an earlier engine: sound with 3 as the lowest grade, and refused by now. It fires as SOUND does where `fires`. */
const REFUSED_BY_NOW: [name: string, expression: string, fires: boolean][] = [
  ['two constants', `${SOUND} and 1 = 1`, true],
  ['beside what is always so', `${SOUND} and %finding.grade >= 0`, true],
  ['an or with what is never so', `${SOUND} or %finding.grade = 2.5`, true],
  ['a whole number that is to be none', '%finding.grade = 2.5', false],
  ['a grade that no scale has', '%finding.grade >= 6', false],
  ['a kind that there is not', "%finding.kind = 'compsite'", false],
  ['a quotient by 0', '%finding.grade / 0 >= 1', false],
  ['parts that exclude each other', '%finding.min >= 3 and %finding.max < 3', false],
  ['a score that the terms do not have', "%finding.system = 'ctcae' and %finding.severity >= 3", false],
  ['a term of the reporting, which is not named', "%finding.term = 'implausibly-fast'", false],
];

/** Puts another condition into a stored policy, as an earlier engine accepted it. */
async function rewrite(app: TestApp, { id }: PlanDefinition, from: string, to: string): Promise<void> {
  const { rowCount } = await app.deps.db.pool.query(
    `update resource_version set content = replace(content, $2, $3) where type = 'PlanDefinition' and id = $1`,
    [id, JSON.stringify(from), JSON.stringify(to)],
  );
  if (!rowCount) throw new Error('nothing was rewritten');
  Object.assign(app.deps, { catalog: new Catalog(app.deps.db) });
}

/** A service in which no policy is active, and a patient who reports diarrhoea. */
async function anApp(t: Test) {
  const app = await testApp();
  t.teardown(() => app.close());
  for (const { resource } of (await app.send('GET', '/PlanDefinition?status=active')).body.entry) {
    await app.send('PUT', `/PlanDefinition/${resource.id}`, { ...resource, status: 'retired' });
  }
  const form = await weeklyForm(app);
  const patient = await aPatient(app);
  const report = (authored: string, score: number) =>
    put(app, aResponse(form, patient, authored, { PROCTCAE_16A_SCL: score }));
  const flags = async (): Promise<Flag[]> =>
    ((await app.send('GET', `/Flag?patient=${patient}&_sort=_id`)).body.entry ?? []).map(
      ({ resource }: { resource: Flag }) => resource,
    );
  return { app, report, flags };
}

const codesOf = (flags: readonly Flag[]) => flags.map(({ status, code }) => `${status} ${code.coding?.[0]?.code}`);

const replayed = async (app: TestApp, flag: Flag | undefined): Promise<string | undefined> => {
  const { status, body } = await app.send('GET', `/Flag/${flag?.id}/$replay`);
  return status === 200
    ? (body as Parameters).parameter?.find(({ name }) => name === 'outcome')?.valueCode
    : `${status}`;
};

t.test('a stored policy goes on judging, also where it would be refused by now', async (t) => {
  for (const [name, expression, fires] of REFUSED_BY_NOW) {
    await t.test(name, async (t) => {
      const { app, report, flags } = await anApp(t);
      const policy = await put(app, aPolicy(SOUND));
      await rewrite(app, policy, SOUND, expression);
      const { policies, broken } = await app.deps.catalog.at(everyone());
      t.same(broken, []);
      t.same(
        policies.map(({ canonical }) => canonical),
        [RELEASED],
      );
      const opened = fires ? ['active PROCTCAE_16_COMP'] : [];
      await report('2026-11-08T08:00:00Z', 4);
      t.same(codesOf(await flags()), opened);

      const retired = await app.send('PUT', `/PlanDefinition/${policy.id}`, {
        ...(await app.send('GET', `/PlanDefinition/${policy.id}`)).body,
        status: 'retired',
      });
      t.equal(retired.status, 200, retired.text);
      await report('2026-11-01T08:00:00Z', 0);
      t.same(codesOf(await flags()), opened, 'a late report is evaluated');
      if (fires) t.equal(await replayed(app, (await flags())[0]), 'equal');
    });
  }
});

t.test('what comes in, or is to be released, is looked at wholly', async (t) => {
  const { app } = await anApp(t);
  const parameters = (resource: PlanDefinition) => ({
    resourceType: 'Parameters',
    parameter: [{ name: 'policy', resource }],
  });
  for (const [name, expression] of REFUSED_BY_NOW) {
    const url = `https://example.org/PlanDefinition/${name.replaceAll(' ', '-')}`;
    const draft = await put(app, aPolicy(SOUND, { url, status: 'draft' }));
    const path = `/PlanDefinition/${draft.id}`;
    const bad = aPolicy(expression, { url, version: '2' });
    const entry = [{ resource: bad, request: { method: 'POST', url: 'PlanDefinition' } }];
    const content = [{ op: 'replace', path: '/action/0/condition/0/expression/expression', value: expression }];
    const other = { name: 'other', resource: aPolicy(SOUND) };
    const ways: [way: string, answer: () => Promise<Answer>][] = [
      ['POST', () => app.send('POST', '/PlanDefinition', bad)],
      ['POST of a retired one', () => app.send('POST', '/PlanDefinition', { ...bad, status: 'retired' })],
      ['PUT', () => app.send('PUT', path, { ...bad, status: 'draft', id: draft.id })],
      ['PATCH', () => app.send('PATCH', path, content, { 'content-type': 'application/json-patch+json' })],
      ['transaction', () => app.send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })],
      ['$simulate', () => app.send('POST', '/PlanDefinition/$simulate', parameters(bad))],
      [
        '$compare',
        () =>
          app.send('POST', '/PlanDefinition/$compare', {
            ...parameters(bad),
            parameter: [...parameters(bad).parameter, other],
          }),
      ],
    ];
    for (const [way, answer] of ways) t.equal((await answer()).status, 422, `${way}: ${name}`);
    const validated = await app.send('POST', '/PlanDefinition/$validate?mode=create', bad);
    t.ok(
      validated.body.issue.some(({ severity }: { severity: string }) => severity === 'error'),
      `$validate: ${name}`,
    );
    await rewrite(app, draft, SOUND, expression);
    const activation = await app.send('POST', `${path}/$activate`, {
      resourceType: 'Parameters',
      parameter: [
        { name: 'author', valueReference: { reference: 'Practitioner/p' } },
        { name: 'override', valueBoolean: true },
        { name: 'reason', valueString: 'As agreed' },
      ],
    });
    t.equal(activation.status, 422, `$activate: ${name}`);
    t.match(activation.body.issue[0].diagnostics, /^Action first, /, `$activate: ${name}`);
    t.equal((await app.send('POST', `${path}/$simulate`)).status, 422, `$simulate of the stored draft: ${name}`);
  }
});

t.test('a held version is compared with and simulated though it would be refused by now', async (t) => {
  const { app } = await anApp(t);
  const policy = await put(app, aPolicy(SOUND));
  await rewrite(app, policy, SOUND, `${SOUND} and 1 = 1`);
  const next = {
    resourceType: 'Parameters',
    parameter: [{ name: 'policy', resource: aPolicy(SOUND, { version: '2' }) }],
  };
  t.equal((await app.send('POST', '/PlanDefinition/$compare', next)).status, 200);
  t.equal((await app.send('POST', '/PlanDefinition/$simulate', next)).status, 202);
  t.equal((await app.send('POST', `/PlanDefinition/${policy.id}/$simulate`)).status, 202);
});

t.test('a retired policy that cannot be compiled stops nothing but what was judged by it', async (t) => {
  const { app, report, flags } = await anApp(t);
  const policy = await put(app, aPolicy(SOUND));
  await report('2026-11-08T08:00:00Z', 4);
  const [flag] = await flags();
  await rewrite(app, policy, SOUND, 'now() > @2026-01-01');
  t.same((await app.deps.catalog.at(everyone())).broken, [RELEASED], 'while it is active it is told');
  const { body } = await app.send('GET', `/PlanDefinition/${policy.id}`);
  t.equal((await app.send('PUT', `/PlanDefinition/${policy.id}`, { ...body, status: 'retired' })).status, 200);
  const snapshot = await app.deps.catalog.at(everyone());
  t.same([snapshot.broken, snapshot.policy(RELEASED)], [[], undefined]);
  t.equal(await replayed(app, flag), 'differs', 'what is no longer held so is told');
  await report('2026-11-15T08:00:00Z', 4);
  t.same(codesOf(await flags()), ['active PROCTCAE_16_COMP'], 'the next report is evaluated');
  await report('2026-11-01T08:00:00Z', 0);
  const told = codesOf(await flags()).filter((code) => code.endsWith('not-evaluated'));
  t.equal(told.length, 1, 'what rests on its decisions is not, and a person is told');
});
