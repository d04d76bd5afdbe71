import type { Episode, PatientFacts, TermState } from '../episode.ts';
import type { Finding, Report, ReportFacts } from '../finding.ts';
import type { StepBudget } from './budget.ts';
import type { Burden, ExpectedLevel, RecentPast } from './past.ts';

/**
 * What the variables take their values from: one finding, and what was known of its term before. The optional groups are there only where
 * a policy that is asked names them (PolicyNeeds); where one is left out, its variables are absent, so a condition on them is undecided.
 */
export interface Context {
  finding: Finding;
  /** Symptom time of the report, UTC instant. */
  at: string;
  /** Calendar day of `at` where the patient is. */
  day: string;
  /** The term before this report, save a baseline that this report itself records. */
  before: Pick<TermState, 'previous' | 'baseline'>;
  /** The open episode, its days of calm and reports already counting this one. */
  episode?: Episode;
  patient: PatientFacts;
  /** `recent`: the past of the term, this report counted. */
  recent?: RecentPast;
  /** `burden`: what the term has added up to, this report counted. */
  burden?: Burden;
  /** `expected`: the level that a clinician expects of the term, the last that was said by this report; in force or past. */
  expected?: ExpectedLevel;
  /** `symptoms`: grade of every term as last known, by termKey: this report's own where it grades the term, certain grades only. */
  symptoms?: Readonly<Record<string, number>>;
  /** `facts`: what was known of the patient's treatment, studies and conditions when the report came in. */
  facts?: ReportFacts;
  /** What the report came as, and (of a response) by which form: what triggers are compared with. Where it is left out every action is asked. */
  source?: { type: Report['source']['type']; form?: string };
  /** What the whole report may still cost; one object for all its terms. Where it is left out there is no limit. */
  budget?: StepBudget;
}

/** Groups of a Context that cost something to have. */
export type PolicyNeed = 'recent' | 'burden' | 'expected' | 'symptoms' | 'facts' | 'patient';

/** Which groups the expressions of a policy name, or (`facts`) its useContext asks for: told when it is compiled. */
export type PolicyNeeds = ReadonlySet<PolicyNeed>;
