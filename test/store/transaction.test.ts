import { sql } from 'kysely';
import t from 'tap';
import type { Database } from '../../src/store/database.ts';
import { freshDatabase } from '../support/database.ts';

t.test('a transaction of the database', async (t) => {
  const { db, drop } = await freshDatabase({ connections: 3 });
  t.teardown(drop);
  const put = (on: Database, name: string) =>
    on.write('put', `insert into claim (tenant, shard, key, type, id) values (9, 0, $1, 'X', 'x')`, [name]);
  const has = async (on: Database, name: string): Promise<boolean> =>
    (await on.named('has', 'select 1 from claim where tenant = 9 and key = $1', [name])).length > 0;

  await t.test('commits what was done, and gives what the work gives', async (t) => {
    const given = await db.transaction(async (tx) => {
      await put(tx, 'kept');
      t.equal(await has(tx, 'kept'), true, 'it sees its own writes');
      t.equal(await has(db, 'kept'), false, 'nobody else does');
      const { rows } = await sql`select key from claim where tenant = 9`.execute(tx.kysely);
      t.same(rows, [{ key: 'kept' }], 'the builder speaks on the same connection');
      return 'given';
    });
    t.equal(given, 'given');
    t.equal(await has(db, 'kept'), true);
  });

  await t.test('takes all back when the work throws', async (t) => {
    const failing = db.transaction(async (tx) => {
      await put(tx, 'first');
      await put(tx, 'second');
      throw new Error('no');
    });
    await t.rejects(failing, { message: 'no' });
    t.same([await has(db, 'first'), await has(db, 'second')], [false, false]);
  });

  await t.test('a failure that the work hides is not taken for a commit', async (t) => {
    const failing = db.transaction(async (tx) => {
      await put(tx, 'hidden');
      await tx.named('fault', 'select 1 / $1::int as n', [0]).catch(() => undefined);
    });
    await t.rejects(failing, { message: /failed before its commit/ });
    t.equal(await has(db, 'hidden'), false);
  });

  await t.test(
    'statements that are asked for at once go one after the other, and a transaction within joins',
    async (t) => {
      await db.transaction(async (tx) => {
        await Promise.all(['a', 'b', 'c'].map((name) => put(tx, name)));
        await tx.transaction((inner) => put(inner, 'd'));
      });
      t.same(await Promise.all(['a', 'b', 'c', 'd'].map((name) => has(db, name))), [true, true, true, true]);
    },
  );

  await t.test('nothing can be said after its end', async (t) => {
    const kept = await db.transaction(async (tx) => tx);
    await t.rejects(put(kept, 'late'), { message: /after the end/ });
  });

  await t.test('a connection that breaks under it is told as an outage and not used again', async (t) => {
    for (let i = 0; i < 5; i += 1) {
      const broken = db.transaction(async (tx) => {
        await put(tx, 'broken');
        const [me] = await tx.named<{ pid: number }>('me', 'select pg_backend_pid() as pid', []);
        await db.named('kill', 'select pg_terminate_backend($1)', [me?.pid]);
        await put(tx, 'after');
      });
      await t.rejects(broken, { message: /cannot be reached/ });
    }
    t.equal(await has(db, 'broken'), false);
  });

  await t.test('a connection lost before the commit leaves the outcome unknown', async (t) => {
    const broken = db.transaction(async (tx) => {
      const [me] = await tx.named<{ pid: number }>('me', 'select pg_backend_pid() as pid', []);
      await db.named('kill', 'select pg_terminate_backend($1)', [me?.pid]);
    });
    await t.rejects(broken, { message: /unknown/ });
  });
});
