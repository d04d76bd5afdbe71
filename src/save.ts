import type { Resource } from '@medplum/fhirtypes';
import { conditionOf } from './conditional.ts';
import type { Deps } from './deps.ts';
import type { Consequence } from './evaluation/evaluating.ts';
import type { Compartment } from './fhir/compartment.ts';
import {
  badRequest,
  businessRule,
  FhirError,
  fault,
  gone,
  type Issue,
  notSupported,
  tryAgain,
  versionConflict,
} from './fhir/errors.ts';
import { drawShard, newId } from './fhir/ids.ts';
import type { ResourceSpec } from './fhir/resources.ts';
import { type ReceivedText, splice } from './fhir/text.ts';
import { validateStructure } from './fhir/validate-structure.ts';
import { EMPTY } from './rules/episodes.ts';
import { writeState } from './rules/state-packed.ts';
import { RULES, type TypeRules } from './save-rules.ts';
import { type PatientContext, patientContext } from './store/context.ts';
import { gaveWay } from './store/errors.ts';
import { deletedRow, indexRow, patientOf } from './store/index-rows.ts';
import { findResource, type Stored } from './store/resources.ts';
import { type Claim, commit, type NewVersion, type Write } from './store/write.ts';

/** What a write came to, built from what was committed. */
export interface Saved {
  type: string;
  id: string;
  version: number;
  lastUpdated: string;
  content: string;
  /** `existing`: a conditional create found what it asks for, and nothing was changed. */
  outcome: 'created' | 'existing' | 'updated';
  /** What followed from it; absent where nothing was evaluated. */
  changes?: Consequence['changes'];
}

/**
 * FHIR create. With `ifNoneExist` (search criteria) a resource that matches is given back and nothing is written; however many
 * clients ask at once, one resource comes of it. Throws FhirError: 400 structure, 412 several match, 422 rules, 503 try again.
 */
export async function create(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  received: ReceivedText,
  options: { ifNoneExist?: string } = {},
): Promise<Saved> {
  const resource = wellFormed(spec, received);
  const owner = ownerOf(deps, spec, resource);
  return attempts(deps, owner?.id, async () => {
    const condition =
      options.ifNoneExist === undefined ? undefined : await conditionOf(deps, within, spec, options.ifNoneExist);
    if (condition?.existing) return { ...condition.existing, outcome: 'existing' };
    const context = await contextOf(deps, within, spec, owner);
    const shard = context?.shard ?? drawShard();
    const id = newId(shard, deps.now().getTime());
    return write(deps, within, spec, received, {
      resource,
      id,
      shard,
      version: 1,
      context,
      ...(owner ? { patient: owner.id } : {}),
      claims: condition?.claim ? [condition.claim] : [],
    });
  });
}

/**
 * FHIR update: the next version of a resource. `ifMatch` is the version that the client has seen. Throws FhirError: 400 structure, 403 for
 * what the engine writes, 405 unknown id, 410 deleted, 412 another version is current, 422 rules, 503 try again.
 */
export async function update(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  id: string,
  received: ReceivedText,
  options: { ifMatch?: number } = {},
): Promise<Saved> {
  const resource = wellFormed(spec, received);
  if (resource.id !== id) {
    throw badRequest(`${spec.type}.id: expected the id of the URL in the body`, `${spec.type}.id`);
  }
  const owner = ownerOf(deps, spec, resource);
  return attempts(deps, owner?.id, async () => {
    const current = await changeable(deps, within, spec, id, options.ifMatch);
    samePatient(deps, spec, current, owner?.id);
    const context = await contextOf(deps, within, spec, owner);
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
  });
}

/**
 * FHIR delete. What is not there, or no longer, is no error. Throws FhirError: 403 for what the engine writes, 409 when
 * something rests on it, 412 another version is current.
 */
export async function remove(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  id: string,
  options: { ifMatch?: number } = {},
): Promise<void> {
  const first = await findResource(deps.db, within, spec.type, id);
  if (!first || first.deleted) return;
  const owner = ownerOf(deps, spec, JSON.parse(first.content));
  await attempts(deps, owner?.id, async () => {
    const current = await findResource(deps.db, within, spec.type, id);
    if (!current || current.deleted) return;
    refuseReadOnly(deps, current);
    matches(current, options.ifMatch);
    const patient = spec.type === 'Patient' ? id : owner?.id;
    const context = patient === undefined ? undefined : await patientContext(deps.db, within, patient);
    await rulesOf(spec).refuseRemoval?.(deps, within, { current, patient, context });
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
      ...(context && patient !== undefined ? { patient: counted(patient, context) } : {}),
      bumpCatalog: spec.canonical === true,
    });
  });
}

interface Writing {
  resource: Resource;
  id: string;
  shard: number;
  version: number;
  current?: Stored;
  patient?: string;
  context: PatientContext | undefined;
  claims: readonly Omit<Claim, 'id'>[];
}

