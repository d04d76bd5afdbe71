import t from 'tap';
import { type Answer, testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';
import { put, refusal, refused, rowCounts } from './support.ts';

/** Stands for what a patient typed: no refusal may repeat it. */
const SECRET = 'Zebulon-Quartermaine';

t.test('bodies that are no resource, or a faulty one', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const nested = (depth: number) =>
    `{"resourceType":"Patient","extension":${'[{"extension":'.repeat(depth)}1${'}]'.repeat(depth)}}`;
  const patient = (more: string) => `{"resourceType":"Patient",${more}}`;
  const cases: [name: string, body: string | Buffer, status: number, code: string, expression?: string][] = [
    ['no body', '', 400, 'invalid'],
    ['malformed JSON', patient(`"name":[{"text":"${SECRET}"`), 400, 'invalid'],
    ['a text that is no JSON', SECRET, 400, 'invalid'],
    ['an array', `[{"resourceType":"Patient"}]`, 400, 'structure'],
    ['a string', `"${SECRET}"`, 400, 'structure'],
    ['null', 'null', 400, 'structure'],
    ['a body of 2 MiB', patient(`"language":"${'x'.repeat(2 * 1024 * 1024)}"`), 413, 'too-long'],
    ['5,000-deep nesting of objects', nested(2500), 400, 'structure'],
    ['5,000-deep nesting of arrays', `${'['.repeat(5000)}${']'.repeat(5000)}`, 400, 'structure'],
    ['duplicate keys', patient(`"gender":"male","gender":"female"`), 400, 'structure', 'Patient.gender'],
    [
      'duplicate keys, one escaped',
      patient(`"gender":"male","gende\\u0072":"female"`),
      400,
      'structure',
      'Patient.gender',
    ],
    [
      'duplicate keys within',
      patient(`"name":[{"text":"${SECRET}","text":"x"}]`),
      400,
      'structure',
      'Patient.name[0].text',
    ],
    ['__proto__', patient(`"__proto__":{"gender":"male"}`), 400, 'structure', 'Patient.(unnamed)'],
    [
      'bad UTF-8',
      Buffer.concat([
        Buffer.from('{"resourceType":"Patient","language":"'),
        Buffer.from([0xc3, 0x28]),
        Buffer.from('"}'),
      ]),
      400,
      'invalid',
    ],
    [
      'a byte order mark',
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(patient('"active":true'))]),
      400,
      'invalid',
    ],
    ['U+0000', patient(`"language":"a\\u0000"`), 400, 'structure', 'Patient.language'],
    ['half a surrogate pair', patient(`"language":"\\ud800"`), 400, 'structure', 'Patient.language'],
    [
      'a number beyond what a double holds',
      patient(`"multipleBirthInteger":1e999`),
      400,
      'structure',
      'Patient.multipleBirthInteger',
    ],
    ['no resourceType', `{"active":true}`, 400, 'invalid', 'resourceType'],
    ['another type', `{"resourceType":"Flag"}`, 400, 'invalid', 'resourceType'],
    ['an unknown element', patient(`"nickname":"${SECRET}"`), 400, 'structure', 'Patient.nickname'],
    ['an unknown element named by free text', patient(`"${SECRET} was here":1`), 400, 'structure', 'Patient.(unnamed)'],
    ['a wrong type', patient(`"active":"${SECRET}"`), 400, 'structure', 'Patient.active'],
    ['an object where an array belongs', patient(`"name":{"text":"${SECRET}"}`), 400, 'structure', 'Patient.name'],
    ['a malformed date', patient(`"birthDate":"${SECRET}"`), 400, 'value', 'Patient.birthDate'],
    ['a day that is none', patient(`"birthDate":"2025-02-30"`), 400, 'value', 'Patient.birthDate'],
    [
      'missing required',
      patient(`"communication":[{"preferred":true}]`),
      400,
      'required',
      'Patient.communication[0].language',
    ],
    ['a bad code in a required binding', patient(`"gender":"${SECRET} or so"`), 400, 'code-invalid', 'Patient.gender'],
    [
      'two value[x]',
      patient('"deceasedBoolean":true,"deceasedDateTime":"2026-01-01"'),
      400,
      'structure',
      'Patient.deceased',
    ],
    ['an empty array', patient('"name":[]'), 400, 'structure', 'Patient.name'],
    ['an empty object', patient('"name":[{}]'), 400, 'structure', 'Patient.name[0]'],
    [
      'an invariant that does not hold',
      patient(`"contact":[{"gender":"male"}]`),
      400,
      'invariant',
      'Patient.contact[0]',
    ],
    ['an id that is none', patient(`"id":"${SECRET} 1"`), 400, 'value', 'Patient.id'],
  ];
  for (const [name, body, status, code, expression] of cases) {
    t.test(name, async (t) => {
      const before = await rowCounts(app);
      const answer = await app.send('POST', '/Patient', body);
      const { expression: place, ...rest } = refusal(answer) as { expression?: string };
      const { expression: _expected, ...expected } = refused(status, code) as { expression?: string };
      t.same(rest, expected);
      if (!name.startsWith('5,000-deep')) t.equal(place, expression);
      t.match(answer.body.issue[0].severity, 'error');
      t.ok(answer.body.issue[0].diagnostics, 'says what was expected');
      t.notMatch(answer.text, SECRET, 'does not repeat what was typed');
      t.same(await rowCounts(app), before, 'the database is unchanged');
    });
  }

  t.test('a value[x] of an Observation given twice is named by its FHIRPath', async (t) => {
    const answer = await app.send('POST', '/Observation', {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
      valueString: SECRET,
      valueInteger: 1,
    });
    t.same(refusal(answer), refused(400, 'structure', 'Observation.value'));
  });

  t.test('an update is held to the same', async (t) => {
    const { id } = await put(app, { resourceType: 'Patient', active: true });
    const before = await rowCounts(app);
    for (const [body, status, code, expression] of [
      [`{"resourceType":"Patient","id":"${id}","active":"${SECRET}"}`, 400, 'structure', 'Patient.active'],
      [`{"resourceType":"Patient","id":"${id}"`, 400, 'invalid', undefined],
      ['', 400, 'invalid', undefined],
    ] as const) {
      t.same(refusal(await app.send('PUT', `/Patient/${id}`, body)), refused(status, code, expression));
    }
    t.same(await rowCounts(app), before);
  });

  t.test('a body that is not said to be JSON: 415', async (t) => {
    const before = await rowCounts(app);
    for (const type of [
      'application/fhir+xml',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'nonsense',
    ]) {
      const answer = await app.send('POST', '/Patient', `{"resourceType":"Patient","language":"${SECRET}"}`, {
        'content-type': type,
      });
      t.same(refusal(answer), refused(415, 'not-supported'), type);
    }
    const none = await app.app.inject({
      method: 'POST',
      url: '/fhir/Patient',
      headers: { host: 'localhost' },
      payload: Buffer.from('{}'),
    });
    t.equal(none.statusCode, 415, 'no Content-Type');
    t.equal(none.json().resourceType, 'OperationOutcome');
    t.same(await rowCounts(app), before);
  });

  t.test('a body of just under 1 MiB is read, one byte more is not', async (t) => {
    const of = (bytes: number) => {
      const frame = patient('"name":[{"text":""}]');
      return patient(`"name":[{"text":"${'x'.repeat(bytes - frame.length)}"}]`);
    };
    t.equal((await app.send('POST', '/Patient', of(1024 * 1024))).status, 201);
    t.same(refusal(await app.send('POST', '/Patient', of(1024 * 1024 + 1))), refused(413, 'too-long'));
  });
});

