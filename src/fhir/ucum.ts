import ucum from '@lhncbc/ucum-lhc';

/** A quantity in UCUM base units; `unit` names them, so that only like is compared with like. */
export interface Canonical {
  value: number;
  unit: string;
}

export const UCUM = 'http://unitsofmeasure.org';

/**
 * An amount of a UCUM unit in base units (g, m, s, K, C, cd, rad and mol), to twelve significant digits: two ways to write the same
 * quantity come out equal. Undefined for what is no UCUM unit, and for arbitrary units such as [iU], which are comparable with nothing.
 * Source: UCUM 2.1, sections 3 to 5, by the tables of the package @lhncbc/ucum-lhc.
 */
export function canonicalQuantity(amount: number, code: string): Canonical | undefined {
  let base = known.get(code);
  if (base === undefined) {
    base = baseOf(code) ?? null;
    if (known.size >= MOST_UNITS) known.clear();
    known.set(code, base);
  }
  if (!base) return undefined;
  const value = base.toBase(amount);
  return Number.isFinite(value) ? { value: Number(value.toPrecision(12)), unit: base.unit } : undefined;
}

interface Base {
  unit: string;
  toBase(amount: number): number;
}

/** Units come from requests: only so many are kept. */
const MOST_UNITS = 2000;
const LONGEST = 100;
const known = new Map<string, Base | null>();

/** The table's value of a mole, which it takes for a number and we for a dimension. */
const MOLE = 6.0221367e23;
const NAMES = ['m', 's', 'g', 'rad', 'K', 'C', 'cd'];

function baseOf(code: string): Base | undefined {
  if (code.length > LONGEST) return undefined;
  const { unit, status } = ucum.UcumLhcUtils.getInstance().getSpecifiedUnit(code, 'validate');
  if (!unit || status !== 'valid' || unit.isArbitrary_) return undefined;
  const powers = unit.dim_?.dimVec_ ?? [];
  const dimensions = [
    ...NAMES.map((name, at) => ({ name, power: powers[at] ?? 0 })),
    { name: 'mol', power: unit.moleExp_ },
  ]
    .filter(({ power }) => power !== 0)
    .map(({ name, power }) => (power === 1 ? name : `${name}${power}`));
  const names = dimensions.length > 0 ? dimensions.join('.') : '1';
  const factor = unit.magnitude_ / MOLE ** unit.moleExp_;
  const { cnv_: special, cnvPfx_: prefix } = unit;
  if (special === null) return { unit: names, toBase: (amount) => amount * factor };
  // A scale with a zero of its own, such as Cel; logarithmic ones (pH) have no base that others share.
  if (special !== 'Cel' && special !== 'degF' && special !== 'degRe') return undefined;
  const kelvin = ZERO[special];
  return { unit: names, toBase: (amount) => kelvin(amount * prefix) };
}

/** Source: UCUM 2.1, section 4, definitions of the units Cel, [degF] and [degRe]. */
const ZERO: Readonly<Record<'Cel' | 'degF' | 'degRe', (amount: number) => number>> = {
  Cel: (amount) => amount + 273.15,
  degF: (amount) => (5 / 9) * (amount + 459.67),
  degRe: (amount) => amount / 0.8 + 273.15,
};
