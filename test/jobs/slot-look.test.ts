import t from 'tap';
import type { Deps } from '../../src/deps.ts';
import { everyone } from '../../src/fhir/compartment.ts';
import { KINDS, LOOKS } from '../../src/jobs/kinds.ts';
import { Scheduler } from '../../src/jobs/scheduler.ts';
import { slot } from '../../src/jobs/slot.ts';
import { lookAtSlots } from '../../src/jobs/slot-look.ts';
import { type Due, takeDue } from '../../src/store/due.ts';
import type { TestApp } from '../support/app.ts';
import { clockProcess, endOfClock } from '../support/clock-runs.ts';
import { flagsOf, post } from '../support/observations.ts';
import { aResponse, weeklyForm } from '../support/responses.ts';
import { secondDeps } from '../support/second.ts';
import { calendars, ENDED } from '../support/slots.ts';
import { workOf } from '../support/work.ts';

const NEXT = '2026-11-13T08:00:00.000Z';
const WITHIN = everyone();

/** What is changed of a copied patient, before its slot is looked at. $1 is the patient. */
const change = (set: string): string =>
  `update patient_state set expected = (expected::jsonb ${set})::text where patient = $1`;
const inItem = (path: string, value: string): string =>
  change(`#- '{none}' || jsonb_build_object('items', jsonb_set(expected::jsonb->'items', '{0,${path}}', '${value}'))`);

