import type { NumberRange } from '../query/filter.ts';

/** What a number is known to be: both bounds, within; with `open` the finite one of them is outside. */
export interface Bounds {
  lo: number;
  hi: number;
  open?: boolean;
}

/**
 * A value against that of a search. eq and ne go by the digits that were written, [low, high); the others by the value exactly.
 * Source: FHIR R4, section 3.1.1.4.6 number.
 */
export function numberInRange(range: NumberRange, { lo, hi, open = false }: Bounds): boolean {
  const [value, low, high] = [Number(range.value), Number(range.low), Number(range.high)];
  const inside = lo >= low && hi < high;
  const reaches = (upper: number, lower: number): boolean => (open ? upper > lower : upper >= lower);
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
      return reaches(hi, value);
    case 'le':
      return reaches(value, lo);
    case 'sa':
      return open ? lo >= value : lo > value;
    case 'eb':
      return open ? hi <= value : hi < value;
    case 'ap':
      return reaches(high, lo) && reaches(hi, low);
  }
}
