import { canonicalQuantity } from '../../fhir/ucum.ts';
import type { CtcaeEntry, Implausible, MolarPair } from './ctcae-data.ts';
import type { MeasuredQuantity } from './ctcae-measured.ts';

/** An amount in base units; `dimension` tells what can be compared with what. */
export interface Base {
  value: number;
  dimension: string;
}

/**
 * An amount in base units; undefined without a unit that can be read. Equivalents and osmoles are no moles: only of an ion of one charge
 * are equivalents read. Source: UCUM 2.1, by way of fhir/ucum.ts.
 */
export function baseOf(
  { value, unit }: Pick<MeasuredQuantity, 'value' | 'unit'>,
  monovalent = false,
): Base | undefined {
  if (!unit) return undefined;
  const bare = unit.replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '');
  if (bare.includes('osm') || (!monovalent && bare.includes('eq'))) return undefined;
  const canonical = canonicalQuantity(value, unit);
  return canonical && { value: canonical.value, dimension: canonical.unit };
}

/** Base units of one unit that can be read; throws when it cannot. */
export function amountIn(unit: string): (value: number) => number {
  return (value) => {
    const base = baseOf({ value, unit }, true);
    if (!base) throw new Error(`The unit ${unit} cannot be read`);
    return base.value;
  };
}

/** The unit of `canonicalUnit`, without what is said beside it; undefined where steps are multiples of a limit or baseline. */
export function unitOfSteps({ canonicalUnit }: Pick<CtcaeEntry, 'canonicalUnit'>): string | undefined {
  if (canonicalUnit === undefined || canonicalUnit.includes(' of ') || canonicalUnit.startsWith('ratio')) {
    return undefined;
  }
  return canonicalUnit.replace(/ \(.*\)$/, '');
}

/** Whether no patient can have this value, by the pitfalls that the table names; nothing that is measured is below zero. */
export function isImplausible(
  loinc: string,
  quantity: MeasuredQuantity,
  base: Base,
  rules: readonly Implausible[],
): boolean {
  if (quantity.value < 0 && base.dimension !== 'K') return true;
  return rules.some((rule) => rule.loincs.includes(loinc) && breaks(quantity, base, rule));
}

function breaks(quantity: MeasuredQuantity, base: Base, rule: Implausible): boolean {
  const { unit, reportedSo, above, atLeast, below, atMost, zeroIsPossible } = rule;
  const one = baseOf({ value: 1, unit });
  if (one?.dimension !== base.dimension) return false;
  if (reportedSo && baseOf({ value: 1, unit: quantity.unit })?.value !== one.value) return false;
  if (zeroIsPossible && quantity.value === 0) return false;
  const bound = (number: number) => baseOf({ value: number, unit })?.value ?? Number.NaN;
  return (
    (above !== undefined && base.value > bound(above)) ||
    (atLeast !== undefined && base.value >= bound(atLeast)) ||
    (below !== undefined && base.value < bound(below)) ||
    (atMost !== undefined && base.value <= bound(atMost))
  );
}

/** An amount in the dimension of another, by the factor that the table prints; undefined where it prints none. */
export function inDimension(base: Base, dimension: string, pair: MolarPair | undefined): number | undefined {
  if (base.dimension === dimension) return base.value;
  if (!pair) return undefined;
  const mass = baseOf({ value: pair.mass[0], unit: pair.mass[1] });
  const moles = baseOf({ value: pair.moles[0], unit: pair.moles[1] });
  if (!mass || !moles) return undefined;
  if (base.dimension === mass.dimension && dimension === moles.dimension) {
    return (base.value / mass.value) * moles.value;
  }
  if (base.dimension === moles.dimension && dimension === mass.dimension) {
    return (base.value / moles.value) * mass.value;
  }
  return undefined;
}
