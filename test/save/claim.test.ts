import { hash } from 'node:crypto';
import t from 'tap';
import { testApp } from '../support/app.ts';
import { createIn } from '../support/save.ts';
import { secondDeps } from '../support/second.ts';

const ROUNDS = 200;
const CLIENTS = 64;
const SYSTEM = 'https://example.org/app';

const device = (value: string) => ({ resourceType: 'Device', identifier: [{ system: SYSTEM, value }] });
const criteria = (value: string): string => `identifier=${SYSTEM}|${value}`;

t.test('conditional creates', async (t) => {
  const app = await testApp({ demoPolicy: false, connections: 32 });
  const second = await secondDeps(app, 16);
  t.teardown(async () => {
    await second.close();
    await app.close();
  });
  const count = async (value: string): Promise<number> =>
    (await app.send('GET', `/Device?identifier=${SYSTEM}|${value}&_total=accurate`)).body.total;

  await t.test('criteria longer than an index entry may be', async (t) => {
    const value = Array.from({ length: 150 }, (_, i) => hash('sha256', `${i}`)).join('');
    const patient = { resourceType: 'Patient', identifier: [{ system: SYSTEM, value }] };
    const saved = await Promise.all(
      Array.from({ length: 4 }, () => createIn(app.deps, patient, { ifNoneExist: criteria(value) })),
    );
    t.equal(new Set(saved.map(({ id }) => id)).size, 1);
  });

  await t.test(`${CLIENTS} clients with the same criteria, ${ROUNDS} rounds: one resource each round`, async (t) => {
    const faults: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const value = `round-${round}`;
      const saved = await Promise.all(
        Array.from({ length: CLIENTS }, () => createIn(app.deps, device(value), { ifNoneExist: criteria(value) })),
      );
      const ids = new Set(saved.map(({ id }) => id));
      const created = saved.filter(({ outcome }) => outcome === 'created').length;
      if (ids.size !== 1 || created !== 1) faults.push(`${value}: ${ids.size} ids, ${created} created`);
    }
    t.strictSame(faults, []);
    const { rows } = await app.deps.db.pool.query<{ n: string }>(
      `select count(*) as n from resource_current where type = 'Device'`,
    );
    t.equal(Number(rows[0]?.n), ROUNDS + 1, 'and the Device of the engine');
    const left = await app.deps.db.pool.query<{ n: string }>(
      `select count(*) as n from resource_version v where type = 'Device' and not exists
         (select 1 from outbox o where v.type || '/' || v.id || '/' || v.version = any(string_to_array(o.changed, ' ')))`,
    );
    t.equal(Number(left.rows[0]?.n), 0, 'each was announced, and nothing else was');
  });

  await t.test('the same through two services that share only the database', async (t) => {
    for (let round = 0; round < 20; round += 1) {
      const value = `two-${round}`;
      const saved = await Promise.all(
        Array.from({ length: CLIENTS }, (_, i) =>
          createIn(i % 2 === 0 ? app.deps : second.deps, device(value), { ifNoneExist: criteria(value) }),
        ),
      );
      t.equal(new Set(saved.map(({ id }) => id)).size, 1);
      t.equal(saved.filter(({ outcome }) => outcome === 'created').length, 1);
    }
  });

  await t.test('the same over HTTP: one 201, the rest 200, all with the same Location', async (t) => {
    for (let round = 0; round < 5; round += 1) {
      const value = `http-${round}`;
      const answers = await Promise.all(
        Array.from({ length: CLIENTS }, () =>
          app.send('POST', '/Device', device(value), { 'if-none-exist': criteria(value) }),
        ),
      );
      t.equal(answers.filter(({ status }) => status === 201).length, 1);
      t.equal(answers.filter(({ status }) => status === 200).length, CLIENTS - 1);
      t.equal(new Set(answers.map(({ headers }) => headers.location)).size, 1);
      t.equal(new Set(answers.map(({ text }) => text)).size, 1);
      t.equal(await count(value), 1);
    }
  });

  await t.test('when the one that was found is deleted, 64 clients make one new one', async (t) => {
    const value = 'deleted';
    const first = await createIn(app.deps, device(value), { ifNoneExist: criteria(value) });
    for (let round = 0; round < 5; round += 1) {
      const { body } = await app.send('GET', `/Device?identifier=${SYSTEM}|${value}`);
      t.equal((await app.send('DELETE', `/Device/${body.entry[0].resource.id}`)).status, 204);
      const saved = await Promise.all(
        Array.from({ length: CLIENTS }, () => createIn(app.deps, device(value), { ifNoneExist: criteria(value) })),
      );
      t.equal(new Set(saved.map(({ id }) => id)).size, 1);
      t.equal(saved.filter(({ outcome }) => outcome === 'created').length, 1);
      t.not(saved[0]?.id, first.id);
      t.equal(await count(value), 1);
    }
  });

  await t.test('when the one that was found no longer has the identifier, a new one is made', async (t) => {
    const value = 'renamed';
    const first = await createIn(app.deps, device(value), { ifNoneExist: criteria(value) });
    await app.send('PUT', `/Device/${first.id}`, { ...device('another-name'), id: first.id });
    const again = await createIn(app.deps, device(value), { ifNoneExist: criteria(value) });
    t.not(again.id, first.id);
    t.equal(again.outcome, 'created');
    t.equal((await app.send('GET', `/Device/${first.id}`)).status, 200, 'the first stays');
  });

  await t.test('what a plain create made is found', async (t) => {
    const { body } = await app.send('POST', '/Device', device('plain'));
    const again = await app.send('POST', '/Device', device('plain'), { 'if-none-exist': criteria('plain') });
    t.equal(again.status, 200);
    t.equal(again.body.id, body.id);
  });

  await t.test('more than one match: 412, and nothing is written', async (t) => {
    await app.send('POST', '/Device', device('twice'));
    await app.send('POST', '/Device', device('twice'));
    const answer = await app.send('POST', '/Device', device('twice'), { 'if-none-exist': criteria('twice') });
    t.equal(answer.status, 412);
    t.equal(answer.body.issue[0].code, 'duplicate');
    t.equal(await count('twice'), 2);
  });

  await t.test('a match without a system is found among many of the same value in systems', async (t) => {
    const bare = { resourceType: 'Device', identifier: [{ value: 'shared' }] };
    const { body } = await app.send('POST', '/Device', bare);
    for (let i = 0; i < 5; i += 1) await app.send('POST', '/Device', device('shared'));
    const answer = await app.send('POST', '/Device', bare, { 'if-none-exist': 'identifier=|shared' });
    t.equal(answer.status, 200);
    t.equal(answer.body.id, body.id);
  });

  const bad: [string, string][] = [
    ['an unknown parameter', 'colour=red'],
    ['a known and an unknown parameter', 'identifier=a|b&colour=red'],
    ['no criteria', ''],
    ['only parameters of the result', '_count=1&_sort=_id'],
    ['a modifier that is not known', 'identifier:fuzzy=a'],
    ['a date that is none', '_lastUpdated=yesterday'],
  ];
  for (const [name, text] of bad) {
    await t.test(`criteria with ${name}: 400, and nothing is written`, async (t) => {
      const before = await app.send('GET', '/Device?_summary=count');
      const answer = await app.send('POST', '/Device', device('bad'), { 'if-none-exist': text });
      t.equal(answer.status, 400);
      t.equal(answer.body.resourceType, 'OperationOutcome');
      const after = await app.send('GET', '/Device?_summary=count');
      t.equal(after.body.total, before.body.total);
    });
  }

  await t.test('criteria may be given with the type and a question mark, encoded, in any order', async (t) => {
    const { body } = await app.send('POST', '/Device', { ...device('forms'), status: 'active' });
    for (const text of [
      `Device?${criteria('forms')}`,
      `?${criteria('forms')}`,
      `identifier=${encodeURIComponent(`${SYSTEM}|forms`)}`,
      `status=active&${criteria('forms')}`,
      `${criteria('forms')}&status=active`,
    ]) {
      const answer = await app.send('POST', '/Device', device('forms'), { 'if-none-exist': text });
      t.equal(answer.status, 200, text);
      t.equal(answer.body.id, body.id);
    }
  });
});
