import { Temporal } from 'temporal-polyfill';
import type { Schedule, Slot } from '../../../../src/rules/calendar/schedule.ts';
import { cycleMillis, type Occurrence, occurrences } from './occurrences.ts';

/**
 * The slots of a schedule in order, from about `from` (UTC instant) on: every slot that is still waited for then is among them. Each begins to count `before` its
 * start, but not before the one before it has begun; without a length it lasts until the next one begins to count.
 */
export function* slotsFrom(schedule: Schedule, from: string): Generator<Slot> {
  const { rule } = schedule;
  const since = Date.parse(from) - (rule.kind === 'cycle' ? cycleMillis(rule) : 0) - longest(schedule);
  let before: Occurrence | undefined;
  let current: Occurrence | undefined;
  let last: Slot | undefined;
  for (const next of occurrences(schedule, since)) {
    if (current) {
      last = inTurn(slotOf(schedule, before, current, next), last);
      yield last;
    }
    if (!next.counts) return;
    before = current;
    current = next;
  }
  if (current) yield inTurn(slotOf(schedule, before, current, undefined), last);
}

/**
 * What is waited for a month ends on the 28th for all that ended on the last days of January, and a clock that is put forward brings two moments
 * together: each slot is waited for longer than the one before, or it would not be looked at after that.
 */
function inTurn(slot: Slot, last: Slot | undefined): Slot {
  if (!last || slot.due > last.due) return slot;
  return { ...slot, due: instant(Date.parse(last.due) + 1) };
}

/** The slot that an answer of that moment belongs to: the last that has begun to count; undefined before the first and after the last. */
export function slotAt(schedule: Schedule, at: string): Slot | undefined {
  let found: Slot | undefined;
  for (const slot of slotsFrom(schedule, at)) {
    if (slot.open > at) break;
    found = slot;
  }
  return found && (found.next === undefined ? at <= found.due : at < found.next) ? found : undefined;
}

function slotOf(
  schedule: Schedule,
  previous: Occurrence | undefined,
  { at }: Occurrence,
  next: Occurrence | undefined,
): Slot {
  const { zone, rule, window } = schedule;
  const open = Math.max(moved(at, zone, window.before, -1), previous?.at ?? Number.NEGATIVE_INFINITY);
  const nextOpen = next && Math.max(moved(next.at, zone, window.before, -1), at);
  const ends = rule.kind === 'once' ? Date.parse(rule.end) : window.length && moved(at, zone, window.length, 1);
  const close = Math.min(ends || Number.POSITIVE_INFINITY, nextOpen ?? Number.POSITIVE_INFINITY);
  if (!Number.isFinite(close)) throw new RangeError('A slot without an end: the last of single moments has a length');
  return {
    start: instant(at),
    open: instant(open),
    close: instant(close),
    due: instant(moved(close, zone, window.grace, 1)),
    ...(nextOpen === undefined ? {} : { next: instant(nextOpen) }),
  };
}

/** A moment so much later or earlier by the calendar of its zone: a day is a day, however many hours it has. */
function moved(at: number, zone: string, duration: string | undefined, sign: 1 | -1): number {
  if (duration === undefined) return at;
  const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  const moved = sign > 0 ? zoned.add(duration) : zoned.subtract(duration);
  return moved.epochMilliseconds;
}

/** Milliseconds that the window of a slot may last beyond its cycle. */
function longest({ window: { length, grace } }: Schedule): number {
  return [length, grace].reduce((sum, text) => sum + (text === undefined ? 0 : millisOf(text)), 0);
}

/** More than any calendar gives it, also where several end together at the end of a month. */
function millisOf(text: string): number {
  const { years, months, weeks, days, hours, minutes } = Temporal.Duration.from(text);
  return (((years * 370 + months * 35 + weeks * 7 + days) * 25 + hours) * 60 + minutes) * 60_000;
}

/** Calendar day of a UTC instant in a zone: `YYYY-MM-DD`. */
export const dayIn = (zone: string, at: string): string =>
  Temporal.Instant.from(at).toZonedDateTimeISO(zone).toPlainDate().toString();

const instant = (at: number): string => new Date(at).toISOString();
