import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import t from 'tap';
import { APPLICATION_NAME } from '../../src/store/database.ts';
import { Watermark } from '../../src/store/watermark.ts';
import { type TestApp, testApp } from '../support/app.ts';
import { createIn, updateIn } from '../support/save.ts';

const millis = (text: string): number => Date.parse(text);

t.test('the watermark of a search', async (t) => {
  const app = await testApp({
    demoPolicy: false,
    connections: 16,
    // Asked anew by every search, so that what is seen is the watermark and not the moment for which it is kept.
    change: (deps) => Object.assign(deps, { watermark: new Watermark(deps.db, 0) }),
  });
  t.teardown(() => app.close());
  const watermark = async (): Promise<string> => (await app.send('GET', '/Device?_count=1')).body.meta.lastUpdated;

  /** The server's clock: what the watermark and every version are told by. */
  async function serverClock(): Promise<number> {
    const { rows } = await app.deps.db.pool.query<{ at: Date }>('select clock_timestamp() as at');
    return rows[0]?.at.getTime() ?? 0;
  }
  async function connected(name: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: app.database.url, application_name: name });
    await client.connect();
    return client;
  }

  await t.test('with nobody writing it follows the clock, and never passes it', async (t) => {
    const first = millis(await watermark());
    const between = await serverClock();
    const second = millis(await watermark());
    t.ok(first < between, 'before what can still be written');
    t.ok(second >= first);
    t.ok(second >= between - 2, 'and close to it');
  });

  await t.test('it stays before a transaction that is open and has written', async (t) => {
    const writer = await connected('another program');
    t.teardown(() => writer.end());
    await writer.query('begin');
    const { rows } = await writer.query<{ at: Date }>('select now() as at');
    const start = rows[0]?.at.getTime() ?? 0;
    await writer.query(`insert into claim (tenant, shard, key, type, id) values (9, 0, 'open', 'X', 'x')`);
    await sleep(20);
    for (let i = 0; i < 3; i += 1) t.ok(millis(await watermark()) < start);
    await writer.query('commit');
    t.ok(millis(await watermark()) > start, 'and goes on when it has ended');
  });

  await t.test('a transaction of another program that only reads does not hold it', async (t) => {
    const reader = await connected('another program');
    t.teardown(() => reader.end());
    await reader.query('begin');
    await reader.query('select 1 from resource_current');
    const later = await serverClock();
    await sleep(5);
    t.ok(millis(await watermark()) >= later);
    await reader.query('rollback');
  });

  await t.test('a connection of ours holds it from the start of its statement, before it has written', async (t) => {
    const ours = await connected(APPLICATION_NAME);
    t.teardown(() => ours.end());
    await ours.query('begin');
    const { rows } = await ours.query<{ at: Date }>('select now() as at');
    t.ok(millis(await watermark()) < (rows[0]?.at.getTime() ?? 0));
    await ours.query('rollback');
  });

  await t.test('a commit that waits is not overtaken: who polls by the watermark finds it', async (t) => {
    const { id } = await createIn(app.deps, { resourceType: 'Device' });
    const blocker = await connected('another program');
    t.teardown(() => blocker.end());
    await blocker.query('begin');
    await blocker.query('select 1 from resource_current where id = $1 for update', [id]);
    const late = updateIn(app.deps, { resourceType: 'Device', id });
    await aCommitWaits(app);

    // Others come and go meanwhile; a poller sees them and advances.
    const others = [];
    let seen = await watermark();
    for (let i = 0; i < 3; i += 1) {
      others.push((await createIn(app.deps, { resourceType: 'Device' })).id);
      const poll = await app.send('GET', `/Device?_lastUpdated=gt${seen}&_count=100`);
      seen = poll.body.meta.lastUpdated;
    }
    await blocker.query('commit');
    const saved = await late;
    t.ok(saved.lastUpdated > seen, 'its version is younger than everything that was promised');
    const poll = await app.send('GET', `/Device?_lastUpdated=gt${seen}&_count=100`);
    const found = poll.body.entry.map(({ resource }: { resource: { id: string } }) => resource.id);
    t.ok(found.includes(id));
    t.ok(
      others.every((other) => found.includes(other)),
      'and what was seen early comes again rather than not at all',
    );
  });

  await t.test('eight writers and a poller that advances only by the watermark: nothing is missed', async (t) => {
    const from = await watermark();
    const written = new Set<string>();
    const seen = new Set<string>();
    let writing = true;
    const pauses = await connected('another program');
    t.teardown(() => pauses.end());

    const writer = async (n: number): Promise<void> => {
      let mine: { id: string } | undefined;
      for (let i = 0; i < 25; i += 1) {
        const saved: { id: string; version: number } =
          mine && i % 3 !== 0
            ? await updateIn(app.deps, { resourceType: 'Device', id: mine.id })
            : await createIn(app.deps, { resourceType: 'Device' });
        mine = saved;
        written.add(`${saved.id}/${saved.version}`);
        if ((i + n) % 4 === 0) await sleep(Math.random() * 4);
      }
    };
    // Commits are held up now and then at the outbox, after their versions have been stamped.
    const hinder = async (): Promise<void> => {
      while (writing) {
        await pauses.query('begin');
        await pauses.query('lock table outbox in share mode');
        await sleep(Math.random() * 15);
        await pauses.query('commit');
        await sleep(Math.random() * 15);
      }
    };
    let reached = from;
    let polls = 0;
    const poll = async (): Promise<void> => {
      let path: string | undefined = `/Device?_lastUpdated=gt${reached}&_count=20`;
      let next = '';
      while (path) {
        const { body }: { body: Page } = await app.send('GET', path);
        // The first page's watermark: what comes after it may be on none of the pages.
        next ||= body.meta.lastUpdated;
        for (const { resource } of body.entry ?? []) seen.add(`${resource.id}/${resource.meta.versionId}`);
        path = body.link.find(({ relation }) => relation === 'next')?.url.replace(app.deps.baseUrl, '');
      }
      if (next < reached) t.fail(`the watermark went back from ${reached} to ${next}`);
      reached = next;
      polls += 1;
    };
    const polling = (async () => {
      while (writing) await poll();
    })();
    const hindering = hinder();
    await Promise.all(Array.from({ length: 8 }, (_, n) => writer(n)));
    writing = false;
    await Promise.all([polling, hindering]);
    await sleep(5); // the watermark lies one millisecond behind the last write
    await poll();
    t.ok(polls > 2, `${polls} polls`);
    // What was replaced before the next poll is not met as itself: its successor is.
    const missed = [...written].filter((one) => {
      const [id = '', version = ''] = one.split('/');
      return ![...seen].some((other) => other.startsWith(`${id}/`) && Number(other.split('/')[1]) >= Number(version));
    });
    t.strictSame(missed, []);
  });
});

