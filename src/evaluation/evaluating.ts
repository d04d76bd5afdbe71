import type { QuestionnaireResponse } from '@medplum/fhirtypes';
import type { Form, Snapshot } from '../catalog.ts';
import type { Changes } from '../rules/resources/outcome.ts';
import type { PatientContext } from '../store/context.ts';
import type { EpisodeRow, NewVersion, Write } from '../store/write.ts';
import type { StoredReport } from './stored-report.ts';

/** A response that is about to be written, with all that its evaluation may know. */
export interface Evaluating {
  id: string;
  version: number;
  response: QuestionnaireResponse;
  form: Form;
  snapshot: Snapshot;
  patient: string;
  context: PatientContext;
}

/** What is written with the response, in the same statement. */
export interface Consequence {
  versions: NewVersion[];
  patient: NonNullable<Write['patient']>;
  changes: Pick<Changes, 'flags' | 'findings' | 'undecided'>;
}

/** What was written of this patient before, read only where one step of the fold does not suffice. */
export interface Past {
  reports: readonly StoredReport[];
  ledger: readonly EpisodeRow[];
  /** What this very response said in its earlier version. */
  before?: StoredReport;
  /** The open Flag that says an earlier version of it was not evaluated. */
  failed?: EpisodeRow;
}

/** The ledger's term for Flags of responses that could not be evaluated. */
export const NOT_EVALUATED = 'not-evaluated';
