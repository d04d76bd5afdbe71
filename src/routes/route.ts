import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import { type Compartment, everyone } from '../fhir/compartment.ts';
import { badRequest } from '../fhir/errors.ts';
import { type ResourceSpec, resourceSpec } from '../fhir/resources.ts';
import { type ReceivedText, readText } from '../fhir/text.ts';

/** Adds the routes of one interaction for the types that offer it. */
export type AddRoute = (app: FastifyInstance, types: readonly string[], deps: Deps) => void;

/**
 * Stands for these types, and nothing else, in the path of a route: `/${anyOf(types)}/:id`. A route for each type would be hundreds of them, a quarter of
 * a second and megabytes of each app that is built.
 */
export const anyOf = (types: readonly string[]): string => `:type(^(?:${types.join('|')})$)`;

/** What a path names, of a route that stands for several types. */
export interface OfType {
  Params: { type: string };
}

/** What a path names, of a route that stands for instances of several types. */
export interface OfInstance {
  Params: { type: string; id: string };
}

/** The row of the type that the path of a request names. */
export function specOf({ params }: FastifyRequest<OfType>): ResourceSpec {
  const spec = resourceSpec(params.type);
  if (!spec) throw new Error('a route stands for types that are served');
  return spec;
}

/**
 * The pattern of the route that a request has met, as logs and metrics name it, with the type in the place of what stands for several:
 * `/fhir/Patient/:id`. Undefined where nothing is served. So there are as many names as there are types and interactions; nothing else of the path is in them.
 */
export function routeOf(request: FastifyRequest): string | undefined {
  const { url } = request.routeOptions;
  if (url === undefined) return undefined;
  const { type } = request.params as Partial<OfType['Params']>; // other routes have none
  if (type === undefined) return url;
  const known = NAMES.get(url)?.get(type);
  if (known !== undefined) return known;
  const name = url.replace(/:type\([^/]*\)/, () => nameOf(type));
  const names = NAMES.get(url) ?? new Map<string, string>();
  NAMES.set(url, names.set(type, name));
  return name;
}

/** All that belongs to a patient, where a type stands: `/Patient/1/*`. Source: https://hl7.org/fhir/R4/http.html#search */
export const ALL = '*';

const nameOf = (type: string): string => (type === ALL ? ':all(^\\*$)' : type);

/** Names that were made, by pattern and type. */
const NAMES = new Map<string, Map<string, string>>();

/**
 * The methods that a route of something to read takes: HEAD answers as GET without its body. Named together they are one route, which
 * Fastify prepares in half the time of two. Source: FHIR R4, section 3.1.0.1.4 (HEAD).
 */
export const READING = ['GET', 'HEAD'];

/** Whose data the caller may touch: all of the one tenant, until access control exists. */
export const compartmentOfCaller = (): Compartment => everyone();

/** The parameters of a request. All behind the first question mark: a canonical may have another one. */
export function paramsOf({ url }: FastifyRequest): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
}

/** The body of a request, read strictly. Throws 400 when there is none. */
export function readBody(body: unknown): ReceivedText {
  if (!Buffer.isBuffer(body) || body.length === 0) throw badRequest('Expected a resource in the body');
  return readText(body);
}
