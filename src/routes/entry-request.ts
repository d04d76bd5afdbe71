import type { FastifyInstance, FastifyRequest } from 'fastify';
import { badRequest } from '../fhir/errors.ts';
import { type BundleEntry, placeOf } from '../transaction/entries.ts';
import { lastUpdatedIn } from './reply.ts';

/** What a request of an entry was answered with. */
export interface EntryAnswer {
  status: number;
  /** JSON text; empty where there is none. */
  body: string;
  location?: string;
  etag?: string;
  /** An instant in UTC. */
  lastModified?: string;
}

/** Headers of the request around it that each entry carries as well. */
const CARRIED = ['authorization', 'prefer', 'accept-language'] as const;

/** Sends one entry through the service as if it had come alone. Throws FhirError 400 for a url that leads nowhere within the base. */
export async function sendEntry(
  app: FastifyInstance,
  baseUrl: string,
  entry: BundleEntry,
  { headers }: Pick<FastifyRequest, 'headers'>,
): Promise<EntryAnswer> {
  const base = new URL(baseUrl);
  const { verb, resource, ifMatch, ifNoneMatch, ifModifiedSince, ifNoneExist } = entry;
  const patch = verb === 'PATCH' ? jsonPatch(resource?.value) : undefined;
  const payload = verb === 'GET' || verb === 'HEAD' ? undefined : (patch ?? resource?.text);
  const carried = CARRIED.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  const response = await app.inject({
    method: verb,
    url: `${base.pathname.replace(/\/$/, '')}/${urlOf(entry)}`,
    headers: {
      ...Object.fromEntries(carried),
      host: base.host,
      ...(payload === undefined
        ? {}
        : { 'content-type': patch ? 'application/json-patch+json' : 'application/fhir+json' }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
      ...(ifModifiedSince === undefined ? {} : { 'if-modified-since': new Date(ifModifiedSince).toUTCString() }),
      ...(ifNoneExist === undefined ? {} : { 'if-none-exist': ifNoneExist }),
    },
    ...(payload === undefined ? {} : { payload }),
  });
  const { location, etag } = response.headers;
  const lastModified = lastUpdatedIn(response.raw.res);
  return {
    status: response.statusCode,
    body: response.body,
    ...(typeof location === 'string' ? { location } : {}),
    ...(typeof etag === 'string' ? { etag } : {}),
    ...(lastModified ? { lastModified } : {}),
  };
}

/** Relative to the base and staying below it; never the base itself, where another Bundle would be taken. */
function urlOf(entry: BundleEntry): string {
  const { url } = entry;
  const [path = ''] = url.split(/[?#]/, 1);
  const within = /^[A-Za-z0-9$_.\-/*%]*$/.test(path) && !/(^|\/)(\.|%2e)+(\/|$)|\/\/|%2f|%5c/i.test(path);
  // A search over several types has no path; it is read, and takes no Bundle.
  const there = path !== '' || (url.startsWith('?') && entry.verb !== 'POST');
  if (within && there) return url;
  const place = `${placeOf(entry)}.request.url`;
  throw badRequest(`${place}: expected a URL relative to the base, e.g. Patient/123 or Flag?status=active`, place);
}

/** The JSON Patch in a Binary; undefined for anything else, which is sent as it is and refused by whom it reaches. */
function jsonPatch(resource: unknown): Buffer | undefined {
  const { resourceType, contentType, data } = (resource ?? {}) as Record<string, unknown>; // a resource is an object
  if (resourceType !== 'Binary' || contentType !== 'application/json-patch+json') return undefined;
  return typeof data === 'string' ? Buffer.from(data, 'base64') : undefined;
}
