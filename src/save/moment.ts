import type { Deps } from '../deps.ts';
import type { Consequence } from '../evaluation/evaluating.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { type PatientContext, patientContext } from '../store/context.ts';
import { type Due, findDue } from '../store/due.ts';
import { commit, type Write } from '../store/write.ts';
import { attempts } from './attempts.ts';
import { counted, outboxOf, tellEvaluated } from './writing.ts';

/** What comes of a moment. `patient` is left out where only the counter advances, `changes` where nothing was evaluated. */
export type Happening = Pick<Write, 'versions' | 'patient' | 'due' | 'work'> & Partial<Pick<Consequence, 'changes'>>;

/**
 * Does what is due, once: what comes of it and the end of its being due are one statement, which rests on the patient's counter. However many
 * processes try, one of them writes; the others find nothing to do. `work` may be asked again with fresh state; undefined where nothing comes of
 * it any more. What it puts under the same id in `due` moves the thing instead. Throws 503 when other writers come first again and again.
 */
export async function happen(
  deps: Deps,
  within: Compartment,
  due: Due,
  work: (deps: Deps, context: PatientContext) => Promise<Happening | undefined>,
): Promise<void> {
  await attempts(deps, within, { patient: due.patient }, async (deps) => {
    // The counter is read first: who has done it since has advanced it.
    const context = await patientContext(deps.db, within, due.patient);
    if (!(await findDue(deps.db, within, due))) return;
    const happening = context && (await work(deps, context));
    const moves = happening?.due?.some(({ shard, id }) => shard === due.shard && id === due.id) === true;
    await commit(deps.db, within, {
      versions: happening?.versions ?? [],
      outbox: outboxOf(deps, due.shard),
      ...(context ? { patient: happening?.patient ?? counted(due.patient, context) } : {}),
      ...(happening?.work ? { work: happening.work } : {}),
      due: [...(happening?.due ?? []), ...(moves ? [] : [{ shard: due.shard, id: due.id, at: null } as const])],
    });
    if (happening?.changes) tellEvaluated(deps, within, happening.changes);
  });
}
