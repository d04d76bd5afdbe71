/**
 * The bench of the clock: 100,000 patients with weekly calendars. All their slots end at the same moment, and all are looked at though all but a few have answered
 * (a slot whose answer came in its time has gone on with it already, so this is the most that a week can ask): seconds and CPU seconds
 * of the sweep. Then the same with ends that are spread over some time, with a clock that runs: the lag. Run by `npm run bench:sweep`; asked for: a
 * sweep below 10 s, a lag below 5 s.
 */
import { cpus, loadavg } from 'node:os';
import { pino } from 'pino';
import { buildApp } from '../src/app.ts';
import { boot } from '../src/bootstrap.ts';
import { everyone } from '../src/fhir/compartment.ts';
import { KINDS, LOOKS } from '../src/jobs/kinds.ts';
import { Scheduler } from '../src/jobs/scheduler.ts';
import { REPORT_WINDOW } from '../src/rules/calendar/plan.ts';
import { readShipped } from '../src/shipped.ts';
import { openDatabase } from '../src/store/database.ts';
import { overdue } from '../src/store/due.ts';
import { migrate } from '../src/store/migrate.ts';
import { bodies, FORM } from './bodies.ts';
import { copyCalendars } from './calendars.ts';
import { cpuOfFamily, memoryOf } from './process-stat.ts';
import { makeStand } from './stand.ts';
import { wholeNumbers } from './whole-numbers.ts';

const { patients, unanswered, seconds } = wholeNumbers({ patients: 100_000, unanswered: 1000, seconds: 60 });

const TOO_LONG = 300_000;
/** Thursday; the first slot is that of Monday 2 November at nine in Paris, and is waited for until Friday at nine. */
const WRITTEN = '2026-10-29T12:00:00.000Z';
const ANSWERED = '2026-11-03T08:00:00.000Z';
const ENDED = '2026-11-06T08:00:00.000Z';

const tell = (line: string): boolean => process.stdout.write(`${line}\n`);

