import { badRequest, type FhirError } from '../errors.ts';

/** Alternatives in one value; more are refused, since each costs the database a look-up. */
export const MOST_ALTERNATIVES = 1000;

/** Splits at each `separator` that is not escaped; the escapes stay. Source: FHIR R4, section 3.1.1.4.0.2 Escaping. */
export function splitRaw(value: string, separator: ',' | '$' | '|'): string[] {
  if (!value.includes('\\')) return value.split(separator);
  const parts: string[] = [];
  let from = 0;
  for (let i = 0; i < value.length; i += 1) {
    if (value.charAt(i) === '\\') i += 1;
    else if (value.charAt(i) === separator) {
      parts.push(value.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(value.slice(from));
  return parts;
}

/** `\,` `\$` `\|` `\\` stand for themselves. */
export const unescaped = (raw: string): string => (raw.includes('\\') ? raw.replace(/\\(.)/gs, '$1') : raw);

/** The alternatives of a value, escapes and all; empty ones are no alternatives. Throws 400 when there are too many. */
export function alternatives(name: string, value: string): string[] {
  const parts = splitRaw(value, ',').filter((part) => part !== '');
  if (parts.length > MOST_ALTERNATIVES) {
    throw badRequest(`${repeatable(name)}: at most ${MOST_ALTERNATIVES} alternatives can be asked for at once`);
  }
  return parts;
}

/** A parameter's name as it may be repeated to a client: a free text in its place is not. */
export const repeatable = (name: string): string => (/^[A-Za-z_][\w:.-]{0,63}$/.test(name) ? name : '(unnamed)');

/** 400: a modifier that this parameter does not know. */
export const noModifier = (code: string, modifier: string, known: readonly string[]): FhirError =>
  badRequest(
    `${code}: the modifier :${repeatable(modifier)} is not supported${known.length > 0 ? `; known are ${known.map((one) => `:${one}`).join(', ')}` : ''}`,
  );
