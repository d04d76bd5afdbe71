import { Temporal } from 'temporal-polyfill';
import type { Cycle, Schedule } from '../../../../src/rules/calendar/schedule.ts';

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
  const begin = Temporal.Instant.fromEpochMilliseconds(anchor).toZonedDateTimeISO(schedule.zone);
  const inCycle = (k: number): number[] => beginnings(rule, begin, k);
  let last = Number.NEGATIVE_INFINITY;
  const first = firstCycle(rule, from - anchor);
  // Those of the first cycle that lie before the beginning have no number.
  const skipped = first === 0 || rule.count !== undefined ? inCycle(0).filter((at) => at < anchor).length : 0;
  for (let k = first; k <= first + MOST_CYCLES; k += 1) {
    const all = inCycle(k);
    for (const [place, at] of all.entries()) {
      // By its place, wherever one begins to count.
      const index = k * all.length + place - skipped;
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

function beginnings(rule: Cycle, begin: Temporal.ZonedDateTime, k: number): number[] {
  const { unit, period, times, days, at } = rule;
  if (unit === 'h') {
    const start = begin.epochMilliseconds + k * period * HOUR;
    return Array.from({ length: times }, (_, i) => start + Math.round((i * period * HOUR) / times));
  }
  const zone = begin.timeZoneId;
  const moment = (date: Temporal.PlainDate, plainTime: Temporal.PlainTime): number =>
    date.toZonedDateTime({ timeZone: zone, plainTime }).epochMilliseconds;
  const first = begin.toPlainDate();
  const clock = begin.toPlainTime();
  const hours = at?.map((text) => Temporal.PlainTime.from(text)) ?? [clock];
  if (days) {
    const monday = first.subtract({ days: first.dayOfWeek - 1 }).add({ weeks: k * (unit === 'wk' ? period : 1) });
    return days.flatMap((day) => hours.map((time) => moment(monday.add({ days: day - 1 }), time)));
  }
  const day = first.add(lengthOf(unit, k * period));
  if (at || times === 1) return hours.map((time) => moment(day, time));
  const minutes = first.add(lengthOf(unit, (k + 1) * period)).since(day, { largestUnit: 'days' }).days * 1440;
  return Array.from({ length: times }, (_, i) => {
    const local = day.toPlainDateTime(clock).add({ minutes: Math.round((i * minutes) / times) });
    return local.toZonedDateTime(zone).epochMilliseconds;
  });
}

function lengthOf(unit: Exclude<Cycle['unit'], 'h'>, n: number): Temporal.DurationLike {
  switch (unit) {
    case 'd':
      return { days: n };
    case 'wk':
      return { weeks: n };
    case 'mo':
      return { months: n };
    case 'a':
      return { years: n };
  }
}
