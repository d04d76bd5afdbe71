import type { Resource } from '@medplum/fhirtypes';
import { type Criteria, conditionOf, criteriaOf, onlyMatch } from './conditional.ts';
import type { Deps } from './deps.ts';
import type { Compartment } from './fhir/compartment.ts';
import { badRequest, FhirError, fault, gone, notFound, notSupported } from './fhir/errors.ts';
import { drawShard, newId, shardOf } from './fhir/ids.ts';
import { checkVersion, isUponCurrent, type Preconditions } from './fhir/preconditions.ts';
import type { ResourceSpec } from './fhir/resources.ts';
import type { ReceivedText } from './fhir/text.ts';
import { applyPatch, type Patch } from './patch.ts';
import { attempts } from './save/attempts.ts';
import { contextOf, type Owner, ownerOf, refuseReadOnly, rulesOf, samePatient, wellFormed } from './save/checks.ts';
import { findHeld } from './save/held.ts';
import { homeOfNew } from './save/new-id.ts';
import { counted, outboxOf, type Saved, write } from './save/writing.ts';
import { patientContext } from './store/context.ts';
import { StaleRead } from './store/errors.ts';
import { deletedRow } from './store/index-rows.ts';
import { findResource, readResource } from './store/resources.ts';
import { type Claim, commit, type NewVersion } from './store/write.ts';

export { activate } from './save/activate.ts';
export { escalateWork } from './save/escalating.ts';
export { type Foreseen, foresee } from './save/foresee.ts';
export { newIdFor } from './save/new-id.ts';
export { type Rehearsal, rehearse } from './save/rehearse.ts';
export type { Saved } from './save/writing.ts';

/**
 * FHIR create. With `ifNoneExist` (search criteria) a resource that matches is given back and nothing is written; however many
 * clients ask at once, one resource comes of it. `id` is one that `newIdFor` gave before. Throws FhirError: 400 structure, 412 several
 * match, 422 rules, 503 try again.
 */
export async function create(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  received: ReceivedText,
  options: { ifNoneExist?: string; id?: string } = {},
): Promise<Saved> {
  const resource = wellFormed(spec, received);
  const owner = ownerOf(deps, spec, resource);
  const criteria =
    options.ifNoneExist === undefined ? undefined : criteriaOf(deps, spec, options.ifNoneExist, 'If-None-Exist');
  const work = async (deps: Deps): Promise<Saved> => {
    const condition = criteria && (await conditionOf(deps, within, criteria));
    if (condition?.existing) return { ...condition.existing, outcome: 'existing' };
    return insert(deps, within, spec, received, {
      resource,
      owner,
      id: options.id,
      claims: condition?.claim ? [condition.claim] : [],
    });
  };
  return attempts(deps, within, { patient: owner?.id, key: criteria?.key }, work);
}

/**
 * FHIR update: the next version of a resource, or the first one of an id that the client chose; what was deleted comes back. Throws
 * FhirError: 400 structure, 403 for what the engine writes, 412 a precondition fails, 422 rules, 503 try again.
 */
export async function update(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  id: string,
  received: ReceivedText,
  options: Preconditions = {},
): Promise<Saved> {
  const resource = wellFormed(spec, received);
  if (resource.id !== id) {
    throw badRequest(`${spec.type}.id: expected the id of the URL in the body`, `${spec.type}.id`);
  }
  const owner = ownerOf(deps, spec, resource);
  return attempts(deps, within, { patient: owner?.id, key: `${spec.type}/${id}` }, (deps) =>
    put(deps, within, spec, received, { resource, owner, id, options }),
  );
}

/**
 * FHIR conditional update: the one resource that matches gets its next version; where none does it is created, under the id in the body if
 * there is one. Throws as `update`, and 400 when the body has the id of another resource than the match, 409 when it has the id of
 * one that does not match, 412 when several match. `id` is one that `newIdFor` gave before, for where nothing matches and the body has none.
 * Source: FHIR R4, section 3.1.0.4.3.
 */
