import type { Measured } from '../finding.ts';
import type { CtcaeInput, Role } from './ctcae-data.ts';
import type { Ladder } from './ctcae-ladder.ts';
import type { MeasuredInput, MeasuredQuantity, RecordedBaseline } from './ctcae-measured.ts';
import type { Measurement } from './ctcae-measurements.ts';
import { isImplausible } from './ctcae-plausible.ts';
import { baseOf, fromBase, inDimension } from './ctcae-units.ts';
import type { Known, Reading } from './ladder-condition.ts';
import { ANY, point, type Range, rangeOf, type Tri } from './ladder-range.ts';

/** What is known of a result in base units, and the same as it was reported. */
export interface KnownResult {
  known: Known;
  /** Upper limit of the result that is the baseline. */
  baselineHigh: Range;
  /** Limits of normal in the unit of the result. */
  low?: number;
  high?: number;
  baseline?: NonNullable<Measured['baseline']>;
}

/** All that is known of a term when its ladder is climbed; the first measurement is the main one. */
export function knownOf(
  ladder: Ladder,
  given: MeasuredInput,
  measurements: readonly Measurement[],
  fact: (name: string) => Tri,
): KnownResult | undefined {
  const [main] = measurements;
  if (!main) return undefined;
  const { quantity, base, upTo, input } = main;
  const read = (amount: MeasuredQuantity | undefined) => inUnitsOf(ladder, amount, base.dimension);
  let low = read(given.low);
  let high = read(given.high);
  // Limits that contradict each other, or an upper limit of nothing, are none.
  if (high !== undefined && (high <= 0 || (low !== undefined && low > high))) {
    low = undefined;
    high = undefined;
  }
  const recorded = baselineOf(ladder, given, input);
  const before = read(recorded);
  const usable = recorded !== undefined && before !== undefined && before > 0;
  const lowRange = lowerLimit(low, high);
  const highRange = upperLimit(low, high);
  const lowBefore = usable ? read(recorded.low) : undefined;
  const highBefore = usable ? read(recorded.high) : undefined;
  const single = input.role === undefined;
  const result: KnownResult = {
    known: {
      value: single ? rangeOf(base.value, quantity.comparator, upTo) : ANY,
      baseline: usable ? point(before) : ANY,
      roles: single ? {} : rolesOf(ladder, given, measurements),
      low: lowRange,
      high: highRange,
      // Without a recorded baseline each that could have been is judged by the limits of this result.
      baselineLow: usable ? lowerLimit(lowBefore, highBefore) : lowRange,
      fact,
      raise: 'none',
      plain: true,
      causes: new Set(),
      met: false,
    },
    baselineHigh: usable ? upperLimit(lowBefore, highBefore) : highRange,
  };
  if (low !== undefined) result.low = reported(given.low, low, quantity);
  if (high !== undefined) result.high = reported(given.high, high, quantity);
  if (usable) {
    const { value, unit = '', at, source } = recorded;
    result.baseline = { value, unit, at, source };
  }
  return result;
}

function rolesOf(
  ladder: Ladder,
  given: MeasuredInput,
  measurements: readonly Measurement[],
): Partial<Record<Role, Reading>> {
  const roles: Partial<Record<Role, Reading>> = {};
  for (const { input, quantity, base, upTo } of measurements) {
    if (input.role === undefined) continue;
    const baseline = inUnitsOf(ladder, baselineOf(ladder, given, input), base.dimension);
    roles[input.role] = {
      value: rangeOf(base.value, quantity.comparator, upTo),
      baseline: baseline !== undefined && baseline > 0 ? point(baseline) : ANY,
    };
  }
  return roles;
}

/** The recorded baseline of the same measurement; one that is itself only a bound is none, nor one that no patient has. */
function baselineOf(ladder: Ladder, { baseline }: MeasuredInput, input: CtcaeInput): RecordedBaseline | undefined {
  if (!ladder.usesBaseline || !baseline) return undefined;
  const { entry } = ladder;
  const { inputs = [], reading } = entry;
  const like = inputs.filter(
    ({ loinc, role }) => role === input.role && (reading?.kind !== 'same-method' || loinc === input.loinc),
  );
  const recorded = baseline(like.map(({ loinc }) => loinc));
  if (recorded?.comparator !== undefined) return undefined;
  const base = recorded && baseOf(recorded, ladder.monovalent);
  return base && isImplausible(input.loinc, recorded, base, entry.id) ? undefined : recorded;
}

function inUnitsOf(ladder: Ladder, amount: MeasuredQuantity | undefined, dimension: string): number | undefined {
  const base = amount && baseOf(amount, ladder.monovalent);
  return base && inDimension(base, dimension, ladder.molar);
}

/** A limit that is missing lies on its side of the one that is known. */
function lowerLimit(low: number | undefined, high: number | undefined): Range {
  if (low !== undefined) return point(low);
  return high === undefined ? ANY : { ...ANY, hi: high, hiOpen: false };
}

function upperLimit(low: number | undefined, high: number | undefined): Range {
  if (high !== undefined) return point(high);
  return low === undefined || low <= 0 ? ANY : { ...ANY, lo: low, loOpen: false };
}

/** A limit in the unit of the result. */
function reported(limit: MeasuredQuantity | undefined, base: number, { unit = '' }: MeasuredQuantity): number {
  return limit?.unit === unit ? limit.value : fromBase(base, unit);
}
