import type { Snapshot } from '../catalog.ts';
import type { Moment } from '../rules/moments.ts';
import type { PatientContext } from '../store/context.ts';
import type { Evaluating } from './evaluating.ts';
import { momentSource } from './ticking.ts';

/**
 * A moment that has come, as the engine takes it: it says nothing of the patient, and asks a term again. Where it had passed before it was asked for, what follows happens as
 * of then: `known`, a UTC instant.
 */
export function ofMoment(
  moment: Moment & { known?: string | undefined },
  { snapshot, patient, context }: { snapshot: Snapshot; patient: string; context: PatientContext },
): Evaluating {
  const { tick, at, day, known = at } = moment;
  return {
    source: momentSource(patient, moment, context.shard),
    asks: 'grading',
    amended: false,
    due: known,
    snapshot,
    patient,
    context,
    time: () => ({ at, day, clockAhead: false }),
    read: () => ({ findings: [], baseline: false, authored: '', unvalidatedWording: false, tick }),
  };
}
