import type { FastifyRequest } from 'fastify';
import { FhirError, fault } from '../fhir/errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media types that a route answers in beside JSON. */
    formats?: readonly string[];
  }
}

/** Media types that mean FHIR's JSON. Source: FHIR R4, section 3.1.0.1.10 and 3.1.0.1.11; application/json+fhir is DSTU2's. */
const JSON_TYPES = new Set(['application/fhir+json', 'application/json', 'application/json+fhir', 'text/json']);
const ANY = new Set(['*/*', 'application/*']);

/**
 * Refuses what this server does not speak: 406 for a format that is asked for, 415 for a charset of the body other than UTF-8.
 * `_format` overrides Accept. A browser that asks for HTML first is answered in JSON. Source: FHIR R4, section 3.1.0.1.10 and 3.1.0.1.11.
 */
export function checkFormats(request: FastifyRequest): void {
  const { url, headers } = request;
  const { accept, 'content-type': sent } = headers;
  if (otherFormat(request) === undefined) {
    if (url.includes('_format=')) checkFormat(new URLSearchParams(url.slice(url.indexOf('?') + 1)));
    else if (accept !== undefined && !isAccepted(accept)) throw notAcceptable();
  }
  if (sent !== undefined && sent.length > LONGEST_PLAIN && !isRead(sent)) {
    throw new FhirError(
      [
        fault(
          'not-supported',
          'Content-Type: FHIR R4 (fhirVersion=4.0) in UTF-8 is read here, no other version or charset',
        ),
      ],
      { status: 415 },
    );
  }
}

/**
 * The media type beside JSON in which a request wants to be answered, of those that its route speaks: by `_format`, where `text/csv` is also `csv`,
 * else by Accept where it is wanted more than JSON. Undefined where it is JSON that is wanted. Source: RFC 9110, section 12.5.1.
 */
export function otherFormat({ url, headers, routeOptions }: FastifyRequest): string | undefined {
  const spoken = routeOptions.config?.formats;
  if (!spoken) return undefined;
  if (url.includes('_format=')) {
    const asked = new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('_format') ?? '';
    const { type } = mediaType(asked);
    return spoken.find((one) => type === one || `text/${type}` === one);
  }
  const [best] = (headers.accept ?? '')
    .split(',')
    .map((range) => mediaType(range))
    .map(({ type, parameters }) => ({ type, weight: Number(parameters.get('q') ?? 1) || 0 }))
    .filter(({ type, weight }) => weight > 0 && (spoken.includes(type) || JSON_TYPES.has(type) || ANY.has(type)))
    .sort((a, b) => b.weight - a.weight);
  return spoken.find((one) => one === best?.type);
}

/** Nothing as short as this has a parameter. */
const LONGEST_PLAIN = 'application/json'.length;

/** Clients send few different headers: each is read once. */
const accepted = new Map<string, boolean>();
const MOST_HEADERS = 500;

function isAccepted(header: string): boolean {
  const known = accepted.get(header);
  if (known !== undefined) return known;
  const spoken = accepts(header);
  if (accepted.size >= MOST_HEADERS) accepted.clear();
  if (header.length < 500) accepted.set(header, spoken);
  return spoken;
}

/** Whether an Accept header takes FHIR R4 JSON in UTF-8. Source: RFC 9110, section 12.5.1. */
export function accepts(header: string): boolean {
  if (header.trim() === '') return true;
  return header.split(',').some((range) => {
    const { type, parameters } = mediaType(range);
    if (!JSON_TYPES.has(type) && !ANY.has(type) && type !== 'text/html') return false;
    return !(Number(parameters.get('q') ?? 1) <= 0) && isOurs(parameters);
  });
}

/** Throws 406 where `_format` asks for what this server does not speak. */
export function checkFormat(params: URLSearchParams): void {
  for (const value of params.getAll('_format')) {
    if (value === '') continue;
    // A plus sign in a query is a space unless it is written %2B.
    const { type, parameters } = mediaType(value.replace(/\/(fhir|json) (?=json|fhir)/, '/$1+'));
    if ((type !== 'json' && !JSON_TYPES.has(type)) || !isOurs(parameters)) throw notAcceptable();
  }
}

const isRead = (header: string): boolean => isOurs(mediaType(header).parameters);

/** UTF-8 and FHIR R4, where they are named at all. Source: FHIR R4, section 3.1.0.1.10; the FHIR Version parameter, section 3.1.0.1.12. */
const isOurs = (parameters: ReadonlyMap<string, string>): boolean =>
  /^utf-?8$/i.test(parameters.get('charset') ?? 'utf-8') &&
  /^4\.0(?:\.1)?$/.test(parameters.get('fhirversion') ?? '4.0');

function mediaType(text: string): { type: string; parameters: ReadonlyMap<string, string> } {
  const [type = '', ...rest] = text.split(';').map((word) => word.trim());
  const parameters = rest.map((word): [string, string] => {
    const [name = '', value = ''] = word.split('=', 2).map((part) => part.trim());
    return [name.toLowerCase(), value.replace(/^"(.*)"$/, '$1')];
  });
  return { type: type.toLowerCase(), parameters: new Map(parameters) };
}

const notAcceptable = (): FhirError =>
  new FhirError([fault('not-supported', 'This service speaks JSON (FHIR R4, UTF-8): expected application/fhir+json')], {
    status: 406,
  });
