import { tryAgain } from './fhir/errors.ts';

/**
 * Lets the writes of one patient go one after the other within this process. Safety does not rest on it (the per-patient
 * counter does that, across processes); it saves sixteen writers from evaluating what only one of them can commit.
 */
export class Turns {
  readonly #waiting = new Map<string, { last: Promise<unknown>; length: number }>();
  readonly #longest: number;

  constructor(longest = 100) {
    this.#longest = longest;
  }

  /** Runs `work` when all earlier work under `key` has ended. Throws 503 when too many wait already. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#waiting.get(key) ?? { last: Promise.resolve(), length: 0 };
    if (queue.length >= this.#longest) throw tryAgain('Too many requests for this patient are waiting');
    queue.length += 1;
    this.#waiting.set(key, queue);
    const turn = queue.last.then(work, work);
    queue.last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      queue.length -= 1;
      if (queue.length === 0) this.#waiting.delete(key);
    }
  }
}
