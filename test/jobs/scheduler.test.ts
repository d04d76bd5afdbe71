import { readFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { everyone } from '../../src/fhir/compartment.ts';
import { FhirError, fault } from '../../src/fhir/errors.ts';
import { KINDS } from '../../src/jobs/kinds.ts';
import { type RunDue, Scheduler } from '../../src/jobs/scheduler.ts';
import { happen } from '../../src/save/moment.ts';
import { type Due, overdue } from '../../src/store/due.ts';
import { shardOfId } from '../../src/store/resources.ts';
import { type TestApp, testApp } from '../support/app.ts';
import { MORNING, PERSISTS } from '../support/clock.ts';
import { clockProcess, endOfClock } from '../support/clock-runs.ts';
import { aResult, NEUTROPHILS, post } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';
import { secondDeps } from '../support/second.ts';

interface Bed {
  app: TestApp;
  patients: string[];
  now: { at: string };
}

/** A service with patients of whom nothing is due. */
async function bed(t: Test, patients: number): Promise<Bed> {
  const now = { at: MORNING };
  const app = await testApp({ now: () => new Date(now.at) });
  t.teardown(() => app.close());
  const ids: string[] = [];
  for (let n = 0; n < patients; n += 1) ids.push((await aPatient(app)).slice('Patient/'.length));
  return { app, patients: ids, now };
}

/** Puts a thing into what is due. */
async function due(app: TestApp, patient: string, id: string, at: string, kind = 'test'): Promise<void> {
  await app.deps.db.pool.query(
    'insert into due (tenant, shard, id, patient, kind, at) values (1, $1, $2, $3, $4, $5)',
    [shardOfId(patient), id, patient, kind, at],
  );
}

const left = async (app: TestApp): Promise<string[]> => {
  const { rows } = await app.deps.db.pool.query<{ id: string }>('select id from due order by at, id');
  return rows.map(({ id }) => id);
};

/** Lets what failed, or is held, be taken at once. */
const release = (app: TestApp) => app.deps.db.pool.query(`update due set locked_until = '-infinity'`);

/** A kind that notes what happened. */
function noting(log: string[], work: (due: Due) => void = () => {}): RunDue {
  return (deps, within, one) =>
    happen(deps, within, one, async () => {
      work(one);
      log.push(one.id);
      return undefined;
    });
}

t.test('what is due happens, what is not waits, in the order of time of each patient', async (t) => {
  const { app, patients, now } = await bed(t, 2);
  const [one = '', other = ''] = patients;
  for (const [patient, name] of [
    [one, 'a'],
    [other, 'b'],
  ] as const) {
    await due(app, patient, `${name}3`, '2026-11-24T12:00:00Z');
    await due(app, patient, `${name}1`, '2026-11-24T10:00:00Z');
    await due(app, patient, `${name}2`, '2026-11-24T11:00:00.000Z');
  }
  const happened: string[] = [];
  const scheduler = new Scheduler(app.deps, { test: noting(happened) });
  t.equal(await scheduler.sweep(), 0);
  now.at = '2026-11-24T10:59:59.999Z';
  t.equal(await scheduler.sweep(), 2);
  now.at = '2026-11-25T10:00:00.000Z';
  t.equal(await scheduler.sweep(), 4, 'a day of it at once');
  for (const name of ['a', 'b']) {
    t.same(
      happened.filter((id) => id.startsWith(name)),
      [`${name}1`, `${name}2`, `${name}3`],
    );
  }
  t.same(await left(app), []);
  now.at = '2026-11-20T10:00:00.000Z';
  await due(app, one, 'a4', '2026-11-24T10:00:00Z');
  t.equal(await scheduler.sweep(), 0, 'a clock that is put back waits');
});

t.test('two processes on one database do each thing once, and together all', async (t) => {
  const { app, patients } = await bed(t, 12);
  const second = await secondDeps(app, 4);
  t.teardown(() => second.close());
  const ids = patients.flatMap((patient, n) => [0, 1, 2].map((k) => ({ patient, id: `${n}-${k}`, minute: k })));
  for (const { patient, id, minute } of ids) await due(app, patient, id, `2026-11-24T08:0${minute}:00Z`);
  const here: string[] = [];
  const there: string[] = [];
  const pace = { batch: 5 };
  const schedulers = [
    new Scheduler(app.deps, { test: noting(here) }, pace),
    new Scheduler(second.deps, { test: noting(there) }, pace),
  ];
  // One may find all that is left held by the other, and end: it looks again.
  for (let round = 0; round < 3; round += 1) await Promise.all(schedulers.map((one) => one.sweep()));
  t.same([...here, ...there].sort(), ids.map(({ id }) => id).sort());
  t.same(await left(app), []);
});

t.test('taken by two at once, in spite of every lease, a thing happens once', async (t) => {
  const { app, patients } = await bed(t, 1);
  const second = await secondDeps(app, 4);
  t.teardown(() => second.close());
  const [patient = ''] = patients;
  await due(app, patient, 'once', '2026-11-24T08:00:00Z');
  const taken: Due = {
    shard: shardOfId(patient),
    id: 'once',
    patient,
    kind: 'test',
    at: '2026-11-24T08:00:00.000Z',
    content: '{}',
    attempts: 1,
  };
  const counter = async () =>
    (await app.deps.db.pool.query('select n from patient_state where patient = $1', [patient])).rows[0].n;
  const before = Number(await counter());
  const done: string[] = [];
  await Promise.all(
    [app.deps, second.deps, app.deps, second.deps].map((deps) => noting(done)(deps, everyone(), taken)),
  );
  t.equal(Number(await counter()), before + 1, 'one of them wrote');
  t.same(await left(app), []);
});

t.test('what fails is kept, parked at last, and lets later things pass', async (t) => {
  const { app, patients, now } = await bed(t, 2);
  const [bad = '', good = ''] = patients;
  await due(app, bad, 'bad-1', '2026-11-24T08:00:00Z');
  await due(app, bad, 'bad-2', '2026-11-24T08:30:00Z');
  await due(app, bad, 'unknown', '2026-11-24T08:40:00Z', 'no-such-kind');
  await due(app, good, 'good', '2026-11-24T08:00:00Z');
  const happened: string[] = [];
  let broken = true;
  const scheduler = new Scheduler(app.deps, {
    test: noting(happened, ({ id }) => {
      if (id === 'bad-1' && broken) throw new Error('secret of the patient');
    }),
  });
  await scheduler.sweep();
  t.same(happened, ['good'], 'others go on; later things of the same patient wait');
  for (let attempt = 2; attempt < 8; attempt += 1) {
    await release(app);
    await scheduler.sweep();
  }
  t.same(happened, ['good']);
  await release(app);
  await scheduler.sweep();
  t.same(happened, ['good', 'bad-2'], 'after eight failures it is parked');
  const seen = await overdue(app.deps.db, everyone(), now.at);
  t.match(seen, { count: 2, since: '2026-11-24T08:00:00.000Z', parked: 1 });
  broken = false;
  await release(app);
  await scheduler.sweep();
  t.same(happened, ['good', 'bad-2', 'bad-1'], 'and still tried');
  t.same(await left(app), ['unknown'], 'what nobody knows is kept');
  t.ok(app.log.some((line) => line.includes('what was due has failed')));
  t.notOk(
    app.log.some((line) => line.includes('secret')),
    'the log names no more than the kind',
  );
});

t.test('that the database was away is no failure of the thing', async (t) => {
  const { app, patients } = await bed(t, 1);
  const [patient = ''] = patients;
  await due(app, patient, 'patient', '2026-11-24T08:00:00Z');
  const happened: string[] = [];
  let away = true;
  const scheduler = new Scheduler(app.deps, {
    test: noting(happened, () => {
      if (away) throw new FhirError([fault('transient', 'away')], { status: 503 });
    }),
  });
  for (let n = 0; n < 12; n += 1) {
    await release(app);
    await scheduler.sweep();
  }
  const { rows } = await app.deps.db.pool.query('select attempts from due');
  t.equal(rows[0].attempts, 0);
  away = false;
  await release(app);
  t.equal(await scheduler.sweep(), 1);
});

t.test('a scheduler outlives that the database goes away and comes back', async (t) => {
  const { app, patients } = await bed(t, 1);
  const second = await secondDeps(app, 4);
  const [patient = ''] = patients;
  const happened: string[] = [];
  let looked = 0;
  let reachable = true;
  const { db } = second.deps;
  const write: typeof db.write = (name, text, values) => {
    if (name === 'take-due') looked += 1;
    return reachable
      ? db.write(name, text, values)
      : Promise.reject(new FhirError([fault('transient', 'away')], { status: 503 }));
  };
  const scheduler = new Scheduler(
    { ...second.deps, db: { ...db, write } },
    { test: noting(happened) },
    { everyMillis: 5 },
  );
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  scheduler.start();
  await until(() => looked > 0);
  reachable = false;
  const seen = looked;
  await until(() => looked > seen + 2);
  await due(app, patient, 'later', '2026-11-24T08:00:00Z');
  t.same(happened, []);
  reachable = true;
  await until(() => happened.length > 0);
  await scheduler.stop();
  const ended = looked;
  await new Promise((resolve) => setTimeout(resolve, 30));
  t.equal(looked, ended, 'a stopped one looks no more');
  t.same(happened, ['later']);
  await second.close();
});

for (const [what, batch] of [
  ['all at once', 1000],
  ['some of it ahead', 2],
] as const) {
  t.test(`a drain gives back what was taken and not begun: ${what}`, async (t) => {
    const { app, patients } = await bed(t, 6);
    for (const [n, patient] of patients.entries()) await due(app, patient, `d${n}`, '2026-11-24T08:00:00Z');
    const happened: string[] = [];
    let stopping: Promise<void> | undefined;
    const scheduler: Scheduler = new Scheduler(
      app.deps,
      {
        test: noting(happened, () => {
          stopping ??= scheduler.stop();
        }),
      },
      { atOnce: 1, batch },
    );
    await scheduler.sweep();
    await stopping;
    t.same(happened, ['d0'], 'what was begun is ended');
    const { rows } = await app.deps.db.pool.query(`select attempts, locked_until = '-infinity' as free from due`);
    t.same(
      rows,
      Array.from({ length: 5 }, () => ({ attempts: 0, free: true })),
    );
  });
}

t.test('what was taken ahead waits for an earlier thing of its patient, also at the last attempt', async (t) => {
  const { app, patients } = await bed(t, 1);
  const [patient = ''] = patients;
  await due(app, patient, 'first', '2026-11-24T06:00:00Z');
  await due(app, patient, 'second', '2026-11-24T07:00:00Z');
  await app.deps.db.pool.query(`update due set attempts = 7 where id = 'first'`);
  const happened: string[] = [];
  const scheduler = new Scheduler(
    app.deps,
    {
      test: noting(happened, ({ id }) => {
        if (id === 'first') throw new FhirError([fault('transient', 'away')], { status: 503 });
      }),
    },
    { batch: 1 },
  );
  await scheduler.sweep();
  t.same(happened, []);
  const { rows } = await app.deps.db.pool.query(`select id, attempts from due order by id`);
  t.same(rows, [
    { id: 'first', attempts: 7 },
    { id: 'second', attempts: 0 },
  ]);
});

t.test('what was taken ahead and held too long is taken anew, and counted once', async (t) => {
  const { app, patients } = await bed(t, 3);
  for (const [n, patient] of patients.entries()) await due(app, patient, `d${n}`, `2026-11-24T0${n}:00:00Z`);
  const begun: string[] = [];
  const slow: RunDue = async (deps, within, one) => {
    begun.push(one.id);
    if (one.id === 'd0') await new Promise((resolve) => setTimeout(resolve, 1300));
    if (one.id === 'd1') throw new Error('it fails');
    await happen(deps, within, one, async () => undefined);
  };
  await new Scheduler(app.deps, { test: slow }, { batch: 1, leaseSeconds: 1 }).sweep();
  // On a machine that stands still for the two seconds of its pause, the one that fails has its next turn, after the others.
  t.same(begun.slice(0, 3), ['d0', 'd1', 'd2']);
  const { rows } = await app.deps.db.pool.query(`select id, attempts from due`);
  t.same(rows, [{ id: 'd1', attempts: begun.filter((id) => id === 'd1').length }]);
});

t.test('a process that is killed in the middle loses nothing and does nothing twice', async (t) => {
  const { app, now } = await bed(t, 0);
  await post(app, PERSISTS);
  const patients: string[] = [];
  for (let n = 0; n < 12; n += 1) {
    const patient = await aPatient(app);
    patients.push(patient);
    await post(
      app,
      aResult(patient, {
        loinc: NEUTROPHILS,
        value: 1.2,
        unit: '10*9/L',
        low: 1.8,
        high: 7,
        at: '2026-11-24T08:30:00Z',
      }),
    );
  }
  now.at = '2026-11-28T08:00:00.000Z';
  const file = await clockProcess(t);
  // Killed as things begin, at several places; the last one is left to end.
  for (const kills of [1, 6, 9, Number.POSITIVE_INFINITY]) {
    const signal = await endOfClock(file, { url: app.database.url, now: now.at, leaseSeconds: 1 }, kills);
    t.equal(signal, Number.isFinite(kills) ? 'SIGKILL' : null);
    await release(app);
  }
  await new Scheduler(app.deps, KINDS).sweep();
  for (const patient of patients) {
    const flags = (await app.send('GET', `/Flag?patient=${patient}`)).body.entry;
    t.equal(flags.length, 1);
    t.equal(flags[0].resource.meta.versionId, '2', 'one rise');
    t.equal((await app.send('GET', `/Basic?patient=${patient}`)).body.entry.length, 1, 'one moment');
    const [task, ...more] = (await app.send('GET', `/Task?patient=${patient}`)).body.entry;
    t.equal(more.length, 0, 'one Task');
    t.equal(task.resource.performerType[0].coding[0].code, 'physician', 'which went to the next level');
  }
  t.equal((await left(app)).filter((id) => id.startsWith('tick')).length, 0);
});

t.test('docs/clock.md names every kind of what is due, and no other', async (t) => {
  const text = await readFile('docs/clock.md', 'utf8');
  const [table = ''] = text.split('## Two clocks', 1);
  const named = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, kind]) => kind);
  t.same(named.toSorted(), Object.keys(KINDS).toSorted());
});
