import type { Period } from '@medplum/fhirtypes';

/** A stretch of time in milliseconds since 1970-01-01T00:00:00Z: from `start` to just before `end`. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

const PATTERN = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;
const MINUTE = 60_000;
const DAY = 86_400_000;

/**
 * The stretch of time that a FHIR date, dateTime or instant stands for, by its precision: `2026-03` is all of March,
 * `2026-03-01T10:00:00Z` is one second. Without a zone it is read as UTC. Digits beyond the millisecond are dropped.
 * Minutes without seconds are understood, since search parameters may be written so. Undefined when it is no date.
 * Source: FHIR R4, Data Types, date, dateTime and instant; Search, section 3.1.1.4.7 (date).
 */
export function dateInterval(value: string): Interval | undefined {
  const parts = PATTERN.exec(value);
  if (!parts) return undefined;
  const [, yyyy, mm, dd, hh, min, sec, fraction, zone] = parts;
  const year = Number(yyyy);
  if (year < 1) return undefined;
  if (mm === undefined) return { start: utc(year, 1, 1), end: utc(year + 1, 1, 1) };
  const month = Number(mm);
  if (month < 1 || month > 12) return undefined;
  if (dd === undefined) return { start: utc(year, month, 1), end: utc(year, month + 1, 1) };
  const day = Number(dd);
  const midnight = utc(year, month, day);
  if (day < 1 || midnight >= utc(year, month + 1, 1)) return undefined;
  if (hh === undefined) return { start: midnight, end: midnight + DAY };
  const offset = zoneMinutes(zone);
  const time = clock(Number(hh), Number(min), sec === undefined ? 0 : Number(sec));
  if (offset === undefined || time === undefined) return undefined;
  const start = midnight + time - offset * MINUTE;
  if (sec === undefined) return { start, end: start + MINUTE };
  if (fraction === undefined) return { start, end: start + 1000 };
  const at = start + milliseconds(fraction);
  return { start: at, end: at + 10 ** Math.max(0, 3 - fraction.length) };
}

/** A Period as an interval: an absent start reaches back without limit, an absent end forward. Undefined if malformed. */
export function periodInterval(period: Period): Interval | undefined {
  const first = period.start === undefined ? undefined : dateInterval(period.start);
  const last = period.end === undefined ? undefined : dateInterval(period.end);
  if ((period.start !== undefined && !first) || (period.end !== undefined && !last)) return undefined;
  return { start: first?.start ?? Number.NEGATIVE_INFINITY, end: last?.end ?? Number.POSITIVE_INFINITY };
}

/**
 * -1 when all of `a` lies before all of `b`, 1 when after, 0 when they are the same stretch; undefined when they
 * overlap otherwise, as `2026-03` and `2026-03-10` do: which of them is greater cannot be said.
 * Source: FHIRPath 2.0.0, section 6.2, comparison of date-times of different precision.
 */
export function compareIntervals(a: Interval, b: Interval): -1 | 0 | 1 | undefined {
  if (a.start === b.start && a.end === b.end) return 0;
  if (a.end <= b.start) return -1;
  if (a.start >= b.end) return 1;
  return undefined;
}

/** Milliseconds since midnight of a FHIR time (`hh:mm:ss`, perhaps with a fraction), or undefined when it is none. */
export function timeOfDay(value: string): number | undefined {
  const parts = /^(\d\d):(\d\d):(\d\d)(?:\.(\d+))?$/.exec(value);
  if (!parts) return undefined;
  const time = clock(Number(parts[1]), Number(parts[2]), Number(parts[3]));
  return time === undefined ? undefined : time + (parts[4] === undefined ? 0 : milliseconds(parts[4]));
}

/** Date.UTC reads the years 0 to 99 as 1900 to 1999; this does not. `month` is 1 to 12, 13 being January of the next year. */
function utc(year: number, month: number, day: number): number {
  return year > 99 ? Date.UTC(year, month - 1, day) : new Date(0).setUTCFullYear(year, month - 1, day);
}

/** Second 60 is a leap second: the moment at which the next minute begins. */
function clock(hours: number, minutes: number, seconds: number): number | undefined {
  if (hours > 23 || minutes > 59 || seconds > 60) return undefined;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

const milliseconds = (fraction: string): number => Number(fraction.slice(0, 3).padEnd(3, '0'));

/** Minutes east of UTC; FHIR allows offsets up to 14 hours. */
function zoneMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 14 || minutes > 59 || (hours === 14 && minutes > 0)) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
