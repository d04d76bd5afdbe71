import t, { type Test } from 'tap';
import { newId } from '../../src/fhir/ids.ts';
import { shardOfId } from '../../src/store/resources.ts';
import { type TestApp, testApp } from './app.ts';
import { post } from './observations.ts';
import { aPlan, aReportingPolicy } from './plans.ts';
import { aPatient, aResponse, weeklyForm } from './responses.ts';

/** A patient whose slot of Monday 2 November has been answered and is looked at all the same, on Friday at nine in Paris: copies of it are as many as wanted. */
export interface Calendars {
  app: TestApp;
  now: { at: string };
  /** Makes copies of the patient under ids of their own, and gives these. */
  copies(count: number): Promise<string[]>;
}

export const ENDED = '2026-11-06T08:00:00.000Z';

export async function calendars(test: Test = t): Promise<Calendars> {
  const now = { at: '2026-11-01T12:00:00.000Z' };
  const app = await testApp({ now: () => new Date(now.at) });
  test.teardown(() => app.close());
  const { pool } = app.deps.db;
  await post(
    app,
    aReportingPolicy('reporting', [['open', "%finding.term = 'missing-report' and %finding.min >= 1", 'PL']]),
  );
  const [patient, form] = await Promise.all([aPatient(app), weeklyForm(app)]);
  const plan = await post(app, aPlan(patient, undefined, { window: { length: [3, 'd'], grace: [1, 'd'] } }));
  const model = patient.slice('Patient/'.length);
  const { rows } = await pool.query('select expected from patient_state where patient = $1', [model]);
  now.at = '2026-11-03T08:00:00.000Z';
  await post(app, aResponse(form, patient, now.at, { PROCTCAE_16A_SCL: 0 }));
  // As if the answer had come before the slot was waited for.
  await pool.query('update patient_state set expected = $2 where patient = $1', [model, rows[0].expected]);
  await pool.query('update due set at = $2 where patient = $1', [model, ENDED]);
  now.at = '2026-11-07T12:00:00.000Z';
  return {
    app,
    now,
    async copies(count) {
      const ids = Array.from({ length: count }, () => newId(Math.floor(Math.random() * 32768), Date.now()));
      const plans = ids.map((id) => newId(shardOfId(id), Date.now()));
      for (const statement of COPIED) {
        await pool.query(statement, [ids.map(shardOfId), ids, plans, model, plan.id]);
      }
      await pool.query('delete from due where patient = $1', [model]);
      return ids;
    },
  };
}

const X =
  'unnest($1::int2[], $2::text[], $3::text[]) as x(shard, id, plan), (select $4::text as model, $5::text as plan) m';
const COPIED = [
  `insert into patient_state (tenant, shard, patient, n, state, last_grades, expected)
   select 1, x.shard, x.id, p.n, p.state, p.last_grades, replace(p.expected, m.plan, x.plan) from ${X} join patient_state p on p.patient = m.model`,
  `insert into resource_version (tenant, shard, type, id, version, ts, deleted, content)
   select 1, x.shard, v.type, x.id, v.version, v.ts, v.deleted, replace(v.content, m.model, x.id)
   from ${X} join resource_version v on v.type = 'Patient' and v.id = m.model where m.plan <> ''`,
  `insert into resource_current (tenant, shard, type, id, version, ts, deleted, derived, key1, lo, hi, patient, present, registry, tok)
   select 1, x.shard, c.type, x.id, version, ts, deleted, derived, key1, lo, hi, x.id, present, registry, tok
   from ${X} join resource_current c on c.type = 'Patient' and c.id = m.model where m.plan <> ''`,
  `insert into report (tenant, shard, patient, source_type, source_id, at, content)
   select 1, x.shard, x.id, r.source_type, r.source_id, r.at, r.content from ${X} join report r on r.patient = m.model where m.plan <> ''`,
  `insert into due (tenant, shard, id, patient, kind, at, content)
   select 1, x.shard, replace(d.id, m.plan, x.plan), x.id, d.kind, d.at, replace(d.content, m.plan, x.plan)
   from ${X} join due d on d.patient = m.model`,
];
