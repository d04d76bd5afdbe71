import type { Death } from '../calendar/death.ts';
import type { Expectations } from '../calendar/expectations.ts';
import type { Site } from '../site.ts';
import { type Basis, basisOf, daysFollowed } from './days.ts';
import type { Month } from './month.ts';
import { type Received, type Reporting, reportingOf } from './reporting.ts';
import { countsOf, type WorkDone, type WorkOfMonth, workOf } from './work.ts';

/** What is known of a patient, of which months are told. */
export interface ActivityFacts {
  /** Id of the Patient. */
  patient: string;
  /** `system|value` of its identifiers. */
  identifiers: readonly string[];
  death?: Death;
  expectations: Expectations;
  /** In the order of time, all that there ever were. */
  responses: readonly Received[];
  work: readonly WorkDone[];
}

/** Facts of one month: of one patient, or of all together. */
export interface Activity {
  month: Month;
  basis: Readonly<Record<Exclude<Basis, 'none'>, number>>;
  days: number;
  reports: Reporting;
  work: WorkOfMonth;
}

export interface PatientActivity extends Activity {
  patient: string;
  identifiers: readonly string[];
}

/** The months of a patient in which there is anything to tell, up to `now` (UTC instant). */
export function activityOf(
  facts: ActivityFacts,
  months: readonly Month[],
  { site, now }: { site: Site; now: string },
): PatientActivity[] {
  const { patient, identifiers, expectations, responses, death } = facts;
  const begun = months.filter(({ start }) => start <= now);
  const reports = reportingOf(facts, begun, now);
  const firstReport = responses[0]?.at;
  const followed = {
    expectations,
    ...(firstReport === undefined ? {} : { firstReport }),
    ...(death?.over === undefined ? {} : { until: death.over }),
  };
  const basis = basisOf(followed);
  return begun.flatMap((month, place) => {
    const told = reports[place];
    if (!told) return [];
    const activity: PatientActivity = {
      patient,
      identifiers,
      month,
      basis: { plan: basis === 'plan' ? 1 : 0, 'first-report': basis === 'first-report' ? 1 : 0 },
      days: daysFollowed(followed, month, now),
      reports: told,
      work: workOf(facts.work, month, site),
    };
    return isEmpty(activity) ? [] : [activity];
  });
}

const isEmpty = ({ days, reports, work }: Activity): boolean =>
  days === 0 && sum(Object.values(reports)) === 0 && work.opened === 0 && sum(Object.values(work.outcomes)) === 0;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** All patients of a month together; `patients` are those of whom there is anything to tell. */
export interface TotalActivity extends Activity {
  patients: number;
  work: WorkOfMonth & { hours: number[]; serviceHours: number[] };
}

/** A month to which nothing has been added yet. */
export const nothingOf = (month: Month): TotalActivity => ({
  month,
  patients: 0,
  basis: { plan: 0, 'first-report': 0 },
  days: 0,
  reports: { expected: 0, met: 0, late: 0, missing: 0, waiting: 0, paused: 0, received: 0, extra: 0 },
  work: {
    opened: 0,
    acknowledged: 0,
    overdue: 0,
    escalated: 0,
    endedUnseen: 0,
    stillOpen: 0,
    hours: [],
    serviceHours: [],
    outcomes: countsOf(() => 0),
  },
});

/** Adds one patient's month to that of all. */
export function addPatient(total: TotalActivity, { basis, days, reports, work }: Activity): void {
  const { hours, serviceHours, outcomes, ...counts } = work;
  total.patients += 1;
  total.basis = added(total.basis, basis);
  total.days += days;
  total.reports = added(total.reports, reports);
  total.work.hours.push(...hours);
  total.work.serviceHours.push(...serviceHours);
  total.work = {
    ...total.work,
    ...added(countsIn(total.work), counts),
    outcomes: added(total.work.outcomes, outcomes),
  };
}

function countsIn({ hours: _, serviceHours: __, outcomes: ___, ...counts }: WorkOfMonth) {
  return counts;
}

/** Of numbers by the same names the sums. */
function added<T extends Readonly<Record<keyof T, number>>>(one: T, other: T): T {
  const names = Object.keys(one) as (keyof T)[]; // a number under each of its names
  return Object.fromEntries(names.map((name) => [name, one[name] + other[name]])) as T; // the same names
}

/** The middle of some hours, or the mean of the two in the middle; undefined where there are none. */
export function medianOf(hours: readonly number[]): number | undefined {
  const sorted = [...hours].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 ? half : half - 1], sorted[half]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** The longest of some hours; undefined where there are none. */
export const longestOf = (hours: readonly number[]): number | undefined =>
  hours.length === 0 ? undefined : hours.reduce((longest, one) => Math.max(longest, one));
