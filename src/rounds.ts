import type { Logger } from 'pino';

/** Work that a process does at once, and then again and again after a pause, until it is told to stop. */
export class Rounds {
  readonly #log: Logger;
  readonly #everyMillis: number;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(log: Logger, everyMillis: number) {
    this.#log = log;
    this.#everyMillis = everyMillis;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** One round now, the next a pause after its end. A round that fails (the database is away) is said as `failing`, and the next one tries again. */
  start(work: () => Promise<unknown>, failing: string): void {
    const round = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        this.#log.warn({ err: error }, failing);
      }
      if (!this.#stopped) this.#timer = setTimeout(next, this.#everyMillis).unref();
    };
    const next = (): void => {
      this.#round = round();
    };
    next();
  }

  /** No further round; waits for the one that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }
}
