import type { Resource } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { RESOURCES } from '../../src/fhir/resources.ts';
import { type TestApp, testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { aForm, put, refusal, refused, rowCounts, VALID } from './support.ts';

const BASE = 'http://localhost:8080/fhir';

t.test('interactions', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  await put(app, aForm());

  const writable = RESOURCES.filter(({ interactions }) => interactions.includes('create'));
  t.same(
    RESOURCES.filter((spec) => !writable.includes(spec)).map(({ type }) => type),
    ['Flag', 'Provenance', 'AuditEvent'],
    'clients write all types but what the engine alone writes',
  );
  for (const { type } of writable) {
    t.test(`${type}: the life of a resource`, async (t) => {
      const make = VALID[type];
      if (!make) throw new Error(`no valid ${type}: add one to VALID`);
      await life(t, app, make(patient));
    });
  }

  t.test('what the engine alone writes offers no write: 405 with Allow', async (t) => {
    for (const type of ['Flag', 'Provenance', 'AuditEvent']) {
      const before = await rowCounts(app);
      const create = await app.send('POST', `/${type}`, { resourceType: type });
      t.same(refusal(create), refused(405, 'not-supported'), `POST ${type}`);
      t.equal(create.headers.allow, 'GET, HEAD');
      for (const method of ['PUT', 'DELETE'] as const) {
        const answer = await app.send(method, `/${type}/x`, method === 'PUT' ? { resourceType: type } : undefined);
        t.same(refusal(answer), refused(405, 'not-supported'), `${method} ${type}/x`);
        t.equal(answer.headers.allow, 'GET, HEAD');
      }
      t.same(await rowCounts(app), before);
    }
  });

  t.test('an Observation of the engine is read-only, one of a client is not', async (t) => {
    const other = await aPatient(app);
    await app.send(
      'POST',
      '/QuestionnaireResponse',
      aResponse(await weeklyForm(app), other, '2026-11-01T08:00:00Z', { PROCTCAE_16A_SCL: 4 }),
    );
    const found = await app.send('GET', `/Observation?patient=${other}`);
    const [{ resource }] = found.body.entry;
    const before = await rowCounts(app);
    t.same(refusal(await app.send('PUT', `/Observation/${resource.id}`, resource)), refused(403, 'forbidden'));
    t.same(refusal(await app.send('DELETE', `/Observation/${resource.id}`)), refused(403, 'forbidden'));
    const engine = app.deps.engine.device;
    const { body: device } = await app.send('GET', `/${engine}`);
    t.same(refusal(await app.send('PUT', `/${engine}`, device)), refused(403, 'forbidden'), 'and so is its Device');
    t.same(refusal(await app.send('DELETE', `/${engine}`)), refused(403, 'forbidden'));
    t.same(await rowCounts(app), before);
    t.equal((await app.send('GET', `/Observation/${resource.id}`)).headers.etag, 'W/"1"');
  });

  t.test('an unknown id is 404 wherever it is read, and no error to delete', async (t) => {
    const id = '01234567-89ab-8cde-8f01-23456789abcd';
    for (const { type } of RESOURCES) {
      for (const path of [`/${type}/${id}`, `/${type}/${id}/_history`, `/${type}/${id}/_history/1`]) {
        t.same(refusal(await app.send('GET', path)), refused(404, 'not-found'), path);
      }
    }
    for (const { type } of writable) {
      t.equal((await app.send('DELETE', `/${type}/${id}`)).status, 204, `DELETE ${type}`);
    }
  });

  t.test('ids that are none are not found, whatever is in them', async (t) => {
    for (const id of ['%00', 'Anne%20Dupont', '%C3%A9', `a${'b'.repeat(64)}`, '..%2F..', "'--"]) {
      const before = await rowCounts(app);
      for (const path of [`/Patient/${id}`, `/Patient/${id}/_history`, `/Patient/${id}/_history/1`]) {
        const answer = await app.send('GET', path);
        t.same(refusal(answer), refused(404, 'not-found'), path);
        t.notMatch(answer.text, /Dupont/, 'and is not repeated');
      }
      t.equal((await app.send('DELETE', `/Patient/${id}`)).status, 204);
      t.same(await rowCounts(app), before);
    }
    const { id } = await put(app, { resourceType: 'Patient' });
    for (const version of ['0', '01', '2', 'x', '1.0', '99999999999999999999', '%00']) {
      t.same(refusal(await app.send('GET', `/Patient/${id}/_history/${version}`)), refused(404, 'not-found'), version);
    }
  });

  t.test('one type is not read under the name of another', async (t) => {
    const { id } = await put(app, { resourceType: 'Patient' });
    t.same(refusal(await app.send('GET', `/Device/${id}`)), refused(404, 'not-found'));
  });

  t.test('history is paged to its end, each version once', async (t) => {
    const { id } = await put(app, { resourceType: 'Patient', birthDate: '1961-01-01' });
    for (let year = 1962; year < 1967; year += 1) {
      const { status } = await app.send('PUT', `/Patient/${id}`, { resourceType: 'Patient', id, birthDate: `${year}` });
      t.equal(status, 200);
    }
    const versions: string[] = [];
    let path: string | undefined = `/Patient/${id}/_history?_count=4`;
    let pages = 0;
    while (path) {
      const { body } = await app.send('GET', path);
      t.equal(body.total, 6);
      // biome-ignore lint/suspicious/noExplicitAny: whatever came
      versions.push(...body.entry.map((entry: any) => entry.response.etag));
      const next: { url: string } | undefined = body.link.find(
        (link: { relation: string }) => link.relation === 'next',
      );
      path = next?.url.slice(BASE.length);
      pages += 1;
    }
    t.same(versions, ['W/"6"', 'W/"5"', 'W/"4"', 'W/"3"', 'W/"2"', 'W/"1"']);
    t.equal(pages, 2);
    t.same(refusal(await app.send('GET', `/Patient/${id}/_history?_count=many`)), refused(400, 'invalid'));
    t.notOk((await app.send('GET', `/Patient/${id}/_history?_count=0`)).body.entry, '_count=0 counts only');
  });

  t.test('Prefer: return=', async (t) => {
    const make = () => ({ resourceType: 'Patient', active: true });
    const minimal = await app.send('POST', '/Patient', make(), { prefer: 'return=minimal' });
    t.match(minimal, { status: 201, text: '', headers: { etag: 'W/"1"', location: /\/_history\/1$/ } });
    const whole = await app.send('POST', '/Patient', make(), { prefer: 'return=representation' });
    t.match(whole, { status: 201, body: { resourceType: 'Patient', active: true } });
    const outcome = await app.send('POST', '/Patient', make(), { prefer: 'return=OperationOutcome' });
    t.match(outcome, { status: 201, body: { resourceType: 'OperationOutcome', issue: [{ severity: 'information' }] } });
    const several = await app.send('POST', '/Patient', make(), { prefer: 'handling=strict; return="minimal"' });
    t.match(several, { status: 201, text: '' });
    const id = whole.body.id;
    const again = await app.send('PUT', `/Patient/${id}`, { ...make(), id }, { prefer: 'return=minimal' });
    t.match(again, { status: 200, text: '', headers: { etag: 'W/"2"' } });
  });

  t.test('Prefer: return=OperationOutcome tells which Flags opened and changed', async (t) => {
    const subject = await aPatient(app);
    const form = await weeklyForm(app);
    const prefer = { prefer: 'return=OperationOutcome' };
    const post = (authored: string, score: number) =>
      app.send(
        'POST',
        '/QuestionnaireResponse',
        aResponse(form, subject, authored, { PROCTCAE_16A_SCL: score }),
        prefer,
      );
    const opened = await post('2026-11-01T08:00:00Z', 4);
    t.equal(opened.status, 201);
    const said = opened.body.issue[0];
    t.match(said, { severity: 'information', details: { text: /^Flag opened.*composite grade 3/ } });
    const flag = await app.send('GET', `/${said.diagnostics}`);
    t.match(flag.body, { resourceType: 'Flag', status: 'active', subject: { reference: subject } });
    const better = await post('2026-11-08T08:00:00Z', 2);
    t.match(better.body.issue[0].details.text, /^Flag better/);
  });

  t.test('If-None-Exist creates once, then gives back what is there', async (t) => {
    const body = { resourceType: 'Patient', identifier: [{ system: 'urn:ward', value: 'p 1' }] };
    const condition = { 'if-none-exist': 'identifier=urn:ward|p%201' };
    const first = await app.send('POST', '/Patient', body, condition);
    t.equal(first.status, 201);
    const before = await rowCounts(app);
    const second = await app.send('POST', '/Patient', { ...body, active: true }, condition);
    t.equal(second.status, 200);
    t.equal(second.text, first.text, 'the very bytes');
    t.equal(second.headers.location, first.headers.location);
    t.equal(second.headers.etag, first.headers.etag);
    t.same(await rowCounts(app), before, 'nothing changed');
    for (const extra of ['_summary=count', '_count=0', `_cursor=${Buffer.from('[null,"0"]').toString('base64url')}`]) {
      const answer = await app.send('POST', '/Patient', body, {
        'if-none-exist': `${condition['if-none-exist']}&${extra}`,
      });
      t.not(answer.status, 201, `${extra} does not make it blind`);
    }
    t.same(await rowCounts(app), before);
    await put(app, { ...body, resourceType: 'Patient' });
    t.same(refusal(await app.send('POST', '/Patient', body, condition)), refused(412, 'duplicate'));
  });

  t.test('a conditional create after a deletion creates anew', async (t) => {
    const body = { resourceType: 'Device', identifier: [{ system: 'urn:ward', value: 'pump' }] };
    const condition = { 'if-none-exist': 'identifier=urn:ward|pump' };
    const first = await app.send('POST', '/Device', body, condition);
    await app.send('DELETE', `/Device/${first.body.id}`);
    const second = await app.send('POST', '/Device', body, condition);
    t.equal(second.status, 201);
    t.not(second.body.id, first.body.id);
  });

  t.test('Content-Type with a charset, and of an earlier draft, is understood', async (t) => {
    for (const type of ['application/fhir+json; charset=utf-8', 'application/json', 'application/json+fhir']) {
      const answer = await app.send(
        'POST',
        '/Patient',
        { resourceType: 'Patient', active: true },
        { 'content-type': type },
      );
      t.equal(answer.status, 201, type);
    }
  });

  t.test('a DELETE that names a Content-Type and has no body deletes', async (t) => {
    const { id } = await put(app, { resourceType: 'Patient', active: true });
    const answer = await app.send('DELETE', `/Patient/${id}`, '', { 'content-type': 'application/fhir+json' });
    t.equal(answer.status, 204);
  });
});

