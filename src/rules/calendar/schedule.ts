/** A timing that has been read: what of it is counted, in values that can be kept as JSON. */
export interface Schedule {
  /** IANA name of the zone in which its days and hours are those of a clock. */
  zone: string;
  /** UTC instant at which it begins: nothing is expected before, and cycles are counted from here. */
  anchor: string;
  /** UTC instant from which on nothing begins any more. */
  end?: string;
  rule: Rule;
  window: Window;
}

/** When something begins. */
export type Rule =
  /** At these UTC instants, in order. */
  | { kind: 'moments'; at: readonly string[] }
  /** Once, and it lasts until `end`. UTC instants. */
  | { kind: 'once'; start: string; end: string }
  | Cycle;

/** Again and again: so many times in each cycle. */
export interface Cycle {
  kind: 'cycle';
  unit: Unit;
  /** Units of one cycle. */
  period: number;
  /** Times in a cycle, evenly apart, where neither days nor times of the day are said. */
  times: number;
  /** Days of the week, 1 Monday to 7 Sunday, in order. Source: ISO 8601-1:2019, table 2. */
  days?: readonly number[];
  /** Times of the day, `HH:MM:SS`, in order. */
  at?: readonly string[];
  /** So many in all. */
  count?: number;
}

/** Units of time that a calendar counts. Source: HL7 FHIR R4 4.0.1, ValueSet units-of-time. */
export type Unit = 'h' | 'd' | 'wk' | 'mo' | 'a';

/** What counts for a slot, as ISO 8601 durations of the zone's calendar. */
export interface Window {
  /** How long before it begins an answer counts for it already. */
  before?: string;
  /** How long after it has begun an answer is in time; without it until the next one begins. */
  length?: string;
  /** How long after that an answer is waited for. */
  grace?: string;
}

/** One report that is expected. UTC instants, ISO 8601 with milliseconds. */
export interface Slot {
  /** When it begins: it names the slot. */
  start: string;
  /** From this moment on an answer counts for this slot and no longer for the one before. */
  open: string;
  /** Up to and at this moment an answer is in time. */
  close: string;
  /** Up to and at this moment it is waited for. */
  due: string;
  /** From this moment on an answer counts for the next one, or would if there were one; absent after a last moment that stands alone. */
  next?: string;
}
