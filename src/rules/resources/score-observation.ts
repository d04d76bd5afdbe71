import type { CodeableConcept, Coding, Extension, Observation } from '@medplum/fhirtypes';
import { LOINC } from '../../fhir/canonical.ts';
import { UCUM } from '../../fhir/ucum.ts';
import { type NoScore, SCORE, type Score } from '../gradings/scores/score.ts';
import { type AbsentReason, absentConcept, EXTENSION } from './codes.ts';
import { observationFrame } from './observation.ts';

/** What the Observation of a score says beside the score. References are relative, `Type/id`. */
export interface ScoreContext {
  patient: string;
  /** The response that was scored. */
  source: string;
  /** The rule engine. */
  device: string;
  /** The moment of the response, as its author wrote it. */
  effective: string;
  status: 'final' | 'amended';
  issued: string;
  /** Who answered, where the response says so. */
  performer?: string;
  tags?: readonly Coding[];
}

/**
 * The Observation of one score, without id. A score that cannot be told has a `dataAbsentReason`, and what every completion of the missing
 * answers leaves possible in the extension `at-least`; the band is an interpretation. Source: HL7 FHIR R4 4.0.1, Observation.
 */
export function scoreObservation(score: Score, context: ScoreContext): Observation {
  return observationFrame({
    ...context,
    extension: rangeOf(score),
    category: 'survey',
    code: codeOf(score),
    effective: { effectiveDateTime: context.effective },
    result: {
      ...resultOf(score),
      ...(score.band ? { interpretation: [{ coding: [{ system: SCORE, code: score.band }] }] } : {}),
    },
    method: { system: score.system, version: score.version },
    source: [context.source],
  });
}

const codeOf = ({ code, loinc }: Score): CodeableConcept => ({
  coding: [{ system: SCORE, code }, ...(loinc ? [{ system: LOINC, code: loinc }] : [])],
});

function resultOf({ value, profile, unit, reason }: Score): Partial<Observation> {
  if (profile !== undefined) return { valueString: profile };
  if (value !== undefined) return { valueQuantity: { value, unit: 'score', system: UCUM, code: unit } };
  return { dataAbsentReason: absentConcept(ABSENT[reason ?? 'incomplete']) };
}

const ABSENT: Readonly<Record<NoScore, AbsentReason>> = {
  'not-answered': 'unknown',
  'opted-out': 'asked-declined',
  incomplete: 'unknown',
  'not-asked': 'not-asked',
  'ambiguous-item': 'error',
};

/** Bounds are told where they are whole numbers, as those of sums are. */
function rangeOf({ value, range, missing }: Score): Extension[] {
  if (value !== undefined || !range || !Number.isInteger(range.min) || !Number.isInteger(range.max)) return [];
  return [
    {
      url: EXTENSION.atLeast,
      extension: [
        { url: 'min', valueInteger: range.min },
        { url: 'max', valueInteger: range.max },
        ...missing.map((code) => ({ url: 'missing', valueCode: code })),
      ],
    },
  ];
}
