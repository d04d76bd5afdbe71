import type { SlotRef } from './calendar/answers.ts';
import type { MeasuredInput } from './gradings/measured.ts';

/** What was measured of one adverse-event term in one report. Several scales exist side by side: `system` and `kind` say which. */
export interface Finding {
  /**
   * Code of the term in our CodeSystem of the `system`: `PROCTCAE_<n>_COMP`, or `PROCTCAE_OTHER` for write-in symptoms; of `ctcae` the
   * entry of the published table; of `emergency` what must not wait; of `monitoring` what is told of the reporting itself.
   */
  term: string;
  system: GradingSystem;
  /** Version of the grading data: `1.0` of PRO-CTCAE; `5.0` or `6.0` of CTCAE. */
  version: string;
  /**
   * composite: PRO-CTCAE grade 0-3 by the published table; presence: 0 no, 1 yes; text: 1 when something was written; ladder: CTCAE
   * grade 0-4 from a measured value or from structured answers; emergency: 1 there, 0 not there; monitoring: 1 so, 0 not so.
   */
  kind: 'composite' | 'presence' | 'text' | 'ladder' | 'emergency' | 'monitoring';
  outcome: Outcome;
  /** Each attribute that the published PRO-CTCAE term has, whatever became of it on this form; of an emergency `presence`, where it was answered or left blank; none of the other systems. */
  attributes: Partial<Record<Attribute, Answer>>;
  /** What a ladder was climbed with. */
  measured?: Measured;
  /** What was answered, where CTCAE grades by the answers of a patient: every input of the term, whatever became of it. */
  structured?: readonly StructuredAnswer[];
  /** Of `monitoring`: what it is about. */
  monitored?: Monitored;
  /** What a reader should know before trusting the number; empty when nothing is wrong. */
  dataQuality: readonly DataQuality[];
}

export type GradingSystem = 'pro-ctcae' | 'ctcae' | 'emergency' | 'monitoring';

/** What is told of the reporting itself. */
export interface Monitored {
  /** Canonical of the form that was expected, without its version. */
  form?: string;
  /** Its title, when the plan was written. */
  title?: string;
  /** When the slot began: UTC instant, and the day where the patient was. */
  slot?: string;
  day?: string;
  /** From the moment that the app says answering began up to the one that the response says. */
  seconds?: number;
  /** Graded answers of the response, how many different ones there are among them, and the highest. */
  items?: number;
  distinct?: number;
  highest?: number;
}

/** A measured value as it was received, and what it was compared with. Units are UCUM codes. */
export interface Measured {
  /** LOINC code by which the analyte was recognised. */
  loinc: string;
  value: number;
  unit: string;
  /** Which side of `value` the true value lies on, of a result such as "<0.5". */
  comparator?: '<' | '<=' | '>=' | '>';
  /** Of a range the other end, in `unit`; `value` is the lower one. */
  upTo?: number;
  /** The value in the unit of the published table, where that is another. */
  canonical?: number;
  canonicalUnit?: string;
  /** Limits of normal that came with the same result, as it was compared with them: in `unit`; none where they are not believed. */
  low?: number;
  high?: number;
  /** The recorded baseline that was used. */
  baseline?: { value: number; unit: string; at: string; source: SourceRef };
  /** Clinical facts that were stated with it, by code. */
  facts?: Readonly<Record<string, boolean>>;
  /** Other values that the same grade rests on: the diastolic beside the systolic pressure. */
  beside?: readonly { loinc: string; value: number; unit: string }[];
}

/** What became of one question that a CTCAE grade rests on; `input` is its name in the published table. */
export type StructuredAnswer = { input: string } & (
  | { state: 'answered'; value: string | number | boolean; linkId: string }
  /** Hidden by the form's own branching because an earlier answer of the term was no: a no as well. */
  | { state: 'hidden'; linkId: string; because: string }
  | { state: 'opted-out'; linkId: string; code: string }
  | { state: 'missing'; linkId: string }
  /** The form does not carry it, or hides it for another reason. */
  | { state: 'not-asked' }
);

/** A stored resource, by version. */
export interface SourceRef {
  type: string;
  id: string;
  version: number;
}

/** By what an episode names the report that opened it. Ids are single within a type only: a client may give a result the id of a response. */
export const originOf = ({ type, id }: Pick<SourceRef, 'type' | 'id'>): string =>
  type === 'QuestionnaireResponse' ? id : `${type}/${id}`;

