import { type Death, isAfterDeath } from './death.ts';
import { type Expectations, type ExpectedItem, type ExpectedSlot, expectedSlots, slotOf } from './expectations.ts';

/** An answer to a form, by the id of the response. `at` is its symptom time, UTC instant; the form without its version. */
export interface Answer {
  id: string;
  at: string;
  form: string;
}

/**
 * `upcoming`: it does not count yet; `due`: it may be answered now, in time or late; `met`, `late`: answered; `missing`: nothing came up to the moment
 * up to which it is waited for; `paused`: nothing is expected.
 */
export type SlotState = 'upcoming' | 'due' | 'met' | 'late' | 'missing' | 'paused';

/** A slot as it stands. */
export interface SlotStanding extends ExpectedSlot {
  item: ExpectedItem;
  state: SlotState;
  /** Answers that belong to it, the first of them first: only that one meets it. */
  answers: readonly Answer[];
}

/**
 * Every slot that an answer could count for between two moments, with what has become of it up to `now`, and the answers that met none. `answers` are those to any form,
 * in any order. UTC instants. Gives at most so many slots; none that ends when the patient has died.
 */
export function scheduleOf(
  expectations: Expectations,
  answers: readonly Answer[],
  { from, to, now, most, death }: { from: string; to: string; now: string; most: number; death?: Pick<Death, 'at'> },
): { slots: SlotStanding[]; extra: Answer[] } {
  const ordered = [...answers].sort((a, b) => (a.at === b.at ? (a.id < b.id ? -1 : 1) : a.at < b.at ? -1 : 1));
  const meeting = new Set<Answer>();
  const slots: SlotStanding[] = [];
  for (const item of expectations.items) {
    const own = answersBySlot(item, expectations, ordered, death);
    for (const [first] of own.values()) if (first) meeting.add(first);
    for (const expected of expectedSlots(item, expectations, from)) {
      // Slots of one schedule come in order; those of a later one may begin before.
      if (expected.slot.open > to || isAfterDeath(expected, death)) {
        if (expected.slot.open > (item.spans.at(-1)?.from ?? '')) break;
        continue;
      }
      const found = own.get(expected.slot.start) ?? [];
      slots.push({ ...expected, item, answers: found, state: stateOf(expected, found[0], now) });
      if (slots.length >= most) break;
    }
  }
  const forms = new Set(expectations.items.map(({ form }) => form));
  return {
    slots: slots.sort((a, b) => (a.slot.start < b.slot.start ? -1 : a.slot.start > b.slot.start ? 1 : 0)),
    extra: ordered.filter((answer) => forms.has(answer.form) && !meeting.has(answer)),
  };
}

function answersBySlot(
  item: ExpectedItem,
  expectations: Expectations,
  ordered: readonly Answer[],
  death: Pick<Death, 'at'> | undefined,
): Map<string, Answer[]> {
  const found = new Map<string, Answer[]>();
  for (const answer of ordered) {
    const expected = answer.form === item.form ? slotOf(item, expectations, answer.at) : undefined;
    if (!expected || isAfterDeath(expected, death)) continue;
    const { start } = expected.slot;
    found.set(start, [...(found.get(start) ?? []), answer]);
  }
  return found;
}

function stateOf({ slot, isPaused }: ExpectedSlot, first: Answer | undefined, now: string): SlotState {
  if (isPaused) return 'paused';
  if (first) return first.at > slot.close ? 'late' : 'met';
  if (slot.open > now) return 'upcoming';
  return now <= slot.due ? 'due' : 'missing';
}
