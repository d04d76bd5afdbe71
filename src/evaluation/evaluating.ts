import type { Form, Snapshot } from '../catalog.ts';
import type { Deps } from '../deps.ts';
import type { SlotRef } from '../rules/calendar/answers.ts';
import type { Finding, Report, SourceRef } from '../rules/finding.ts';
import type { Score } from '../rules/gradings/scores/score.ts';
import type { Changes } from '../rules/resources/outcome.ts';
import type { PatientContext } from '../store/context.ts';
import type { EpisodeRow, NewVersion, Write } from '../store/write.ts';
import type { Dated, SymptomTime } from '../symptom-time.ts';
import type { StoredReport } from './stored-report.ts';

/** A response or Observation that is about to be written, with all that its evaluation may know. */
export interface Evaluating {
  source: Report['source'];
  /** What its status asks for; `nothing`: it is stored, and not looked at yet. */
  asks: 'grading' | 'retraction' | 'nothing';
  /** Its status says that it corrects what was said before. */
  amended: boolean;
  /** Who answered or measured, where it says so. */
  performer?: string;
  /** Recorded by a clinician for the engine: who and why, for the Provenance. */
  recorded?: { by?: string; reason?: string };
  /** The form of a response; none for an Observation. */
  form?: Form;
  /** There may be an earlier one of its name, whatever its version. */
  again?: boolean;
  /** A response that is not complete. */
  draft?: true;
  /** Of a complete response: the slots of plans that it belongs to. Of a slot that went by: that slot. */
  slots?(time: SymptomTime): readonly SlotRef[];
  /** Seconds from the moment that the app says answering began. */
  seconds?: number;
  /** What is said of it where nothing of it can be graded, and it belongs to a slot all the same. */
  bare?: Said;
  /** The UTC instant for which it was due, of what happens by itself: what follows from it happens as of then, however late it is heard. */
  due?: string;
  snapshot: Snapshot;
  patient: string;
  context: PatientContext;
  /** The moment that it speaks of. `before` is what its earlier version was given. Throws FhirError 422 where there is none to be used. */
  time(now: Date, before: Dated | undefined): SymptomTime;
  /** What it says; undefined when nothing of it can be graded. A throw is a failure of grading, and never loses the resource. */
  read(time: SymptomTime): Said | undefined;
}

/** What a resource says, before anything is known of its patient. */
export interface Said extends Pick<Report, 'findings' | 'measured' | 'baselines' | 'expected' | 'tick'> {
  /** Scores of other questionnaires than those that are graded. */
  scores?: readonly Score[];
  baseline: boolean;
  /** As its author wrote the moment. */
  authored: string;
  unvalidatedWording: boolean;
}

/** The UTC instant as of which what follows from it happens: that for which it was due, or the present. */
export const momentOf = ({ now }: Pick<Deps, 'now'>, { due }: Pick<Evaluating, 'due'>): string =>
  due ?? now().toISOString();

/** What is written with the resource, in the same statement. */
export interface Consequence extends Pick<Write, 'due' | 'work'> {
  versions: NewVersion[];
  patient: NonNullable<Write['patient']>;
  changes: Pick<Changes, 'flags' | 'findings' | 'undecided'>;
}

/** What was written of this patient before, read only where one step of the fold does not suffice. */
export interface Past {
  reports: readonly StoredReport[];
  ledger: readonly EpisodeRow[];
  /** What this very resource said in its earlier version. */
  before?: StoredReport;
  /** The open Flag that says an earlier version of it was not evaluated. */
  failed?: EpisodeRow;
  /** The Flags, open or not, that say that policies were not wholly evaluated on an earlier version of it. */
  partly: readonly EpisodeRow[];
}

/** An earlier report whose measured values come to something else, since the baseline that they are compared with has changed. */
export interface Regraded {
  /** As it is from now on. */
  stored: StoredReport;
  /** What differs, and what it no longer says. */
  findings: readonly Finding[];
  gone: readonly Finding[];
}

/** The ledger's term for Flags of reports that could not be evaluated. */
export const NOT_EVALUATED = 'not-evaluated';

/** The ledger's term for Flags of reports on which alert policies took more steps than one report is given. */
export const POLICY_BUDGET = 'policy-budget';

/** The ledger's term for Flags of reports on which a condition of an alert policy failed. */
export const POLICY_ERROR = 'policy-error';

/** What may keep policies from being wholly evaluated on a report. */
export type Partly = typeof POLICY_BUDGET | typeof POLICY_ERROR;

/** Rows of the ledger that say that policies were not wholly evaluated. */
export const isPartly = ({ term }: Pick<EpisodeRow, 'term'>): boolean =>
  term === POLICY_BUDGET || term === POLICY_ERROR;

/** Rows of the ledger that stand for no episode. */
export const isOperational = (row: Pick<EpisodeRow, 'term'>): boolean => row.term === NOT_EVALUATED || isPartly(row);

/** Whether a report is the one of `source`, in whatever version. */
export const isOf = (source: Pick<SourceRef, 'type' | 'id'>, { report }: StoredReport): boolean =>
  report.source.id === source.id && report.source.type === source.type;
