import type { Resource } from '@medplum/fhirtypes';
import type { FastifyRequest } from 'fastify';
import type { Deps } from '../../deps.ts';
import { advise } from '../../fhir/advice.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { badRequest, FhirError, fault, type Issue } from '../../fhir/errors.ts';
import { toOutcome } from '../../fhir/outcome.ts';
import { RESOURCES, type ResourceSpec } from '../../fhir/resources.ts';
import { withR4 } from '../../fhir/terminology/r4.ts';
import { type Held, isHeldProfile, profileIssues } from '../../fhir/validate.ts';
import { validateStructure } from '../../fhir/validate-structure.ts';
import { rehearse } from '../../save.ts';
import { readResource, type Stored } from '../../store/resources.ts';
import { sendJson } from '../reply.ts';
import { compartmentOfCaller, paramsOf, readBody, specOf } from '../route.ts';
import type { Operation } from './operation.ts';
import { routesOf } from './operation.ts';

/**
 * `[type]/$validate` and `[type]/[id]/$validate`: what is wrong with a resource, all at once, and nothing is stored. The resource is in Parameters or is the body itself;
 * at an instance it may be left out, and the stored one is looked at. `mode` create and update also ask the rules that a write would meet, delete those of
 * a deletion; without a mode, and with mode profile, only the resource itself is looked at. The answer is 200 with an OperationOutcome whenever the
 * question could be answered. What R4 advises without demanding it (extensible bindings, constraints of severity warning) is told as a warning. Source: FHIR R4, operation Resource-validate.
 */
export const validateOperation: Operation = {
  name: 'validate',
  scope: ['type', 'instance'],
  types: RESOURCES.map(({ type }) => type),
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
  affectsState: false,
  addRoute(app, deps) {
    for (const { path, level } of routesOf(validateOperation)) {
      app.route<{ Params: { type: string; id?: string } }>({
        // Without a resource in a body there is only a stored one to ask about.
        method: level === 'instance' ? ['GET', 'POST'] : ['POST'],
        url: path,
        async handler(request, reply) {
          const spec = specOf(request);
          const asked = readQuestion(request, spec);
          return sendJson(reply, toOutcome(await answer(deps, compartmentOfCaller(), spec, request.params.id, asked)));
        },
      });
    }
  },
};

type Mode = 'create' | 'update' | 'delete' | 'profile';
const MODES: readonly Mode[] = ['create', 'update', 'delete', 'profile'];

interface Question {
  resource?: unknown;
  mode?: Mode;
  profiles: readonly string[];
}

async function answer(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  id: string | undefined,
  { resource, mode, profiles }: Question,
): Promise<Issue[]> {
  if (mode === 'update' && id === undefined && idOf(resource) === undefined)
    throw badRequest(`mode update: expected the id of the ${spec.type}, in the URL or in the resource`);
  if (mode === 'delete' && id === undefined)
    throw badRequest(`mode delete: ask at the instance, ${spec.type}/[id]/$validate`);
  const stored =
    id === undefined || (resource !== undefined && mode !== 'delete')
      ? undefined
      : await readResource(deps.db, within, spec.type, id);
  if (mode === 'delete' && stored) {
    const issues = await rehearse(deps, within, spec, { mode, current: stored });
    return issues.length > 0 ? issues : [allOk(`${spec.type}/${stored.id} could be deleted`)];
  }
  const given: unknown = resource ?? (stored && JSON.parse(stored.content));
  if (given === undefined) throw badRequest(`Expected a ${spec.type}: as the body, or as the parameter resource`);
  const held = await deps.catalog.at(within);
  knownProfiles(profiles, held);
  const issues = validateStructure(given, spec.type);
  const isWellFormed = !issues.some(({ severity }) => severity === 'error' || severity === 'fatal');
  issues.push(...profileIssues(given, held, profiles));
  // Rules read resources that are well formed only, which makes this one a Resource.
  if (isWellFormed) {
    issues.push(...(await ruled(deps, within, spec, given as Resource, { id, mode, stored })));
    issues.push(...advise(given, withR4(held.terminology), PASSED_OVER));
  }
  return issues.length > 0 ? issues : [allOk('All OK: no issues were found')];
}

