import type { Deps } from '../deps.ts';
import { businessRule } from '../fhir/errors.ts';
import { drawShard, hashShard, newId, shardOf } from '../fhir/ids.ts';
import type { ResourceSpec } from '../fhir/resources.ts';
import { claimShard } from '../store/claims.ts';
import { idKey } from '../store/homes.ts';
import { shardOfId } from '../store/resources.ts';
import type { Claim } from '../store/write.ts';
import { ownerOf } from './checks.ts';

/**
 * An id for a resource that is to be created, as the server assigns it: with the shard of its patient, to whom it must refer by the id that the
 * Patient has or will have.
 */
export function newIdFor(deps: Deps, spec: ResourceSpec, resource: object): string {
  const owner = ownerOf(deps, spec, resource);
  return newId(owner ? shardOfId(owner.id) : drawShard(), deps.now().getTime());
}

/**
 * Where a resource lies whose id the client chose: with its patient, else by the hash of its id; and the claim that tells it to those who
 * read by id. An id of the form of ours tells its shard itself, so it needs no claim, and it is refused (422) where it tells another one
 * than the patient's: nobody would find it. The form also stands for what the engine derives from a response with a client's id.
 */
export function homeOfNew(
  spec: ResourceSpec,
  id: string,
  patientShard: number | undefined,
): { shard: number; claims: Omit<Claim, 'id'>[] } {
  const told = shardOf(id);
  if (told !== undefined) {
    if ((patientShard ?? told) === told && !id.startsWith(DERIVED)) return { shard: told, claims: [] };
    throw businessRule(
      `${spec.type}.id: ids of this form (UUID version 8) are assigned by the server; choose an id of another form, or create it with POST`,
      `${spec.type}.id`,
    );
  }
  const shard = patientShard ?? hashShard(id);
  if (spec.patient === undefined) return { shard, claims: [] };
  const key = idKey(spec.type, id);
  return { shard, claims: [{ key, shard: claimShard(key), type: spec.type, home: shard }] };
}

/** How ids begin that are derived from ids without a time. */
const DERIVED = '00000000-0000-';
