import type { Extension, Flag, Observation, Task } from '@medplum/fhirtypes';
import { dateInterval } from '../../fhir/dates.ts';
import { businessRule } from '../../fhir/errors.ts';
import { termOfCoding } from '../observed.ts';
import { EXTENSION } from '../resources/codes.ts';
import { expectedObservation } from '../resources/expected-observation.ts';
import { endOfDay, type Site } from '../site.ts';

/**
 * The Observation of a snooze: its owner expects a level of the Flag's term until a moment. Throws FhirError 422 where the Flag is about no graded
 * term, or the term has no such grade.
 */
export function expectedLevel(
  flag: Flag,
  task: Task,
  { level, until, now }: { level: number; until: string; now: string },
): Observation {
  const coding = flag.code.coding?.[0];
  const term = coding && termOfCoding(coding);
  if (!coding || !term) {
    throw businessRule(
      'Task.status: this work is about no graded term, so no level of it can be expected: it cannot sleep, only be done',
      'Task.status',
    );
  }
  if (level > term.most) {
    throw businessRule(
      `Task.extension: expected a level from 0 to ${term.most}, the grades of this term`,
      'Task.extension',
    );
  }
  const { owner, focus, statusReason } = task;
  const reason = statusReason?.text ?? statusReason?.coding?.[0]?.display;
  return {
    ...expectedObservation({
      coding,
      patient: flag.subject.reference,
      focus: focus ?? {},
      level,
      until,
      now,
    }),
    ...(owner && PERFORMERS.test(owner.reference ?? '') ? { performer: [owner as { reference?: string }] } : {}),
    ...(reason === undefined ? {} : { note: [{ text: reason }] }),
  };
}

/** A work item whose snooze lasts to the end of a day of the site, where no more than the day was said; any other as it is. */
export function untilEndOfDay(task: Task, site: Pick<Site, 'timeZone'>): Task {
  const { extension } = task;
  const ofUntil = (part: Extension): Extension =>
    part.url === 'until' && isDay(part.valueDateTime)
      ? { ...part, valueDateTime: endOfDay(site, part.valueDateTime) }
      : part;
  const ofLevel = (one: Extension): Extension =>
    one.url === EXTENSION.expectedLevel && one.extension ? { ...one, extension: one.extension.map(ofUntil) } : one;
  return extension ? { ...task, extension: extension.map(ofLevel) } : task;
}

const isDay = (value: string | undefined): value is string =>
  value !== undefined && DAY.test(value) && dateInterval(value) !== undefined;

const DAY = /^\d{4}-\d\d-\d\d$/;

/** Whom both may name. Source: HL7 FHIR R4 4.0.1, Task.owner and Observation.performer. */
const PERFORMERS = /(?:^|\/)(?:Practitioner|PractitionerRole|Organization|CareTeam|Patient|RelatedPerson)\/[^/]+$|^$/;
