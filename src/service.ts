import { join } from 'node:path';
import type { Logger } from 'pino';
import { buildApp } from './app.ts';
import { boot } from './bootstrap.ts';
import { type Config, isLoopback } from './config.ts';
import type { Deps } from './deps.ts';
import { KINDS, LOOKS } from './jobs/kinds.ts';
import { LongJobs } from './jobs/long.ts';
import { longKinds } from './jobs/long-kinds.ts';
import { Scheduler } from './jobs/scheduler.ts';
import { openStore } from './open-store.ts';
import type { Peers } from './routes/metrics.ts';
import { labCodesOf, readSettingFiles, type SettingFiles, siteOf } from './setting-files.ts';
import { readShipped } from './shipped.ts';
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
  /** Set in one of several processes of this host. */
  among?: Among;
}

/** What a process is told that is one of several: who has started it has seen to the database and read the files of settings. */
export interface Among {
  files: SettingFiles;
  /** The first writes what ships with the service, and says what concerns all of them. */
  first: boolean;
  /** Everything is there but the socket. Resolves when all processes are so far; rejects when they are to stop. */
  booted(): Promise<void>;
  /** What all of them have counted. */
  peers(): Promise<Peers>;
}

/** Starts everything in order: database, checks, migrations, what ships with the service, routes, socket, clock. What fails takes the rest down. */
export async function startService(config: Config, { log, root, now, among }: Start): Promise<Service> {
  const closing: (() => Promise<void>)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      for (const close of closing.reverse()) await close();
    })();
    return stopped;
  };
  try {
    const files = among?.files ?? (await readSettingFiles(config));
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
    if (!among) {
      const ran = await migrate(db, join(root, 'migrations'));
      if (ran.length > 0) log.info({ migrations: ran }, 'schema brought up to date');
    }
    const deps = await boot({
      db,
      log,
      baseUrl: config.baseUrl,
      language: config.language,
      ctcaeVersions: config.ctcaeVersions,
      labCodes: labCodesOf(files),
      site: siteOf(files),
      shipped: readShipped(join(root, 'profiles')),
      demoPolicy: config.demoPolicy,
      ...(now ? { now } : {}),
    });
    if (!among || among.first) await warn(config, deps);
    closing.push(() => deps.indexing.stop());
    deps.indexing.start();
    closing.push(async () => deps.metrics.stop());
    deps.metrics.start();
    const app = buildApp(deps, {
      allowedHosts: config.allowedHosts,
      corsOrigins: config.corsOrigins,
      ...(among ? { peers: among.peers } : {}),
    });
    closing.push(() => app.close());
    await among?.booted();
    await app.listen({ host: config.host, port: config.port });
    log.info({ url: config.baseUrl }, 'listening');
    const scheduler = new Scheduler(deps, KINDS, { looks: LOOKS });
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
