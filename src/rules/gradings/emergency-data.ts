import json from '../../../profiles/gradings/emergency.json' with { type: 'json' };
import { CANONICAL } from '../../fhir/canonical.ts';
import type { Label } from '../resources/labels.ts';
import type { GradingData, GradingSource } from './grading.ts';

/** Our CodeSystem of emergencies: results, and the questions that ask them. */
export const EMERGENCY = `${CANONICAL}/CodeSystem/emergency`;

/** What must not wait for grading. */
export interface EmergencyTerm extends Label {
  code: string;
  /** The yes/no item that asks it; the label is our own. */
  ask: Label & { code: string };
  definition: string;
  why: string;
  /** Ids of `source`. */
  sources: readonly string[];
  confidence: string;
}

/** The data file: thresholds and codes with their sources and how far each is trusted. */
export interface EmergencyData extends GradingData {
  source: readonly (GradingSource & { read: string })[];
  confidence: Readonly<Record<string, string>>;
  fever: {
    term: string;
    loinc: readonly string[];
    threshold: { op: '>='; value: number; unit: 'Cel' };
    /** Our own limits of data quality, inclusive. */
    plausible: { min: number; max: number; unit: 'Cel' };
  };
  phq9Item9: {
    term: string;
    loinc: string;
    present: { op: '>'; value: number };
    answers: readonly { code: string; value: number }[];
  };
  /** Structured answers by which CTCAE grades that tell an emergency too. */
  structured: readonly StructuredSign[];
  terms: readonly EmergencyTerm[];
}

/**
 * What the answer to a structured question, `code` of our CodeSystem `ctcae-answer`, says of a term: with `there`, that answer is there and any
 * other is not; with `absent`, that answer is not there and any other says nothing.
 */
export type StructuredSign = { term: string; code: string; basis: string } & (
  | { there: string | boolean }
  | { absent: string | boolean }
);

// The compiler reads every string of the file as `string`; that the values are those named above is checked at start.
export const DATA = json as unknown as EmergencyData;

/** Every term, in the order in which findings are given. */
export const EMERGENCY_TERMS: readonly EmergencyTerm[] = DATA.terms;

/** Everything that is wrong with the data; empty when it is whole. */
export function emergencyFaults(data: EmergencyData): readonly string[] {
  const faults: string[] = [];
  const known = new Set(data.source.map(({ id }) => id));
  const codes = data.terms.flatMap(({ code, ask }) => [code, ask.code]);
  if (new Set(codes).size !== codes.length) faults.push('a code stands twice');
  for (const { code, en, fr, ask, sources, confidence } of data.terms) {
    if (!en || !fr || !ask.en || !ask.fr) faults.push(`${code}: a label is missing`);
    if (sources.length === 0 || sources.some((id) => !known.has(id)))
      faults.push(`${code}: no source, or an unknown one`);
    if (!confidence || confidence.includes('from memory')) faults.push(`${code}: not to be active from memory`);
  }
  for (const { code, basis } of data.structured) if (!basis) faults.push(`${code}: no basis`);
  for (const { term } of [data.fever, data.phq9Item9, ...data.structured]) {
    if (!data.terms.some(({ code }) => code === term)) faults.push(`${term} is no term`);
  }
  const { threshold, plausible } = data.fever;
  if (threshold.op !== '>=' || threshold.unit !== 'Cel' || plausible.unit !== 'Cel') faults.push('fever: op or unit');
  if (!(plausible.min < threshold.value && threshold.value < plausible.max)) faults.push('fever: limits out of order');
  if (data.phq9Item9.present.op !== '>') faults.push('PHQ-9 item 9: op');
  if (data.phq9Item9.answers.map(({ value }) => value).join() !== '0,1,2,3') faults.push('PHQ-9 item 9: answers');
  for (const [fact, trust] of Object.entries(data.confidence)) {
    if (trust.includes('from memory')) faults.push(`${fact}: not to be active from memory`);
  }
  return faults;
}