async function life(t: Test, app: TestApp, resource: Resource): Promise<void> {
  const type = resource.resourceType;
  const created = await app.send('POST', `/${type}`, resource);
  t.equal(created.status, 201, created.text.slice(0, 500));
  const { id } = created.body;
  t.equal(created.headers.location, `${BASE}/${type}/${id}/_history/1`);
  t.equal(created.headers.etag, 'W/"1"');
  t.equal(created.headers['last-modified'], new Date(created.body.meta.lastUpdated).toUTCString());
  t.equal(created.headers['content-type'], 'application/fhir+json; charset=utf-8');
  const { meta: _meta, id: _id, ...content } = { meta: undefined, ...resource };
  const { meta, id: _ours, ...stored } = created.body;
  t.same(stored, content, 'what was sent is what is stored');
  t.match(meta, { versionId: '1', lastUpdated: /^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/ });

  const read = await app.send('GET', `/${type}/${id}`);
  t.equal(read.status, 200);
  t.equal(read.text, created.text, 'read gives the bytes that create gave');
  t.equal(read.headers.etag, 'W/"1"');
  t.equal(read.headers['last-modified'], created.headers['last-modified']);
  const head = await app.send('HEAD', `/${type}/${id}`);
  t.match(head, { status: 200, text: '', headers: { etag: 'W/"1"' } });
  t.equal(head.headers['content-length'], String(Buffer.byteLength(read.text)));

  const found = await app.send('GET', `/${type}?_id=${id}`);
  t.match(found.body, { resourceType: 'Bundle', type: 'searchset', entry: [{ search: { mode: 'match' } }] });
  t.equal(found.body.entry[0].fullUrl, `${BASE}/${type}/${id}`);
  t.same(found.body.entry[0].resource, created.body);

  // A second version: a tag is allowed on every type.
  const next = { ...created.body, meta: { tag: [{ system: 'urn:t', code: 'again' }] } };
  const before = await rowCounts(app);
  const refusedWrites: [string, unknown, Record<string, string>, unknown][] = [
    ['a stale If-Match', next, { 'if-match': 'W/"7"' }, refused(412, 'conflict')],
    ['a tag that is none of ours', next, { 'if-match': '"abc"' }, refused(412, 'conflict')],
    ['an If-Match that is no tag', next, { 'if-match': 'one' }, refused(400, 'invalid')],
    ['another id in the body', { ...next, id: 'other' }, {}, refused(400, 'invalid', `${type}.id`)],
    ['no id in the body', { ...next, id: undefined }, {}, refused(400, 'invalid', `${type}.id`)],
    [
      'another type in the body',
      { resourceType: type === 'Basic' ? 'Patient' : 'Basic', id },
      {},
      refused(400, 'invalid', 'resourceType'),
    ],
  ];
  for (const [name, body, headers, expected] of refusedWrites) {
    t.same(refusal(await app.send('PUT', `/${type}/${id}`, body, headers)), expected, name);
  }
  t.same(
    refusal(await app.send('DELETE', `/${type}/${id}`, undefined, { 'if-match': 'W/"7"' })),
    refused(412, 'conflict'),
  );
  t.same(await rowCounts(app), before, 'nothing of it was written');

  const updated = await app.send('PUT', `/${type}/${id}`, next, { 'if-match': 'W/"1"' });
  t.equal(updated.status, 200, updated.text.slice(0, 500));
  t.equal(updated.headers.etag, 'W/"2"');
  t.equal(updated.headers.location, `${BASE}/${type}/${id}/_history/2`);
  t.match(updated.body.meta, { versionId: '2', tag: [{ code: 'again' }] });
  t.same(refusal(await app.send('PUT', `/${type}/${id}`, next, { 'if-match': 'W/"1"' })), refused(412, 'conflict'));

  const first = await app.send('GET', `/${type}/${id}/_history/1`);
  t.equal(first.text, created.text, 'the first version is as it was');
  t.equal(first.headers.etag, 'W/"1"');
  t.equal((await app.send('GET', `/${type}/${id}`)).text, updated.text);

  const deletion = await app.send('DELETE', `/${type}/${id}`, undefined, { 'if-match': 'W/"2"' });
  t.equal(deletion.status, 204, deletion.text);
  t.equal(deletion.text, '');
  t.same(refusal(await app.send('GET', `/${type}/${id}`)), refused(410, 'deleted'));
  t.same(refusal(await app.send('GET', `/${type}/${id}/_history/3`)), refused(410, 'deleted'));
  t.equal((await app.send('HEAD', `/${type}/${id}`)).status, 410);
  t.equal((await app.send('GET', `/${type}/${id}/_history/2`)).status, 200, 'an old version can still be read');
  t.notOk((await app.send('GET', `/${type}?_id=${id}`)).body.entry, 'it is not found any more');
  const afterwards = await rowCounts(app);
  t.equal((await app.send('DELETE', `/${type}/${id}`)).status, 204, 'deleting again is no error');
  t.same(await rowCounts(app), afterwards, 'and makes no version');

  const { body: bundle } = await app.send('GET', `/${type}/${id}/_history`);
  t.match(bundle, { resourceType: 'Bundle', type: 'history', total: 3 });
  t.same(
    bundle.entry.map(({ fullUrl, request, response }: Record<string, unknown>) => [fullUrl, request, response]),
    [
      ['DELETE', `${type}/${id}`, '204', 3],
      ['PUT', `${type}/${id}`, '200', 2],
      ['POST', type, '201', 1],
    ].map(([method, url, status, version], index) => [
      `${BASE}/${type}/${id}`,
      { method, url },
      { status, etag: `W/"${version}"`, lastModified: bundle.entry[index].response.lastModified },
    ]),
  );
  t.notOk('resource' in bundle.entry[0], 'a deletion has no resource');
  t.same(bundle.entry[2].resource, created.body);
}
