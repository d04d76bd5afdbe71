import type { CodeableConcept } from '@medplum/fhirtypes';
import { CANONICAL } from '../../fhir/canonical.ts';

/** Canonical of our Measure. */
export const MONITORING_ACTIVITY = `${CANONICAL}/Measure/monitoring-activity`;

/** Our CodeSystem of what is counted. */
export const ACTIVITY_SYSTEM = `${CANONICAL}/CodeSystem/monitoring-activity`;

/** What is counted, or measured, and its displays in CodeSystem `monitoring-activity`. */
const CODES = {
  patients: 'Patients of whom there is anything to tell',
  reports: 'Reports',
  expected: 'Reports expected',
  met: 'Expected reports that came',
  late: 'Expected reports that came after their time',
  missing: 'Expected reports that did not come',
  waiting: 'Expected reports still waited for',
  paused: 'Reports not expected because of a pause',
  received: 'Reports received',
  extra: 'Reports received beside those expected',
  'days-under-monitoring': 'Days under monitoring',
  plan: 'Days counted by plan',
  'first-report': 'Days counted from the first report on, without any plan',
  'work-items': 'Work items',
  opened: 'Work items opened',
  acknowledged: 'Work items that a person acted on',
  overdue: 'Work items that were overdue',
  escalated: 'Work items that went to a further level',
  'ended-unseen': 'Work items that ended before a person acted',
  'still-open': 'Work items still open',
  'time-median': 'Time to acknowledgement, median',
  'time-longest': 'Time to acknowledgement, longest',
  'service-time-median': 'Service time to acknowledgement, median',
  'service-time-longest': 'Service time to acknowledgement, longest',
  outcomes: 'Work items completed, by outcome',
} as const;

export type ActivityCode = keyof typeof CODES;

/** Every code with its display. */
export const ACTIVITY_CODES: Readonly<Record<ActivityCode, string>> = CODES;

export const activityConcept = (code: ActivityCode): CodeableConcept => ({
  coding: [{ system: ACTIVITY_SYSTEM, code, display: CODES[code] }],
});
