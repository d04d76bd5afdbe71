import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { textArray } from './pg-arrays.ts';

/** Types that tell what else is known of a patient. */
export type FactType = 'MedicationStatement' | 'MedicationAdministration' | 'Condition';

/** More than this nobody looks through for one report; the newest are given. */
const MOST = 500;

/**
 * The newest resources of these types that are a patient's, as JSON text, in one read of the patient's shard; nothing of a patient outside `within`.
 * A shard has few of these types: they are found by the primary key, and not by the compartment's token, which all of a patient's Observations carry too.
 */
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
     where c.tenant = $1 and c.shard = $2 and c.type = any($3::text[]) and not c.deleted and c.patient = $4
     order by c.lo desc nulls last, c.id desc
     limit ${MOST}`,
    [within.tenant, shard, textArray(types), patient],
  );
  return rows.map(({ content }) => content);
}
