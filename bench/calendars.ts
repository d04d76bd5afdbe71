import type pg from 'pg';
import { newId } from '../src/fhir/ids.ts';

/** A patient as the service wrote them, whose rows are copied. */
export interface Model {
  /** Id of the Patient. */
  patient: string;
  /** Id of the plan, which the texts name. */
  plan: string;
  /** Of its cycles, a UTC instant: each copy has its own, some milliseconds later. */
  anchor: string;
}

const AT_ONCE = 5000;

/**
 * Copies a patient so many times with all that a calendar is kept in, under ids of their own: the state, the Patient, the reports and what is due. Every
 * `unanswered`th has no report. Gives how many have none.
 */
export async function copyCalendars(
  client: pg.Client,
  { patient, plan, anchor }: Model,
  { count, unanswered }: { count: number; unanswered: number },
): Promise<number> {
  let silent = 0;
  for (let from = 0; from < count; from += AT_ONCE) {
    const copies = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, k) => {
      const n = from + k;
      const shard = (n * 97) % 32768;
      const isSilent = n % unanswered === unanswered - 1;
      if (isSilent) silent += 1;
      return {
        shard,
        patient: newId(shard, Date.now()),
        plan: newId(shard, Date.now()),
        anchor: new Date(Date.parse(anchor) + n * 61).toISOString(),
        isSilent,
      };
    });
    const values = [
      copies.map((one) => one.shard),
      copies.map((one) => one.patient),
      copies.map((one) => one.plan),
      copies.map((one) => one.anchor),
      copies.map((one) => one.isSilent),
      [patient, plan, anchor],
    ];
    for (const statement of COPIED) await client.query(statement, values);
  }
  await client.query('delete from due where patient = $1', [patient]);
  await client.query('vacuum (analyze)');
  await client.query('checkpoint');
  return silent;
}

const X = `(select *, ($6::text[])[1] as model, ($6::text[])[2] as model_plan, ($6::text[])[3] as model_anchor
            from unnest($1::int2[], $2::text[], $3::text[], $4::text[], $5::bool[]) as x(shard, id, plan, anchor, silent)) x`;
const COPIED = [
  `insert into patient_state (tenant, shard, patient, n, state, last_grades, expected)
   select 1, x.shard, x.id, p.n, p.state, p.last_grades, replace(replace(p.expected, x.model_plan, x.plan), x.model_anchor, x.anchor)
   from ${X} join patient_state p on p.patient = x.model`,
  `insert into resource_version (tenant, shard, type, id, version, ts, deleted, content)
   select 1, x.shard, v.type, x.id, v.version, v.ts, v.deleted, replace(v.content, x.model, x.id)
   from ${X} join resource_version v on v.type = 'Patient' and v.id = x.model`,
  `insert into resource_current (tenant, shard, type, id, version, ts, deleted, derived, key1, lo, hi, patient, present, registry, tok)
   select 1, x.shard, c.type, x.id, version, ts, deleted, derived, key1, lo, hi, x.id, present, registry, tok
   from ${X} join resource_current c on c.type = 'Patient' and c.id = x.model`,
  `insert into report (tenant, shard, patient, source_type, source_id, at, content)
   select 1, x.shard, x.id, r.source_type, r.source_id, r.at, r.content
   from ${X} join report r on r.patient = x.model where not x.silent`,
  `insert into due (tenant, shard, id, patient, kind, at, content)
   select 1, x.shard, replace(d.id, x.model_plan, x.plan), x.id, d.kind, d.at, replace(d.content, x.model_plan, x.plan)
   from ${X} join due d on d.patient = x.model and d.kind = 'slot'`,
];
