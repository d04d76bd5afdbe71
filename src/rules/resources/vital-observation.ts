import type { CodeableConcept, Coding, Observation, Quantity } from '@medplum/fhirtypes';
import { LOINC } from '../../fhir/canonical.ts';
import { UCUM } from '../../fhir/ucum.ts';
import type { DataQuality } from '../finding.ts';
import { feverOf, isTemperature } from '../gradings/emergency-fever.ts';
import type { MeasuredInput } from '../gradings/measured.ts';
import { BLOOD_PRESSURE, signOfMeasured, VITAL_SIGNS, type VitalSign } from '../vital-signs.ts';
import { absentConcept } from './codes.ts';
import { dataQualityExtensions, observationFrame } from './observation.ts';

/** What extracted Observations say beside the measurement. References are relative, `Type/id`. */
export interface VitalContext {
  patient: string;
  /** The response that the measurement was an answer of. */
  source: string;
  /** The moment of the response, as its author wrote it. */
  effective: string;
  status: 'final' | 'amended' | 'entered-in-error';
  issued: string;
  /** Who answered, where the response says so. */
  performer?: string;
  tags?: readonly Coding[];
}

/** One extracted Observation, without id, and the LOINC code that its identity is made of. */
export interface VitalObservation {
  loinc: string;
  observation: Observation;
}

/** LOINC codes of everything that may be extracted from one response. */
export const EXTRACTED: readonly string[] = [
  ...VITAL_SIGNS.filter(({ panel }) => panel === undefined).map(({ loinc }) => loinc),
  BLOOD_PRESSURE.loinc,
];

/**
 * The vital signs among the measurements of a response as Observations of the R4 vital-signs profiles: both blood pressures in one panel.
 * What cannot be trusted (no unit of the profile, a temperature that no patient can have) is not passed on as a number: a
 * `dataAbsentReason` stands in its place, the number stays in the response.
 * Source: HL7 FHIR R4 4.0.1, StructureDefinition vitalsigns and those derived from it; invariants vs-1 to vs-3.
 */
export function vitalObservations(measured: readonly MeasuredInput[], context: VitalContext): VitalObservation[] {
  const signs = measured.flatMap((input) => {
    const sign = signOfMeasured(input);
    return sign ? [{ sign, input }] : [];
  });
  const single = signs
    .filter(({ sign }) => sign.panel === undefined)
    .map(({ sign, input }): VitalObservation => {
      const { result, quality } = resultOf(sign, input);
      return {
        loinc: sign.loinc,
        observation: { ...frame(context, sign.profile, codeOf(sign, input), quality), ...result },
      };
    });
  const pressures = signs.filter(({ sign }) => sign.panel !== undefined);
  return pressures.length === 0
    ? single
    : [...single, { loinc: BLOOD_PRESSURE.loinc, observation: panel(pressures, context) }];
}

const PARTS = ['8480-6', '8462-4'] as const;

/** Both components are there, since the profile asks for both: one that was not answered is said to be unknown. */
function panel(pressures: readonly { sign: VitalSign; input: MeasuredInput }[], context: VitalContext): Observation {
  const parts = PARTS.map((loinc) => {
    const found = pressures.find(({ sign }) => sign.loinc === loinc);
    const sign = found?.sign ?? signOfMeasured({ loinc: [loinc] });
    const { result, quality } = found ? resultOf(found.sign, found.input) : { result: unknown(), quality: [] };
    return { component: { code: concept([{ loinc, display: sign?.display ?? loinc }]), ...result }, quality };
  });
  const quality = [...new Set(parts.flatMap((part) => part.quality))];
  return {
    ...frame(context, BLOOD_PRESSURE.profile, concept([BLOOD_PRESSURE]), quality),
    component: parts.map(({ component }) => component),
  };
}

const frame = (
  context: VitalContext,
  profile: string,
  code: CodeableConcept,
  quality: readonly DataQuality[],
): Observation =>
  observationFrame({
    ...context,
    profile,
    extension: dataQualityExtensions(quality),
    category: 'vital-signs',
    code,
    effective: { effectiveDateTime: context.effective },
    source: [context.source],
  });

interface Result {
  result: Pick<Observation, 'valueQuantity' | 'dataAbsentReason'>;
  quality: readonly DataQuality[];
}

function resultOf({ units }: VitalSign, input: MeasuredInput): Result {
  const { value, unit, comparator } = input;
  if (value === undefined) return { result: unknown(), quality: [] };
  if (unit === undefined || !units.includes(unit)) return refused('unit-unknown');
  if (isTemperature(input)) {
    const told = feverOf(input);
    // A bound is passed on as it is, whether or not it tells of a fever.
    if (told.is === 'open' && told.quality && told.quality !== 'value-unclear') return refused(told.quality);
  }
  const quantity: Quantity = {
    value,
    ...(comparator ? { comparator } : {}),
    unit: UNIT_TEXT[unit] ?? unit,
    system: UCUM,
    code: unit,
  };
  return { result: { valueQuantity: quantity }, quality: [] };
}

const refused = (quality: DataQuality): Result => ({
  result: { dataAbsentReason: absentConcept('error') },
  quality: [quality],
});

const unknown = (): Result['result'] => ({ dataAbsentReason: absentConcept('unknown') });

/** How people read the units whose UCUM code they do not. */
const UNIT_TEXT: Readonly<Record<string, string>> = { Cel: '°C', '[degF]': '°F', '[lb_av]': 'lb', 'mm[Hg]': 'mmHg' };

/** The code that the profile fixes, then those that the item carried beside it. */
const codeOf = (sign: VitalSign, { loinc }: MeasuredInput): CodeableConcept =>
  concept([sign, ...(sign.also ?? []).filter((other) => loinc.includes(other.loinc))]);

const concept = (codes: readonly { loinc: string; display: string }[]): CodeableConcept => ({
  coding: codes.map(({ loinc, display }) => ({ system: LOINC, code: loinc, display })),
});
