import type { BundleEntry } from '@medplum/fhirtypes';
import t from 'tap';
import { type TestApp, testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';
import { batch, bundleOf, entry, jsonPatch, statuses, transaction, urn } from '../transaction/support.ts';

const device = (name: string) => ({ resourceType: 'Device', identifier: [{ system: 'urn:x', value: name }] });
const observation = (subject: string) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8331-1' }] },
  subject: { reference: subject },
});

t.test('a Bundle that is not right is refused as a whole', async (t) => {
  const app = await testApp({ connections: 2, demoPolicy: false });
  t.teardown(() => app.close());
  const cases: [name: string, body: unknown, status: number, expression: string | undefined][] = [
    ['a resource that is no Bundle', { resourceType: 'Patient' }, 400, undefined],
    ['a Bundle that asks for nothing', { resourceType: 'Bundle', type: 'collection' }, 400, 'Bundle.type'],
    ['a Bundle without a type', { resourceType: 'Bundle' }, 400, 'Bundle.type'],
    ['entries that are no array', { ...bundleOf('batch', []), entry: {} }, 400, 'Bundle.entry'],
    ['an entry without a request', bundleOf('batch', [{ resource: device('a') as never }]), 400, 'Bundle'],
    [
      'a method that there is not',
      bundleOf('batch', [entry('FETCH' as never, 'Device')]),
      400,
      'Bundle.entry[0].request.method',
    ],
    [
      'a request without a url',
      bundleOf('batch', [{ request: { method: 'GET' } as never }]),
      400,
      'Bundle.entry[0].request.url',
    ],
    [
      'one fullUrl twice',
      bundleOf('transaction', [
        entry('POST', 'Device', device('a'), { fullUrl: urn(1) }),
        entry('POST', 'Device', device('b'), { fullUrl: urn(1) }),
      ]),
      400,
      'Bundle',
    ],
    [
      'a fullUrl that is not absolute',
      bundleOf('transaction', [entry('POST', 'Device', device('a'), { fullUrl: 'Device/1' })]),
      400,
      'Bundle.entry[0].fullUrl',
    ],
    [
      'a urn:uuid without a UUID',
      bundleOf('transaction', [entry('POST', 'Device', device('a'), { fullUrl: 'urn:uuid:1' })]),
      400,
      'Bundle.entry[0].fullUrl',
    ],
    [
      'a fullUrl of another type',
      bundleOf('transaction', [entry('POST', 'Device', device('a'), { fullUrl: 'http://x.org/Patient/1' })]),
      400,
      'Bundle.entry[0].fullUrl',
    ],
    [
      'a fullUrl of another id',
      bundleOf('transaction', [
        entry('PUT', 'Device/2', { ...device('a'), id: '2' }, { fullUrl: 'http://x.org/Device/1' }),
      ]),
      400,
      'Bundle.entry[0].fullUrl',
    ],
    [
      'more entries than are taken',
      bundleOf(
        'batch',
        Array.from({ length: 1001 }, (): BundleEntry => entry('GET', 'Device/x')),
      ),
      413,
      'Bundle.entry',
    ],
  ];
  for (const [name, body, status, expression] of cases) {
    await t.test(name, async (t) => {
      const answer = await app.send('POST', '', body);
      t.equal(answer.status, status, answer.text);
      t.equal(answer.body.resourceType, 'OperationOutcome');
      t.equal(answer.body.issue[0].expression?.[0], expression);
    });
  }
  await t.test('a Bundle without entries is answered by one', async (t) => {
    t.same((await batch(app, [])).body, { resourceType: 'Bundle', type: 'batch-response' });
    t.same((await transaction(app, [])).body, { resourceType: 'Bundle', type: 'transaction-response' });
    t.equal((await app.send('POST', '/', bundleOf('batch', []))).status, 200, 'also with a slash behind the base');
  });
});

