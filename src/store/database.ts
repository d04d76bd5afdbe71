import { setImmediate as turn } from 'node:timers/promises';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { connectionLost, outage, unknownOutcome } from './errors.ts';
import { openLanes } from './lanes.ts';
import type { Tables } from './tables.ts';

/** An open database: the builder for searches and plain statements, and named statements for what is hot. */
export interface Database {
  kysely: Kysely<Tables>;
  pool: pg.Pool;
  /**
   * A short read by key or within one shard, planned once per connection; many share one. What may take longer than some milliseconds is
   * `named`. When its connection is lost under it (the server was restarted, and an idle connection had not heard of it), it is asked once more
   * on another, and the caller sees nothing of it: it must be safe to repeat. Throws 503 when that is lost too or none can be had. Within a
   * transaction nothing is repeated.
   */
  read<Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<Row[]>;
  /** A read, planned once per connection, on a connection of its own. Asked once more as `read` is. */
  named<Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<Row[]>;
  /** A write, planned once per connection. When its connection is lost under way, its outcome is unknown and the error says so. */
  write<Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<Row[]>;
  /**
   * Runs `work` on one connection in one transaction (read committed) and commits what it did; whatever it throws takes all back. `tx`
   * sees what it has written itself, takes one statement at a time and ends with the work; its `transaction` joins. `pool` of it is that
   * of the database, outside the transaction. Throws 503 with an unknown outcome when the connection is lost at the commit.
   */
  transaction<T>(work: (tx: Database) => Promise<T>): Promise<T>;
  /**
   * Runs `told` when all that was written before is committed: at once outside of a transaction, and never where a transaction is taken back. It must
   * not fail: what it tells of has happened.
   */
  afterCommit(told: () => void): void;
  /** What its connections do at this moment. */
  readonly usage: Usage;
  close(): Promise<void>;
}

/** Connections of one process. */
export interface Usage {
  most: number;
  inUse: number;
  idle: number;
  /** Statements that wait for a connection. */
  waiting: number;
  /** Short reads under way on the connections that they share. */
  laneStatements: number;
}

/**
 * Opens `url`. Nothing is connected before the first statement. `connections` is the most that are open at once;
 * a statement waits for a free one up to `waitMillis`, then fails as an outage. `readOnly`: the server refuses every write.
 */
export function openDatabase(
  url: string,
  options: { connections?: number; waitMillis?: number; readOnly?: boolean; onError?: (error: Error) => void } = {},
): Database {
  const connections = options.connections ?? 10;
  const lanes = connections < 3 ? 0 : connections < 6 ? 1 : 2;
  const config = {
    connectionString: url,
    connectionTimeoutMillis: options.waitMillis ?? 5000,
    application_name: APPLICATION_NAME,
    keepAlive: true,
  };
  const pool = new pg.Pool({ ...config, max: connections - lanes });
  // An idle connection that breaks is replaced at the next statement; without a listener it would end the process.
  // While closing, a server that stops at the same time may answer a good-bye with its own; that is no news.
  pool.on('error', (error) => {
    if (!pool.ending) options.onError?.(error);
  });
  // One that breaks under a statement fails that statement, whose caller is told. It is told as an event besides, to which the
  // pool does not listen while the connection is in use: without a listener that too would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  if (options.readOnly) {
    // Asked before any statement of ours; where it fails the connection is gone, and with it what would have followed.
    pool.on('connect', (client) => void client.query('set default_transaction_read_only = on').catch(() => {}));
  }
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const short = openLanes(config, lanes, (error) => options.onError?.(error));

  return {
    kysely,
    pool,
    read: async <Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[]) => {
      const statement = { name, text, values };
      const asked = short.ask<Row>(statement);
      if (!asked) return ask<Row>(pool, statement, (lost) => lost, true);
      try {
        return await asked;
      } catch (error) {
        throw outage(error) ?? error;
      }
    },
    named: (name, text, values) => ask(pool, { name, text, values }, (lost) => lost, true),
    write: (name, text, values) => ask(pool, { name, text, values }, unknownOutcome),
    transaction: (work) => transaction(pool, work),
    afterCommit: (told) => told(),
    get usage() {
      const { open, busy, underWay } = short.usage;
      return {
        most: connections,
        inUse: pool.totalCount - pool.idleCount + busy,
        idle: pool.idleCount + open - busy,
        waiting: pool.waitingCount,
        laneStatements: underWay,
      };
    },
    close: async () => {
      // Kysely ends a pool that it has used; this one is used without it too.
      await Promise.all([short.close(), kysely.destroy().then(() => (pool.ending ? undefined : pool.end()))]);
    },
  };
}

