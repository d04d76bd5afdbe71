import type { Coding } from '@medplum/fhirtypes';
import type { Finding, Report } from '../rules/finding.ts';
import type { Score } from '../rules/gradings/scores/score.ts';
import { UNVALIDATED_WORDING } from '../rules/resources/codes.ts';
import type { ReportRow } from '../store/write.ts';
import type { Dated } from '../symptom-time.ts';
import { readFindings, type StoredFindings, storeFindings } from './stored-findings.ts';
import { readCanonicals, type StoredCanonical, storeCanonicals } from './stored-policies.ts';

/** A report with what the resources derived from it have to say of its form and its clock. */
export interface StoredReport {
  report: Report;
  /** As its author has the moment, also where receipt time stands in its place. */
  authored: string;
  clockAhead: boolean;
  unvalidatedWording: boolean;
  /** What the fold last made of its measured values: as its derived Observations say. Absent where it has none. */
  graded?: readonly Finding[];
  /** Scores of other questionnaires than those that are graded; nothing is decided by them. */
  scores?: readonly Score[];
  /** Who measured: kept where a changed baseline may write its Observations anew. */
  performer?: string;
}

/** All that a report said: what was answered, and what the fold made of the measured values. */
export const findingsOf = ({ report, graded }: StoredReport): readonly Finding[] =>
  graded === undefined ? report.findings : [...report.findings, ...graded];

/** The row of a report. */
export const rowOf = (stored: StoredReport): ReportRow => {
  const { source, at } = stored.report;
  return { type: source.type, id: source.id, at, content: writeReport(stored) };
};

/** The text of a report row. */
export function writeReport(stored: StoredReport): string {
  const { report, authored, clockAhead, unvalidatedWording, graded, scores, performer } = stored;
  const { source, form, at, day, baseline, findings, policies, measured, ctcae, baselines, expected, tick, facts } =
    report;
  const { draft, slots, seconds, person } = report;
  const { system, version } = findings[0] ?? { system: 'pro-ctcae' as const, version: '' };
  const kept: Kept = {
    source: source.type === MOST.type ? [source.id, source.version] : [source.id, source.version, source.type],
    ...(form === undefined ? {} : { form }),
    at,
    ...(day === at.slice(0, 10) ? {} : { day }),
    ...(authored === at ? {} : { authored }),
    ...(clockAhead ? { clockAhead } : {}),
    ...(baseline ? { baseline } : {}),
    ...(unvalidatedWording ? { unvalidatedWording } : {}),
    policies: storeCanonicals(policies ?? []),
    ...(system === MOST.system && version === MOST.version ? {} : { grading: [system, version] as const }),
    findings: storeFindings(findings, { system, version }),
    ...(measured ? { measured } : {}),
    ...(ctcae ? { ctcae } : {}),
    ...(baselines ? { baselines } : {}),
    ...(expected ? { expected } : {}),
    ...(tick ? { tick } : {}),
    ...(draft ? { draft } : {}),
    ...(slots ? { slots } : {}),
    ...(seconds === undefined ? {} : { seconds }),
    ...(facts ? { facts } : {}),
    ...(person ? { person } : {}),
    ...(graded ? { graded: storeFindings(graded, { system, version }) } : {}),
    ...(scores ? { scores } : {}),
    ...(performer === undefined ? {} : { performer }),
  };
  return JSON.stringify(kept);
}

/** The report of a row's text. */
export const readReport = (text: string): StoredReport => reportOf(JSON.parse(text));

/** The reports of rows' texts that stand in one JSON array. */
export const readReports = (text: string): StoredReport[] => (JSON.parse(text) as Kept[]).map(reportOf); // as writeReport wrote each

function reportOf(kept: Kept): StoredReport {
  const [system, version] = kept.grading ?? [MOST.system, MOST.version];
  const [id, sourceVersion, type = MOST.type] = kept.source;
  const read = (findings: StoredFindings) => readFindings(findings, { system, version });
  const { at, authored = at, day = at.slice(0, 10) } = kept;
  return {
    report: {
      source: { type, id, version: sourceVersion },
      ...(kept.form === undefined ? {} : { form: kept.form }),
      at,
      ...(kept.clockAhead ? {} : { authored }),
      day,
      baseline: kept.baseline === true,
      ...(kept.clockAhead ? { clockAhead: true } : {}),
      ...(kept.unvalidatedWording ? { unvalidatedWording: true } : {}),
      findings: read(kept.findings),
      policies: readCanonicals(kept.policies),
      ...(kept.measured ? { measured: kept.measured } : {}),
      ...(kept.ctcae ? { ctcae: kept.ctcae } : {}),
      ...(kept.baselines ? { baselines: kept.baselines } : {}),
      ...(kept.expected ? { expected: kept.expected } : {}),
      ...(kept.tick ? { tick: kept.tick } : {}),
      ...(kept.draft ? { draft: kept.draft } : {}),
      ...(kept.slots ? { slots: kept.slots } : {}),
      ...(kept.seconds === undefined ? {} : { seconds: kept.seconds }),
      ...(kept.facts ? { facts: kept.facts } : {}),
      ...(kept.person ? { person: kept.person } : {}),
    },
    authored,
    clockAhead: kept.clockAhead === true,
    unvalidatedWording: kept.unvalidatedWording === true,
    ...(kept.graded ? { graded: read(kept.graded) } : {}),
    ...(kept.scores ? { scores: kept.scores } : {}),
    ...(kept.performer === undefined ? {} : { performer: kept.performer }),
  };
}

/** What most reports are of. */
const MOST = { type: 'QuestionnaireResponse', system: 'pro-ctcae', version: '1.0' } as const;

interface Kept
  extends Pick<
    Report,
    | 'form'
    | 'measured'
    | 'ctcae'
    | 'baselines'
    | 'expected'
    | 'tick'
    | 'draft'
    | 'slots'
    | 'seconds'
    | 'facts'
    | 'person'
  > {
  /** The type is left out where it is that of most. */
  source: readonly [id: string, version: number, type?: Report['source']['type']];
  at: string;
  /** Left out where it is the day of `at` in UTC. */
  day?: string;
  /** Left out where it is `at`. */
  authored?: string;
  clockAhead?: true;
  baseline?: true;
  unvalidatedWording?: true;
  policies: readonly StoredCanonical[];
  /** System and version of the findings that do not say them; left out where they are those of most. */
  grading?: readonly [system: Finding['system'], version: string];
  findings: StoredFindings;
  graded?: StoredFindings;
  scores?: readonly Score[];
  performer?: string;
}

/** Tags of what is derived from a report. Without the display, since they are repeated on each of them. */
export const tagsOf = (stored: { unvalidatedWording?: boolean } | undefined): readonly Coding[] =>
  stored?.unvalidatedWording ? TAGS : [];

const TAGS: readonly Coding[] = [{ system: UNVALIDATED_WORDING.system, code: UNVALIDATED_WORDING.code }];

/** The symptom time that an earlier version was given: it stays while its author's moment does. */
export const timeOf = (stored: StoredReport | undefined): Dated | undefined =>
  stored && {
    authored: stored.authored,
    time: { at: stored.report.at, day: stored.report.day, clockAhead: stored.clockAhead },
  };
