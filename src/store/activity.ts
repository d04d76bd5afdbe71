import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { shardOfId } from './resources.ts';

/** All that is told of one patient's months, as it is stored. */
export interface StoredActivity extends ActivityPlace {
  /** The Patient, JSON text. */
  content: string;
  /** What plans expect, JSON text; null where nothing ever was. */
  expected: string | null;
  /** Responses that were evaluated, in the order of time; `at` is their symptom time as UTC instant, `form` a canonical. */
  responses: readonly { id: string; at: string; form: string }[];
  /** Current versions of Tasks, JSON text, each with the business statuses that its versions had. */
  tasks: readonly { content: string; statuses: readonly string[] }[];
}

/** Where a reader of all patients is: they come by shard, then by id. */
export interface ActivityPlace {
  shard: number;
  patient: string;
}

/** The next patients after a place (without one the first), at most `limit`, each as of one moment. Those who were deleted are left out. */
export async function activitiesAfter(
  db: Database,
  within: Compartment,
  after: ActivityPlace | undefined,
  limit: number,
): Promise<{ found: StoredActivity[]; next?: ActivityPlace }> {
  if (within.patient !== 'everyone') {
    const only = after === undefined ? await activityOfPatient(db, within, within.patient.id) : undefined;
    return { found: only ? [only] : [] };
  }
  const rows = await db.named<Row>(
    'activities-after',
    told('p.tenant = $1 and (p.shard, p.patient) > ($2::int2, $3::text)', 'limit $4'),
    [within.tenant, after?.shard ?? -1, after?.patient ?? '', limit + 1],
  );
  const last = rows[limit - 1];
  return {
    found: rows.slice(0, limit).flatMap(storedActivity),
    ...(rows.length > limit && last ? { next: { shard: last.shard, patient: last.patient } } : {}),
  };
}

/** The same of one patient; undefined where there is none, it was deleted or lies outside `within`. */
export async function activityOfPatient(
  db: Database,
  within: Compartment,
  patient: string,
): Promise<StoredActivity | undefined> {
  if (within.patient !== 'everyone' && within.patient.id !== patient) return undefined;
  const rows = await db.named<Row>('activity-of', told('p.tenant = $1 and p.shard = $2 and p.patient = $3', ''), [
    within.tenant,
    shardOfId(patient),
    patient,
  ]);
  return rows.flatMap(storedActivity)[0];
}

/** Of reports only what is counted is read out of their texts. A shard has few Tasks: they are found by the primary key. */
const told = (which: string, limit: string): string => `
select p.shard, p.patient, p.expected, v.content,
       (select json_agg(json_build_array(r.source_id, r.at, r.content::json ->> 'form') order by r.at, r.source_id) from report r
        where r.tenant = p.tenant and r.shard = p.shard and r.patient = p.patient
          and r.source_type = 'QuestionnaireResponse' and r.content::json ->> 'draft' is null) as responses,
       (select json_agg(json_build_array(tv.content, (
                select json_agg(distinct o.content::json #>> '{businessStatus,coding,0,code}') from resource_version o
                where o.tenant = t.tenant and o.shard = t.shard and o.type = t.type and o.id = t.id and not o.deleted)))
        from resource_current t
        join resource_version tv using (tenant, shard, type, id, version)
        where t.tenant = p.tenant and t.shard = p.shard and t.type = 'Task' and t.patient = p.patient and not t.deleted) as tasks
from (select * from patient_state p where ${which} order by p.shard, p.patient ${limit}) p
left join resource_current c on c.tenant = p.tenant and c.shard = p.shard and c.type = 'Patient' and c.id = p.patient and not c.deleted
left join resource_version v on v.tenant = c.tenant and v.shard = c.shard and v.type = c.type and v.id = c.id and v.version = c.version
order by p.shard, p.patient`;

interface Row extends Record<string, unknown> {
  shard: number;
  patient: string;
  expected: string | null;
  content: string | null;
  responses: [id: string, at: string, form: string | null][] | null;
  tasks: [content: string, statuses: (string | null)[] | null][] | null;
}

function storedActivity({ shard, patient, expected, content, responses, tasks }: Row): StoredActivity[] {
  if (content === null) return [];
  return [
    {
      shard,
      patient,
      expected,
      content,
      responses: (responses ?? []).map(([id, at, form]) => ({ id, at: new Date(at).toISOString(), form: form ?? '' })),
      tasks: (tasks ?? []).map(([task, statuses]) => ({
        content: task,
        statuses: (statuses ?? []).filter((status) => status !== null),
      })),
    },
  ];
}
