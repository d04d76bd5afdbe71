import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { findPlaces } from '../../src/embedded/places.ts';
import { isPostmaster, readPidFile } from '../../src/embedded/postmaster.ts';
import { BRIEF } from '../support/node-flags.ts';
import { Client } from './http.ts';

/** A service process with the embedded database, in a folder of its own, and the means to kill both. */
export class Bed {
  readonly folder: string;
  readonly port: number;
  readonly base: string;
  readonly #data: string;
  readonly #main: string;
  #service: ChildProcess | undefined;
  /** Starts that ended before the service was ready. */
  failedStarts = 0;

  private constructor(folder: string, port: number, main: string) {
    this.folder = folder;
    this.port = port;
    this.base = `http://127.0.0.1:${port}/fhir`;
    this.#data = join(folder, 'data');
    this.#main = main;
  }

  static async make(main: string): Promise<Bed> {
    const folder = mkdtempSync(join(tmpdir(), 'vigie-crash-'));
    // As root the server runs as an account that has to pass through here.
    chmodSync(folder, 0o711);
    return new Bed(folder, await freePort(), resolve(main));
  }

  /** Starts the service and waits until it is ready; a start that fails is tried again, as whoever runs it would. */
  async start(): Promise<void> {
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const log = openSync(join(this.folder, 'service.log'), 'a');
      const child = spawn(process.execPath, [...BRIEF, this.#main], {
        env: {
          PATH: process.env.PATH,
          DATA_DIR: this.#data,
          DEMO_POLICY: '1',
          LOG_LEVEL: 'info',
          HOST: '127.0.0.1',
          PORT: String(this.port),
        },
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      this.#service = child;
      if (await this.#ready(child)) return;
      this.failedStarts += 1;
    }
    throw new Error(`The service does not start:\n${this.log().split('\n').slice(-10).join('\n')}`);
  }

  async #ready(child: ChildProcess): Promise<boolean> {
    const client = new Client(this.base.replace(/\/fhir$/, ''));
    try {
      for (const until = Date.now() + 60_000; Date.now() < until; ) {
        if (child.exitCode !== null || child.signalCode !== null) return false;
        if ((await client.send('GET', '/health/ready'))?.status === 200) return true;
        await new Promise((done) => setTimeout(done, 20));
      }
      return false;
    } finally {
      client.close();
    }
  }

  /** The service's process, while it runs. */
  get service(): number | undefined {
    const child = this.#service;
    return child && child.exitCode === null && child.signalCode === null ? child.pid : undefined;
  }

  /** The postmaster, while it runs. */
  get postmaster(): number | undefined {
    const { data } = this.#places();
    const pid = readPidFile(data)?.pid;
    return pid !== undefined && isPostmaster(pid, data) ? pid : undefined;
  }

  /** The postmaster's children. */
  backends(postmaster: number): number[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .filter((pid) => parentOf(pid) === postmaster);
  }

  /** A connection to the database itself; undefined while there is none. */
  async connect(): Promise<pg.Client | undefined> {
    const file = readPidFile(this.#places().data);
    if (!file?.sockets) return undefined;
    const client = new pg.Client({ host: file.sockets, port: file.port, user: 'vigie', database: 'vigie' });
    client.on('error', () => {});
    try {
      await client.connect();
      return client;
    } catch {
      return undefined;
    }
  }

  async killService(): Promise<void> {
    const child = this.#service;
    if (!child || this.service === undefined) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  /** Stops everything cleanly. */
  async stop(): Promise<void> {
    const child = this.#service;
    if (!child || this.service === undefined) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  }

  log(): string {
    return readFileSync(join(this.folder, 'service.log'), 'utf8');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #places() {
    return findPlaces(this.#data, () => {});
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port is free');
  return address.port;
}
