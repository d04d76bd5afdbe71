import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import t from 'tap';
import { buildApp } from '../../src/app.ts';
import { Watermark } from '../../src/store/watermark.ts';
import { testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';
import { secondDeps } from '../support/second.ts';
import { bundleOf, entry, statuses, transaction, urn } from './support.ts';

const device = (name: string, more: object = {}) => ({
  resourceType: 'Device',
  identifier: [{ system: 'urn:x', value: name }],
  ...more,
});
const observation = (subject: string) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  subject: { reference: subject },
});

t.test('transactions at the same time', async (t) => {
  const app = await testApp({
    demoPolicy: false,
    connections: 10,
    change: (deps) => Object.assign(deps, { watermark: new Watermark(deps.db, 0) }),
  });
  t.teardown(() => app.close());
  const { deps: secondOf, close } = await secondDeps(app);
  t.teardown(close);
  const other = buildApp(secondOf);
  t.teardown(() => other.close());
  /** The same Bundle sent to another process on the same database. */
  const elsewhere = async (entries: Parameters<typeof transaction>[1]) => {
    const response = await other.inject({
      method: 'POST',
      url: '/fhir',
      headers: { host: 'localhost:8080', 'content-type': 'application/fhir+json' },
      payload: JSON.stringify(bundleOf('transaction', entries)),
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      body: JSON.parse(response.body),
    };
  };

  await t.test('of two patients in opposite order, in two processes: all are carried out', async (t) => {
    const [a, b] = [await aPatient(app), await aPatient(app)];
    const forth = [entry('POST', 'Observation', observation(a)), entry('POST', 'Observation', observation(b))];
    const back = [...forth].reverse();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        i % 2 === 0 ? transaction(app, i % 4 === 0 ? forth : back) : elsewhere(i % 4 === 1 ? forth : back),
      ),
    );
    for (const answer of answers) t.same(statuses(answer), ['201', '201'], answer.text);
    for (const subject of [a, b]) {
      t.equal((await app.send('GET', `/Observation?subject=${subject}&_summary=count`)).body.total, 12);
    }
  });

  await t.test('of two resources in opposite order: a deadlock is broken and the loser tries again', async (t) => {
    await app.send('PUT', '/Device/d1', device('d1', { id: 'd1' }));
    await app.send('PUT', '/CodeSystem/c1', {
      resourceType: 'CodeSystem',
      id: 'c1',
      status: 'draft',
      content: 'complete',
    });
    const meet = new Meeting(2);
    // Each holds the row of one before it asks for that of the other.
    const crossing = (first: string, second: string) =>
      app.deps.db.transaction(async (tx) => {
        const touch = (id: string) =>
          tx.named('touch', 'update resource_current set version = version where id = $1', [id]);
        await touch(first);
        await meet.arrive();
        await touch(second);
      });
    const results = await Promise.allSettled([crossing('d1', 'c1'), crossing('c1', 'd1')]);
    t.same(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], 'PostgreSQL breaks it');
    t.equal(results.find((one) => one.status === 'rejected')?.reason.code, '40P01');

    // A transaction that deletes the one and updates the other, against one that does it the other way round.
    const blocker = new pg.Client({ connectionString: app.database.url });
    await blocker.connect();
    t.teardown(() => blocker.end());
    await blocker.query('begin');
    await blocker.query(`update resource_current set version = version where id = 'd1'`);
    const waiting = transaction(app, [
      entry('PUT', 'CodeSystem/c1', { resourceType: 'CodeSystem', id: 'c1', status: 'active', content: 'complete' }),
      entry('PUT', 'Device/d1', device('d1', { id: 'd1', status: 'active' })),
    ]);
    for (let i = 0; i < 200 && !(await isWaiting(app.deps.db.pool)); i += 1) await sleep(5);
    const met = blocker.query(`update resource_current set version = version where id = 'c1'`).then(
      () => blocker.query('commit'),
      () => blocker.query('rollback'),
    );
    const answer = await waiting;
    await met;
    t.same(statuses(answer), ['200', '200'], answer.text);
  });

  await t.test('conditional creates of the same, in two processes: one is made', async (t) => {
    const entries = [
      entry('POST', 'Device', device('once'), { fullUrl: urn(1), ifNoneExist: 'identifier=urn:x|once' }),
      entry('POST', 'Device', device('also'), { fullUrl: urn(2), ifNoneExist: 'identifier=urn:x|also' }),
      entry('POST', 'Basic', { resourceType: 'Basic', code: { text: 'x' }, subject: { reference: urn(1) } }),
    ];
    const mixed = [...entries.slice(0, 2)].reverse().concat(entries.slice(2));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        i % 2 === 0 ? transaction(app, i % 4 === 0 ? entries : mixed) : elsewhere(i % 4 === 1 ? entries : mixed),
      ),
    );
    for (const answer of answers) t.equal(answer.status, 200, answer.text);
    for (const name of ['once', 'also']) {
      t.equal((await app.send('GET', `/Device?identifier=urn:x|${name}&_summary=count`)).body.total, 1);
    }
    t.equal(answers.flatMap(statuses).filter((status) => status === '201').length, 2 + 8);
  });

  await t.test('updates of the same: each is carried out upon the one before it', async (t) => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) => {
        const entries = [entry('PUT', 'Device/counted', device(`${i}`, { id: 'counted' }))];
        return i % 2 === 0 ? transaction(app, entries) : elsewhere(entries);
      }),
    );
    const versions = answers.map(({ body }) => body.entry?.[0].response.etag).sort();
    t.same(
      versions,
      [1, 2, 3, 4, 5, 6].map((n) => `W/"${n}"`),
    );
  });

  await t.test(
    'a poller that advances by the watermark misses nothing of a transaction that is held open',
    async (t) => {
      const held = (await app.send('POST', '/Device', device('held'))).body;
      const blocker = new pg.Client({ connectionString: app.database.url });
      await blocker.connect();
      t.teardown(() => blocker.end());
      await blocker.query('begin');
      await blocker.query('select 1 from resource_current where id = $1 for update', [held.id]);
      // What it creates is stamped before it comes to the update that waits.
      const open = transaction(app, [
        entry('POST', 'Device', device('early')),
        entry('PUT', `Device/${held.id}`, { ...device('held'), id: held.id }),
      ]);
      for (let i = 0; i < 200 && !(await isWaiting(app.deps.db.pool)); i += 1) await sleep(5);
      let seen = '';
      for (let i = 0; i < 4; i += 1) {
        await app.send('POST', '/Device', device(`between ${i}`));
        await sleep(10);
        seen = (await app.send('GET', `/Device?_count=1`)).body.meta.lastUpdated;
      }
      await blocker.query('rollback');
      const answer = await open;
      t.same(statuses(answer), ['201', '200'], answer.text);
      const [early] = answer.body.entry;
      t.ok(early.resource.meta.lastUpdated > seen, 'the watermark stayed before its first version');
      const poll = await app.send('GET', `/Device?_lastUpdated=gt${seen}&_count=100`);
      const found = poll.body.entry.map(({ resource }: { resource: { id: string } }) => resource.id);
      t.ok(found.includes(early.resource.id) && found.includes(held.id));
      const later = (await app.send('GET', '/Device?_count=1')).body.meta.lastUpdated;
      t.ok(later > early.resource.meta.lastUpdated, 'and goes on when it has ended');
    },
  );
});

/** True when a statement of ours waits for a lock. */
async function isWaiting(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query(
    `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
}

/** Lets all go on when as many have come as are expected. */
class Meeting {
  #missing: number;
  #open: () => void = () => {};
  readonly #all = new Promise<void>((resolve) => {
    this.#open = resolve;
  });

  constructor(expected: number) {
    this.#missing = expected;
  }

  arrive(): Promise<void> {
    this.#missing -= 1;
    if (this.#missing === 0) this.#open();
    return this.#all;
  }
}
