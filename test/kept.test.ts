import pg from 'pg';
import t from 'tap';
import { freshDatabase, type TestDatabase } from './support/database.ts';

/** A number of connections that no other test asks for, so that what is given back comes to us. */
const fresh = () => freshDatabase({ holding: 'all', connections: 7 });

const held = async ({ db }: TestDatabase): Promise<unknown[]> => {
  const tables = ['resource_version', 'resource_current', 'setting', 'catalog', 'outbox', 'claim'];
  const texts = tables.map((table) => db.pool.query(`select x::text from ${table} x order by 1`));
  return (await Promise.all(texts)).map(({ rows }) => rows);
};

t.test('a database that a test has given back is what it was, or is not given again', async (t) => {
  const first = await fresh();
  const before = await held(first);
  await first.db.pool.query(`insert into setting (tenant, shard, name, value) values (1, 0, 'new', 'x')`);
  await first.db.pool.query(`update resource_version set content = '{}' where type = 'Device'`);
  await first.db.pool.query(`delete from catalog`);
  t.notSame(await held(first), before);
  await first.drop();

  const second = await fresh();
  t.equal(second.url, first.url);
  t.same(await held(second), before, 'what was added is gone, what was changed or deleted is as it was');
  await second.drop();
  const third = await fresh();
  t.equal(third.url, first.url);
  t.same(await held(third), before, 'also the second time');

  const other = new pg.Client(third.url);
  await other.connect();
  await third.drop();
  await other.end();
  const fourth = await fresh();
  t.not(fourth.url, first.url, 'somebody was still connected');

  await fourth.db.pool.query('create table more (n int)');
  await fourth.drop();
  const fifth = await fresh();
  t.not(fifth.url, fourth.url, 'its tables were others');

  const underWay = fifth.db.pool.query('select pg_sleep(0.3)');
  await fifth.drop();
  await underWay;
  const sixth = await fresh();
  t.not(sixth.url, fifth.url, 'a statement was under way');
  await sixth.drop();
});
