import { createHash } from 'node:crypto';

/**
 * The one text of a JSON value: keys sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript
 * writes them. Members that are `undefined` are left out, as JSON.stringify does. Throws a TypeError on what JSON cannot
 * say: NaN, infinities, functions, symbols, big integers, lone surrogates and `undefined` outside an object.
 * Source: RFC 8785 (JSON Canonicalization Scheme), sections 3.2.2 and 3.2.3.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return text(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('A number that is not finite has no JSON text');
      return String(value === 0 ? 0 : value); // -0 is written 0
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? `[${value.map(canonicalJson).join(',')}]` : members(value);
    default:
      throw new TypeError(`A value of type ${typeof value} has no JSON text`);
  }
}

/** Lower-case hexadecimal SHA-256 of a text in UTF-8. Source: FIPS 180-4. */
export function sha256(content: string): string {
  return createHash('sha256').update(content, 'utf8').digest('hex');
}

function members(value: object): string {
  const object = value as Record<string, unknown>; // an object that is neither null nor an array
  // The default order of sort() is that of UTF-16 code units, which is the one asked for.
  const parts = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort()
    .map((key) => `${text(key)}:${canonicalJson(object[key])}`);
  return `{${parts.join(',')}}`;
}

function text(value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new TypeError('A lone surrogate has no UTF-8 form');
  return JSON.stringify(value);
}