t.test('requests that ask for what is not offered', async (t) => {
  const app = await testApp({ demoPolicy: false, baseUrl: 'https://vigie.chu.example/fhir' });
  t.teardown(() => app.close());
  const subject = await aPatient(app);
  // The key of links is drawn once, with the first search.
  await app.send('GET', '/Patient?_count=1');
  const before = await rowCounts(app);
  const check = (
    name: string,
    path: string,
    status: number,
    code: string,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' = 'GET',
    headers = {},
  ) =>
    t.test(name, async (t) => {
      const body =
        method === 'POST' || method === 'PUT' || method === 'PATCH' ? { resourceType: 'Patient' } : undefined;
      const answer = await app.send(method, path, body, headers);
      t.same(refusal(answer), refused(status, code));
      t.notMatch(answer.text, SECRET);
      t.same(await rowCounts(app), before);
    });

  check('an unknown type', '/Medication', 404, 'not-found');
  check('an unknown type, with an id', '/Medication/1', 404, 'not-found');
  check('a type in lower case', '/patient', 404, 'not-found');
  check('a path of free text', `/${SECRET}%20again/${SECRET}`, 404, 'not-found');
  check('an unknown operation', '/Patient/$unheard-of', 404, 'not-found');
  check('an unknown operation of an instance', `/${subject}/$unheard-of`, 404, 'not-found');
  check('an unknown type of a compartment', `/${subject}/Medication`, 404, 'not-found');
  check('the base without _type', '', 400, 'invalid');
  check('what is no Bundle, at the base', '', 400, 'invalid', 'POST');
  check('a patch that is no JSON Patch', `/${subject}`, 415, 'not-supported', 'PATCH', {
    'content-type': 'application/fhir+json',
  });
  check('PUT on a type without criteria', '/Patient', 400, 'invalid', 'PUT');
  check('DELETE on a type without criteria', '/Patient', 400, 'invalid', 'DELETE');
  check('POST on an instance', `/${subject}`, 405, 'not-supported', 'POST');
  check('XML by Accept', `/${subject}`, 406, 'not-supported', 'GET', { accept: 'application/fhir+xml' });
  check('XML by _format', `/${subject}?_format=xml`, 406, 'not-supported');
  check('XML for what does not exist', '/Medication', 406, 'not-supported', 'GET', { accept: 'application/fhir+xml' });
  check('a path that cannot be decoded', `/Patient/%E0%A4%A`, 400, 'invalid');
  check('a date that is none', '/Observation?date=yesterday', 400, 'invalid');
  check('a 13th month', '/Observation?date=2026-13', 400, 'invalid');
  check('an unknown prefix', '/Observation?date=xx2026', 400, 'invalid');
  check('_lastUpdated that is none', '/Patient?_lastUpdated=gt', 400, 'invalid');
  check('_count that is none', '/Patient?_count=ten', 400, 'invalid');
  check('a negative _count', '/Patient?_count=-1', 400, 'invalid');
  check('_cursor of free text', `/Patient?_cursor=${SECRET}`, 400, 'invalid');
  for (const forged of ['[]', '["x"]', '[1,2]', `["${SECRET}",7]`, '[null,"a b"]', '["\\u0000","x"]', '{"a":1}']) {
    check(
      `a forged _cursor: ${forged}`,
      `/Patient?_cursor=${Buffer.from(forged).toString('base64url')}`,
      400,
      'invalid',
    );
  }
  for (const moment of [SECRET, '2026-99-99 00:00:00+00', '2026-01-01 Foo/Bar', '2026-01-01T00:00:00+99:99']) {
    const cursor = Buffer.from(JSON.stringify([moment, 'x'])).toString('base64url');
    check(
      `a forged moment in _cursor: ${moment.slice(0, 4)} ${moment.length}`,
      `/Patient?_sort=_lastUpdated&_cursor=${cursor}`,
      400,
      'invalid',
    );
  }
  check('_sort by what is not sorted', '/Patient?_sort=colour', 400, 'invalid');
  check('_revinclude of no parameter', '/Patient?_revinclude=Provenance:nothing', 400, 'invalid');
  check('_revinclude of a token', '/Patient?_revinclude=Observation:code', 400, 'invalid');
  check('a modifier that is not supported', `/Observation?code:${SECRET}%20a=x`, 400, 'invalid');
  check('a modifier of a reference that is no type', '/Observation?subject:Medication=1', 400, 'invalid');
  check('U+0000, which no value holds', '/Patient?identifier=%00', 400, 'invalid');
  check('a modifier of _id', '/Patient?_id:exact=1', 400, 'invalid');
  const conditional = (criteria: string): Record<string, string> => ({ 'if-none-exist': criteria });
  check(
    'If-None-Exist with an unknown parameter',
    '/Patient',
    400,
    'not-supported',
    'POST',
    conditional(`identifier=a|b&colour=${SECRET}`),
  );
  check('If-None-Exist without criteria', '/Patient', 400, 'invalid', 'POST', conditional(''));
  check('If-None-Exist that only counts', '/Patient', 400, 'invalid', 'POST', conditional('_count=1'));

  t.test('405 says what is allowed', async (t) => {
    t.equal((await app.send('POST', `/${subject}`, {})).headers.allow, 'GET, HEAD, PUT, PATCH, DELETE');
    t.equal((await app.send('PUT', '/metadata', {})).headers.allow, 'GET, HEAD');
  });

  t.test('HEAD of what is not there has the status and no body', async (t) => {
    t.match(await app.send('HEAD', '/Patient/x'), { status: 404, text: '' });
    t.match(await app.send('HEAD', '/Medication/x'), { status: 404, text: '' });
  });

  t.test('JSON is spoken to who accepts it, or anything', async (t) => {
    for (const accept of [
      'application/fhir+json',
      'application/json',
      '*/*',
      'application/*',
      'text/html,application/xml;q=0.9',
      'application/fhir+xml, application/fhir+json;q=0.5',
    ]) {
      t.equal((await app.send('GET', `/${subject}`, undefined, { accept })).status, 200, accept);
    }
    t.equal(
      (await app.send('GET', `/${subject}?_format=json`, undefined, { accept: 'application/fhir+xml' })).status,
      200,
    );
    t.equal((await app.send('GET', `/${subject}?_format=application%2Ffhir%2Bjson`)).status, 200);
  });

  t.test('the Host header must be a name of ours (DNS rebinding)', async (t) => {
    const ask = async (host: string): Promise<Answer> => app.send('GET', `/${subject}`, undefined, { host });
    for (const host of [
      'localhost',
      'localhost:8080',
      'LOCALHOST:1',
      '127.0.0.1',
      '127.0.0.1:9',
      '127.9.9.9',
      '[::1]',
      '[::1]:8080',
      'vigie.chu.example',
      'vigie.chu.example:443',
      'Vigie.CHU.example',
    ]) {
      t.equal((await ask(host)).status, 200, host);
    }
    for (const host of [
      'evil.example',
      'evil.example:8080',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'xvigie.chu.example',
      'localhost@evil.example',
      'localhost:8080@evil.example',
      'localhost:',
      '[::2]',
      '::1.evil',
      '192.168.1.1',
      `${SECRET}`,
    ]) {
      const answer = await ask(host);
      t.same(refusal(answer), refused(421, 'security'), host);
      t.notMatch(answer.text, SECRET);
    }
    t.equal((await app.send('GET', '/health/live', undefined, { host: 'evil.example' })).status, 421);
    t.equal((await app.send('POST', '/Patient', { resourceType: 'Patient' }, { host: 'evil.example' })).status, 421);
  });

  t.test('a list of ids with none in it finds nothing', async (t) => {
    for (const query of ['_id=,', `_id=${SECRET}%20x`, 'identifier=,', '_lastUpdated=,']) {
      const { status, body } = await app.send('GET', `/Patient?${query}`);
      t.equal(status, 200, query);
      t.notOk(body.entry, query);
    }
  });
});
