import type { Episode, Priority, TermState } from './episode.ts';
import type { Transition } from './episode-machine.ts';
import type { Finding, Report } from './finding.ts';
import type { ConditionResult } from './policy.ts';
import type { Context, PolicyNeed } from './policy-language.ts';

/** One report folded into one term: all that the decision record says of it. */
export interface TermStep {
  /** `termKey` of the finding. */
  term: string;
  source: Report['source'];
  at: string;
  day: string;
  finding: Finding;
  /** What the conditions were told: the baseline is this report's own where it records one. */
  previous?: TermState['previous'];
  baseline?: TermState['baseline'];
  /** What else the conditions were told: the groups that the policies asked need. */
  told?: Told;
  episodeBefore?: Episode;
  conditions: readonly ConditionResult[];
  transition: Transition;
  episodeAfter?: Episode;
  /** The level that a clinician expects held back a rise that true conditions asked for. */
  held?: true;
  /** `termKey` of the other wording of the same adverse event whose episode says what this would have said. */
  mergedInto?: string;
  /** Priority of the episode that ended at this very moment: the report doubles the one that closed it. */
  ended?: Priority;
  /** A moment asked the term again: what for (`snooze-ended`, or the time after which), and the report that the finding is of, with its symptom time. */
  tick?: { what: string; on: Report['source']; at: string };
}

/** The optional groups of a Context. */
export type Told = Pick<Context, Exclude<PolicyNeed, 'patient'>> & {
  /** Where something else was known of the patient when the report came in than when it was folded. */
  patient?: Context['patient'];
};
