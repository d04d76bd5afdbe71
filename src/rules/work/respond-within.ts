import type { Extension } from '@medplum/fhirtypes';
import { EXTENSION } from '../resources/codes.ts';
import type { RespondWithin } from '../site.ts';

/** The extension that says within which time work is answered; undefined where it is none of ours. */
export function readRespondWithin(extension: Extension | undefined): RespondWithin | undefined {
  const part = (url: string): Extension | undefined => extension?.extension?.find((one) => one.url === url);
  const { value, system, code } = part('duration')?.valueDuration ?? {};
  const clock = part('clock')?.valueCode;
  if (value === undefined || system !== UCUM || code !== 'h' || (clock !== 'service' && clock !== 'always'))
    return undefined;
  return value > 0 ? { hours: value, clock } : undefined;
}

const UCUM = 'http://unitsofmeasure.org';

export const respondWithinExtension = ({ hours, clock }: RespondWithin): Extension => ({
  url: EXTENSION.respondWithin,
  extension: [
    { url: 'duration', valueDuration: { value: hours, unit: 'h', system: UCUM, code: 'h' } },
    { url: 'clock', valueCode: clock },
  ],
});
