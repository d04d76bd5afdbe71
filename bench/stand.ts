import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Embedded, startEmbedded, withDatabase } from '../src/embedded.ts';
import { parentOf } from './process-stat.ts';

/** The database of one run, in a folder of its own that is gone at the end. */
export interface Stand {
  dataDir: string;
  /** What the service writes. */
  url: string;
  /** An identical copy, for what `pg` alone does. */
  copyUrl: string;
  /** The postmaster's process, where the system tells it. */
  postmaster: number | undefined;
  client(): Promise<pg.Client>;
  /** Makes the copy anew. Nobody may be connected to the original. */
  copy(): Promise<void>;
  stopServer(): Promise<void>;
  remove(): Promise<void>;
}

const COPY = 'vigie_bench_copy';

/**
 * As much WAL as the server keeps (`max_wal_size`). A server that has been at work writes over the files of WAL that it kept; a new one first has
 * to make each of them, 16 MB of zeros and an fsync that every commit waits for: 70 ms at each 190 responses (docs/performance.md).
 */
const WAL_ONCE_ROUND = `select count(pg_logical_emit_message(false, 'bench', repeat('.', 1000000))) from generate_series(1, 2100)`;

/** The embedded PostgreSQL as the service runs it: the same programs and settings, none of them less durable. */
export async function makeStand(): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-bench-'));
  // As root the server runs as an account that has to pass through here.
  chmodSync(folder, 0o711);
  const dataDir = join(folder, 'data');
  const server: Embedded = await startEmbedded({ dataDir, log: () => {} });
  const client = async (): Promise<pg.Client> => {
    const made = new pg.Client({ connectionString: server.url });
    await made.connect();
    return made;
  };
  const asked = await client();
  const { rows } = await asked.query<{ pid: number; name: string }>(
    'select pg_backend_pid() as pid, current_database() as name',
  );
  const backend = rows[0];
  if (!backend) throw new Error('The database does not answer');
  const postmaster = parentOf(backend.pid);
  await asked.end();
  const admin = async (...statements: string[]): Promise<void> => {
    const made = new pg.Client({ connectionString: withDatabase(server.url, 'postgres') });
    await made.connect();
    try {
      for (const statement of statements) await made.query(statement);
    } finally {
      await made.end();
    }
  };
  return {
    dataDir,
    url: server.url,
    copyUrl: withDatabase(server.url, COPY),
    postmaster,
    client,
    copy: () =>
      admin(
        `drop database if exists ${COPY} with (force)`,
        `create database ${COPY} template "${backend.name}"`,
        WAL_ONCE_ROUND,
        'checkpoint',
      ),
    stopServer: () => server.stop(),
    async remove() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
