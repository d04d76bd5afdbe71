import { ofMoment } from '../evaluation/of-moment.ts';
import type { MomentContent } from '../evaluation/ticking.ts';
import { evaluate } from '../evaluation.ts';
import { happen } from '../save/moment.ts';
import type { RunDue } from './scheduler.ts';

/**
 * A moment at which a term is asked again has come: it is folded in as of that moment, however late it is heard. Where it means nothing any more
 * nothing is written but that.
 */
export const tick: RunDue = (deps, within, due) =>
  happen(deps, within, due, async (deps, context) => {
    const { tick, day }: MomentContent = JSON.parse(due.content);
    const snapshot = await deps.catalog.at(within, context.generation);
    const { patient } = due;
    const consequence = await evaluate(
      deps,
      within,
      ofMoment({ tick, at: due.at, day }, { snapshot, patient, context }),
    );
    if (!consequence) return undefined;
    const { versions, patient: kept, work, due: next } = consequence;
    return { versions, patient: kept, ...(work ? { work } : {}), ...(next ? { due: next } : {}) };
  });
