import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { int2Array, textArray } from './pg-arrays.ts';
import { shardOfId } from './resources.ts';

/** All that is stored of one patient's reports, and what people made of them. JSON texts. */
export interface StoredPast {
  shard: number;
  patient: string;
  /** The Patient; empty where it has been deleted. */
  content: string;
  /** One JSON array of all reports. */
  reports: string;
  flags: readonly PastFlag[];
  /** Tasks that are about a Flag, ended or not. */
  tasks: readonly string[];
}

/** A Flag that was opened and not withdrawn. UTC instants. */
export interface PastFlag {
  flagId: string;
  term: string;
  start: string;
  end?: string;
}

/** Where a reader of all patients is. */
export interface Place {
  shard: number;
  patient: string;
}

/** Before the first. */
export const FIRST: Place = { shard: -1, patient: '' };

/** The next patients of all, at most `limit`, each as of one moment. */
export async function pastAfter(db: Database, within: Compartment, after: Place, limit: number): Promise<StoredPast[]> {
  const rows = await db.named<PastRow>(
    'past-after',
    pastOf(`p.tenant = $1 and (p.shard, p.patient) > ($2::int2, $3::text)`, 'limit $4'),
    [within.tenant, after.shard, after.patient, limit],
  );
  return rows.map(storedPast);
}

/** Those of these patients that are held, each as of one moment. */
export async function pastOfPatients(
  db: Database,
  within: Compartment,
  patients: readonly string[],
): Promise<StoredPast[]> {
  const rows = await db.named<PastRow>(
    'past-of',
    pastOf(`p.tenant = $1 and (p.shard, p.patient) in (select * from unnest($2::int2[], $3::text[]))`, ''),
    [within.tenant, int2Array(patients.map(shardOfId)), textArray(patients)],
  );
  return rows.map(storedPast);
}

/** How many patients there are. */
export async function countPatients(db: Database, within: Compartment): Promise<number> {
  const rows = await db.named<{ count: string }>(
    'count-patients',
    'select count(*) as count from patient_state where tenant = $1',
    [within.tenant],
  );
  return Number(rows[0]?.count ?? 0);
}

/** A shard has few Tasks: they are found by the primary key. Reports are JSON already: joined, they are read once and not twice. */
const pastOf = (which: string, limit: string): string => `
select p.shard, p.patient, v.content,
       (select '[' || string_agg(r.content, ',') || ']' from report r
        where r.tenant = p.tenant and r.shard = p.shard and r.patient = p.patient) as reports,
       (select json_agg(json_build_array(e.flag_id, e.term, e.started, e.ended)) from episode e
        where e.tenant = p.tenant and e.shard = p.shard and e.patient = p.patient and e.status <> 'entered-in-error') as flags,
       (select json_agg(tv.content) from resource_current t
        join resource_version tv using (tenant, shard, type, id, version)
        where t.tenant = p.tenant and t.shard = p.shard and t.type = 'Task' and t.patient = p.patient and not t.deleted) as tasks
from (select * from patient_state p where ${which} order by shard, patient ${limit}) p
left join resource_current c on c.tenant = p.tenant and c.shard = p.shard and c.type = 'Patient' and c.id = p.patient and not c.deleted
left join resource_version v on v.tenant = c.tenant and v.shard = c.shard and v.type = c.type and v.id = c.id and v.version = c.version
order by p.shard, p.patient`;

interface PastRow extends Record<string, unknown> {
  shard: number;
  patient: string;
  content: string | null;
  reports: string | null;
  flags: [flagId: string, term: string, start: string, end: string | null][] | null;
  tasks: string[] | null;
}

const storedPast = ({ shard, patient, content, reports, flags, tasks }: PastRow): StoredPast => ({
  shard,
  patient,
  content: content ?? '',
  reports: reports ?? '[]',
  flags: (flags ?? []).map(([flagId, term, start, end]) => ({
    flagId,
    term,
    start: new Date(start).toISOString(),
    ...(end === null ? {} : { end: new Date(end).toISOString() }),
  })),
  tasks: tasks ?? [],
});
