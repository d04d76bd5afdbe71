/**
 * The embedded PostgreSQL: real server programs, run and watched by the service, on a unix socket that nobody else
 * can reach. Why so: docs/adr/0001-embedded-postgresql.md.
 */
import type { Log } from './embedded/account.ts';
import { prepareBinaries } from './embedded/binaries.ts';
import { makeCluster, sweepDrafts, USER } from './embedded/cluster.ts';
import { DATABASE, prepareDatabase } from './embedded/connection.ts';
import { sharedBuffers, usableMemory } from './embedded/memory.ts';
import { findPlaces, socketFolder } from './embedded/places.ts';
import { type Came, supervise } from './embedded/supervisor.ts';

export interface Embedded {
  /** `postgres://` URL over the unix socket, as Client and Pool of `pg` take it; `new URL` reads it too. */
  url: string;
  /**
   * How the server came up: its data directory was made, it was started after a clean stop, started after a crash, or
   * found running, left behind by a service that was killed.
   */
  how: 'initialised' | Came;
  /** Settles only if another service has taken the directory while the server was down: then this one must stop. */
  lost: Promise<Error>;
  /** Stops the server cleanly and returns when it is down. A second call waits for the first. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** The service's folder; made when missing. */
  dataDir: string;
  log: Log;
  /** A PostgreSQL's folder with `bin`, `lib` and `share`, in place of the installed package's. */
  binaries?: string;
  /** Names the socket; there is no TCP port. */
  port?: number;
  /** Server settings over ours. They take effect when the server is started, not when one is found running. */
  settings?: Record<string, string>;
  /** Folders used where the usual ones cannot be: for copies of the programs, for data, and for sockets. */
  places?: { copies?: readonly string[]; data?: readonly string[]; sockets?: readonly string[] };
}

/**
 * Starts the server on `dataDir`, or attaches to the one that is running there, and keeps it running until `stop`.
 * Throws when another service holds the directory, when the data is of another major version or belongs to another
 * user, and when there are no programs for this platform; each message says what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { dataDir, log, port = 5432 } = options;
  const places = findPlaces(dataDir, log, options.places?.data);
  const binaries = prepareBinaries(places.account, log, options.binaries, options.places?.copies);
  const initialised = await makeCluster(binaries, places, log);
  const sockets = socketFolder(places, options.places?.sockets);
  const settings = {
    ...SETTINGS,
    shared_buffers: sharedBuffers(usableMemory()),
    ...options.settings,
    port: String(port),
  };
  const server = await supervise({ binaries, places, sockets, port, settings, log, prepare: prepareDatabase });
  sweepDrafts(places, log);
  const how = initialised && server.came === 'started' ? 'initialised' : server.came;
  log(`embedded.${how}`, { data: places.data, sockets: server.sockets });
  return { url: socketUrl(server.sockets, server.port, DATABASE), how, lost: server.lost, stop: server.stop };
}

/** The same server, another database. Its name is encoded as `pg` decodes it, which is as a whole address. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURI(database)}`;
  return changed.href;
}

/**
 * `localhost` is only there for `new URL`; the `host` parameter is what `pg` and libpq connect to. `sslmode` keeps a
 * PGSSLMODE of the environment away from the socket, where there is no TLS.
 */
function socketUrl(folder: string, port: number, database: string): string {
  const query = new URLSearchParams({ host: folder, port: String(port), sslmode: 'disable' });
  return `postgres://${USER}@localhost/${database}?${query.toString().replaceAll('+', '%20')}`;
}

/**
 * For a machine of two cores that the server shares with the service. Nothing here weakens durability: fsync,
 * full_page_writes and synchronous_commit keep PostgreSQL's own defaults. Files of WAL that were made are kept for busy hours to come: while a
 * new one is made every commit waits. Errors of statements are not logged, nor is
 * any detail: they quote values, which are patient data.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '200',
  wal_compression: 'on',
  max_wal_size: '2GB',
  min_wal_size: '1GB',
  random_page_cost: '1.1',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  cluster_name: 'vigie',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};
