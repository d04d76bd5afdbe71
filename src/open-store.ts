import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { type Embedded, startEmbedded } from './embedded.ts';
import { checkRoom } from './store/connection-room.ts';
import { type Database, openDatabase } from './store/database.ts';
import { checkDurability } from './store/durability.ts';

/**
 * The database of `DATABASE_URL`, or the embedded one. Refused where an acknowledged write could be lost, and where the server has no room for
 * the connections of all processes of this host.
 */
export async function openStore(config: Config, log: Logger): Promise<{ db: Database; embedded?: Embedded }> {
  const embedded =
    config.databaseUrl === undefined
      ? await startEmbedded({
          dataDir: config.dataDir,
          log: (event, details) => log.info({ event, ...details }, 'database'),
        })
      : undefined;
  const db = openDatabase(config.databaseUrl ?? embedded?.url ?? '', {
    connections: config.connections,
    onError: (error) => log.warn({ err: error }, 'a database connection broke'),
  });
  try {
    const client = await db.pool.connect();
    try {
      await checkDurability(client);
      await checkRoom(client, config);
    } finally {
      client.release();
    }
    return { db, ...(embedded ? { embedded } : {}) };
  } catch (error) {
    await db.close();
    await embedded?.stop();
    throw error;
  }
}
