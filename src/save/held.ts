import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import type { ResourceSpec } from '../fhir/resources.ts';
import { patientOf } from '../store/index-rows.ts';
import { lockPatients, lockResource } from '../store/locks.ts';
import { findResource, type Stored } from '../store/resources.ts';

/**
 * What has this id, a deletion too; undefined for nothing. Where other writers came first before (`deps.holds`) it stays so until the end of the
 * transaction. The patient's counter is held before the resource, as every statement that writes does: so nobody waits in a circle.
 */
export async function findHeld(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  id: string,
): Promise<Stored | undefined> {
  const seen = await findResource(deps.db, within, spec.type, id);
  if (!deps.holds || !seen) return seen;
  const patient = seen.deleted ? undefined : patientOf(deps.registry, spec, JSON.parse(seen.content), deps.baseUrl)?.id;
  if (patient !== undefined) await lockPatients(deps.db, within, [patient]);
  await lockResource(deps.db, within, seen);
  return findResource(deps.db, within, spec.type, id);
}
