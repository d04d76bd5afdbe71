import type { Patient } from '@medplum/fhirtypes';
import { dateInterval } from '../../fhir/dates.ts';
import { instantsOf } from './timing.ts';

type Deceased = Pick<Patient, 'deceasedBoolean' | 'deceasedDateTime'>;

/** Since when a patient counts as dead. */
export interface Death {
  /** Unix milliseconds; see `diedAt`. No slot that ends then or later is expected. */
  at: number;
  /** UTC instant: the first moment after it, or after the day, month or year that is said. No later day is under monitoring. */
  over?: string;
}

/**
 * Unix milliseconds from which a patient counts as dead: the beginning of what `deceasedDateTime` says; where only `deceasedBoolean` says it, `said`.
 * Undefined of who is not said to have died.
 */
export function diedAt({ deceasedBoolean, deceasedDateTime }: Deceased, said: number | undefined): number | undefined {
  if (deceasedBoolean === true) return said;
  return deceasedDateTime === undefined ? undefined : dateInterval(deceasedDateTime)?.start;
}

/**
 * The death of a patient, undefined of who is not said to have died. `said` is the UTC instant at which that was first said, where no date is: nobody knows
 * when it was, and up to then all went on. `zone`: a day of death is a day there.
 */
export function deathOf(patient: Deceased, said: string | undefined, zone: string): Death | undefined {
  const at = diedAt(patient, said === undefined ? undefined : Date.parse(said));
  if (at === undefined) return undefined;
  const { end } = instantsOf({ end: patient.deceasedDateTime ?? said }, zone);
  return { at, ...(end === undefined ? {} : { over: end }) };
}

/** Whether a patient had died by the end of a slot (UTC instant): nothing is expected of it, nor is it missing. */
export const isAfterDeath = ({ close }: { close: string }, death: Pick<Death, 'at'> | undefined): boolean =>
  death !== undefined && death.at <= Date.parse(close);
