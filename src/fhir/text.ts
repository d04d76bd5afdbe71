import { isUtf8 } from 'node:buffer';
import type { Coding, Resource } from '@medplum/fhirtypes';
import { FhirError, fault } from './errors.ts';
import { type Member, membersOf, type Span } from './json-walk.ts';
import { explain, MAX_DEPTH, MAX_EXPONENT } from './text-fault.ts';

/** A received resource: what it says, and the very text it came in. */
export interface ReceivedText {
  /** The parsed body, an object. */
  readonly value: unknown;
  /** The body without white space outside strings, otherwise as received: 1.50 stays 1.50, escapes stay. */
  readonly text: string;
  /** Where `resourceType`, `id` and `meta` of the root stand in `text`, in order. */
  readonly cuts: readonly Member[];
}

/** What we put on a resource when we store it. */
export interface Stamp {
  id: string;
  versionId: string;
  /** Added to `meta.tag` where they are not there yet. */
  addTags?: readonly Coding[];
}

/**
 * Reads a received body strictly. Throws FhirError 400 that names the position or path for: malformed JSON, a byte order
 * mark, bad UTF-8, a root that is no object, duplicate keys (also when escapes hide it), a key `__proto__`, nesting deeper
 * than MAX_DEPTH, numbers that no double holds, lone surrogates and U+0000 (no UTF-8 database can hold them).
 * Source: RFC 8259; FHIR R4, section 2.6.2 (JSON: no duplicate property names); RFC 7493 (I-JSON).
 */
