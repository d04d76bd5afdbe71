import type { Library } from '@medplum/fhirtypes';
import { CANONICAL } from '../../fhir/canonical.ts';
import type { Issue } from '../../fhir/errors.ts';
import type { CompiledQuestionnaire, ItemState } from '../../fhir/questionnaire.ts';
import { canonicalJson, sha256 } from '../canonical-json.ts';
import type { Finding } from '../finding.ts';

/** What every grading data file says of itself; the facts stand beside it. */
export interface GradingData {
  system: string;
  version: string;
  title: string;
  licence: { note: string; confidence: string };
}

/** One document that facts of a grading were read in. */
export interface GradingSource {
  id: string;
  document: string;
  usedFor: string;
}

/** Grades the items of one response of the form that it was made for. */
export type FormGrading = (states: readonly ItemState[]) => readonly Finding[];

/** Published data, whatever runs them. */
export interface PublishedGrading {
  data: GradingData;
  sources: readonly GradingSource[];
  /** Everything that is wrong with the data, empty when it is whole. */
  faults(): readonly string[];
}

/** One grading system: published data and the pure functions that run it. */
export interface Grading extends PublishedGrading {
  /** What is wrong with the items of a form that carry this system's codes; errors make the form unfit for grading. */
  check(form: CompiledQuestionnaire): readonly Issue[];
  /** The part that depends on the form, done once; nothing when the form carries none of the codes. Throws on an unfit form. */
  prepare(form: CompiledQuestionnaire): FormGrading | undefined;
}

/** The canonical under which a grading is published. */
export const libraryName = ({ data }: PublishedGrading): { url: string; version: string } => ({
  url: `${CANONICAL}/Library/grading-${data.system}`,
  version: data.version,
});

/**
 * The grading as the API publishes it: url, version and the whole data file, in canonical JSON, as its content. The
 * identifier is the SHA-256 of exactly those bytes, so a reader can verify which data graded a response.
 */
export function gradingLibrary(grading: PublishedGrading): Library {
  const { data, sources } = grading;
  const text = canonicalJson(data);
  return {
    resourceType: 'Library',
    ...libraryName(grading),
    identifier: [{ system: `${CANONICAL}/NamingSystem/content-sha256`, value: sha256(text) }],
    title: data.title,
    status: 'active',
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/library-type', code: 'logic-library' }] },
    copyright: data.licence.note,
    relatedArtifact: sources.map(({ document, usedFor }) => ({
      type: 'citation',
      display: usedFor,
      citation: document,
    })),
    content: [
      {
        contentType: 'application/json',
        data: Buffer.from(text).toString('base64'),
        title: `${data.title}, ${data.version}`,
      },
    ],
  };
}

/** Lower-case hexadecimal SHA-256 of the canonical JSON of grading data: the same facts give the same hash on any machine. */
export function contentHash(data: GradingData): string {
  return sha256(canonicalJson(data));
}
