import { Temporal } from 'temporal-polyfill';
import type { Cycle, Schedule } from './schedule.ts';
import { addMonths, DAY, dayOf, instantShown, shownAt, weekdayOf } from './zone-clock.ts';

/** A beginning, in milliseconds since the epoch, and whether it lies within count and end of the schedule. */
export interface Occurrence {
  at: number;
  /** False for the one beyond the last, which only tells where the last one ends. */
  counts: boolean;
}

/**
 * The beginnings of a schedule in order: all that lie at or after `from` (milliseconds), and at least one before it where there is one. After the
 * last one that counts the next is given too, where the rule has one. A time of the day that the clock passes over when it is put forward is the
 * moment of the leap's end, counted on; of one that comes twice it is the first. Months and years are counted from the anchor: what
 * began on the 31st comes on the last day of a shorter month, what began on 29 February on the 28th of a common year.
 */
export function* occurrences(schedule: Schedule, from: number): Generator<Occurrence> {
  const { rule, end } = schedule;
  const until = end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end);
  if (rule.kind === 'moments') {
    for (const at of rule.at) yield { at: Date.parse(at), counts: Date.parse(at) < until };
    return;
  }
  if (rule.kind === 'once') {
    yield { at: Date.parse(rule.start), counts: true };
    return;
  }
  const anchor = Date.parse(schedule.anchor);
  const begin: Begin = { at: anchor, zone: schedule.zone, shown: shownAt(schedule.zone, anchor) };
  const inCycle = (k: number): number[] => beginnings(rule, begin, k);
  let last = Number.NEGATIVE_INFINITY;
  const first = firstCycle(rule, from - anchor);
  // Those of the first cycle that lie before the beginning have no number.
  const skipped = first === 0 || rule.count !== undefined ? inCycle(0).filter((at) => at < anchor).length : 0;
  for (let k = first; k <= first + MOST_CYCLES; k += 1) {
    const all = inCycle(k);
    // By its place, wherever one begins to count.
    let index = k * all.length - skipped - 1;
    for (const at of all) {
      index += 1;
      if (index < 0 || at <= last) continue;
      const counts = at < until && (rule.count === undefined || index < rule.count);
      yield { at, counts };
      if (!counts) return;
      last = at;
    }
  }
}

/** Hourly for a hundred years. */
const MOST_CYCLES = 1_000_000;
const HOUR = 3_600_000;

/** Milliseconds of a unit; of months and years on average. */
const MILLIS: Readonly<Record<Cycle['unit'], number>> = {
  h: HOUR,
  d: 24 * HOUR,
  wk: 168 * HOUR,
  mo: 730.485 * HOUR,
  a: 8765.82 * HOUR,
};

/** Milliseconds of one cycle, on average. */
export const cycleMillis = ({ unit, period }: Cycle): number => MILLIS[unit] * period;

/** Clocks that change, and months of unequal length, make up less than this many cycles. */
const slackOf = ({ unit }: Cycle): number => (unit === 'mo' || unit === 'a' ? 3 : 1);

const firstCycle = (rule: Cycle, since: number): number =>
  Math.max(0, Math.floor(since / cycleMillis(rule)) - slackOf(rule));

/** The beginning of a schedule: the instant, and what the clock shows then. */
interface Begin {
  at: number;
  zone: string;
  shown: number;
}

function beginnings({ unit, period, times, days, at }: Cycle, begin: Begin, k: number): number[] {
  if (unit === 'h') {
    const start = begin.at + k * period * HOUR;
    return Array.from({ length: times }, (_, i) => start + Math.round((i * period * HOUR) / times));
  }
  const { zone, shown } = begin;
  const first = dayOf(shown);
  const clock = shown - first * DAY;
  const found: number[] = [];
  const addAll = (day: number): void => {
    if (!at) found.push(instantShown(zone, day * DAY + clock));
    else for (const text of at) found.push(instantShown(zone, day * DAY + clockOf(text)));
  };
  if (days) {
    const monday = first - weekdayOf(first) + 1 + 7 * k * (unit === 'wk' ? period : 1);
    for (const day of days) addAll(monday + day - 1);
    return found;
  }
  const day = after(first, unit, k * period);
  if (at || times === 1) {
    addAll(day);
    return found;
  }
  const minutes = (after(first, unit, (k + 1) * period) - day) * MINUTES;
  for (let i = 0; i < times; i += 1) {
    found.push(instantShown(zone, day * DAY + clock + Math.round((i * minutes) / times) * 60_000));
  }
  return found;
}

const MINUTES = 1440;

/** So many units after a day. */
function after(day: number, unit: Exclude<Cycle['unit'], 'h'>, n: number): number {
  switch (unit) {
    case 'd':
      return day + n;
    case 'wk':
      return day + 7 * n;
    case 'mo':
      return addMonths(day, n);
    case 'a':
      return addMonths(day, 12 * n);
  }
}

/** Times of the day that have been read: there are no more than seconds of a day. */
const clocks = new Map<string, number>();

/** Milliseconds of a day at a time of the day. */
function clockOf(text: string): number {
  const known = clocks.get(text);
  if (known !== undefined) return known;
  const { hour, minute, second } = Temporal.PlainTime.from(text);
  const clock = ((hour * 60 + minute) * 60 + second) * 1000;
  clocks.set(text, clock);
  return clock;
}
