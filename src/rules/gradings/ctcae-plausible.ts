import { CTCAE_DATA, type Implausible } from './ctcae-data.ts';
import type { MeasuredQuantity } from './ctcae-measured.ts';
import { amountIn, type Base, baseOf } from './ctcae-units.ts';
import { order } from './ladder-range.ts';

/**
 * Whether a value is not to be believed: no patient can have it, or it could as well be one in another unit and would then be graded far
 * higher. Bounds are those of the data file, each with its reason; nothing that is measured is below zero. `term` is the entry that would
 * be graded: some bounds hold for one alone, since the other ladder of the analyte tells of the value.
 */
export function isImplausible(loinc: string, quantity: MeasuredQuantity, base: Base, term?: string): boolean {
  if (quantity.value < 0 && base.dimension !== 'K') return true;
  return BOUNDS.get(loinc)?.some((rule) => holdsFor(rule, term) && breaks(quantity, base, rule)) === true;
}

/**
 * The values that a result may have, in words: `at least 1 kg, at most 650 kg`. Only the bounds that concern its unit, all of them where it
 * has none that is known; without those that hold for one term alone.
 */
export function plausibleWords(loinc: string, unit: string | undefined): string {
  const given = unit === undefined ? undefined : baseOf({ value: 1, unit }, true);
  const rules = (BOUNDS.get(loinc) ?? []).filter(({ entries }) => entries === undefined);
  const same = rules.filter((rule) => {
    const one = baseOf({ value: 1, unit: rule.unit });
    return one?.dimension === given?.dimension && !(rule.reportedSo && order(one?.value ?? 0, given?.value ?? 0) !== 0);
  });
  return (same.length > 0 ? same : rules).flatMap(wordsOf).join(', ');
}

const BOUNDS: ReadonlyMap<string, readonly Implausible[]> = new Map(
  [...new Set(CTCAE_DATA.implausible.flatMap(({ loincs }) => loincs))].map((loinc) => [
    loinc,
    CTCAE_DATA.implausible.filter(({ loincs }) => loincs.includes(loinc)),
  ]),
);

const holdsFor = ({ entries }: Implausible, term: string | undefined): boolean =>
  entries === undefined || (term !== undefined && entries.includes(term));

function breaks(quantity: MeasuredQuantity, base: Base, rule: Implausible): boolean {
  const { unit, reportedSo, above, atLeast, below, atMost, zeroIsPossible } = rule;
  const one = baseOf({ value: 1, unit });
  if (one?.dimension !== base.dimension) return false;
  if (reportedSo && order(baseOf({ value: 1, unit: quantity.unit })?.value ?? Number.NaN, one.value) !== 0)
    return false;
  if (zeroIsPossible && quantity.value === 0) return false;
  const bound = amountIn(unit);
  return (
    (above !== undefined && order(base.value, bound(above)) > 0) ||
    (atLeast !== undefined && order(base.value, bound(atLeast)) >= 0) ||
    (below !== undefined && order(base.value, bound(below)) < 0) ||
    (atMost !== undefined && order(base.value, bound(atMost)) <= 0)
  );
}

function wordsOf({ unit, reportedSo, above, atLeast, below, atMost }: Implausible): string[] {
  const so = reportedSo ? ' unless it comes in another unit' : '';
  return [
    ...(below === undefined ? [] : [`at least ${below} ${unit}${so}`]),
    ...(atMost === undefined ? [] : [`above ${atMost} ${unit}${so}`]),
    ...(above === undefined ? [] : [`at most ${above} ${unit}${so}`]),
    ...(atLeast === undefined ? [] : [`below ${atLeast} ${unit}${so}`]),
  ];
}
