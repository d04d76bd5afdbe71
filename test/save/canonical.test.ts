import t from 'tap';
import { testApp } from '../support/app.ts';
import { createIn, rowCounts } from '../support/save.ts';
import { secondDeps } from '../support/second.ts';

const CLIENTS = 16;

t.test('one url and version has one meaning', async (t) => {
  const app = await testApp({ demoPolicy: false, connections: 32 });
  const second = await secondDeps(app, 16);
  t.teardown(async () => {
    await second.close();
    await app.close();
  });

  const common = (type: string, url: string) => ({ resourceType: type, url, version: '1', status: 'active' });
  const makes: [type: string, make: (url: string, word: string) => { resourceType: string }][] = [
    [
      'Questionnaire',
      (url, text) => ({ ...common('Questionnaire', url), item: [{ linkId: 'a', type: 'string', text }] }),
    ],
    ['CodeSystem', (url, code) => ({ ...common('CodeSystem', url), content: 'complete', concept: [{ code }] })],
    [
      'ValueSet',
      (url, code) => ({
        ...common('ValueSet', url),
        compose: { include: [{ system: 'https://example.org/CodeSystem/words', concept: [{ code }] }] },
      }),
    ],
  ];
  for (const [type, make] of makes) {
    await t.test(
      `${type}: ${CLIENTS} clients post different ones at once: one stands, the others are 422`,
      async (t) => {
        for (let round = 0; round < 2; round += 1) {
          const url = `https://example.org/${type}/race-${round},|$`;
          const settled = await Promise.allSettled(
            Array.from({ length: CLIENTS }, (_, i) =>
              createIn(i % 2 ? app.deps : second.deps, make(url.replace('|', '!'), `word-${i}`)),
            ),
          );
          const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
          t.equal(refused.length, CLIENTS - 1);
          t.ok(refused.every(({ status }) => status === 422 || status === 503));
          t.ok(refused.some(({ status }) => status === 422));
        }
      },
    );

    await t.test(`${type}: ${4 * CLIENTS} clients post the same at once, and none is sent away`, async (t) => {
      const settled = await Promise.allSettled(
        Array.from({ length: 4 * CLIENTS }, (_, i) =>
          createIn(i % 2 ? app.deps : second.deps, make(`https://example.org/${type}/same`, 'word')),
        ),
      );
      t.same(
        settled.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : [])),
        [],
      );
    });

    await t.test(`${type}: another is refused, the same again is not, and its own next version neither`, async (t) => {
      const url = `https://example.org/${type}/calm`;
      const first = await app.send('POST', `/${type}`, make(url, 'one'));
      t.equal(first.status, 201, first.text);
      const before = await rowCounts(app.deps);
      const other = await app.send('POST', `/${type}`, make(url, 'two'));
      t.match(other, { status: 422, body: { issue: [{ code: 'business-rule', expression: [`${type}.version`] }] } });
      const chosen = await app.send('PUT', `/${type}/other`, { ...make(url, 'two'), id: 'other' });
      t.equal(chosen.status, 422);
      t.same(await rowCounts(app.deps), before);
      const next = await app.send('PUT', `/${type}/${first.body.id}`, { ...make(url, 'two'), id: first.body.id });
      t.equal(next.status, 200, next.text);
      t.equal((await app.send('POST', `/${type}`, make(url, 'two'))).status, 201);
      t.equal((await app.send('POST', `/${type}`, { ...make(url, 'three'), version: '2' })).status, 201);
    });
  }
});
