/** What was measured of one adverse-event term in one report. Three scales exist side by side: `system` and `kind` say which. */
export interface Finding {
  /** Code of the term in our CodeSystem `pro-ctcae`: `PROCTCAE_<n>_COMP`, or `PROCTCAE_OTHER` for write-in symptoms. */
  term: string;
  system: 'pro-ctcae';
  /** Version of the grading data, e.g. `1.0`. */
  version: string;
  /** composite: grade 0-3 by the published table; presence: 0 no, 1 yes; text: 1 when something was written. */
  kind: 'composite' | 'presence' | 'text';
  outcome: Outcome;
  /** Each attribute that the published term has, whatever became of it on this form. */
  attributes: Partial<Record<Attribute, Answer>>;
  /** What a reader should know before trusting the number; empty when nothing is wrong. */
  dataQuality: readonly DataQuality[];
}

export type Attribute = 'frequency' | 'severity' | 'interference' | 'amount' | 'presence' | 'text';

/** Graded, a range that the missing answers leave open, or no grade at all. Unknown is never zero. */
export type Outcome =
  | { kind: 'graded'; grade: number }
  | { kind: 'at-least'; min: number; max: number; missing: readonly Attribute[] }
  | { kind: 'not-gradable'; reason: NotGradable; missing: readonly Attribute[] };

export type NotGradable =
  /** Every attribute that the form asks of the term is unanswered. */
  | 'not-answered'
  /** The patient chose an opt-out (not applicable, not sexually active, prefers not to answer). */
  | 'opted-out'
  /** No attribute of the term was asked in this report: all are hidden for reasons other than an earlier 0. */
  | 'not-asked'
  /** Two items of the form, or two repetitions, carry the same code. */
  | 'ambiguous-item';

/** What became of one attribute: four kinds of absence, none of which is 0 save `hidden`. */
export type Answer =
  | { state: 'answered'; value: number; linkId: string }
  /** Text was written (kind `text`); the words stay in the response. */
  | { state: 'written'; linkId: string }
  /** Hidden by the form's own branching because an earlier attribute of the term is 0: a true 0. */
  | { state: 'hidden'; value: 0; linkId: string; because: string }
  | { state: 'opted-out'; linkId: string; code: string }
  | { state: 'missing'; linkId: string }
  /** The form does not carry the item, or hides it for a reason other than an earlier 0 of its term. */
  | { state: 'not-asked' };

export type DataQuality =
  /** Frequency (or severity) is 0 and a later attribute is above 0: grade 0 by the table, never counts toward closing. */
  | 'contradictory'
  /** Contradictory with severity >= 3: a person should look. */
  | 'needs-review'
  | 'ambiguous-item'
  /** The phone's clock was ahead; receipt time is used. */
  | 'clock-ahead';

/** Everything that one stored resource said about a patient at one moment: what the episode fold consumes. */
export interface Report {
  /** The resource that was graded, by version. */
  source: { type: 'QuestionnaireResponse' | 'Observation'; id: string; version: number };
  /** Symptom time: instant in UTC, ISO 8601 with milliseconds. */
  at: string;
  /** The moment as its author wrote it, where `at` is that moment: what a Flag shows. */
  authored?: string;
  /** Calendar day of `at` where the patient is (the offset that came with it): `YYYY-MM-DD`. */
  day: string;
  /** A recorded baseline; never assumed of a first report. */
  baseline: boolean;
  findings: readonly Finding[];
  /** `url|version` of the policies that were active when it came in, and that it is judged by ever after. */
  policies?: readonly string[];
}

/** Lowest grade that is certain, `undefined` when none is. */
export function lowest(outcome: Outcome): number | undefined {
  if (outcome.kind === 'graded') return outcome.grade;
  return outcome.kind === 'at-least' ? outcome.min : undefined;
}

/** Highest grade that cannot be excluded, `undefined` when nothing is known of it. */
export function highest(outcome: Outcome): number | undefined {
  if (outcome.kind === 'graded') return outcome.grade;
  return outcome.kind === 'at-least' ? outcome.max : undefined;
}
