import {
  type Expectations,
  type ExpectedItem,
  type ExpectedSlot,
  itemKey,
  slotOf,
  waitingFor,
} from './expectations.ts';
import { dayIn } from './slots.ts';

/** A slot that a report speaks of: a response that falls into it, or the mark that nothing came. */
export interface SlotRef {
  /** `itemKey`. */
  item: string;
  /** Canonical of the form, without its version. */
  form: string;
  /** Of the form. */
  title?: string;
  /** Names the slot: the UTC instant of its beginning. */
  start: string;
  /** Day of its beginning in the zone of the plan. */
  day: string;
  /** The response came after the slot's end. */
  late?: true;
  /** Nothing came up to the moment up to which it was waited for, as far as was known then. */
  missing?: true;
}

/** The slots that an answer to a form belongs to, one for each part of a plan that asks for it. `at` is its UTC instant. */
export function slotsOfAnswer(expectations: Expectations, form: string, at: string): SlotRef[] {
  return expectations.items.flatMap((item): SlotRef[] => {
    const found = item.form === form ? slotOf(item, expectations, at) : undefined;
    if (!found) return [];
    const { close } = found.slot;
    return [{ ...slotRef(item, found), ...(at > close ? { late: true } : {}) }];
  });
}

/** A slot of an item, as reports name it. */
export const slotRef = (item: ExpectedItem, { slot: { start }, zone }: ExpectedSlot): SlotRef => ({
  item: itemKey(item),
  form: item.form,
  ...(item.title === undefined ? {} : { title: item.title }),
  start,
  day: dayIn(zone, start),
});

/** Items whose open slot is met by an answer of that moment wait for their next one; undefined where none is. */
export function movedOn(
  expectations: Expectations,
  met: readonly SlotRef[],
  at: string,
): { expectations: Expectations; moved: ExpectedItem[] } | undefined {
  const moved: ExpectedItem[] = [];
  const items = expectations.items.map((item) => {
    const { open } = item;
    if (!open || at > open.due || !met.some((ref) => ref.item === itemKey(item) && ref.start === open.start))
      return item;
    const { unsettled } = item;
    const next = waitingFor(item, expectations, open.due);
    const after = unsettled === undefined ? next : { ...next, unsettled };
    moved.push(after);
    return after;
  });
  return moved.length === 0 ? undefined : { expectations: { ...expectations, items }, moved };
}
