import { Temporal } from 'temporal-polyfill';

/** A calendar month of a time zone. */
export interface Month {
  /** `YYYY-MM`. */
  name: string;
  /** UTC instants: the first moment of it, and the first after it. */
  start: string;
  end: string;
  /** Its days, each from its first moment to the first after it, in milliseconds. A day has 23 or 25 hours where the clocks change. */
  days: readonly (readonly [start: number, end: number])[];
}

/** The months from one to another, both `YYYY-MM` and both included, as the clocks of the zone have them. Empty where the last lies before the first. */
export function monthsBetween(first: string, last: string, zone: string): Month[] {
  const months: Month[] = [];
  const end = Temporal.PlainYearMonth.from(last);
  for (
    let month = Temporal.PlainYearMonth.from(first);
    Temporal.PlainYearMonth.compare(month, end) <= 0;
    month = month.add({ months: 1 })
  ) {
    months.push(monthOf(month, zone));
  }
  return months;
}

/** The month, `YYYY-MM`, in which a UTC instant lies by the clocks of the zone. */
export const monthAt = (at: string, zone: string): string =>
  Temporal.Instant.from(at).toZonedDateTimeISO(zone).toPlainDate().toPlainYearMonth().toString();

/** Whether a UTC instant lies in a month. */
export const isWithin = ({ start, end }: Month, at: string): boolean => at >= start && at < end;

function monthOf(month: Temporal.PlainYearMonth, zone: string): Month {
  const first = month.toPlainDate({ day: 1 });
  const begins = Array.from(
    { length: month.daysInMonth + 1 },
    (_, days) => first.add({ days }).toZonedDateTime(zone).epochMilliseconds,
  );
  const instant = (at: number | undefined): string => new Date(at ?? Number.NaN).toISOString();
  return {
    name: month.toString(),
    start: instant(begins[0]),
    end: instant(begins.at(-1)),
    days: begins.slice(0, -1).map((start, day) => [start, begins[day + 1] ?? start] as const),
  };
}
