import { Temporal } from 'temporal-polyfill';
import { cycleMillis, type Occurrence, occurrences } from './occurrences.ts';
import type { Schedule, Slot } from './schedule.ts';
import { addMonths, DAY, dayOf, instantShown, instantText, shownAt } from './zone-clock.ts';

/** The slots of a schedule in order, from the first that is still waited for at `from` (UTC instant). */
export function* slotsFrom(schedule: Schedule, from: string): Generator<Slot> {
  const since = Date.parse(from);
  for (const stretch of stretches(schedule, since)) if (stretch.due >= since) yield slotOf(stretch);
}

/** The slot that an answer of that moment belongs to: the last that has begun to count; undefined before the first and after the last. */
export function slotAt(schedule: Schedule, at: string): Slot | undefined {
  const moment = Date.parse(at);
  let found: Stretch | undefined;
  for (const stretch of stretches(schedule, moment)) {
    if (stretch.open > moment) break;
    found = stretch;
  }
  return found && (found.next === undefined ? moment <= found.due : moment < found.next) ? slotOf(found) : undefined;
}

/** Whether an answer of that moment (UTC instant) belongs to a slot of its schedule, and is not too late for it. */
export const isWithin = ({ open, due, next }: Slot, at: string): boolean =>
  at >= open && at <= due && (next === undefined || at < next);

/** A slot in milliseconds since the epoch: most of those that are gone through are not asked for. */
interface Stretch {
  start: number;
  open: number;
  close: number;
  due: number;
  next?: number;
}

const slotOf = ({ start, open, close, due, next }: Stretch): Slot => ({
  start: instantText(start),
  open: instantText(open),
  close: instantText(close),
  due: instantText(due),
  ...(next === undefined ? {} : { next: instantText(next) }),
});

/**
 * From about `from` on: every slot that is still waited for then is among them. Each begins to count `before` its start, but not before the one before it has
 * begun; without a length it lasts until the next one begins to count.
 */
function* stretches(schedule: Schedule, from: number): Generator<Stretch> {
  const { rule } = schedule;
  const since = from - (rule.kind === 'cycle' ? cycleMillis(rule) : 0) - longest(schedule);
  let before: Occurrence | undefined;
  let current: Occurrence | undefined;
  let last: Stretch | undefined;
  for (const next of occurrences(schedule, since)) {
    if (current) {
      last = inTurn(stretchOf(schedule, before, current, next), last);
      yield last;
    }
    if (!next.counts) return;
    before = current;
    current = next;
  }
  if (current) yield inTurn(stretchOf(schedule, before, current, undefined), last);
}

/**
 * What is waited for a month ends on the 28th for all that ended on the last days of January, and a clock that is put forward brings two moments
 * together: each slot is waited for longer than the one before, or it would not be looked at after that.
 */
function inTurn(stretch: Stretch, last: Stretch | undefined): Stretch {
  if (!last || stretch.due > last.due) return stretch;
  return { ...stretch, due: last.due + 1 };
}

function stretchOf(
  { zone, rule, window }: Schedule,
  previous: Occurrence | undefined,
  { at }: Occurrence,
  next: Occurrence | undefined,
): Stretch {
  const open = Math.max(moved(at, zone, window.before, -1), previous?.at ?? Number.NEGATIVE_INFINITY);
  const nextOpen = next && Math.max(moved(next.at, zone, window.before, -1), at);
  const ends = rule.kind === 'once' ? Date.parse(rule.end) : window.length && moved(at, zone, window.length, 1);
  const close = Math.min(ends || Number.POSITIVE_INFINITY, nextOpen ?? Number.POSITIVE_INFINITY);
  if (!Number.isFinite(close)) throw new RangeError('A slot without an end: the last of single moments has a length');
  const due = moved(close, zone, window.grace, 1);
  return { start: at, open, close, due, ...(nextOpen === undefined ? {} : { next: nextOpen }) };
}

/** A moment so much later or earlier by the calendar of its zone: a day is a day, however many hours it has. */
function moved(at: number, zone: string, duration: string | undefined, sign: 1 | -1): number {
  if (duration === undefined) return at;
  const { months, days, millis } = lengthOf(duration);
  if (months === 0 && days === 0) return at + sign * millis;
  const shown = shownAt(zone, at);
  const day = dayOf(shown);
  const clock = shown - day * DAY;
  return instantShown(zone, (addMonths(day, sign * months) + sign * days) * DAY + clock) + sign * millis;
}

/** Milliseconds that the window of a slot may last beyond its cycle. */
function longest({ window: { length, grace } }: Schedule): number {
  return (length === undefined ? 0 : lengthOf(length).most) + (grace === undefined ? 0 : lengthOf(grace).most);
}

/** What a duration adds: to the date, and then in time. */
interface Length {
  months: number;
  days: number;
  millis: number;
  /** In milliseconds more than any calendar gives it, also where several end together at the end of a month. */
  most: number;
}

const MOST_LENGTHS = 1000;
const lengths = new Map<string, Length>();

function lengthOf(text: string): Length {
  const known = lengths.get(text);
  if (known) return known;
  const { years, months, weeks, days, hours, minutes, seconds, milliseconds } = Temporal.Duration.from(text);
  const length = {
    months: years * 12 + months,
    days: weeks * 7 + days,
    millis: ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds,
    most: (((years * 370 + months * 35 + weeks * 7 + days) * 25 + hours) * 60 + minutes) * 60_000,
  };
  if (lengths.size >= MOST_LENGTHS) lengths.clear();
  lengths.set(text, length);
  return length;
}

/** Calendar day of a UTC instant in a zone: `YYYY-MM-DD`. */
export const dayIn = (zone: string, at: string): string =>
  instantText(shownAt(zone, Date.parse(at))).slice(0, -'T00:00:00.000Z'.length);
