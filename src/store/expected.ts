import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';

/** The reports of responses of a patient from one UTC instant to another, both included, as JSON text, in no order. */
export async function responsesBetween(
  db: Database,
  within: Compartment,
  shard: number,
  patient: string,
  { from, to }: { from: string; to: string },
): Promise<string[]> {
  if (within.patient !== 'everyone' && within.patient.id !== patient) return [];
  const rows = await db.read<{ content: string }>(
    'responses-between',
    `select content from report
     where tenant = $1 and shard = $2 and patient = $3 and source_type = 'QuestionnaireResponse' and at >= $4 and at <= $5`,
    [within.tenant, shard, patient, from, to],
  );
  return rows.map(({ content }) => content);
}
