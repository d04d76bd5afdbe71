import type { Duration, Timing, TimingRepeat } from '@medplum/fhirtypes';
import { Temporal } from 'temporal-polyfill';
import { dateInterval } from '../../fhir/dates.ts';
import { fault, type Issue } from '../../fhir/errors.ts';
import type { Cycle, Rule, Unit } from './schedule.ts';

/** A timing as it is kept, with its bounds; or what of it cannot be read. */
export type ReadTiming = { rule: Rule; anchor: string; end?: string } | { issues: [Issue, ...Issue[]] };

/** What a timing is read with. */
export interface Around {
  zone: string;
  /** UTC instant from which cycles are counted where the timing does not say. */
  start: string;
  /** The element, as an expression. */
  at: string;
}

/**
 * Reads a FHIR Timing: `event`, or `repeat` with `boundsPeriod` or `boundsDuration`, `count`, `frequency`, `period` in hours, days, weeks, months or
 * years, `dayOfWeek` and `timeOfDay`. Dates are days of the zone. What has no moment of a clock (`when`), is a range (`frequencyMax`…) or says
 * two things at once is refused, naming the element: nobody guesses when a patient was to answer.
 * Source: HL7 FHIR R4 4.0.1, Timing, invariants tim-1 to tim-10.
 */
export function readTiming(timing: Timing, around: Around): ReadTiming {
  const { event, repeat, code } = timing;
  if (event?.length && repeat) return refused('expected event or repeat, not both', around.at);
  if (event?.length) return readEvents(event, around);
  if (repeat) return readRepeat(repeat, around);
  const hint = code ? 'a code alone names no moment; say it in repeat' : 'expected event or repeat';
  return refused(hint, around.at);
}

/** UTC instants of the beginning and the end of a period of dates; of days in the zone. The end is that of what is named. */
export function instantsOf(
  { start, end }: { start?: string | undefined; end?: string | undefined },
  zone: string,
): { start?: string; end?: string } {
  return {
    ...(start === undefined ? {} : { start: beginOf(start, zone) }),
    // The last year of the calendar is how systems write that nobody knows when.
    ...(end === undefined || end.startsWith(NO_END) ? {} : { end: endOf(end, zone) }),
  };
}

/** The year by which an end is said that is none. */
export const NO_END = '9999';

function readEvents(events: readonly string[], { at, start, zone }: Around): ReadTiming {
  const partial = events.findIndex((event) => !event.includes('T'));
  if (partial >= 0) return refused('expected a moment with a time of the day', `${at}.event[${partial}]`);
  const moments = [...new Set(events.map((event) => beginOf(event, zone)))].sort();
  return { rule: { kind: 'moments', at: moments }, anchor: moments[0] ?? start };
}

/** Elements of Timing.repeat that are not read, and what to say instead. */
const NOT_READ: Readonly<Partial<Record<keyof TimingRepeat, string>>> = {
  boundsRange: 'a range has no one end; use boundsPeriod or boundsDuration',
  countMax: 'how many are expected has to be one number; use count',
  durationMax: 'say how long an answer counts in the extension report-window',
  duration: 'say how long an answer counts in the extension report-window',
  frequencyMax: 'how often has to be one number; use frequency',
  periodMax: 'how long a cycle lasts has to be one number; use period',
  when: 'a part of the day has no moment of the clock; use timeOfDay',
  offset: 'it counts from a part of the day, which has no moment of the clock; use timeOfDay',
};

const UNITS: readonly Unit[] = ['h', 'd', 'wk', 'mo', 'a'];

/** Source: HL7 FHIR R4 4.0.1, CodeSystem days-of-week. */
const DAYS: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** More often than hourly nobody answers; longer cycles than this are a slip. */
const MOST_TIMES = 24;
const MOST_PERIOD = 1000;
const MOST_COUNT = 100_000;

function readRepeat(repeat: TimingRepeat, { at, start, zone }: Around): ReadTiming {
  const path = `${at}.repeat`;
  for (const [element, why] of Object.entries(NOT_READ)) {
    if (Object.hasOwn(repeat, element)) return refused(`${element} is not read: ${why}`, `${path}.${element}`);
  }
  const cycle = readCycle(repeat, path);
  if ('issues' in cycle) return cycle;
  const { boundsPeriod, boundsDuration } = repeat;
  const bounds = instantsOf(boundsPeriod ?? {}, zone);
  const anchor = bounds.start ?? start;
  if (!boundsDuration) return { rule: cycle, anchor, ...(bounds.end === undefined ? {} : { end: bounds.end }) };
  const length = readDuration(boundsDuration, `${path}.boundsDuration`);
  if ('issues' in length) return length;
  const end = Temporal.Instant.from(anchor).toZonedDateTimeISO(zone).add(length.duration).epochMilliseconds;
  return { rule: cycle, anchor, end: new Date(end).toISOString() };
}

