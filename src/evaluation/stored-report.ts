import type { Coding } from '@medplum/fhirtypes';
import type { Finding, Report } from '../rules/finding.ts';
import { type PackedFinding, packFinding, readFinding } from '../rules/finding-packed.ts';
import { UNVALIDATED_WORDING } from '../rules/resources/codes.ts';
import type { SymptomTime } from '../symptom-time.ts';

/** A report with what the resources derived from it have to say of its form and its clock. */
export interface StoredReport {
  report: Report;
  /** As the response has it, also where receipt time stands in its place. */
  authored: string;
  clockAhead: boolean;
  unvalidatedWording: boolean;
}

/** The text of a report row. */
export function writeReport({ report, authored, clockAhead, unvalidatedWording }: StoredReport): string {
  const { source, at, day, baseline, findings, policies } = report;
  const { system, version } = findings[0] ?? { system: 'pro-ctcae' as const, version: '' };
  const kept: Kept = {
    source: [source.type, source.id, source.version],
    at,
    day,
    authored,
    ...(clockAhead ? { clockAhead } : {}),
    ...(baseline ? { baseline } : {}),
    ...(unvalidatedWording ? { unvalidatedWording } : {}),
    policies: policies ?? [],
    grading: [system, version],
    findings: findings.map((finding) => packFinding(finding, { system, version })),
  };
  return JSON.stringify(kept);
}

/** The report of a row's text. */
export function readReport(text: string): StoredReport {
  const kept: Kept = JSON.parse(text);
  const [system, version] = kept.grading;
  const [type, id, sourceVersion] = kept.source;
  return {
    report: {
      source: { type, id, version: sourceVersion },
      at: kept.at,
      ...(kept.clockAhead ? {} : { authored: kept.authored }),
      day: kept.day,
      baseline: kept.baseline === true,
      findings: kept.findings.map((finding) => readFinding(finding, { system, version })),
      policies: kept.policies,
    },
    authored: kept.authored,
    clockAhead: kept.clockAhead === true,
    unvalidatedWording: kept.unvalidatedWording === true,
  };
}

interface Kept {
  source: [type: Report['source']['type'], id: string, version: number];
  at: string;
  day: string;
  authored: string;
  clockAhead?: true;
  baseline?: true;
  unvalidatedWording?: true;
  policies: readonly string[];
  /** System and version of the findings that do not say them. */
  grading: [system: Finding['system'], version: string];
  findings: readonly PackedFinding[];
}

/** Tags of what is derived from a report. Without the display, since they are repeated on each of them. */
export const tagsOf = (stored: StoredReport | undefined): readonly Coding[] => (stored?.unvalidatedWording ? TAGS : []);

const TAGS: readonly Coding[] = [{ system: UNVALIDATED_WORDING.system, code: UNVALIDATED_WORDING.code }];

/** The symptom time that an earlier version was given: it stays while `authored` does. */
export const timeOf = (stored: StoredReport | undefined): { authored: string; time: SymptomTime } | undefined =>
  stored && {
    authored: stored.authored,
    time: { at: stored.report.at, day: stored.report.day, clockAhead: stored.clockAhead },
  };
