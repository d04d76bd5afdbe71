import type { Observation, Range } from '@medplum/fhirtypes';
import { quantityOf } from './gradings/ctcae-measured.ts';
import { bareNumber } from './gradings/emergency-fever.ts';
import type { MeasuredInput } from './gradings/measured.ts';

/** What an amount of an Observation, or of a component of one, was read as. */
export type Reading = Pick<MeasuredInput, 'value' | 'upTo' | 'comparator' | 'unit' | 'unclear'>;

/** An Observation, or a component of one: what it says stands in one of its elements `value…`. */
export type Valued = Pick<
  Observation,
  'valueQuantity' | 'valueInteger' | 'valueRange' | 'valueString' | 'valueCodeableConcept'
>;

/** A value that nobody reads here. It is not nothing: what it would have told stays open. */
export const UNCLEAR: Reading = { unclear: true };

/** Something that has been said, and no amount. */
const NOTHING: Reading = {};

const ABSENT = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';

/**
 * The amount that was measured, exact or between bounds; undefined where there is no value at all. A text is never taken for a grade, nor a
 * code for its meaning. Only of a temperature a text that is nothing but a number is that number without a unit, as an integer is.
 */
export function readingOf(part: Valued, isTemperature: boolean): Reading | undefined {
  const { valueQuantity, valueInteger, valueRange, valueString, valueCodeableConcept } = part;
  if (valueQuantity) return quantityOf(valueQuantity) ?? NOTHING;
  if (valueInteger !== undefined) return { value: valueInteger };
  if (valueRange) return ofRange(valueRange);
  if (valueString !== undefined) {
    const value = isTemperature ? bareNumber(valueString) : undefined;
    return value === undefined ? UNCLEAR : { value };
  }
  if (valueCodeableConcept?.coding?.some(({ system }) => system === ABSENT)) return NOTHING;
  return Object.keys(part).some((name) => /^value[A-Z]/.test(name)) ? UNCLEAR : undefined;
}

/**
 * A range of which one end is not told is a bound. Where the ends have two units, which FHIR does not allow, the lower end is a bound too: what
 * lies within the range lies above it. Source: HL7 FHIR R4 4.0.1, Range; invariant rng-2.
 */
function ofRange({ low, high }: Range): Reading {
  const [least, most] = [quantityOf(low), quantityOf(high)];
  if (least?.comparator || most?.comparator) return UNCLEAR;
  if (!least) return most ? { ...most, comparator: '<=' } : NOTHING;
  if (!most || most.unit !== least.unit) return { ...least, comparator: '>=' };
  if (most.value < least.value) return UNCLEAR;
  return most.value === least.value ? least : { ...least, upTo: most.value };
}
