import type { QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
import { LOINC } from '../fhir/canonical.ts';
import type { Issue } from '../fhir/errors.ts';
import type { CompiledItem, CompiledQuestionnaire, ItemState } from '../fhir/questionnaire.ts';
import { UCUM } from '../fhir/ucum.ts';
import type { MeasuredInput } from './gradings/measured.ts';

/** A vital sign as the R4 profiles fix it. */
export interface VitalSign {
  /** LOINC code that the profile fixes, and its display. */
  loinc: string;
  display: string;
  /** Codes of the same measurement that an item may carry beside or in place of it. */
  also?: readonly { loinc: string; display: string }[];
  /** UCUM codes that the profile allows. */
  units: readonly string[];
  /** Canonical url of the profile; of a component that of its panel. */
  profile: string;
  /** Component of a blood pressure. */
  panel?: typeof BLOOD_PRESSURE.loinc;
}

const PROFILE = 'http://hl7.org/fhir/StructureDefinition';

/** The panel of which systolic and diastolic are components. Source: HL7 FHIR R4 4.0.1, StructureDefinition bp. */
export const BLOOD_PRESSURE = {
  loinc: '85354-9',
  display: 'Blood pressure panel with all children optional',
  profile: `${PROFILE}/bp`,
} as const;

/**
 * Vital signs that a form may ask. Source: HL7 FHIR R4 4.0.1, StructureDefinitions bodytemp, bodyweight, oxygensat, heartrate and bp (fixed
 * codes and units, with the value sets ucum-bodytemp and ucum-bodyweight); 59408-5 beside 2708-6: R4 example Observation satO2.
 */
export const VITAL_SIGNS: readonly VitalSign[] = [
  { loinc: '8310-5', display: 'Body temperature', units: ['Cel', '[degF]'], profile: `${PROFILE}/bodytemp` },
  { loinc: '29463-7', display: 'Body weight', units: ['kg', '[lb_av]', 'g'], profile: `${PROFILE}/bodyweight` },
  {
    loinc: '2708-6',
    display: 'Oxygen saturation in Arterial blood',
    also: [{ loinc: '59408-5', display: 'Oxygen saturation in Arterial blood by Pulse oximetry' }],
    units: ['%'],
    profile: `${PROFILE}/oxygensat`,
  },
  { loinc: '8867-4', display: 'Heart rate', units: ['/min'], profile: `${PROFILE}/heartrate` },
  {
    loinc: '8480-6',
    display: 'Systolic blood pressure',
    units: ['mm[Hg]'],
    profile: BLOOD_PRESSURE.profile,
    panel: BLOOD_PRESSURE.loinc,
  },
  {
    loinc: '8462-4',
    display: 'Diastolic blood pressure',
    units: ['mm[Hg]'],
    profile: BLOOD_PRESSURE.profile,
    panel: BLOOD_PRESSURE.loinc,
  },
];

/** One answer to an item that asks a vital sign; without `value` where the question was shown and stayed unanswered. */
export interface VitalReading extends MeasuredInput {
  sign: VitalSign;
  linkId: string;
}

const BY_CODE: ReadonlyMap<string, VitalSign> = new Map(
  VITAL_SIGNS.flatMap((sign) => [sign, ...(sign.also ?? [])].map(({ loinc }) => [loinc, sign] as const)),
);

/** The vital sign that an item asks, by its LOINC codes; never by its label. */
export function signOf({ codes, type }: CompiledItem): VitalSign | undefined {
  if (type !== 'quantity' && type !== 'decimal' && type !== 'integer') return undefined;
  for (const { system, code } of codes) {
    const sign = system === LOINC ? BY_CODE.get(code ?? '') : undefined;
    if (sign) return sign;
  }
  return undefined;
}

/** Every reading of a vital sign in a response, in the order of the form; items that its branching hides are left out. */
export function vitalReadings(states: readonly ItemState[]): VitalReading[] {
  return states.flatMap(({ item, enabled, answers }) => {
    const sign = enabled ? signOf(item) : undefined;
    if (!sign) return [];
    const codes = item.codes.flatMap(({ system, code }) =>
      system === LOINC && code && BY_CODE.has(code) ? [code] : [],
    );
    const base = { sign, linkId: item.linkId, loinc: [...new Set([sign.loinc, ...codes])] };
    return answers.length === 0 ? [base] : answers.map((answer) => ({ ...base, ...amountOf(answer, item) }));
  });
}

/**
 * The measurements of a response, one of each vital sign that was answered. A sign with several answers is left out: which of them is meant
 * nobody has said.
 */
export function measuredVitals(states: readonly ItemState[]): MeasuredInput[] {
  const answered = vitalReadings(states).filter(({ value }) => value !== undefined);
  return answered
    .filter(({ sign }) => answered.filter((other) => other.sign === sign).length === 1)
    .map(({ sign: _sign, linkId: _linkId, ...input }) => input);
}

/** The vital sign of a measurement, by its LOINC codes. */
export function signOfMeasured({ loinc }: Pick<MeasuredInput, 'loinc'>): VitalSign | undefined {
  const code = loinc.find((one) => BY_CODE.has(one));
  return code === undefined ? undefined : BY_CODE.get(code);
}

/** What a form with vital signs cannot tell, as warnings: it is stored all the same. */
export function vitalIssues(form: CompiledQuestionnaire): Issue[] {
  return [...form.items.values()].flatMap((item) => {
    const sign = signOf(item);
    if (!sign || item.type === 'quantity') return [];
    if (item.unit?.system === UCUM && sign.units.includes(item.unit.code ?? '')) return [];
    return [
      {
        severity: 'warning' as const,
        code: 'business-rule' as const,
        diagnostics: `Item ${item.linkId} asks ${sign.display.toLowerCase()} without a unit that can be read: expected the extension questionnaire-unit with ${sign.units.join(' or ')} of ${UCUM}; its answers are stored and not used`,
        expression: `Questionnaire.repeat(item).where(linkId = '${item.linkId.replace(/[\\']/g, '\\$&')}')`,
      },
    ];
  });
}

/** A number with its UCUM unit: that of the answer, or of the item where the answer is a bare number. */
function amountOf(
  { valueQuantity, valueDecimal, valueInteger }: QuestionnaireResponseItemAnswer,
  { unit }: CompiledItem,
): Pick<MeasuredInput, 'value' | 'comparator' | 'unit'> {
  if (valueQuantity) {
    const { value, comparator, system, code } = valueQuantity;
    return {
      ...(value === undefined ? {} : { value }),
      ...(comparator ? { comparator } : {}),
      ...(system === UCUM && code ? { unit: code } : {}),
    };
  }
  const value = valueDecimal ?? valueInteger;
  return {
    ...(value === undefined ? {} : { value }),
    ...(unit?.system === UCUM && unit.code ? { unit: unit.code } : {}),
  };
}