export async function conditionalUpdate(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  criteria: string,
  received: ReceivedText,
  options: Preconditions & { id?: string } = {},
): Promise<Saved> {
  const resource = wellFormed(spec, received);
  const wanted = criteriaOf(deps, spec, criteria, 'the criteria of the URL');
  const owner = ownerOf(deps, spec, resource);
  return attempts(deps, within, { patient: owner?.id, key: wanted.key }, async (deps) => {
    const { existing, claim } = await conditionOf(deps, within, wanted);
    if (existing) {
      if (resource.id !== undefined && resource.id !== existing.id) {
        throw badRequest(
          `${spec.type}.id: what matches the criteria has another id; leave the id out, or put to it`,
          `${spec.type}.id`,
        );
      }
      return put(deps, within, spec, received, { resource, owner, id: existing.id, options, seen: existing.version });
    }
    const claims = [claim];
    if (resource.id !== undefined) {
      return put(deps, within, spec, received, { resource, owner, id: resource.id, options, claims, unmatched: true });
    }
    checkVersion(options, undefined);
    return insert(deps, within, spec, received, { resource, owner, id: options.id, claims });
  });
}

/**
 * FHIR patch by JSON Patch. What comes of it is checked as any update is. Throws FhirError: 403 for what the engine writes, 404, 410, 412
 * another version is current, 422 the patch does not apply or its result is refused, 503 try again.
 */
export async function patch(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  id: string,
  operations: Patch,
  options: Preconditions = {},
): Promise<Saved> {
  const first = await readResource(deps.db, within, spec.type, id);
  const owner = ownerOf(deps, spec, JSON.parse(first.content));
  return attempts(deps, within, { patient: owner?.id, key: `${spec.type}/${id}` }, (deps) =>
    change(deps, within, spec, id, operations, options),
  );
}

/** FHIR conditional patch. Throws as `patch`; 404 when nothing matches, 412 when several do. Source: FHIR R4, section 3.1.0.6.1. */
export async function conditionalPatch(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  criteria: string,
  operations: Patch,
  options: Preconditions = {},
): Promise<Saved> {
  const wanted = criteriaOf(deps, spec, criteria, 'the criteria of the URL');
  return attempts(deps, within, { key: wanted.key }, async (deps) => {
    const hit = await onlyMatch(deps, within, wanted);
    if (!hit) throw new FhirError([fault('not-found', `No ${spec.type} matches the criteria`)]);
    return change(deps, within, spec, hit.id, operations, options, hit.version);
  });
}

/**
 * FHIR delete. What is not there, or no longer, is no error. Gives the version that the deletion is, undefined where there was nothing to
 * delete. Throws FhirError: 403 for what the engine writes, 409 when something rests on it, 412 another version is current.
 */
export async function remove(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  id: string,
  options: Preconditions = {},
): Promise<number | undefined> {
  const first = await findResource(deps.db, within, spec.type, id);
  if (!first || first.deleted) return undefined;
  const owner = spec.type === 'Patient' ? { id } : ownerOf(deps, spec, JSON.parse(first.content));
  return attempts(deps, within, { patient: owner?.id, key: `${spec.type}/${id}` }, (deps) =>
    erase(deps, within, spec, id, options),
  );
}

/** FHIR conditional delete: of the one that matches; none is no error. Gives and throws as `remove`, and 412 when several match. */
export async function conditionalDelete(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  criteria: string,
  options: Preconditions = {},
): Promise<number | undefined> {
  const wanted: Criteria = criteriaOf(deps, spec, criteria, 'the criteria of the URL');
  return attempts(deps, within, { key: wanted.key }, async (deps) => {
    const hit = await onlyMatch(deps, within, wanted);
    return hit && erase(deps, within, spec, hit.id, options, hit.version);
  });
}

interface Inserting {
  resource: Resource;
  owner: Owner | undefined;
  id: string | undefined;
  claims: readonly Omit<Claim, 'id'>[];
}

/** The first version, under an id of ours. */
async function insert(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  received: ReceivedText,
  { resource, owner, id, claims }: Inserting,
): Promise<Saved> {
  const context = await contextOf(deps, within, owner);
  const told = id === undefined ? undefined : shardOf(id);
  const shard = context?.shard ?? told ?? drawShard();
  if (told !== undefined && told !== shard) throw new Error('an id was assigned for another patient');
  return write(deps, within, spec, received, {
    resource,
    id: id ?? newId(shard, deps.now().getTime()),
    shard,
    version: 1,
    context,
    ...(owner ? { patient: owner.id } : {}),
    claims,
  });
}

