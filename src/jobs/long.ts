import { randomUUID } from 'node:crypto';
import type { Deps } from '../deps.ts';
import { type Compartment, everyone } from '../fhir/compartment.ts';
import { Rounds } from '../rounds.ts';
import { endJob, holdJob, type Job, releaseJob, takeJob } from '../store/jobs.ts';

/** Does one piece of long work; gives its result as JSON text. It goes on from the progress of the job where there is any. */
export type RunLong = (deps: Deps, within: Compartment, job: Job, control: Control) => Promise<string>;

/** What long work is told, and tells. */
export interface Control {
  /** It is to end: cancelled, or this process stops. */
  signal: AbortSignal;
  /** How far it is, `{"done", "total", …}`: asked for when it is written down. */
  progress(text: () => string): void;
}

/** How often this process looks for work, and says that it still has what it took. */
export interface Pace {
  everyMillis: number;
  beatMillis: number;
  leaseSeconds: number;
}

const PACE: Pace = { everyMillis: 1000, beatMillis: 1000, leaseSeconds: 15 };
/** What ends its process, or fails, this often without going on has failed. */
const MOST_ATTEMPTS = 3;

/**
 * Does the long work that clients asked for: one piece at a time in each process, each piece in one of them. What a process had when it ended is
 * taken by another one once its lease is over, which goes on from what was written down last.
 */
export class LongJobs {
  readonly #deps: Deps;
  readonly #kinds: Readonly<Record<string, RunLong>>;
  readonly #pace: Pace;
  readonly #within: Compartment = everyone();
  readonly #stop = new AbortController();
  readonly #rounds: Rounds;

  constructor(deps: Deps, kinds: Readonly<Record<string, RunLong>>, pace: Partial<Pace> = {}) {
    this.#deps = deps;
    this.#kinds = kinds;
    this.#pace = { ...PACE, ...pace };
    this.#rounds = new Rounds(deps.log, this.#pace.everyMillis);
  }

  /** Does what waits, then looks again each second, until `stop`. */
  start(): void {
    this.#rounds.start(() => this.sweep(), 'long work waits');
  }

  /** Gives back what is under way, with how far it is. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#rounds.stop();
  }

  /** Does all that waits now. */
  async sweep(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const holder = randomUUID();
      const job = await takeJob(this.#deps.db, this.#within, { holder, seconds: this.#pace.leaseSeconds });
      if (!job) return;
      await this.#run(job, holder);
    }
  }

  async #run(job: Job, holder: string): Promise<void> {
    const { db, log, now } = this.#deps;
    const within = this.#within;
    const end = async (status: 'done' | 'failed' | 'cancelled', result?: string): Promise<void> => {
      const ended = await endJob(db, within, job, {
        holder,
        status,
        at: now().toISOString(),
        ...(result === undefined ? {} : { result }),
      });
      if (ended) log.info({ job: job.id, kind: job.kind, status: ended }, 'long work has ended');
    };
    if (job.cancel) return end('cancelled');
    if (job.attempts > MOST_ATTEMPTS) return end('failed');
    const run = this.#kinds[job.kind];
    const held = new Held(job, holder, this.#deps, within, this.#pace);
    const signal = AbortSignal.any([held.signal, this.#stop.signal]);
    try {
      if (!run) throw new Error('long work of an unknown kind was asked for');
      const result = await run(this.#deps, within, job, { signal, progress: (text) => held.note(text) });
      await held.stop();
      await end('done', result);
    } catch (error) {
      await held.stop();
      if (held.cancelled) return end('cancelled');
      if (held.lost) return;
      if (this.#stop.signal.aborted) {
        await held.beat();
        return releaseJob(db, within, job, { holder, seconds: 0 });
      }
      log.error({ err: error, job: job.id, kind: job.kind, attempts: job.attempts }, 'long work has failed');
      if (job.attempts >= MOST_ATTEMPTS) return end('failed');
      await releaseJob(db, within, job, { holder, seconds: 2 ** job.attempts });
    }
  }
}

/** One piece of work while this process has it: keeps its lease, writes down how far it is, and hears whether it is to end. */
class Held {
  readonly #job: Job;
  readonly #holder: string;
  readonly #deps: Deps;
  readonly #within: Compartment;
  readonly #pace: Pace;
  readonly #abort = new AbortController();
  #progress: (() => string) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;
  cancelled = false;
  lost = false;

  constructor(job: Job, holder: string, deps: Deps, within: Compartment, pace: Pace) {
    this.#job = job;
    this.#holder = holder;
    this.#deps = deps;
    this.#within = within;
    this.#pace = pace;
    this.#next();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  note(text: () => string): void {
    this.#progress = text;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  async beat(): Promise<void> {
    const text = this.#progress?.();
    this.#progress = undefined;
    const held = await holdJob(this.#deps.db, this.#within, this.#job, {
      holder: this.#holder,
      seconds: this.#pace.leaseSeconds,
      ...(text === undefined ? {} : { progress: text }),
    });
    this.lost = held === undefined;
    this.cancelled = held?.cancel === true;
    if (this.lost || this.cancelled) this.#abort.abort();
  }

  #next(): void {
    const turn = async (): Promise<void> => {
      try {
        await this.beat();
      } catch (error) {
        this.#deps.log.warn({ err: error, job: this.#job.id }, 'long work could not be held'); // tried again
      }
      if (!this.#stopped) this.#next();
    };
    this.#timer = setTimeout(() => {
      this.#turn = turn();
    }, this.#pace.beatMillis).unref();
  }
}
