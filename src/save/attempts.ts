import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { tryAgain } from '../fhir/errors.ts';
import { gaveWay } from '../store/errors.ts';
import { lockPatients } from '../store/locks.ts';
import { insideOf } from './inside.ts';

/** How often is tried what gives way to other writers. */
export const MOST_ATTEMPTS = 8;
/** After this many nothing is left to chance: what is written upon is held first, and other writers queue for it. */
export const FREE_ATTEMPTS = 3;

/** What a write is about: the patient whose data it is, else an id or criteria. What is about the same takes turns within this process. */
export interface About {
  patient?: string | undefined;
  key?: string | undefined;
}

/**
 * Tries again with fresh state when another writer came first. A writer that comes from further away than its rivals would lose to them again
 * and again, so the later attempts run in a transaction that holds what they rest on: `work` is given the deps of its attempt. Inside a
 * transaction (`deps.attempts` is 1) it is tried once: the whole is tried again. Throws 503 when all attempts gave way.
 */
export async function attempts<T>(
  deps: Deps,
  within: Compartment,
  { patient, key }: About,
  work: (deps: Deps) => Promise<T>,
): Promise<T> {
  const most = deps.attempts ?? MOST_ATTEMPTS;
  if (most === 1) return work(deps);
  const run = async (): Promise<T> => {
    for (let attempt = 1; attempt <= most; attempt += 1) {
      try {
        if (attempt <= FREE_ATTEMPTS) return await work(deps);
        return await deps.db.transaction(async (tx) => {
          if (patient !== undefined) await lockPatients(tx, within, [patient]);
          return work({ ...insideOf(deps, tx), holds: true });
        });
      } catch (error) {
        if (!gaveWay(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * attempt));
    }
    throw tryAgain('Other requests changed the same resource again and again; nothing was written');
  };
  const turn = patient ?? key;
  return turn === undefined ? run() : deps.turns.take(turn, run);
}
