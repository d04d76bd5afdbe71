import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { hasCompartment } from '../../store/resources.ts';
import { inUse } from './refusals.ts';
import type { Removal } from './type-rules.ts';

/** A Patient stays as long as there is data of theirs. */
export async function refuseInhabited(deps: Deps, within: Compartment, { current }: Removal): Promise<void> {
  if (!(await hasCompartment(deps.db, within, current.shard, current.id))) return;
  throw inUse(`Patient/${current.id} has data here; delete or retract these first`);
}
