import { canonicalQuantity } from '../../fhir/ucum.ts';
import type { DataQuality, Measured, MissingFact, NotGradable } from '../finding.ts';
import { DATA } from './emergency-data.ts';
import { compare, point, rangeOf } from './ladder-range.ts';
import type { MeasuredInput } from './measured.ts';

/** What one sign of an emergency says: it is there, it is not, it may be, or why nothing can be told. */
export type Told =
  | { is: 'there' | 'absent'; measured?: Measured }
  | { is: 'open'; reason: NotGradable; missing: 'presence' | MissingFact; quality?: DataQuality; measured?: Measured };

/** Whether a result is a temperature that fever is told by. */
export const isTemperature = ({ loinc }: Pick<MeasuredInput, 'loinc'>): boolean =>
  loinc.some((code) => DATA.fever.loinc.includes(code));

/**
 * Fever from one temperature: 38.0 °C or above, after conversion from any UCUM unit of temperature. A bound or a range is fever where all of it
 * is, none where none of it is, and open in between. What no patient can have (most often a wrong unit) is open and never "no fever", and so is
 * a text or a code. Source: NCI CTCAE v5.0, Fever; ASTCT 2019, prerequisite of CRS.
 */
export function feverOf(input: MeasuredInput): Told {
  const { value, upTo, unit, comparator } = input;
  if (value === undefined) {
    return input.unclear ? unclear() : { is: 'open', reason: 'no-value', missing: 'value' };
  }
  const kelvin = unit === undefined ? undefined : canonicalQuantity(value, unit);
  if (unit === undefined || kelvin?.unit !== 'K') {
    // The number is kept: a policy may tell somebody of 39 without a unit.
    const measured = { loinc: codeOf(input), value, unit: unit ?? '', ...endsOf(input) };
    return { is: 'open', reason: 'unit-unknown', missing: 'value', quality: 'unit-unknown', measured };
  }
  const measured = measuredOf(input, value, unit, kelvin.value);
  const end = upTo === undefined ? undefined : canonicalQuantity(upTo, unit)?.value;
  const there = compare(rangeOf(kelvin.value, comparator, end), '>=', point(inKelvin(DATA.fever.threshold.value)));
  // Whatever stands above what is fever already takes nothing away from it.
  if (isImplausible(kelvin.value) || (end !== undefined && there !== true && isImplausible(end))) {
    return { is: 'open', reason: 'value-implausible', missing: 'value', quality: 'value-implausible', measured };
  }
  return there === undefined ? unclear(measured) : { is: there ? 'there' : 'absent', measured };
}

/** Whether a number without a unit can only be a fever: read in degrees Celsius or in degrees Fahrenheit, in which no other temperature is as high. */
export function isOnlyFever(value: number): boolean {
  const { threshold, plausible } = DATA.fever;
  const isFever = (celsius: number): boolean => celsius >= threshold.value && celsius <= plausible.max;
  return isFever(value) || isFever(Number(((value - 32) / 1.8).toFixed(3)));
}

/**
 * The number of a text that is nothing but a number, with or without a sign of degrees. Whatever else is said in words is not read: 38 is no
 * fever in "below 38".
 */
export const bareNumber = (text: string): number | undefined => {
  const [, digits] = /^\s*(\d{1,4}(?:[.,]\d+)?)\s*(?:[°º]?\s*(?:C|F|Cel)?|[℃℉])\s*$/i.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits.replace(',', '.'));
};

/** What was said does not tell; both stay open. */
const unclear = (measured?: Measured): Told => ({
  is: 'open',
  reason: 'value-unclear',
  missing: 'value',
  quality: 'value-unclear',
  ...(measured ? { measured } : {}),
});

function isImplausible(kelvin: number): boolean {
  const { min, max } = DATA.fever.plausible;
  return kelvin < inKelvin(min) || kelvin > inKelvin(max);
}

const endsOf = ({ comparator, upTo }: MeasuredInput): Pick<Measured, 'comparator' | 'upTo'> => ({
  ...(comparator ? { comparator } : {}),
  ...(upTo === undefined ? {} : { upTo }),
});

const codeOf = ({ loinc }: MeasuredInput): string => loinc.find((code) => DATA.fever.loinc.includes(code)) ?? '';

function measuredOf(input: MeasuredInput, value: number, unit: string, kelvin: number): Measured {
  return {
    loinc: codeOf(input),
    value,
    unit,
    ...endsOf(input),
    ...(unit === 'Cel' ? {} : { canonical: Number((kelvin - 273.15).toFixed(3)), canonicalUnit: 'Cel' }),
  };
}

/** Source: UCUM 2.1, section 4, definition of the unit Cel. Rounded as canonicalQuantity rounds, so that equal stays equal. */
const inKelvin = (celsius: number): number => canonicalQuantity(celsius, 'Cel')?.value ?? Number.NaN;
