import t, { type Test } from 'tap';
import { everyone } from '../../src/fhir/compartment.ts';
import { catalogGeneration } from '../../src/store/catalog.ts';
import { type Due, takeDue } from '../../src/store/due.ts';
import { park, wake } from '../../src/store/due-forms.ts';
import { shardOfId } from '../../src/store/resources.ts';
import { testApp } from '../support/app.ts';
import { clockProcess, endOfClock } from '../support/clock-runs.ts';
import { post } from '../support/observations.ts';
import { aPlan, dueSlots, MONDAYS } from '../support/plans.ts';
import { aPatient } from '../support/responses.ts';

const NOW = '2026-11-01T12:00:00.000Z';
const LATER = '2026-11-01T13:00:00.000Z';

/** A database in which some things have been taken, by id. */
async function taken(t: Test, ids: readonly string[]) {
  const app = await testApp({ now: () => new Date(NOW) });
  t.teardown(() => app.close());
  const { db } = app.deps;
  await db.pool.query('delete from due');
  for (const [n, id] of ids.entries()) {
    await db.pool.query(
      `insert into due (tenant, shard, id, patient, kind, at) values (1, $1, $2, $3, 'awaited-form', $4)`,
      [shardOfId(`p${n}`), id, `p${n}`, NOW],
    );
  }
  const take = (now: string): Promise<Due[]> => takeDue(db, everyone(), { now, limit: 100, seconds: 30 });
  const [generation, due] = await Promise.all([catalogGeneration(db, everyone()), take(NOW)]);
  return { db, due, take, generation };
}

t.test(
  'what is parked is due again as of the moment at which it is woken, with all that begins alike and nothing else',
  async (t) => {
    const { db, due, take, generation } = await taken(t, [
      'form/aa/CarePlan/1',
      'form/aa/CarePlan/2',
      'form/ab/CarePlan/3',
    ]);
    for (const one of due) t.equal(await park(db, everyone(), one, generation), true);
    t.same(await take(LATER), [], 'no look takes it');
    await wake(db, everyone(), 'form/aa/', LATER);
    t.same(
      (await take(LATER)).map(({ id, at, attempts }) => [id, at, attempts]),
      [
        ['form/aa/CarePlan/1', LATER, 1],
        ['form/aa/CarePlan/2', LATER, 1],
      ],
    );
  },
);

t.test(
  'nothing is parked while a conformance resource is being written, and whoever writes one waits for what is being parked',
  async (t) => {
    const { db, due, generation } = await taken(t, ['form/aa/CarePlan/1']);
    const [one] = due;
    if (!one) throw new Error('nothing was taken');
    const writer = await db.pool.connect();
    t.teardown(() => writer.release());
    await writer.query('begin');
    await writer.query('update catalog set generation = generation + 1');
    t.equal(await park(db, everyone(), one, generation), false, 'it is being changed');
    await writer.query('commit');
    t.equal(await park(db, everyone(), one, generation), false, 'it has been changed');
    t.equal(
      await park(db, everyone(), { ...one, attempts: 7 }, String(Number(generation) + 1)),
      false,
      'asked for anew',
    );
    await db.transaction(async (tx) => {
      t.equal(await park(tx, everyone(), one, String(Number(generation) + 1)), true);
      await writer.query('begin');
      await writer.query(`set local lock_timeout = '50ms'`);
      await t.rejects(writer.query('update catalog set generation = generation + 1'), { code: '55P03' });
      await writer.query('rollback');
    });
  },
);

t.test('processes that are killed in the middle: every plan that waited expects, once the form is there', async (t) => {
  const app = await testApp({ now: () => new Date(NOW) });
  t.teardown(() => app.close());
  const { db } = app.deps;
  const url = 'https://hospital.example/Questionnaire/own';
  const patients = await Promise.all(Array.from({ length: 8 }, () => aPatient(app)));
  for (const patient of patients) await post(app, aPlan(patient, MONDAYS, { form: url }));
  const file = await clockProcess(t);
  const run = async (now: string, kill: number): Promise<string | null> => {
    await db.pool.query(`update due set locked_until = '-infinity'`);
    return endOfClock(file, { url: app.database.url, now, leaseSeconds: 30 }, kill);
  };
  // Where they are killed is left to chance; how they ended is no matter.
  await run(NOW, 3);
  await post(app, {
    resourceType: 'Questionnaire',
    status: 'active',
    url,
    item: [{ linkId: 'a', type: 'string', text: 'How?' }],
  });
  for (const kill of [1, 2, 4]) await run(LATER, kill);
  t.equal(await run(LATER, Number.POSITIVE_INFINITY), null);
  const slots = await Promise.all(patients.map((patient) => dueSlots(app, patient)));
  t.same(
    slots,
    patients.map(() => ['2026-11-09T08:00:00.000Z']),
  );
  const { rows } = await db.pool.query(`select id from due where kind in ('awaited-form', 'held-form')`);
  t.same(rows, []);
});
