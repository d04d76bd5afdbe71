import type { Snapshot } from '../catalog.ts';
import type { Moment } from '../rules/moments.ts';
import type { PatientContext } from '../store/context.ts';
import type { Evaluating } from './evaluating.ts';
import { momentSource } from './ticking.ts';

/** A moment that has come, as the engine takes it: it says nothing of the patient, and asks a term again. */
export function ofMoment(
  moment: Moment,
  { snapshot, patient, context }: { snapshot: Snapshot; patient: string; context: PatientContext },
): Evaluating {
  const { tick, at, day } = moment;
  return {
    source: momentSource(patient, moment, context.shard),
    asks: 'grading',
    amended: false,
    snapshot,
    patient,
    context,
    time: () => ({ at, day, clockAhead: false }),
    read: () => ({ findings: [], baseline: false, authored: '', unvalidatedWording: false, tick }),
  };
}
