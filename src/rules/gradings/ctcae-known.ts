import type { Measured } from '../finding.ts';
import type { CtcaeInput, Role } from './ctcae-data.ts';
import { type Ladder, NO_NUMBER, type Opens } from './ctcae-ladder.ts';
import { type Limits, limitsOf } from './ctcae-limits.ts';
import type { MeasuredInput, MeasuredQuantity, RecordedBaseline } from './ctcae-measured.ts';
import type { Measurement } from './ctcae-measurements.ts';
import { isImplausible } from './ctcae-plausible.ts';
import { baseOf, inDimension } from './ctcae-units.ts';
import type { Known, Reading } from './ladder-condition.ts';
import { ANY, point, rangeOf, type Tri } from './ladder-range.ts';

/** What is known of a result in base units, and of its baseline. */
export interface KnownResult {
  /** Without limits of normal, which count by the sub-table that is climbed: `limits`. */
  known: Known;
  limits(opens: Opens): Limits;
  /** Limits of the result that is the baseline; absent where none is recorded. */
  baselineLimits?: Limits;
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
  const about = (unit: string | undefined, opens: Opens) => {
    return { ladder, input, unit: unit ?? '', dimension: base.dimension, opens };
  };
  const recorded = baselineOf(ladder, given, input);
  const before = inUnitsOf(ladder, recorded, base.dimension);
  const usable = recorded !== undefined && before !== undefined && before > 0;
  const single = input.role === undefined;
  const byTable = new Map<Opens, Limits>();
  const result: KnownResult = {
    known: {
      value: single ? rangeOf(base.value, quantity.comparator, upTo) : ANY,
      baseline: usable ? point(before) : ANY,
      roles: single ? {} : rolesOf(ladder, given, measurements),
      low: ANY,
      high: ANY,
      baselineLow: ANY,
      fact,
      raise: 'none',
      plain: true,
      causes: new Set(),
      met: false,
    },
    limits: (opens) => {
      const limits = byTable.get(opens) ?? limitsOf(given, about(quantity.unit, opens));
      byTable.set(opens, limits);
      return limits;
    },
  };
  if (usable) {
    const { value, unit = '', at, source } = recorded;
    result.baseline = { value, unit, at, source };
    // Nothing is printed beside a limit that a baseline is compared with.
    result.baselineLimits = limitsOf(recorded, about(unit, NO_NUMBER));
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
