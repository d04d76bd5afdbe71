import type {
  DataQuality,
  Finding,
  GradingSystem,
  Measured,
  Monitored,
  Outcome,
  Report,
  SourceType,
} from './finding.ts';
import type { MeasuredBaseline } from './gradings/measured.ts';
import type { Burden, ExpectedLevel, RecentPast } from './policy/past.ts';

/** Priority of a Flag. Source: HL7 FHIR R4 extension flag-priority, CodeSystem flag-priority-code; the codes of HL7 v2 table 0485 neighbours. */
export type Priority = 'PN' | 'PL' | 'PM' | 'PH';

/** The policy action that decided something: `policy` is `url|version`, `action` the PlanDefinition.action.id (or its 0-based path). */
export interface ActionRef {
  policy: string;
  action: string;
}

/** One stretch of one adverse-event term that somebody should know of; the content of one Flag. Values only: no ids of ours. */
export interface Episode {
  /** `termKey` of its findings. */
  term: string;
  status: 'open' | 'closed';
  /** `originOf` the resource whose report opened it, in symptom-time order. */
  origin: string;
  /** Symptom time of the opening report; UTC instant. Never called onset. */
  start: string;
  /** Symptom time of the report that closed it. */
  end?: string;
  /** `start` and `end` as the authors of the reports wrote them; the same moments. */
  startAuthored?: string;
  endAuthored?: string;
  opening: Report['source'];
  /** The latest report that set or confirmed the grade. */
  latest: Report['source'];
  kind: Finding['kind'];
  system: GradingSystem;
  systemVersion: string;
  /** What the latest informative report measured. */
  outcome: Outcome;
  /** What else its Flag says of that report; absent where there is nothing. */
  said?: Said;
  /** The level to come below before it may close: highest grade not excluded at opening, at least 1. */
  openingLevel: number;
  /** Grade of the gradable report before the latest, and the recorded baseline, where there is one. */
  previousGrade?: number;
  baselineGrade?: number;
  priority: Priority;
  /** The report that raised the priority since and could not tell the grade: absent once one tells it. */
  raised?: Raised;
  /** Actions that opened it. */
  openedBy: readonly ActionRef[];
  /** The actions behind the present priority or the close: the last that changed anything. */
  decidedBy: readonly ActionRef[];
  /** Distinct days of consecutive complete reports below the opening level and at grade <= 1. */
  calmDays: number;
  lastCalmDay?: string;
  /** Reports, asked and gradable, that fell into it, the opening one included. */
  reports: number;
  /** The episode of the same term that had ended when this one opened, where there was one. */
  reopens?: PastEpisode;
  /** What the policies of the latest informative report want asked again, when nothing more has been heard. */
  again?: AskedAgain;
}

/** When a term is asked again: `at` and `day` are those of the report that it is counted from, `after` what is still to come. */
export interface AskedAgain {
  at: string;
  day: string;
  after: readonly string[];
}

/** Why a priority rose while the grade stayed as it was: a range (lowest and highest grade), answers against each other, or no grade at all. */
export interface Raised {
  source: Report['source'];
  why: readonly [min: number, max: number] | 'contradictory' | 'not-gradable';
}

/** What a Flag says of the latest informative report beside its grade. Kept with the episode: that report need not be at hand. */
export interface Said {
  /** The severity was answered with the worst there is: a composite may stay below 3 then. */
  worst?: true;
  dataQuality?: readonly DataQuality[];
  measured?: Pick<Measured, 'value' | 'unit' | 'comparator' | 'upTo'>;
  monitored?: Monitored;
  /** The form is not an official wording. */
  unvalidatedWording?: true;
}

/** An episode that has ended: `originOf` its opening report, and its symptom times. Its Flag is the one of `origin` and term. */
export interface PastEpisode {
  origin: string;
  start: string;
  end: string;
}

/** What is kept of a term between two reports: all that the next step of the fold needs. */
export interface TermState {
  previous?: { grade: number; at: string; day: string; source: Report['source'] };
  baseline?: { grade: number; at: string; source: Report['source'] };
  episode?: Episode;
  /** The last one that ended, and the priority that it ended with. */
  closed?: PastEpisode & { priority?: Priority };
  /** The last gradable reports, and since when they have stood at a grade: a bounded past. */
  recent?: RecentPast;
  /** What the term has added up to since its first gradable report. */
  burden?: Burden;
  /** The last level that a clinician said to expect, in force or past: who said it, and of which moment on. */
  expected?: ExpectedLevel & { at: string; source: Report['source'] };
}

/** What is kept of a patient between two reports. Plain JSON. */
export interface FoldState {
  /** Position of the last report folded: symptom time, then id, then type of its source (a response unless said). Absent before the first. */
  upTo?: { at: string; id: string; type?: Exclude<SourceType, 'QuestionnaireResponse'> };
  /** By `termKey`. */
  terms: Record<string, TermState>;
  /** Recorded baselines of measured analytes, by LOINC code. */
  baselines?: Readonly<Record<string, MeasuredBaseline>>;
  /** The last slot that was met of each part of a plan, by `itemKey`: the UTC instant of its beginning. */
  met?: Readonly<Record<string, string>>;
}

/** What an expression may ask about the patient. */
export interface PatientFacts {
  gender?: string;
  birthDate?: string;
}
