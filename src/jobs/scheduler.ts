import type { Deps } from '../deps.ts';
import { type Compartment, everyone } from '../fhir/compartment.ts';
import { FhirError } from '../fhir/errors.ts';
import { Rounds } from '../rounds.ts';
import { type Due, giveBackDue, postponeDue, takeDue } from '../store/due.ts';

/** Does one thing that is due, and takes it from what is due in the same statement (see `happen` of src/save/moment.ts). */
export type RunDue = (deps: Deps, within: Compartment, due: Due) => Promise<void>;

/** Looks at many things at once, does away with those of which nothing comes, and gives the others: they are then done one by one. */
export type LookDue = (deps: Deps, within: Compartment, due: readonly Due[]) => Promise<readonly Due[]>;

/** How a scheduler works: how often it looks, and for how long what it has taken is its own. */
export interface Pace {
  everyMillis: number;
  /** In the database's time. A process that ends in the middle holds what it had taken until then. */
  leaseSeconds: number;
  /** How much is taken at once, and so is held in memory. */
  batch: number;
  /** How much is done side by side. */
  atOnce: number;
  /** Of the kinds of which much may come to nothing: how that is seen without doing each. */
  looks: Readonly<Record<string, LookDue>>;
}

const PACE: Pace = { everyMillis: 1000, leaseSeconds: 30, batch: 1000, atOnce: 6, looks: {} };
/** Fewer are done one by one: nearly always something comes of a thing. */
const WORTH_A_LOOK = 20;
const LONGEST_PAUSE_SECONDS = 3600;
/** Where the database cannot be reached, or others write the same again and again: no fault of the thing. */
const OUTAGE_PAUSE_SECONDS = 1;

/**
 * Does what is due: one loop in every process, and each thing once in all of them. A process that ends in the middle holds what it had taken
 * until its lease ends; then another one takes it. After a time without any process all that was due meanwhile happens in the order of time.
 */
export class Scheduler {
  readonly #deps: Deps;
  readonly #kinds: Readonly<Record<string, RunDue>>;
  readonly #within: Compartment = everyone();
  readonly #pace: Pace;
  readonly #rounds: Rounds;

  constructor(deps: Deps, kinds: Readonly<Record<string, RunDue>>, pace: Partial<Pace> = {}) {
    this.#deps = deps;
    this.#kinds = kinds;
    this.#pace = { ...PACE, ...pace };
    this.#rounds = new Rounds(deps.log, this.#pace.everyMillis);
    deps.metrics.does(Object.keys(kinds));
  }

  /** Does what is due, then looks again each second, until `stop`. */
  start(): void {
    this.#rounds.start(() => this.sweep(), 'what is due waits');
  }

  /** Ends what is being done, gives back what was taken and not begun, and looks no more. */
  async stop(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Does all that is due now, until nothing is left or all that is left has failed. Gives how much was done. */
  async sweep(): Promise<number> {
    let done = 0;
    let since: string | undefined;
    let batch = await this.#take(since);
    while (!this.#rounds.stopped) {
      const [first] = batch;
      if (!first) {
        if (since === undefined) return done;
        since = undefined; // what has been done may have brought something earlier
        batch = await this.#take(since);
        continue;
      }
      since = first.at;
      // The database takes the next while this process looks at these: each would else wait for the other.
      const began = performance.now();
      const isFull = batch.length === this.#pace.batch;
      const [looked, ahead] = await Promise.allSettled([this.#looked(batch), isFull ? this.#take(since) : []]);
      let next = ahead.status === 'fulfilled' ? ahead.value : [];
      try {
        if (looked.status === 'rejected') throw looked.reason;
        done += batch.length - looked.value.length;
        done += await this.#each(looked.value);
        if (ahead.status === 'rejected') throw ahead.reason;
        next = await this.#stillOurs(next, looked.value, performance.now() - began);
      } catch (error) {
        await giveBackDue(this.#deps.db, this.#within, next);
        throw error;
      }
      batch = next.length > 0 ? next : await this.#take(since);
    }
    await giveBackDue(this.#deps.db, this.#within, batch);
    return done;
  }

  async #take(since: string | undefined): Promise<Due[]> {
    if (this.#rounds.stopped) return [];
    const { batch: limit, leaseSeconds: seconds } = this.#pace;
    return takeDue(this.#deps.db, this.#within, { now: this.#deps.now().toISOString(), since, limit, seconds });
  }

  /**
   * What was taken ahead and may be done now; the rest is given back. A patient of whom something was done one by one may have to wait for it, and what
   * is held for long may soon be another's.
   */
  async #stillOurs(ahead: readonly Due[], done: readonly Due[], millis: number): Promise<Due[]> {
    const patients = new Set(done.map(({ patient }) => patient));
    const isLate = millis > (this.#pace.leaseSeconds * 1000) / 2;
    const isOurs = ({ patient }: Due): boolean => !isLate && !patients.has(patient);
    await giveBackDue(
      this.#deps.db,
      this.#within,
      ahead.filter((due) => !isOurs(due)),
    );
    return ahead.filter(isOurs);
  }

  /** Does things one by one, some side by side, and gives back those that a stop leaves. Gives how much was done. */
  async #each(things: readonly Due[]): Promise<number> {
    let done = 0;
    const waiting = things.values();
    const worker = async (): Promise<void> => {
      // Asked before each, or one would be taken from the list and then left.
      while (!this.#rounds.stopped) {
        const { value: due } = waiting.next();
        if (!due) return;
        if (await this.#run(due)) done += 1;
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: this.#pace.atOnce }, worker));
    await giveBackDue(this.#deps.db, this.#within, [...waiting]);
    const failed = ended.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    return done;
  }

  /** What is left to be done one by one, still in the order of time. */
  async #looked(batch: readonly Due[]): Promise<readonly Due[]> {
    let rest = batch;
    for (const [kind, look] of Object.entries(this.#pace.looks)) {
      const alike = batch.filter((due) => due.kind === kind);
      if (alike.length < WORTH_A_LOOK) continue;
      try {
        const open = new Set(await look(this.#deps, this.#within, alike));
        rest = rest.filter((due) => due.kind !== kind || open.has(due));
        this.#deps.metrics.due(kind, 'done', alike.length - open.size);
      } catch (error) {
        this.#deps.log.warn({ err: error, kind }, 'what is due is done one by one');
      }
    }
    return rest;
  }

  /** A thing that fails is kept, and tried again later and later: it is never dropped. Throws where that cannot be written either. */
  async #run(due: Due): Promise<boolean> {
    try {
      const run = this.#kinds[due.kind];
      if (!run) throw new Error('a thing of an unknown kind is due');
      await run(this.#deps, this.#within, due);
      this.#deps.metrics.due(due.kind, 'done');
      return true;
    } catch (error) {
      const isOutage = error instanceof FhirError && error.issues[0].code === 'transient';
      this.#deps.log.error({ err: error, kind: due.kind, attempts: due.attempts }, 'what was due has failed');
      this.#deps.metrics.due(this.#kinds[due.kind] && due.kind, isOutage ? 'postponed' : 'failed');
      const pause = isOutage ? OUTAGE_PAUSE_SECONDS : Math.min(2 ** due.attempts, LONGEST_PAUSE_SECONDS);
      await postponeDue(this.#deps.db, this.#within, due, { seconds: pause, counts: !isOutage });
      return false;
    }
  }
}
