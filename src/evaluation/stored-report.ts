import type { Coding } from '@medplum/fhirtypes';
import type { Finding, Report } from '../rules/finding.ts';
import type { Score } from '../rules/gradings/scores/score.ts';
import { UNVALIDATED_WORDING } from '../rules/resources/codes.ts';
import type { ReportRow } from '../store/write.ts';
import type { Dated } from '../symptom-time.ts';
import { readStoredFinding, type StoredFinding, storeFinding } from './stored-findings.ts';

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
  const { source, form, at, day, baseline, findings, policies, measured, ctcae, baselines, expected, facts } = report;
  const { system, version } = findings[0] ?? { system: 'pro-ctcae' as const, version: '' };
  const store = (finding: Finding) => storeFinding(finding, { system, version });
  const kept: Kept = {
    source: [source.type, source.id, source.version],
    ...(form === undefined ? {} : { form }),
    at,
    ...(day === at.slice(0, 10) ? {} : { day }),
    ...(authored === at ? {} : { authored }),
    ...(clockAhead ? { clockAhead } : {}),
    ...(baseline ? { baseline } : {}),
    ...(unvalidatedWording ? { unvalidatedWording } : {}),
    policies: policies ?? [],
    grading: [system, version],
    findings: findings.map(store),
    ...(measured ? { measured } : {}),
    ...(ctcae ? { ctcae } : {}),
    ...(baselines ? { baselines } : {}),
    ...(expected ? { expected } : {}),
    ...(facts ? { facts } : {}),
    ...(graded ? { graded: graded.map(store) } : {}),
    ...(scores ? { scores } : {}),
    ...(performer === undefined ? {} : { performer }),
  };
  return JSON.stringify(kept);
}

/** The report of a row's text. */
export function readReport(text: string): StoredReport {
  const kept: Kept = JSON.parse(text);
  const [system, version] = kept.grading;
  const [type, id, sourceVersion] = kept.source;
  const read = (finding: StoredFinding) => readStoredFinding(finding, { system, version });
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
      findings: kept.findings.map(read),
      policies: kept.policies,
      ...(kept.measured ? { measured: kept.measured } : {}),
      ...(kept.ctcae ? { ctcae: kept.ctcae } : {}),
      ...(kept.baselines ? { baselines: kept.baselines } : {}),
      ...(kept.expected ? { expected: kept.expected } : {}),
      ...(kept.facts ? { facts: kept.facts } : {}),
    },
    authored,
    clockAhead: kept.clockAhead === true,
    unvalidatedWording: kept.unvalidatedWording === true,
    ...(kept.graded ? { graded: kept.graded.map(read) } : {}),
    ...(kept.scores ? { scores: kept.scores } : {}),
    ...(kept.performer === undefined ? {} : { performer: kept.performer }),
  };
}

interface Kept extends Pick<Report, 'form' | 'measured' | 'ctcae' | 'baselines' | 'expected' | 'facts'> {
  source: [type: Report['source']['type'], id: string, version: number];
  at: string;
  /** Left out where it is the day of `at` in UTC. */
  day?: string;
  /** Left out where it is `at`. */
  authored?: string;
  clockAhead?: true;
  baseline?: true;
  unvalidatedWording?: true;
  policies: readonly string[];
  /** System and version of the findings that do not say them. */
  grading: [system: Finding['system'], version: string];
  findings: readonly StoredFinding[];
  graded?: readonly StoredFinding[];
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
