import type { Deps } from '../deps.ts';
import { tryAgain } from '../fhir/errors.ts';
import { gaveWay } from '../store/errors.ts';

const MOST_ATTEMPTS = 8;

/**
 * Tries again with fresh state when another writer came first; what takes the same turn (a patient, an id, criteria) waits for each
 * other within this process. Inside a transaction (`deps.attempts` is 1) it is tried once: the whole is tried again.
 */
export async function attempts<T>(deps: Deps, turn: string | undefined, work: () => Promise<T>): Promise<T> {
  const most = deps.attempts ?? MOST_ATTEMPTS;
  if (most === 1) return work();
  const run = async (): Promise<T> => {
    for (let attempt = 1; attempt <= most; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (!gaveWay(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * attempt));
    }
    throw tryAgain('Other requests changed the same resource again and again; nothing was written');
  };
  return turn === undefined ? run() : deps.turns.take(turn, run);
}
