import type { MedicationStatement, Observation, Patient, QuestionnaireResponse } from '@medplum/fhirtypes';
import { CANONICAL } from '../fhir/canonical.ts';

/** Which cohort: the same options give the same bytes. */
export interface CohortOptions {
  patients: number;
  weeks: number;
  seed: number;
  /** Calendar day on which the first patients begin, `YYYY-MM-DD`; others follow within four weeks. */
  start: string;
}

/** In the past of whoever runs it, so that a half-year cohort lies there whole. */
export const START = '2025-01-06';

/**
 * One thing that reaches the service. Ids are the cohort's own: they hold the references together, and whoever posts replaces them by those
 * that the service gives. `duplicate` is the same response sent again after an answer that was lost.
 */
export type Entry = { arrives: string; planted?: Planted } & (
  | { kind: 'patient'; resource: Patient }
  | { kind: 'treatment'; resource: MedicationStatement }
  | { kind: 'response' | 'duplicate' | 'amendment'; resource: QuestionnaireResponse }
  | { kind: 'lab' | 'vital'; resource: Observation }
);

/** A severe event that was put in on purpose, and what has to be found of it. */
export interface Planted {
  kind: 'symptom' | 'lab' | 'vital';
  how: 'on-time' | 'late' | 'duplicated' | 'amended';
  /** Ids of the cohort: the patient, and the response or Observation that tells it. */
  patient: string;
  source: string;
  /** Symptom time, or when it was measured. */
  at: string;
  /** The term in our CodeSystem, and the grade that the published table gives: by version where versions differ. */
  system: 'pro-ctcae' | 'ctcae';
  term: string;
  grades: Readonly<Record<string, number>>;
  /** Code of the Flag that has to stand for it, `system|code`; absent where no policy that ships must open one. */
  flag?: string;
}

/** Identifiers of all that a cohort posts: what was posted before is found by them, and not made again. */
export const IDENTIFIERS = `${CANONICAL}/NamingSystem/synthetic-cohort`;

/** The identifier of one resource of a cohort, by its id. */
export const identifierOf = (id: string): { system: string; value: string } => ({ system: IDENTIFIERS, value: id });

export const HOUR_MILLIS = 3_600_000;
export const DAY_MILLIS = 24 * HOUR_MILLIS;

/** A moment as a patient's phone writes it, at an offset of one hour. */
export const localTime = (millis: number): string =>
  new Date(millis + HOUR_MILLIS).toISOString().replace(/\.\d+Z$/, '+01:00');
