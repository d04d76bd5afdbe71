import type { Observation, ObservationComponent, Quantity } from '@medplum/fhirtypes';
import { LOINC } from '../../fhir/canonical.ts';
import { UCUM } from '../../fhir/ucum.ts';
import { type Finding, type Measured, termKey } from '../finding.ts';
import { factComponents } from './clinical-facts.ts';
import { SYSTEM, TERMS } from './codes.ts';
import type { Label, Language } from './labels.ts';
import { findingFrame, type ObservationContext } from './observation.ts';
import { structuredComponents } from './structured.ts';

/**
 * The Observation of a CTCAE grade or of an emergency, without id, versionId and lastUpdated. `valueInteger` is the grade 0-4 (of an
 * emergency 1 there, 0 not there); where no one grade is certain there is a `dataAbsentReason`, and what stays certain in the extension
 * `at-least`. Value, limits of normal, baseline or answers that it was graded by are components. It is of the moment of the measurement.
 * Source: HL7 FHIR R4 4.0.1, Observation, invariants obs-6 and obs-7.
 */
export function gradedObservation(finding: Finding, context: ObservationContext): Observation {
  const { measured, structured } = finding;
  const term = context.labels.term(termKey(finding));
  const baseline = measured?.baseline?.source;
  const from = [context.source, ...(baseline ? [`${baseline.type}/${baseline.id}`] : [])];
  return findingFrame(finding, context, {
    code: {
      coding: [{ system: TERMS[finding.system], version: finding.version, code: finding.term, display: term.en }],
      text: term.result[context.language],
    },
    effective: { effectiveDateTime: context.effective.end },
    from: [...new Set(from)],
    component: [
      ...(measured ? componentsOf(measured, context.language) : []),
      ...(measured?.facts ? factComponents(measured.facts, context.language) : []),
      ...(structured ? structuredComponents(finding.term, structured, context.language) : []),
    ],
  });
}

type InputCode = 'value' | 'canonical-value' | 'lower-limit' | 'upper-limit' | 'baseline' | 'beside';

/** As CodeSystem `graded-input` has them. The French is our own. */
const INPUT: Readonly<Record<InputCode, Label>> = {
  value: { en: 'Value as received', fr: 'Valeur reçue' },
  'canonical-value': { en: 'Value in the unit of the table', fr: 'Valeur dans l’unité de la table' },
  'lower-limit': { en: 'Lower limit of normal', fr: 'Limite inférieure de la normale' },
  'upper-limit': { en: 'Upper limit of normal', fr: 'Limite supérieure de la normale' },
  baseline: { en: 'Recorded baseline', fr: 'Valeur de référence enregistrée' },
  beside: { en: 'Value measured beside it', fr: 'Valeur mesurée en même temps' },
};

function componentsOf(measured: Measured, language: Language): ObservationComponent[] {
  const { value, upTo, unit, comparator, canonical, canonicalUnit, low, high, baseline, beside = [] } = measured;
  const coded = (code: InputCode, loinc?: string): Pick<ObservationComponent, 'code'> => ({
    code: {
      coding: [
        { system: SYSTEM.gradedInput, code, display: INPUT[code].en },
        ...(loinc === undefined ? [] : [{ system: LOINC, code: loinc }]),
      ],
      ...(language === 'en' ? {} : { text: INPUT[code][language] }),
    },
  });
  const of = (code: InputCode, quantity: Quantity, loinc?: string): ObservationComponent => ({
    ...coded(code, loinc),
    valueQuantity: quantity,
  });
  return [
    upTo === undefined
      ? of('value', { ...(comparator ? { comparator } : {}), ...quantity(value, unit) }, measured.loinc)
      : { ...coded('value', measured.loinc), valueRange: { low: quantity(value, unit), high: quantity(upTo, unit) } },
    ...(upTo !== undefined || canonical === undefined || canonicalUnit === undefined || canonicalUnit === unit
      ? []
      : [of('canonical-value', quantity(canonical, canonicalUnit))]),
    ...(low === undefined ? [] : [of('lower-limit', quantity(low, unit))]),
    ...(high === undefined ? [] : [of('upper-limit', quantity(high, unit))]),
    ...(baseline === undefined ? [] : [of('baseline', quantity(baseline.value, baseline.unit))]),
    ...beside.map((one) => of('beside', quantity(one.value, one.unit), one.loinc)),
  ];
}

const quantity = (value: number, unit: string): Quantity =>
  unit === '' ? { value } : { value, unit, system: UCUM, code: unit };
