import type { CarePlan, ServiceRequest } from '@medplum/fhirtypes';
import { happen } from '../save/moment.ts';
import type { AwaitedForm, HeldForm } from '../save/rules/awaited-form.ts';
import { beginsPlan, isHeld } from '../save/rules/care-plan.ts';
import { counted } from '../save/writing.ts';
import { catalogGeneration } from '../store/catalog.ts';
import { findDue, postponeDue, settleDue } from '../store/due.ts';
import { park, wake } from '../store/due-forms.ts';
import { findResource } from '../store/resources.ts';
import type { RunDue } from './scheduler.ts';

/** While the catalog is being changed. */
const PAUSE_SECONDS = 1;

/**
 * A plan waits for a form. Where one is held by now the plan is read again, as if it had been written at the moment at which the form was; else it waits on, until such a
 * form is written.
 */
export const awaitedForm: RunDue = async (deps, within, due) => {
  const { plan, form, since }: AwaitedForm = JSON.parse(due.content);
  const generation = await catalogGeneration(deps.db, within);
  if (!(await isHeld(deps, within, form, generation))) {
    if (await park(deps.db, within, due, generation)) return;
    if (await findDue(deps.db, within, due)) {
      await postponeDue(deps.db, within, due, { seconds: PAUSE_SECONDS, counts: false });
    }
    return;
  }
  await happen(deps, within, due, async (deps, context) => {
    const stored = await findResource(deps.db, within, plan.type, plan.id);
    if (!stored || stored.deleted) return undefined;
    const { patient, shard, id, kind, content } = due;
    if (!(await isHeld(deps, within, form, context.generation))) {
      // It has been deleted in this very moment: looked at once more, the plan waits on.
      const again = { shard, id, at: due.at, patient, kind, content };
      return { versions: [], patient: counted(patient, context), due: [again] };
    }
    const at = since > due.at ? since : due.at;
    const resource: CarePlan | ServiceRequest = JSON.parse(stored.content);
    const beginning = { id: plan.id, version: stored.version, patient, context, since, at };
    const begun = await beginsPlan(deps, within, resource, beginning);
    if (!begun) return undefined;
    return { versions: [], patient: { ...counted(patient, context), expected: begun.expected }, due: begun.due };
  });
};

/** A form was written: the plans that wait for it are looked at, each as of that moment. What is asked for meanwhile by another write of it is kept. */
export const heldForm: RunDue = async (deps, within, due) => {
  const { begins }: HeldForm = JSON.parse(due.content);
  for (const one of begins) await wake(deps.db, within, one, due.at);
  await settleDue(deps.db, within, [due]);
};
