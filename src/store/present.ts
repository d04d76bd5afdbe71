import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { int2Array, textArray } from './pg-arrays.ts';
import { shardOfId } from './resources.ts';

/** A Patient that is there. */
export interface PresentPatient {
  patient: string;
  /** What the Patient says of a death, JSON text: `deceasedBoolean`, `deceasedDateTime`. */
  content: string;
  /** What plans expect, JSON text; null where nothing ever was. */
  expected: string | null;
}

/** Those of these Patients (ids) that there are: none that never was, is deleted or lies outside `within`. In no order. */
export async function presentPatients(
  db: Database,
  within: Compartment,
  ids: readonly string[],
): Promise<PresentPatient[]> {
  const seen = ids.filter((id) => within.patient === 'everyone' || within.patient.id === id);
  if (seen.length === 0) return [];
  return db.named<PresentPatient & Record<string, unknown>>(
    'present-patients',
    `select c.id as patient, json_strip_nulls(row_to_json(d))::text as content, p.expected
     from unnest($2::int2[], $3::text[]) as x(shard, id)
     join resource_current c on c.tenant = $1 and c.shard = x.shard and c.type = 'Patient' and c.id = x.id and not c.deleted
     join resource_version v on v.tenant = c.tenant and v.shard = c.shard and v.type = c.type and v.id = c.id and v.version = c.version
     cross join lateral json_to_record(v.content::json) as d("deceasedBoolean" json, "deceasedDateTime" json)
     left join patient_state p on p.tenant = c.tenant and p.shard = c.shard and p.patient = c.id`,
    [within.tenant, int2Array(seen.map(shardOfId)), textArray(seen)],
  );
}
