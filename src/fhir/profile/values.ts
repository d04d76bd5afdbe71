import { dateInterval } from '../dates.ts';
import { type Canonical, canonicalQuantity, UCUM } from '../ucum.ts';
import { isObject } from './items.ts';

/** Equal in content: the order of members does not matter, that of lists does. Source: FHIR R4, ElementDefinition.fixed[x]. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, i) => isEqual(one, b[i]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}

/** Holds what the pattern holds, and maybe more. Source: FHIR R4, ElementDefinition.pattern[x]. */
export function fits(value: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern)) {
    return Array.isArray(value) && pattern.every((part) => value.some((one) => fits(one, part)));
  }
  if (!isObject(pattern)) return value === pattern;
  return (
    isObject(value) &&
    Object.entries(pattern).every(([key, part]) => Object.hasOwn(value, key) && fits(value[key], part))
  );
}

/**
 * Whether a value lies at or beyond a limit; undefined where the two cannot be compared (units of another kind, a partial date that holds the limit).
 * Source: FHIR R4, ElementDefinition.minValue[x] and maxValue[x].
 */
export function isWithin(value: unknown, limit: unknown, side: 'min' | 'max'): boolean | undefined {
  const order = compare(value, limit);
  if (order === undefined) return undefined;
  return side === 'min' ? order >= 0 : order <= 0;
}

function compare(a: unknown, b: unknown): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareTimes(a, b);
  if (!isObject(a) || !isObject(b) || a.comparator !== undefined) return undefined;
  const unitOf = (one: Readonly<Record<string, unknown>>) => `${String(one.system)}|${String(one.code ?? one.unit)}`;
  if (unitOf(a) === unitOf(b)) return compare(a.value, b.value);
  const [one, other] = [inBase(a), inBase(b)];
  return one && other && one.unit === other.unit ? one.value - other.value : undefined;
}

const inBase = ({ system, code, value }: Readonly<Record<string, unknown>>): Canonical | undefined =>
  system === UCUM && typeof code === 'string' && typeof value === 'number' ? canonicalQuantity(value, code) : undefined;

function compareTimes(a: string, b: string): number | undefined {
  // Times of the day sort as text.
  if (/^\d\d:/.test(a) && /^\d\d:/.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  const [one, other] = [dateInterval(a), dateInterval(b)];
  if (!one || !other) return undefined;
  if (one.start === other.start && one.end === other.end) return 0;
  if (one.end <= other.start) return -1;
  if (one.start >= other.end) return 1;
  return undefined;
}

/** A value of the profile, not of the resource: it may be told. */
export function told(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
