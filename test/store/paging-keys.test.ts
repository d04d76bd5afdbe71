import t from 'tap';
import { testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';
import { createIn, updateIn } from '../support/save.ts';

const STILL = 40;
const MOVING = 8;
/** What each writer creates at most, so that there is an end. */
const CREATED = 12;

t.test('sorted by several keys, what does not change while a client pages is met exactly once', async (t) => {
  const app = await testApp({ demoPolicy: false, connections: 16 });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  // Many share a date, a value or a text, and some have none: the next key decides among equals, and the id at last.
  const observation = (n: number) => ({
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'Weight' },
    subject: { reference: patient },
    ...(n % 5 === 4 ? {} : { method: { coding: [{ system: 'urn:method', code: `m${n % 4}` }] } }),
    ...(n % 7 === 0 ? {} : { effectiveDateTime: `2026-10-0${1 + (n % 5)}` }),
    ...(n % 3 === 0
      ? { valueQuantity: { value: n % 4, unit: 'kg' } }
      : n % 3 === 1
        ? { valueString: `v${n % 2}` }
        : {}),
  });
  const still: string[] = [];
  const moving: string[] = [];
  for (let i = 0; i < STILL; i += 1) {
    still.push((await createIn(app.deps, observation(i))).id);
    if (i % 5 === 0) moving.push((await createIn(app.deps, observation(i))).id);
  }
  t.equal(moving.length, MOVING);

  for (const [order, count] of [
    ['_sort=value-quantity,-date', 3],
    ['_sort=-value-string,date,_id', 7],
    ['_sort=date,-value-quantity&code:text=weight', 7],
    ['_sort=-date,value-string,-_lastUpdated', 1],
    ['_sort=-method,date', 3],
    ['code:text=weight', 5],
  ] as const) {
    await t.test(`${order}, pages of ${count}, two writers`, async (t) => {
      let paging = true;
      const writer = async (n: number): Promise<void> => {
        for (let i = 0; paging; i += 1) {
          if (i < CREATED) await createIn(app.deps, observation(n * 7 + i));
          const id = moving[(n * 3 + i) % MOVING] ?? '';
          await updateIn(app.deps, { ...observation(i + n), id }).catch(() => undefined); // two may meet
        }
      };
      const writers = [writer(0), writer(1)];
      const met = new Map<string, number>();
      let path: string | undefined = `/Observation?patient=${patient}&_count=${count}&${order}`;
      for (let pages = 0; path && pages < 500; pages += 1) {
        const { body }: { body: Page } = await app.send('GET', path);
        for (const { resource } of body.entry ?? []) met.set(resource.id, (met.get(resource.id) ?? 0) + 1);
        if (body.entry && body.entry.length > count) t.fail('a page is longer than was asked');
        path = body.link.find(({ relation }) => relation === 'next')?.url.replace(app.deps.baseUrl, '');
        // A resource that moves ahead of the page is met again: there is an end once all that stood still has been met.
        if (pages > 300 / count && still.every((id) => met.has(id))) break;
      }
      paging = false;
      await Promise.all(writers);
      t.strictSame(
        still.filter((id) => met.get(id) !== 1).map((id) => met.get(id) ?? 0),
        [],
      );
    });
  }
});

interface Page {
  link: { relation: string; url: string }[];
  entry?: { resource: { id: string } }[];
}
