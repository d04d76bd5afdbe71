import type { Encounter } from '@medplum/fhirtypes';
import { dateInterval } from '../../fhir/dates.ts';
import type { Stretch } from './plan.ts';
import { NO_END } from './timing.ts';

/** Encounters with a bed in a hospital. Source: HL7 Terminology, CodeSystem v3-ActCode, ActInpatientEncounterCode. */
const INPATIENT: readonly (string | undefined)[] = ['IMP', 'ACUTE', 'NONAC'];

/** Who is in hospital, was, or is on leave from it; what is planned may not take place. Source: HL7 FHIR R4 4.0.1, ValueSet encounter-status. */
const THERE: readonly Encounter['status'][] = ['arrived', 'triaged', 'in-progress', 'onleave'];

/**
 * The stay in hospital that an Encounter tells of; undefined where it tells of none. Of one that says no beginning and is going on it is `now`, when
 * that was written; of days the beginning of the first and the end of the last count, in UTC where they have no zone.
 */
export function stayOf({ class: kind, status, period }: Encounter, now: string): Stretch | undefined {
  if (!INPATIENT.includes(kind?.code)) return undefined;
  const isThere = THERE.includes(status);
  if (!isThere && status !== 'finished') return undefined;
  const start = period?.start === undefined ? undefined : dateInterval(period.start)?.start;
  const end = period?.end === undefined || period.end.startsWith(NO_END) ? undefined : dateInterval(period.end)?.end;
  if (start === undefined && !isThere) return undefined;
  if (end === undefined && !isThere) return undefined;
  return {
    start: start === undefined ? now : new Date(start).toISOString(),
    ...(end === undefined ? {} : { end: new Date(end).toISOString() }),
  };
}
