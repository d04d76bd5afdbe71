import type { QuestionnaireResponse } from '@medplum/fhirtypes';
import { dateInterval } from './fhir/dates.ts';
import { businessRule } from './fhir/errors.ts';

/** What lies before comes of a clock that was never set; a week before the year 1 no instant can say. */
const EARLIEST = Date.UTC(1900, 0, 1);

/** The moment that a response speaks of. */
export interface SymptomTime {
  /** Instant in UTC with milliseconds. */
  at: string;
  /** Calendar day where the patient is: `YYYY-MM-DD`. */
  day: string;
  /** `authored` lay ahead of our clock: receipt time stands in its place. */
  clockAhead: boolean;
}

/** How far a phone's clock may be ahead before a response is refused. DESIGN: 24 hours. */
const AHEAD_MILLIS = 24 * 3_600_000;

/**
 * The symptom time of a response: `authored`, or the time of receipt when `authored` lies up to 24 h ahead. `before` is what an earlier
 * version of the same response was given: an unchanged `authored` keeps its moment. Of a date without a time, its first moment counts.
 * Throws FhirError 422 when `authored` is missing, lies further ahead or before the year 1900.
 */
export function symptomTime(
  response: QuestionnaireResponse,
  now: Date,
  before?: { authored: string; time: SymptomTime },
): SymptomTime {
  const { authored } = response;
  const interval = authored === undefined ? undefined : dateInterval(authored);
  if (authored === undefined || !interval) {
    throw businessRule(
      'QuestionnaireResponse.authored is required: the moment at which the patient answered, with a time zone',
      'QuestionnaireResponse.authored',
    );
  }
  if (before?.authored === authored) return before.time;
  if (interval.start < EARLIEST) {
    throw businessRule(
      'QuestionnaireResponse.authored lies before the year 1900; expected the moment at which the patient answered',
      'QuestionnaireResponse.authored',
    );
  }
  if (interval.start - now.getTime() > AHEAD_MILLIS) {
    throw businessRule(
      'QuestionnaireResponse.authored lies more than 24 hours in the future; expected the moment at which the patient answered',
      'QuestionnaireResponse.authored',
    );
  }
  const clockAhead = interval.start > now.getTime();
  const moment = clockAhead ? now.getTime() : interval.start;
  return { at: new Date(moment).toISOString(), day: dayThere(authored, moment), clockAhead };
}

/** The calendar day of an instant at the offset that `authored` was written with. */
function dayThere(authored: string, moment: number): string {
  const zone = /([+-])(\d\d):(\d\d)$/.exec(authored);
  const minutes = zone ? (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0;
  return new Date(moment + minutes * 60_000).toISOString().slice(0, 10);
}