const MOVED: [name: string, statement: string, next: string | undefined][] = [
  ['answered in time', 'select $1::text', NEXT],
  ['answered late', answeredAt('2026-11-06T08:00:00.000Z'), NEXT],
  ['answered as it opens', answeredAt('2026-11-02T08:00:00.000Z'), NEXT],
  ['answered, and dead since', deceased('"deceasedDateTime":"2026-11-06T09:00:00Z"'), NEXT],
  [
    'away when it ended',
    `${unanswered()} ${inItem('pauses', '[{"start":"2026-11-05T00:00:00.000Z","end":"2026-11-12T12:00:00.000Z"}]')}`,
    '2026-11-20T08:00:00.000Z',
  ],
  ['away without an end', `${unanswered()} ${inItem('pauses', '[{"start":"2026-11-05T00:00:00.000Z"}]')}`, undefined],
  [
    'in hospital',
    `${unanswered()} ${change(`|| '{"stays":{"e":{"start":"2026-11-05T07:00:00.000Z","end":"2026-11-05T09:00:00.000Z"}}}'`)}`,
    NEXT,
  ],
  [
    'away up to the moment it ended',
    `${unanswered()} ${inItem('pauses', '[{"start":"2026-11-04T00:00:00.000Z","end":"2026-11-05T08:00:00.000Z"}]')}`,
    NEXT,
  ],
  [
    'answered, and away for good when the next has ended',
    inItem('pauses', '[{"start":"2026-11-12T08:00:00.000Z"}]'),
    NEXT,
  ],
  [
    'answered, and away for good just before the next has ended',
    inItem('pauses', '[{"start":"2026-11-12T07:59:59.999Z"}]'),
    undefined,
  ],
  [
    'answered, and away from the end of the next to that of the one after it',
    inItem('pauses', '[{"start":"2026-11-12T08:00:00.000Z","end":"2026-11-19T08:00:00.000Z"}]'),
    NEXT,
  ],
  [
    'answered, and away from just before the end of the next to that of the one after it',
    inItem('pauses', '[{"start":"2026-11-12T07:59:59.999Z","end":"2026-11-19T08:00:00.000Z"}]'),
    '2026-11-27T08:00:00.000Z',
  ],
  ['dead by then', `${unanswered()} ${deceased('"deceasedDateTime":"2026-11-05T08:00:00Z"')}`, NEXT],
  ['dead', `${unanswered()} ${deceased('"deceasedBoolean":true')}`, NEXT],
  ['of a plan that was an error', `${unanswered()} ${inItem('void', 'true')}`, undefined],
  ['of a plan that has ended since', inItem('spans,0,until', '"2026-11-07T00:00:00.000Z"'), undefined],
  ['of no plan', `${unanswered()} ${change(`|| '{"items":[]}'`)}`, undefined],
  ['that is not open', `${unanswered()} ${change(`#- '{items,0,open}'`)}`, undefined],
];

const LEFT: [name: string, statement: string][] = [
  ['not answered', unanswered()],
  ['answered after the grace', answeredAt('2026-11-06T08:00:00.001Z')],
  ['answered before it opened', answeredAt('2026-11-02T07:59:59.999Z')],
  ['begun to be answered', `update report set content = (content::jsonb || '{"draft":true}')::text where patient = $1`],
  [
    'answered by another form',
    `update report set content = (content::jsonb || '{"form":"https://hospital.example/Questionnaire/other|1"}')::text where patient = $1`,
  ],
  ['not answered, and dead since', `${unanswered()} ${deceased('"deceasedDateTime":"2026-11-05T08:00:01Z"')}`],
  ['away again when it had ended', `${unanswered()} ${inItem('pauses', '[{"start":"2026-11-05T08:00:00.001Z"}]')}`],
  ['away from the moment it ended', `${unanswered()} ${inItem('pauses', '[{"start":"2026-11-05T08:00:00.000Z"}]')}`],
  [
    'back just before it ended',
    `${unanswered()} ${inItem('pauses', '[{"start":"2026-11-04T00:00:00.000Z","end":"2026-11-05T07:59:59.999Z"}]')}`,
  ],
  ['to be gone through anew', inItem('unsettled', '"2026-11-05T00:00:00.000Z"')],
  ['of a Patient who is deleted', `update resource_current set deleted = true where type = 'Patient' and id = $1`],
];

function answeredAt(at: string): string {
  return `update report set at = '${at}', content = (content::jsonb || '{"at":"${at}"}')::text where patient = $1`;
}
function unanswered(): string {
  return 'with gone as (delete from report where patient = $1)';
}
function deceased(member: string): string {
  return `update resource_version set content = '{${member},' || substr(content, 2) where type = 'Patient' and id = $1`;
}

t.test(
  'ends of slots of which nothing has to be said are moved on at one look, as one by one, and no others',
  async (t) => {
    const { app, now, copies } = await calendars(t);
    const { pool } = app.deps.db;
    const ids = await copies(MOVED.length + LEFT.length);
    const names = new Map<string, string>();
    for (const [n, [name, statement]] of [...MOVED, ...LEFT].entries()) {
      const id = ids[n] ?? '';
      names.set(id, name);
      const whole = /^with [^)]*\)$/.test(statement) ? `${statement} select 1` : statement;
      await pool.query(whole, [id]);
    }
    const taken = await takeDue(app.deps.db, WITHIN, { now: now.at, limit: 1000, seconds: 30 });
    t.equal(taken.length, ids.length);
    await pool.query('create table state_before as table patient_state');
    await pool.query('create table due_before as table due');
    const versions = async () => (await pool.query('select count(*)::int as n from resource_version')).rows[0].n;
    const before = await versions();

    const left = await lookAtSlots(app.deps, WITHIN, taken);
    t.same(
      left.map(({ patient }) => names.get(patient)).sort(),
      LEFT.map(([name]) => name).sort(),
      'these are done one by one',
    );
    t.equal(await versions(), before, 'nothing was written but where it goes on');
    const atOnce = await rows(app);
    for (const [name, , next] of MOVED) {
      const row = atOnce.find(({ patient }) => names.get(patient) === name);
      t.match(row, { at: next === undefined ? null : new Date(next) }, name);
    }
    for (const [name] of LEFT) {
      const row = atOnce.find(({ patient }) => names.get(patient) === name);
      t.match(row, { at: new Date(ENDED), attempts: 1, isHeld: true }, `${name}: untouched`);
    }

    await pool.query('delete from patient_state');
    await pool.query('insert into patient_state select * from state_before');
    await pool.query('delete from due');
    await pool.query('insert into due select * from due_before');
    for (const due of taken) if (!left.includes(due)) await slot(app.deps, WITHIN, due);
    t.same(await rows(app), atOnce, 'the rows are those that one by one leaves');
  },
);

