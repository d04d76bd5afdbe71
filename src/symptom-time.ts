import type { Observation, QuestionnaireResponse } from '@medplum/fhirtypes';
import { dateInterval } from './fhir/dates.ts';
import { businessRule, type FhirError } from './fhir/errors.ts';

/** What lies before comes of a clock that was never set; a week before the year 1 no instant can say. */
const EARLIEST = Date.UTC(1900, 0, 1);

/** The moment that a report speaks of. */
export interface SymptomTime {
  /** Instant in UTC with milliseconds. */
  at: string;
  /** Calendar day where the patient is: `YYYY-MM-DD`. */
  day: string;
  /** What its author wrote lay ahead of our clock: receipt time stands in its place. */
  clockAhead: boolean;
}

/** What an earlier version of a resource said of its moment, and what it was given. */
export interface Dated {
  authored: string;
  time: SymptomTime;
}

/** How far a clock may be ahead before a report is refused. DESIGN: 24 hours. */
const AHEAD_MILLIS = 24 * 3_600_000;

/** A year or a month alone: its first moment would stand months before the reports that it came between. */
const tellsNoDay = (written: string): boolean => /^\d{4}(-\d\d)?$/.test(written);

/** What was written of a moment, where it tells the day at least; else it is as if nothing were: an empty text. */
export const writtenMoment = (written = ''): string => (tellsNoDay(written) ? '' : written);

/**
 * The symptom time of a response: `authored`, or the time of receipt when `authored` lies up to 24 h ahead. `before` is what an earlier
 * version of the same response was given: an unchanged `authored` keeps its moment. Of a day without a time, its first moment counts.
 * Throws FhirError 422 when `authored` is missing, lies further ahead or before the year 1900; and when it is a year or a month alone, unless
 * `isEvaluated` says that nothing is made of the response.
 */
export const symptomTime = (
  response: QuestionnaireResponse,
  now: Date,
  before?: Dated,
  isEvaluated: () => boolean = () => true,
): SymptomTime => {
  const { authored = '' } = response;
  if (tellsNoDay(authored) && isEvaluated()) throw withoutDay(ANSWERED);
  return momentOf(response.authored, ANSWERED, now, before);
};

/**
 * The symptom time of a response that is not complete: as of a complete one, but the time of receipt where `authored` cannot be used, since
 * what it says must not wait for a clock to be mended. A year or a month alone is as good as none. Never throws.
 */
export const draftTime = (response: QuestionnaireResponse, now: Date, before?: Dated): SymptomTime =>
  momentOrReceipt(response.authored, now, before);

/** The symptom time of a measurement that is not final, as that of a response that is not complete. Never throws. */
export const draftMeasurementTime = (observation: Observation, now: Date, before?: Dated): SymptomTime =>
  momentOrReceipt(measuredAt(observation).written, now, before);

function momentOrReceipt(written: string | undefined, now: Date, before: Dated | undefined): SymptomTime {
  const told = writtenMoment(written);
  if (told !== '' && !faultOf(told, now)) return momentOf(told, ANSWERED, now, before);
  return { at: now.toISOString(), day: now.toISOString().slice(0, 10), clockAhead: told !== '' };
}

/**
 * The symptom time of a measurement: `effectiveDateTime` or `effectiveInstant`, the end of `effectivePeriod`, else `issued`. Throws as
 * symptomTime does, naming the element.
 */
export function measurementTime(observation: Observation, now: Date, before?: Dated): SymptomTime {
  const { element, written } = measuredAt(observation);
  const moment = { element: `Observation.${element}`, what: 'it was measured' };
  if (written !== undefined && tellsNoDay(written)) throw withoutDay(moment);
  return momentOf(written, moment, now, before);
}

/** The element that tells when an Observation was measured, and what it says. */
export function measuredAt(observation: Observation): { element: string; written: string | undefined } {
  const { effectiveDateTime, effectiveInstant, effectivePeriod, issued } = observation;
  if (effectiveDateTime !== undefined) return { element: 'effectiveDateTime', written: effectiveDateTime };
  if (effectiveInstant !== undefined) return { element: 'effectiveInstant', written: effectiveInstant };
  if (effectivePeriod?.end !== undefined) return { element: 'effectivePeriod.end', written: effectivePeriod.end };
  if (issued !== undefined) return { element: 'issued', written: issued };
  return { element: 'effective', written: undefined };
}

/** The element that names the moment, and what happened then. */
interface Moment {
  element: string;
  what: string;
}

const ANSWERED: Moment = { element: 'QuestionnaireResponse.authored', what: 'the patient answered' };

const withoutDay = ({ element, what }: Moment): FhirError =>
  businessRule(
    `${element} tells no day; expected the moment at which ${what}, with a time zone, or its day at least`,
    element,
  );

function momentOf(written: string | undefined, moment: Moment, now: Date, before: Dated | undefined): SymptomTime {
  const { element, what } = moment;
  const interval = written === undefined ? undefined : dateInterval(written);
  if (written === undefined || !interval) {
    throw businessRule(`${element} is required: the moment at which ${what}, with a time zone`, element);
  }
  if (before?.authored === written) return before.time;
  const wrong = faultOf(written, now);
  if (wrong !== undefined)
    throw businessRule(`${element} lies ${wrong}; expected the moment at which ${what}`, element);
  const clockAhead = interval.start > now.getTime();
  const at = clockAhead ? now.getTime() : interval.start;
  return { at: new Date(at).toISOString(), day: dayThere(written, at), clockAhead };
}

/** Why a moment cannot be used; undefined when it can. */
function faultOf(written: string, now: Date): string | undefined {
  const start = dateInterval(written)?.start;
  if (start === undefined || start < EARLIEST) return 'before the year 1900';
  return start - now.getTime() > AHEAD_MILLIS ? 'more than 24 hours in the future' : undefined;
}

/** The calendar day of an instant at the offset that it was written with. */
function dayThere(written: string, moment: number): string {
  const zone = /([+-])(\d\d):(\d\d)$/.exec(written);
  const minutes = zone ? (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0;
  return new Date(moment + minutes * 60_000).toISOString().slice(0, 10);
}
