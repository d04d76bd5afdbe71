import type { FastifyReply, FastifyRequest } from 'fastify';
import { badRequest } from '../fhir/errors.ts';
import { parseShape, shape } from '../fhir/summary.ts';
import type { Stored } from '../store/resources.ts';
import { sendText } from './encoding.ts';
import { pretty } from './pretty.ts';

export const FHIR_JSON = 'application/fhir+json; charset=utf-8';

/** What the headers of one version are made from. */
export type Version = Pick<Stored, 'type' | 'id' | 'version' | 'lastUpdated'>;

/** ETag and Last-Modified of one version. Source: FHIR R4, section 3.1.0.1.3 and 3.1.0.4. */
export function versionHeaders(reply: FastifyReply, { version, lastUpdated }: Version): FastifyReply {
  (reply.raw as Written)[LAST_UPDATED] = lastUpdated;
  return reply.header('ETag', `W/"${version}"`).header('Last-Modified', new Date(lastUpdated).toUTCString());
}

/** A response, with the instant that its header says in whole seconds only: an entry of a batch has it whole. */
interface Written {
  [LAST_UPDATED]?: string;
}

const LAST_UPDATED = Symbol('lastUpdated');

/** When the version was written that a response is about, as an instant; undefined where it is about none. */
export const lastUpdatedIn = (response: object): string | undefined => (response as Written)[LAST_UPDATED];

/** The absolute URL of one version. Source: FHIR R4, section 3.1.0.8, Location. */
export const locationOf = (baseUrl: string, { type, id, version }: Version): string =>
  `${baseUrl}/${type}/${id}/_history/${version}`;

/** Sends a resource or its JSON, as text or in UTF-8; set out for people where `_pretty=true` asks for it, in the URL or in the form of a search. */
export function sendJson(reply: FastifyReply, body: string | Buffer | object, form = ''): FastifyReply {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const isPretty = reply.request.url.includes('_pretty=true') || form.includes('_pretty=true');
  return sendText(reply.type(FHIR_JSON), isPretty ? pretty(text.toString()) : text);
}

/**
 * Cuts the text of a stored resource to what `_summary` and `_elements` ask for. Throws 400 for what cannot be asked of one resource.
 * Source: FHIR R4, section 3.1.1.5.8 and 3.1.1.5.9.
 */
export function cutOf({ url }: FastifyRequest, type: string): (content: string) => string {
  const start = url.indexOf('?');
  if (start < 0) return (content) => content;
  const wanted = parseShape(new URLSearchParams(url.slice(start + 1)), [type]);
  if (wanted?.summary === 'count') throw badRequest('_summary=count counts the hits of a search; this is one resource');
  return (content) => (wanted ? shape(content, type, wanted) : content);
}

/** What a write is answered with. Source: FHIR R4, section 3.1.0.1.8 (Prefer). */
export type Return = 'minimal' | 'representation' | 'OperationOutcome';

export function preferredReturn(request: FastifyRequest): Return {
  const wanted = preference(request, 'return');
  if (wanted === 'minimal' || wanted === 'OperationOutcome') return wanted;
  return 'representation';
}

/** `Prefer: handling=strict`: what is not understood is refused. Source: FHIR R4, section 3.1.1.2. */
export const isStrict = (request: FastifyRequest): boolean => preference(request, 'handling') === 'strict';

function preference(request: FastifyRequest, name: string): string | undefined {
  const header = request.headers.prefer;
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  for (const part of text.split(/[,;]/)) {
    const [key, value] = part.split('=', 2).map((word) => word.trim());
    if (key?.toLowerCase() === name) return value?.replace(/^"(.*)"$/, '$1');
  }
  return undefined;
}