/** What is kept of each patient and of what is due. */
async function rows(app: TestApp): Promise<{ patient: string; n: string; expected: string; at: Date | null }[]> {
  const found = await app.deps.db.pool.query(
    `select p.patient, p.n, p.state, p.expected, p.last_grades, d.shard, d.id, d.kind, d.at, d.content, d.attempts,
            d.locked_until > '-infinity' as "isHeld"
     from patient_state p left join due d on d.patient = p.patient order by p.patient, d.id`,
  );
  return found.rows;
}

const counters = async (app: TestApp): Promise<Map<string, number>> =>
  new Map((await rows(app)).map(({ patient, n }) => [patient, Number(n)]));

t.test('a missing report among many that came is said, once', async (t) => {
  const { app, now, copies } = await calendars(t);
  const ids = await copies(30);
  const [missing = ''] = ids;
  await app.deps.db.pool.query('delete from report where patient = $1', [missing]);
  const scheduler = new Scheduler(app.deps, KINDS, { looks: LOOKS });
  // The work on what is missing is of the end of its slot: by now its time has passed at both levels.
  t.equal(await scheduler.sweep(), 30 + 2);
  t.match(await flagsOf(app, `Patient/${missing}`), [/^active v1 Report missing/]);
  t.match(await workOf(app, `Patient/${missing}`), [/^requested overdue .* physician$/]);
  const ends = async () => {
    const { rows } = await app.deps.db.pool.query<{ at: Date }>(`select at from due where kind = 'slot'`);
    return rows.map(({ at }) => at.toISOString());
  };
  t.same(await ends(), Array(30).fill(NEXT));
  now.at = '2026-11-13T07:59:59.999Z';
  await scheduler.sweep();
  t.same(await ends(), Array(30).fill(NEXT), 'not a millisecond early');
  now.at = NEXT;
  await scheduler.sweep();
  t.same(await ends(), Array(30).fill('2026-11-20T08:00:00.000Z'));
  for (const id of ids) t.equal((await flagsOf(app, `Patient/${id}`)).length, 1, 'and now nobody has answered');
});

t.test('of a patient of whom several things are due each is done by itself', async (t) => {
  const { app, now, copies } = await calendars(t);
  const [twice = ''] = await copies(3);
  await app.deps.db.pool.query(
    `insert into due (tenant, shard, id, patient, kind, at, content, attempts)
     select tenant, shard, 'slot/CarePlan/other/0', patient, kind, at, '{"item":"CarePlan/other/0"}', 8 from due where patient = $1`,
    [twice],
  );
  const taken = await takeDue(app.deps.db, WITHIN, { now: now.at, limit: 10, seconds: 30 });
  t.equal(taken.length, 4);
  const left = await lookAtSlots(app.deps, WITHIN, taken);
  t.same(
    left.map(({ patient }) => patient),
    [twice, twice],
  );
});

/** The same service, in which something happens just before patients are moved on. */
const withBefore = (deps: Deps, happens: () => Promise<void>): Deps => ({
  ...deps,
  db: {
    ...deps.db,
    async write(name, text, values) {
      if (name === 'move-on') await happens();
      return deps.db.write(name, text, values);
    },
  },
});