t.test('a batch', async (t) => {
  const app = await testApp({ connections: 2, demoPolicy: false });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const [, id = ''] = patient.split('/');

  await t.test('each entry on its own, in order, with its own status and outcome', async (t) => {
    const answer = await batch(app, [
      entry('POST', 'Device', device('one')),
      entry('POST', 'Device', { ...device('two'), colour: 'red' }),
      entry('GET', patient),
      entry('GET', 'Patient/nobody'),
      entry('GET', 'Device?identifier=urn:x|one'),
      entry('PUT', 'Device/mine', { ...device('three'), id: 'mine' }),
      entry('PATCH', 'Device/mine', jsonPatch([{ op: 'add', path: '/status', value: 'active' }])),
      entry('DELETE', 'Device/mine'),
      entry('HEAD', patient),
      entry('POST', 'Nothing', device('four')),
      entry('GET', 'Patient?nonsense=1', undefined),
      entry('GET', 'metadata'),
    ]);
    t.equal(answer.status, 200);
    t.equal(answer.body.type, 'batch-response');
    t.same(statuses(answer), ['201', '400', '200', '404', '200', '201', '200', '204', '200', '404', '200', '200']);
    const [created, refused, read, missing, found, , patched, deleted, head] = answer.body.entry;
    t.match(created, {
      fullUrl: /^http:\/\/localhost:8080\/fhir\/Device\/[^/]+$/,
      resource: { resourceType: 'Device', meta: { versionId: '1' } },
      response: { etag: 'W/"1"', location: /\/Device\/.+\/_history\/1$/ },
    });
    t.equal(created.response.lastModified, created.resource.meta.lastUpdated);
    t.match(refused.response.outcome, { resourceType: 'OperationOutcome', issue: [{ expression: ['Device.colour'] }] });
    t.notOk(refused.resource);
    t.equal(read.resource.id, id);
    t.equal(missing.response.outcome.issue[0].code, 'not-found');
    t.equal(found.resource.type, 'searchset');
    t.equal(found.resource.entry.length, 1, 'what an earlier entry wrote is there');
    t.equal(patched.resource.status, 'active');
    t.same(deleted, { response: { status: '204', etag: 'W/"3"' } });
    t.notOk(head.resource);
  });

  await t.test('what an operation gives is its result, also where that is an OperationOutcome', async (t) => {
    const answer = await batch(app, [
      entry('POST', 'Device/$validate', device('sound')),
      entry('POST', 'Device/$unheard', device('sound')),
    ]);
    t.match(answer.body.entry, [
      { resource: { resourceType: 'OperationOutcome' }, response: { status: '200', outcome: undefined } },
      { resource: undefined, response: { status: '404', outcome: { resourceType: 'OperationOutcome' } } },
    ]);
  });

  await t.test('conditions of an entry are those of the headers', async (t) => {
    const stored = (await app.send('PUT', '/Device/cond', { ...device('cond'), id: 'cond' })).body;
    const answer = await batch(app, [
      entry('GET', 'Device/cond', undefined, { ifNoneMatch: 'W/"1"' }),
      entry('GET', 'Device/cond', undefined, { ifModifiedSince: stored.meta.lastUpdated }),
      entry('PUT', 'Device/cond', { ...device('cond'), id: 'cond' }, { ifMatch: 'W/"7"' }),
      entry('POST', 'Device', device('cond'), { ifNoneExist: 'identifier=urn:x|cond' }),
      entry('PUT', 'Device?identifier=urn:x|cond', device('cond')),
    ]);
    t.same(statuses(answer), ['304', '304', '412', '200', '200']);
    const [byTag, byDate] = answer.body.entry;
    for (const { response } of [byTag, byDate])
      t.equal(response.lastModified, stored.meta.lastUpdated, 'to the millisecond');
    t.equal(answer.body.entry[3].resource.id, 'cond');
    t.equal(answer.body.entry[4].response.etag, 'W/"2"');
  });

  await t.test('entries cannot refer to each other', async (t) => {
    const answer = await batch(app, [
      entry('POST', 'Patient', { resourceType: 'Patient' }, { fullUrl: urn(1) }),
      entry('POST', 'Observation', observation(urn(1)), { fullUrl: urn(2) }),
    ]);
    t.same(statuses(answer), ['201', '400']);
    t.match(answer.body.entry[1].response.outcome.issue[0].diagnostics, /cannot refer to each other/);
    const conditional = await batch(app, [entry('POST', 'Observation', observation('Patient?identifier=urn:x|1'))]);
    t.same(statuses(conditional), ['400']);
    const [issue] = conditional.body.entry[0].response.outcome.issue;
    t.match(issue, { diagnostics: /in a transaction only/, expression: ['Observation.subject.reference'] });
  });

  await t.test('no url leads out of the base, or to another Bundle', async (t) => {
    const urls = [
      '',
      '/',
      '../health/live',
      'Patient/../../health/live',
      '//evil.example/x',
      'http://evil.example/Patient',
      '%2e%2e/health',
    ];
    const answer = await batch(
      app,
      urls.map((url) => entry('POST', url === '' ? '#' : url, bundleOf('batch', []))),
    );
    t.same(new Set(statuses(answer)), new Set(['400']), JSON.stringify(answer.body));
  });

  await t.test('Prefer goes for each entry', async (t) => {
    const answer = await batch(app, [entry('POST', 'Device', device('min'))], { prefer: 'return=minimal' });
    t.notOk(answer.body.entry[0].resource);
    const strict = await batch(app, [entry('GET', 'Patient?nonsense=1')], { prefer: 'handling=strict' });
    t.same(statuses(strict), ['400']);
  });

  await t.test('received text is kept', async (t) => {
    const text = `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"\\u00e9 }]"},
      "valueQuantity":{"value":1.50}},"request":{"method":"POST","url":"Observation"}}]}`;
    const answer = await app.send('POST', '', text);
    t.ok(answer.text.includes('"code":{"text":"\\u00e9 }]"},"valueQuantity":{"value":1.50}'), answer.text);
  });
});

t.test('all with one connection to the database', async (t) => {
  const app: TestApp = await testApp({ connections: 1, demoPolicy: false });
  t.teardown(() => app.close());
  const answers = await Promise.all(
    Array.from({ length: 4 }, (_, i) =>
      transaction(
        app,
        [
          entry('POST', 'Patient', { resourceType: 'Patient' }, { fullUrl: urn(1) }),
          entry('POST', 'Observation', observation(urn(1))),
          entry('POST', 'CodeSystem', {
            resourceType: 'CodeSystem',
            url: `https://example.org/${i}`,
            status: 'draft',
            content: 'complete',
          }),
          entry('GET', 'Observation?_count=1'),
          entry('GET', 'Patient/x/_history'),
        ].slice(0, 4),
      ),
    ),
  );
  for (const answer of answers) t.same(statuses(answer), ['201', '201', '201', '200'], answer.text);
});
