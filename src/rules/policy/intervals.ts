/** Numbers from `low` to `high`; an end that is open is not among them itself. */
export interface Interval {
  low: number;
  high: number;
  lowOpen: boolean;
  highOpen: boolean;
}

const ANY: Interval = {
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
  lowOpen: false,
  highOpen: false,
};

/** The numbers from one to another, both among them; any where nothing is said. */
export const between = (range: readonly [number, number] | undefined): Interval =>
  range === undefined ? ANY : { ...ANY, low: range[0], high: range[1] };

/**
 * The numbers that stand in a comparison with another, to 8 digits after the point: so the evaluator (fhirpath 5.2.0) compares them. Any where
 * the sign leaves more than one stretch of them.
 */
export function comparedWith(sign: string, number: number): Interval {
  const end = Number(number.toFixed(8));
  switch (sign) {
    case '=':
      return { ...ANY, low: end, high: end };
    case '<':
      return { ...ANY, high: end, highOpen: true };
    case '<=':
      return { ...ANY, high: end };
    case '>':
      return { ...ANY, low: end, lowOpen: true };
    case '>=':
      return { ...ANY, low: end };
    default:
      return ANY;
  }
}

/** What is in the one and in the other. */
export function overlap(one: Interval, other: Interval): Interval {
  const low = Math.max(one.low, other.low);
  const high = Math.min(one.high, other.high);
  return {
    low,
    high,
    lowOpen: [one, other].some((each) => each.lowOpen && each.low === low),
    highOpen: [one, other].some((each) => each.highOpen && each.high === high),
  };
}

/** From the lowest end of both to the highest: all that is in either, and what lies between. */
export function span(one: Interval, other: Interval): Interval {
  const low = Math.min(one.low, other.low);
  const high = Math.max(one.high, other.high);
  return {
    low,
    high,
    lowOpen: [one, other].every((each) => each.lowOpen || each.low > low),
    highOpen: [one, other].every((each) => each.highOpen || each.high < high),
  };
}

/** The ends of the whole numbers in it. */
export const ofWholes = ({ low, high, lowOpen, highOpen }: Interval): Interval => ({
  low: lowOpen && Number.isInteger(low) ? low + 1 : Math.ceil(low),
  high: highOpen && Number.isInteger(high) ? high - 1 : Math.floor(high),
  lowOpen: false,
  highOpen: false,
});

/** Whether nothing of the one is at or below anything of the other; so of an interval and itself, where nothing is in it. */
export const isAbove = (one: Interval, other: Interval): boolean =>
  one.low > other.high || (one.low === other.high && (one.lowOpen || other.highOpen));

export const isEmpty = (one: Interval): boolean => isAbove(one, one);
