/**
 * As whom the server runs. PostgreSQL refuses to run as root, so a service that runs as root hands it to an
 * unprivileged account; a service of an ordinary user runs it as that user.
 */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';

export interface Account {
  uid: number;
  gid: number;
}

/** What the supervisor tells: an event and plain facts (paths, process ids), never data. */
export type Log = (event: string, details?: object) => void;

/** Where shells, `id` and `chmod` are found; nothing else of our environment (PGPORT, PGDATA, …) reaches the server. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** Accounts to drop to, best first: one made for this purpose, else the one that owns nothing. */
const ACCOUNTS = ['vigie', 'nobody'];

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/**
 * How a program is started as `account`; undefined is "as ourselves". libuv clears the supplementary groups when a
 * user is given, so nothing of root's remains. The working directory is one that every account can enter.
 */
export function childOptions(account: Account | undefined): Pick<SpawnSyncOptions, 'uid' | 'gid' | 'cwd' | 'env'> {
  const as = isRoot() && account ? { uid: account.uid, gid: account.gid } : {};
  return { ...as, cwd: '/', env: ENVIRONMENT };
}

/**
 * The account for a new data directory; undefined for an ordinary user. As root it is the owner of the folder around it,
 * so that the owner can start the service later, and where that is root, an account that owns nothing.
 * Throws when root finds none to drop to.
 */
export function accountForNewData(around: Account): Account | undefined {
  if (!isRoot()) return undefined;
  // initdb asks for the name of its user, so a number without one is of no use.
  if (around.uid !== 0 && numberOf('-u', String(around.uid))) return { uid: around.uid, gid: around.gid };
  for (const name of ACCOUNTS) {
    const uid = numberOf('-u', name);
    const gid = numberOf('-g', name);
    if (uid && gid) return { uid, gid };
  }
  throw new Error(
    `PostgreSQL does not run as root, and there is no account to run it as (looked for ${ACCOUNTS.join(', ')}). ` +
      'Start the service as an ordinary user, or set DATABASE_URL.',
  );
}

/** Whether `account` can enter `folder`, asked of the very user so that access lists and mounts count too. */
export function canEnter(folder: string, account: Account | undefined): boolean {
  const run = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...childOptions(account), stdio: 'ignore' });
  return run.status === 0;
}

function numberOf(which: '-u' | '-g', name: string): number | undefined {
  const run = spawnSync('id', [which, name], { ...childOptions(undefined), encoding: 'utf8' });
  const number = Number.parseInt(run.stdout ?? '', 10);
  return run.status === 0 && number > 0 ? number : undefined;
}