t.test('a look gives way to a report that comes in at the same moment, and to no one else', async (t) => {
  const { app, now, copies } = await calendars(t);
  const form = await weeklyForm(app);
  const ids = await copies(4);
  const [answers = '', writing = '', ...others] = ids;
  const taken = await takeDue(app.deps.db, WITHIN, { now: now.at, limit: 10, seconds: 30 });
  const writer = await app.deps.db.pool.connect();
  const deps = withBefore(app.deps, async () => {
    await post(app, aResponse(form, `Patient/${answers}`, '2026-11-04T08:00:00.000Z', { PROCTCAE_16A_SCL: 1 }));
    // One who has the counter and has not committed yet.
    await writer.query('begin');
    await writer.query('update patient_state set n = n + 1 where patient = $1', [writing]);
  });
  const left = await lookAtSlots(deps, WITHIN, taken);
  t.same(left.map(({ patient }) => patient).sort(), [answers, writing].sort(), 'it waited for neither');
  await writer.query('commit');
  writer.release();
  const before = await rows(app);
  const of = (id: string) => before.find(({ patient }) => patient === id);
  t.match(of(answers), { at: new Date(NEXT) }, 'the report has moved it on');
  t.match(of(writing), { at: new Date(ENDED) });
  for (const id of others) t.match(of(id), { at: new Date(NEXT) });
  const counted = await counters(app);
  for (const due of left) await slot(app.deps, WITHIN, due);
  t.same(
    (await rows(app)).flatMap(({ at }) => at?.toISOString() ?? []),
    Array(4).fill(NEXT),
  );
  const after = await counters(app);
  t.equal(after.get(answers), counted.get(answers), 'nothing was left to be done');
  t.equal(after.get(writing), Number(counted.get(writing)) + 1);
});

t.test('taken by two at once, in spite of every lease, each slot is moved on once', async (t) => {
  const { app, now, copies } = await calendars(t);
  const ids = await copies(40);
  const second = await secondDeps(app, 4);
  t.teardown(() => second.close());
  const before = await counters(app);
  const taken = await takeDue(app.deps.db, WITHIN, { now: now.at, limit: 100, seconds: 0 });
  const again = await takeDue(second.deps.db, WITHIN, { now: now.at, limit: 100, seconds: 0 });
  t.equal(again.length, 40);
  const lefts: (readonly Due[])[] = await Promise.all([
    lookAtSlots(app.deps, WITHIN, taken),
    lookAtSlots(second.deps, WITHIN, again),
    lookAtSlots(app.deps, WITHIN, taken),
  ]);
  t.equal(
    lefts.reduce((sum, left) => sum + 40 - left.length, 0),
    40,
  );
  for (const due of lefts.flat()) await slot(app.deps, WITHIN, due);
  const after = await rows(app);
  for (const id of ids) {
    t.match(
      after.find(({ patient }) => patient === id),
      { n: String(Number(before.get(id)) + 1), at: new Date(NEXT), attempts: 0, isHeld: false },
    );
  }
});

t.test('two processes that look at the same time move each slot on once, and together all', async (t) => {
  const { app, copies } = await calendars(t);
  const ids = await copies(200);
  const second = await secondDeps(app, 4);
  t.teardown(() => second.close());
  const before = await counters(app);
  const schedulers = [app.deps, second.deps].map((deps) => new Scheduler(deps, KINDS, { looks: LOOKS, batch: 25 }));
  let done = 0;
  for (let round = 0; round < 3; round += 1) {
    for (const n of await Promise.all(schedulers.map((one) => one.sweep()))) done += n;
  }
  t.equal(done, 200);
  const after = await counters(app);
  for (const id of ids) t.equal(after.get(id), Number(before.get(id)) + 1);
});

t.test('a process that is killed in the middle of a look loses nothing and does nothing twice', async (t) => {
  const { app, now, copies } = await calendars(t);
  const ids = await copies(200);
  const [missing = ''] = ids;
  await app.deps.db.pool.query('delete from report where patient = $1', [missing]);
  const before = await counters(app);
  const file = await clockProcess(t);
  const options = { url: app.database.url, now: now.at, leaseSeconds: 1, batch: 25 };
  for (const kills of [1, 2, 3, Number.POSITIVE_INFINITY]) {
    const signal = await endOfClock(file, options, kills);
    t.equal(signal, Number.isFinite(kills) ? 'SIGKILL' : null);
    await app.deps.db.pool.query(`update due set locked_until = '-infinity'`);
  }
  await new Scheduler(app.deps, KINDS, { looks: LOOKS }).sweep();
  const after = await rows(app);
  for (const id of ids) {
    const row = after.find(({ patient }) => patient === id);
    const steps = id === missing ? 3 : 1;
    t.match(row, { n: String(Number(before.get(id)) + steps), at: new Date(NEXT) }, 'and twice the overdue work');
  }
  t.equal((await flagsOf(app, `Patient/${missing}`)).length, 1);
});
