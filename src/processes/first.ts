import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { openStore } from '../open-store.ts';
import { readSettingFiles } from '../setting-files.ts';
import { connectionsOf } from '../store/connection-room.ts';
import { migrate } from '../store/migrate.ts';
import { Crew } from './crew.ts';

/**
 * The first of several processes (`WORKERS`): it owns the embedded PostgreSQL and the schema, starts the others and replaces one that dies, and
 * answers no request itself. Returns when all have ended after SIGTERM or SIGINT. Throws when the start fails, when nothing of it runs any more.
 */
export async function runSeveral(config: Config, { log, root }: { log: Logger; root: string }): Promise<void> {
  const files = await readSettingFiles(config);
  const crew = new Crew(config.workers, log);
  const stop = new AbortController();
  const stopping = new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve());
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (!stop.signal.aborted) log.info({ signal }, 'stopping');
      stop.abort();
    });
  }
  let stopDatabase = async (): Promise<void> => {};
  try {
    // Asked to stop meanwhile, it stops when this is done: a database that is being made is never left half made.
    const { db, embedded } = await openStore(config, log);
    if (embedded) stopDatabase = () => embedded.stop();
    void embedded?.lost.then((error) => {
      log.fatal({ err: error }, 'another service has taken the data directory');
      process.exitCode = 1;
      stop.abort();
    });
    try {
      const ran = await migrate(db, join(root, 'migrations'));
      if (ran.length > 0) log.info({ migrations: ran }, 'schema brought up to date');
    } finally {
      await db.close();
    }
    const started = crew.start({ config: { ...config, ...(embedded ? { databaseUrl: embedded.url } : {}) }, files });
    started.catch(() => undefined); // told below, unless it was cut short
    await Promise.race([started, stopping]);
    if (!stop.signal.aborted) {
      log.info({ workers: config.workers, connections: connectionsOf(config) }, 'all processes answer requests');
    }
    await stopping;
  } finally {
    await crew.stop();
    await stopDatabase();
  }
  log.info('stopped');
}
