import type { Patient } from '@medplum/fhirtypes';
import { dateInterval } from '../../fhir/dates.ts';
import { instantsOf } from './timing.ts';
import { instantShown } from './zone-clock.ts';

type Deceased = Pick<Patient, 'deceasedBoolean' | 'deceasedDateTime'>;

/** Since when a patient counts as dead. */
export interface Death {
  /** What `deceasedDateTime` says, by its precision, or the UTC instant at which it was first said, where no date is. See `isAfterDeath`. */
  at: string;
  /** UTC instant: the first moment after it, or after the day, month or year that is said. No later day is under monitoring. */
  over?: string;
}

/**
 * The death of a patient, undefined of who is not said to have died. `said` is the UTC instant at which that was first said, where no date is: nobody knows
 * when it was, and up to then all went on. `zone`: days under monitoring end with the day of death there.
 */
export function deathOf(
  { deceasedBoolean, deceasedDateTime }: Deceased,
  said: string | undefined,
  zone: string,
): Death | undefined {
  const at = deceasedBoolean === true ? said : deceasedDateTime;
  if (at === undefined) return undefined;
  const { end } = instantsOf({ end: at }, zone);
  return { at, ...(end === undefined ? {} : { over: end }) };
}

/**
 * Whether a patient had died by the end of a slot (UTC instant): nothing is expected of it, nor is it missing. A day, month or year of death begins where the
 * slot's plan has its days and hours (`zone`).
 */
export function isAfterDeath(
  { slot: { close }, zone }: { slot: { close: string }; zone: string },
  death: Pick<Death, 'at'> | undefined,
): boolean {
  const start = death && dateInterval(death.at)?.start;
  if (death === undefined || start === undefined) return false;
  return (death.at.includes('T') ? start : instantShown(zone, start)) <= Date.parse(close);
}
