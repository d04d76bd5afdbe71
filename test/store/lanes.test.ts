import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import pg from 'pg';
import t from 'tap';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { openLanes } from '../../src/store/lanes.ts';
import { textArray } from '../../src/store/pg-arrays.ts';
import { freshDatabase } from '../support/database.ts';

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

  await t.test(
    'a connection that breaks twice under a statement is told as an outage; the next gets a new one',
    async (t) => {
      const admin = new pg.Client({ connectionString: url });
      await admin.connect();
      const ended = new Set<number>();
      let told = false;
      const busy = statusOf(db.read('sleep-on', 'select pg_sleep(20)', [])).finally(() => {
        told = true;
      });
      while (!told) {
        const { rows } = await admin.query<{ pid: number }>(
          `select pid, pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and state = 'active' and query = 'select pg_sleep(20)'`,
        );
        for (const { pid } of rows) ended.add(pid);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await admin.end();
      t.equal(await busy, 503);
      t.equal(ended.size, 2, 'asked twice, and no more');
      t.equal((await read(8))?.n, 8);
    },
  );

  await t.test('reads that meet connections which have just ended are answered', async (t) => {
    const ending = await endsAll(url);
    t.teardown(ending.close);
    for (const round of [1, 2, 3]) {
      await openAll(db);
      const { idle } = db.usage;
      ending.now();
      t.equal(db.usage.idle, idle, 'nobody has heard of it');
      t.equal((await read(round))?.n, round, 'the first');
      await openAll(db);
      ending.now();
      const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => read(n)));
      t.same(
        answers.map((row) => row?.n),
        Array.from({ length: 60 }, (_, n) => n),
        'many at once',
      );
      await ending.over();
      t.match(db.usage, { inUse: 0, waiting: 0, laneStatements: 0 });
    }
  });

  await t.test('so is one that no lane could take, though all connections of the pool have ended', async (t) => {
    const ending = await endsAll(url);
    t.teardown(ending.close);
    await openAll(db);
    const slow = [1, 2].map(() => db.read<{ n: number }>('slow', 'select 6 as n from pg_sleep(0.2)', []));
    await new Promise((resolve) => setTimeout(resolve, 50));
    ending.now();
    t.equal((await read(9))?.n, 9);
    t.same(await Promise.all(slow), [[{ n: 6 }], [{ n: 6 }]], 'and those that were under way');
    await ending.over();
    t.match(db.usage, { inUse: 0, waiting: 0, laneStatements: 0 });
  });

  await t.test('and where there are too few connections for lanes', async (t) => {
    const few = openDatabase(url, { connections: 2 });
    const ending = await endsAll(url);
    t.teardown(ending.close);
    for (const round of [1, 2, 3]) {
      await Promise.all([1, 2].map(() => few.named('nap-of-pool', 'select pg_sleep(0.02)', [])));
      t.equal(few.usage.idle, 2);
      ending.now();
      t.match(await few.read('pid', PID, [round]), [{ n: round }]);
      await ending.over();
    }
    await few.close();
  });

  await t.test('what fails on a connection that stands is asked once', async (t) => {
    await db.pool.query('create sequence asked');
    await db.pool.query(`create function failing(code text) returns int language plpgsql as $$
      begin perform nextval('asked'); raise exception using errcode = code; end $$`);
    const cases: [code: string, what: string, told: unknown][] = [
      ['22012', 'a division by zero', '22012'],
      ['57014', 'a statement that was cancelled, or took too long', '57014'],
      ['53200', 'a server without room: an outage', 503],
    ];
    for (const [code, what, told] of cases) {
      const last = async () => Number((await db.pool.query(`select nextval('asked') as n`)).rows[0].n);
      const before = await last();
      const refused = db.read('failing', 'select failing($1)', [code]);
      t.equal(await refused.catch((error) => error.status ?? error.code), told, what);
      t.equal((await last()) - before, 2, `${what}: once`);
    }
  });

  await t.test('a read that may be long is asked once more too', async (t) => {
    const ending = await endsAll(url);
    t.teardown(ending.close);
    await openAll(db);
    ending.now();
    t.same(await db.named('one', 'select 1 as n', []), [{ n: 1 }]);
    await ending.over();
  });

  await t.test('a write is not: its outcome is told as unknown', async (t) => {
    const ending = await endsAll(url);
    t.teardown(ending.close);
    await openAll(db);
    ending.now();
    const refused: unknown[] = await db
      .write('one', 'select 1 as n', [])
      .catch((error) => [error.status, error.message]);
    t.equal(refused[0], 503);
    t.match(refused[1], /whether it took effect is unknown/);
    await ending.over();
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

  await t.test(
    'a server that takes connections and never answers is an outage, and is asked for one once',
    async (t) => {
      const sockets: Socket[] = [];
      const mute = createServer((socket) => sockets.push(socket.on('error', () => {})));
      await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
      const { port } = mute.address() as AddressInfo;
      const silent = openDatabase(`postgres://nobody@127.0.0.1:${port}/none`, { connections: 6, waitMillis: 200 });
      t.equal(await statusOf(silent.read('pid', PID, [1])), 503);
      t.equal(sockets.length, 1);
      await silent.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => mute.close(resolve));
    },
  );
});

/** Opens every connection of a database with six, and leaves it idle. */
async function openAll(db: Database): Promise<void> {
  await Promise.all([
    ...Array.from({ length: 4 }, () => db.named('nap-of-pool', 'select pg_sleep(0.02)', [])),
    ...Array.from({ length: 20 }, (_, n) => db.read('pid', PID, [n])),
  ]);
}

/**
 * Ends every connection to the database of `url`, while this process stands still: whoever uses one next, in the same turn of the event loop, has
 * not heard of its end. `over`: all have ended, and everybody has heard of it.
 */
async function endsAll(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const others = 'from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
  let ended: Promise<pg.QueryResult<{ pid: number }>> | undefined;
  return {
    now(): void {
      ended = client.query(`select pid, pg_terminate_backend(pid) ${others}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    },
    async over(): Promise<void> {
      const pids = (await ended)?.rows.map(({ pid }) => pid);
      while ((await client.query(`select ${others} and pid = any($1::int4[])`, [pids])).rows.length > 0) await turn();
      await turn();
      await turn();
    },
    close: () => client.end(),
  };
}
