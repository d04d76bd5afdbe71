/**
 * Episodes as a state machine: the whole of it is the table below. What a report means for a term is told apart in episodes.ts (as one
 * event), what an episode holds is written there too; from which state an event leads where stands here and nowhere else. The
 * table of docs/episodes.md is this one.
 */

/**
 * `none`: nobody has been told of the term. `open`: an episode is. `snoozed`: one is open, at a level that a clinician expects until a date.
 * `closed`: the last one has ended.
 */
export type State = 'none' | 'open' | 'snoozed' | 'closed';

/** In the order in which they are looked for: the first that is so is the event of a report. */
export type Event =
  /** The date up to which a level was expected lies before the report. */
  | 'expires'
  /** A clinician expects a level that is in force. */
  | 'expects'
  /** No episode is open and an `open` action is true. */
  | 'opens'
  /** The same, of a term asked twice whose other wording in the same report opened one that says as much. */
  | 'repeats'
  /** An `escalate`, or an `open` of a priority above the present one, is true, and no expected level holds it back. */
  | 'raises'
  /** A `close` action is true. */
  | 'closes'
  /** A second report of the same moment that says nothing worse: of the moment at which an episode ended too, where nothing in it would have raised that one. */
  | 'doubles'
  /** The grade is certainly above, the same as, or certainly below that of the episode. */
  | 'above'
  | 'equal'
  | 'below'
  /** The report cannot tell the grade; or nothing is open and nothing opens. */
  | 'untold';

/**
 * What a report did to the episode of its term. `none`: none is open. `kept`: one is open and the report could not tell its grade.
 * `worse`, `same`, `better`: against the grade that the episode had. `merge`: the term was asked twice, and this says nothing that is
 * not said already.
 */
export type Transition = 'none' | 'open' | 'worse' | 'same' | 'better' | 'close' | 'kept' | 'merge';

export interface Row {
  name: string;
  from: State;
  event: Event;
  to: State;
  /** What a step is called that it makes; none where no report made it. */
  transition?: Transition;
}

/** Every transition there is: an event that a state has no row for cannot happen in it. */
export const MACHINE: readonly Row[] = [
  { name: 'quiet', from: 'none', event: 'untold', to: 'none', transition: 'none' },
  { name: 'open', from: 'none', event: 'opens', to: 'open', transition: 'open' },
  { name: 'merge', from: 'none', event: 'repeats', to: 'none', transition: 'merge' },
  { name: 'worsen by policy', from: 'open', event: 'raises', to: 'open', transition: 'worse' },
  { name: 'worsen', from: 'open', event: 'above', to: 'open', transition: 'worse' },
  { name: 'plateau', from: 'open', event: 'equal', to: 'open', transition: 'same' },
  { name: 'improve', from: 'open', event: 'below', to: 'open', transition: 'better' },
  { name: 'kept', from: 'open', event: 'untold', to: 'open', transition: 'kept' },
  { name: 'merge of one moment', from: 'open', event: 'doubles', to: 'open', transition: 'merge' },
  { name: 'close', from: 'open', event: 'closes', to: 'closed', transition: 'close' },
  { name: 'snooze', from: 'open', event: 'expects', to: 'snoozed' },
  { name: 'wake', from: 'snoozed', event: 'expires', to: 'open' },
  { name: 'break through', from: 'snoozed', event: 'raises', to: 'snoozed', transition: 'worse' },
  { name: 'worsen while snoozed', from: 'snoozed', event: 'above', to: 'snoozed', transition: 'worse' },
  { name: 'plateau while snoozed', from: 'snoozed', event: 'equal', to: 'snoozed', transition: 'same' },
  { name: 'improve while snoozed', from: 'snoozed', event: 'below', to: 'snoozed', transition: 'better' },
  { name: 'kept while snoozed', from: 'snoozed', event: 'untold', to: 'snoozed', transition: 'kept' },
  { name: 'merge while snoozed', from: 'snoozed', event: 'doubles', to: 'snoozed', transition: 'merge' },
  { name: 'close while snoozed', from: 'snoozed', event: 'closes', to: 'closed', transition: 'close' },
  { name: 'quiet since', from: 'closed', event: 'untold', to: 'closed', transition: 'none' },
  { name: 'reopen', from: 'closed', event: 'opens', to: 'open', transition: 'open' },
  { name: 'merge at its end', from: 'closed', event: 'doubles', to: 'closed', transition: 'merge' },
  { name: 'merge since', from: 'closed', event: 'repeats', to: 'closed', transition: 'merge' },
];

/** The row of an event in a state. Throws a RangeError where the table has none. */
export function rowOf(from: State, event: Event): Row & { transition: Transition } {
  const row = BY_EVENT[from][event];
  if (!row?.transition) throw new RangeError(`No report makes the event ${event} in the state ${from}`);
  return row as Row & { transition: Transition }; // just looked
}

/** The state after an event that no report makes; the same state where the event means nothing in it. */
export const turned = (from: State, event: 'expires' | 'expects'): State => BY_EVENT[from][event]?.to ?? from;

const BY_EVENT: Readonly<Record<State, Partial<Record<Event, Row>>>> = (() => {
  const table: Record<State, Partial<Record<Event, Row>>> = { none: {}, open: {}, snoozed: {}, closed: {} };
  for (const row of MACHINE) table[row.from][row.event] = row;
  return table;
})();
