import t from 'tap';
import { testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';
import { entry, everything, jsonPatch, statuses, transaction, urn } from './support.ts';

const BASE = 'http://localhost:8080/fhir';
const device = (name: string, more: object = {}) => ({
  resourceType: 'Device',
  identifier: [{ system: 'urn:x', value: name }],
  ...more,
});
const patient = (name: string) => ({ resourceType: 'Patient', identifier: [{ system: 'urn:p', value: name }] });
const observation = (subject: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8331-1' }] },
  subject: { reference: subject },
  ...more,
});

t.test('a transaction', async (t) => {
  const app = await testApp({ demoPolicy: false, connections: 4 });
  t.teardown(() => app.close());

  await t.test(
    'deletes, creates, updates, patches and then reads, whatever the order; answers in the order given',
    async (t) => {
      await app.send('PUT', '/Device/old', device('order', { id: 'old' }));
      await app.send('PUT', '/Device/changed', device('changed', { id: 'changed' }));
      const answer = await transaction(app, [
        entry('GET', 'Device?identifier=urn:x|order'),
        entry('PATCH', 'Device/changed', jsonPatch([{ op: 'add', path: '/status', value: 'active' }])),
        entry('PUT', 'Device/mine', device('order', { id: 'mine' })),
        entry('POST', 'Device', device('order'), { ifNoneExist: 'identifier=urn:x|order' }),
        entry('DELETE', 'Device/old'),
        entry('GET', 'Device/changed/_history'),
        entry('HEAD', 'Device/changed'),
      ]);
      t.same(statuses(answer), ['200', '200', '201', '201', '204', '200', '200'], answer.text);
      const [found, patched, put, created] = answer.body.entry;
      t.same(
        found.resource.entry.map(({ resource }: { resource: { id: string } }) => resource.id).sort(),
        [put.resource.id, created.resource.id].sort(),
        'the search sees what was written, and not what was deleted',
      );
      t.equal(patched.resource.meta.versionId, '2');
      t.match(created, {
        fullUrl: `${BASE}/Device/${created.resource.id}`,
        response: { location: `${BASE}/Device/${created.resource.id}/_history/1`, etag: 'W/"1"' },
      });
      t.equal(created.response.lastModified, created.resource.meta.lastUpdated);
      t.equal(answer.body.entry[5].resource.entry.length, 2, 'a history too');
      t.equal((await app.send('GET', '/Device/old')).status, 410);
    },
  );

  await t.test(
    'links between entries become those of this server, everywhere in a resource and nowhere else',
    async (t) => {
      const text = `{"resourceType":"Bundle","type":"transaction","entry":[
      {"fullUrl":"${urn(1)}","resource":{"resourceType":"Observation","status":"final","code":{"text":"caf\\u00e9 ${urn(2)}"},
        "identifier":[{"system":"urn:ietf:rfc:3986","value":"${urn(2)}"}],
        "text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><a href=\\"${urn(2)}\\">who</a> ${urn(2)}</div>"},
        "extension":[{"url":"https://example.org/e","valueUri":"${urn(2)}"},{"url":"https://example.org/f","valueString":"${urn(2)}"}],
        "subject":{"reference":"${urn(2)}"},"valueQuantity":{"value":1.50},
        "hasMember":[{"reference":"${urn(3)}"}]},"request":{"method":"POST","url":"Observation"}},
      {"fullUrl":"${urn(2)}","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
      {"fullUrl":"${urn(3)}","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"${urn(2)}"},
        "hasMember":[{"reference":"${urn(1)}"}]},"request":{"method":"POST","url":"Observation"}}]}`;
      const { body, text: answered } = await app.send('POST', '', text);
      const [one, who, other] = body.entry.map(({ resource }: { resource: unknown }) => resource);
      const reference = `Patient/${who.id}`;
      t.equal(one.subject.reference, reference);
      t.equal(other.hasMember[0].reference, `Observation/${one.id}`, 'in a circle too');
      t.equal(one.hasMember[0].reference, `Observation/${other.id}`);
      t.equal(one.extension[0].valueUri, reference);
      t.equal(one.extension[1].valueString, urn(2), 'a string is no link');
      t.equal(one.identifier[0].value, urn(2), 'an identifier is a name');
      t.match(one.text.div, `<a href="${reference}">who</a> ${urn(2)}`);
      t.ok(
        answered.includes(`"code":{"text":"caf\\u00e9 ${urn(2)}"}`) && answered.includes('"value":1.50'),
        'all else as received',
      );
      const search = await app.send('GET', `/Observation?subject=${reference}`);
      t.equal(search.body.entry.length, 2, 'and is found by them');
    },
  );

  await t.test('relative links are read against the fullUrl beside them', async (t) => {
    const there = 'https://other.example/r4';
    const { body } = await transaction(app, [
      entry('POST', 'Patient', { ...patient('elsewhere'), id: '77' }, { fullUrl: `${there}/Patient/77` }),
      entry('POST', 'Observation', observation('Patient/77', { id: '5' }), { fullUrl: `${there}/Observation/5` }),
      entry('POST', 'Observation', observation(`${there}/Patient/77`)),
    ]);
    const [who, relative, absolute] = body.entry.map(({ resource }: { resource: unknown }) => resource);
    t.equal(relative.subject.reference, `Patient/${who.id}`);
    t.equal(absolute.subject.reference, `Patient/${who.id}`);
    t.not(who.id, '77', 'POST gives an id of ours');
  });

  await t.test('conditional references mean what is there or what the Bundle itself writes', async (t) => {
    await app.send('POST', '/Patient', patient('before'));
    const answer = await transaction(app, [
      entry('POST', 'Observation', observation('Patient?identifier=urn:p|within')),
      entry('POST', 'Observation', observation(`${BASE}/Patient?identifier=urn:p|before`), { fullUrl: urn(1) }),
      entry('POST', 'Patient', patient('within')),
      entry(
        'POST',
        'Observation',
        observation('Patient?identifier=urn:p|within', { hasMember: [{ reference: urn(1) }] }),
      ),
    ]);
    t.same(statuses(answer), ['201', '201', '201', '201'], answer.text);
    const [one, two, within, three] = answer.body.entry.map(({ resource }: { resource: unknown }) => resource);
    t.equal(one.subject.reference, `Patient/${within.id}`);
    t.match(two.subject.reference, /^Patient\/[^?]+$/);
    t.equal(three.hasMember[0].reference, `Observation/${two.id}`);
    t.equal((await app.send('GET', `/Observation/${one.id}`)).status, 200, 'and it can be read by its id');
  });

  await t.test('a conditional create that finds something stands for that', async (t) => {
    const held = (await app.send('POST', '/Patient', patient('held'))).body;
    const answer = await transaction(app, [
      entry('POST', 'Patient', patient('held'), { fullUrl: urn(1), ifNoneExist: 'identifier=urn:p|held' }),
      entry('POST', 'Observation', observation(urn(1))),
    ]);
    t.same(statuses(answer), ['200', '201']);
    t.equal(answer.body.entry[0].resource.id, held.id);
    t.equal(answer.body.entry[1].resource.subject.reference, `Patient/${held.id}`);
  });

  await t.test('two conditional creates that ask for the same are one', async (t) => {
    const answer = await transaction(app, [
      entry('POST', 'Patient', patient('twin'), { fullUrl: urn(1), ifNoneExist: 'identifier=urn:p|twin' }),
      entry('POST', 'Patient', patient('twin'), { fullUrl: urn(2), ifNoneExist: 'identifier=urn:p|twin' }),
      entry('POST', 'Observation', observation(urn(2))),
    ]);
    t.same(statuses(answer), ['201', '200', '201'], answer.text);
    const [first, second, third] = answer.body.entry.map(({ resource }: { resource: unknown }) => resource);
    t.equal(first.id, second.id);
    t.equal(third.subject.reference, `Patient/${first.id}`);
  });

  await t.test('a conditional update is known to the others, whether it finds something or not', async (t) => {
    for (const status of ['201', '200']) {
      const answer = await transaction(app, [
        entry('POST', 'Observation', observation(urn(1))),
        entry('PUT', 'Patient?identifier=urn:p|upsert', patient('upsert'), { fullUrl: urn(1) }),
      ]);
      t.same(statuses(answer), ['201', status], answer.text);
      t.equal(answer.body.entry[0].resource.subject.reference, `Patient/${answer.body.entry[1].resource.id}`);
    }
  });

  await t.test('conditional patch and delete, preconditions, links in a patch', async (t) => {
    await app.send('POST', '/Device', device('cp'));
    await app.send('POST', '/Device', device('cd'));
    const answer = await transaction(app, [
      entry(
        'PATCH',
        'Device?identifier=urn:x|cp',
        jsonPatch([{ op: 'add', path: '/patient', value: { reference: urn(1) } }]),
        {
          ifMatch: 'W/"1"',
        },
      ),
      entry('DELETE', 'Device?identifier=urn:x|cd'),
      entry('DELETE', 'Device?identifier=urn:x|nobody'),
      entry('POST', 'Patient', patient('cp'), { fullUrl: urn(1) }),
    ]);
    t.same(statuses(answer), ['200', '204', '204', '201'], answer.text);
    t.equal(answer.body.entry[0].resource.patient.reference, `Patient/${answer.body.entry[3].resource.id}`);
  });

  await t.test('Prefer: return=OperationOutcome says what a deletion came to', async (t) => {
    await app.send('PUT', '/Device/doomed', device('doomed', { id: 'doomed' }));
    const answer = await transaction(app, [entry('DELETE', 'Device/doomed'), entry('DELETE', 'Device/never')], {
      prefer: 'return=OperationOutcome',
    });
    t.match(answer.body.entry, [
      { response: { status: '200', etag: 'W/"2"', outcome: { issue: [{ diagnostics: 'Deleted' }] } } },
      { response: { status: '200', etag: undefined, outcome: { issue: [{ diagnostics: /nothing to delete/ }] } } },
    ]);
  });

  await t.test('a SearchParameter is searched by after the transaction, also for what came with it', async (t) => {
    const url = 'https://example.org/StructureDefinition/eye-colour';
    const answer = await transaction(app, [
      entry('POST', 'SearchParameter', {
        resourceType: 'SearchParameter',
        url: 'https://example.org/SearchParameter/eye-colour',
        name: 'eye',
        status: 'active',
        description: 'The colour of the eyes.',
        code: 'eye-colour',
        base: ['Patient'],
        type: 'token',
        expression: `Patient.extension.where(url='${url}').value`,
      }),
      entry('POST', 'Patient', { ...patient('eyes'), extension: [{ url, valueCode: 'blue' }] }),
    ]);
    t.same(statuses(answer), ['201', '201'], answer.text);
    await app.deps.indexing.refresh();
    await app.deps.indexing.work({ graceSeconds: 0 });
    const found = await app.send('GET', '/Patient?eye-colour=blue', undefined, { prefer: 'handling=strict' });
    t.match(found, { status: 200, body: { entry: [{ resource: { identifier: [{ value: 'eyes' }] } }] } }, found.text);
  });

  await t.test('conditional reads; Prefer', async (t) => {
    await app.send('PUT', '/Device/read', device('read', { id: 'read' }));
    const answer = await transaction(
      app,
      [entry('GET', 'Device/read', undefined, { ifNoneMatch: 'W/"1"' }), entry('POST', 'Device', device('prefer'))],
      { prefer: 'return=minimal' },
    );
    t.same(statuses(answer), ['304', '201']);
    t.notOk(answer.body.entry[1].resource);
    const told = await transaction(app, [entry('POST', 'Device', device('told'))], {
      prefer: 'return=OperationOutcome',
    });
    t.equal(told.body.entry[0].response.outcome.resourceType, 'OperationOutcome');
  });

  await t.test('what has its own id by PUT, with a patient that comes later in the Bundle', async (t) => {
    const answer = await transaction(app, [
      entry('PUT', 'Observation/own-o', observation('Patient/own-p', { id: 'own-o' })),
      entry('PUT', 'Patient/own-p', { resourceType: 'Patient', id: 'own-p' }),
    ]);
    t.same(statuses(answer), ['201', '201'], answer.text);
    t.equal((await app.send('GET', '/Observation?patient=own-p')).body.entry.length, 1);
    const gone = await transaction(app, [entry('DELETE', 'Patient/own-p'), entry('DELETE', 'Observation/own-o')]);
    t.same(statuses(gone), ['204', '204'], 'data goes before its patient');
  });

  const subject = await aPatient(app);
  await app.send('POST', '/Patient', patient('two'));
  await app.send('POST', '/Patient', patient('two'));
  await app.send('PUT', '/Device/there', device('there', { id: 'there' }));
  const refusals: [
    name: string,
    entries: ReturnType<typeof entry>[],
    status: number,
    expression: string,
    at?: number,
  ][] = [
    ['a resource that is not right', [entry('POST', 'Device', { ...device('a'), colour: 1 })], 400, '.resource.colour'],
    ['a resource of another type', [entry('POST', 'Device', patient('a'))], 400, '.resource.resourceType'],
    ['a create without a resource', [entry('POST', 'Device')], 400, '.resource'],
    ['a create with an id in its url', [entry('POST', 'Device/1', device('a'))], 400, '.request.url'],
    ['an update of nothing in particular', [entry('PUT', 'Device', device('a'))], 400, '.request.url'],
    ['an update without the id in its body', [entry('PUT', 'Device/there', device('a'))], 400, '.resource.id'],
    ['a type that is not served', [entry('POST', 'Appointment', { resourceType: 'Appointment' })], 400, '.request.url'],
    ['a type of elsewhere', [entry('POST', 'https://a.example/fhir/Device', device('a'))], 400, '.request.url'],
    ['what the engine writes', [entry('POST', 'Flag', { resourceType: 'Flag' })], 400, '.request.method'],
    ['an operation by POST', [entry('POST', 'Device/$validate', device('a'))], 400, '.request.url'],
    ['a search by POST', [entry('POST', 'Device/_search')], 400, '.request.url'],
    ['FHIRPath Patch', [entry('PATCH', 'Device/there', { resourceType: 'Parameters' })], 400, '.resource'],
    [
      'a patch that does not apply',
      [entry('PATCH', 'Device/there', jsonPatch([{ op: 'remove', path: '/status' }]))],
      422,
      '',
    ],
    ['a patch of what is not there', [entry('PATCH', 'Device/nobody', jsonPatch([]))], 400, ''],
    ['a read of what is not there', [entry('GET', 'Device/nobody')], 400, ''],
    ['a search that cannot be read', [entry('GET', 'Patient?birthdate=never')], 400, ''],
    [
      'another version than is current',
      [entry('PUT', 'Device/there', device('a', { id: 'there' }), { ifMatch: 'W/"9"' })],
      412,
      '',
    ],
    [
      'a patient who is not known',
      [entry('POST', 'Observation', observation('Patient/nobody'))],
      422,
      '.resource.subject',
    ],
    [
      'a reference to no entry',
      [entry('POST', 'Observation', observation(urn(9)))],
      400,
      '.resource.subject.reference',
    ],
    [
      'a conditional reference without a match',
      [entry('POST', 'Observation', observation('Patient?identifier=urn:p|none'))],
      412,
      '.resource.subject.reference',
    ],
    [
      'a conditional reference with two',
      [entry('POST', 'Observation', observation('Patient?identifier=urn:p|two'))],
      412,
      '.resource.subject.reference',
    ],
    [
      'a conditional reference by an unknown parameter',
      [entry('POST', 'Observation', observation('Patient?nonsense=1'))],
      400,
      '.resource.subject.reference',
    ],
    [
      'a conditional create with two matches',
      [entry('POST', 'Patient', patient('two'), { ifNoneExist: 'identifier=urn:p|two' })],
      412,
      '',
    ],
    ['a conditional update with two matches', [entry('PUT', 'Patient?identifier=urn:p|two', patient('two'))], 412, ''],
    ['a conditional delete with two matches', [entry('DELETE', 'Patient?identifier=urn:p|two')], 412, ''],
    ['a conditional patch without a match', [entry('PATCH', 'Patient?identifier=urn:p|none', jsonPatch([]))], 400, ''],
    [
      'data of a patient whom it deletes',
      [entry('POST', 'Observation', observation(subject)), entry('DELETE', subject)],
      422,
      '.resource.subject',
    ],
    [
      'one resource twice by id',
      [entry('PUT', 'Device/there', device('a', { id: 'there' })), entry('DELETE', 'Device/there')],
      400,
      '.request.url',
      1,
    ],
    [
      'one resource twice, once by criteria',
      [entry('PUT', 'Device/there', device('a', { id: 'there' })), entry('DELETE', 'Device?identifier=urn:x|there')],
      400,
      '.request.url',
      1,
    ],
    [
      'a conditional update of what the Bundle creates',
      [entry('POST', 'Device', device('both')), entry('PUT', 'Device?identifier=urn:x|both', device('both'))],
      400,
      '',
      1,
    ],
    [
      'a conditional create of what the Bundle creates',
      [
        entry('POST', 'Device', device('both')),
        entry('POST', 'Device', device('both'), { ifNoneExist: 'identifier=urn:x|both' }),
      ],
      400,
      '',
      1,
    ],
  ];
  const good = [
    entry('POST', 'Patient', patient('good'), { fullUrl: urn(101) }),
    entry('POST', 'Observation', observation(urn(101)), { fullUrl: urn(102) }),
    entry('POST', 'CodeSystem', {
      resourceType: 'CodeSystem',
      url: 'https://example.org/cs',
      status: 'draft',
      content: 'complete',
    }),
    entry('PUT', 'Device/new', device('new', { id: 'new' })),
    entry('GET', 'Device/new'),
  ];
  const before = await everything(app);
  for (const [name, entries, status, expression, at = 0] of refusals) {
    await t.test(`${name}: nothing of it stands, wherever it comes`, async (t) => {
      for (const position of [0, 2, good.length]) {
        const answer = await transaction(app, good.toSpliced(position, 0, ...entries));
        t.equal(answer.status, status, answer.text);
        t.equal(answer.body.resourceType, 'OperationOutcome');
        t.equal(answer.body.issue[0].expression[0], `Bundle.entry[${position + at}]${expression}`, answer.text);
      }
      t.same(await everything(app), before);
    });
  }
  await t.test('without them it stands', async (t) => {
    t.same(statuses(await transaction(app, good)), ['201', '201', '201', '201', '200']);
    t.notSame(await everything(app), before);
  });
});
