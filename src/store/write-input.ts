import type { DueChange } from './due.ts';
import type { WorkChange } from './work.ts';

/** One version to write. `head + lastUpdated + tail` is the body. */
export interface NewVersion {
  type: string;
  id: string;
  shard: number;
  /** 1 for a create; n + 1 replaces version n, and only that. */
  version: number;
  head: string;
  tail: string;
  deleted?: boolean;
  derived?: boolean;
  index: IndexRow;
}

/** What is searched of a resource. `tok` as decimal text of signed 64-bit hashes. */
export interface IndexRow {
  tok: readonly string[];
  key1: bigint | null;
  /** See `codeKey` of src/store/code-key.ts. */
  code1: number;
  /** Principal date as UTC instants [lo, hi). */
  lo: string | null;
  hi: string | null;
  /** The patient whose data it is. */
  patient: string | null;
  /** A bit for each search parameter that has a value (SearchParam.bit). */
  present: bigint;
  /** Generation of the search parameters by which it was indexed. */
  registry: bigint;
  dates: readonly DateRow[];
  numbers: readonly NumberRow[];
  strings: readonly StringRow[];
  /** Tables in which an earlier version of it may have rows. */
  tables: readonly IndexTable[];
}

export type IndexTable = 'index_date' | 'index_number' | 'index_string';

/** A date parameter's value as UTC instants [lo, hi). */
export interface DateRow {
  param: string;
  lo: string;
  hi: string;
}

/** A number or quantity: decimals as text, null where it has no limit. */
export interface NumberRow {
  param: string;
  lo: string | null;
  hi: string | null;
  /** The one bound that there is lies outside. */
  open: boolean;
  /** What a search may name its unit by: `system|code`, `code` and the unit's text. */
  unit: readonly string[];
  /** The same in UCUM base units and the text of these; null where UCUM does not know the unit. */
  clo: string | null;
  chi: string | null;
  cunit: string | null;
}

/** A text: normalised as `normalised` of src/fhir/search-parameters does, and as it came. */
export interface StringRow {
  param: string;
  norm: string;
  exact: string;
}

export interface EpisodeRow {
  flagId: string;
  version: number;
  term: string;
  origin: string;
  status: 'active' | 'inactive' | 'entered-in-error';
  started: string;
  ended: string | null;
  signature: string;
}

/** What one resource said, as it is kept for the fold. */
export interface ReportRow {
  /** Of the resource. */
  type: string;
  id: string;
  /** Symptom time, UTC instant. */
  at: string;
  content: string;
}

/** A key that must stay single, and who holds it from now on. */
export interface Claim {
  key: string;
  shard: number;
  type: string;
  id: string;
  /** The owner that may be replaced, because it is gone or no longer what the key says. */
  stale?: string;
  /** Of the claim of an id: the shard in which its resource lies. */
  home?: number;
}

/** Everything that one write commits together. */
export interface Write {
  versions: readonly NewVersion[];
  /** The outbox row's id and shard; `n` is filled in from the counter. */
  outbox: { id: string; shard: number };
  /** The per-patient counter: advances from `n`, or the whole write gives way. */
  patient?: {
    id: string;
    shard: number;
    n: bigint;
    /** The new fold state; absent leaves it as it is. */
    state?: string;
    /** The new last grades, as a short text; absent leaves them as they are. */
    lastGrades?: string;
    /** What is expected of the patient from now on, JSON text; absent leaves it as it is. */
    expected?: string;
    /** What was said, for the next fold: the report of this write, and earlier ones that it changes. */
    reports?: readonly ReportRow[];
    /** A report that is taken back: its row goes. */
    retract?: { type: string; id: string };
    episodes?: readonly EpisodeRow[];
    decision?: { id: string; content: string };
  };
  /** A patient's row is born with the Patient. */
  newPatient?: { id: string; shard: number; state: string };
  /** Keys that must stay single. */
  claims?: readonly Claim[];
  /** What is to happen at a moment, or no longer is. */
  due?: readonly DueChange[];
  /** Places of open Tasks in the list of work. */
  work?: readonly WorkChange[];
  /** Conformance resources changed: every process has to look again. */
  bumpCatalog?: boolean;
}

/** What a write keeps of the patient whom it belongs to. */
export type PatientWrite = NonNullable<Write['patient']>;

/** Adds a parameter; gives the place where the statement names it. */
export type Param = (value: unknown) => string;
