import type { PatientFacts } from './episode.ts';
import { type FoldResult, fold } from './episodes.ts';
import type { Report } from './finding.ts';
import { momentName, momentsOf, reportOfMoment } from './moments.ts';
import type { Policy } from './policy.ts';

/**
 * Folds reports by these policies with every moment that they want until then (UTC instant), as a service that never slept would have: what a policy
 * would have asked again in the past is asked, and moments that another policy once asked for are left out.
 */
export function foldWithMoments(
  reports: readonly Report[],
  policies: readonly Policy[],
  patient: PatientFacts,
  { until, timeZone }: { until: string; timeZone: string },
): FoldResult {
  let all = reports.filter(({ tick }) => tick === undefined);
  for (;;) {
    const folded = fold(all, policies, patient);
    const come = momentsOf({ reports: all, steps: folded.steps }, timeZone).filter(({ at }) => at <= until);
    if (come.length === 0) return folded;
    const sources = come.map((moment) =>
      reportOfMoment(moment, { type: 'Basic', id: momentName(moment.tick), version: 1 }, []),
    );
    all = [...all, ...sources];
  }
}
