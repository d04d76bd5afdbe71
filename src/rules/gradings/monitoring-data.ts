import json from '../../../profiles/gradings/monitoring.json' with { type: 'json' };
import { lowest, type Outcome } from '../finding.ts';
import type { Label, Language } from '../resources/labels.ts';
import type { GradingData, GradingSource } from './grading.ts';

/** One thing that is told of the reporting itself. */
export interface MonitoringTermData extends Label {
  code: string;
  definition: string;
  /** What a Flag says of it, where it is so and where it is no longer. The French is our own. */
  is: Label;
  isNot: Label;
}

/** The data file: terms and labels. It holds no thresholds, since no source gives any. */
export interface MonitoringData extends GradingData {
  source: readonly GradingSource[];
  terms: readonly MonitoringTermData[];
}

export const DATA: MonitoringData = json;

/** Every term. */
export const MONITORING_TERMS: readonly MonitoringTermData[] = DATA.terms;

/** What a Flag says of a term; an open grade is told as what cannot be excluded, since an episode is only there where a policy said so. */
export function monitoringText(term: string, outcome: Outcome, language: Language): string {
  const said = MONITORING_TERMS.find(({ code }) => code === term);
  if (!said) return term;
  const isSo = outcome.kind === 'at-least' || (lowest(outcome) ?? 0) > 0;
  return (isSo ? said.is : said.isNot)[language];
}

/** Everything that is wrong with the data; empty when it is whole. */
export function monitoringFaults({ terms }: MonitoringData): readonly string[] {
  const faults: string[] = [];
  if (new Set(terms.map(({ code }) => code)).size !== terms.length) faults.push('a code stands twice');
  for (const { code, en, fr, definition, is, isNot } of terms) {
    if (![en, fr, definition, is.en, is.fr, isNot.en, isNot.fr].every(Boolean))
      faults.push(`${code}: a text is missing`);
    if (code.includes('@')) faults.push(`${code}: keys of terms hold an @ before the form`);
  }
  return faults;
}
