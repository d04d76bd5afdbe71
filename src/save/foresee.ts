import type { Deps } from '../deps.ts';
import type { Consequence } from '../evaluation/evaluating.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { badRequest } from '../fhir/errors.ts';
import type { ResourceSpec } from '../fhir/resources.ts';
import type { ReceivedText } from '../fhir/text.ts';
import { findResource } from '../store/resources.ts';
import { attempts } from './attempts.ts';
import { contextOf, ownerOf, refuseReadOnly, rulesOf, samePatient, wellFormed } from './checks.ts';
import { homeOfNew, newIdFor } from './new-id.ts';
import { refuseNonconforming } from './profiles.ts';

/** What a write would lead to. */
export interface Foreseen {
  id: string;
  version: number;
  /** Undefined where nothing follows from it: its status asks for no evaluation, or nothing of it can be graded. */
  consequence: Consequence | undefined;
}

/**
 * What would follow from creating a resource, or with `id` from updating that one to it, by the very rules of the write and with what is
 * known of its patient at this moment. Nothing is written. Throws FhirError as `create` and `update` do.
 */
export async function foresee(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  received: Pick<ReceivedText, 'value'>,
  id?: string,
): Promise<Foreseen> {
  const resource = wellFormed(spec, received);
  if (id !== undefined && resource.id !== id) {
    throw badRequest(`${spec.type}.id: expected the id of the URL in the resource`, `${spec.type}.id`);
  }
  const owner = ownerOf(deps, spec, resource);
  return attempts(deps, within, { patient: owner?.id, key: id && `${spec.type}/${id}` }, async (deps) => {
    const held = id === undefined ? undefined : await findResource(deps.db, within, spec.type, id);
    const current = held?.deleted ? undefined : held;
    if (current) refuseReadOnly(deps, current);
    if (held) await samePatient(deps, within, spec, held, owner);
    const context = await contextOf(deps, within, owner);
    if (id !== undefined && !held) homeOfNew(spec, id, context?.shard);
    const writing = {
      spec,
      resource,
      id: id ?? newIdFor(deps, spec, resource),
      version: (held?.version ?? 0) + 1,
      context,
      ...(current ? { current } : {}),
      ...(owner ? { patient: owner.id } : {}),
    };
    await refuseNonconforming(deps, within, writing);
    const ruled = await rulesOf(spec).check?.(deps, within, writing);
    return { id: writing.id, version: writing.version, consequence: ruled?.consequence };
  });
}
