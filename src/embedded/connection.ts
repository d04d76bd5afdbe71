/**
 * The supervisor's own connection: it shows that the server answers, holds the lock on the directory, and by its end
 * tells of the server's death.
 */
import { realpathSync } from 'node:fs';
import pg from 'pg';
import { USER } from './cluster.ts';

/** The database of the service. The lock is held in `postgres`, which nothing else of ours uses. */
export const DATABASE = 'vigie';

/** Any constant will do: the lock's space is the server's, and the server is ours alone. "VIGIE" in ASCII. */
const LOCK = 0x56_49_47_49_45;

/** How long a killed service's connection may take to be noticed by the server, in milliseconds. */
const LOCK_PATIENCE = 2000;

export type Answer =
  | { kind: 'up'; client: pg.Client }
  /** A server is there and says that it is starting, recovering or stopping. */
  | { kind: 'not-yet' }
  | { kind: 'silent' };

/** Asks the server behind a socket. Throws when it answers for another data directory, or in a way not foreseen. */
export async function ask(sockets: string, port: number, data: string): Promise<Answer> {
  const client = new pg.Client({
    host: sockets,
    port,
    user: USER,
    database: 'postgres',
    ssl: false,
    application_name: `vigie ${process.pid}`,
    connectionTimeoutMillis: 10_000,
  });
  // Without a listener the end of a connection would end the process; who needs to know adds one.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    const answered = rows[0]?.data_directory ?? '';
    if (realpathSync(answered) === data) return { kind: 'up', client };
    await client.end();
    throw new Error(`The PostgreSQL at ${sockets} serves ${answered}, not ${data}`);
  } catch (error) {
    const code = (error as { code?: unknown }).code; // of Node for the socket, of PostgreSQL (SQLSTATE) for an answer
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return { kind: 'silent' };
    if (code === '57P03' || code === '57P01' || code === '53300') return { kind: 'not-yet' };
    if (code === 'ECONNRESET' || code === 'EPIPE') return { kind: 'not-yet' };
    if (error instanceof Error && /terminated unexpectedly|timeout/.test(error.message)) return { kind: 'not-yet' };
    throw error;
  }
}

/**
 * Takes the lock that one service holds on the directory for as long as this connection lives. Waits a little for a
 * killed holder's connection to be noticed. `undefined` when it has it, else the holder's application name, which may be empty.
 */
export async function takeLock(client: pg.Client): Promise<string | undefined> {
  for (const until = Date.now() + LOCK_PATIENCE; ; ) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [LOCK]);
    if (rows[0]?.taken) return undefined;
    if (Date.now() > until) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const { rows } = await client.query<{ name: string }>(
    `select application_name as name from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and granted and ((classid::bigint << 32) | objid::bigint) = $1 and pg_locks.database =
       (select oid from pg_database where datname = current_database())`,
    [LOCK],
  );
  return rows[0]?.name ?? '';
}

/** Creates the service's database, and has long texts compressed by lz4 where this server was built with it. */
export async function prepareDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
  if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  const { rows } = await client.query<{ name: string }>(
    `select name from pg_settings
     where name in ('default_toast_compression', 'wal_compression') and 'lz4' = any (enumvals) and setting <> 'lz4'`,
  );
  // A setting of the role, not of the file: a server without lz4 ignores the first with a warning and would not start with the second.
  for (const { name } of rows) await client.query(`alter role ${USER} set ${name} = 'lz4'`);
}
