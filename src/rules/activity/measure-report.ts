import type { MeasureReport, MeasureReportGroup, MeasureReportGroupPopulation } from '@medplum/fhirtypes';
import { Temporal } from 'temporal-polyfill';
import { OUTCOMES, WORK } from '../work/codes.ts';
import { type Activity, longestOf, medianOf, type PatientActivity, type TotalActivity } from './activity.ts';
import { type ActivityCode, activityConcept, MONITORING_ACTIVITY } from './codes.ts';
import type { Month } from './month.ts';

/** With what a report of activity is told. */
export interface Reporter {
  zone: string;
  /** When it was computed: UTC instant. */
  now: string;
}

/** A month of one patient. Source: HL7 FHIR R4 4.0.1, MeasureReport; shape in docs/monitoring-activity.md. */
export const patientReport = (activity: PatientActivity, reporter: Reporter): MeasureReport => ({
  ...headOf('individual', activity.month, reporter),
  subject: { reference: `Patient/${activity.patient}` },
  group: groupsOf(activity),
});

/** A month of all patients together. */
export const totalReport = (activity: TotalActivity, reporter: Reporter): MeasureReport => ({
  ...headOf('summary', activity.month, reporter),
  group: [
    { code: activityConcept('patients'), population: [population('patients', activity.patients)] },
    ...groupsOf(activity),
  ],
});

const headOf = (
  type: MeasureReport['type'],
  { start, end }: Month,
  { zone, now }: Reporter,
): Pick<MeasureReport, 'resourceType' | 'status' | 'type' | 'measure' | 'date' | 'period'> => ({
  resourceType: 'MeasureReport',
  status: 'complete',
  type,
  measure: MONITORING_ACTIVITY,
  date: now,
  period: { start: inZone(Date.parse(start), zone), end: inZone(Date.parse(end) - 1, zone) },
});

/** A moment as the clocks of the zone have it, with their offset. */
const inZone = (at: number, zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(zone)
    .toString({ timeZoneName: 'never', fractionalSecondDigits: 3 });

function groupsOf({ basis, days, reports, work }: Activity): MeasureReportGroup[] {
  const { hours, serviceHours, outcomes, endedUnseen, stillOpen, opened, acknowledged, overdue, escalated } = work;
  return [
    {
      code: activityConcept('reports'),
      population: REPORTS.map((code) => population(code, reports[code])),
    },
    {
      code: activityConcept('days-under-monitoring'),
      population: [population('plan', basis.plan), population('first-report', basis['first-report'])],
      measureScore: { value: days, unit: 'd', system: UCUM, code: 'd' },
    },
    {
      code: activityConcept('work-items'),
      population: [
        population('opened', opened),
        population('acknowledged', acknowledged),
        population('overdue', overdue),
        population('escalated', escalated),
        population('ended-unseen', endedUnseen),
        population('still-open', stillOpen),
      ],
    },
    ...timeGroup('time-median', medianOf(hours)),
    ...timeGroup('time-longest', longestOf(hours)),
    ...timeGroup('service-time-median', medianOf(serviceHours)),
    ...timeGroup('service-time-longest', longestOf(serviceHours)),
    {
      code: activityConcept('outcomes'),
      population: OUTCOMES.map((code) => ({
        code: { coding: [{ system: WORK.outcome, code }] },
        count: outcomes[code],
      })),
    },
  ];
}

const REPORTS = ['expected', 'met', 'late', 'missing', 'waiting', 'paused', 'received', 'extra'] as const;

const UCUM = 'http://unitsofmeasure.org';

const population = (code: ActivityCode, count: number): MeasureReportGroupPopulation => ({
  code: activityConcept(code),
  count,
});

/** Nobody acted: there is no time, and none is told. */
function timeGroup(code: ActivityCode, hours: number | undefined): MeasureReportGroup[] {
  if (hours === undefined) return [];
  return [
    {
      code: activityConcept(code),
      measureScore: { value: hundredths(hours), unit: 'h', system: UCUM, code: 'h' },
    },
  ];
}

/** To the hundredth of an hour. */
export const hundredths = (hours: number): number => Math.round(hours * 100) / 100;
