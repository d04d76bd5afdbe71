import { canonicalQuantity } from '../../fhir/ucum.ts';
import type { CtcaeEntry, MolarPair } from './ctcae-data.ts';
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
  if (!unit || (NO_MOLES.test(unit) && isRefused(unit, monovalent))) return undefined;
  const scale = scaleOf(unit);
  return scale ? { value: scale.zero + scale.step * value, dimension: scale.dimension } : undefined;
}

/** An amount in base units as one of a unit that can be read, to nine digits; throws when it cannot. */
export function fromBase(base: number, unit: string): number {
  const { zero, step } = readable(unit);
  return Number(((base - zero) / step).toPrecision(9));
}

/** Base units of one unit that can be read; throws when it cannot. */
export function amountIn(unit: string): (value: number) => number {
  const { zero, step } = readable(unit);
  return (value) => zero + step * value;
}

/** A unit by what zero and one more of it are in base units. */
interface Scale {
  zero: number;
  step: number;
  dimension: string;
}

/** Units come from requests: only so many are kept. */
const MOST_UNITS = 1000;
const scales = new Map<string, Scale | null>();

function scaleOf(unit: string): Scale | null {
  const known = scales.get(unit);
  if (known !== undefined) return known;
  if (scales.size >= MOST_UNITS) scales.clear();
  const scale = findScale(unit);
  scales.set(unit, scale);
  return scale;
}

/** Where the scale has a zero of its own, the step is told by many, since each amount is told to twelve digits only. */
function findScale(unit: string): Scale | null {
  const one = canonicalQuantity(1, unit);
  const zero = canonicalQuantity(0, unit)?.value ?? 0;
  if (!one) return null;
  const many = zero === 0 ? one.value : ((canonicalQuantity(MANY, unit)?.value ?? Number.NaN) - zero) / MANY;
  return { zero, step: many, dimension: one.unit };
}

const MANY = 10_000;

function readable(unit: string): Scale {
  const scale = scaleOf(unit);
  if (!scale) throw new Error(`The unit ${unit} cannot be read`);
  return scale;
}

const NO_MOLES = /osm|eq/;

/** Only outside annotations and brackets do the letters stand for a unit. */
function isRefused(unit: string, monovalent: boolean): boolean {
  const bare = unit.replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '');
  return bare.includes('osm') || (!monovalent && bare.includes('eq'));
}

/** The unit of `canonicalUnit`, without what is said beside it; undefined where steps are multiples of a limit or baseline. */
export function unitOfSteps({ canonicalUnit }: Pick<CtcaeEntry, 'canonicalUnit'>): string | undefined {
  if (canonicalUnit === undefined || canonicalUnit.includes(' of ') || canonicalUnit.startsWith('ratio')) {
    return undefined;
  }
  return canonicalUnit.replace(/ \(.*\)$/, '');
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
