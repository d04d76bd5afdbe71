/**
 * The server's process: is one alive on this data directory, start one, stop it. No state is kept here: whatever is
 * asked is read from `postmaster.pid` and from the processes, since the server may have been started by another service.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { childOptions } from './account.ts';
import type { Places } from './places.ts';

/** What `postmaster.pid` says. Source: PostgreSQL 18, src/include/utils/pidfile.h. */
export interface PidFile {
  pid: number;
  port: number;
  sockets: string;
  /** `starting`, `stopping`, `ready` or `standby`; empty while it is being written. */
  status: string;
}

/** The log is begun anew at a start when it has grown beyond this; one earlier log is kept. */
const LOG_BYTES = 4 * 1024 * 1024;

export function readPidFile(data: string): PidFile | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const pid = Number.parseInt(lines[0] ?? '', 10);
  if (!(pid > 0)) return undefined;
  return { pid, port: Number.parseInt(lines[3] ?? '', 10), sockets: lines[4] ?? '', status: (lines[7] ?? '').trim() };
}

/** Whether the process is a PostgreSQL server on `data`, and not another that was given the same number later. */
export function isPostmaster(pid: number, data: string): boolean {
  if (!isAlive(pid)) return false;
  if (existsSync('/proc/self/cwd')) {
    try {
      // A server works in its data directory, and so does nothing else. A process that has died, but that nobody has waited for, has none.
      return readlinkSync(`/proc/${pid}/cwd`) === data;
    } catch {
      return false;
    }
  }
  const ps = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { ...childOptions(undefined), encoding: 'utf8' });
  return ps.stdout.includes('postgres') && ps.stdout.includes(data);
}

/**
 * Starts a server and returns at once. It has a session of its own, so that a Ctrl-C meant for the service does not
 * reach it, and it outlives a service that is killed.
 */
export function launch(
  binaries: string,
  places: Places,
  sockets: string,
  settings: Record<string, string>,
): ChildProcess {
  disownReusedNumbers(places.data, join(sockets, `.s.PGSQL.${settings.port}.lock`));
  const log = openLog(places.log);
  const given = { ...settings, unix_socket_directories: `"${sockets.replaceAll('"', '""')}"` };
  try {
    const child = spawn(
      join(binaries, 'bin', 'postgres'),
      ['-D', places.data, ...Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...childOptions(places.account), detached: true, stdio: ['ignore', log, log] },
    );
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/**
 * Stops the server on `data`, if one runs: fast (clients are cut off, a checkpoint is written), and after `patience`
 * milliseconds at once (the next start replays the log). Returns when it is down; `true` when it had to be hurried.
 */
export async function stopPostmaster(data: string, patience: number): Promise<boolean> {
  const pid = readPidFile(data)?.pid;
  if (pid === undefined || !isPostmaster(pid, data)) return false;
  if (await signalled(pid, data, 'SIGINT', patience)) return false;
  if (await signalled(pid, data, 'SIGQUIT', 10_000)) return true;
  throw new Error(`The embedded PostgreSQL (process ${pid}) did not stop`);
}

/** The last lines of the server's log, for a message about a start that failed. */
export function logTail(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-5).join('\n');
  } catch {
    return '';
  }
}

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function signalled(pid: number, data: string, signal: NodeJS.Signals, patience: number): Promise<boolean> {
  try {
    process.kill(pid, signal);
  } catch {
    return !isPostmaster(pid, data);
  }
  for (const until = Date.now() + patience; Date.now() < until; ) {
    if (!isPostmaster(pid, data)) return true;
    await wait(10);
  }
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // Node's own errors carry a code
  }
}

/**
 * A killed server leaves its number in two lock files, and when another process of the same user has that number now,
 * PostgreSQL refuses to start. Ours replaces it in `postmaster.pid`, since the number of a server's parent is ignored
 * there; the rest of that file is kept, for it lets PostgreSQL find orphans that still use the shared memory.
 */
function disownReusedNumbers(data: string, lock: string): void {
  const file = join(data, 'postmaster.pid');
  const pid = readPidFile(data)?.pid;
  if (pid !== undefined && isAlive(pid) && !isPostmaster(pid, data)) {
    const [, ...rest] = readFileSync(file, 'utf8').split('\n');
    const { uid, gid } = statSync(file);
    writeFileSync(`${file}.new`, [process.pid, ...rest].join('\n'), { mode: 0o600 });
    chownSync(`${file}.new`, uid, gid);
    renameSync(`${file}.new`, file);
  }
  if (!existsSync(lock)) return;
  const owner = Number.parseInt(readFileSync(lock, 'utf8'), 10);
  if (owner > 0 && isAlive(owner) && !isPostmaster(owner, data)) rmSync(lock, { force: true });
}

function openLog(file: string): number {
  if (existsSync(file) && statSync(file).size > LOG_BYTES) renameSync(file, `${file}.1`);
  // Not through a link: as root we would write where it points.
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  return openSync(file, flags, 0o600);
}
