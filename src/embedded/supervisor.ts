/**
 * Keeps one server up: brings it up, holds the lock on its directory, and when the lock's connection ends, finds out
 * why and begins again, until told to stop.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type pg from 'pg';
import type { Log } from './account.ts';
import { ask, takeLock } from './connection.ts';
import type { Places } from './places.ts';
import { isPostmaster, launch, logTail, readPidFile, stopPostmaster, wait } from './postmaster.ts';

export type Came = 'started' | 'attached' | 'recovered';

interface Setup {
  binaries: string;
  places: Places;
  sockets: string;
  port: number;
  settings: Record<string, string>;
  log: Log;
  /** Run once, when the server is up and the lock is held. */
  prepare: (client: pg.Client) => Promise<void>;
}

interface Supervised {
  came: Came;
  /** Where the server really listens: one that was found running may have been started with others. */
  sockets: string;
  port: number;
  lost: Promise<Error>;
  stop(): Promise<void>;
}

interface Up {
  client: pg.Client;
  came: Came;
  sockets: string;
  port: number;
}

/** Pauses in milliseconds: between two questions to a server that is starting, and between two starts, at most. */
const POLL = 20;
const LONGEST_PAUSE = 5000;
/** A server that was up for so long, in milliseconds, did not die of its start: the next start is tried at once. */
const STEADY = 10_000;
/** How long a first start waits for orphans of a killed server, which still hold its shared memory, to end. */
const ORPHAN_PATIENCE = 60_000;
/** How long a server that runs, and says that it is ready, may be silent. */
const SILENCE_PATIENCE = 5000;
const STOP_PATIENCE = 30_000;

const TRANSIENT = /pre-existing shared memory block|lock file ".*" already exists/;

export async function supervise(setup: Setup): Promise<Supervised> {
  const { places, log } = setup;
  const closing = new AbortController();
  const { promise: lost, resolve: tellLost } = withResolvers<Error>();
  const first = await bringUp(setup, closing.signal, false);
  let client = first.client;
  let over = false;
  let recovery: Promise<void> = Promise.resolve();
  let pause = 0;
  let since = Date.now();

  const holder = await takeLock(client);
  if (holder !== undefined) {
    await client.end();
    throw inUse(places, holder);
  }
  try {
    await setup.prepare(client);
  } catch (error) {
    await client.end();
    await stopPostmaster(places.data, STOP_PATIENCE);
    throw error;
  }
  watch();

  function watch(): void {
    let ended = false;
    const end = () => {
      if (ended || closing.signal.aborted) return;
      ended = true;
      recovery = recover().catch((error: unknown) => giveUp(error));
    };
    // Both may come, in either order.
    client.on('error', end);
    client.on('end', end);
  }

  async function recover(): Promise<void> {
    log('embedded.connection-lost', { data: places.data });
    pause = Date.now() - since > STEADY ? 0 : Math.min(LONGEST_PAUSE, Math.max(100, pause * 2));
    if (pause > 0) await sleep(pause, closing.signal);
    while (!closing.signal.aborted) {
      try {
        const up = await bringUp(setup, closing.signal, true);
        client = up.client;
        const taken = await takeLock(client);
        if (taken !== undefined) {
          await client.end();
          return giveUp(inUse(places, taken));
        }
        if (up.sockets !== first.sockets || up.port !== first.port) log('embedded.moved', { sockets: up.sockets });
        since = Date.now();
        log('embedded.back', { how: up.came });
        return watch();
      } catch (error) {
        if (closing.signal.aborted) return;
        pause = Math.min(LONGEST_PAUSE, Math.max(100, pause * 2));
        log('embedded.start-failed', { reason: reasonOf(error), again_ms: pause });
        await sleep(pause, closing.signal);
      }
    }
  }

  function giveUp(error: unknown): void {
    over = true;
    log('embedded.lost', { reason: reasonOf(error) });
    tellLost(error instanceof Error ? error : new Error(String(error)));
  }

  async function shutDown(): Promise<void> {
    closing.abort();
    await recovery;
    if (over) return;
    // The lock is given up by the server's own end, so that no other service comes in before.
    const hurried = await stopPostmaster(places.data, STOP_PATIENCE);
    if (hurried) log('embedded.stop-hurried', { after_ms: STOP_PATIENCE });
    await client.end().catch(() => {});
    log('embedded.stopped', { data: places.data });
  }

  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= shutDown();
    return stopping;
  };
  return { came: first.came, sockets: first.sockets, port: first.port, lost, stop };
}