interface Putting {
  resource: Resource;
  owner: Owner | undefined;
  id: string;
  options: Preconditions;
  claims?: readonly Omit<Claim, 'id'>[];
  /** The version that matched the criteria. */
  seen?: number;
  /** What has this id does not match the criteria. */
  unmatched?: boolean;
}

/** The next version of what there is, else the first one. */
async function put(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  received: ReceivedText,
  { resource, owner, id, options, claims = [], seen, unmatched }: Putting,
): Promise<Saved> {
  const held = await findHeld(deps, within, spec, id);
  const current = held?.deleted ? undefined : held;
  if (seen !== undefined && current?.version !== seen) throw new StaleRead();
  if (current) refuseReadOnly(deps, current);
  if (current && unmatched) {
    throw new FhirError([fault('conflict', `${spec.type}/${id} is there and does not match the criteria`)]);
  }
  checkVersion(options, current);
  if (!held && !spec.interactions.includes('create')) {
    throw notSupported(`${spec.type}/${id} is not known, and ${spec.type} is not created by clients`);
  }
  if (held) await samePatient(deps, within, spec, held, owner);
  const context = await contextOf(deps, within, owner);
  const home = held ? { shard: held.shard, claims: [] } : homeOfNew(spec, id, context?.shard);
  return write(deps, within, spec, received, {
    resource,
    id,
    shard: home.shard,
    version: (held?.version ?? 0) + 1,
    context,
    ...(current ? { current, isUponCurrent: isUponCurrent(options, current.version) } : {}),
    ...(owner ? { patient: owner.id } : {}),
    claims: [...claims, ...home.claims],
  });
}

/** One patch upon the current version, or upon the one that was `seen`. */
async function change(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  id: string,
  operations: Patch,
  options: Preconditions,
  seen?: number,
): Promise<Saved> {
  const current = await findHeld(deps, within, spec, id);
  if (seen !== undefined && (current?.deleted !== false || current.version !== seen)) throw new StaleRead();
  if (!current) throw notFound(spec.type, id);
  if (current.deleted) throw gone(spec.type, id);
  refuseReadOnly(deps, current);
  checkVersion(options, current);
  const received = applyPatch(current, operations);
  const resource = wellFormed(spec, received, 422);
  const owner = ownerOf(deps, spec, resource);
  await samePatient(deps, within, spec, current, owner);
  const context = await contextOf(deps, within, owner);
  return write(deps, within, spec, received, {
    resource,
    id,
    shard: current.shard,
    version: current.version + 1,
    context,
    current,
    ...(owner ? { patient: owner.id } : {}),
    claims: [],
  });
}

async function erase(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  id: string,
  options: Preconditions,
  seen?: number,
): Promise<number | undefined> {
  const current = await findHeld(deps, within, spec, id);
  if (seen !== undefined && (current?.deleted !== false || current.version !== seen)) throw new StaleRead();
  if (!current || current.deleted) return undefined;
  refuseReadOnly(deps, current);
  checkVersion(options, current);
  const patient = spec.type === 'Patient' ? id : ownerOf(deps, spec, JSON.parse(current.content))?.id;
  const context = patient === undefined ? undefined : await patientContext(deps.db, within, patient);
  const removal = { current, patient, context };
  await rulesOf(spec).refuseRemoval?.(deps, within, removal);
  const ruled = rulesOf(spec).removed?.(deps, removal) ?? {};
  const version: NewVersion = {
    type: spec.type,
    id,
    shard: current.shard,
    version: current.version + 1,
    head: '',
    tail: '',
    deleted: true,
    index: deletedRow(within.tenant, patient),
  };
  await commit(deps.db, within, {
    versions: [version],
    outbox: outboxOf(deps, current.shard),
    ...(context && patient !== undefined
      ? {
          patient: {
            ...counted(patient, context),
            ...(ruled.expected === undefined ? {} : { expected: ruled.expected }),
          },
        }
      : {}),
    ...(ruled.due ? { due: ruled.due } : {}),
    bumpCatalog: spec.canonical === true,
  });
  return version.version;
}
