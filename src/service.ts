import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { buildApp } from './app.ts';
import { boot } from './bootstrap.ts';
import { type Config, ConfigError, isLoopback } from './config.ts';
import type { Deps } from './deps.ts';
import { type Embedded, startEmbedded } from './embedded.ts';
import { KINDS } from './jobs/kinds.ts';
import { LongJobs } from './jobs/long.ts';
import { longKinds } from './jobs/long-kinds.ts';
import { Scheduler } from './jobs/scheduler.ts';
import { NO_CODES, type ReviewedCodes } from './rules/gradings/ctcae-codes.ts';
import { LabCodesError, readLabCodes } from './rules/gradings/lab-codes.ts';
import { DEFAULT_SITE, type Site } from './rules/site.ts';
import { readSite, SiteError } from './rules/site-file.ts';
import { type Database, openDatabase } from './store/database.ts';
import { checkDurability } from './store/durability.ts';
import { migrate } from './store/migrate.ts';

/** A running service. */
export interface Service {
  baseUrl: string;
  deps: Deps;
  /** Drains: no new connection, answers what is under way, then closes the database. A second call waits for the first. */
  stop(): Promise<void>;
}

/** What a service is started with beside its settings. */
export interface Start {
  log: Logger;
  /** Folder of migrations and profiles. */
  root: string;
  /** The clock that all is dated and due by; the machine's without. Demonstrations and tests move it. */
  now?: () => Date;
}

/** Starts everything in order: database, checks, migrations, what ships with the service, routes, socket, clock. What fails takes the rest down. */
export async function startService(config: Config, { log, root, now }: Start): Promise<Service> {
  const closing: (() => Promise<void>)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      for (const close of closing.reverse()) await close();
    })();
    return stopped;
  };
  try {
    const site = await siteOf(config);
    const labCodes = await labCodesOf(config);
    const { db, embedded } = await openStore(config, log);
    closing.push(async () => {
      await db.close();
      await embedded?.stop();
    });
    // Settles only when the database is lost: nobody waits for it here.
    void embedded?.lost.then((error) => {
      log.fatal({ err: error }, 'another service has taken the data directory');
      process.exitCode = 1;
      return stop();
    });
    const ran = await migrate(db, join(root, 'migrations'));
    if (ran.length > 0) log.info({ migrations: ran }, 'schema brought up to date');
    const deps = await boot({
      db,
      log,
      baseUrl: config.baseUrl,
      language: config.language,
      ctcaeVersions: config.ctcaeVersions,
      labCodes,
      site,
      profiles: join(root, 'profiles'),
      demoPolicy: config.demoPolicy,
      ...(now ? { now } : {}),
    });
    await warn(config, deps);
    closing.push(() => deps.indexing.stop());
    deps.indexing.start();
    const app = buildApp(deps, { allowedHosts: config.allowedHosts, corsOrigins: config.corsOrigins });
    closing.push(() => app.close());
    await app.listen({ host: config.host, port: config.port });
    log.info({ url: config.baseUrl }, 'listening');
    const scheduler = new Scheduler(deps, KINDS);
    closing.push(() => scheduler.stop());
    scheduler.start();
    const long = new LongJobs(deps, longKinds(join(root, 'dist')));
    closing.push(() => long.stop());
    long.start();
    return { baseUrl: config.baseUrl, deps, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The site of the file that `SITE` names. Throws ConfigError with all that is wrong with it, before anything is started. */
async function siteOf({ site }: Config): Promise<Site> {
  if (site === undefined) return DEFAULT_SITE;
  let text: string;
  try {
    text = await readFile(site, 'utf8');
  } catch {
    throw new ConfigError(['SITE: the file cannot be read']);
  }
  try {
    return readSite(text);
  } catch (error) {
    throw error instanceof SiteError ? new ConfigError(error.faults.map((fault) => `SITE ${fault}`)) : error;
  }
}

/** The codes of the file that `LAB_CODES` names. Throws ConfigError with all that is wrong with it, before anything is started. */
async function labCodesOf({ labCodes }: Config): Promise<ReviewedCodes> {
  if (labCodes === undefined) return NO_CODES;
  let text: string;
  try {
    text = await readFile(labCodes, 'utf8');
  } catch {
    throw new ConfigError(['LAB_CODES: the file cannot be read']);
  }
  try {
    return readLabCodes(text);
  } catch (error) {
    throw error instanceof LabCodesError ? new ConfigError(error.faults.map((fault) => `LAB_CODES ${fault}`)) : error;
  }
}

/** The database of `DATABASE_URL`, or the embedded one; refused where an acknowledged write could be lost. */
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

async function warn(config: Config, deps: Deps): Promise<void> {
  if (!isLoopback(config.host)) {
    deps.log.warn(
      { host: config.host },
      'OPEN_ACCESS=yes: everyone who reaches this address can read and write all data; nobody is asked who they are',
    );
  }
  const { policies } = await deps.catalog.at({ tenant: 1, patient: 'everyone' });
  if (policies.length === 0) {
    deps.log.warn(
      'no alert policy is active: reports are graded, and no Flag is opened (DEMO_POLICY=1 loads a demonstration)',
    );
  }
}
