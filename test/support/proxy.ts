import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Where the connection of the next commit statement breaks: before the server has it, or after it has answered. */
export type Cut = 'before' | 'after';

/** A network between service and database that a test can break. */
export interface Proxy {
  /** The database behind it, as the service is to be told. */
  url: string;
  /** The next commit statement of any connection meets this break, once. */
  cutNextCommit(cut: Cut): void;
  /** Breaks all connections, and refuses new ones until `up` is called. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Forwards to the server of `url`. A commit is known by the name of its prepared statement, which every Bind message that runs
 * it carries. Source: PostgreSQL 18 documentation, 54.7 Message Formats: Bind, ReadyForQuery.
 */
export async function startProxy(url: string): Promise<Proxy> {
  const target = addressOf(url);
  const sockets = new Set<Socket>();
  let cut: Cut | undefined;

  const server = createServer((client) => {
    const upstream = connect(target);
    let withhold = false;
    let answer = Buffer.alloc(0);
    let tail = Buffer.alloc(0);
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk: Buffer) => {
      // The name may lie across two pieces.
      const seen = Buffer.concat([tail, chunk]);
      tail = seen.subarray(Math.max(0, seen.length - COMMIT.length + 1));
      if (cut && seen.includes(COMMIT)) {
        if (cut === 'before') {
          cut = undefined;
          end();
          return;
        }
        cut = undefined;
        withhold = true;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (!withhold) {
        client.write(chunk);
        return;
      }
      answer = Buffer.concat([answer, chunk]);
      // The server is ready again: its transaction has ended, and the client does not learn how.
      if (answer.includes(READY)) end();
    });
  });

  let port = 0;
  const up = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        port = (server.address() as AddressInfo).port;
        resolve();
      });
    });
  const down = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await up();

  const address = new URL(url);
  address.search = '';
  address.hostname = '127.0.0.1';
  address.port = String(port);
  return {
    url: address.href,
    cutNextCommit(where) {
      cut = where;
    },
    down,
    up,
    async close() {
      if (server.listening) await down();
    },
  };
}

/** Where `pg` connects for this URL: a host and port, or the socket in the folder that `?host=` names. */
function addressOf(url: string): { port: number; host: string } | { path: string } {
  const { hostname, port, searchParams } = new URL(url);
  const folder = searchParams.get('host');
  if (folder?.startsWith('/')) return { path: `${folder}/.s.PGSQL.${searchParams.get('port') ?? '5432'}` };
  return { port: Number(port || '5432'), host: hostname };
}

/** A Bind message holds the name of the portal, empty, and then that of the statement. */
const COMMIT = Buffer.from('\0commit-');
/** ReadyForQuery, outside a transaction. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
