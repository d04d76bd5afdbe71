import type { NumberRange } from '../query/filter.ts';

/** What a number is known to be: both bounds, within. */
export interface Bounds {
  lo: number;
  hi: number;
}

/**
 * A value against that of a search. eq and ne go by the digits that were written, [low, high); the others by the value exactly.
 * Source: FHIR R4, section 3.1.1.4.6 number.
 */
export function numberInRange(range: NumberRange, { lo, hi }: Bounds): boolean {
  const [value, low, high] = [Number(range.value), Number(range.low), Number(range.high)];
  const inside = lo >= low && hi < high;
  switch (range.prefix) {
    case 'eq':
      return inside;
    case 'ne':
      return !inside;
    case 'gt':
      return hi > value;
    case 'lt':
      return lo < value;
    case 'ge':
      return hi >= value;
    case 'le':
      return lo <= value;
    case 'sa':
      return lo > value;
    case 'eb':
      return hi < value;
    case 'ap':
      return lo <= high && hi >= low;
  }
}
