import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { findPlaces } from '../../src/embedded/places.ts';
import { readPidFile } from '../../src/embedded/postmaster.ts';
import { type Embedded, startEmbedded, withDatabase } from '../../src/embedded.ts';

/** A PostgreSQL of one season's own, that comes back when it is killed. */
export class Server {
  readonly #server: Embedded;
  readonly #dataDir: string;

  private constructor(server: Embedded, dataDir: string) {
    this.#server = server;
    this.#dataDir = dataDir;
  }

  static async start(dataDir: string): Promise<Server> {
    return new Server(await startEmbedded({ dataDir, log: () => {} }), dataDir);
  }

  /** A database of this name; a copy of another one, to which nobody is connected, where that is named. */
  async database(name: string, template?: string): Promise<string> {
    await statement(this.#server.url, `create database ${name}${template ? ` template ${template}` : ''}`);
    return withDatabase(this.#server.url, name);
  }

  /** Ends the server and all its processes by signal 9. */
  kill(): void {
    const pid = readPidFile(findPlaces(this.#dataDir, () => {}).data)?.pid;
    if (pid === undefined) return;
    const children = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === pid);
    for (const one of [pid, ...children.map(Number)]) {
      try {
        process.kill(one, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    }
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}

function parentOf(pid: string): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** One statement on a database; tried for a minute where the server is just coming back. */
export async function statement<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  for (const until = Date.now() + 60_000; ; ) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query<Row>(text)).rows;
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((done) => setTimeout(done, 100));
    } finally {
      await client.end().catch(() => {});
    }
  }
}
