import { type Death, isAfterDeath } from '../calendar/death.ts';
import {
  type Expectations,
  type ExpectedItem,
  type ExpectedSlot,
  expectedSlots,
  itemKey,
  slotOf,
} from '../calendar/expectations.ts';
import { isWithin, type Month } from './month.ts';

/** A response of a patient. */
export interface Received {
  id: string;
  /** Symptom time, UTC instant. */
  at: string;
  /** Canonical of its form, without the version. */
  form: string;
}

/** What was expected in a month, and what came. */
export interface Reporting {
  /** Slots that began in the month, up to now, were not paused and do not end after a death: `met`, `missing` and `waiting` together. */
  expected: number;
  met: number;
  /** Of those met: first answered after the slot's end. */
  late: number;
  /** Nothing came up to the moment up to which it was waited for. */
  missing: number;
  /** Not answered, and still waited for. */
  waiting: number;
  /** Slots in which nothing was expected, since the patient was away or the plan on hold. */
  paused: number;
  /** Responses of the month. */
  received: number;
  /** Of those: not the first of any slot, so sent by the patient's own wish. */
  extra: number;
}

/**
 * The reports of each month, up to `now`. A slot belongs to the month in which it begins, also where it is answered in the next one; a response to
 * the month of its symptom time. `responses` in the order of time, all that there ever were.
 */
export function reportingOf(facts: Slotted, months: readonly Month[], now: string): Reporting[] {
  const [first, last] = [months[0], months.at(-1)];
  if (!first || !last) return [];
  const { responses } = facts;
  const { slots, meeting } = answeredIn(facts, first.start, last.end, now);
  const firsts = new Set([...meeting.values()].map(({ id }) => id));
  return months.map((month) => {
    const own = slots.filter(({ expected }) => isWithin(month, expected.slot.start));
    const counted = own.filter(({ expected }) => !expected.isPaused);
    const answers = counted.map((one) => ({ ...one, answer: meeting.get(nameOf(one)) }));
    const met = answers.filter(({ answer }) => answer);
    const open = answers.filter(({ answer }) => !answer);
    const received = responses.filter(({ at }) => isWithin(month, at) && at <= now);
    return {
      expected: counted.length,
      met: met.length,
      late: met.filter(({ answer, expected }) => answer && answer.at > expected.slot.close).length,
      missing: open.filter(({ expected }) => expected.slot.due < now).length,
      waiting: open.filter(({ expected }) => expected.slot.due >= now).length,
      paused: own.length - counted.length,
      received: received.length,
      extra: received.filter(({ id }) => !firsts.has(id)).length,
    };
  });
}

/** What tells which slots there were, and which were met. */
export interface Slotted {
  expectations: Expectations;
  /** In the order of time. */
  responses: readonly Received[];
  death?: Pick<Death, 'at'>;
}

/** A slot of a part of a plan. */
interface PlanSlot {
  item: ExpectedItem;
  expected: ExpectedSlot;
}

/** The slots that begin from one moment to another (UTC instants), both included, outside pauses and not after a death; each with the response that came first in it. */
export function slotsMet(facts: Slotted, from: string, until: string): (PlanSlot & { answer?: Received })[] {
  const { slots, meeting } = answeredIn(facts, from, NEVER, until);
  return slots
    .filter(({ expected }) => !expected.isPaused)
    .map((one) => {
      const answer = meeting.get(nameOf(one));
      return { ...one, ...(answer ? { answer } : {}) };
    });
}

/** After every moment. */
const NEVER = '9999-12-31T23:59:59.999Z';

/** The slots that begin from one moment to just before another, and not after now; and by slot, also by earlier ones, what came first in it. */
function answeredIn(
  facts: Slotted,
  from: string,
  end: string,
  now: string,
): { slots: PlanSlot[]; meeting: ReadonlyMap<string, Received> } {
  const slots = facts.expectations.items.flatMap((item) => slotsIn(item, facts, from, end, now));
  const [earliest] = [from, ...slots.map(({ expected }) => expected.slot.open)].sort();
  return { slots, meeting: firstAnswers(facts, slots, earliest ?? from) };
}

const nameOf = ({ item, expected: { slot } }: PlanSlot): string => `${itemKey(item)} ${slot.start}`;

/** The slots of an item that begin between two moments, and not after now. Of who has died none that ends later is told. */
function slotsIn(
  item: ExpectedItem,
  { expectations, death }: Pick<Slotted, 'expectations' | 'death'>,
  from: string,
  end: string,
  now: string,
): PlanSlot[] {
  const found: PlanSlot[] = [];
  const lastSpan = item.spans.at(-1)?.from ?? '';
  for (const expected of expectedSlots(item, expectations, from)) {
    const { start } = expected.slot;
    if (start >= end || start > now) {
      // Slots of a plan that replaced this one may begin before it.
      if (start > lastSpan) break;
      continue;
    }
    if (start >= from && !isAfterDeath(expected, death)) found.push({ item, expected });
  }
  return found;
}

/** By slot, the response that came first in it; of slots that begin to count at `from` or later, and of those that these responses belong to. */
function firstAnswers(
  { expectations, responses, death }: Slotted,
  slots: readonly PlanSlot[],
  from: string,
): ReadonlyMap<string, Received> {
  const first = new Map<string, Received>();
  for (const item of expectations.items) {
    const own = responses.filter(({ form }) => form === item.form);
    const known = slots.filter((one) => one.item === item).map(({ expected }) => expected);
    const slotAt = (at: string): ExpectedSlot | undefined =>
      slotAmong(known, item, at) ?? slotOf(item, expectations, at);
    // The first of them may belong to a slot that was open before: later ones belong to later slots.
    const earliest = own.find(({ at }) => at >= from);
    const open = earliest && slotAt(earliest.at)?.slot.open;
    const since = open !== undefined && open < from ? open : from;
    for (const response of own) {
      if (response.at < since) continue;
      const found = slotAt(response.at);
      if (!found || found.isPaused || isAfterDeath(found, death)) continue;
      const name = nameOf({ item, expected: found });
      if (!first.has(name)) first.set(name, response);
    }
  }
  return first;
}

/**
 * The slot of a moment (UTC instant) among those that are known, in their order: of a plan that never changed, the last that has begun to count, unless the moment belongs to
 * one that is not known, or is too late for all. To look into the calendar for each response costs a millisecond, and to look at each slot more than that once there are thousands.
 */
export function slotAmong(
  known: readonly ExpectedSlot[],
  { spans }: Pick<ExpectedItem, 'spans'>,
  at: string,
): ExpectedSlot | undefined {
  if (spans.length !== 1) return undefined;
  let [low, high] = [0, known.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const expected = known[middle];
    if (expected && expected.slot.open <= at) low = middle + 1;
    else high = middle;
  }
  const last = known[low - 1];
  if (!last) return undefined;
  const { due, next } = last.slot;
  return (next === undefined ? at <= due : at < next) ? last : undefined;
}
