import { Temporal } from 'temporal-polyfill';

/** Milliseconds of a day without a change of the clocks. */
export const DAY = 86_400_000;

/**
 * What a clock of a zone shows at an instant, and when it shows a time: milliseconds since the epoch, those of a clock as if it stood in UTC. As
 * Temporal tells them, which is asked once for each day: a calendar asks for the same days again and again. A zone changes its clock no more than once in two
 * days of UTC. Throws RangeError where nobody knows the zone.
 */
export const shownAt = (zone: string, at: number): number => at + offsetAt(zone, at);

/** The instant at which a clock shows a time: of one that it passes over the moment of the leap's end, counted on; of one that comes twice the first. */
export function instantShown(zone: string, shown: number): number {
  // Clocks are less than a day from UTC.
  const before = offsetAt(zone, shown - DAY);
  const after = offsetAt(zone, shown + DAY);
  const first = shown - before;
  if (before === after || offsetAt(zone, first) === before) return first;
  const second = shown - after;
  return offsetAt(zone, second) === after ? second : first;
}

/** The calendar day of a clock's time, in days since 1 January 1970. */
export const dayOf = (shown: number): number => Math.floor(shown / DAY);

/** Day of the week, 1 Monday to 7 Sunday. Source: ISO 8601-1:2019, table 2. */
export const weekdayOf = (day: number): number => ((((day + 3) % 7) + 7) % 7) + 1;

/** So many months later or earlier: on the last day of a month that is too short. */
export function addMonths(day: number, months: number): number {
  if (months === 0) return day;
  const date = new Date(day * DAY);
  const wanted = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const first = dayOf(date.getTime());
  date.setUTCMonth(date.getUTCMonth() + 1);
  return first + Math.min(wanted, dayOf(date.getTime()) - first) - 1;
}

const MOST_DATES = 4000;
const dates = new Map<number, string>();

/** A UTC instant in ISO 8601 with milliseconds, as `Date.toISOString` writes it; the date is written once for all of a day. Throws RangeError for what is no instant. */
export function instantText(at: number): string {
  const day = Math.floor(at / DAY);
  let date = dates.get(day);
  if (date === undefined) {
    date = new Date(day * DAY).toISOString().slice(0, -'00:00:00.000Z'.length);
    if (dates.size >= MOST_DATES) dates.clear();
    dates.set(day, date);
  }
  const millis = at - day * DAY;
  const seconds = Math.floor(millis / 1000);
  const minutes = Math.floor(seconds / 60);
  const rest = millis % 1000;
  const thousandths = rest < 10 ? `00${rest}` : rest < 100 ? `0${rest}` : rest;
  return `${date}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}.${thousandths}Z`;
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** The offset of a day, or those before and after the moment of its change. Milliseconds ahead of UTC. */
type DayOffset = number | { before: number; from: number; after: number };

const MOST_ZONES = 600;
const MOST_DAYS = 4000;
const zones = new Map<string, Map<number, DayOffset>>();

function offsetAt(zone: string, at: number): number {
  const day = Math.floor(at / DAY);
  let days = zones.get(zone);
  if (!days) {
    if (zones.size >= MOST_ZONES) zones.clear();
    days = new Map();
    zones.set(zone, days);
  }
  let offset = days.get(day);
  if (offset === undefined) {
    if (days.size >= MOST_DAYS) days.clear();
    offset = offsetOfDay(zone, day * DAY);
    days.set(day, offset);
  }
  if (typeof offset === 'number') return offset;
  return at < offset.from ? offset.before : offset.after;
}

function offsetOfDay(zone: string, start: number): DayOffset {
  const before = asked(zone, start);
  const after = asked(zone, start + DAY);
  if (before === after) return before;
  let [low, from] = [start, start + DAY];
  while (from - low > 1) {
    const middle = Math.floor((low + from) / 2);
    if (asked(zone, middle) === before) low = middle;
    else from = middle;
  }
  return { before, from, after };
}

const asked = (zone: string, at: number): number =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).offsetNanoseconds / 1_000_000;
