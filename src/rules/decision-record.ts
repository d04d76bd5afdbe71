import type { Episode } from './episode.ts';
import type { TermStep, Told } from './episodes.ts';
import type { Finding, Report, SourceRef } from './finding.ts';
import type { Policy } from './policy.ts';

/** Everything that an evaluation rests on, by version and content. */
export interface RecordInput {
  engine: { name: string; version: string };
  fhirpathVersion: string;
  /** The form of a response; none for an Observation. */
  questionnaire?: { canonical: string; digest: string } | undefined;
  gradings: readonly { system: string; version: string; digest: string }[];
  policies: readonly Pick<Policy, 'canonical' | 'digest' | 'title' | 'actions'>[];
  source: Report['source'];
  /** `Patient/<id>` and the version that was read. */
  patient: { reference: string; version: string | number };
  report: Pick<Report, 'at' | 'day' | 'baseline'>;
  /** Of this report, or of all that a refold went over. */
  steps: readonly TermStep[];
  /** Kinds of what failed, never their text. */
  errors?: readonly string[];
}

/** A decision record as it is read. */
export interface DecisionRecord {
  engine: { name: string; version: string };
  /** Version of the evaluator of conditions. */
  fhirpath: string;
  /** The form of a response; none for an Observation. */
  questionnaire?: { canonical: string; digest: string } | undefined;
  gradings: readonly { system: string; version: string; digest: string }[];
  policies: readonly { canonical: string; digest: string; title?: string }[];
  source: Report['source'];
  /** Versioned reference. */
  patient: string;
  report: Pick<Report, 'at' | 'day' | 'baseline'>;
  terms: readonly RecordedTerm[];
  errors: readonly string[];
}

/** What one report did to one term. */
export interface RecordedTerm {
  /** The record's own report, or another that a refold went over. */
  source: Report['source'];
  at: string;
  day: string;
  finding: Finding;
  previous?: { grade: number; at: string; day: string; source: Report['source'] };
  baseline?: { grade: number; at: string; source: Report['source'] };
  /** What else the conditions were told. */
  told?: Told;
  episodeBefore?: Episode;
  transition: TermStep['transition'];
  episodeAfter?: Episode;
  conditions: readonly RecordedCondition[];
  /** The level that a clinician expects held back a rise that true conditions asked for. */
  held?: true;
  /** `termKey` of the other wording of the same adverse event whose episode says as much. */
  mergedInto?: string;
  ended?: TermStep['ended'];
  tick?: TermStep['tick'];
}

export interface RecordedCondition {
  policy: string;
  action: string;
  /** Kept of the actions that were true. */
  title?: string;
  value: boolean | 'undecided';
  /** Kind of the error that made it undecided. */
  error?: string;
}

/** `type/id/_history/version`. */
export function versioned({ type, id, version }: SourceRef): string {
  return `${type}/${id}/_history/${version}`;
}
