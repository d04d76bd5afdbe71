import { canonicalJson, sha256 } from './canonical-json.ts';
import type { Episode } from './episode.ts';
import type { TermStep } from './episodes.ts';
import type { Finding, Report } from './finding.ts';
import type { Policy } from './policy.ts';
import { type Packed, pack, unpack } from './record-packed.ts';

/** Everything that an evaluation rests on, by version and content. */
export interface RecordInput {
  engine: { name: string; version: string };
  fhirpathVersion: string;
  questionnaire: { canonical: string; digest: string };
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
  questionnaire: { canonical: string; digest: string };
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
  episodeBefore?: Episode;
  transition: TermStep['transition'];
  episodeAfter?: Episode;
  conditions: readonly RecordedCondition[];
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

/**
 * The decision record of one evaluation as canonical JSON, and its SHA-256 in lower-case hexadecimal. The same input gives
 * the same bytes on any machine. Holds scores, codes and versions, and nothing that a patient wrote. Source: RFC 8785.
 */
export function decisionRecord(input: RecordInput): { text: string; digest: string } {
  const text = canonicalJson(pack(input));
  return { text, digest: sha256(text) };
}

/** The record that a text holds. Throws a SyntaxError when it is not JSON, a TypeError when it is no record of ours. */
export function readRecord(text: string): DecisionRecord {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== 1) {
    throw new TypeError('This is no decision record of format 1');
  }
  return unpack(value as Packed); // format 1 is written by decisionRecord alone, and kept with its digest
}

/** `type/id/_history/version`. */
export function versioned({ type, id, version }: Report['source']): string {
  return `${type}/${id}/_history/${version}`;
}
