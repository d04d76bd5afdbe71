import { canonicalJson } from '../rules/canonical-json.ts';
import type { TermStep } from '../rules/episodes.ts';
import { type Finding, termKey } from '../rules/finding.ts';
import { isOf, type Regraded } from './evaluating.ts';
import type { StoredReport } from './stored-report.ts';

/**
 * What the fold made of the measured values of a report: known only then, since a baseline may be the yardstick. The same report where it
 * measured nothing.
 */
export function withGraded(stored: StoredReport, steps: readonly TermStep[]): StoredReport {
  if (!stored.report.measured) return stored;
  const said = new Set(stored.report.findings.map(termKey));
  const graded = steps.flatMap(({ source, finding }) =>
    isOf(source, stored) && finding.system !== 'monitoring' && !said.has(termKey(finding)) ? [finding] : [],
  );
  return { ...stored, graded: stored.clockAhead ? graded.map(withClock) : graded };
}

const withClock = (finding: Finding): Finding => ({
  ...finding,
  dataQuality: [...finding.dataQuality, 'clock-ahead'],
});

/** Of the other reports those whose measured values come to something else now, with the findings that differ. */
export function regradedOf(others: readonly StoredReport[], steps: readonly TermStep[]): Regraded[] {
  return others.flatMap((before): Regraded[] => {
    if (!before.report.measured) return [];
    const stored = withGraded(before, steps);
    const was = new Map((before.graded ?? []).map((finding) => [termKey(finding), text(finding)]));
    const findings = (stored.graded ?? []).filter((finding) => was.get(termKey(finding)) !== text(finding));
    const now = new Set(stored.graded?.map(termKey));
    const gone = before.graded?.filter((finding) => !now.has(termKey(finding))) ?? [];
    return findings.length + gone.length > 0 ? [{ stored, findings, gone }] : [];
  });
}

const text = (finding: Finding): string => canonicalJson(finding);
