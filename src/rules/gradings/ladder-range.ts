/** Where an amount lies: a point where it is known, the line that is left open where it is not. */
export interface Range {
  lo: number;
  hi: number;
  /** Whether the end itself is left out. */
  loOpen: boolean;
  hiOpen: boolean;
}

/** True, false, or not to be told. */
export type Tri = boolean | undefined;

export type Compare = '<' | '<=' | '>' | '>=';

export const point = (value: number): Range => ({ lo: value, hi: value, loOpen: false, hiOpen: false });

/** Above zero, and nothing more is known. */
export const ANY: Range = { lo: 0, hi: Number.POSITIVE_INFINITY, loOpen: true, hiOpen: true };

/** Where the true value of a result such as "<0.5" or "0.5 to 0.7" lies; nothing that we grade is below zero. */
export function rangeOf(value: number, comparator?: Compare, upTo?: number): Range {
  if (upTo !== undefined) return { lo: value, hi: upTo, loOpen: false, hiOpen: false };
  const whole = { lo: 0, hi: Number.POSITIVE_INFINITY, loOpen: false, hiOpen: true };
  switch (comparator) {
    case '<':
      return { ...whole, hi: value, hiOpen: true };
    case '<=':
      return { ...whole, hi: value, hiOpen: false };
    case '>':
      return { ...whole, lo: value, loOpen: true };
    case '>=':
      return { ...whole, lo: value };
    default:
      return point(value);
  }
}

/** A range times a factor above zero, plus a constant. */
export const scaled = ({ lo, hi, loOpen, hiOpen }: Range, factor: number, plus = 0): Range => ({
  lo: lo * factor + plus,
  hi: hi * factor + plus,
  loOpen,
  hiOpen,
});

/** What two ranges have in common; undefined when nothing. */
export function common(one: Range, other: Range): Range | undefined {
  const low = order(one.lo, other.lo) || Number(one.loOpen) - Number(other.loOpen);
  const high = order(one.hi, other.hi) || Number(other.hiOpen) - Number(one.hiOpen);
  const { lo, loOpen } = low >= 0 ? one : other;
  const { hi, hiOpen } = high <= 0 ? one : other;
  const size = order(hi, lo);
  return size < 0 || (size === 0 && (loOpen || hiOpen)) ? undefined : { lo, hi, loOpen, hiOpen };
}

/** The least range that holds both. */
export function hull(one: Range, other: Range): Range {
  const low = order(one.lo, other.lo) || Number(one.loOpen) - Number(other.loOpen);
  const high = order(one.hi, other.hi) || Number(other.hiOpen) - Number(one.hiOpen);
  const { lo, loOpen } = low <= 0 ? one : other;
  const { hi, hiOpen } = high >= 0 ? one : other;
  return { lo, hi, loOpen, hiOpen };
}

/** Whether a comparison holds for every pair of amounts, for none, or for some. */
export function compare(left: Range, op: Compare, right: Range): Tri {
  switch (op) {
    case '>':
      return above(left, right);
    case '>=':
      return notBelow(left, right);
    case '<':
      return above(right, left);
    case '<=':
      return notBelow(right, left);
  }
}

function above(left: Range, right: Range): Tri {
  const least = order(left.lo, right.hi);
  if (least > 0 || (least === 0 && (left.loOpen || right.hiOpen))) return true;
  return order(left.hi, right.lo) <= 0 ? false : undefined;
}

function notBelow(left: Range, right: Range): Tri {
  if (order(left.lo, right.hi) >= 0) return true;
  const most = order(left.hi, right.lo);
  return most < 0 || (most === 0 && (left.hiOpen || right.loOpen)) ? false : undefined;
}

/**
 * Below, at or above: amounts that differ by less than a part in 10^9 are the same, so that 3 x 0.1 is 0.3 and a limit converted from
 * another unit is the limit. No laboratory reports nine digits.
 */
export function order(one: number, other: number): -1 | 0 | 1 {
  if (one === other) return 0;
  const finite = Number.isFinite(one) && Number.isFinite(other);
  if (finite && Math.abs(one - other) <= 1e-9 * Math.max(Math.abs(one), Math.abs(other))) return 0;
  return one > other ? 1 : -1;
}
