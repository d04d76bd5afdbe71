import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { outage, unknownOutcome } from './errors.ts';

/** The tables, as migrations/*.sql make them. */
export interface Tables {
  resource_version: {
    tenant: number;
    shard: number;
    type: string;
    id: string;
    version: number;
    ts: Date;
    deleted: boolean;
    content: string;
  };
  resource_current: {
    tenant: number;
    shard: number;
    type: string;
    id: string;
    version: number;
    ts: Date;
    deleted: boolean;
    derived: boolean;
    key1: string | null;
    lo: Date | null;
    hi: Date | null;
    patient: string | null;
    present: string;
    registry: string;
    tok: string[];
  };
  index_date: { tenant: number; shard: number; type: string; id: string; param: string; lo: Date; hi: Date };
  index_number: {
    tenant: number;
    shard: number;
    type: string;
    id: string;
    param: string;
    lo: string | null;
    hi: string | null;
    unit: string[] | null;
    clo: string | null;
    chi: string | null;
    cunit: string | null;
  };
  index_string: {
    tenant: number;
    shard: number;
    type: string;
    id: string;
    param: string;
    norm: string;
    exact: string;
  };
  setting: { tenant: number; shard: number; name: string; value: string };
  claim: { tenant: number; shard: number; key: string; type: string; id: string; home: number | null };
  catalog: { tenant: number; shard: number; generation: string };
  outbox: { tenant: number; shard: number; id: string; ts: Date; n: string | null; changed: string[] };
  patient_state: { tenant: number; shard: number; patient: string; n: string; state: string };
  report: {
    tenant: number;
    shard: number;
    patient: string;
    source_type: string;
    source_id: string;
    at: Date;
    content: string;
  };
  episode: {
    tenant: number;
    shard: number;
    patient: string;
    flag_id: string;
    version: number;
    term: string;
    origin: string;
    status: string;
    started: Date;
    ended: Date | null;
    signature: string;
  };
  decision: { tenant: number; shard: number; id: string; content: string };
}

/** An open database: the builder for searches and plain statements, and named statements for what is hot. */
export interface Database {
  kysely: Kysely<Tables>;
  pool: pg.Pool;
  /** A read by key, planned once per connection. Safe to repeat. */
  named<Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<Row[]>;
  /** A write, planned once per connection. When its connection is lost under way, its outcome is unknown and the error says so. */
  write<Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/**
 * Opens `url`. Nothing is connected before the first statement. `connections` is the most that are open at once;
 * a statement waits for a free one up to `waitMillis`, then fails as an outage.
 */
export function openDatabase(
  url: string,
  options: { connections?: number; waitMillis?: number; onError?: (error: Error) => void } = {},
): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connections ?? 8,
    connectionTimeoutMillis: options.waitMillis ?? 5000,
    application_name: APPLICATION_NAME,
    keepAlive: true,
  });
  // An idle connection that breaks is replaced at the next statement; without a listener it would end the process.
  // While closing, a server that stops at the same time may answer a good-bye with its own; that is no news.
  pool.on('error', (error) => {
    if (!pool.ending) options.onError?.(error);
  });
  // One that breaks under a statement fails that statement, whose caller is told. It is told as an event besides, to which the
  // pool does not listen while the connection is in use: without a listener that too would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });

  return {
    kysely,
    pool,
    named: (name, text, values) => ask(pool, { name, text, values }, (lost) => lost),
    write: (name, text, values) => ask(pool, { name, text, values }, unknownOutcome),
    close: () => kysely.destroy(),
  };
}

/** How our connections name themselves: the watermark asks the server for the oldest statement of these. */
export const APPLICATION_NAME = 'vigie';

/** One named statement. Where its connection is lost under way, that connection is not used again, and `told` says what the caller is told. */
async function ask<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  statement: { name: string; text: string; values: unknown[] },
  told: (lost: Error) => Error,
): Promise<Row[]> {
  const client = await connect(pool);
  let lost: Error | undefined;
  try {
    return (await client.query<Row>(statement)).rows;
  } catch (error) {
    lost = outage(error);
    throw lost ? told(lost) : error;
  } finally {
    client.release(lost);
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw outage(error) ?? error;
  }
}

/** int8 stays text in rows: counters and hashes exceed what a number holds. */
pg.types.setTypeParser(pg.types.builtins.INT8, (value) => value);
