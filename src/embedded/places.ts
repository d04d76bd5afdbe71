/**
 * Where the server's files lie: the data directory, the socket and the log, all found again at the next start.
 *
 *     <dataDir>/postgres        PostgreSQL's data directory, 0700, of the server's account
 *     <dataDir>/socket          its unix socket, 0700 (elsewhere when the path is too long for a socket)
 *     <dataDir>/server.log      what the server prints, and server.log.1
 *     <dataDir>/postgres.where  only when the server's account cannot reach dataDir: the folder that holds the first two
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Account, accountForNewData, canEnter, isRoot, type Log } from './account.ts';

export interface Places {
  /** The service's folder, without symbolic links. */
  dataDir: string;
  /** The folder that holds `data`; `dataDir` unless the server's account cannot reach it. */
  home: string;
  /** PostgreSQL's own data directory; may not exist yet. */
  data: string;
  log: string;
  /** As whom the server runs; undefined is "as ourselves". */
  account: Account | undefined;
}

/** A unix socket's path holds 108 bytes on Linux and 104 on macOS, with the closing zero; `.s.PGSQL.65535` follows. */
const SOCKET_FOLDER_BYTES = 103 - '/.s.PGSQL.65535'.length;

/**
 * Settles where the data is, or goes, and as whom the server runs. Creates `dataDir`, and says in the log when the data
 * lies outside it. `elsewhere` are the folders under which it may then be placed.
 * Throws when the data belongs to a user that we cannot run as, or when its noted place is gone.
 */
export function findPlaces(given: string, log: Log, elsewhere: readonly string[] = ['/var/lib', '/var/tmp']): Places {
  const dataDir = makeDataDir(resolve(given));
  const noted = readNote(dataDir);
  const home = noted ?? dataDir;
  if (noted) log('embedded.data-elsewhere', { dataDir, home });
  const places = (at: string, account: Account | undefined): Places => ({
    dataDir,
    home: at,
    data: join(at, 'postgres'),
    log: join(dataDir, 'server.log'),
    account,
  });
  const data = join(home, 'postgres');
  if (existsSync(data)) return places(home, ownerOf(data));
  const account = accountForNewData(statSync(dataDir));
  if (noted || account === undefined || canEnter(dataDir, account)) return places(home, account);
  const away = makeElsewhere(dataDir, account, elsewhere);
  writeNote(dataDir, away);
  log('embedded.data-elsewhere', { dataDir, home: away, reason: `user ${account.uid} cannot enter ${dataDir}` });
  return places(away, existsSync(join(away, 'postgres')) ? ownerOf(join(away, 'postgres')) : account);
}

/**
 * The folder of the unix socket, found again from the data directory alone: in the home where the path is short enough,
 * else under one of `short`. It is 0700 and the server's own: whoever can connect is trusted, so nobody else may enter.
 */
export function socketFolder({ home, data, account }: Places, short: readonly string[] = ['/tmp', '/var/tmp']): string {
  const inside = join(home, 'socket');
  const name = `vigie-${digest(data)}`;
  const refused: string[] = [];
  for (const folder of [inside, ...short.map((base) => join(base, name))]) {
    if (Buffer.byteLength(folder) > SOCKET_FOLDER_BYTES) continue;
    const reason = makePrivate(folder, account);
    if (reason === undefined) return folder;
    refused.push(`${folder} ${reason}`);
  }
  throw new Error(`No folder for the socket of the embedded PostgreSQL: ${refused.join('; ')}`);
}

/** Makes `folder` 0700 and `account`'s own; the reason when it already is another's. */
function makePrivate(folder: string, account: Account | undefined): string | undefined {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(folder)) return error instanceof Error ? error.message : String(error);
  }
  const at = lstatSync(folder);
  if (!at.isDirectory()) return 'is not a folder';
  const self = process.geteuid?.() ?? 0;
  if (at.uid !== self && at.uid !== account?.uid) return `belongs to user ${at.uid}`;
  if ((at.mode & 0o777) !== 0o700) chmodSync(folder, 0o700);
  if (account && at.uid !== account.uid) lchownSync(folder, account.uid, account.gid);
  return undefined;
}

/** Creates the folder and those above it; as root, what is new may be passed through by the server's account. */
function makeDataDir(path: string): string {
  if (path.includes('\n')) throw new Error('The data directory may not have a line break in its name');
  const first = mkdirSync(path, { recursive: true });
  if (first && isRoot()) {
    for (let folder = path; folder.length >= first.length; folder = dirname(folder)) chmodSync(folder, 0o711);
  }
  return realpathSync(path);
}

function ownerOf(data: string): Account | undefined {
  const { uid, gid } = statSync(data);
  const self = process.geteuid?.() ?? 0;
  if (!isRoot()) {
    if (uid === self) return undefined;
    throw new Error(
      `The database in ${data} belongs to user ${uid}, and this service runs as user ${self}: start it as that user ` +
        `or as root, or give the folder to user ${self} (chown -R), or choose another DATA_DIR.`,
    );
  }
  if (uid === 0) {
    throw new Error(
      `The database in ${data} belongs to root, as whom PostgreSQL does not run: give it to an unprivileged user (chown -R).`,
    );
  }
  const account = { uid, gid };
  if (canEnter(data, account)) return account;
  throw new Error(
    `The database in ${data} belongs to user ${uid}, who cannot reach it: let others pass through the folders above it (chmod o+x).`,
  );
}

function makeElsewhere(dataDir: string, account: Account, bases: readonly string[]): string {
  const refused: string[] = [];
  for (const base of bases) {
    const folder = join(base, `vigie-${digest(dataDir)}`);
    try {
      mkdirSync(folder, { mode: 0o711 });
      chmodSync(folder, 0o711);
    } catch (error) {
      if (!existsSync(folder)) {
        refused.push(error instanceof Error ? error.message : String(error));
        continue;
      }
    }
    const at = lstatSync(folder);
    if (at.isDirectory() && at.uid === 0 && (at.mode & 0o022) === 0 && canEnter(folder, account)) return folder;
    refused.push(`${folder} is another's, or user ${account.uid} cannot enter it`);
  }
  throw new Error(
    `The server's user ${account.uid} cannot enter ${dataDir}, and there is no other place for the data: ${refused.join('; ')}`,
  );
}

function readNote(dataDir: string): string | undefined {
  const file = join(dataDir, 'postgres.where');
  if (!existsSync(file)) return undefined;
  const home = readFileSync(file, 'utf8').split('\n')[0] ?? '';
  if (existsSync(home)) return home;
  throw new Error(
    `${file} says that the database is in ${home}, which is not there. Bring it back, or remove ${file} to begin with an empty one.`,
  );
}

function writeNote(dataDir: string, home: string): void {
  const file = join(dataDir, 'postgres.where');
  writeFileSync(`${file}.new`, `${home}\n`, { flush: true });
  renameSync(`${file}.new`, file);
}

function digest(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16);
}
