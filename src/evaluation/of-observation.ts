import type { Observation } from '@medplum/fhirtypes';
import type { Snapshot } from '../catalog.ts';
import type { ReviewedCodes } from '../rules/gradings/ctcae-codes.ts';
import { isUrgent } from '../rules/gradings/emergency.ts';
import { type Observed, observedOf } from '../rules/observed.ts';
import type { PatientContext } from '../store/context.ts';
import { draftMeasurementTime, measuredAt, measurementTime, writtenMoment } from '../symptom-time.ts';
import type { Evaluating } from './evaluating.ts';

/** An Observation that is about to be written. */
export interface Measuring {
  id: string;
  version: number;
  observation: Observation;
  snapshot: Snapshot;
  patient: string;
  context: PatientContext;
  /** The site's own codes. */
  codes: ReviewedCodes;
}

/** Statuses that are graded. A preliminary result awaits its final one, save for an emergency. Source: HL7 FHIR R4 4.0.1, ValueSet observation-status. */
export const GRADED: readonly Observation['status'][] = ['final', 'amended', 'corrected'];

/** Statuses that take back what was said. */
export const WITHDRAWN: readonly Observation['status'][] = ['entered-in-error', 'cancelled'];

/**
 * An Observation as the engine takes it: what it says is known without its patient, what it comes to is told by the fold. Of one that is not
 * final only the emergencies that are there count, and they do at once.
 */
export function ofObservation({ id, version, observation, snapshot, patient, context, codes }: Measuring): Evaluating {
  const { status, performer, note } = observation;
  const by = performer?.[0]?.reference;
  const final = GRADED.includes(status);
  const observed = final ? observedOf(observation, codes) : urgentOf(observedOf(observation, codes));
  const recorded = observed?.baseline || observed?.expected;
  const reason = note?.map(({ text }) => text).join('\n');
  return {
    source: { type: 'Observation', id, version },
    asks: WITHDRAWN.includes(status) ? 'retraction' : 'grading',
    amended: status === 'amended' || status === 'corrected',
    ...(by === undefined ? {} : { performer: by }),
    ...(recorded ? { recorded: { ...(by === undefined ? {} : { by }), ...(reason ? { reason } : {}) } } : {}),
    snapshot,
    patient,
    context,
    time: (now, before) => (final ? measurementTime : draftMeasurementTime)(observation, now, before),
    read: () =>
      observed && {
        ...observed,
        authored: writtenMoment(measuredAt(observation).written),
        unvalidatedWording: false,
      },
  };
}

/** The emergencies that are certainly there; undefined where none is. */
function urgentOf(observed: Observed | undefined): Observed | undefined {
  const findings = observed?.findings.filter(isUrgent) ?? [];
  return findings.length === 0 ? undefined : { baseline: false, findings };
}