/** How our connections name themselves: the watermark asks the server for the oldest statement of these. */
export const APPLICATION_NAME = 'vigie';

/**
 * One named statement. Where its connection is lost under way, that connection is not used again, and `told` says what the caller is told;
 * with `again` it is asked once more before that.
 */
async function ask<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  statement: { name: string; text: string; values: unknown[] },
  told: (lost: Error) => Error,
  again = false,
): Promise<Row[]> {
  const client = await connect(pool);
  let lost: Error | undefined;
  try {
    return (await client.query<Row>(statement)).rows;
  } catch (error) {
    lost = outage(error);
    if (!again || !connectionLost(error)) throw lost ? told(lost) : error;
  } finally {
    client.release(lost);
  }
  // Connections end together. Between two turns of the event loop all is read that has arrived: the pool hears of those that ended with
  // this one, and gives them to nobody.
  await turn();
  await turn();
  return ask(pool, statement, told);
}

interface Statement {
  name?: string;
  text: string;
  values: unknown[];
}

/** A process that hangs in a transaction holds its locks, and the watermark of all who poll, no longer than this. */
const BEGIN = `begin; set local idle_in_transaction_session_timeout = '30s'`;

async function transaction<T>(pool: pg.Pool, work: (tx: Database) => Promise<T>): Promise<T> {
  const client = await connect(pool);
  let lost: Error | undefined;
  let ended = false;
  const told: (() => void)[] = [];
  let result: T;
  const query = async <Row extends pg.QueryResultRow>(statement: Statement): Promise<pg.QueryResult<Row>> => {
    if (ended) throw new Error('a statement came after the end of its transaction');
    try {
      return await client.query<Row>(statement);
    } catch (error) {
      lost = outage(error) ?? lost;
      throw outage(error) ?? error;
    }
  };
  try {
    await query({ text: BEGIN, values: [] });
    result = await work(bound(pool, query, told));
    ended = true;
    await commit(client);
  } catch (error) {
    ended = true;
    lost ??= outage(error) ?? (await rolledBack(client));
    throw error;
  } finally {
    client.release(lost);
  }
  for (const tell of told) tell();
  return result;
}

/** A transaction of which a statement failed answers to `commit` with ROLLBACK and no error. */
async function commit(client: pg.PoolClient): Promise<void> {
  let command: string;
  try {
    ({ command } = await client.query('commit'));
  } catch (error) {
    throw outage(error) ? unknownOutcome() : error;
  }
  if (command !== 'COMMIT') throw new Error('the transaction had failed before its commit');
}

/** Undefined when the connection can be used again. */
async function rolledBack(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query('rollback');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error('the rollback failed');
  }
}

type Query = <Row extends pg.QueryResultRow>(statement: Statement) => Promise<pg.QueryResult<Row>>;

/** The database as seen from within a transaction: its statements go one after the other, also those that are asked for at once. */
function bound(pool: pg.Pool, query: Query, told: (() => void)[]): Database {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Row extends pg.QueryResultRow>(statement: Statement): Promise<pg.QueryResult<Row>> => {
    const turn = last.then(() => query<Row>(statement));
    last = turn.catch(() => undefined);
    return turn;
  };
  const named = async <Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[]) =>
    (await inTurn<Row>({ name, text, values })).rows;
  let kysely: Kysely<Tables> | undefined;
  const database: Database = {
    get kysely() {
      kysely ??= new Kysely<Tables>({ dialect: new PostgresDialect({ pool: onlyConnection(inTurn) }) });
      return kysely;
    },
    pool,
    read: named,
    named,
    write: named,
    transaction: (work) => work(database),
    afterCommit: (tell) => void told.push(tell),
    usage: { most: 1, inUse: 1, idle: 0, waiting: 0, laneStatements: 0 },
    close: async () => {},
  };
  return database;
}

/** The one connection of a transaction as the pool that Kysely asks for: plain statements, no cursors. */
function onlyConnection(query: Query): PostgresPool {
  const plain = (text: string, values: readonly unknown[]) => query({ text, values: [...values] });
  const client: PostgresPoolClient = { query: plain as unknown as PostgresPoolClient['query'], release: () => {} };
  return { connect: async () => client, end: async () => {} };
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