function readCycle(repeat: TimingRepeat, path: string): Cycle | Refused {
  const { frequency, period, periodUnit, dayOfWeek, timeOfDay, count } = repeat;
  const days = dayOfWeek && [...new Set(dayOfWeek)].map((day) => DAYS.indexOf(day) + 1).sort();
  const at = timeOfDay && [...new Set(timeOfDay.map((time) => time.slice(0, 8)))].sort();
  // Days of the week alone say that it comes each week, times of the day alone that it comes each day.
  const unit = UNITS.find((one) => one === (periodUnit ?? (days ? 'wk' : at ? 'd' : undefined)));
  if (!unit) {
    return periodUnit === undefined
      ? refused('expected period and periodUnit, dayOfWeek or timeOfDay', path)
      : refused(`expected h, d, wk, mo or a, not ${periodUnit}`, `${path}.periodUnit`);
  }
  const length = period ?? (periodUnit === undefined ? 1 : undefined);
  if (length === undefined || !isCount(length, MOST_PERIOD)) {
    return refused(`expected a whole number from 1 to ${MOST_PERIOD}`, `${path}.period`);
  }
  if (frequency !== undefined && !isCount(frequency, MOST_TIMES)) {
    return refused(`expected a whole number from 1 to ${MOST_TIMES}`, `${path}.frequency`);
  }
  if (count !== undefined && !isCount(count, MOST_COUNT)) {
    return refused(`expected a whole number from 1 to ${MOST_COUNT}`, `${path}.count`);
  }
  const unfit = unfitDays(unit, length, days, at);
  if (unfit) return refused(unfit.why, `${path}.${unfit.element}`);
  const perDay = at?.length ?? 1;
  const said = days || at ? (unit === 'd' ? 1 : (days?.length ?? 1)) * perDay : undefined;
  if (said !== undefined && frequency !== undefined && frequency !== said) {
    const why = `${said} in each cycle by dayOfWeek and timeOfDay, and frequency says ${frequency}: expected one of them, or the same number`;
    return refused(why, `${path}.frequency`);
  }
  return {
    kind: 'cycle',
    // Some days of each week come again each week.
    unit: days ? 'wk' : unit,
    period: length,
    times: days ? days.length * perDay : (said ?? frequency ?? 1),
    ...(days ? { days } : {}),
    ...(at ? { at } : {}),
    ...(count === undefined ? {} : { count }),
  };
}

function unfitDays(
  unit: Unit,
  period: number,
  days: readonly number[] | undefined,
  at: readonly string[] | undefined,
): { why: string; element: string } | undefined {
  if (days && unit !== 'wk' && !(unit === 'd' && period === 1)) {
    return {
      why: 'days of the week are read in cycles of weeks, or of one day; use periodUnit wk',
      element: 'dayOfWeek',
    };
  }
  if (at && unit === 'h') return { why: 'times of the day are read in cycles of days or longer', element: 'timeOfDay' };
  return undefined;
}

const isCount = (value: number, most: number): boolean => Number.isInteger(value) && value >= 1 && value <= most;

/** UCUM codes of a duration, as ISO 8601 writes it. Source: HL7 FHIR R4 4.0.1, ValueSet duration-units. */
const DURATION: Readonly<Record<string, (value: number) => string>> = {
  min: (value) => `PT${value}M`,
  h: (value) => `PT${value}H`,
  d: (value) => `P${value}D`,
  wk: (value) => `P${value}W`,
  mo: (value) => `P${value}M`,
  a: (value) => `P${value}Y`,
};

/** A FHIR Duration of whole units as an ISO 8601 duration. Source: HL7 FHIR R4 4.0.1, Duration, invariant drt-1. */
export function readDuration(
  { value, code, unit, comparator }: Duration,
  at: string,
): { duration: string } | { issues: [Issue, ...Issue[]] } {
  const write = DURATION[code ?? unit ?? ''];
  if (comparator !== undefined || value === undefined || !write || !Number.isInteger(value) || value < 0) {
    return refused('expected a whole number of min, h, d, wk, mo or a (UCUM code)', at);
  }
  return { duration: write(value) };
}

type Refused = { issues: [Issue, ...Issue[]] };

const refused = (why: string, at: string): Refused => ({ issues: [fault('not-supported', `${at}: ${why}`, at)] });

/** A moment with a zone is itself; a date is the day's beginning where the zone is. */
function beginOf(text: string, zone: string): string {
  if (text.includes('T')) return new Date(dateInterval(text)?.start ?? Number.NaN).toISOString();
  const [year = '', month = '01', day = '01'] = text.split('-');
  return startOfDay(Temporal.PlainDate.from(`${year}-${month}-${day}`), zone);
}

/** The first moment after a date or moment: the whole of what is named still counts. */
function endOf(text: string, zone: string): string {
  if (text.includes('T')) return new Date((dateInterval(text)?.start ?? Number.NaN) + 1).toISOString();
  const parts = text.split('-').length;
  const begin = Temporal.PlainDate.from(`${text}${parts === 1 ? '-01-01' : parts === 2 ? '-01' : ''}`);
  return startOfDay(begin.add(parts === 1 ? { years: 1 } : parts === 2 ? { months: 1 } : { days: 1 }), zone);
}

const startOfDay = (date: Temporal.PlainDate, timeZone: string): string =>
  new Date(date.toZonedDateTime(timeZone).epochMilliseconds).toISOString();
