import type { WorkStatus } from './codes.ts';

/**
 * Work items as a state machine: the whole of it is the table below. What a move needs and what becomes of a Task by it is written in moves.ts,
 * follow.ts and escalate.ts; from which status a move leads where stands here and nowhere else. The table of docs/work-items.md is this one.
 */

/** Statuses of FHIR's Task that a work item can have. Source: HL7 FHIR R4 4.0.1, CodeSystem task-status. */
export type TaskStatus = 'requested' | 'accepted' | 'in-progress' | 'on-hold' | 'completed' | 'cancelled';

/** What a person has to say with a move. */
export type Need =
  /** `owner`: who has it from now on. */
  | 'owner'
  /** Beside `owner`: it is not who had it until now. */
  | 'other than before'
  /** No `owner`: nobody has it from now on. */
  | 'no owner'
  /** `output` with an outcome. */
  | 'outcome'
  /** The extension expected-level: a grade, and until when. */
  | 'expected level'
  /** A `statusReason` of its own: another than the Task had. */
  | 'reason';

export interface Move {
  name: string;
  by: 'person' | 'engine';
  from: TaskStatus;
  to: TaskStatus;
  needs: readonly Need[];
  /** What its business status is then; as it was where there is none. That the episode has ended stays, whatever a person does. */
  business?: WorkStatus;
}

const person = (
  name: string,
  from: TaskStatus,
  to: TaskStatus,
  needs: readonly Need[],
  business?: WorkStatus,
): Move => ({
  name,
  by: 'person',
  from,
  to,
  needs,
  ...(business ? { business } : {}),
});

const engine = (name: string, from: TaskStatus, to: TaskStatus, business?: WorkStatus): Move => ({
  name,
  by: 'engine',
  from,
  to,
  needs: [],
  ...(business ? { business } : {}),
});

/** Every move there is: what has no row is refused, and the legal ones are named. */
export const MOVES: readonly Move[] = [
  person('remark', 'requested', 'requested', ['no owner']),
  person('take', 'requested', 'accepted', ['owner'], 'acknowledged'),
  person('start', 'requested', 'in-progress', ['owner'], 'acknowledged'),
  person('snooze', 'requested', 'on-hold', ['owner', 'expected level'], 'snoozed'),
  person('complete', 'requested', 'completed', ['owner', 'outcome'], 'acknowledged'),
  person('remark', 'accepted', 'accepted', ['owner']),
  person('take over', 'accepted', 'accepted', ['owner', 'other than before'], 'acknowledged'),
  person('start', 'accepted', 'in-progress', ['owner'], 'acknowledged'),
  person('snooze', 'accepted', 'on-hold', ['owner', 'expected level'], 'snoozed'),
  person('put back', 'accepted', 'requested', ['no owner', 'reason'], 'new'),
  person('complete', 'accepted', 'completed', ['owner', 'outcome'], 'acknowledged'),
  person('remark', 'in-progress', 'in-progress', ['owner']),
  person('take over', 'in-progress', 'in-progress', ['owner', 'other than before'], 'acknowledged'),
  person('pause', 'in-progress', 'accepted', ['owner'], 'acknowledged'),
  person('snooze', 'in-progress', 'on-hold', ['owner', 'expected level'], 'snoozed'),
  person('put back', 'in-progress', 'requested', ['no owner', 'reason'], 'new'),
  person('complete', 'in-progress', 'completed', ['owner', 'outcome'], 'acknowledged'),
  person('snooze anew', 'on-hold', 'on-hold', ['owner', 'expected level'], 'snoozed'),
  person('resume', 'on-hold', 'accepted', ['owner'], 'acknowledged'),
  person('resume', 'on-hold', 'in-progress', ['owner'], 'acknowledged'),
  person('put back', 'on-hold', 'requested', ['no owner', 'reason'], 'new'),
  person('complete', 'on-hold', 'completed', ['owner', 'outcome'], 'acknowledged'),
  person('correct', 'completed', 'completed', ['owner', 'outcome', 'reason']),
  engine('escalate', 'requested', 'requested', 'escalated'),
  engine('escalate', 'accepted', 'accepted', 'escalated'),
  engine('escalate', 'in-progress', 'in-progress', 'escalated'),
  engine('overdue', 'requested', 'requested', 'overdue'),
  engine('overdue', 'accepted', 'accepted', 'overdue'),
  engine('overdue', 'in-progress', 'in-progress', 'overdue'),
  engine('worse when overdue', 'requested', 'requested', 'escalated'),
  engine('worse when overdue', 'accepted', 'accepted', 'escalated'),
  engine('worse when overdue', 'in-progress', 'in-progress', 'escalated'),
  engine('worse at the only level', 'requested', 'requested', 'new'),
  engine('worse at the only level', 'accepted', 'accepted', 'acknowledged'),
  engine('worse at the only level', 'in-progress', 'in-progress', 'acknowledged'),
  engine('wake', 'on-hold', 'requested', 'new'),
  engine('episode ends', 'requested', 'cancelled', 'episode-ended'),
  engine('episode ends', 'accepted', 'accepted', 'episode-ended'),
  engine('episode ends', 'in-progress', 'in-progress', 'episode-ended'),
  engine('episode ends', 'on-hold', 'on-hold', 'episode-ended'),
  engine('episode goes on', 'requested', 'requested', 'new'),
  engine('episode goes on', 'accepted', 'accepted', 'acknowledged'),
  engine('episode goes on', 'in-progress', 'in-progress', 'acknowledged'),
  engine('episode goes on', 'on-hold', 'on-hold', 'snoozed'),
];

/** How a person asks the next level, in words. */
export const TO_NEXT_LEVEL = 'it goes to the next level by businessStatus escalated (escalate, reason) or by $escalate';

/**
 * The move of a person from one status to another; undefined where there is none. Who takes it over from somebody else has a move of
 * their own where the table has one.
 */
export function moveOf(
  from: string,
  to: string,
  { isTakenOver }: { isTakenOver: boolean } = { isTakenOver: false },
): Move | undefined {
  const moves = MOVES.filter((move) => move.by === 'person' && move.from === from && move.to === to);
  const isTakeover = ({ needs }: Move): boolean => needs.includes('other than before');
  return (isTakenOver ? moves.find(isTakeover) : undefined) ?? moves.find((move) => !isTakeover(move));
}

/** Whether what has a status can go to the next level: by itself, or since a person asks for it. */
export const canEscalate = (status: string): boolean =>
  MOVES.some(({ name, from }) => name === 'escalate' && from === status);

/** What a person can do with a work item of a status, in words: what a refusal names. */
export function legalMoves(from: string): string {
  const moves = MOVES.filter((move) => move.by === 'person' && move.from === from);
  if (moves.length === 0) return 'it has ended and stays as it is';
  const named = moves.map(({ name, to, needs }) => `${to} (${[name, ...needs].join(', ')})`).join('; ');
  return canEscalate(from) ? `${named}; and ${TO_NEXT_LEVEL}` : named;
}
