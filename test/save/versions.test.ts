import t from 'tap';
import { testApp } from '../support/app.ts';

t.test('versions', async (t) => {
  const app = await testApp({ demoPolicy: false, connections: 20 });
  t.teardown(() => app.close());
  const device = (name: string, id?: string) => ({
    resourceType: 'Device',
    ...(id ? { id } : {}),
    deviceName: [{ name, type: 'other' }],
  });

  await t.test('a version never changes once it is written', async (t) => {
    const { body } = await app.send('POST', '/Device', device('one'));
    const texts = [(await app.send('GET', `/Device/${body.id}/_history/1`)).text];
    for (const name of ['two', 'three']) {
      await app.send('PUT', `/Device/${body.id}`, device(name, body.id));
      const version = texts.length + 1;
      texts.push((await app.send('GET', `/Device/${body.id}/_history/${version}`)).text);
    }
    t.equal((await app.send('DELETE', `/Device/${body.id}`)).status, 204);
    for (const [index, text] of texts.entries()) {
      const again = await app.send('GET', `/Device/${body.id}/_history/${index + 1}`);
      t.equal(again.text, text, `version ${index + 1}`);
    }
    t.equal((await app.send('GET', `/Device/${body.id}`)).status, 410);
    t.equal((await app.send('GET', `/Device/${body.id}/_history/4`)).status, 410);
    t.equal((await app.send('GET', `/Device/${body.id}/_history/5`)).status, 404);
    const history = await app.send('GET', `/Device/${body.id}/_history`);
    t.strictSame(
      history.body.entry.map(({ request }: { request: { method: string } }) => request.method),
      ['DELETE', 'PUT', 'PUT', 'POST'],
    );
    t.equal(history.body.total, 4);
    const stamps = history.body.entry.map(
      ({ response }: { response: { lastModified: string } }) => response.lastModified,
    );
    t.strictSame([...stamps].sort().reverse(), stamps, 'newest first');
  });

  await t.test('of 20 updates that saw the same version exactly one stands, the others are told 412', async (t) => {
    for (let round = 0; round < 5; round += 1) {
      const { body } = await app.send('POST', '/Device', device('start'));
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          app.send('PUT', `/Device/${body.id}`, device(`writer ${i}`, body.id), { 'if-match': 'W/"1"' }),
        ),
      );
      const won = answers.filter(({ status }) => status === 200);
      t.equal(won.length, 1);
      t.equal(answers.filter(({ status }) => status === 412).length, 19);
      const now = await app.send('GET', `/Device/${body.id}`);
      t.equal(now.text, won[0]?.text, 'what the winner was answered is what is there');
      t.equal(now.body.meta.versionId, '2');
    }
  });

  await t.test(
    '20 updates that name no version: each succeeds or is told to try again; no number is left out',
    async (t) => {
      const { body } = await app.send('POST', '/Device', device('start'));
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => app.send('PUT', `/Device/${body.id}`, device(`writer ${i}`, body.id))),
      );
      const won = answers.filter(({ status }) => status === 200);
      const later = answers.filter(({ status }) => status === 503);
      t.equal(won.length + later.length, 20);
      t.ok(won.length > 0);
      for (const { headers } of later) t.match(headers['retry-after'], /^[1-9]\d*$/);
      const versions = won.map((answer) => Number(answer.body.meta.versionId)).sort((a, b) => a - b);
      t.strictSame(
        versions,
        won.map((_, index) => index + 2),
      );
      for (const answer of won) {
        const stored = await app.send('GET', `/Device/${body.id}/_history/${answer.body.meta.versionId}`);
        t.equal(stored.text, answer.text, 'each stands as it was acknowledged');
      }
    },
  );

  const conditions: [string, string, number][] = [
    ['the current version', 'W/"2"', 200],
    ['the current version as a strong tag', '"2"', 200],
    ['an older version', 'W/"1"', 412],
    ['a version that is not there yet', 'W/"3"', 412],
    ['a tag that is none of ours', 'W/"abc"', 412],
    ['no tag at all', 'abc def', 400],
  ];
  for (const [name, header, status] of conditions) {
    await t.test(`If-Match with ${name}`, async (t) => {
      const { body } = await app.send('POST', '/Device', device('one'));
      await app.send('PUT', `/Device/${body.id}`, device('two', body.id));
      const put = await app.send('PUT', `/Device/${body.id}`, device('three', body.id), { 'if-match': header });
      t.equal(put.status, status);
      const now = await app.send('GET', `/Device/${body.id}`);
      t.equal(now.body.meta.versionId, status === 200 ? '3' : '2');
    });
  }

  await t.test('a deletion holds to If-Match too, and an update after it brings it back', async (t) => {
    const { body } = await app.send('POST', '/Device', device('one'));
    t.equal((await app.send('DELETE', `/Device/${body.id}`, undefined, { 'if-match': 'W/"9"' })).status, 412);
    t.equal((await app.send('DELETE', `/Device/${body.id}`, undefined, { 'if-match': 'W/"1"' })).status, 204);
    t.equal((await app.send('DELETE', `/Device/${body.id}`)).status, 204, 'again is no error');
    const back = await app.send('PUT', `/Device/${body.id}`, device('two', body.id));
    t.match(back, { status: 201, headers: { etag: 'W/"3"' } });
  });
});
