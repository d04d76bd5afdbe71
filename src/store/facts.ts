import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { textArray } from './pg-arrays.ts';

/** Types that tell what else is known of a patient. */
export type FactType = 'MedicationStatement' | 'MedicationAdministration' | 'Condition';

/** More than this nobody looks through for one report. */
export const MOST_FACTS = 500;

/** `isCut`: the patient has more of them than these. */
export interface FactTexts {
  texts: readonly string[];
  isCut: boolean;
}

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
): Promise<FactTexts> {
  if (within.patient !== 'everyone' && within.patient.id !== patient) return { texts: [], isCut: true };
  const rows = await db.read<{ content: string }>(
    'patient-facts',
    `select v.content
     from resource_current c
     join resource_version v using (tenant, shard, type, id, version)
     where c.tenant = $1 and c.shard = $2 and c.type = any($3::text[]) and not c.deleted and c.patient = $4
     order by c.lo desc nulls last, c.id desc
     limit ${MOST_FACTS + 1}`,
    [within.tenant, shard, textArray(types), patient],
  );
  return { texts: rows.slice(0, MOST_FACTS).map(({ content }) => content), isCut: rows.length > MOST_FACTS };
}
