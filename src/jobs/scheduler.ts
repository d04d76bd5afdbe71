import type { Deps } from '../deps.ts';
import { type Compartment, everyone } from '../fhir/compartment.ts';
import { type Due, postponeDue, takeDue } from '../store/due.ts';

/** Does one thing that is due, and takes it from what is due in the same statement (see `happen` of src/save/moment.ts). */
export type RunDue = (deps: Deps, within: Compartment, due: Due) => Promise<void>;

const EVERY_MILLIS = 1000;
const LEASE_SECONDS = 60;
const BATCH = 200;
const AT_ONCE = 4;
const LONGEST_PAUSE_SECONDS = 3600;

/**
 * Does what is due: one loop in every process, and each thing once in all of them. A process that ends in the middle holds what it had taken
 * until its lease ends; then another one takes it. After a time without any process all that was due meanwhile happens in the order of time.
 */
export class Scheduler {
  readonly #deps: Deps;
  readonly #kinds: Readonly<Record<string, RunDue>>;
  readonly #within: Compartment = everyone();
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: Deps, kinds: Readonly<Record<string, RunDue>>) {
    this.#deps = deps;
    this.#kinds = kinds;
  }

  /** Does what is due, then looks again each second, until `stop`. */
  start(): void {
    const turn = async (): Promise<void> => {
      try {
        await this.sweep();
      } catch (error) {
        this.#deps.log.warn({ err: error }, 'what is due waits'); // the database is away: the next turn tries again
      }
      if (!this.#stopped) this.#timer = setTimeout(next, EVERY_MILLIS).unref();
    };
    const next = (): void => {
      this.#turn = turn();
    };
    next();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  /** Does all that is due now, until nothing is left or all that is left has failed. Gives how much was done. */
  async sweep(): Promise<number> {
    let done = 0;
    while (!this.#stopped) {
      const batch = await takeDue(this.#deps.db, this.#within, {
        now: this.#deps.now().toISOString(),
        limit: BATCH,
        seconds: LEASE_SECONDS,
      });
      if (batch.length === 0) return done;
      const waiting = batch.values();
      const worker = async (): Promise<void> => {
        for (const due of waiting) if (await this.#run(due)) done += 1;
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    }
    return done;
  }

  /** A thing that fails is kept, and tried again later and later: it is never dropped. */
  async #run(due: Due): Promise<boolean> {
    try {
      const run = this.#kinds[due.kind];
      if (!run) throw new Error('a thing of an unknown kind is due');
      await run(this.#deps, this.#within, due);
      return true;
    } catch (error) {
      this.#deps.log.error({ err: error, kind: due.kind, attempts: due.attempts }, 'what was due has failed');
      await postponeDue(this.#deps.db, this.#within, due, Math.min(2 ** due.attempts, LONGEST_PAUSE_SECONDS));
      return false;
    }
  }
}
