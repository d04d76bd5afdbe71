import type { Priority } from './episode.ts';
import type { Transition } from './episodes.ts';
import type { DataQuality, GradingSystem, NotGradable } from './finding.ts';
import type { Situation } from './neighbours.ts';

/** The sentences of an explanation, one set per language. Dates are calendar days, `YYYY-MM-DD`. */
export interface Words {
  report: (term: string, day: string, source: string) => string;
  /** A moment asked the term again: after a time without news, or since an expected level has ended. */
  askedAgain: (term: string, day: string, after: string, source: string) => string;
  snoozeEnded: (term: string, day: string, source: string) => string;
  /** A time of a policy, of which `unit` is h, d or wk. */
  time: (value: number, unit: 'h' | 'd' | 'wk') => string;
  answers: (list: string) => string;
  score: (attribute: string, score: number) => string;
  yesNo: (attribute: string, score: number) => string;
  written: string;
  state: Record<'missing' | 'opted-out' | 'not-asked', (attribute: string) => string>;
  hidden: (attribute: string, because: string) => string;
  composite: (version: string, grade: number) => string;
  presence: (version: string, yes: boolean) => string;
  text: (version: string, written: boolean) => string;
  ladder: (version: string, grade: number) => string;
  emergency: (there: boolean) => string;
  /** What a Flag says of it. */
  monitoring: (said: string) => string;
  seconds: (seconds: number, items: number) => string;
  atLeast: (version: string, min: number, max: number, missing: string) => string;
  ladderAtLeast: (version: string, min: number, max: number, missing: string) => string;
  /** `grading` is the name of the scale with its version, as `scale` gives it. */
  notGradable: (grading: string, reason: string) => string;
  reason: Record<NotGradable, string>;
  scale: Record<GradingSystem, (version: string) => string>;
  measured: (value: string, code: string) => string;
  beside: (value: string, code: string) => string;
  canonical: (value: string) => string;
  limits: (low: string | undefined, high: string | undefined) => string;
  measuredBaseline: (value: string, day: string, source: string) => string;
  dataQuality: Record<DataQuality, string>;
  previous: (grade: number, day: string) => string;
  noPrevious: string;
  baseline: (grade: number, day: string) => string;
  noBaseline: string;
  transition: Record<Transition, (priority: string) => string>;
  priority: Record<Priority, string>;
  priorityNow: (now: string, before: string) => string;
  because: (actions: string) => string;
  action: (title: string, id: string, policy: string) => string;
  undecided: (actions: string, unknown: string) => string;
  expected: (level: number, until: string, inForce: boolean) => string;
  /** Of actions that asked for a rise. */
  held: (actions: string) => string;
  /** The days on which the reports came that an earlier Flag of the term began and ended with. */
  reopens: (start: string, end: string) => string;
  met: (comparisons: string) => string;
  notMet: (comparisons: string) => string;
  notKnown: (comparisons: string) => string;
  of: (comparison: string, actions: string) => string;
  grade: string;
  value: string;
  emergencyWord: string;
  thereIs: Record<'true' | 'false', string>;
  unknown: string;
  truth: Record<'true' | 'false', string>;
  /** Of what is not there where it is absent: an earlier report, an open Flag. */
  existence: (name: string, there: boolean) => string;
  /** Of what is not known where it is absent. */
  known: (name: string, is: boolean) => string;
  /** The same of what is there or not: a treatment. */
  whether: (name: string, isKnown: boolean) => string;
  /** What is not known is just what a condition asks for. */
  countsAsMet: (unknown: string) => string;
  notHeld: (policies: string) => string;
  wouldChange: (changes: string) => string;
  nothingNear: string;
  instead: (what: string, to: string, from: string) => string;
  moreCalm: (days: number) => string;
  notEvaluated: (source: string, day: string) => string;
  retracted: (day: string) => string;
  evaluated: (day: string) => string;
  notEvaluatedBecause: (policies: string) => string;
  /** What policies left undecided of a report: for want of steps, or since conditions failed. */
  left: Record<'policy-budget' | 'policy-error', (left: string) => string>;
  leftBy: (term: string, policy: string) => string;
  more: (count: number) => string;
  outcome: (now: Situation['flag'], wasOpen: boolean, priority: string) => string;
  nothingTrue: string;
  noPolicy: string;
  calm: (days: number) => string;
  versions: (engine: string, grading: string, fhirpath: string, form: string, policies: string) => string;
  led: (change: string, outcome: string) => string;
  semicolon: string;
  and: string;
  none: string;
  /** In the place of the form, where there is none. */
  noForm: string;
  /** A grading system among the versions. */
  grading: (system: string) => string;
  /** A term that has no name in the language: as it stands, in quotation marks. */
  unnamed: (code: string) => string;
}
