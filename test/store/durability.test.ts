import { randomBytes } from 'node:crypto';
import pg from 'pg';
import t from 'tap';
import { checkDurability } from '../../src/store/durability.ts';

const SAFE = {
  server_version_num: '180004',
  server_encoding: 'UTF8',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
};

/** A server that tells these settings, which no one test server can have all at once. */
function telling(settings: Record<string, string>, source = 'configuration file') {
  const rows = Object.entries(settings).map(([name, value]) => ({ name, value, source }));
  return { query: () => Promise.resolve({ rows }) };
}

const accepted: [name: string, settings: Record<string, string>][] = [
  ['a server as it is installed', {}],
  ['synchronous_commit=local, which waits for this disk', { synchronous_commit: 'local' }],
  ['synchronous_commit=remote_write', { synchronous_commit: 'remote_write' }],
  ['synchronous_commit=remote_apply', { synchronous_commit: 'remote_apply' }],
  ['PostgreSQL 15.0', { server_version_num: '150000' }],
];
for (const [name, settings] of accepted) {
  t.test(`accepted: ${name}`, async (t) => {
    await t.resolves(checkDurability(telling({ ...SAFE, ...settings })));
  });
}

const refused: [name: string, settings: Record<string, string>, message: RegExp][] = [
  ['fsync off', { fsync: 'off' }, /fsync is off: ALTER SYSTEM SET fsync = on/],
  ['full_page_writes off', { full_page_writes: 'off' }, /full_page_writes is off: ALTER SYSTEM/],
  ['synchronous_commit off', { synchronous_commit: 'off' }, /synchronous_commit is off: ALTER SYSTEM/],
  ['a value of synchronous_commit that we do not know', { synchronous_commit: 'maybe' }, /synchronous_commit is maybe/],
  ['PostgreSQL 14', { server_version_num: '149999' }, /server_version_num is 149999: upgrade to PostgreSQL 15/],
  ['a database in Latin-1', { server_encoding: 'LATIN1' }, /server_encoding is LATIN1: use a database made with/],
];
for (const [name, settings, message] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    await t.rejects(checkDurability(telling({ ...SAFE, ...settings })), { message });
  });
}

t.test('all faults are told at once, and only the faults', async (t) => {
  const error = await checkDurability(telling({ ...SAFE, fsync: 'off', synchronous_commit: 'off' })).catch(String);
  t.match(error, /fsync is off/);
  t.match(error, /synchronous_commit is off/);
  t.notMatch(error, /full_page_writes|server_encoding|server_version_num/);
});

t.test('a setting that the server does not tell is not safe', async (t) => {
  await t.rejects(checkDurability(telling({})), { message: /fsync is not told by the server/ });
});

const url = process.env.TEST_DATABASE_URL ?? '';

async function asked(change?: (client: pg.Client, database: string) => Promise<unknown>): Promise<unknown> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const database = `durability_${randomBytes(6).toString('hex')}`;
  await admin.query(`create database ${database}`);
  try {
    await change?.(admin, database);
    const there = new URL(url);
    there.pathname = `/${database}`;
    const client = new pg.Client({ connectionString: there.href });
    await client.connect();
    try {
      return await checkDurability(client);
    } catch (error) {
      return error;
    } finally {
      await client.end();
    }
  } finally {
    await admin.query(`drop database ${database} with (force)`);
    await admin.end();
  }
}

t.test('a real server as it is installed is accepted', async (t) => {
  t.equal(await asked(), undefined);
});

t.test('a real server that does not wait at commit in this database only is refused', async (t) => {
  const answer = await asked((admin, database) =>
    admin.query(`alter database ${database} set synchronous_commit = off`),
  );
  t.match(answer, { message: /synchronous_commit is off: ALTER DATABASE … RESET synchronous_commit/ });
});
