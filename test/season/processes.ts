import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { freePort } from '../support/listening.ts';
import { BRIEF } from '../support/node-flags.ts';
import type { Asked, Told } from './process.ts';

/** How a process is started. */
export interface Launch {
  /** The built process. */
  main: string;
  databaseUrl: string;
  /** File to which it logs. */
  log: string;
  now: string;
  /** The base that all processes of a database name themselves by; that of the first without. */
  baseUrl?: string;
}

/** One service process: started, told the time, killed and started again at the same port. */
export class Process {
  readonly base: string;
  readonly #port: number;
  readonly #launch: Launch;
  #child: ChildProcess | undefined;
  #asked = 0;
  #now: string;
  /** Starts that ended before the service was there. */
  failedStarts = 0;

  private constructor(port: number, launch: Launch) {
    this.#port = port;
    this.base = `http://127.0.0.1:${port}/fhir`;
    this.#launch = launch;
    this.#now = launch.now;
  }

  static async start(launch: Launch): Promise<Process> {
    const process = new Process(await freePort(), launch);
    await process.again();
    return process;
  }

  /** Starts it; a start that fails is tried again, as whoever runs it would. */
  async again(): Promise<void> {
    const { main, databaseUrl, log: file, baseUrl = this.base } = this.#launch;
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      const log = openSync(file, 'a');
      const child = spawn(process.execPath, [...BRIEF, main], {
        env: {
          PATH: process.env.PATH,
          DATABASE_URL: databaseUrl,
          HOST: '127.0.0.1',
          PORT: String(this.#port),
          BASE_URL: baseUrl,
          DEMO_POLICY: '1',
          LOG_LEVEL: 'warn',
          SEASON_NOW: this.#now,
        },
        stdio: ['ignore', log, log, 'ipc'],
      });
      closeSync(log);
      this.#child = child;
      const came = await Promise.race([once(child, 'message').then(() => true), once(child, 'exit').then(() => false)]);
      if (came) return;
      this.failedStarts += 1;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`The service does not start:\n${readFileSync(file, 'utf8').split('\n').slice(-10).join('\n')}`);
  }

  get runs(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Its time from now on, also when it is started again. */
  async clock(now: string): Promise<void> {
    this.#now = now;
    await this.#ask({ now });
  }

  /** Has it do what is due; undefined where it ended before it was done. */
  sweep(dieAt?: Asked['dieAt']): Promise<Told | undefined> {
    return this.#ask({ sweep: true, ...(dieAt ? { dieAt } : {}) });
  }

  #ask(asked: Omit<Asked, 'n'>): Promise<Told | undefined> {
    const child = this.#child;
    if (!child || !this.runs) return Promise.resolve(undefined);
    this.#asked += 1;
    const n = this.#asked;
    return new Promise((resolve) => {
      const end = (told?: Told) => {
        child.off('message', hear);
        child.off('exit', gone);
        resolve(told);
      };
      const hear = (told: Told) => {
        if (told.n === n) end(told);
      };
      const gone = () => end();
      child.on('message', hear);
      child.on('exit', gone);
      child.send({ n, ...asked } satisfies Asked, (error) => {
        if (error) end();
      });
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || !this.runs) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  /** Ends it cleanly. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || !this.runs) return;
    const exit = once(child, 'exit');
    child.disconnect();
    await exit;
  }
}
