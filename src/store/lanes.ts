import type { Duplex } from 'node:stream';
import pg from 'pg';
import { connectionLost } from './errors.ts';
import { isPlain, LaneQuery, type Shapes, type Statement } from './lane-query.ts';

/** Short reads, many at a time on few connections. */
export interface Lanes {
  /**
   * The rows of one named statement that only reads; undefined when no lane can take it now, and another connection has to. Rejects as
   * `pg` does. A statement whose connection turns out to be lost is sent once more, on a new one; when that is lost too, it rejects.
   */
  ask<Row extends pg.QueryResultRow>(statement: Statement): Promise<Row[]> | undefined;
  /** Connections that are open, those of them that are busy, and statements under way on them. */
  readonly usage: { open: number; busy: number; underWay: number };
  /** Answers what is under way, then closes. */
  close(): Promise<void>;
}

/** A lane that has left its oldest statement unanswered for this long gets no more until it has answered: who came later would wait for it. */
const SILENT_MILLIS = 10;
/** Statements on one lane at a time. */
const MOST_UNDER_WAY = 64;

/**
 * Opens lanes: connections on which a statement is sent without waiting for the answer to the one before (the pipeline mode of the
 * protocol). PostgreSQL then goes on to the next without being woken for it, which makes a read by key more than twice as cheap for both
 * sides. Each statement is a transaction of its own, so one that fails takes no other with it. A lane is connected when it is first needed, and
 * anew after its connection broke.
 * Source: PostgreSQL 18 manual, section 54.2.4 Pipelining.
 */
export function openLanes(
  config: pg.ClientConfig,
  count: number,
  onError: (error: Error) => void,
  silentMillis = SILENT_MILLIS,
): Lanes {
  const lanes = Array.from({ length: count }, () => new Lane(config, onError, silentMillis));
  let closed = false;
  return {
    ask(statement) {
      if (closed) return undefined;
      const now = performance.now();
      let best: Lane | undefined;
      for (const lane of lanes) {
        if (lane.takes(now) && (best === undefined || lane.underWay < best.underWay)) best = lane;
      }
      return best?.ask(statement, now);
    },
    get usage() {
      const open = lanes.filter(({ isOpen }) => isOpen);
      return {
        open: open.length,
        busy: open.filter(({ underWay }) => underWay > 0).length,
        underWay: lanes.reduce((sum, lane) => sum + lane.underWay, 0),
      };
    },
    async close() {
      closed = true;
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

class Lane {
  underWay = 0;
  readonly #config: pg.ClientConfig;
  readonly #onError: (error: Error) => void;
  readonly #silentMillis: number;
  #client: pg.Client | undefined;
  /** Of the statements that the client has prepared. */
  #shapes: Shapes = new Map();
  /** Settles when the client is connected or has failed to. */
  #connected: Promise<unknown> | undefined;
  /** Since when the oldest statement waits. */
  #waits = 0;
  #closed = false;

  constructor(config: pg.ClientConfig, onError: (error: Error) => void, silentMillis: number) {
    this.#config = config;
    this.#onError = onError;
    this.#silentMillis = silentMillis;
  }

  get isOpen(): boolean {
    return this.#client !== undefined;
  }

  takes(now: number): boolean {
    return this.underWay === 0 || (this.underWay < MOST_UNDER_WAY && now - this.#waits < this.#silentMillis);
  }

  async ask<Row extends pg.QueryResultRow>(statement: Statement, now: number): Promise<Row[]> {
    if (this.underWay === 0) this.#waits = now;
    this.underWay += 1;
    try {
      for (let again = false; ; again = true) {
        const client = this.#client ?? this.#open();
        if (this.#connected) await this.#connected;
        try {
          return await this.#send<Row>(client, statement);
        } catch (error) {
          if (again || this.#closed || !connectionLost(error)) throw error;
          // On a new connection, not on the pool: where one is lost, the idle ones of the pool may be too and not have heard of it.
          this.#forget(client);
        }
      }
    } finally {
      this.underWay -= 1;
      this.#waits = performance.now();
    }
  }

  async #send<Row extends pg.QueryResultRow>(client: pg.Client, statement: Statement): Promise<Row[]> {
    gather(client);
    if (!isPlain(statement)) return (await client.query<Row>(statement)).rows;
    const shapes = this.#shapes;
    return await new Promise<Row[]>((resolve, reject) => {
      // Rows of the columns that the caller knows its statement to have.
      client.query(new LaneQuery(statement, shapes, (error, rows) => (error ? reject(error) : resolve(rows as Row[]))));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connected?.catch(() => undefined);
    await this.#client?.end();
  }

  #open(): pg.Client {
    const client = new pg.Client({ ...this.#config, pipeline: true });
    client.on('error', (error) => {
      this.#forget(client);
      this.#onError(error);
    });
    client.on('end', () => this.#forget(client));
    this.#client = client;
    this.#shapes = new Map();
    const connected = client.connect();
    this.#connected = connected;
    connected.then(
      () => {
        if (this.#connected === connected) this.#connected = undefined;
      },
      () => {
        this.#forget(client);
        void client.end().catch(() => undefined);
      },
    );
    return client;
  }

  #forget(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#connected = undefined;
  }
}

/**
 * What is asked in one turn of the event loop goes out in one write, which costs as much as a read: the requests of many clients meet here. They
 * are read from their sockets before the turn ends.
 */
function gather(client: pg.Client): void {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection; // what the types leave out
  if (stream.writableCorked > 0) return;
  stream.cork();
  setImmediate(() => stream.uncork());
}
