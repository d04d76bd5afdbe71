import { badRequest, FhirError, fault } from '../fhir/errors.ts';
import { isId } from '../fhir/ids.ts';
import { type Interaction, type ResourceSpec, resourceSpec } from '../fhir/resources.ts';
import type { ReceivedText } from '../fhir/text.ts';
import { safeName } from '../fhir/text-fault.ts';
import { type Patch, readPatch } from '../patch.ts';
import { type BundleEntry, placeOf } from './entries.ts';

/** What an entry of a transaction asks for, checked in form. */
export type Request =
  | { kind: 'read'; entry: BundleEntry }
  | ({ kind: 'create'; received: ReceivedText; ifNoneExist?: string } & Common)
  | ({ kind: 'update'; received: ReceivedText } & Common & Aim)
  | ({ kind: 'patch'; patch: Patch } & Common & Aim)
  | ({ kind: 'delete' } & Common & Aim);

export type Write = Exclude<Request, { kind: 'read' }>;

interface Common {
  entry: BundleEntry;
  spec: ResourceSpec;
}

/** The resource that is meant: by its id, or by search criteria. */
type Aim = { id: string; criteria?: undefined } | { id?: undefined; criteria: string };

/**
 * The request of an entry in a transaction. Throws FhirError 400 for what no transaction takes, its expression being that of the entry.
 * Source: FHIR R4, section 3.1.0.11.
 */
export function requestOf(entry: BundleEntry): Request {
  const { verb, url, ifNoneExist } = entry;
  const urlPath = `${placeOf(entry)}.request.url`;
  if (verb === 'GET' || verb === 'HEAD') return { kind: 'read', entry };
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) {
    throw badRequest(`${urlPath}: expected a URL relative to the base of this server, or under it`, urlPath);
  }
  const question = url.indexOf('?');
  const path = question < 0 ? url : url.slice(0, question);
  const criteria = question < 0 ? undefined : url.slice(question + 1);
  const [type = '', id, ...more] = path.split('/');
  if (path.split('/').some((step) => step.startsWith('$') || step.startsWith('_'))) {
    throw unsupported(
      `${urlPath}: operations and _search by POST are no part of a transaction; use GET, or a batch`,
      urlPath,
    );
  }
  const spec = resourceSpec(type);
  if (!spec) {
    throw unsupported(`${urlPath}: resource type ${safeName(type)} is not served here`, urlPath);
  }
  refuseVerb(entry, spec);
  if (more.length > 0) throw badRequest(`${urlPath}: expected a type and at most an id, e.g. ${type}/123`, urlPath);
  if (verb === 'POST') {
    if (id !== undefined || criteria !== undefined) {
      throw badRequest(`${urlPath}: expected the type alone, ${type}, to create one`, urlPath);
    }
    const received = resourceOf(entry);
    return { kind: 'create', entry, spec, received, ...(ifNoneExist === undefined ? {} : { ifNoneExist }) };
  }
  const aim = aimOf(id, criteria, type, urlPath);
  if (verb === 'PUT') return { kind: 'update', entry, spec, received: resourceOf(entry), ...aim };
  if (verb === 'PATCH') return { kind: 'patch', entry, spec, patch: patchOf(entry), ...aim };
  return { kind: 'delete', entry, spec, ...aim };
}

function aimOf(id: string | undefined, criteria: string | undefined, type: string, urlPath: string): Aim {
  if (id !== undefined && criteria === undefined && isId(id)) return { id };
  if (id === undefined && criteria !== undefined && criteria !== '') return { criteria };
  throw badRequest(`${urlPath}: expected ${type}/<id>, or ${type}?<search criteria>`, urlPath);
}

const NEEDS: Readonly<Record<Exclude<BundleEntry['verb'], 'GET' | 'HEAD'>, Interaction>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

function refuseVerb(entry: BundleEntry, spec: ResourceSpec): void {
  const { verb } = entry;
  if (verb === 'GET' || verb === 'HEAD' || spec.interactions.includes(NEEDS[verb])) return;
  const path = `${placeOf(entry)}.request.method`;
  throw unsupported(`${path}: ${verb} is not offered on ${spec.type}`, path);
}

function resourceOf(entry: BundleEntry): ReceivedText {
  if (entry.resource) return entry.resource;
  const path = `${placeOf(entry)}.resource`;
  throw new FhirError([fault('required', `${path}: expected the resource to write`, path)]);
}

/** JSON Patch in a Binary. Source: FHIR R4, section 3.1.0.6.2: "a JSON Patch … in a Binary resource with the correct content type". */
function patchOf(entry: BundleEntry): Patch {
  const path = `${placeOf(entry)}.resource`;
  const { resourceType, contentType, data } = resourceOf(entry).value as Record<string, unknown>; // a resource is an object
  if (resourceType === 'Parameters') {
    throw unsupported(`${path}: FHIRPath Patch is not offered; send a JSON Patch in a Binary`, path);
  }
  if (resourceType !== 'Binary' || contentType !== 'application/json-patch+json') {
    throw unsupported(`${path}: expected a Binary with contentType application/json-patch+json`, path);
  }
  if (typeof data !== 'string' || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(data)) {
    throw badRequest(`${path}.data: expected a JSON Patch in base64`, `${path}.data`);
  }
  return readPatch(Buffer.from(data, 'base64'));
}

const unsupported = (diagnostics: string, expression: string): FhirError =>
  new FhirError([fault('not-supported', diagnostics, expression)], { status: 400 });
