import type { Snapshot } from '../catalog.ts';
import type { TermStep } from '../rules/episodes.ts';
import { otherWording } from '../rules/episodes-merge.ts';
import { type Report, referenceTo, type SourceRef, termKey } from '../rules/finding.ts';
import type { FlagChange } from '../rules/flags.ts';
import { reportingOf } from '../rules/gradings/monitoring.ts';
import { isFaulty, isOverrun, type Policy } from '../rules/policy.ts';
import { type Partly, POLICY_BUDGET, POLICY_ERROR, type Regraded } from './evaluating.ts';
import { findingsOf, type StoredReport } from './stored-report.ts';

/**
 * The steps that a record tells: of the terms that the report asks or asked, from its place in time on; what was measured and comes to
 * another grade now; and all of any other term whose Flag this evaluation changes.
 */
export function stepsToTell(
  steps: readonly TermStep[],
  stored: readonly (StoredReport | undefined)[],
  regraded: readonly Regraded[],
  changes: readonly FlagChange[],
): TermStep[] {
  const own = stored.filter((one) => one !== undefined);
  const terms = new Set(
    own.flatMap((one) =>
      [...findingsOf(one), ...reportingFindings(one.report)]
        .map(termKey)
        .concat(one.report.tick ? [one.report.tick.term] : []),
    ),
  );
  const since = own.map(({ report }) => report.at).sort()[0] ?? '';
  const others = new Set(
    regraded.flatMap(({ stored: { report }, findings }) =>
      findings.map((finding) => placeOf(report.source, termKey(finding))),
    ),
  );
  const changed = new Set(
    changes.flatMap((change) => {
      if (change.kind === 'none' || change.kind === 'ledger-only') return [];
      return [change.kind === 'retract' ? change.row.term : change.episode.term];
    }),
  );
  return steps.filter(
    ({ term, at, source }) =>
      (terms.has(term) ? at >= since : changed.has(term)) || (others.size > 0 && others.has(placeOf(source, term))),
  );
}

/**
 * What is told, and beside a step the one of the other wording of its adverse event in the same report: whether they were merged rests on both. In the
 * order of `steps`, which are all.
 */
export function withOtherWordings(told: readonly TermStep[], steps: readonly TermStep[]): readonly TermStep[] {
  const wanted = new Set(
    told.flatMap(({ term, source }) => {
      const other = otherWording(term);
      return other === undefined ? [] : placeOf(source, other);
    }),
  );
  if (wanted.size === 0) return told;
  const own = new Set(told);
  return steps.filter((step) => own.has(step) || wanted.has(placeOf(step.source, step.term)));
}

/** All that a report could say of the reporting, whatever was met before it. */
const reportingFindings = (report: Report) => reportingOf(report, undefined).findings;

const placeOf = ({ type, id }: SourceRef, term: string): string => `${type}/${id} ${term}`;

/** What kept policies from being wholly evaluated in these steps. */
export function partlyOf(steps: readonly TermStep[]): Partly[] {
  const found: Partly[] = [];
  if (steps.some(({ conditions }) => isOverrun(conditions))) found.push(POLICY_BUDGET);
  if (steps.some(({ conditions }) => isFaulty(conditions))) found.push(POLICY_ERROR);
  return found;
}

/** Those that were active when a report came in; a report of an older store is judged by those of today. */
export function policiesOf(snapshot: Snapshot, { policies }: Report): readonly Policy[] {
  if (!policies) return snapshot.policies;
  return policies.map((canonical) => {
    const policy = snapshot.policy(canonical);
    if (!policy) throw new Error('a report was judged by a policy that is no longer held, or cannot be compiled');
    return policy;
  });
}

/** Every policy that a record of these steps has to name, sorted. */
export function policiesAsked(snapshot: Snapshot, steps: readonly TermStep[]): Policy[] {
  const asked = new Map(snapshot.policies.map((policy) => [policy.canonical, policy]));
  // Terms that were answered alike share their lists of conditions.
  const lists = new Set<readonly { policy: string }[]>();
  for (const { conditions, episodeBefore, episodeAfter } of steps) {
    lists.add(conditions);
    if (episodeBefore) lists.add(episodeBefore.openedBy).add(episodeBefore.decidedBy);
    if (episodeAfter) lists.add(episodeAfter.decidedBy);
  }
  for (const list of lists) {
    for (const { policy } of list) {
      const held = asked.has(policy) ? undefined : snapshot.policy(policy);
      if (held) asked.set(policy, held);
    }
  }
  return [...asked.values()].sort((a, b) => (a.canonical < b.canonical ? -1 : 1));
}

/** The reports, other than its own, that the decisions about a report rest on: versioned references. */
export function earlierReports(steps: readonly TermStep[], own: SourceRef): string[] {
  const sources = steps.flatMap(({ previous, baseline, episodeBefore, finding, tick }) => [
    tick?.on,
    previous?.source,
    baseline?.source,
    episodeBefore?.opening,
    finding.measured?.baseline?.source,
  ]);
  const references = sources.flatMap((source) =>
    source && (source.id !== own.id || source.type !== own.type) ? [referenceTo(source)] : [],
  );
  return [...new Set(references)];
}
