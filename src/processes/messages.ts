import type { Config } from '../config.ts';
import type { Family } from '../metrics/family.ts';
import type { SettingFiles } from '../setting-files.ts';

/** What the first process says to one that answers requests. */
export type ToWorker =
  /** The database is there: begin. `first` of all writes what ships. */
  | { kind: 'start'; config: Config; files: SettingFiles; first: boolean; worker: number }
  /** All have booted: take requests. */
  | { kind: 'listen' }
  /** What has it counted? */
  | { kind: 'count'; question: number }
  /** The answer to `gather`. */
  | { kind: 'gathered'; question: number; restarts: number; counted: { worker: number; families: Family[] }[] };

/** What it says back. */
export type FromWorker =
  /** Its code is loaded. What is sent before is lost. */
  | { kind: 'loaded' }
  /** Everything is there but the socket. */
  | { kind: 'booted' }
  | { kind: 'listening' }
  /** The start has failed: message and code of the error. */
  | { kind: 'failed'; message: string; code?: string }
  /** What have all of them counted? */
  | { kind: 'gather'; question: number }
  /** The answer to `count`. */
  | { kind: 'counted'; question: number; families: Family[] };
