import './navigator.ts';
import cluster from 'node:cluster';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Config, ConfigError, readConfig } from './config.ts';
import { openLog } from './log.ts';
import { startFailure } from './start-failure.ts';

const ROOT = join(import.meta.dirname, '..');

/** Starts the service in this process, or in several (`WORKERS`). This and the other entry points alone read process.env. */
async function main(): Promise<void> {
  // What a process does not need is not loaded: of several, the first answers no requests.
  if (cluster.isWorker) return (await import('./processes/worker.ts')).work(ROOT);
  const config = readConfig(process.env);
  const log = openLog(config.logLevel);
  // Whatever escapes is told without its message, which may quote what a patient wrote, and ends the process.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'unforeseen');
    process.exit(1);
  });
  if (config.workers === 1) await runAlone(config, log);
  else await (await import('./processes/first.ts')).runSeveral(config, { log, root: ROOT });
}

/** Starts the service, and stops it cleanly on SIGTERM or SIGINT. */
async function runAlone(config: Config, log: Logger): Promise<void> {
  const { startService } = await import('./service.ts');
  const starting = startService(config, { log, root: ROOT });
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
