import type { Coding, Observation, Reference } from '@medplum/fhirtypes';
import { EXTENSION } from './codes.ts';

/** What a clinician expects of a term, as an Observation says it; who says so and why is added by who makes it. */
export interface Expectation {
  coding: Coding;
  patient: string | undefined;
  /** The Flag that it is said of. */
  focus: Reference;
  level: number;
  /** As it was written. */
  until: string;
  /** UTC instant. */
  now: string;
}

/** The Observation of a level that is expected of a term. */
export const expectedObservation = ({ coding, patient, focus, level, until, now }: Expectation): Observation => ({
  resourceType: 'Observation',
  extension: [
    {
      url: EXTENSION.expectedLevel,
      extension: [
        { url: 'level', valueInteger: level },
        { url: 'until', valueDateTime: until },
      ],
    },
  ],
  status: 'final',
  code: { coding: [coding] },
  subject: { reference: patient },
  focus: [focus],
  effectiveDateTime: now,
});