export function readText(body: Buffer): ReceivedText {
  if (!isUtf8(body)) throw refuse('The body is not valid UTF-8');
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) {
    throw refuse('The body begins with a byte order mark; JSON begins with {');
  }
  const received = body.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(received);
  } catch {
    throw explain(received, undefined);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const came = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`;
    throw new FhirError([fault('structure', `The body must be one JSON object, a resource; ${came} came`)]);
  }
  const scanned = scan(body);
  if (scanned === undefined || count(value) !== scanned.members) throw explain(received, value);
  const text = scanned.bytes === body ? received : scanned.bytes.toString('utf8');
  return { value, text, cuts: text.length === scanned.bytes.length ? scanned.cuts : inCharacters(scanned) };
}

/** A resource within a received text, as if it had been received alone: its text is that of the whole, character by character. */
export const subText = (text: string, { start, end }: Span, value: object): ReceivedText =>
  receivedOf(text.slice(start, end), value);

/** A compact, valid text as a received one. `value` is what it says. */
export const receivedOf = (text: string, value: unknown): ReceivedText => ({
  value,
  text,
  cuts: membersOf(text, 0).filter(({ key }) => CUT.has(key)),
});

/**
 * Splices id and meta into the received text, behind resourceType. The client's own meta members stay as received, but
 * for versionId and lastUpdated, which are ours. The database writes lastUpdated at commit, so the body is given in two
 * parts: body = head + lastUpdated + tail, lastUpdated as in 2026-11-21T20:58:00.123Z, its quotes being in head and tail.
 */
export function splice(received: ReceivedText, stamp: Stamp): { head: string; tail: string } {
  const { text, cuts } = received;
  let type = '"Resource"';
  let meta = '';
  const rest: string[] = [];
  let from = 1;
  const keep = (to: number): void => {
    const start = text.charCodeAt(from) === COMMA ? from + 1 : from;
    const end = to > start && text.charCodeAt(to - 1) === COMMA ? to - 1 : to;
    if (end > start) rest.push(text.slice(start, end));
  };
  for (const { key, start, value, end } of cuts) {
    keep(start);
    from = end;
    if (key === 'resourceType') type = text.slice(value, end);
    else if (key === 'meta') meta = text.slice(value, end);
  }
  keep(text.length - 1);
  const kept = spliceMeta(meta, stamp.addTags ?? []);
  return {
    head: `{"resourceType":${type},"id":${JSON.stringify(stamp.id)},"meta":{"versionId":${JSON.stringify(stamp.versionId)},"lastUpdated":"`,
    tail: `"${kept === '' ? '' : `,${kept}`}}${rest.length === 0 ? '' : `,${rest.join(',')}`}}`,
  };
}

/** The same for a resource that we made ourselves. */
export function spliceOwn(resource: Resource, stamp: Stamp): { head: string; tail: string } {
  const { resourceType, id: _id, meta, ...rest } = resource as Resource & Record<string, unknown>;
  const kept = spliceMeta(meta === undefined ? '' : JSON.stringify(meta), stamp.addTags ?? []);
  const others = JSON.stringify(rest).slice(1, -1);
  return {
    head: `{"resourceType":"${resourceType}","id":${JSON.stringify(stamp.id)},"meta":{"versionId":${JSON.stringify(stamp.versionId)},"lastUpdated":"`,
    tail: `"${kept === '' ? '' : `,${kept}`}}${others === '' ? '' : `,${others}`}}`,
  };
}

const OURS = new Set(['versionId', '_versionId', 'lastUpdated', '_lastUpdated']);

/** The client's members of meta as text, ours left out, tags added. */
function spliceMeta(meta: string, addTags: readonly Coding[]): string {
  const kept: string[] = [];
  let tags = '';
  for (const { key, start, value, end } of meta.startsWith('{') ? membersOf(meta, 0) : []) {
    if (OURS.has(key)) continue;
    if (key === 'tag' && addTags.length > 0) tags = meta.slice(value, end);
    else kept.push(meta.slice(start, end));
  }
  if (addTags.length > 0) kept.push(`"tag":${withTags(tags, addTags)}`);
  return kept.join(',');
}

function withTags(received: string, addTags: readonly Coding[]): string {
  // The structure was validated before; a tag that is no array of objects would have been refused.
  const there = received.startsWith('[') ? (JSON.parse(received) as (Coding | null)[]) : [];
  const missing = addTags.filter((tag) => !there.some((old) => old?.system === tag.system && old?.code === tag.code));
  const parts = missing.map((tag) => JSON.stringify(tag));
  if (there.length > 0) parts.unshift(received.slice(1, -1));
  return `[${parts.join(',')}]`;
}

/** Places in bytes as places in the decoded text. */
function inCharacters({ bytes, cuts }: { bytes: Buffer; cuts: readonly Member[] }): Member[] {
  let byte = 0;
  let character = 0;
  const to = (place: number): number => {
    character += bytes.toString('utf8', byte, place).length;
    byte = place;
    return character;
  };
  return cuts.map(({ key, start, value, end }) => ({ key, start: to(start), value: to(value), end: to(end) }));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const CUT = new Set(['resourceType', 'id', 'meta']);

/**
 * One pass over bytes that JSON.parse has accepted, so that the grammar needs no check here: removes white space, counts
 * members and notes where those members of the root stand that are cut out. Undefined when something
 * must be refused; `explain` then says what. Bytes, since reading them was measured twice as fast as charCodeAt.
 */
function scan(bytes: Buffer): { bytes: Buffer; members: number; cuts: Member[] } | undefined {
  const cuts: Member[] = [];
  const length = bytes.length;
  let compact: Buffer | undefined;
  let from = 0;
  let removed = 0;
  let members = 0;
  let depth = 0;
  let stringStart = 0;
  let stringEnd = 0;
  let stringAt = 0;
  let key: string | undefined;
  let keyStart = 0;
  let valueStart = 0;
  let i = 0;
  while (i < length) {
    const c = bytes[i];
    if (c === QUOTE) {
      stringStart = i;
      stringAt = i - removed;
      i += 1;
      for (let s = bytes[i]; s !== QUOTE; s = bytes[i]) {
        if (s !== BACKSLASH) {
          i += 1;
        } else if (bytes[i + 1] === 0x75) {
          const width = escapeWidth(bytes, i);
          if (width === 0) return undefined;
          i += width;
        } else {
          i += 2;
        }
      }
      i += 1;
      stringEnd = i;
    } else if (c === 0x3a) {
      members += 1;
      i += 1;
      if (depth === 1) {
        const name = nameOf(bytes, stringStart, stringEnd);
        if (CUT.has(name)) {
          key = name;
          keyStart = stringAt;
          valueStart = i - removed;
        }
      }
    } else if (c === COMMA || c === 0x7d || c === 0x5d) {
      if (depth === 1 && key !== undefined) {
        cuts.push({ key, start: keyStart, value: valueStart, end: i - removed });
        key = undefined;
      }
      if (c !== COMMA) depth -= 1;
      i += 1;
    } else if (c === 0x7b || c === 0x5b) {
      depth += 1;
      if (depth > MAX_DEPTH) return undefined;
      i += 1;
    } else if (isSpace(c)) {
      const start = i;
      do i += 1;
      while (isSpace(bytes[i]));
      compact ??= Buffer.allocUnsafe(length);
      // Pieces are short: a loop is faster than Buffer.copy.
      for (let o = from - removed; from < start; o += 1, from += 1) compact[o] = bytes[from] ?? 0;
      removed += i - start;
      from = i;
    } else if (c === 0x74 || c === 0x6e) {
      i += 4;
    } else if (c === 0x66) {
      i += 5;
    } else if (c === 0x65 || c === 0x45) {
      const end = afterDigits(bytes, i + 2);
      if (Math.abs(Number(bytes.toString('latin1', i + 1, end))) > MAX_EXPONENT) return undefined;
      i = end;
    } else {
      i += 1;
    }
  }
  if (compact === undefined) return { bytes, members, cuts };
  bytes.copy(compact, from - removed, from, length);
  return { bytes: compact.subarray(0, length - removed), members, cuts };
}

/** The key between two quotes; escapes are rare and left to the parser. */
function nameOf(bytes: Buffer, start: number, end: number): string {
  const inside = bytes.toString('utf8', start + 1, end - 1);
  return inside.includes('\\') ? String(JSON.parse(`"${inside}"`)) : inside;
}

/** How many bytes the `\u` escape at `i` takes with its second half; 0 when it may not be stored. */
function escapeWidth(bytes: Buffer, i: number): number {
  const unit = Number.parseInt(bytes.toString('latin1', i + 2, i + 6), 16);
  if (unit === 0 || (unit >= 0xdc00 && unit <= 0xdfff)) return 0;
  if (unit < 0xd800 || unit > 0xdbff) return 6;
  if (bytes[i + 6] !== BACKSLASH || bytes[i + 7] !== 0x75) return 0;
  const low = Number.parseInt(bytes.toString('latin1', i + 8, i + 12), 16);
  return low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
}

const isSpace = (c: number | undefined): boolean => c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;

function afterDigits(bytes: Buffer, i: number): number {
  let end = i;
  for (let c = bytes[end] ?? 0; c >= 0x30 && c <= 0x39; c = bytes[end] ?? 0) end += 1;
  return end;
}

/**
 * How many members a parsed value holds; fewer than its text when a key came twice. NaN (equal to nothing) when a number
 * overflowed or a key is `__proto__`. Nesting was bounded before.
 */
function count(value: object): number {
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === 'object') members += item === null ? 0 : count(item);
      else if (typeof item === 'number' && !Number.isFinite(item)) return Number.NaN;
    }
    return members;
  }
  for (const key in value) {
    if (key === '__proto__') return Number.NaN;
    members += 1;
    const item: unknown = (value as Record<string, unknown>)[key];
    if (typeof item === 'object') members += item === null ? 0 : count(item);
    else if (typeof item === 'number' && !Number.isFinite(item)) return Number.NaN;
  }
  return members;
}

const refuse = (diagnostics: string): FhirError => new FhirError([fault('invalid', diagnostics)]);
