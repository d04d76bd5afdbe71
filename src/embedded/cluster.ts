/**
 * Makes a new data directory, and refuses one of another major version.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { childOptions, type Log } from './account.ts';
import type { Places } from './places.ts';

/** The superuser, and with the socket's folder closed to others the only user. */
export const USER = 'vigie';

/**
 * Makes the data directory when there is none; `true` when it did. It is made under another name and renamed, so that
 * a start that was killed leaves nothing that looks like a database, and two starters do not meet.
 * Throws when initdb fails, or when the data is of another major version than the programs: then nothing is touched.
 */
export async function makeCluster(binaries: string, places: Places, log: Log): Promise<boolean> {
  if (existsSync(places.data)) {
    checkVersion(binaries, places);
    return false;
  }
  const draft = join(places.home, `postgres.new-${process.pid}-${randomBytes(4).toString('hex')}`);
  mkdirSync(draft, { mode: 0o700 });
  try {
    if (places.account) chownSync(draft, places.account.uid, places.account.gid);
    await initdb(binaries, draft, places);
    renameSync(draft, places.data);
    syncFolder(places.home);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another starter was faster: its directory is the one.
    if (existsSync(join(places.data, 'PG_VERSION'))) return false;
    throw error;
  }
  log('embedded.data-made', { data: places.data, user: places.account?.uid ?? process.geteuid?.() });
  return true;
}

/**
 * Removes what starts that were killed have left. Only for who holds the lock of the directory. A starter that lost the race may still be
 * writing its draft: it fails then, finds the directory that was faster, and what it leaves goes at the next start.
 */
export function sweepDrafts({ home, data }: Places, log: Log): void {
  for (const name of readdirSync(home)) {
    if (!name.startsWith(`${basename(data)}.new-`)) continue;
    try {
      rmSync(join(home, name), { recursive: true, force: true });
    } catch (error) {
      log('embedded.draft-left', {
        draft: join(home, name),
        code: error instanceof Error && 'code' in error ? error.code : undefined,
      });
    }
  }
}

/**
 * UTF-8 with code point order, by PostgreSQL's own provider: the same order on every machine and after every upgrade of
 * its C library. No one comes in but by the unix socket.
 */
function initdb(binaries: string, target: string, { account }: Places): Promise<void> {
  const options = [
    ...['-D', target, '--username', USER, '--encoding=UTF8', '--locale=C'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--data-checksums'],
    ...['--auth-local=trust', '--auth-host=reject', '--no-instructions'],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(join(binaries, 'bin', 'initdb'), options, {
      ...childOptions(account),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      const text = Buffer.concat(said).toString().trim().split('\n').slice(-5).join('\n');
      reject(new Error(`initdb ended with ${signal ?? `code ${code}`} in ${dirname(target)}:\n${text}`));
    });
  });
}

function checkVersion(binaries: string, { data }: Places): void {
  const file = join(data, 'PG_VERSION');
  if (!existsSync(file)) {
    throw new Error(`${data} is not a PostgreSQL data directory (it has no PG_VERSION). Nothing was changed.`);
  }
  const ofData = readFileSync(file, 'utf8').trim();
  const { stdout } = spawnSync(join(binaries, 'bin', 'postgres'), ['--version'], {
    ...childOptions(undefined),
    encoding: 'utf8',
  });
  const ofBinaries = /\s(\d+)/.exec(stdout)?.[1];
  if (ofData === ofBinaries) return;
  throw new Error(
    `The database in ${data} is of PostgreSQL ${ofData}, and the installed programs are of PostgreSQL ${ofBinaries}. ` +
      `Nothing was changed. Use the version of Vigie that wrote it, dump the database there and restore it here, or choose another DATA_DIR.`,
  );
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
