import type { Resource } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { shardOf } from '../fhir/ids.ts';
import type { ResourceSpec } from '../fhir/resources.ts';
import { type ReceivedText, splice } from '../fhir/text.ts';
import { claimsProfile } from '../fhir/validate.ts';
import { EMPTY } from '../rules/episodes.ts';
import { writeState } from '../rules/state-packed.ts';
import { indexRow } from '../store/index-rows.ts';
import { commit, type NewVersion } from '../store/write.ts';
import { counterOf, type Owner, rulesOf } from './checks.ts';
import { refuseNonconforming } from './profiles.ts';
import { counted, outboxOf, type Saved } from './writing.ts';

/** A resource to be created, its structure checked, under an id that `newIdFor` gave. */
export interface Plain {
  spec: ResourceSpec;
  received: ReceivedText;
  resource: Resource;
  id: string;
}

/** True where nothing follows from a resource and nothing else is compiled from it: several of one patient go into one statement. */
export function isPlain(deps: Pick<Deps, 'labCodes'>, spec: ResourceSpec, received: ReceivedText): boolean {
  const { check, concerns } = rulesOf(spec);
  if (spec.canonical) return false;
  if (check === undefined) return true;
  try {
    return concerns?.(received.value as Resource, deps) === false;
  } catch {
    return false; // it is not well formed: refused where it is looked at alone
  }
}

/**
 * Creates several resources of one patient in one statement: all of them or none. `owner` is the patient who is there already; without
 * one the first of `all` is the Patient to whom the others belong. Throws as `create` does, and what asks for another attempt.
 */
export async function createSeveral(
  deps: Deps,
  within: Compartment,
  owner: Owner | undefined,
  all: readonly Plain[],
): Promise<Saved[]> {
  const [first] = all;
  if (!first) return [];
  const counter = owner && (await counterOf(deps, within, owner));
  const patient = owner?.id ?? first.id;
  const shard = counter?.shard ?? shardOf(patient);
  if (shard === undefined || all.some(({ id }) => shardOf(id) !== shard)) {
    throw new Error('an id was assigned for another patient');
  }
  const versions = all.map(
    ({ spec, received, resource, id }): NewVersion => ({
      type: spec.type,
      id,
      shard,
      version: 1,
      ...splice(received, { id, versionId: '1' }),
      index: indexRow(deps.registry, spec, within.tenant, resource, { baseUrl: deps.baseUrl, patient }),
    }),
  );
  const lastUpdated = await commit(deps.db, within, {
    versions,
    outbox: outboxOf(deps, shard),
    ...(counter
      ? { patient: counted(patient, counter) }
      : { newPatient: { id: patient, shard, state: writeState(EMPTY) } }),
  });
  return versions.map(({ type, id, version, head, tail }) => ({
    type,
    id,
    version,
    lastUpdated,
    content: head + lastUpdated + tail,
    outcome: 'created',
  }));
}

/** What a plain resource has to be beyond its structure; undefined where that is nothing. */
export const checkPlain = (deps: Deps, within: Compartment, { resource }: Plain): Promise<void> | undefined =>
  claimsProfile(resource) ? refuseNonconforming(deps, within, { resource, context: undefined }) : undefined;
