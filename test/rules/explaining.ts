import type { Test } from 'tap';
import { fold } from '../../src/rules/episodes.ts';
import { type Explanation, explain } from '../../src/rules/explain.ts';
import { type Finding, type Report, type ReportFacts, termKey } from '../../src/rules/finding.ts';
import { compilePolicy, type Policy } from '../../src/rules/policy.ts';
import { decisionRecord, readRecord } from '../../src/rules/record.ts';
import { allLabels } from '../../src/rules/resources/all-labels.ts';
import { englishIn } from '../support/english.ts';
import { type ActionSpec, plan, report } from './builders.ts';

const labels = allLabels();

/** A policy of these actions, woken by responses and by what is measured. */
export function policyOf(...actions: ActionSpec[]): Policy {
  const asks = plan(actions);
  const trigger = (['QuestionnaireResponse', 'Observation'] as const).map((type) => ({
    type: 'data-added' as const,
    data: [{ type }],
  }));
  return compilePolicy({ ...asks, action: asks.action?.map((one) => ({ ...one, trigger })) });
}

/** Why the first term of the last of these reports came out as it did; `held`: of the policies those that are still at hand. */
export function explainedOf(
  reports: readonly Report[],
  policies: readonly Policy[],
  language: 'en' | 'fr' = 'en',
  held: readonly Policy[] = policies,
): Explanation {
  const last = reports.at(-1);
  const [finding] = last?.findings ?? [];
  if (!last || !finding) throw new Error('nothing was reported');
  const { steps } = fold(reports, policies, last.person ?? {});
  const { text } = decisionRecord({
    engine: { name: 'vigie', version: '0.1.0' },
    fhirpathVersion: '5.2.0',
    gradings: [{ system: finding.system, version: finding.version, digest: 'b' }],
    policies,
    source: last.source,
    patient: { reference: 'Patient/p', version: 1 },
    report: last,
    steps: steps.filter(({ source }) => source.id === last.source.id),
  });
  const told = explain(readRecord(text), termKey(finding), {
    labels,
    language,
    policies: held,
    patient: last.person ?? {},
  });
  if (!told) throw new Error('the record does not hold the term');
  return told;
}

/** What is said of thresholds: the text from its first word of them to what comes after. */
export function thresholdsIn(text: string): string {
  return (
    /(?:Thresholds|Seuils) .*?(?= (?:Undecided|Indécidable,|No longer|Le contenu|What would|Ce qui aurait|No answer or|Aucune réponse ou|Versions))/.exec(
      text,
    )?.[0] ?? ''
  );
}

/** What is known of the treatment of a patient. */
export const under = (treatments: Omit<NonNullable<ReportFacts['treatments']>, 'codes'>): Partial<Report> => ({
  facts: { treatments: { codes: [], ...treatments } },
});

/** A condition, asked of one finding of a report, and what is said of its thresholds in English and French; the action is `it`. */
export type ThresholdCase = [
  name: string,
  expression: string,
  finding: Finding,
  extra: Partial<Report>,
  en: string,
  fr?: string,
];

/** Whatever is said in French holds no English. */
export function tellsThresholds(t: Test, cases: readonly ThresholdCase[]): void {
  for (const [name, expression, finding, extra, en, fr] of cases) {
    const told = (language: 'en' | 'fr'): string =>
      thresholdsIn(
        explainedOf([{ ...report('03-05', finding), ...extra }], [policyOf({ id: 'it', expression })], language).text,
      );
    t.equal(told('en'), en, `${name}: ${expression}`);
    const french = told('fr');
    if (fr !== undefined) t.equal(french, fr, name);
    t.same(englishIn(french), [], french);
  }
}
