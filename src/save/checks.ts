import type { Resource } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { badRequest, businessRule, FhirError, fault, type Issue } from '../fhir/errors.ts';
import type { ResourceSpec } from '../fhir/resources.ts';
import type { ReceivedText } from '../fhir/text.ts';
import { validateStructure } from '../fhir/validate-structure.ts';
import { type PatientContext, patientContext, patientCounter } from '../store/context.ts';
import { patientOf } from '../store/index-rows.ts';
import { readVersion, type Stored } from '../store/resources.ts';
import type { TypeRules } from './rules/type-rules.ts';
import { RULES } from './rules.ts';

/** The rules of a type; none for most. */
export const rulesOf = (spec: ResourceSpec): TypeRules => RULES[spec.type] ?? {};

/**
 * Structure first: nothing of ours reads a resource that is not one. Throws FhirError with `status`: 400 for what came, 422 for what came
 * of a patch.
 */
export function wellFormed(spec: ResourceSpec, received: Pick<ReceivedText, 'value'>, status = 400): Resource {
  const value = received.value as Partial<Resource>;
  if (value.resourceType !== spec.type) {
    throw badRequest(`Expected a resource of type ${spec.type}`, 'resourceType');
  }
  const [first, ...more] = validateStructure(value, spec.type).filter(isError);
  if (first) throw new FhirError([first, ...more], { status });
  // validateStructure has just said so.
  return received.value as Resource;
}

const isError = ({ severity }: Issue): boolean => severity === 'error' || severity === 'fatal';

/** The patient whose data a resource is, and where it says so. */
export interface Owner {
  id: string;
  /** E.g. `Task.for`. */
  path: string;
}

/** The element that names the patient, as an expression. */
function ownerPath(deps: Deps, spec: ResourceSpec, resource: object): string {
  const param = spec.patient === undefined ? undefined : deps.registry.get(spec.type)?.get(spec.patient);
  return `${spec.type}.${param?.elements(resource)[0]?.name ?? spec.patient ?? 'subject'}`;
}

/** The patient whose data it is. A subject that is no Patient of ours is refused: nothing would ever be done with its data. */
export function ownerOf(deps: Deps, spec: ResourceSpec, resource: object): Owner | undefined {
  const found = patientOf(deps.registry, spec, resource, deps.baseUrl);
  if (!found) return undefined;
  if (found.id !== undefined) return { id: found.id, path: ownerPath(deps, spec, resource) };
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

/** What is known of the owner; undefined where there is none. Throws 422 for a patient that is not known here. */
export async function contextOf(
  deps: Deps,
  within: Compartment,
  owner: Owner | undefined,
): Promise<PatientContext | undefined> {
  if (!owner) return undefined;
  const context = await patientContext(deps.db, within, owner.id);
  if (context) return context;
  throw unknownPatient(owner);
}

/** The counter of the owner alone, for what nothing follows from. Throws as `contextOf`. */
export async function counterOf(
  deps: Deps,
  within: Compartment,
  owner: Owner,
): Promise<Pick<PatientContext, 'shard' | 'n'>> {
  const counter = await patientCounter(deps.db, within, owner.id);
  if (counter) return counter;
  throw unknownPatient(owner);
}

const unknownPatient = ({ id, path }: Owner): FhirError =>
  businessRule(`${path}: Patient/${id} is not known here; create the Patient first`, path);

/** Throws 403 for what the engine writes and for what ships and is relied on. */
export function refuseReadOnly({ shipped }: Deps, { type, id, derived }: Stored): void {
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

/** Throws 422 for what would move a resource to another patient; what was deleted comes back to the patient it had. */
export async function samePatient(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  current: Stored,
  owner: Owner | undefined,
): Promise<void> {
  const { content } = current.deleted
    ? await readVersion(deps.db, within, current.type, current.id, String(current.version - 1))
    : current;
  const held: object = JSON.parse(content);
  const before = patientOf(deps.registry, spec, held, deps.baseUrl);
  if (before?.id === owner?.id) return;
  const path = owner?.path ?? ownerPath(deps, spec, held);
  throw businessRule(
    `${path} cannot be changed: a resource stays with its patient. Mark this one entered-in-error and create another`,
    path,
  );
}
