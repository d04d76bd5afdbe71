import type { Observation } from '@medplum/fhirtypes';
import type { Snapshot } from '../catalog.ts';
import { observedOf } from '../rules/observed.ts';
import type { PatientContext } from '../store/context.ts';
import { measuredAt, measurementTime } from '../symptom-time.ts';
import type { Evaluating } from './evaluating.ts';

/** An Observation that is about to be written. */
export interface Measuring {
  id: string;
  version: number;
  observation: Observation;
  snapshot: Snapshot;
  patient: string;
  context: PatientContext;
}

/** Statuses that are graded. A preliminary result awaits its final one. Source: HL7 FHIR R4 4.0.1, ValueSet observation-status. */
export const GRADED: readonly Observation['status'][] = ['final', 'amended', 'corrected'];

/** Statuses that take back what was said. */
export const WITHDRAWN: readonly Observation['status'][] = ['entered-in-error', 'cancelled'];

/** An Observation as the engine takes it: what it says is known without its patient, what it comes to is told by the fold. */
export function ofObservation({ id, version, observation, snapshot, patient, context }: Measuring): Evaluating {
  const { status, performer, note } = observation;
  const by = performer?.[0]?.reference;
  const observed = observedOf(observation);
  const recorded = observed?.baseline || observed?.expected;
  const reason = note?.map(({ text }) => text).join('\n');
  return {
    source: { type: 'Observation', id, version },
    asks: WITHDRAWN.includes(status) ? 'retraction' : GRADED.includes(status) ? 'grading' : 'nothing',
    amended: status === 'amended' || status === 'corrected',
    ...(by === undefined ? {} : { performer: by }),
    ...(recorded ? { recorded: { ...(by === undefined ? {} : { by }), ...(reason ? { reason } : {}) } } : {}),
    snapshot,
    patient,
    context,
    time: (now, before) => measurementTime(observation, now, before),
    read: () =>
      observed && {
        ...observed,
        authored: measuredAt(observation).written ?? '',
        unvalidatedWording: false,
      },
  };
}
