import type { Deps } from '../deps.ts';
import type { Saved } from '../save.ts';
import type { BundleEntry } from './entries.ts';

/** What a read within a transaction came to, as it is answered alone. */
export interface ReadAnswer {
  status: number;
  /** JSON text; empty where there is none. */
  body: string;
  etag?: string;
  /** An instant in UTC. */
  lastModified?: string;
}

/** Carries out a GET or HEAD on what `inside` sees. Throws FhirError where it would be refused alone. */
export type Reader = (inside: Deps, entry: BundleEntry) => Promise<ReadAnswer>;

/** What an entry of a transaction came to. `version` is that of the deletion, absent where there was nothing to delete. */
export type Answer =
  | { kind: 'written'; saved: Saved }
  | { kind: 'deleted'; version?: number | undefined }
  | { kind: 'read'; read: ReadAnswer };