const stand = await makeStand();
const db = openDatabase(stand.url, { connections: 10 });
const client = await stand.client();
try {
  const clock = { now: (): number => Date.parse(WRITTEN) };
  await migrate(db, 'migrations');
  const deps = await boot({
    db,
    log: pino({ level: 'warn' }, pino.destination(2)),
    baseUrl: 'http://localhost:8080/fhir',
    language: 'en',
    shipped: readShipped('profiles'),
    demoPolicy: true,
    now: () => new Date(clock.now()),
  });
  const app = buildApp(deps);
  const post = async (resource: { resourceType: string } | string): Promise<string> => {
    const type = typeof resource === 'string' ? 'QuestionnaireResponse' : resource.resourceType;
    const answer = await app.inject({
      method: 'POST',
      url: `/fhir/${type}`,
      headers: { host: 'localhost:8080', 'content-type': 'application/fhir+json' },
      payload: resource,
    });
    if (answer.statusCode !== 201) throw new Error(`POST ${type} answers ${answer.statusCode}: ${answer.body}`);
    return answer.json<{ id: string }>().id;
  };

  await post(FORM);
  const person = { resourceType: 'Patient', birthDate: '1961-05-04' };
  const patient = await post(person);
  const plan = await post({ resourceType: 'CarePlan', ...weekly(patient) });
  const { rows } = await client.query<{ expected: string }>('select expected from patient_state where patient = $1', [
    patient,
  ]);
  const expected = rows[0]?.expected ?? '';
  for (const authored of ['2026-10-30T08:00:00.000Z', ANSWERED]) {
    clock.now = () => Date.parse(authored);
    const { body } = bodies([patient], clock.now())(0);
    await post(body.replace(/"authored":"[^"]*"/, `"authored":"${authored}"`));
  }
  // As if the answers had come before the slot was waited for.
  await client.query('update patient_state set expected = $2 where patient = $1', [patient, expected]);
  await client.query(`update due set at = $2 where patient = $1 and kind = 'slot'`, [patient, ENDED]);
  tell(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}; filling ${patients} patients`);
  const silent = await copyCalendars(client, { patient, plan, anchor: WRITTEN }, { count: patients, unanswered });
  await client.query('create table kept_state as table patient_state');
  await client.query('create table kept_due as table due');

  clock.now = () => Date.parse(ENDED);
  const scheduler = new Scheduler(deps, KINDS, { looks: LOOKS });
  const before = cpu();
  const began = performance.now();
  const done = await scheduler.sweep();
  const took = (performance.now() - began) / 1000;
  const used = cpu().map((value, at) => (value - (before[at] ?? 0)) / 1000);
  tell(
    `a sweep of ${done} slots that ended at the same moment, ${silent} of them without an answer: ${took.toFixed(1)} s; CPU seconds ` +
      `${used.map((value) => value.toFixed(1)).join(' + ')} (service + database); ${((used[0] ?? 0) + (used[1] ?? 0)).toFixed(1)} in all; load ${loadavg()[0]?.toFixed(1)}`,
  );
  tell(`memory of the process: at most ${memoryOf(process.pid)?.highest.toFixed(0)} MB`);
  const left = await overdue(db, everyone(), ENDED);
  const next = await client.query('select at, count(*)::int as count from due group by at order by at');
  tell(
    `left: ${left.count}; then due: ${next.rows.map(({ at, count }) => `${count} at ${at.toISOString()}`).join(', ')}`,
  );

  // As it was, for those who have answered, with ends that come one after the other.
  await client.query('truncate patient_state, due');
  await client.query('insert into patient_state select * from kept_state');
  await client.query(
    `insert into due select * from kept_due d
     where exists (select 1 from report r where r.patient = d.patient and r.source_type = 'QuestionnaireResponse')`,
  );
  await client.query(`update due set at = date_trunc('milliseconds', at + make_interval(secs => random() * $1))`, [
    seconds,
  ]);
  await client.query('vacuum (analyze) patient_state, due');
  await client.query('checkpoint');
  const start = performance.now();
  clock.now = () => Date.parse(ENDED) + (performance.now() - start);
  const cpuBefore = cpu();
  const running = new Scheduler(deps, KINDS, { looks: LOOKS });
  running.start();
  let [highest, sum, looks, lasts] = [0, 0, 0, 0];
  for (let isOver = false; !isOver; ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = clock.now();
    const { since } = await overdue(db, everyone(), new Date(now).toISOString());
    const lag = since === undefined ? 0 : (now - Date.parse(since)) / 1000;
    highest = Math.max(highest, lag);
    sum += lag;
    looks += 1;
    isOver = now > Date.parse(ENDED) + seconds * 1000 && lag === 0;
    lasts = now - Date.parse(ENDED);
    if (lasts > seconds * 1000 + TOO_LONG) throw new Error('It does not come to an end');
  }
  await running.stop();
  const usedThen = cpu().map((value, at) => (value - (cpuBefore[at] ?? 0)) / 1000);
  tell(
    `ends spread over ${seconds} s: lag at most ${highest.toFixed(1)} s, on average ${(sum / looks).toFixed(1)} s; all done after ${(lasts / 1000).toFixed(1)} s; ` +
      `CPU seconds ${usedThen.map((value) => value.toFixed(1)).join(' + ')}; load ${loadavg()[0]?.toFixed(1)}`,
  );
  await app.close();
} finally {
  await client.end();
  await db.close();
  await stand.remove();
}

/** CPU milliseconds of this process, and of PostgreSQL with all its processes. */
function cpu(): number[] {
  const { user, system } = process.cpuUsage();
  return [(user + system) / 1000, stand.postmaster === undefined ? 0 : (cpuOfFamily(stand.postmaster) ?? 0)];
}

/** Each Monday at nine, answered within three days, waited for a day longer. */
function weekly(patient: string): object {
  const length = (value: number) => ({ value, code: 'd', system: 'http://unitsofmeasure.org' });
  return {
    status: 'active',
    intent: 'plan',
    subject: { reference: `Patient/${patient}` },
    period: { start: WRITTEN },
    activity: [
      {
        detail: {
          status: 'scheduled',
          instantiatesCanonical: [FORM.url],
          scheduledTiming: {
            repeat: { frequency: 1, period: 1, periodUnit: 'wk', dayOfWeek: ['mon'], timeOfDay: ['09:00:00'] },
          },
          extension: [
            {
              url: REPORT_WINDOW,
              extension: [
                { url: 'length', valueDuration: length(3) },
                { url: 'grace', valueDuration: length(1) },
              ],
            },
          ],
        },
      },
    ],
  };
}
