import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { compartmentToken } from './index-rows.ts';
import { textArray } from './pg-arrays.ts';

/** Types that tell what else is known of a patient. */
export type FactType = 'ResearchSubject' | 'MedicationStatement' | 'MedicationAdministration' | 'Condition';

/** More than this nobody looks through for one report; the newest are given. */
const MOST = 500;

/** The newest resources of these types that are a patient's, as JSON text, in one read of the patient's shard; nothing of a patient outside `within`. */
export async function factsOfPatient(
  db: Database,
  within: Compartment,
  shard: number,
  patient: string,
  types: readonly FactType[],
): Promise<string[]> {
  if (within.patient !== 'everyone' && within.patient.id !== patient) return [];
  const rows = await db.read<{ content: string }>(
    'patient-facts',
    `select v.content
     from resource_current c
     join resource_version v using (tenant, shard, type, id, version)
     where c.tenant = $1 and c.shard = $2 and c.type = any($3::text[]) and not c.deleted
       and c.tok @> array[$4::bigint] and c.patient = $5
     order by c.lo desc nulls last, c.id desc
     limit ${MOST}`,
    [within.tenant, shard, textArray(types), compartmentToken(within.tenant, patient), patient],
  );
  return rows.map(({ content }) => content);
}
