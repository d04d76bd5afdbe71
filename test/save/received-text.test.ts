import t from 'tap';
import { testApp } from '../support/app.ts';

/** JSON as clients write it, whose meaning a parse and a print would change; and the text that is expected back. */
const NUMBERS = [
  '1.50',
  '1e2',
  '1E+2',
  '10000000000000000001.5',
  '0.10',
  '-0.0',
  '100.000',
  '3.1415926535897932384626',
];

t.test('received text comes back as it was sent', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());

  /** Every way in which a client can read a version. */
  async function readings(id: string, version: string): Promise<Record<string, string>> {
    const [read, vread, history, search] = await Promise.all([
      app.send('GET', `/Observation/${id}`),
      app.send('GET', `/Observation/${id}/_history/${version}`),
      app.send('GET', `/Observation/${id}/_history`),
      app.send('GET', `/Observation?_id=${id}`),
    ]);
    return { read: read.text, vread: vread.text, history: history.text, search: search.text };
  }

  const observation = (value: string, more = ''): string =>
    `{"resourceType":"Observation","status":"final","code":{"text":"weight"},"valueQuantity":{"value":${value},"unit":"kg"}${more}}`;

  for (const number of NUMBERS) {
    await t.test(`the number ${number}`, async (t) => {
      const post = await app.send('POST', '/Observation', observation(number));
      t.equal(post.status, 201);
      const wanted = `"valueQuantity":{"value":${number},"unit":"kg"}`;
      const { id } = post.body;
      for (const [how, text] of Object.entries({ post: post.text, ...(await readings(id, '1')) })) {
        t.ok(text.includes(wanted), how);
      }
      const put = await app.send('PUT', `/Observation/${id}`, observation(`${number}`, `,"id":"${id}"`));
      t.equal(put.status, 200);
      for (const [how, text] of Object.entries({ put: put.text, ...(await readings(id, '2')) })) {
        t.ok(text.includes(wanted), `${how} after an update`);
      }
    });
  }

  await t.test('escapes, spaces inside strings and letters beyond ASCII', async (t) => {
    const text = String.raw`"note":[{"text":"caf\u00e9 \/ \ud83d\ude00 \t two  spaces é 😀 \"quoted\" \\"}]`;
    const post = await app.send('POST', '/Observation', observation('1', `,${text}`));
    t.equal(post.status, 201);
    for (const [how, body] of Object.entries({ post: post.text, ...(await readings(post.body.id, '1')) })) {
      t.ok(body.includes(text), how);
    }
  });

  await t.test('an escaped key is the key that it spells', async (t) => {
    const post = await app.send(
      'POST',
      '/Observation',
      String.raw`{"resourceType":"Observation","\u0073tatus":"final","code":{"text":"x"},"\u0069d":"mine"}`,
    );
    t.equal(post.status, 201);
    t.not(post.body.id, 'mine', 'the id of a create is ours');
    t.equal((await app.send('GET', `/Observation/${post.body.id}`)).body.id, post.body.id);
  });

  await t.test("the client's meta stays, versionId and lastUpdated are ours", async (t) => {
    const meta = {
      versionId: '77',
      lastUpdated: '1999-01-01T00:00:00Z',
      source: 'urn:app:1',
      profile: ['https://example.org/StructureDefinition/weight'],
      security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }],
      tag: [{ system: 'https://example.org/tags', code: 'imported' }],
    };
    const body = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, meta };
    const post = await app.send('POST', '/Observation', body);
    const { id } = post.body;
    const put = await app.send('PUT', `/Observation/${id}`, { ...body, id });
    const first = await app.send('GET', `/Observation/${id}/_history/1`);
    const second = await app.send('GET', `/Observation/${id}`);
    for (const [answer, version] of [
      [post, '1'],
      [first, '1'],
      [put, '2'],
      [second, '2'],
    ] as const) {
      const { versionId, lastUpdated, ...kept } = answer.body.meta;
      t.equal(versionId, version);
      t.match(lastUpdated, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      t.not(lastUpdated, meta.lastUpdated);
      t.strictSame(kept, { source: meta.source, profile: meta.profile, security: meta.security, tag: meta.tag });
      t.equal(answer.headers.etag, `W/"${version}"`);
      t.equal(answer.headers['last-modified'], new Date(lastUpdated).toUTCString());
    }
    t.equal(post.text, first.text, 'what was answered is what was stored');
    t.equal(put.text, second.text);
  });
});