/**
 * Under which a term is followed: each version of CTCAE is a scale of its own, and may stand beside the other; and a form that is expected is
 * missing whether or not another one came.
 */
export const termKey = ({
  term,
  system,
  version,
  monitored,
}: Pick<Finding, 'term' | 'system' | 'version' | 'monitored'>): string => {
  if (system === 'ctcae') return `${term}@${version}`;
  return monitored?.form === undefined ? term : `${term}@${monitored.form}`;
};

/** The code of a term that `termKey` made a key of. */
export const termOfKey = (key: string): string => key.split('@', 1)[0] ?? key;

/** What stands behind the term in a key that `termKey` made: a version of CTCAE, or the canonical of a form. */
export const scopeOfKey = (key: string): string | undefined =>
  key.includes('@') ? key.slice(key.indexOf('@') + 1) : undefined;

export type Attribute = 'frequency' | 'severity' | 'interference' | 'amount' | 'presence' | 'text';

/** Graded, a range that the missing answers leave open, or no grade at all. Unknown is never zero. */
export type Outcome =
  | { kind: 'graded'; grade: number }
  | { kind: 'at-least'; min: number; max: number; missing: readonly Missing[] }
  | { kind: 'not-gradable'; reason: NotGradable; missing: readonly Missing[] };

/** What would have told the grade: an attribute of PRO-CTCAE, or a fact that a CTCAE ladder asks for. */
export type Missing = Attribute | MissingFact;

export type MissingFact =
  /** The upper or lower limit of normal of the same result. */
  | 'upper-limit'
  | 'lower-limit'
  /** The recorded baseline of the analyte. */
  | 'baseline'
  /** A fact that only a patient or clinician can tell: fasting, symptoms, an intervention. */
  | 'clinical-fact'
  /** A limit that no source gives: it is the policy's to choose. */
  | 'threshold'
  | 'value';

export type NotGradable =
  /** Every attribute that the form asks of the term is unanswered. */
  | 'not-answered'
  /** The patient chose an opt-out (not applicable, not sexually active, prefers not to answer). */
  | 'opted-out'
  /** No attribute of the term was asked in this report: all are hidden for reasons other than an earlier 0. */
  | 'not-asked'
  /** Two items of the form, or two repetitions, carry the same code. */
  | 'ambiguous-item'
  /** A result without a number. */
  | 'no-value'
  /** A value that does not tell: a text, a code, or a bound or range that lies on both sides of what is asked. */
  | 'value-unclear'
  /** No unit, or one that this analyte is not graded in. */
  | 'unit-unknown'
  /** No patient can have this value in this unit, or it may as well be one in another: most often a wrong unit. */
  | 'value-implausible'
  /** The published table compares with a limit of normal, and none came with the result that can be used. */
  | 'limit-missing'
  /** The published table compares with a baseline, and none is recorded. */
  | 'baseline-missing'
  /** The published table grades this by what data do not hold. */
  | 'needs-clinician';

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
  | 'clock-ahead'
  | 'value-unclear'
  | 'unit-unknown'
  | 'value-implausible'
  | 'limit-missing'
  /** Limits of normal came that are not believed as they stand: most often a wrong unit. */
  | 'limit-implausible'
  | 'baseline-missing'
  /** Clinical facts that data do not hold could make the grade higher. */
  | 'needs-clinician';

/**
 * What a report comes from: a response, an Observation; of what time itself tells, the plan whose slot went by without a report, or the Basic
 * that stands for a moment that has come.
 */
export type SourceType = 'QuestionnaireResponse' | 'Observation' | 'CarePlan' | 'ServiceRequest' | 'Basic';

/** Versioned reference to the stored resource that a report comes of. */
export const referenceTo = ({ type, id, version }: SourceRef): string =>
  `${type}/${resourceId(id)}/_history/${version}`;

/** Id of the stored resource that a report comes of: of a slot that went by, what stands behind the `~` is the part of the plan and the slot. */
export const resourceId = (id: string): string => id.split('~', 1)[0] ?? id;