/** What the rules of a write would say; the resource itself is sound. */
async function ruled(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  resource: Resource,
  { id, mode, stored }: { id: string | undefined; mode: Mode | undefined; stored: Stored | undefined },
): Promise<Issue[]> {
  if (mode === 'create') return rehearse(deps, within, spec, { mode, resource });
  if (mode === 'update') return rehearse(deps, within, spec, { mode, resource, id: id ?? resource.id ?? '' });
  // What is stored has met the rules of its time already.
  if (mode === 'profile' || stored || !spec.interactions.includes('create')) return [];
  return rehearse(deps, within, spec, { mode: 'create', resource });
}

/** That a narrative is missing would be said of nearly all that apps and devices make, and stand before what matters. */
const PASSED_OVER: ReadonlySet<string> = new Set(['dom-6']);

const allOk = (diagnostics: string): Issue => ({ severity: 'information', code: 'informational', diagnostics });

/** The question could not be answered without them, so this is no 200. */
function knownProfiles(profiles: readonly string[], held: Held): void {
  const [first, ...more] = profiles
    .filter((canonical) => !isHeldProfile(canonical, held))
    .map((canonical) =>
      fault(
        'not-found',
        `profile: ${/^[\w:/.#|+-]{1,300}$/.test(canonical) ? canonical : 'this canonical'} is not held here; create its StructureDefinition first`,
      ),
    );
  if (first) throw new FhirError([first, ...more], { status: 404 });
}

/** Reads the parameters of the query and of the body. Throws 400 for what is not understood. */
function readQuestion(request: FastifyRequest, spec: ResourceSpec): Question {
  const given: [name: string, value: unknown][] = [...paramsOf(request)].filter(([name]) => !GENERAL.has(name));
  let resource: unknown;
  if (request.method === 'POST' && Buffer.isBuffer(request.body) && request.body.length > 0) {
    const { value } = readBody(request.body);
    if (isParameters(value)) given.push(...parametersOf(value));
    else resource = value;
  }
  const profiles: string[] = [];
  let mode: Mode | undefined;
  for (const [name, value] of given) {
    if (name === 'resource') {
      if (resource !== undefined) throw badRequest('resource came more than once');
      if (typeof value !== 'object' || value === null) throw badRequest(`resource: expected a ${spec.type}`);
      resource = value;
    } else if (name === 'mode') {
      const known = MODES.find((one) => one === value);
      if (!known || mode !== undefined) throw badRequest(`mode: expected one of ${MODES.join(', ')}`);
      mode = known;
    } else if (name === 'profile') {
      if (typeof value !== 'string' || value === '') throw badRequest('profile: expected the canonical of a profile');
      profiles.push(value);
    } else {
      throw badRequest(
        `The parameter ${/^\w{1,40}$/.test(name) ? name : '(unnamed)'} is not taken here; taken are resource, mode, profile`,
      );
    }
  }
  return { resource, profiles, ...(mode === undefined ? {} : { mode }) };
}

/** What every request may carry and is heeded elsewhere. Source: FHIR R4, section 3.1.0.1.9. */
const GENERAL = new Set(['_format', '_pretty', '_summary', '_elements']);

const isParameters = (value: unknown): value is { parameter?: unknown } =>
  typeof value === 'object' && value !== null && (value as { resourceType?: unknown }).resourceType === 'Parameters';

function parametersOf({ parameter = [] }: { parameter?: unknown }): [string, unknown][] {
  if (!Array.isArray(parameter)) throw badRequest('Parameters.parameter: expected an array', 'Parameters.parameter');
  return parameter.map((one: unknown, i): [string, unknown] => {
    const at = `Parameters.parameter[${i}]`;
    if (typeof one !== 'object' || one === null) throw badRequest(`${at}: expected an object`, at);
    const { name, resource, ...rest } = one as Record<string, unknown>;
    if (typeof name !== 'string') throw badRequest(`${at}.name: expected a string`, `${at}.name`);
    const value = Object.entries(rest).find(([key]) => key.startsWith('value'))?.[1];
    return [name, resource ?? value];
  });
}

const idOf = (resource: unknown): unknown =>
  typeof resource === 'object' && resource !== null ? (resource as { id?: unknown }).id : undefined;