t.test('a watermark is kept for a moment, and a failure is not', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  let asked = 0;
  let broken = false;
  const db = {
    ...app.deps.db,
    named: async (...args: Parameters<typeof app.deps.db.named>) => {
      asked += 1;
      if (broken) throw new Error('no');
      return app.deps.db.named(...args);
    },
  } as typeof app.deps.db;
  const kept = new Watermark(db, 50);
  const answers = await Promise.all([1000, 1049, 1000].map((now) => kept.current(now)));
  t.equal(asked, 1);
  t.equal(new Set(answers).size, 1);
  await kept.current(1050);
  t.equal(asked, 2, 'then it is asked anew');
  await kept.current(900);
  t.equal(asked, 3, 'also when the clock went back');
  broken = true;
  await t.rejects(kept.current(5000));
  broken = false;
  await t.resolves(kept.current(5000), 'a failure is not remembered');
});

interface Page {
  meta: { lastUpdated: string };
  link: { relation: string; url: string }[];
  entry?: { resource: { id: string; meta: { versionId: string } } }[];
}

/** Until a statement of ours waits for a lock. */
async function aCommitWaits(app: TestApp): Promise<void> {
  for (;;) {
    const { rows } = await app.deps.db.pool.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) return;
    await sleep(2);
  }
}
