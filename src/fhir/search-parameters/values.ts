import { dateInterval, type Interval, periodInterval } from '../dates.ts';
import type { Element } from './param.ts';
import { isObject } from './references.ts';

/**
 * The interval of a date element: date, dateTime, instant, Period or Timing (its outer limits). Undefined when it has none. Open ends
 * are infinite. Source: FHIR R4, section 3.1.1.4.7.
 */
export function intervalOf({ value }: Element): Interval | undefined {
  if (typeof value === 'string') return dateInterval(value);
  if (!isObject(value)) return undefined;
  return period(value) ?? timing(value);
}

function period(value: Record<string, unknown>): Interval | undefined {
  const start = typeof value.start === 'string' ? value.start : undefined;
  const end = typeof value.end === 'string' ? value.end : undefined;
  return start === undefined && end === undefined ? undefined : periodInterval({ start, end });
}

function timing({ event, repeat }: Record<string, unknown>): Interval | undefined {
  const moments = Array.isArray(event) ? event : [];
  const bounds = isObject(repeat) && isObject(repeat.boundsPeriod) ? period(repeat.boundsPeriod) : undefined;
  const parts = [...moments.map((one) => (typeof one === 'string' ? dateInterval(one) : undefined)), bounds].flatMap(
    (one) => one ?? [],
  );
  if (parts.length === 0) return undefined;
  return { start: Math.min(...parts.map(({ start }) => start)), end: Math.max(...parts.map(({ end }) => end)) };
}

/** The texts of a string element: itself, or the parts and the text of a name or an address. Source: FHIR R4, section 3.1.1.4.8. */
export function textsOf({ value }: Element): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (!isObject(value)) return [];
  return PARTS.flatMap((key) => {
    const part = value[key];
    return (Array.isArray(part) ? part : [part]).filter((one): one is string => typeof one === 'string' && one !== '');
  });
}

/** Of HumanName and Address. */
const PARTS = [
  'text',
  'family',
  'given',
  'prefix',
  'suffix',
  'line',
  'city',
  'district',
  'state',
  'postalCode',
  'country',
];

/** A text as it is compared: lower case, without accents and other marks, white space joined. Source: FHIR R4, section 3.1.1.4.8. */
export const normalised = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim();

/** A number or quantity as an index holds it. */
export interface Measured {
  /** Bounds; undefined is without limit. */
  lo?: number;
  hi?: number;
  /** The one bound that there is lies outside: less than, greater than. */
  open?: true;
  system?: string;
  code?: string;
  unit?: string;
}

/** What a number, Quantity, Range or Money measures; undefined when it has no value. Source: FHIR R4, sections 3.1.1.4.6 and 3.1.1.4.13. */
export function measureOf({ value }: Element): Measured | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? { lo: value, hi: value } : undefined;
  if (!isObject(value)) return undefined;
  if (isObject(value.low) || isObject(value.high)) return range(value.low, value.high);
  if (typeof value.value !== 'number' || !Number.isFinite(value.value)) return undefined;
  const amount = value.value;
  if (typeof value.currency === 'string') return { lo: amount, hi: amount, system: CURRENCY, code: value.currency };
  return withUnit(limits(amount, value.comparator), value);
}

/** Source: FHIR R4, data type Money, currency. */
const CURRENCY = 'urn:iso:std:iso:4217';

function limits(amount: number, comparator: unknown): Measured {
  switch (comparator) {
    case '<':
      return { hi: amount, open: true };
    case '<=':
      return { hi: amount };
    case '>':
      return { lo: amount, open: true };
    case '>=':
      return { lo: amount };
    default:
      return { lo: amount, hi: amount };
  }
}

function range(low: unknown, high: unknown): Measured | undefined {
  const lo = isObject(low) && typeof low.value === 'number' ? low.value : undefined;
  const hi = isObject(high) && typeof high.value === 'number' ? high.value : undefined;
  if (lo === undefined && hi === undefined) return undefined;
  const limited: Measured = {};
  if (lo !== undefined) limited.lo = lo;
  if (hi !== undefined) limited.hi = hi;
  return withUnit(limited, lo !== undefined && isObject(low) ? low : high);
}

/** Adds the unit of a quantity. One by one: this is done for each quantity that is stored, and spreading costs ten times as much. */
function withUnit(measured: Measured, quantity: unknown): Measured {
  if (!isObject(quantity)) return measured;
  const { system, code, unit } = quantity;
  if (typeof system === 'string') measured.system = system;
  if (typeof code === 'string') measured.code = code;
  if (typeof unit === 'string') measured.unit = unit;
  return measured;
}

/** What a search may name the unit by: `system|code`, `code` and the unit's text. */
export function unitKeys({ system, code, unit }: Measured): string[] {
  const keys = new Set<string>();
  if (code !== undefined) {
    keys.add(code);
    if (system !== undefined) keys.add(`${system}|${code}`);
  }
  if (unit !== undefined) keys.add(unit);
  return [...keys];
}
