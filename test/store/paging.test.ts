import { randomBytes } from 'node:crypto';
import t from 'tap';
import { testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';
import { createIn, updateIn } from '../support/save.ts';

const STILL = 60;
const MOVING = 12;

t.test('what does not change while a client pages is met exactly once', async (t) => {
  const app = await testApp({ demoPolicy: false, connections: 16 });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const observation = (day: number | undefined, value = 0) => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '3141-9' }] },
    subject: { reference: patient },
    ...(day === undefined ? {} : { effectiveDateTime: `2026-10-${String(1 + (day % 28)).padStart(2, '0')}` }),
    valueInteger: value,
  });
  const still: string[] = [];
  const moving: string[] = [];
  // Many share a date, and some have none: the id decides among equals.
  for (let i = 0; i < STILL; i += 1) {
    still.push((await createIn(app.deps, observation(i % 7 === 0 ? undefined : i % 9))).id);
    if (i % 5 === 0) moving.push((await createIn(app.deps, observation(i))).id);
  }
  t.equal(moving.length, MOVING);

  for (const order of ['', '_sort=_id', '_sort=-date', '_sort=date', '_sort=_lastUpdated', '_sort=-_lastUpdated']) {
    for (const [whose, count] of [
      [`patient=${patient}`, 1],
      [`patient=${patient}`, 7],
      ['status=final', 7],
    ] as const) {
      await t.test(`${whose}, ${order || 'the default order'}, pages of ${count}, four writers`, async (t) => {
        let paging = true;
        const writer = async (n: number): Promise<void> => {
          for (let i = 0; paging; i += 1) {
            await createIn(app.deps, observation(n * 7 + i, i));
            const id = moving[(n * 3 + i) % MOVING] ?? '';
            await updateIn(app.deps, { ...observation(i + n, i), id }).catch(() => undefined); // two may meet
          }
        };
        const writers = Array.from({ length: 4 }, (_, n) => writer(n));
        const met = new Map<string, number>();
        let path: string | undefined = `/Observation?${whose}&_count=${count}${order ? `&${order}` : ''}`;
        let pages = 0;
        // An ascending order of change runs before the writers: there is an end once all that stood still has been met.
        while (path && pages < 400) {
          const { body }: { body: Page } = await app.send('GET', path);
          for (const { resource } of body.entry ?? []) met.set(resource.id, (met.get(resource.id) ?? 0) + 1);
          if (body.entry && body.entry.length > count) t.fail('a page is longer than was asked');
          path = body.link.find(({ relation }) => relation === 'next')?.url.replace(app.deps.baseUrl, '');
          pages += 1;
          if (pages >= 100 / count + 20 && still.every((id) => met.has(id))) break;
        }
        paging = false;
        await Promise.all(writers);
        t.strictSame(
          still.filter((id) => met.get(id) !== 1).map((id) => met.get(id) ?? 0),
          [],
          `${pages} pages`,
        );
      });
    }
  }

  await t.test('dates come in their order, what has none last, both ways', async (t) => {
    for (const [order, sign] of [
      ['date', 1],
      ['-date', -1],
    ] as const) {
      const { body } = await app.send('GET', `/Observation?patient=${patient}&_sort=${order}&_count=1000`);
      const dates: (string | undefined)[] = body.entry.map(
        ({ resource }: { resource: { effectiveDateTime?: string } }) => resource.effectiveDateTime,
      );
      const first = dates.indexOf(undefined);
      t.ok(first > 0 && dates.slice(first).every((date) => date === undefined));
      const dated = dates.slice(0, first);
      t.strictSame(
        [...dated].sort((a, b) => sign * (a ?? '').localeCompare(b ?? '')),
        dated,
      );
    }
  });

  const cursors = [
    'x',
    'bm90IGpzb24',
    Buffer.from('[1,2]').toString('base64url'),
    Buffer.from('["a"]').toString('base64url'),
    randomBytes(60).toString('base64url'),
  ];
  for (const cursor of cursors) {
    await t.test(`a cursor that was not made here: ${cursor}`, async (t) => {
      t.equal((await app.send('GET', `/Observation?_cursor=${cursor}`)).status, 400);
    });
  }
});

interface Page {
  link: { relation: string; url: string }[];
  entry?: { resource: { id: string } }[];
}
