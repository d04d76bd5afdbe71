import t from 'tap';
import { testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { refusal, refused, rowCounts } from './support.ts';

const BASE = 'http://localhost:8080/fhir';
const PATCH = { 'content-type': 'application/json-patch+json' };
const CLIENTS = 64;

t.test('conditional interactions, patch and conditional reads', async (t) => {
  const app = await testApp({ connections: 24 });
  t.teardown(() => app.close());
  const device = (value: string, over: object = {}) => ({
    resourceType: 'Device',
    identifier: [{ system: 'urn:pump', value }],
    ...over,
  });
  const total = async (value: string): Promise<number> =>
    (await app.send('GET', `/Device?identifier=urn:pump|${value}&_summary=count`)).body.total;

  await t.test('conditional update: none matches, then one, then several', async (t) => {
    const url = '/Device?identifier=urn:pump|a';
    const born = await app.send('PUT', url, device('a'));
    t.match(born, { status: 201, headers: { etag: 'W/"1"' } });
    t.equal(born.headers.location, `${BASE}/Device/${born.body.id}/_history/1`);
    const next = await app.send('PUT', url, device('a', { status: 'active' }));
    t.match(next, { status: 200, headers: { etag: 'W/"2"' }, body: { id: born.body.id, status: 'active' } });
    const named = await app.send('PUT', url, device('a', { id: born.body.id }), { 'if-match': 'W/"2"' });
    t.match(named, { status: 200, headers: { etag: 'W/"3"' } });
    const before = await rowCounts(app);
    t.same(
      refusal(await app.send('PUT', url, device('a', { id: 'another' }))),
      refused(400, 'invalid', 'Device.id'),
      'the id of another resource than the match',
    );
    t.same(refusal(await app.send('PUT', url, device('a'), { 'if-match': 'W/"1"' })), refused(412, 'conflict'));
    t.same(refusal(await app.send('PUT', url, device('a'), { 'if-none-match': '*' })), refused(412, 'conflict'));
    t.same(await rowCounts(app), before);
    await app.send('POST', '/Device', device('a'));
    const two = await rowCounts(app);
    t.same(refusal(await app.send('PUT', url, device('a'))), refused(412, 'duplicate'));
    t.same(await rowCounts(app), two);
  });

  await t.test('conditional update: none matches and the body has an id', async (t) => {
    const url = '/Device?identifier=urn:pump|b';
    const born = await app.send('PUT', url, device('b', { id: 'pump-b' }));
    t.match(born, { status: 201, body: { id: 'pump-b' }, headers: { location: `${BASE}/Device/pump-b/_history/1` } });
    const before = await rowCounts(app);
    const taken = await app.send('PUT', '/Device?identifier=urn:pump|c', device('c', { id: 'pump-b' }));
    t.same(refusal(taken), refused(409, 'conflict'), 'what has that id does not match');
    const absent = await app.send('PUT', '/Device?identifier=urn:pump|c', device('c'), { 'if-match': '*' });
    t.same(refusal(absent), refused(412, 'conflict'));
    t.same(await rowCounts(app), before);
  });

  const bad: [string, string][] = [
    ['no criteria', ''],
    ['an empty question', '?'],
    ['an unknown parameter', '?colour=red'],
    ['a known and an unknown one', '?identifier=urn:pump|a&colour=red'],
    ['a parameter without a value', '?identifier=urn:pump|a&status='],
    ['only parameters of the result', '?_count=1&_sort=_id'],
    ['a date that is none', '?_lastUpdated=yesterday'],
  ];
  for (const [name, criteria] of bad) {
    await t.test(`criteria with ${name} are refused wherever they stand, and nothing is written`, async (t) => {
      const before = await rowCounts(app);
      const answers = [
        await app.send('PUT', `/Device${criteria}`, device('a')),
        await app.send('DELETE', `/Device${criteria}`),
        await app.send('PATCH', `/Device${criteria}`, '[]', PATCH),
        await app.send('POST', '/Device', device('a'), { 'if-none-exist': criteria }),
      ];
      for (const answer of answers) t.match(answer, { status: 400, body: { resourceType: 'OperationOutcome' } });
      t.same(await rowCounts(app), before);
    });
  }

  await t.test('criteria that ask a value set or a hierarchy', async (t) => {
    const url = 'urn:conditional:kinds';
    await app.send('POST', '/CodeSystem', {
      resourceType: 'CodeSystem',
      url,
      status: 'active',
      content: 'complete',
      hierarchyMeaning: 'is-a',
      concept: [{ code: 'pump', concept: [{ code: 'syringe' }] }, { code: 'scale' }],
    });
    await app.send('POST', '/ValueSet', {
      resourceType: 'ValueSet',
      url: `${url}:set`,
      status: 'active',
      compose: { include: [{ system: url, concept: [{ code: 'syringe' }] }] },
    });
    const made = (code: string) => device(`kind-${code}`, { type: { coding: [{ system: url, code }] } });
    const first = await app.send('POST', '/Device', made('syringe'), { 'if-none-exist': `type:in=${url}:set` });
    t.equal(first.status, 201);
    const again = await app.send('POST', '/Device', made('syringe'), { 'if-none-exist': `type:below=${url}|pump` });
    t.match(again, { status: 200, body: { id: first.body.id } });
    t.match(await app.send('PUT', `/Device?type:in=${url}:set`, made('syringe')), { body: { id: first.body.id } });
    const entry = {
      resource: made('scale'),
      request: { method: 'POST', url: 'Device', ifNoneExist: `type:not-in=${url}:set&identifier=urn:pump|kind-scale` },
    };
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry: [entry] };
    t.match((await app.send('POST', '/', bundle)).body.entry, [{ response: { status: /^201/ } }]);
    t.match((await app.send('POST', '/', bundle)).body.entry, [{ response: { status: /^200/ } }]);
    const before = await rowCounts(app);
    const unknown = await app.send('POST', '/Device', made('scale'), {
      'if-none-exist': 'type:in=urn:conditional:none',
    });
    t.same(refusal(unknown), refused(400, 'not-supported'));
    const unread = await app.send('DELETE', `/Device?colour:in=${url}:set`);
    t.equal(unread.status, 400);
    t.same(await rowCounts(app), before);
    t.equal((await app.send('DELETE', `/Device?type:below=${url}|pump`)).status, 204);
    t.equal((await app.send('GET', `/Device/${first.body.id}`)).status, 410);
  });

  await t.test('conditional delete: one goes, none is no error, several are refused', async (t) => {
    const { body } = await app.send('POST', '/Device', device('d'));
    t.equal((await app.send('DELETE', '/Device?identifier=urn:pump|d')).status, 204);
    t.equal((await app.send('GET', `/Device/${body.id}`)).status, 410);
    const before = await rowCounts(app);
    t.equal((await app.send('DELETE', '/Device?identifier=urn:pump|d')).status, 204);
    t.same(refusal(await app.send('DELETE', '/Device?identifier=urn:pump|a')), refused(412, 'duplicate'));
    t.same(
      refusal(await app.send('DELETE', `/Device?_id=${app.deps.engine.device.slice('Device/'.length)}`)),
      refused(403, 'forbidden'),
      'what is read-only stays',
    );
    t.same(await rowCounts(app), before);
  });

  await t.test('conditional patch: one, none, several', async (t) => {
    await app.send('POST', '/Device', device('e'));
    const patch = JSON.stringify([{ op: 'add', path: '/status', value: 'active' }]);
    const done = await app.send('PATCH', '/Device?identifier=urn:pump|e', patch, PATCH);
    t.match(done, { status: 200, headers: { etag: 'W/"2"' }, body: { status: 'active' } });
    const before = await rowCounts(app);
    t.same(
      refusal(await app.send('PATCH', '/Device?identifier=urn:pump|none', patch, PATCH)),
      refused(404, 'not-found'),
    );
    t.same(refusal(await app.send('PATCH', '/Device?identifier=urn:pump|a', patch, PATCH)), refused(412, 'duplicate'));
    t.same(await rowCounts(app), before);
  });

  await t.test(
    `${CLIENTS} conditional updates and creates at once make one resource, however the criteria are written`,
    async (t) => {
      for (let round = 0; round < 3; round += 1) {
        const value = `race ${round}`;
        const spellings = [
          `identifier=urn:pump|race%20${round}`,
          `identifier=urn%3Apump%7Crace+${round}`,
          `_format=json&identifier=urn:pump|race%20${round}`,
        ];
        const answers = await Promise.all(
          Array.from({ length: CLIENTS }, (_, i) => {
            const criteria = spellings[i % 3] ?? '';
            return i % 2
              ? app.send('PUT', `/Device?${criteria}`, device(value))
              : app.send('POST', '/Device', device(value), { 'if-none-exist': criteria });
          }),
        );
        t.equal(answers.filter(({ status }) => status === 201).length, 1);
        t.ok(answers.every(({ status }) => status === 200 || status === 201 || status === 503));
        t.equal(await total(`race%20${round}`), 1);
      }
    },
  );

  await t.test('patch: numbers that it does not touch keep their text, and the result is an update', async (t) => {
    const subject = await aPatient(app);
    const text = `{"resourceType":"Observation","status":"final","code":{"text":"a"},"subject":{"reference":"${subject}"},"valueQuantity":{"value":1.50,"unit":"kg"}}`;
    const { body } = await app.send('POST', '/Observation', text);
    const path = `/Observation/${body.id}`;
    const patch = JSON.stringify([
      { op: 'test', path: '/status', value: 'final' },
      { op: 'replace', path: '/status', value: 'amended' },
    ]);
    const done = await app.send('PATCH', path, patch, { ...PATCH, 'if-match': 'W/"1"' });
    t.match(done, { status: 200, headers: { etag: 'W/"2"', location: `${BASE}${path}/_history/2` } }, done.text);
    t.match(done.text, /"status":"amended".*"value":1\.50,/);
    t.equal((await app.send('GET', path)).text, done.text);
    t.equal((await app.send('GET', `/Observation?patient=${subject}&status=amended&_summary=count`)).body.total, 1);
    const minimal = await app.send('PATCH', path, '[]', { ...PATCH, prefer: 'return=minimal' });
    t.match(minimal, { status: 200, text: '', headers: { etag: 'W/"3"' } });

    const before = await rowCounts(app);
    const refusals: [string, unknown, Record<string, string>, unknown][] = [
      ['a test that fails', [{ op: 'test', path: '/status', value: 'final' }], {}, refused(422, 'processing')],
      ['nothing there', [{ op: 'remove', path: '/method' }], {}, refused(422, 'processing')],
      ['no JSON Patch', { op: 'remove' }, {}, refused(400, 'structure')],
      ['an unknown op', [{ op: 'merge', path: '/a' }], {}, refused(400, 'structure')],
      ['no JSON', '[', {}, refused(400, 'invalid')],
      ['a stale If-Match', [], { 'if-match': 'W/"1"' }, refused(412, 'conflict')],
      ['another id', [{ op: 'replace', path: '/id', value: 'x' }], {}, refused(422, 'processing', 'Observation.id')],
      [
        'another type',
        [{ op: 'replace', path: '/resourceType', value: 'Basic' }],
        {},
        refused(422, 'processing', 'resourceType'),
      ],
      [
        'a result that is none',
        [{ op: 'replace', path: '/status', value: 'finished' }],
        {},
        refused(422, 'code-invalid', 'Observation.status'),
      ],
      [
        'another patient',
        [{ op: 'replace', path: '/subject/reference', value: await aPatient(app) }],
        {},
        refused(422, 'business-rule', 'Observation.subject'),
      ],
    ];
    const counts = await rowCounts(app);
    t.not(before, counts);
    for (const [name, operations, headers, expected] of refusals) {
      const sent = typeof operations === 'string' ? operations : JSON.stringify(operations);
      t.same(refusal(await app.send('PATCH', path, sent, { ...PATCH, ...headers })), expected, name);
    }
    const other = await app.send('PATCH', path, [], { 'content-type': 'application/fhir+json' });
    t.equal(other.status, 415);
    t.equal((await app.send('POST', '/Observation', text, PATCH)).status, 415, 'and no other interaction takes one');
    t.same(refusal(await app.send('PATCH', '/Observation/none', '[]', PATCH)), refused(404, 'not-found'));
    t.same(await rowCounts(app), counts);
    await app.send('DELETE', path);
    t.same(refusal(await app.send('PATCH', path, '[]', PATCH)), refused(410, 'deleted'));
    const engine = app.deps.engine.device;
    t.same(refusal(await app.send('PATCH', `/${engine}`, '[]', PATCH)), refused(403, 'forbidden'));
  });

  await t.test('a response that is patched is graded anew', async (t) => {
    const subject = await aPatient(app);
    const response = aResponse(await weeklyForm(app), subject, '2026-11-01T08:00:00Z', { PROCTCAE_16A_SCL: 4 });
    const { body } = await app.send('POST', '/QuestionnaireResponse', response);
    const flags = async () =>
      (await app.send('GET', `/Flag?patient=${subject}&status=active&_summary=count`)).body.total;
    t.equal(await flags(), 1);
    const patch = [{ op: 'replace', path: '/status', value: 'entered-in-error' }];
    const done = await app.send('PATCH', `/QuestionnaireResponse/${body.id}`, JSON.stringify(patch), PATCH);
    t.equal(done.status, 200, done.text);
    t.equal(await flags(), 0);
    const back = [{ op: 'replace', path: '/status', value: 'in-progress' }];
    const refusedBack = await app.send('PATCH', `/QuestionnaireResponse/${body.id}`, JSON.stringify(back), PATCH);
    t.ok(refusedBack.status === 200 || refusedBack.status === 422);
  });

  await t.test('64 patches of one resource: each is one version, none is lost', async (t) => {
    const { body } = await app.send('POST', '/Device', device('patched', { note: [{ text: '0' }] }));
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, i) =>
        app.send(
          'PATCH',
          `/Device/${body.id}`,
          JSON.stringify([{ op: 'add', path: '/note/-', value: { text: `${i}` } }]),
          PATCH,
        ),
      ),
    );
    const done = answers.filter(({ status }) => status === 200);
    t.equal(done.length, CLIENTS);
    t.equal((await app.send('GET', `/Device/${body.id}`)).body.note.length, CLIENTS + 1);
  });

  await t.test('conditional reads, by the order of RFC 9110', async (t) => {
    const { body, headers } = await app.send('POST', '/Device', device('read'));
    const modified = String(headers['last-modified']);
    const earlier = new Date(Date.parse(modified) - 1000).toUTCString();
    const cases: [name: string, status: number, sent: Record<string, string>][] = [
      ['the same tag', 304, { 'if-none-match': 'W/"1"' }],
      ['the same tag, strong', 304, { 'if-none-match': '"1"' }],
      ['the same tag among others', 304, { 'if-none-match': 'W/"7", W/"1"' }],
      ['any tag', 304, { 'if-none-match': '*' }],
      ['another tag', 200, { 'if-none-match': 'W/"2"' }],
      ['a tag of elsewhere', 200, { 'if-none-match': '"abc"' }],
      ['not modified since', 304, { 'if-modified-since': modified }],
      ['modified since', 200, { 'if-modified-since': earlier }],
      ['a date that is none', 200, { 'if-modified-since': '2026' }],
      ['another tag beside a date that says 304', 200, { 'if-none-match': 'W/"2"', 'if-modified-since': modified }],
      ['the same tag beside a date that says 200', 304, { 'if-none-match': 'W/"1"', 'if-modified-since': earlier }],
      ['If-Match that holds', 200, { 'if-match': 'W/"1"' }],
      ['If-Match that fails comes first', 412, { 'if-match': 'W/"2"', 'if-none-match': 'W/"1"' }],
      ['If-Unmodified-Since that holds', 200, { 'if-unmodified-since': modified }],
      ['If-Unmodified-Since that fails', 412, { 'if-unmodified-since': earlier }],
      ['If-Unmodified-Since beside If-Match', 200, { 'if-match': 'W/"1"', 'if-unmodified-since': earlier }],
      ['a tag that is none', 400, { 'if-none-match': 'one' }],
    ];
    for (const [name, status, sent] of cases) {
      for (const path of [`/Device/${body.id}`, `/Device/${body.id}/_history/1`]) {
        for (const method of ['GET', 'HEAD'] as const) {
          const answer = await app.send(method, path, undefined, sent);
          t.equal(answer.status, status, `${name}: ${method} ${path}`);
          if (status === 304) t.match(answer, { text: '', headers: { etag: 'W/"1"', 'last-modified': modified } });
        }
      }
    }
  });

  await t.test('preconditions of a write, by the order of RFC 9110', async (t) => {
    const cases: [name: string, holds: boolean, sent: (modified: number) => Record<string, string>][] = [
      ['If-Match that holds', true, () => ({ 'if-match': 'W/"1"' })],
      ['If-Match that fails', false, () => ({ 'if-match': 'W/"2"' })],
      ['not changed since', true, (at) => ({ 'if-unmodified-since': new Date(at).toUTCString() })],
      ['changed since', false, (at) => ({ 'if-unmodified-since': new Date(at - 1000).toUTCString() })],
      [
        'changed since, beside a tag that holds',
        true,
        (at) => ({ 'if-match': 'W/"1"', 'if-unmodified-since': new Date(at - 1000).toUTCString() }),
      ],
      ['a date that is none', true, () => ({ 'if-unmodified-since': '2001' })],
      ['a date of reads', true, (at) => ({ 'if-modified-since': new Date(at).toUTCString() })],
      ['If-None-Match of another version', true, () => ({ 'if-none-match': 'W/"2"' })],
      ['If-None-Match of any', false, () => ({ 'if-none-match': '*' })],
    ];
    const patched = [{ op: 'add', path: '/status', value: 'active' }];
    for (const [name, holds, sent] of cases) {
      for (const method of ['PUT', 'PATCH', 'DELETE'] as const) {
        const { body } = await app.send('POST', '/Device', device(`pre ${name} ${method}`));
        const headers = sent(Math.floor(Date.parse(body.meta.lastUpdated) / 1000) * 1000);
        const answer = await app.send(
          method,
          `/Device/${body.id}`,
          method === 'PUT' ? body : method === 'PATCH' ? patched : undefined,
          { ...(method === 'PATCH' ? { 'content-type': 'application/json-patch+json' } : {}), ...headers },
        );
        t.equal(answer.status, holds ? (method === 'DELETE' ? 204 : 200) : 412, `${name}: ${method} ${answer.text}`);
        if (!holds) t.equal((await app.send('GET', `/Device/${body.id}`)).headers.etag, 'W/"1"', 'nothing is written');
      }
    }
    const fresh = { resourceType: 'Device', id: 'not-there-yet' };
    const put = await app.send('PUT', '/Device/not-there-yet', fresh, {
      'if-unmodified-since': 'Mon, 01 Jan 2001 00:00:00 GMT',
    });
    t.equal(put.status, 201, 'what is not there has no date');
  });

  await t.test('a deletion tells its version, and an OperationOutcome to who prefers one', async (t) => {
    const { body } = await app.send('POST', '/Device', device('gone'));
    const first = await app.send('DELETE', `/Device/${body.id}`);
    t.match(first, { status: 204, text: '', headers: { etag: 'W/"2"' } });
    const prefer = { prefer: 'return=OperationOutcome' };
    const again = await app.send('DELETE', `/Device/${body.id}`, undefined, prefer);
    t.match(again, { status: 200, body: { resourceType: 'OperationOutcome', issue: [{ severity: 'information' }] } });
    t.equal(again.headers.etag, undefined);
    await app.send('PUT', `/Device/${body.id}`, body);
    const told = await app.send('DELETE', `/Device?_id=${body.id}`, undefined, prefer);
    t.match(told, { status: 200, headers: { etag: 'W/"4"' }, body: { issue: [{ diagnostics: 'Deleted' }] } });
  });
});
