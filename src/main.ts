import { join } from 'node:path';
import { ConfigError, readConfig } from './config.ts';
import { openLog } from './log.ts';
import { startService } from './service.ts';
import { startFailure } from './start-failure.ts';

/** Starts the service, and stops it cleanly on SIGTERM or SIGINT. This and the other entry points alone read process.env. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = openLog(config.logLevel);
  // Whatever escapes is told without its message, which may quote what a patient wrote, and ends the process.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'unforeseen');
    process.exit(1);
  });
  const starting = startService(config, { log, root: join(import.meta.dirname, '..') });
  // Asked to stop while it starts, it stops when it has: a database that is being made is never left half made.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping');
      void starting
        .then((service) => service.stop())
        .then(
          () => log.info('stopped'),
          () => undefined, // a start that failed is told below
        );
    });
  }
  await starting;
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : startFailure(error));
  process.exitCode = 1;
});
