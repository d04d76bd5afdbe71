import { type Expectations, type ExpectedItem, itemKey, nextSlot, slotOf } from './expectations.ts';

/** A slot that a report speaks of: a response that falls into it, or the mark that nothing came. */
export interface SlotRef {
  /** `itemKey`. */
  item: string;
  /** Canonical of the form, without its version. */
  form: string;
  /** Names the slot: the UTC instant of its beginning. */
  start: string;
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
    const { start, close } = found.slot;
    return [{ item: itemKey(item), form, start, ...(at > close ? { late: true } : {}) }];
  });
}

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
    const after = waitingFor(item, expectations, open.due);
    moved.push(after);
    return after;
  });
  return moved.length === 0 ? undefined : { expectations: { ...expectations, items }, moved };
}

/** The item with the next slot that is due after a moment as its open one; with none where none is left. */
export function waitingFor(
  { open: _, ...item }: ExpectedItem,
  expectations: Expectations,
  after: string,
): ExpectedItem {
  const next = nextSlot(item, expectations, after);
  return next ? { ...item, open: { start: next.slot.start, due: next.slot.due } } : item;
}
