import { type Answer, Client } from '../crash/http.ts';
import type { Random } from '../crash/random.ts';
import { seeded } from '../crash/random.ts';
import { Process } from './processes.ts';
import type { Server } from './server.ts';
import { statement } from './server.ts';

/** Where a kill falls: between requests of patients, in what time does, or in the moves of nurses. */
export type Phase = 'posts' | 'sweep' | 'moves';

export interface Kill {
  /** From which step on; it falls in the next phase of its kind in which something happens. */
  step: number;
  phase: Phase;
  target: 'service' | 'database';
  /** After so many requests, or so many things that were due, of that phase. */
  after: number;
  millis: number;
  /** Which of several processes. */
  which: number;
}

/** The kills of a run by a seed. Most are of a service, some of the database. */
export function killsOf(count: number, steps: number, seed: number): Kill[] {
  const random: Random = seeded(seed);
  return Array.from({ length: count }, (_, n): Kill => {
    const phase = TURNS[n % TURNS.length] ?? 'sweep';
    return {
      // Spread over the season, and not where nobody is there yet or any more.
      step: Math.floor((0.12 + (0.7 * (n + random.next())) / count) * steps),
      phase,
      target: phase !== 'sweep' && random.chance(0.4) ? 'database' : 'service',
      after: random.between(1, 4),
      millis: random.between(0, 4),
      which: random.between(0, 1),
    };
  });
}

/** Half of the kills fall in the middle of what time does. */
const TURNS: readonly Phase[] = ['sweep', 'posts', 'moves', 'sweep'];

export interface FieldOptions {
  main: string;
  databaseUrl: string;
  server: Server;
  log: string;
  now: string;
  /** Service processes on the one database. */
  processes: number;
  kills: readonly Kill[];
}

/** Service processes on one database, the clients that ask them, and what kills them. */
export class Field {
  readonly #options: FieldOptions;
  readonly #processes: readonly Process[];
  readonly #clients = new Map<string, Client[]>();
  #left: Kill[];
  #armed: Kill | undefined;
  #sent = 0;
  #turn = 0;
  readonly #restarts = new Set<Promise<void>>();
  /** How many kills fell in each phase. */
  readonly killed: Record<Phase, number> = { posts: 0, sweep: 0, moves: 0 };
  databaseKills = 0;
  requests = 0;
  /** Requests that were not answered, and sent again. */
  repeated = 0;
  /** How much time did. */
  done = 0;
  parked = 0;

  private constructor(options: FieldOptions, processes: readonly Process[]) {
    this.#options = options;
    this.#processes = processes;
    this.#left = [...options.kills];
  }

  static async start(options: FieldOptions): Promise<Field> {
    const { main, databaseUrl, log, now } = options;
    const first = await Process.start({ main, databaseUrl, log, now });
    const others: Process[] = [];
    for (let n = 1; n < options.processes; n += 1) {
      others.push(await Process.start({ main, databaseUrl, log, now, baseUrl: first.base }));
    }
    return new Field(options, [first, ...others]);
  }

  /**
   * Asks one of the processes, as a client behind a load balancer does: what is not answered goes out again, to the next one. `lane` names the
   * connections; one request of a lane at a time.
   */
  async ask(
    lane: string,
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer & { attempts: number }> {
    const clients = this.#clients.get(lane) ?? this.#processes.map(({ base }) => new Client(base));
    this.#clients.set(lane, clients);
    const text = body === undefined ? undefined : JSON.stringify(body);
    this.requests += 1;
    const until = Date.now() + 120_000;
    for (let attempts = 1; ; attempts += 1) {
      this.#turn += 1;
      if (method !== 'GET') this.#counted();
      const answer = await clients[this.#turn % clients.length]?.send(method, path, text, headers);
      if (answer && answer.status !== 503) return { ...answer, attempts };
      if (Date.now() > until) throw new Error(`${method} ${path.split('?')[0]} was not answered in two minutes`);
      this.repeated += 1;
      await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 40));
    }
  }

  /** A phase begins: a kill that waits for one of its kind is armed. */
  begin(phase: Phase, step: number): void {
    this.#sent = 0;
    this.#armed = this.#take(phase, step);
  }

  /** A phase has ended; who was killed in it is back. */
  async end(): Promise<void> {
    // What found nothing to fall into waits for the next one.
    if (this.#armed) this.#left.unshift({ ...this.#armed, after: 1 });
    this.#armed = undefined;
    await Promise.all(this.#restarts);
  }

  /** Moves the time of all processes; nobody is asked meanwhile. */
  async clock(now: string): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.clock(now)));
  }

  /** Has every process do what is due, until nothing is; one of them may be killed in the middle of it. */
  async sweep(step: number): Promise<void> {
    const kill = this.#take('sweep', step);
    const dieAt = kill && { run: kill.after, millis: kill.millis };
    const hit = kill && this.#processes[kill.which % this.#processes.length];
    const fell = await Promise.all(
      this.#processes.map(async (one) => {
        const told = await one.sweep(one === hit ? dieAt : undefined);
        this.done += told?.done ?? 0;
        this.parked = Math.max(this.parked, told?.parked ?? 0);
        if (one !== hit || one.runs) return false;
        // At once: the other ones wait for what it held.
        await this.#back(one);
        return true;
      }),
    );
    if (!kill) return;
    if (!fell.includes(true)) {
      // Too little was due: the next time at which anything is.
      this.#left.unshift({ ...kill, after: 1 });
      return;
    }
    this.killed.sweep += 1;
    await this.sweep(step);
  }

  async stop(): Promise<void> {
    for (const clients of this.#clients.values()) for (const client of clients) client.close();
    await Promise.all(this.#processes.map((process) => process.stop()));
  }

  /** Kills that fell nowhere. */
  get spared(): number {
    return this.#left.length;
  }

  #take(phase: Phase, step: number): Kill | undefined {
    const at = this.#left.findIndex((kill) => kill.phase === phase && kill.step <= step);
    return at < 0 ? undefined : this.#left.splice(at, 1)[0];
  }

  #counted(): void {
    this.#sent += 1;
    const kill = this.#armed;
    if (!kill || this.#sent < kill.after) return;
    this.#armed = undefined;
    const restart = new Promise((resolve) => setTimeout(resolve, kill.millis)).then(() => this.#kill(kill));
    this.#restarts.add(restart);
    void restart.finally(() => this.#restarts.delete(restart));
  }

  async #kill({ phase, target, which }: Kill): Promise<void> {
    this.killed[phase] += 1;
    if (target === 'database') {
      this.databaseKills += 1;
      return this.#options.server.kill();
    }
    const process = this.#processes[which % this.#processes.length];
    await process?.kill();
    if (process) await this.#back(process);
  }

  /** Starts a killed process again. What it held it would hold for half a minute of the database's time: that is passed over. */
  async #back(process: Process): Promise<void> {
    await process.again();
    await statement(
      this.#options.databaseUrl,
      "update due set locked_until = '-infinity' where locked_until > '-infinity'",
    );
  }
}
