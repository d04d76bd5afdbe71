import { canonicalQuantity } from '../../fhir/ucum.ts';
import type { DataQuality, Measured, MissingFact, NotGradable } from '../finding.ts';
import { DATA } from './emergency-data.ts';
import type { MeasuredInput } from './measured.ts';

/** What one sign of an emergency says: it is there, it is not, it may be, or why nothing can be told. */
export type Told =
  | { is: 'there' | 'absent'; measured?: Measured }
  | { is: 'open'; reason: NotGradable; missing: 'presence' | MissingFact; quality?: DataQuality; measured?: Measured };

/** Whether a result is a temperature that fever is told by. */
export const isTemperature = ({ loinc }: Pick<MeasuredInput, 'loinc'>): boolean =>
  loinc.some((code) => DATA.fever.loinc.includes(code));

/**
 * Fever from one temperature: 38.0 °C or above, after conversion from any UCUM unit of temperature. What no patient can have (most often a
 * wrong unit) is open and never "no fever". Source: NCI CTCAE v5.0, Fever; ASTCT 2019, prerequisite of CRS.
 */
export function feverOf(input: MeasuredInput): Told {
  const { value, unit, comparator } = input;
  if (value === undefined) return { is: 'open', reason: 'no-value', missing: 'value' };
  const kelvin = unit === undefined ? undefined : canonicalQuantity(value, unit);
  if (unit === undefined || kelvin?.unit !== 'K') {
    // The number is kept: a policy may tell somebody of 39 without a unit.
    const measured = { loinc: codeOf(input), value, unit: unit ?? '', ...(comparator ? { comparator } : {}) };
    return { is: 'open', reason: 'unit-unknown', missing: 'value', quality: 'unit-unknown', measured };
  }
  const measured = measuredOf(input, value, unit, kelvin.value);
  const { min, max } = DATA.fever.plausible;
  if (kelvin.value < inKelvin(min) || kelvin.value > inKelvin(max)) {
    return { is: 'open', reason: 'value-implausible', missing: 'value', quality: 'value-implausible', measured };
  }
  const threshold = inKelvin(DATA.fever.threshold.value);
  switch (comparator) {
    case undefined:
      return { is: kelvin.value >= threshold ? 'there' : 'absent', measured };
    case '>':
    case '>=':
      return kelvin.value >= threshold ? { is: 'there', measured } : bounded(measured);
    case '<':
      return kelvin.value <= threshold ? { is: 'absent', measured } : bounded(measured);
    case '<=':
      return kelvin.value < threshold ? { is: 'absent', measured } : bounded(measured);
  }
}

/** A bound on the wrong side of the threshold leaves both open. */
const bounded = (measured: Measured): Told => ({ is: 'open', reason: 'no-value', missing: 'value', measured });

const codeOf = ({ loinc }: MeasuredInput): string => loinc.find((code) => DATA.fever.loinc.includes(code)) ?? '';

function measuredOf(input: MeasuredInput, value: number, unit: string, kelvin: number): Measured {
  return {
    loinc: codeOf(input),
    value,
    unit,
    ...(input.comparator ? { comparator: input.comparator } : {}),
    ...(unit === 'Cel' ? {} : { canonical: Number((kelvin - 273.15).toFixed(3)), canonicalUnit: 'Cel' }),
  };
}

/** Source: UCUM 2.1, section 4, definition of the unit Cel. Rounded as canonicalQuantity rounds, so that equal stays equal. */
const inKelvin = (celsius: number): number => canonicalQuantity(celsius, 'Cel')?.value ?? Number.NaN;