/**
 * Returns a connection to the running server, which it starts unless one runs. `patient` tries for ever what may pass.
 * Throws when a start fails for another reason, with what the server said.
 */
async function bringUp(setup: Setup, closing: AbortSignal, patient: boolean): Promise<Up> {
  const { places, log } = setup;
  let told = false;
  for (const begun = Date.now(); ; ) {
    closing.throwIfAborted();
    const found = await findRunning(setup, closing);
    if (found) return found;
    const crashed = existsSync(`${places.data}/postmaster.pid`);
    const before = Date.now();
    const child = launch(setup.binaries, places, setup.sockets, setup.settings);
    const client = await answered(setup, child, closing);
    if (client) {
      const came = crashed ? 'recovered' : 'started';
      log('embedded.up', { how: came, ms: Date.now() - before, process: child.pid });
      return { client, came, sockets: setup.sockets, port: setup.port };
    }
    const said = logTail(places.log);
    const passing = TRANSIENT.test(said) && (patient || Date.now() - begun < ORPHAN_PATIENCE);
    if (!passing) throw new Error(`The embedded PostgreSQL did not start; the end of ${places.log}:\n${said}`);
    if (!told) log('embedded.waiting-for-orphans', { data: places.data });
    told = true;
    await sleep(100, closing);
  }
}

/** The server that already runs on the directory, or undefined. Throws when there is one that cannot be reached. */
async function findRunning({ places, log }: Setup, closing: AbortSignal): Promise<Up | undefined> {
  let silentSince: number | undefined;
  let said: string | undefined;
  for (;;) {
    closing.throwIfAborted();
    const file = readPidFile(places.data);
    if (file === undefined) return undefined;
    // Asked before the process is looked for: a server in another container has no process that we can see.
    const answer =
      file.sockets && file.port > 0 ? await ask(file.sockets, file.port, places.data) : ({ kind: 'silent' } as const);
    if (answer.kind === 'up')
      return { client: answer.client, came: 'attached', sockets: file.sockets, port: file.port };
    if (answer.kind === 'silent' && !isPostmaster(file.pid, places.data)) return undefined;
    if (answer.kind === 'silent' && file.status === 'ready') {
      silentSince ??= Date.now();
      if (Date.now() - silentSince > SILENCE_PATIENCE) {
        throw new Error(
          `A PostgreSQL (process ${file.pid}) runs on ${places.data}, but its socket in ${file.sockets} is gone. ` +
            `Stop it (kill -INT ${file.pid}) and start the service again.`,
        );
      }
    }
    if (said !== file.status) log('embedded.waiting', { process: file.pid, status: file.status });
    said = file.status;
    await sleep(POLL, closing);
  }
}

/** Asks a server that was launched until it answers; undefined when its process ends first. */
async function answered(setup: Setup, child: ChildProcess, closing: AbortSignal): Promise<pg.Client | undefined> {
  let ended = false;
  let failure: Error | undefined;
  child.on('exit', () => {
    ended = true;
  });
  child.on('error', (error) => {
    ended = true;
    failure = error;
  });
  while (!ended) {
    if (closing.aborted) {
      child.kill('SIGINT'); // it may not have written its postmaster.pid yet
      await wait(POLL);
      continue;
    }
    await wait(POLL);
    const answer = await ask(setup.sockets, setup.port, setup.places.data);
    if (answer.kind !== 'up') continue;
    // Another starter's server may have answered, and ours be about to end because of it.
    if (readPidFile(setup.places.data)?.pid === child.pid) return answer.client;
    await answer.client.end();
  }
  closing.throwIfAborted();
  if (failure) throw failure;
  return undefined;
}

function inUse({ dataDir }: Places, holder: string): Error {
  const process = /^vigie (\d+)$/.exec(holder)?.[1];
  return new Error(
    `Another service${process ? ` (process ${process})` : ''} is using ${dataDir}. Stop it first, or choose another DATA_DIR.`,
  );
}

/** A pause that ends early, without an error, when the service is closing. */
async function sleep(milliseconds: number, closing: AbortSignal): Promise<void> {
  if (closing.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      closing.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    closing.addEventListener('abort', done);
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
