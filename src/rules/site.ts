import { Temporal } from 'temporal-polyfill';
import { frenchHolidays } from './site-holidays.ts';

/** The place where people look after what this service tells: when they are there, and who they are. */
export interface Site {
  /** IANA name of the zone in which its clocks run. */
  timeZone: string;
  /** When somebody is there. */
  service: readonly ServiceHours[];
  /** Public holidays on which nobody is: those of France, or none. */
  holidays: 'FR' | 'none';
  /** Other days on which nobody is there, `YYYY-MM-DD`. */
  closed: readonly string[];
  /** Whose turn it is, in order: the first has new work, overdue work goes on to the next. */
  levels: readonly Level[];
  /** Within which time work is answered, where no policy says otherwise. */
  respondWithin: RespondWithin;
}

/** On these days from one time of the day to another. */
export interface ServiceHours {
  /** 1 Monday to 7 Sunday. Source: ISO 8601-1:2019, table 2. */
  days: readonly number[];
  /** `HH:MM` of the zone's clocks; `to` may be 24:00. */
  from: string;
  to: string;
}

export interface Level {
  code: string;
  display: string;
}

/** A stretch of time: of the hours of service only, or of all hours. */
export interface RespondWithin {
  hours: number;
  clock: 'service' | 'always';
}

/** A site that says nothing of itself: weekdays from nine to five in Paris, holidays apart; half a working day; nurses, then physicians. */
export const DEFAULT_SITE: Site = {
  timeZone: 'Europe/Paris',
  service: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' }],
  holidays: 'FR',
  closed: [],
  levels: [
    { code: 'nurse', display: 'Nurse' },
    { code: 'physician', display: 'Physician' },
  ],
  respondWithin: { hours: 4, clock: 'service' },
};

/**
 * The UTC instant at which what starts at `start` (an instant with a zone) is due. Of the hours of service it ends in the moment in which the last
 * of them has passed: what ends with the day's service is due then, not when the next begins. Throws a RangeError where there is no service for years.
 */
export function dueAfter(site: Site, start: string, { hours, clock }: RespondWithin): string {
  const from = Date.parse(start);
  let left = hours * HOUR;
  if (clock === 'always' || left <= 0) return new Date(from + Math.max(left, 0)).toISOString();
  for (const [opens, closes] of servicesFrom(site, from)) {
    const begins = Math.max(opens, from);
    if (begins + left <= closes) return new Date(begins + left).toISOString();
    left -= closes - begins;
  }
  throw new RangeError('The site has too few hours of service for this ever to be due');
}

/** The last millisecond of a day (`YYYY-MM-DD`, one of the calendar) by the zone's clocks, as an instant with its offset. */
export const endOfDay = ({ timeZone }: Pick<Site, 'timeZone'>, day: string): string =>
  Temporal.PlainDate.from(day)
    .add({ days: 1 })
    .toZonedDateTime(timeZone)
    .subtract({ milliseconds: 1 })
    .toString({ timeZoneName: 'never', fractionalSecondDigits: 3 });

/** How many hours of service lie between two instants. */
export function serviceHoursBetween(site: Site, start: string, end: string): number {
  const [from, to] = [Date.parse(start), Date.parse(end)];
  let total = 0;
  for (const [opens, closes] of servicesFrom(site, from)) {
    if (opens >= to) break;
    total += Math.max(0, Math.min(closes, to) - Math.max(opens, from));
  }
  return total / HOUR;
}

const HOUR = 3_600_000;
/** Further ahead nobody looks: the longest time to respond over the shortest week of service takes four years. */
const MOST_DAYS = 3660;

/** The stretches of service that end after `from`, in milliseconds, in order and apart from each other. */
function* servicesFrom(site: Site, from: number): Generator<Stretch> {
  let day = dayOf(site, from);
  for (let n = 0; n < MOST_DAYS; n += 1) {
    for (const stretch of servicesOf(site, day)) if (stretch[1] > from) yield stretch;
    day = day.add({ days: 1 });
  }
}

/** The day of a moment by the zone's clocks. Most moments that are asked for lie on one day: to tell it costs more than all else here. */
function dayOf(site: Site, at: number): Temporal.PlainDate {
  const last = LAST.get(site);
  if (last && at >= last.starts && at < last.ends) return last.day;
  const midnight = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(site.timeZone).startOfDay();
  const ends = midnight.add({ days: 1 }).startOfDay().epochMilliseconds;
  const day = midnight.toPlainDate();
  LAST.set(site, { starts: midnight.epochMilliseconds, ends, day });
  return day;
}

const LAST = new WeakMap<Site, { starts: number; ends: number; day: Temporal.PlainDate }>();

type Stretch = readonly [opens: number, closes: number];

/** Days come again and again. */
const KNOWN = new WeakMap<Site, Map<string, readonly Stretch[]>>();
const MOST_KNOWN = 5000;
const NONE: readonly Stretch[] = [];

/** The service of one day. A clock that is put forward may leave nothing of it, one that is put back makes it longer. */
function servicesOf(site: Site, day: Temporal.PlainDate): readonly Stretch[] {
  const hours = site.service.filter(({ days }) => days.includes(day.dayOfWeek));
  if (hours.length === 0) return NONE;
  const known = KNOWN.get(site) ?? new Map<string, readonly Stretch[]>();
  KNOWN.set(site, known);
  const name = day.toString();
  const held = known.get(name);
  if (held) return held;
  const stretches = isClosed(site, day.year, name)
    ? NONE
    : apart(hours.map(({ from, to }) => [momentOf(site, day, from), momentOf(site, day, to)]));
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(name, stretches);
  return stretches;
}

const isClosed = ({ holidays, closed }: Site, year: number, day: string): boolean =>
  closed.includes(day) || (holidays === 'FR' && frenchHolidays(year).includes(day));

/** A time that the clock passes over is the moment of the leap's end, counted on; of one that comes twice it is the first. */
function momentOf({ timeZone }: Site, day: Temporal.PlainDate, time: string): number {
  const [date, plainTime] = time === '24:00' ? [day.add({ days: 1 }), '00:00'] : [day, time];
  return date.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(plainTime) }).epochMilliseconds;
}

/** What overlaps is one stretch; what spans nothing is none. */
function apart(stretches: readonly Stretch[]): readonly Stretch[] {
  const merged: Stretch[] = [];
  for (const [opens, closes] of stretches.filter(([a, b]) => a < b).sort(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last && opens <= last[1]) merged[merged.length - 1] = [last[0], Math.max(last[1], closes)];
    else merged.push([opens, closes]);
  }
  return merged;
}