/** One statement: the resource, what follows from it, and what both rest on. The answer is built from what was committed. */
async function write(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  received: ReceivedText,
  writing: Writing,
): Promise<Saved> {
  const { resource, id, shard, version, context, patient } = writing;
  const ruled = await rulesOf(spec).check?.(deps, within, { ...writing, spec });
  const consequence = ruled?.consequence;
  const { head, tail } = splice(received, { id, versionId: String(version) });
  const main: NewVersion = {
    type: spec.type,
    id,
    shard,
    version,
    head,
    tail,
    index: indexRow(deps.registry, spec, within.tenant, resource, {
      baseUrl: deps.baseUrl,
      // A Patient lies in its own compartment.
      ...(spec.type === 'Patient' ? { patient: id } : patient === undefined ? {} : { patient }),
    }),
  };
  const lastUpdated = await commit(deps.db, within, {
    versions: [main, ...(consequence?.versions ?? [])],
    outbox: outboxOf(deps, shard),
    ...patientPart(consequence, patient, context),
    ...(spec.type === 'Patient' && version === 1 ? { newPatient: { id, shard, state: writeState(EMPTY) } } : {}),
    claims: [...writing.claims.map((claim) => ({ ...claim, id })), ...(ruled?.claims ?? [])],
    bumpCatalog: spec.canonical === true,
  });
  return {
    type: spec.type,
    id,
    version,
    lastUpdated,
    content: head + lastUpdated + tail,
    outcome: version === 1 ? 'created' : 'updated',
    ...(consequence ? { changes: consequence.changes } : {}),
  };
}

function patientPart(
  consequence: Consequence | undefined,
  patient: string | undefined,
  context: PatientContext | undefined,
): Pick<Write, 'patient'> {
  if (consequence) return { patient: consequence.patient };
  return context && patient !== undefined ? { patient: counted(patient, context) } : {};
}

/** Every write of a patient's data advances the counter: it orders delivery, and no Patient is deleted under a write. */
const counted = (id: string, { shard, n }: PatientContext): NonNullable<Write['patient']> => ({ id, shard, n });

const outboxOf = (deps: Deps, shard: number): Write['outbox'] => ({ id: newId(shard, deps.now().getTime()), shard });

/** Structure first: nothing of ours reads a resource that is not one. */
function wellFormed(spec: ResourceSpec, received: ReceivedText): Resource {
  const value = received.value as Partial<Resource>;
  if (value.resourceType !== spec.type) {
    throw badRequest(`Expected a resource of type ${spec.type}`, 'resourceType');
  }
  const [first, ...more] = validateStructure(value, spec.type).filter(isError);
  if (first) throw new FhirError([first, ...more], { status: 400 });
  // validateStructure has just said so.
  return received.value as Resource;
}

const isError = ({ severity }: Issue): boolean => severity === 'error' || severity === 'fatal';

/** The patient whose data it is. A subject that is no Patient of ours is refused: nothing would ever be done with its data. */
function ownerOf(deps: Deps, spec: ResourceSpec, resource: object): { id: string } | undefined {
  const found = patientOf(deps.registry, spec, resource, deps.baseUrl);
  if (!found) return undefined;
  if (found.id !== undefined) return { id: found.id };
  if (!rulesOf(spec).patientOnly) return undefined;
  throw new FhirError(
    [
      fault(
        'business-rule',
        `${spec.type}.subject: expected a reference to a Patient of this server, Patient/<id>`,
        `${spec.type}.subject`,
      ),
    ],
    { status: 422 },
  );
}

async function contextOf(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  owner: { id: string } | undefined,
): Promise<PatientContext | undefined> {
  if (!owner) return undefined;
  const context = await patientContext(deps.db, within, owner.id);
  if (context) return context;
  throw businessRule(
    `${spec.type}.subject: Patient/${owner.id} is not known here; create the Patient first`,
    `${spec.type}.subject`,
  );
}

async function changeable(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  id: string,
  ifMatch: number | undefined,
): Promise<Stored> {
  const current = await findResource(deps.db, within, spec.type, id);
  if (!current)
    throw notSupported(`${spec.type}/${id} is not known, and a client cannot choose an id here: create it with POST`);
  if (current.deleted) throw gone(spec.type, id);
  refuseReadOnly(deps, current);
  matches(current, ifMatch);
  return current;
}

function refuseReadOnly({ shipped }: Deps, { type, id, derived }: Stored): void {
  if (shipped.has(`${type}/${id}`)) {
    throw new FhirError([
      fault('forbidden', `${type}/${id} ships with this service, which rests on it: it is read-only`),
    ]);
  }
  if (!derived) return;
  throw new FhirError([
    fault('forbidden', `${type}/${id} is written by the rule engine and read-only: change what it was derived from`),
  ]);
}

function matches({ version }: Stored, ifMatch: number | undefined): void {
  if (ifMatch !== undefined && ifMatch !== version) throw versionConflict(`W/"${ifMatch}"`);
}

function samePatient(deps: Deps, spec: ResourceSpec, current: Stored, patient: string | undefined): void {
  const before = patientOf(deps.registry, spec, JSON.parse(current.content), deps.baseUrl);
  if (before?.id === patient) return;
  throw businessRule(
    `${spec.type}.subject cannot be changed: a resource stays with its patient. Mark this one entered-in-error and create another`,
    `${spec.type}.subject`,
  );
}

const rulesOf = (spec: ResourceSpec): TypeRules => RULES[spec.type] ?? {};

const MOST_ATTEMPTS = 8;

/** Tries again with fresh state when another writer came first; the writes of one patient wait for each other. */
async function attempts<T>(deps: Deps, patient: string | undefined, work: () => Promise<T>): Promise<T> {
  const run = async (): Promise<T> => {
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (!gaveWay(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * attempt));
    }
    throw tryAgain('Other requests changed the same resource again and again; nothing was written');
  };
  return patient === undefined ? run() : deps.turns.take(patient, run);
}
