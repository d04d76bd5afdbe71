import t from 'tap';
import { openDatabase } from '../../src/store/database.ts';
import { openLanes } from '../../src/store/lanes.ts';
import { textArray } from '../../src/store/pg-arrays.ts';
import { asAdmin, freshDatabase } from '../support/database.ts';

const PID = 'select $1::int4 as n, pg_backend_pid() as pid';

/** What a read is refused with. */
const statusOf = (reading: Promise<unknown>): Promise<unknown> =>
  reading.then(
    () => undefined,
    (error) => error.status,
  );

t.test('short reads that share connections', async (t) => {
  const { db, url, drop } = await freshDatabase({ holding: 'nothing', connections: 6 });
  t.teardown(drop);
  const read = async (n: number) => {
    const [row] = await db.read<{ n: number; pid: number }>('pid', PID, [n]);
    return row;
  };

  await t.test('each is answered with its own rows, many on few connections', async (t) => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => read(n)));
    t.same(
      answers.map((row) => row?.n),
      Array.from({ length: 60 }, (_, n) => n),
    );
  });

  await t.test('two lanes take all of them, as long as they are not silent', async (t) => {
    const lanes = openLanes({ connectionString: url }, 2, () => {}, Number.POSITIVE_INFINITY);
    const ask = (n: number) => lanes.ask<{ n: number; pid: number }>({ name: 'pid', text: PID, values: [n] });
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => ask(n)));
    t.same(
      answers.map((rows) => rows?.[0]?.n),
      Array.from({ length: 60 }, (_, n) => n),
    );
    t.equal(new Set(answers.map((rows) => rows?.[0]?.pid)).size, 2, 'on two connections');
    await lanes.close();
    t.equal(ask(1), undefined, 'nothing is taken after the close');
  });

  await t.test('one that fails takes no other with it', async (t) => {
    const quotient = (by: number) => db.read<{ n: number }>('quotient', 'select 60 / $1::int4 as n', [by]);
    const settled = await Promise.allSettled([1, 0, 2, 0, 3].map(quotient));
    t.same(
      settled.map((one) => (one.status === 'fulfilled' ? one.value[0]?.n : one.reason.code)),
      [60, '22012', 30, '22012', 20],
    );
  });

  await t.test('rows are read by the types of their columns, each time that a statement is asked', async (t) => {
    const text = `select $1::int4 as n, $2::int8 as big, $3::boolean as yes, $4::text as word, $5::timestamptz as at,
      array[$4, null]::text[] as words, $6::text[] as given, null::int4 as nothing`;
    const at = '2026-03-01T10:00:00.000Z';
    const ask = (values: unknown[]) => db.read('types', text, values);
    const row = {
      n: -7,
      big: '9007199254740993',
      yes: true,
      word: 'é "quoted"',
      at: new Date(at),
      words: ['é "quoted"', null],
      given: ['a,b'],
      nothing: null,
    };
    const values = [-7, 9007199254740993n, true, 'é "quoted"', at];
    const asked = await Promise.all([1, 2, 3].map(() => ask([...values, textArray(['a,b'])])));
    t.same(asked, [[row], [row], [row]], 'at once');
    t.same(await ask([...values, textArray(['a,b'])]), [row], 'and later');
    t.same(await ask([...values, ['a,b']]), [row], 'an array becomes a text of the database');
    t.same(await ask([null, null, null, null, null, null]), [
      { n: null, big: null, yes: null, word: null, at: null, words: [null, null], given: null, nothing: null },
    ]);
    t.same(await db.read('none', 'select 1 as n where $1::boolean', [false]), []);
  });

  await t.test('a statement whose first values cannot be read is asked again', async (t) => {
    const whole = (n: string) => db.read<{ n: number }>('whole', 'select $1::int4 as n', [n]);
    const settled = await Promise.allSettled(['x', '1', 'y', '2'].map(whole));
    t.same(
      settled.map((one) => (one.status === 'fulfilled' ? one.value[0]?.n : one.reason.code)),
      ['22P02', 1, '22P02', 2],
    );
    t.same(await whole('3'), [{ n: 3 }]);
  });

  await t.test('a statement that cannot be prepared is refused each time', async (t) => {
    const refused = () => db.read('no-table', 'select * from no_such_table', []).catch((error) => error.code);
    t.same(await Promise.all([refused(), refused()]), ['42P01', '42P01']);
    t.equal(await refused(), '42P01');
    t.equal((await read(5))?.n, 5);
  });

  await t.test('who comes while both are busy for long waits for neither', async (t) => {
    const sleep = () => db.read('sleep', 'select pg_sleep(1.5)', []);
    let asleep = 2;
    const slow = [sleep(), sleep()].map((one) => one.then(() => (asleep -= 1)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    t.equal((await read(7))?.n, 7);
    t.equal(asleep, 2, 'answered before those that came first');
    await Promise.all(slow);
  });

  await t.test('a connection that breaks fails what was under way as an outage; the next gets a new one', async (t) => {
    const busy = statusOf(db.read('sleep-on', 'select pg_sleep(20)', []));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await asAdmin(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${new URL(url).pathname.slice(1)}'`,
    );
    t.equal(await busy, 503);
    // The other lane was idle, and hears of its end when it does: a statement sent before that meets the same end.
    for (let i = 0; i < 1000 && db.usage.idle + db.usage.inUse > 0; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 5));
    t.equal((await read(8))?.n, 8);
  });

  await t.test('closing waits for what is under way, and nothing is taken after it', async (t) => {
    const other = openDatabase(url, { connections: 6 });
    const one = other.read<{ n: number }>('nap', 'select 9 as n from pg_sleep(0.2)', []);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await other.close();
    t.same(await one, [{ n: 9 }]);
    t.equal(await statusOf(other.read('pid', PID, [1])), 503);
  });

  await t.test('an address where nothing listens is an outage', async (t) => {
    const nowhere = openDatabase('postgres://nobody@127.0.0.1:1/none', { connections: 6, waitMillis: 500 });
    t.equal(await statusOf(nowhere.read('pid', PID, [1])), 503);
    await nowhere.close();
  });
});
