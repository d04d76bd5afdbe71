import type { Observation, Quantity } from '@medplum/fhirtypes';
import { LOINC } from '../fhir/canonical.ts';
import { TERMS } from '../rules/resources/codes.ts';
import { identifierOf, localTime } from './entry.ts';
import type { Random } from './random.ts';

/** What a synthetic laboratory measures. Limits are those of this laboratory of ours; unremarkable values lie about `usual`. */
interface Analyte {
  name: string;
  loinc: string;
  display: string;
  unit: string;
  low?: number;
  high: number;
  digits: number;
  usual: number;
  spread: number;
  /** It falls at mid-cycle. */
  falls: boolean;
  /** A severe value, the entry of the CTCAE table that grades it, and its grade by version. Source: NCI CTCAE v5.0 and v6.0. */
  severe: { value: number; term: string; grades: Readonly<Record<string, number>> };
}

/**
 * LOINC codes of our CTCAE table that were read in a source; neutrophils by the code of the French EDSH core data set. Of ALT only the
 * upper limit is measured against; without a recorded baseline its grade rests on that limit.
 */
export const ANALYTES: readonly [Analyte, ...Analyte[]] = [
  {
    name: 'neutrophils',
    loinc: '26499-4',
    display: 'Neutrophils',
    unit: '10*9/L',
    low: 1.8,
    high: 7.5,
    digits: 2,
    usual: 4.6,
    spread: 0.7,
    falls: true,
    severe: { value: 0.32, term: 'neutrophil_count_decreased', grades: { '5.0': 4, '6.0': 3 } },
  },
  {
    name: 'platelets',
    loinc: '777-3',
    display: 'Platelets',
    unit: '10*9/L',
    low: 150,
    high: 400,
    digits: 0,
    usual: 250,
    spread: 25,
    falls: true,
    severe: { value: 18, term: 'platelet_count_decreased', grades: { '5.0': 4, '6.0': 3 } },
  },
  {
    name: 'haemoglobin',
    loinc: '718-7',
    display: 'Hemoglobin',
    unit: 'g/dL',
    low: 12,
    high: 16,
    digits: 1,
    usual: 12.4,
    spread: 0.7,
    falls: false,
    severe: { value: 7.1, term: 'anemia', grades: { '5.0': 3, '6.0': 3 } },
  },
  {
    name: 'creatinine',
    loinc: '14682-9',
    display: 'Creatinine',
    unit: 'umol/L',
    low: 50,
    high: 105,
    digits: 0,
    usual: 76,
    spread: 8,
    falls: false,
    severe: { value: 420, term: 'creatinine_increased', grades: { '5.0': 3, '6.0': 3 } },
  },
  {
    name: 'alt',
    loinc: '1742-6',
    display: 'Alanine aminotransferase',
    unit: 'U/L',
    high: 40,
    digits: 0,
    usual: 26,
    spread: 5,
    falls: false,
    severe: { value: 330, term: 'alt_increased', grades: { '5.0': 3, '6.0': 3 } },
  },
];

/** Those whose severe value has one grade whatever else is known: ALT also asks for a baseline. */
export const PLANTABLE = ANALYTES.filter(({ name }) => name !== 'alt');

/** A fever at home, and the emergency that it is. Source: NCI CTCAE v5.0 and v6.0, Fever: 38.0 - 39.0 degrees C is grade 1. */
export const FEVER = {
  celsius: 38.6,
  term: 'fever',
  grades: { '5.0': 1, '6.0': 1 },
  flag: `${TERMS.emergency}|fever`,
} as const;

/** An unremarkable value of an analyte; `fall` is the share by which it is lower at this point of a cycle. */
export function ordinaryValue({ usual, spread, digits, falls }: Analyte, random: Random, fall: number): number {
  const value = (usual + spread * random.normal()) * (falls ? 1 - fall : 1);
  return Number(Math.max(value, usual / 4).toFixed(digits));
}

/** One laboratory result with the laboratory's limits of normal. */
export function labResult(id: string, patient: string, millis: number, analyte: Analyte, value: number): Observation {
  const limit = (number: number): Quantity => quantity(number, analyte.unit);
  return {
    ...measured(id, patient, millis, 'laboratory', { code: analyte.loinc, display: analyte.display }),
    valueQuantity: quantity(value, analyte.unit),
    referenceRange: [{ ...(analyte.low === undefined ? {} : { low: limit(analyte.low) }), high: limit(analyte.high) }],
  };
}

/** A reading at home. LOINC and UCUM codes are those of the R4 vital-signs profiles bodytemp and bodyweight. */
export function homeReading(
  id: string,
  patient: string,
  millis: number,
  what: 'temperature' | 'weight',
  value: number,
): Observation {
  const { code, display, unit } = READINGS[what];
  return { ...measured(id, patient, millis, 'vital-signs', { code, display }), valueQuantity: quantity(value, unit) };
}

const READINGS = {
  temperature: { code: '8310-5', display: 'Body temperature', unit: 'Cel' },
  weight: { code: '29463-7', display: 'Body weight', unit: 'kg' },
} as const;

const measured = (
  id: string,
  patient: string,
  millis: number,
  category: 'laboratory' | 'vital-signs',
  { code, display }: { code: string; display: string },
): Observation => ({
  resourceType: 'Observation',
  id,
  identifier: [identifierOf(id)],
  status: 'final',
  category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: category }] }],
  code: { coding: [{ system: LOINC, code, display }] },
  subject: { reference: `Patient/${patient}` },
  effectiveDateTime: localTime(millis),
});

const quantity = (value: number, code: string): Quantity => ({
  value,
  unit: code,
  system: 'http://unitsofmeasure.org',
  code,
});