/** Everything that one stored resource said about a patient at one moment: what the episode fold consumes. */
export interface Report {
  /** The resource that was graded, by version. */
  source: { type: SourceType; id: string; version: number };
  /** Canonical `url|version` of the form of a response: what triggers of policies may ask for. */
  form?: string;
  /** Symptom time: instant in UTC, ISO 8601 with milliseconds. */
  at: string;
  /** The moment as its author wrote it, where `at` is that moment: what a Flag shows. */
  authored?: string;
  /** The author's clock was ahead: `at` is the moment of receipt. */
  clockAhead?: true;
  /** The form is not an official wording of its instrument. */
  unvalidatedWording?: true;
  /** Calendar day of `at` where the patient is (the offset that came with it): `YYYY-MM-DD`. */
  day: string;
  /** A recorded baseline; never assumed of a first report. */
  baseline: boolean;
  findings: readonly Finding[];
  /**
   * Measured results. They are graded in the fold, with the baseline in force at that symptom time. With `baseline` they are the
   * baseline of their analytes, and are graded against themselves.
   */
  measured?: readonly MeasuredInput[];
  /** CTCAE versions that `measured` and structured answers are graded by: of the settings or the study, as of receipt. */
  ctcae?: readonly CtcaeVersion[];
  /**
   * Grades that a clinician records as the baseline of terms, by `termKey`. They are the baseline from `at` on, and nothing else: no report of the
   * patient, so they open, move and count nothing.
   */
  baselines?: readonly { term: string; grade: number }[];
  /** Levels that a clinician expects of terms, by `termKey`, up to and at a moment (UTC instant), each in place of an earlier one. */
  expected?: readonly { term: string; level: number; until: string }[];
  /** No report of the patient: a moment at which a term is asked again. It has no findings of its own. */
  tick?: Tick;
  /** Of a response that is not complete: only the emergencies in it count, and it meets no slot. */
  draft?: true;
  /** Slots of plans that it belongs to; whether it meets them is told by the fold. */
  slots?: readonly SlotRef[];
  /** Seconds from the moment that the app says answering began. */
  seconds?: number;
  /** `url|version` of the policies that were active when it came in, and that it is judged by ever after. */
  policies?: readonly string[];
  /** What was known of the patient beside gender and birth date when it came in: kept with it, as policies are. */
  facts?: ReportFacts;
  /** Gender and birth date as known when it came in: kept where one of its policies asks for them. */
  person?: { gender?: string; birthDate?: string };
}

/** What is asked again at a moment, with the finding in force: what an expected level held back, or the actions that want it after a time. */
export interface Tick {
  /** `termKey`. */
  term: string;
  /** `snooze-ended`: a level that was expected is so no longer. `ask-again`: nothing has been heard for a time that a policy names. */
  why: 'snooze-ended' | 'ask-again';
  /** The moment up to which the level was expected; or symptom time of the report since which nothing has told the grade. UTC instant. */
  since: string;
  /** For how long, as `askAgainAfter` of a policy's action. */
  after?: string;
  /** What is in force then: found by the fold, and no part of what is stored. */
  on?: InForce;
}

/** The last that was told of a term, as a moment asks it again. */
export interface InForce {
  source: Report['source'];
  /** Its symptom time. */
  at: string;
  finding: Finding;
  form?: string | undefined;
  facts?: ReportFacts | undefined;
  person?: Report['person'];
  /** What its own conditions were told. */
  previous?: { grade: number; at: string; day: string; source: Report['source'] } | undefined;
}

export type CtcaeVersion = '5.0' | '6.0';

/** What was known of a patient when a report came in. An absent member was not asked, or nothing is known of it; neither is a no. */
export interface ReportFacts {
  /** `codes` are of medications, `system|code`. */
  treatments?: { systemic?: boolean; cellTherapy?: boolean; codes?: readonly string[] };
  /** References and identifiers (`system|value`) of the studies that the patient is in. */
  studies?: readonly string[];
  /** Codes of conditions, `system|code`. */
  conditions?: readonly string[];
  /** What is not in a list and may be so all the same. Of a kind that is not named here the list is all there is. */
  unknown?: Readonly<Partial<Record<FactKind, Unknown>>>;
}

export type FactKind = 'conditions' | 'studies' | 'treatments';

/** Of these it is not known whether they are so; or of everything but these, which are known not to be. */
export type Unknown = { only: readonly string[] } | { allBut: readonly string[] };

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
