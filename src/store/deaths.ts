import type { Patient } from '@medplum/fhirtypes';
import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { int2Array, textArray } from './pg-arrays.ts';
import { shardOfId } from './resources.ts';

/**
 * When it was first said that patients had died, of those whose Patient (`content`, JSON text) says so by `deceasedBoolean`, without a date: UTC instant of the first
 * version that did, by patient. What was said by mistake and taken back since does not count; a deletion takes nothing back. Nothing of patients outside `within`.
 */
export async function firstSaidDead(
  db: Database,
  within: Compartment,
  patients: readonly { patient: string; content: string }[],
): Promise<ReadonlyMap<string, string>> {
  const undated = patients.filter(({ patient, content }) => {
    const { deceasedBoolean }: Patient = JSON.parse(content);
    return deceasedBoolean === true && (within.patient === 'everyone' || within.patient.id === patient);
  });
  if (undated.length === 0) return new Map();
  const rows = await db.named<{ patient: string; at: Date }>(
    'first-said-dead',
    `with told as materialized (
       select v.id, v.version, v.ts,
              coalesce(v.content::json ->> 'deceasedBoolean' = 'true', false)
                or v.content::json ->> 'deceasedDateTime' is not null as dead
       from unnest($2::int2[], $3::text[]) as x(shard, patient)
       join resource_version v on v.tenant = $1 and v.shard = x.shard and v.type = 'Patient' and v.id = x.patient and not v.deleted
     )
     select t.id as patient, min(t.ts) as at from told t
     where t.dead and not exists (select 1 from told o where o.id = t.id and not o.dead and o.version > t.version)
     group by t.id`,
    [
      within.tenant,
      int2Array(undated.map(({ patient }) => shardOfId(patient))),
      textArray(undated.map(({ patient }) => patient)),
    ],
  );
  return new Map(rows.map(({ patient, at }) => [patient, at.toISOString()]));
}
