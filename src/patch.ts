import { isDeepStrictEqual } from 'node:util';
import { applyPatch as apply, type Operation } from 'rfc6902';
import { FhirError, fault } from './fhir/errors.ts';
import { type ReceivedText, readText } from './fhir/text.ts';

/** A JSON Patch whose form has been checked. Numbers in it are kept as they were written. */
export type Patch = readonly Step[];

interface Step {
  op: Operation['op'];
  path: string;
  from?: string;
  value?: unknown;
}

const OPERATIONS: readonly string[] = ['add', 'remove', 'replace', 'move', 'copy', 'test'];
const MOST_STEPS = 1000;
/** What copies may add and tests may compare, in characters of JSON: no short patch makes long work. */
const MOST_WORK = 4 * 1024 * 1024;

/** A JSON Pointer. Source: RFC 6901, section 3. */
const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;

/** Reads a JSON Patch strictly. Throws FhirError 400 that names the operation by its place, from 0. Source: RFC 6902, sections 3 and 4. */
export function readPatch(body: Buffer): Patch {
  // An array in an object has the same form checked that bodies have: duplicate keys, depth, UTF-8.
  const { text, value } = readText(Buffer.concat([Buffer.from('{"patch":'), body, Buffer.from('}')]));
  const { patch, ...more } = value as { patch: unknown }; // readText gives an object
  if (!Array.isArray(patch) || Object.keys(more).length > 0) {
    throw malformed('The body must be a JSON Patch: one array of operations');
  }
  if (patch.length > MOST_STEPS) throw malformed(`A patch may have ${MOST_STEPS} operations, ${patch.length} came`);
  for (const [index, step] of patch.entries()) checkForm(index, step);
  return (JSON.parse(withTextNumbers(text)) as { patch: Step[] }).patch; // checkForm has just said so
}

function checkForm(index: number, step: unknown): void {
  const refuse = (what: string): FhirError => malformed(`Operation ${index}: ${what}`);
  if (typeof step !== 'object' || step === null || Array.isArray(step)) throw refuse('expected an object');
  const { op, path, from } = step as Record<string, unknown>;
  if (typeof op !== 'string' || !OPERATIONS.includes(op)) throw refuse(`op: expected one of ${OPERATIONS.join(', ')}`);
  if (typeof path !== 'string' || !POINTER.test(path)) throw refuse('path: expected a JSON Pointer, e.g. /status');
  const needsFrom = op === 'move' || op === 'copy';
  if (needsFrom && (typeof from !== 'string' || !POINTER.test(from))) throw refuse('from: expected a JSON Pointer');
  if (!needsFrom && op !== 'remove' && !('value' in step)) throw refuse('value is required');
}

/**
 * What comes of a stored resource by a patch: checked as a text, not yet as a resource. Numbers that it does not touch keep their text:
 * 1.50 stays 1.50. Throws FhirError 422 that names the first operation that cannot be done by its place, from 0; also when the type or
 * the id would change.
 */
export function applyPatch(stored: { type: string; id: string; content: string }, patch: Patch): ReceivedText {
  const document: unknown = JSON.parse(withTextNumbers(stored.content));
  let work = 0;
  for (const [index, step] of patch.entries()) {
    const refuse = (what: string): FhirError => unprocessable(`Operation ${index} (${step.op}): ${what}`);
    const moves = step.op === 'move' || step.op === 'copy';
    const source = step.op === 'add' ? undefined : reach(document, moves ? (step.from ?? '') : step.path);
    if (step.op !== 'add' && !(source && 'value' in source)) throw refuse('there is nothing at its place');
    if (source && (step.op === 'copy' || step.op === 'test')) {
      work += JSON.stringify(source.value).length;
      if (work > MOST_WORK) throw refuse('the patch copies or tests too much');
    }
    if (step.op === 'test') {
      if (!isDeepStrictEqual(plain(source?.value), plain(step.value))) throw refuse('the value is another one');
      continue;
    }
    if (step.op === 'add' || moves) {
      const target = reach(document, step.path);
      if (!target?.open) throw refuse('there is no such place to put it');
    }
    const [error] = apply(document, [step as Operation]); // checkForm has said so
    if (error) throw refuse('it cannot be applied');
  }
  const received = textOf(document);
  const { resourceType, id } = received.value as Record<string, unknown>; // readText gives an object
  if (resourceType !== stored.type) throw unprocessable('A patch cannot change the type', 'resourceType');
  if (id !== stored.id) throw unprocessable('A patch cannot change the id', `${stored.type}.id`);
  return received;
}

/**
 * Where a pointer leads, by own members and strict indexes only: the value there, if there is one, and whether a value can be put there.
 * Undefined where its parent is not there.
 */
function reach(document: unknown, pointer: string): { value?: unknown; open: boolean } | undefined {
  let at: { value?: unknown; open: boolean } = { value: document, open: false };
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const parent = at.value;
    if (typeof parent !== 'object' || parent === null || NEVER.has(key)) return undefined;
    if (Array.isArray(parent)) {
      const index = /^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : key === '-' ? parent.length : Number.NaN;
      if (!(index <= parent.length)) return undefined;
      at = index < parent.length ? { value: parent[index], open: true } : { open: true };
    } else {
      at = Object.hasOwn(parent, key)
        ? { value: (parent as Record<string, unknown>)[key], open: true }
        : { open: true };
    }
  }
  return at;
}

/** Names that are no members of a resource, and that every object has. */
const NEVER = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * JSON text with each number as a string that begins with U+0000 and n: no text that is received holds U+0000, so none is taken for a
 * number afterwards.
 */
const withTextNumbers = (text: string): string =>
  text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (part) =>
    part.startsWith('"') ? part : `"\\u0000n${part}"`,
  );

/** The way back; a string that begins like that is a number's, since its quote is followed by one backslash. */
const withNumbers = (text: string): string => text.replace(/"\\u0000n([^"]*)"/g, '$1');

const plain = (value: unknown): unknown => JSON.parse(withNumbers(JSON.stringify(value)));

/** Read as any body is. What a patch makes too deep or otherwise unfit is refused as its result. */
function textOf(document: unknown): ReceivedText {
  try {
    return readText(Buffer.from(withNumbers(JSON.stringify(document))));
  } catch (error) {
    if (error instanceof FhirError) throw new FhirError(error.issues, { status: 422 });
    if (error instanceof RangeError) throw unprocessable('The result of the patch is nested too deep');
    throw error;
  }
}

const malformed = (diagnostics: string): FhirError => new FhirError([fault('structure', diagnostics)], { status: 400 });

const unprocessable = (diagnostics: string, expression?: string): FhirError =>
  new FhirError([fault('processing', diagnostics, expression)], { status: 422 });
