import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { sql } from 'kysely';
import t from 'tap';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { freshDatabase } from '../support/database.ts';

const FOLDER = resolve('migrations');
const ALL = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.sql'))
  .map((file) => file.replace(/\.sql$/, ''))
  .sort();

/** Kysely's own book-keeping: two small tables of the whole database, no tenant's data. */
const BOOKS = ['migration', 'migration_lock'];

t.test('migrations are numbered without a gap', async (t) => {
  t.strictSame(
    ALL.map((name) => Number(name.slice(0, 4))),
    ALL.map((_, index) => index + 1),
  );
});

t.test('a fresh database gets all of them, a second start none', async (t) => {
  const database = await freshDatabase({ holding: 'nothing' });
  t.teardown(() => database.drop());
  t.strictSame(await migrate(database.db, FOLDER), ALL);
  t.strictSame(await migrate(database.db, FOLDER), []);
});

t.test('of several starters at once one migrates, and the others wait for it', async (t) => {
  const database = await freshDatabase({ holding: 'nothing' });
  const others = Array.from({ length: 3 }, () => openDatabase(database.url, { connections: 2 }));
  t.teardown(async () => {
    await Promise.all(others.map((other) => other.close()));
    await database.drop();
  });
  const ran = await Promise.all([database.db, ...others].map((db) => migrate(db, FOLDER)));
  t.strictSame(ran.flat().sort(), ALL, 'each ran once');
});

t.test('a database of a later release is refused', async (t) => {
  const database = await freshDatabase();
  t.teardown(() => database.drop());
  await sql`insert into migration (name, timestamp) values ('9999-later', 'now')`.execute(database.db.kysely);
  await t.rejects(migrate(database.db, FOLDER));
});

t.test('the key of every table begins with tenant and shard', async (t) => {
  const database = await freshDatabase();
  t.teardown(() => database.drop());
  const { rows } = await sql<{ name: string; key: string[] | null }>`
    select c.relname as name,
           (select array_agg(a.attname::text order by k.n)
            from pg_index i, unnest(i.indkey) with ordinality k(attnum, n)
            join pg_attribute a on a.attnum = k.attnum
            where i.indrelid = c.oid and i.indisprimary and a.attrelid = c.oid) as key
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`.execute(
    database.db.kysely,
  );
  const tables = rows.filter(({ name }) => !BOOKS.includes(name));
  t.ok(tables.length >= 9);
  for (const { name, key } of tables) t.strictSame(key?.slice(0, 2), ['tenant', 'shard'], name);
});

t.test('nothing that a distributed engine lacks: unique constraints, foreign keys, triggers, sequences', async (t) => {
  const database = await freshDatabase();
  t.teardown(() => database.drop());
  const { rows } = await sql<{ what: string }>`
    select conname as what from pg_constraint
    where connamespace = 'public'::regnamespace and contype in ('u', 'f', 'x') and conrelid::regclass::text not like 'migration%'
    union all select tgname from pg_trigger where not tgisinternal
    union all select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S'`.execute(
    database.db.kysely,
  );
  t.strictSame(rows, []);
});

t.test('bodies are compressed with lz4 where the server has it', async (t) => {
  const database = await freshDatabase();
  t.teardown(() => database.drop());
  const { rows: offered } = await sql<{ has: boolean }>`
    select 'lz4' = any(enumvals) as has from pg_settings where name = 'default_toast_compression'`.execute(
    database.db.kysely,
  );
  const { rows } = await sql<{ column: string; method: string }>`
    select attrelid::regclass::text || '.' || attname as column, attcompression::text as method from pg_attribute
    where (attrelid::regclass::text, attname) in
      (('resource_version', 'content'), ('patient_state', 'state'), ('report', 'content'), ('decision', 'content'))
    order by 1`.execute(database.db.kysely);
  t.equal(rows.length, 4);
  for (const { column, method } of rows) t.equal(method, offered[0]?.has ? 'l' : '', column);
});
