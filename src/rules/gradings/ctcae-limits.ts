import type { CtcaeInput } from './ctcae-data.ts';
import type { Ladder, Opens } from './ctcae-ladder.ts';
import type { MeasuredQuantity } from './ctcae-measured.ts';
import { isImplausible } from './ctcae-plausible.ts';
import { baseOf, fromBase, inDimension } from './ctcae-units.ts';
import { ANY, hull, order, point, type Range } from './ladder-range.ts';

/** Limits of normal as they came with a result; each in a unit of its own. */
export interface GivenLimits {
  low?: MeasuredQuantity;
  high?: MeasuredQuantity;
}

/** Limits of normal as a ladder compares with them, in base units: a range where more than one amount may be meant, or none is known. */
export interface Limits {
  low: Range;
  high: Range;
  /** Limits came that are not believed as they stand: nothing is compared with them, or more than they say may be meant. */
  doubted: boolean;
  /** The same in the unit of the result, where one reading of them counts. */
  told: { low?: number; high?: number };
}

/** What limits are read for: the ladder, the measurement, the UCUM unit that it came in, and the dimension that is compared in. */
export interface LimitsOf {
  ladder: Ladder;
  input: CtcaeInput;
  unit: string;
  dimension: string;
  /** Of the sub-table that is climbed. */
  opens: Opens;
}

/** One way to read the limits: as they were written, and in base units of the dimension that is compared in. */
interface Reading {
  given: GivenLimits;
  low?: number;
  high?: number;
  /** The other limit of the range is not believed: what lies beyond this one is graded by it, and what does not is not called normal. */
  half?: true;
}

/**
 * The limits of normal that a ladder compares with. Those in a unit of another size than the result's may stand under the wrong unit: they
 * are read as they say, and as bare numbers in the unit of the result, and each reading counts that can be believed. Where none can, no
 * limit is known: limits that are not believed never make a result look normal. Half a reading counts where there is no whole one. Our own safety rule, in words in the data file (`limits`).
 */
export function limitsOf(given: GivenLimits, about: LimitsOf): Limits {
  const said = reading(given, about);
  if (said.low === undefined && said.high === undefined) return NONE;
  const readings = isOfOtherSize(said.given, about) ? [said, reading(asBare(said.given, about), about)] : [said];
  const possible = readings.flatMap((one) => believedOf(one, about) ?? []);
  const whole = possible.filter(({ half }) => !half);
  const believed = whole.length > 0 ? whole : possible;
  const [first, second] = believed;
  if (!first) return { ...NONE, doubted: true };
  const doubted = first !== said || second !== undefined;
  const ranges = believed.map(rangesOf).reduce((one, other) => ({
    low: hull(one.low, other.low),
    high: hull(one.high, other.high),
  }));
  return { ...ranges, doubted, told: second ? {} : toldOf(first, about) };
}

type End = 'low' | 'high';
const ENDS: readonly End[] = ['low', 'high'];

const NONE: Limits = { low: ANY, high: ANY, doubted: false, told: {} };

/** Limits in another kind of unit than the result's are none: neither their numbers nor their sizes can be compared with it. */
function reading(given: GivenLimits, { ladder, dimension }: LimitsOf): Reading {
  const read: Reading = { given: {} };
  for (const end of ENDS) {
    const limit = given[end];
    const base = limit && baseOf(limit, ladder.monovalent);
    const amount = base && inDimension(base, dimension, ladder.molar);
    if (amount === undefined) continue;
    read.given[end] = limit;
    read[end] = amount;
  }
  return read;
}

const asBare = ({ low, high }: GivenLimits, { unit }: LimitsOf): GivenLimits => ({
  ...(low ? { low: { ...low, unit } } : {}),
  ...(high ? { high: { ...high, unit } } : {}),
});

/** By the size of the units, not their spelling: 10*3/uL is 10*9/L, and nothing is nothing in any unit. */
const isOfOtherSize = ({ low, high }: GivenLimits, { ladder, unit }: LimitsOf): boolean =>
  [low, high].some((limit) => {
    if (!limit || limit.unit === unit || limit.value === 0) return false;
    const one = baseOf({ value: 1, unit: limit.unit }, ladder.monovalent);
    const own = baseOf({ value: 1, unit }, ladder.monovalent);
    return !one || !own || one.dimension !== own.dimension || order(one.value, own.value) !== 0;
  });

/**
 * What of a reading can be limits of normal: each is a value that a patient can have, they do not contradict each other, and none of them the
 * published table, where grade 1 runs from the limit to a printed number and there would be nothing between. A limit that the steps compare
 * with takes all with it; one that has no part in the grade goes alone. Undefined where nothing is left.
 */
function believedOf(read: Reading, { ladder, input, opens }: LimitsOf): Reading | undefined {
  const { given, low, high } = read;
  if (high !== undefined && (high <= 0 || (low !== undefined && order(low, high) > 0))) return undefined;
  if (hasLower(given) && low !== undefined && opens.low !== undefined && order(low, opens.low) < 0) return undefined;
  if (high !== undefined && opens.high !== undefined && order(high, opens.high) > 0) return undefined;
  const such = { low: hasLower(given) ? given.low : undefined, high: given.high };
  const outside = ENDS.filter((end) => such[end] && isOutside(such[end], ladder, input));
  if (outside.length === 0) return read;
  return outside.some((end) => ladder.comparesWith[end]) ? undefined : halfOf(read, outside);
}

function halfOf({ given, low, high }: Reading, outside: readonly End[]): Reading | undefined {
  if (low !== undefined && hasLower(given) && !outside.includes('low'))
    return { given: only('low', given), low, half: true };
  if (high !== undefined && !outside.includes('high')) return { given: only('high', given), high, half: true };
  return undefined;
}

const only = (end: End, { [end]: limit }: GivenLimits): GivenLimits => (limit ? { [end]: limit } : {});

function isOutside(limit: MeasuredQuantity, { entry, monovalent }: Ladder, { loinc }: CtcaeInput): boolean {
  const base = baseOf(limit, monovalent);
  return base !== undefined && isImplausible(loinc, limit, base, entry.id);
}

/** A lower limit of 0 says that there is none. */
const hasLower = ({ low }: GivenLimits): boolean => low !== undefined && low.value !== 0;

/** A limit that is missing lies on its side of the one that is known. Of half a reading the limit lies where it is told, or nearer to the values that are normal. */
function rangesOf({ given, low: lower, high, half }: Reading): Pick<Limits, 'low' | 'high'> {
  const low = hasLower(given) ? lower : undefined;
  const above = low === undefined ? ANY : { ...ANY, lo: low, loOpen: false };
  const below = high === undefined ? ANY : { ...ANY, hi: high, hiOpen: false };
  return {
    low: low === undefined ? below : half ? above : point(low),
    high: high === undefined ? above : half ? below : point(high),
  };
}

function toldOf({ given, low, high }: Reading, { unit }: LimitsOf): Limits['told'] {
  const inUnit = (limit: MeasuredQuantity | undefined, base: number): number =>
    limit?.unit === unit ? limit.value : fromBase(base, unit);
  return {
    ...(low === undefined ? {} : { low: inUnit(given.low, low) }),
    ...(high === undefined ? {} : { high: inUnit(given.high, high) }),
  };
}
