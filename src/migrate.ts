import { join } from 'node:path';
import { ConfigError, readConfig } from './config.ts';
import { openLog } from './log.ts';
import { openStore } from './open-store.ts';
import { startFailure } from './start-failure.ts';
import { migrate } from './store/migrate.ts';

/** `npm run migrate`: brings the schema up to date and ends. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = openLog(config.logLevel);
  const { db, embedded } = await openStore(config, log);
  try {
    const ran = await migrate(db, join(import.meta.dirname, '..', 'migrations'));
    log.info({ migrations: ran }, ran.length === 0 ? 'the schema is up to date' : 'schema brought up to date');
  } finally {
    await db.close();
    await embedded?.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : startFailure(error));
  process.exitCode = 1;
});
