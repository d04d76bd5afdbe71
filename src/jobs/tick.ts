import { ofMoment } from '../evaluation/of-moment.ts';
import type { MomentContent } from '../evaluation/ticking.ts';
import { evaluate } from '../evaluation.ts';
import { readState } from '../rules/state-packed.ts';
import { meansNothing } from '../rules/tick.ts';
import { happen } from '../save/moment.ts';
import { foldStates } from '../store/context.ts';
import { settleDue } from '../store/due.ts';
import type { LookDue, RunDue } from './scheduler.ts';

/**
 * A moment at which a term is asked again has come: it is folded in as of that moment, however late it is heard. Where it means nothing any more
 * nothing is written but that.
 */
export const tick: RunDue = (deps, within, due) =>
  happen(deps, within, due, async (deps, context) => {
    const { tick, day, known }: MomentContent = JSON.parse(due.content);
    const snapshot = await deps.catalog.at(within, context.generation);
    const { patient } = due;
    const consequence = await evaluate(
      deps,
      within,
      ofMoment({ tick, at: due.at, day, known }, { snapshot, patient, context }),
    );
    if (!consequence) return undefined;
    const { versions, patient: kept, work, due: next } = consequence;
    return { versions, patient: kept, ...(work ? { work } : {}), ...(next ? { due: next } : {}) };
  });

/**
 * Moments that mean nothing any more are seen by the state of their patients: a thousand at one look. Whoever writes what makes one mean something again
 * asks for it anew, and then it is not done away with.
 */
export const lookAtTicks: LookDue = async (deps, within, due) => {
  const states = await foldStates(deps.db, within, due);
  const known = new Map(states.map(({ patient, state }) => [patient, readState(state)]));
  const idle = due.filter(({ patient, content, at }) => {
    const state = known.get(patient);
    const { tick }: MomentContent = JSON.parse(content);
    return state !== undefined && meansNothing(state, tick, at);
  });
  const gone = new Set(await settleDue(deps.db, within, idle));
  return due.filter(({ id }) => !gone.has(id));
};
