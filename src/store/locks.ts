import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { int2Array, textArray } from './pg-arrays.ts';
import { shardOfId } from './resources.ts';

/**
 * Holds the counters of patients until the end of the transaction, in one order for all transactions: two of them that write for the same
 * patients wait for each other instead of breaking each other's writes, or meeting in a deadlock.
 */
export async function lockPatients(tx: Database, within: Compartment, patients: readonly string[]): Promise<void> {
  await tx.named(
    'lock-patients',
    `select 1 from patient_state
     where tenant = $1 and (shard, patient) in (select * from unnest($2::int2[], $3::text[]))
     order by shard, patient for no key update`,
    [within.tenant, int2Array(patients.map(shardOfId)), textArray(patients)],
  );
}

/** Holds a resource until the end of the transaction: whoever would replace its version waits. */
export async function lockResource(
  tx: Database,
  within: Compartment,
  { shard, type, id }: { shard: number; type: string; id: string },
): Promise<void> {
  await tx.named(
    'lock-resource',
    'select 1 from resource_current where tenant = $1 and shard = $2 and type = $3 and id = $4 for no key update',
    [within.tenant, shard, type, id],
  );
}
