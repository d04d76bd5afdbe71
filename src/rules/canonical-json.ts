import { hash } from 'node:crypto';

/**
 * The one text of a JSON value: keys sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript
 * writes them. Members that are `undefined` are left out, as JSON.stringify does. Throws a TypeError on what JSON cannot
 * say: NaN, infinities, functions, symbols, big integers, lone surrogates and `undefined` outside an object.
 * Source: RFC 8785 (JSON Canonicalization Scheme), sections 3.2.2 and 3.2.3.
 */
export function canonicalJson(value: unknown): string {
  const written = isOrdered(value) ? JSON.stringify(value) : orderedText(value);
  // JSON.stringify escapes a lone surrogate, and nothing else, as \\ud800 to \\udfff.
  if (written.includes('\\ud') && /(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(written)) {
    throw new TypeError('A lone surrogate has no UTF-8 form');
  }
  return written;
}

/** Lower-case hexadecimal SHA-256 of a text in UTF-8. Source: FIPS 180-4. */
export function sha256(content: string): string {
  return hash('sha256', content, 'hex');
}

/**
 * Whether the keys of a value stand in order everywhere: then JSON.stringify writes its canonical text, three times as fast as
 * what is put together here. Throws on what JSON cannot say.
 */
function isOrdered(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('A number that is not finite has no JSON text');
      return true; // JSON.stringify writes -0 as 0
    case 'object':
      if (value === null) return true;
      return Array.isArray(value) ? isOrderedList(value) : isOrderedObject(value);
    default:
      throw new TypeError(`A value of type ${typeof value} has no JSON text`);
  }
}

function isOrderedList(list: readonly unknown[]): boolean {
  let ordered = true;
  for (const item of list) ordered = isOrdered(item) && ordered;
  return ordered;
}

function isOrderedObject(value: object): boolean {
  let ordered = true;
  let last = '';
  // Pairs of keys and members would be made for nothing.
  for (const key of Object.keys(value)) {
    const member: unknown = value[key as keyof typeof value];
    if (member === undefined) continue;
    if (key < last) ordered = false; // by UTF-16 code units
    last = key;
    ordered = isOrdered(member) && ordered;
  }
  return ordered;
}

function orderedText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(orderedText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${orderedText(member)}`);
  return `{${parts.join(',')}}`;
}
