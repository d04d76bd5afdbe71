import type { RecordInput } from './decision-record.ts';
import type { Priority } from './episode.ts';
import type { Transition } from './episodes.ts';
import type { DataQuality, Finding, Measured, Monitored, StructuredAnswer } from './finding.ts';
import type { PackedAnswers, PackedOutcome } from './finding-packed.ts';
import type { PackedShared, PackedTold } from './record-told.ts';

/**
 * A decision record as it is kept. There is one for every response, so what repeats is said once: reports and actions are
 * named in tables and then by their place, and what is as it mostly is (composite, the first grading, no change) is left out.
 */
export interface Packed {
  format: 1;
  engine: { name: string; version: string };
  fhirpath: string;
  /** The form of a response; left out for an Observation. */
  questionnaire?: { canonical: string; digest: string };
  gradings: RecordInput['gradings'];
  policies: readonly PackedPolicy[];
  patient: string;
  baseline?: true;
  /** Moments that terms point to: a symptom time, and the day where the patient was where that is another. */
  moments?: readonly string[];
  /** [`type/id/version`, symptom time, day]; the first is the report that the record is of. Time and day are left out where not known. */
  reports: readonly (readonly string[])[];
  /** What the conditions of all terms of a report were told, by the place of the report. */
  shared?: Record<string, PackedShared>;
  terms: readonly PackedTerm[];
  errors?: readonly string[];
}

export interface PackedPolicy {
  canonical: string;
  digest: string;
  title?: string;
  /** Ids of all actions, in order. */
  actions: readonly string[];
  /** Titles of those that were true, by id. */
  titles?: Record<string, string>;
}

export interface PackedTerm {
  term: string;
  report?: number;
  grading?: readonly [system: string, version: string];
  kind?: Finding['kind'];
  outcome: PackedOutcome;
  answers: PackedAnswers;
  measured?: Measured;
  /** What was answered, of CTCAE. */
  structured?: readonly StructuredAnswer[];
  /** What a finding of the reporting itself is about. */
  monitored?: Monitored;
  issues?: readonly DataQuality[];
  /** [grade, report]. */
  previous?: readonly [number, number];
  baseline?: readonly [number, number];
  before?: PackedEpisode;
  /** What else the conditions were told. */
  told?: PackedTold;
  /** An expected level held back a rise. */
  held?: true;
  /** Priority of the episode that ended at this moment. */
  ended?: Priority;
  /** The other wording whose episode says as much. */
  merged?: string;
  /** [what a moment asked again, report that its finding is of]. */
  tick?: readonly [string, number];
  transition?: Transition;
  /** The members that differ from `before`. */
  after?: Partial<PackedEpisode>;
  /** One text per policy, one letter per action: t true, f false, u undecided, - not asked. */
  conditions: readonly string[];
  /** Kinds of errors behind an undecided, by `policy place:action`. */
  errors?: Record<string, string>;
}

export interface PackedEpisode {
  opening: number;
  latest: number;
  end?: string;
  /** Start and end as their authors wrote them. */
  startAuthored?: string;
  endAuthored?: string;
  grading?: readonly [system: string, version: string];
  outcome: PackedOutcome;
  level: number;
  previous?: number;
  baseline?: number;
  priority: Priority;
  openedBy: readonly string[];
  decidedBy: readonly string[];
  /** [days, the last of them]. */
  calm: readonly (number | string)[];
  reports: number;
  /** Opening report, start and end of the episode before. */
  reopens?: readonly [string, string, string];
}
