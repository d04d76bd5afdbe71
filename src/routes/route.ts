import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import { type Compartment, everyone } from '../fhir/compartment.ts';
import { badRequest } from '../fhir/errors.ts';
import type { ResourceSpec } from '../fhir/resources.ts';
import { type ReceivedText, readText } from '../fhir/text.ts';

/** Adds the route of one interaction for one type. */
export type AddRoute = (app: FastifyInstance, spec: ResourceSpec, deps: Deps) => void;

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
