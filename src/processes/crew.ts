import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { Gathering } from './gathering.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** Begins the work of one process; `first` and its number are added. */
export type Given = Omit<ToWorker & { kind: 'start' }, 'kind' | 'first' | 'worker'>;

/** Milliseconds. One that has run for so long did not die of its start: another one takes its place at once. */
const STEADY = 10_000;
const SHORTEST_PAUSE = 100;
const LONGEST_PAUSE = 5000;
/** A request may take a minute to come in (requestTimeout of app.ts); who has not ended some time after that hangs. */
const DRAIN_PATIENCE = 70_000;

interface Member {
  /** 1 to n: its number in the log and in metrics, which a successor takes over. */
  number: number;
  process: Worker;
  state: 'forked' | 'loaded' | 'started' | 'booted' | 'listening';
  since: number;
  pause: number;
  timer?: NodeJS.Timeout;
}

/** The processes that answer requests: starts them together, replaces one that dies, and drains all of them at the end. */
export class Crew {
  readonly #log: Logger;
  readonly #members: Member[];
  readonly #gathering = new Gathering();
  #restarts = 0;
  #given: Given | undefined;
  #stopping: Promise<void> | undefined;
  /** Told of each step while all start; after that a death is answered by a successor. */
  #starting: { step(): void; fail(error: Error): void } | undefined;

  /** Forks `count` processes: they load their code while the database is prepared. */
  constructor(count: number, log: Logger) {
    this.#log = log;
    this.#members = Array.from({ length: count }, (_, at) => {
      const member: Member = {
        number: at + 1,
        process: cluster.fork(),
        state: 'forked',
        since: Date.now(),
        pause: 0,
      };
      this.#watch(member);
      return member;
    });
  }

  /** Resolves when all answer requests. The first boots alone, and writes what ships; none listens before all have booted. Throws the first fault of any. */
  async start(given: Given): Promise<void> {
    this.#given = given;
    await new Promise<void>((resolve, reject) => {
      const all = (state: Member['state']): boolean => this.#members.every((member) => member.state === state);
      const step = (): void => {
        const [first, ...others] = this.#members;
        if (first?.state === 'loaded') this.#begin(first, true);
        if (first?.state === 'booted') for (const one of others) if (one.state === 'loaded') this.#begin(one, false);
        if (all('booted')) for (const one of this.#members) send(one, { kind: 'listen' });
        if (all('listening')) resolve();
      };
      this.#starting = { step, fail: reject };
      const dead = this.#members.find((member) => member.process.isDead());
      if (dead) reject(endedEarly(dead));
      else step();
    }).finally(() => {
      this.#starting = undefined;
    });
  }

  /** Drains all and resolves when the last has ended. One that does not end in time is killed. A second call waits for the first. */
  stop(): Promise<void> {
    this.#stopping ??= Promise.all(this.#members.map((member) => this.#end(member))).then(() => undefined);
    return this.#stopping;
  }

  #begin(member: Member, first: boolean): void {
    if (!this.#given) return;
    member.state = 'started';
    send(member, { kind: 'start', ...this.#given, first, worker: member.number });
  }

  #watch(member: Member): void {
    const { process } = member;
    let told = false;
    process.on('message', (message: FromWorker) => {
      if (message.kind === 'failed') {
        told = true;
        if (this.#starting) this.#starting.fail(Object.assign(new Error(message.message), { code: message.code }));
        else this.#log.error({ worker: member.number, reason: message.message }, 'a process did not start');
        return;
      }
      if (message.kind === 'counted') return this.#gathering.counted(member.number, message);
      if (message.kind === 'gather') return void this.#gather(member, message.question);
      member.state = message.kind;
      if (this.#starting) this.#starting.step();
      else if (message.kind === 'loaded') this.#begin(member, false);
      else if (message.kind === 'booted') send(member, { kind: 'listen' });
      else this.#log.info({ worker: member.number }, 'a process answers requests again');
    });
    process.on('error', (error) =>
      this.#log.warn({ err: error, worker: member.number }, 'a process cannot be reached'),
    );
    process.once('exit', (code, signal) => {
      if (this.#stopping) return;
      if (this.#starting) {
        if (!told) this.#starting.fail(endedEarly(member));
      } else if (this.#given) this.#replace(member, { code, signal });
    });
  }

  #replace(member: Member, ended: { code: number | null; signal: string | null }): void {
    const steady = Date.now() - member.since > STEADY;
    member.pause = steady ? 0 : Math.min(LONGEST_PAUSE, Math.max(SHORTEST_PAUSE, member.pause * 2));
    const level = ended.code === 0 ? 'info' : 'error';
    this.#log[level](
      { worker: member.number, ...ended, again_ms: member.pause },
      'a process has ended; another one takes its place',
    );
    this.#restarts += 1;
    member.timer = setTimeout(() => {
      member.process = cluster.fork();
      member.since = Date.now();
      member.state = 'forked';
      this.#watch(member);
    }, member.pause);
  }

  /** What all have counted who answer in time, for one of them who was asked for metrics. */
  async #gather(asker: Member, question: number): Promise<void> {
    const listening = this.#members.filter(({ state, process }) => state === 'listening' && !process.isDead());
    const counted = await this.#gathering.ask(
      listening.map(({ number }) => number),
      (own) => {
        for (const one of listening) send(one, { kind: 'count', question: own });
      },
    );
    send(asker, { kind: 'gathered', question, restarts: this.#restarts, counted });
  }

  async #end(member: Member): Promise<void> {
    clearTimeout(member.timer);
    const { process } = member;
    if (process.isDead()) return;
    await new Promise<void>((resolve) => {
      const patience = setTimeout(() => {
        this.#log.error({ worker: member.number }, 'a process does not end and is killed');
        process.process.kill('SIGKILL');
      }, DRAIN_PATIENCE);
      process.once('exit', () => {
        clearTimeout(patience);
        resolve();
      });
      process.process.kill('SIGTERM');
    });
  }
}

const endedEarly = ({ number, process }: Member): Error =>
  new Error(
    `Process ${number} ended with ${process.process.signalCode ?? `code ${process.process.exitCode}`} while it started`,
  );

function send({ process }: Member, message: ToWorker): void {
  // One that has gone tells so by its exit.
  if (process.isConnected()) process.send(message, () => {});
}
