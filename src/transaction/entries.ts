import type { Bundle } from '@medplum/fhirtypes';
import { badRequest, FhirError, fault, type Issue } from '../fhir/errors.ts';
import { itemsOf, membersOf, type Span } from '../fhir/json-walk.ts';
import { type ReceivedText, subText } from '../fhir/text.ts';
import { validateStructure } from '../fhir/validate-structure.ts';

/** A Bundle with more entries is refused. */
export const MOST_ENTRIES = 1000;

/** The verbs of an entry. Source: FHIR R4, ValueSet http-verb. */
export type Verb = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One entry of a batch or transaction. */
export interface BundleEntry {
  /** Its place in the Bundle, from 0. */
  index: number;
  fullUrl?: string;
  verb: Verb;
  /** Relative to the base, without a slash in front: `Patient/1`, `Patient?identifier=x`. */
  url: string;
  /** As received, undefined where the entry has none. */
  resource?: ReceivedText;
  ifMatch?: string;
  ifNoneMatch?: string;
  ifModifiedSince?: string;
  ifNoneExist?: string;
}

export interface RequestBundle {
  type: 'batch' | 'transaction';
  entries: BundleEntry[];
}

/**
 * The entries of a Bundle that asks for something. Throws FhirError 400 when the Bundle itself is not right (its resources are left to
 * those who write them), 413 when it has more than MOST_ENTRIES. Source: FHIR R4, section 3.1.0.11 batch/transaction, and Bundle.
 */
export function readBundle(received: ReceivedText, baseUrl: string): RequestBundle {
  const bundle = received.value as Partial<Bundle>;
  if (bundle.resourceType !== 'Bundle') {
    throw badRequest('Expected a Bundle of type batch or transaction; other resources are posted to their type');
  }
  if (bundle.type !== 'batch' && bundle.type !== 'transaction') {
    throw badRequest('Bundle.type: expected batch or transaction', 'Bundle.type');
  }
  const given: unknown[] = Array.isArray(bundle.entry) ? bundle.entry : [];
  if (given.length > MOST_ENTRIES) {
    throw new FhirError(
      [fault('too-costly', `Bundle.entry: expected ${MOST_ENTRIES} entries at most`, 'Bundle.entry')],
      { status: 413 },
    );
  }
  refuse(validateStructure(withoutResources(bundle, given), 'Bundle'));
  const spans = entrySpans(received.text);
  // validateStructure has just said so.
  const entries = (bundle.entry ?? []).map((entry, index) =>
    readEntry(received.text, spans[index], entry, index, baseUrl),
  );
  refuse(entries.flatMap((entry) => fullUrlFaults(entry)));
  return { type: bundle.type, entries };
}

/** `Bundle.entry[2]`, as issues name it. */
export const placeOf = ({ index }: BundleEntry): string => `Bundle.entry[${index}]`;

type GivenEntry = NonNullable<Bundle['entry']>[number];

function readEntry(
  text: string,
  span: Span | undefined,
  { fullUrl, resource, request }: GivenEntry,
  index: number,
  baseUrl: string,
): BundleEntry {
  const place = span && membersOf(text, span.start).find(({ key }) => key === 'resource');
  const { method, url = '', ifMatch, ifNoneMatch, ifModifiedSince, ifNoneExist } = request ?? {};
  return {
    index,
    ...(fullUrl === undefined ? {} : { fullUrl }),
    // The structure was checked: bdl-3 asks for a request, and its method is required.
    verb: method ?? 'GET',
    url: relativeUrl(url, baseUrl),
    ...(place && resource ? { resource: subText(text, { start: place.value, end: place.end }, resource) } : {}),
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
    ...(ifModifiedSince === undefined ? {} : { ifModifiedSince }),
    ...(ifNoneExist === undefined ? {} : { ifNoneExist }),
  };
}

/** Absolute under our base is taken as relative; so is a slash in front, which many clients write. */
const relativeUrl = (url: string, baseUrl: string): string =>
  (url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length) : url).replace(/^\/(?!\/)/, '');

/** Where the entries stand in the text of a Bundle. */
function entrySpans(text: string): Span[] {
  const entry = membersOf(text, 0).find(({ key }) => key === 'entry');
  return entry ? itemsOf(text, entry.value) : [];
}

/** The Bundle with a stand-in for each resource: what a resource says is judged by the interaction that takes it, and refused there. */
function withoutResources(bundle: Partial<Bundle>, given: readonly unknown[]): unknown {
  if (given.length === 0) return bundle;
  return { ...bundle, entry: given.map((entry) => (hasResource(entry) ? { ...entry, resource: STAND_IN } : entry)) };
}

const STAND_IN = { resourceType: 'Parameters' };

const hasResource = (entry: unknown): entry is { resource: object } =>
  typeof entry === 'object' &&
  entry !== null &&
  'resource' in entry &&
  typeof entry.resource === 'object' &&
  entry.resource !== null &&
  !Array.isArray(entry.resource);

/** Absolute, and not of another resource than the one that it stands beside. Source: FHIR R4, Bundle.entry.fullUrl. */
function fullUrlFaults(entry: BundleEntry): Issue[] {
  const { fullUrl, resource } = entry;
  if (fullUrl === undefined) return [];
  const path = `${placeOf(entry)}.fullUrl`;
  if (/^urn:uuid:/i.test(fullUrl)) {
    return UUID.test(fullUrl) ? [] : [fault('value', `${path}: expected urn:uuid: and a UUID behind it`, path)];
  }
  if (!/^[a-z][a-z0-9+.-]*:/i.test(fullUrl)) {
    return [fault('value', `${path}: expected an absolute URL, urn:uuid: or urn:oid:`, path)];
  }
  const { resourceType, id } = (resource?.value ?? {}) as { resourceType?: unknown; id?: unknown };
  const [, type, own] = /^https?:\/\/.*\/([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})$/.exec(fullUrl) ?? [];
  if (type === undefined || resourceType === undefined) return [];
  if (type === resourceType && (id === undefined || id === own)) return [];
  return [fault('value', `${path}: expected the URL of the resource beside it, by its type and id`, path)];
}

const UUID = /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function refuse(issues: readonly Issue[]): void {
  const [first, ...more] = issues.filter(({ severity }) => severity === 'error' || severity === 'fatal');
  if (first) throw new FhirError([first, ...more], { status: 400 });
}
