import type { Snapshot } from '../catalog.ts';
import { slotRef } from '../rules/calendar/answers.ts';
import type { ExpectedItem, ExpectedSlot } from '../rules/calendar/expectations.ts';
import { dayIn } from '../rules/calendar/slots.ts';
import type { Report } from '../rules/finding.ts';
import type { PatientContext } from '../store/context.ts';
import type { Evaluating } from './evaluating.ts';

/** What a slot that went by is evaluated with. */
export interface AboutSlot {
  snapshot: Snapshot;
  patient: string;
  context: PatientContext;
  /** The part of a plan that expected it. */
  item: ExpectedItem;
}

/** The id of the report that nothing came for a slot: that of the plan, its part and the slot. */
const markId = ({ id, part }: ExpectedItem, start: string): string => `${id}~${part}~${start}`;

/** Whether a report says that nothing came of a part of a plan. */
export const isMark = ({ source }: Report, item: ExpectedItem): boolean =>
  source.type === item.type && source.id.startsWith(markId(item, ''));

/** Beginning of the slot of such a report. */
export const markedStart = ({ source }: Report): string => source.id.split('~')[2] ?? '';

/**
 * A slot that went by without an answer, as the engine takes it: of the first moment at which nothing can come in time any more. `again`: it may have been said before.
 * What follows happens as of `due`, a UTC instant: of the slot's end, unless it was known later that nothing came.
 */
export function ofSlot(
  { item, ...about }: AboutSlot,
  expected: ExpectedSlot,
  again: boolean,
  due = expected.slot.due,
): Evaluating {
  const { slot, version, zone } = expected;
  const at = new Date(Date.parse(slot.due) + 1).toISOString();
  return {
    source: { type: item.type, id: markId(item, slot.start), version },
    asks: 'grading',
    amended: false,
    again,
    due,
    ...about,
    slots: () => [{ ...slotRef(item, expected), missing: true }],
    time: () => ({ at, day: dayIn(zone, at), clockAhead: false }),
    read: () => ({ findings: [], baseline: false, authored: at, unvalidatedWording: false }),
  };
}

/** The report of a slot that went by, taken back as of `due`, a UTC instant: nothing was expected in it after all. */
export const withoutSlot = (
  { item: _, ...about }: AboutSlot,
  { source, at, day }: Report,
  due: string,
): Evaluating => ({
  source,
  asks: 'retraction',
  amended: false,
  again: true,
  due,
  ...about,
  time: () => ({ at, day, clockAhead: false }),
  read: () => undefined,
});
