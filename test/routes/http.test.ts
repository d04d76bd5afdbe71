import { connect } from 'node:net';
import { brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { SUBSETTED } from '../../src/fhir/summary.ts';
import { MOST_BYTES } from '../../src/routes/encoding.ts';
import { type Method, testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';
import { put, refusal, refused } from './support.ts';

const patient = { resourceType: 'Patient' as const, active: true, name: [{ family: 'Moreau' }], gender: 'female' };

t.test('HTTP', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const { id } = await put(app, patient as never);
  const path = `/Patient/${id}`;
  const long = await put(app, {
    resourceType: 'Basic',
    code: { text: 'é'.repeat(5000) },
  });

  t.test('which Accept and _format are answered in JSON, and which with 406', async (t) => {
    const cases: [accept: string | undefined, query: string, status: number][] = [
      [undefined, '', 200],
      ['*/*', '', 200],
      ['application/*', '', 200],
      ['application/json', '', 200],
      ['application/fhir+json', '', 200],
      ['APPLICATION/FHIR+JSON', '', 200],
      ['application/fhir+json; charset=UTF-8', '', 200],
      ['application/fhir+json; fhirVersion=4.0', '', 200],
      ['application/fhir+xml, application/fhir+json;q=0.5', '', 200],
      ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', '', 200],
      ['application/fhir+xml', '', 406],
      ['application/xml', '', 406],
      ['text/turtle', '', 406],
      ['application/fhir+json;q=0', '', 406],
      ['application/fhir+json;q=0.0, application/fhir+xml', '', 406],
      ['application/fhir+json; fhirVersion=3.0', '', 406],
      ['application/fhir+json; charset=iso-8859-1', '', 406],
      ['application/fhir+ndjson', '', 406],
      [undefined, '_format=json', 200],
      [undefined, '_format=application/json', 200],
      [undefined, '_format=application/fhir%2Bjson', 200],
      [undefined, '_format=application/fhir+json', 200],
      [undefined, '_format=text/json', 200],
      [undefined, '_format=', 200],
      [undefined, '_format=xml', 406],
      [undefined, '_format=ttl', 406],
      [undefined, '_format=text/xml', 406],
      [undefined, '_format=application/fhir%2Bxml', 406],
      [undefined, '_format=html', 406],
      [undefined, '_format=notjson', 406],
      // Source: FHIR R4, section 3.1.0.1.11: _format overrides the Accept header.
      ['application/fhir+xml', '_format=json', 200],
      ['application/fhir+json', '_format=xml', 406],
    ];
    for (const [accept, query, status] of cases) {
      const answer = await app.send('GET', `${path}?${query}`, undefined, accept === undefined ? {} : { accept });
      const name = `${accept ?? 'no Accept'} ${query}`;
      t.equal(answer.status, status, name);
      if (status === 406) t.same(refusal(answer), refused(406, 'not-supported'), name);
      else t.equal(answer.headers['content-type'], 'application/fhir+json; charset=utf-8', name);
    }
  });

  t.test('which Content-Type is read, and which is 415', async (t) => {
    const cases: [type: string, status: number][] = [
      ['application/fhir+json', 201],
      ['application/json', 201],
      ['application/json; charset=utf-8', 201],
      ['application/fhir+json; charset="UTF-8"', 201],
      ['application/fhir+json; fhirVersion=4.0', 201],
      ['application/fhir+json; charset=iso-8859-1', 415],
      ['application/json;charset=utf-16', 415],
      ['application/fhir+json; fhirVersion=5.0', 415],
      ['application/fhir+xml', 415],
      ['text/plain', 415],
      ['application/x-ndjson', 415],
    ];
    for (const [type, status] of cases) {
      const answer = await app.send('POST', '/Patient', patient, { 'content-type': type });
      t.equal(answer.status, status, type);
      if (status === 415) t.same(refusal(answer), refused(415, 'not-supported'), type);
    }
    const untyped = await app.app.inject({
      method: 'POST',
      url: '/fhir/Patient',
      headers: { host: 'localhost' },
      payload: Buffer.from(JSON.stringify(patient)),
    });
    t.equal(untyped.statusCode, 415, 'a body that does not say what it is');
    t.equal(untyped.json().resourceType, 'OperationOutcome');
  });

  t.test('a body may come with gzip, within the size of what it unpacks to', async (t) => {
    const sent = (body: Buffer, encoding = 'gzip') =>
      app.send('POST', '/Patient', body, { 'content-encoding': encoding });
    const text = (bytes: number): string => {
      const start = '{"resourceType":"Basic","code":{"text":"';
      return `${start}${'x'.repeat(bytes - start.length - 3)}"}}`;
    };
    t.equal((await sent(gzipSync(JSON.stringify(patient)))).status, 201);
    t.equal((await sent(gzipSync(JSON.stringify(patient)), 'x-gzip')).status, 201);
    t.equal((await sent(Buffer.from(JSON.stringify(patient)), 'identity')).status, 201);
    const most = await app.send('POST', '/Basic', gzipSync(text(MOST_BYTES)), { 'content-encoding': 'gzip' });
    t.equal(most.status, 201, 'as much as a body may have');
    const more = await app.send('POST', '/Basic', gzipSync(text(MOST_BYTES + 1)), { 'content-encoding': 'gzip' });
    t.same(refusal(more), refused(413, 'too-long'), 'one byte more');
    const bomb = gzipSync(Buffer.alloc(200 * MOST_BYTES), { strategy: constants.Z_RLE });
    t.same(refusal(await sent(bomb)), refused(413, 'too-long'), 'a bomb');
    t.same(refusal(await sent(Buffer.from('{}'))), refused(400, 'structure'), 'no gzip at all');
    t.same(
      refusal(await sent(gzipSync(JSON.stringify(patient)).subarray(0, 40))),
      refused(400, 'structure'),
      'cut off',
    );
    const other = await sent(Buffer.from('x'), 'br');
    t.same(refusal(other), refused(415, 'not-supported'));
    t.equal(other.headers['accept-encoding'], 'gzip');
  });

  t.test('long answers are compressed for those who ask, short ones never', async (t) => {
    const ask = async (target: string, encoding: string | undefined, method: 'GET' | 'HEAD' = 'GET') => {
      const { headers, rawPayload } = await app.app.inject({
        method,
        url: `/fhir${target}`,
        headers: { host: 'localhost', ...(encoding === undefined ? {} : { 'accept-encoding': encoding }) },
      });
      return { headers, rawPayload };
    };
    const big = `/Basic/${long.id}`;
    const { rawPayload: plain, headers } = await ask(big, undefined);
    t.equal(headers['content-encoding'], undefined);
    t.equal(headers.vary, 'Accept-Encoding');
    const cases: [encoding: string, expected: 'gzip' | 'br' | undefined][] = [
      ['gzip', 'gzip'],
      ['x-gzip', 'gzip'],
      ['gzip, deflate, br', 'br'],
      ['gzip;q=1.0, br;q=0.5', 'gzip'],
      ['br;q=0, gzip', 'gzip'],
      ['br;q=0, gzip;q=0', undefined],
      ['*', 'br'],
      ['*;q=0', undefined],
      ['identity', undefined],
      ['identity, gzip;q=0.5', undefined],
      ['deflate', undefined],
      ['zstd', undefined],
    ];
    for (const [encoding, expected] of cases) {
      const answer = await ask(big, encoding);
      t.equal(answer.headers['content-encoding'], expected, encoding);
      t.equal(Number(answer.headers['content-length']), answer.rawPayload.length, encoding);
      const body =
        expected === 'gzip'
          ? gunzipSync(answer.rawPayload)
          : expected === 'br'
            ? brotliDecompressSync(answer.rawPayload)
            : answer.rawPayload;
      t.ok(body.equals(plain), encoding);
    }
    const small = await ask(path, 'gzip');
    t.equal(small.headers['content-encoding'], undefined);
    t.equal(small.headers.vary, undefined);
    const head = await ask(big, 'gzip', 'HEAD');
    t.equal(head.headers['content-encoding'], 'gzip');
    t.equal(head.rawPayload.length, 0);
  });

  t.test('_pretty sets text out and changes nothing else', async (t) => {
    const plain = await app.send('GET', path);
    const set = await app.send('GET', `${path}?_pretty=true`);
    t.equal(set.text, JSON.stringify(plain.body, null, 2));
    t.equal((await app.send('GET', `${path}?_pretty=false`)).text, plain.text);
    const error = await app.send('GET', '/Patient/unknown?_pretty=true');
    t.match(error.text, /^\{\n {2}"resourceType": "OperationOutcome"/);
    t.same((await app.send('GET', '/metadata?_pretty=true')).body, (await app.send('GET', '/metadata')).body);
  });

  t.test('_format and _pretty may stand in the form of a search', async (t) => {
    const search = (form: string) =>
      app.send('POST', '/Patient/_search', form, { 'content-type': 'application/x-www-form-urlencoded' });
    t.same(refusal(await search('_format=xml&_count=1')), refused(406, 'not-supported'));
    const plain = await search('_format=json&_count=1');
    t.equal(plain.status, 200);
    t.notOk(plain.body.entry.some(({ search }: { search: { mode: string } }) => search.mode === 'outcome'));
    t.match((await search('_pretty=true&_count=1')).text, /^\{\n {2}"resourceType": "Bundle"/);
  });

  t.test('_summary and _elements of a read and of a vread', async (t) => {
    for (const target of [path, `${path}/_history/1`]) {
      const cases: [query: string, members: string[]][] = [
        ['_elements=gender', ['gender']],
        ['_elements=gender,name', ['gender', 'name']],
        ['_summary=text', []],
        ['_summary=true', ['active', 'gender', 'name']],
        ['_summary=data', ['active', 'gender', 'name']],
      ];
      for (const [query, members] of cases) {
        const answer = await app.send('GET', `${target}?${query}`);
        t.equal(answer.status, 200);
        t.same(
          Object.keys(answer.body).sort(),
          ['id', 'meta', 'resourceType', ...members].sort(),
          `${target} ${query}`,
        );
        t.same(answer.body.meta.tag, [SUBSETTED]);
        t.equal(answer.headers.etag, 'W/"1"');
      }
      t.equal((await app.send('GET', `${target}?_summary=false`)).body.meta.tag, undefined);
      for (const query of ['_summary=count', '_summary=much', '_elements=colour', '_elements=name&_summary=true']) {
        t.same(refusal(await app.send('GET', `${target}?${query}`)), refused(400, 'invalid'), query);
      }
    }
  });

  t.test(
    '_summary and _elements of what a write answers; what cannot be asked is refused before it writes',
    async (t) => {
      const { body: made } = await app.send('POST', '/Patient?_elements=gender', { ...patient, gender: 'other' });
      t.same(Object.keys(made).sort(), ['gender', 'id', 'meta', 'resourceType']);
      t.same(made.meta.tag, [SUBSETTED]);
      const cases: [method: Method, target: string, body: unknown, type?: string][] = [
        ['PUT', `/Patient/${made.id}`, { ...patient, id: made.id, gender: 'male' }],
        [
          'PATCH',
          `/Patient/${made.id}`,
          [{ op: 'replace', path: '/gender', value: 'female' }],
          'application/json-patch+json',
        ],
      ];
      for (const [method, target, body, type] of cases) {
        const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
        for (const query of ['_summary=count', '_summary=much', '_elements=colour']) {
          t.same(refusal(await app.send(method, `${target}?${query}`, body, headers)), refused(400, 'invalid'), query);
        }
        const answer = await app.send(method, `${target}?_summary=text`, body, headers);
        t.same(Object.keys(answer.body).sort(), ['id', 'meta', 'resourceType'], `${method} ${answer.text}`);
      }
      const whole = await app.send('GET', `/Patient/${made.id}`);
      t.match(whole, { headers: { etag: 'W/"3"' }, body: { gender: 'female' } }, 'stored whole, and twice only');
      t.equal(whole.body.meta.tag, undefined);
    },
  );

  t.test('a JSON Patch may come with gzip as any body may', async (t) => {
    const { id } = (await app.send('POST', '/Patient', patient)).body;
    const send = (body: Buffer, encoding: string) =>
      app.send('PATCH', `/Patient/${id}`, body, {
        'content-type': 'application/json-patch+json',
        'content-encoding': encoding,
      });
    const steps = Buffer.from(JSON.stringify([{ op: 'add', path: '/gender', value: 'other' }]));
    t.match(await send(gzipSync(steps), 'gzip'), { status: 200, body: { gender: 'other' } });
    t.same(refusal(await send(steps, 'br')), refused(415, 'not-supported'));
    t.same(refusal(await send(gzipSync(Buffer.alloc(2 * MOST_BYTES)), 'gzip')), refused(413, 'too-long'));
  });

  t.test('HEAD is GET without the body, wherever GET is', async (t) => {
    for (const target of [
      path,
      `${path}/_history`,
      `${path}/_history/1`,
      '/Patient?_count=1',
      '/Patient/_history',
      '/_history',
      '/metadata',
      '/health/live',
    ]) {
      const [get, head] = [await app.send('GET', target), await app.send('HEAD', target)];
      t.equal(head.status, 200, target);
      t.equal(head.text, '', target);
      t.equal(head.headers['content-type'], get.headers['content-type'], target);
      t.equal(head.headers.etag, get.headers.etag, target);
    }
    t.equal((await app.send('HEAD', '/Patient/unknown')).status, 404);
  });

  t.test('OPTIONS tells what is served at a path; another method is 405 with Allow', async (t) => {
    const has = (target: string, allow: unknown, methods: string[]) => {
      for (const method of methods)
        t.ok(String(allow).split(', ').includes(method), `${target}: ${method} in ${allow}`);
    };
    const cases: [target: string, methods: string[]][] = [
      ['', ['POST', 'OPTIONS']],
      ['/metadata', ['GET', 'HEAD', 'OPTIONS']],
      ['/Patient', ['GET', 'HEAD', 'POST', 'OPTIONS']],
      [path, ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']],
      [`${path}/_history`, ['GET', 'HEAD', 'OPTIONS']],
      [`${path}/_history/1`, ['GET', 'HEAD', 'OPTIONS']],
      ['/_history', ['GET', 'HEAD', 'OPTIONS']],
      ['/Patient/', ['GET', 'POST']],
      ['/Patient?name=x', ['GET', 'POST']],
    ];
    for (const [target, methods] of cases) {
      const answer = await app.send('OPTIONS', target);
      t.equal(answer.status, 204, target);
      has(target, answer.headers.allow, methods);
    }
    t.equal((await app.send('OPTIONS', '/metadata')).headers.allow, 'GET, HEAD, OPTIONS');
    for (const [method, target] of [
      ['POST', '/metadata'],
      ['DELETE', '/metadata'],
      ['POST', '/Patient/_history'],
      ['PUT', '/_history'],
      ['PUT', `${path}/_history/1`],
    ] as [Method, string][]) {
      const answer = await app.send(method, target, method === 'DELETE' ? undefined : {});
      t.same(refusal(answer), refused(405, 'not-supported'), `${method} ${target}`);
      t.equal(answer.headers.allow, 'GET, HEAD');
    }
  });

  t.test('what is not there is 404 with an OperationOutcome, and repeats nothing of the path', async (t) => {
    for (const target of [
      '/Nothing',
      '/Nothing/1',
      '/patient',
      '/Patient/1/2/3/4',
      '/Patient/$unheard',
      '/_nothing',
      '/.env',
      '/Patient/a/_History',
    ]) {
      for (const method of ['GET', 'POST', 'OPTIONS'] as Method[]) {
        const answer = await app.send(method, target, method === 'POST' ? {} : undefined);
        t.same(refusal(answer), refused(404, 'not-found'), `${method} ${target}`);
        t.notMatch(answer.text, /unheard|_History|\.env/);
      }
    }
    const outside = await app.app.inject({ url: '/elsewhere', headers: { host: 'localhost' } });
    t.equal(outside.statusCode, 404);
    t.equal(outside.json().resourceType, 'OperationOutcome');
  });

  t.test('URLs and bytes that cannot be read are 400 with an OperationOutcome', async (t) => {
    for (const target of ['/Patient/%', '/Patient/%zz', '/%E0%A4%A']) {
      t.same(refusal(await app.send('GET', target)), refused(400, 'invalid'), target);
    }
    t.same(refusal(await app.send('GET', `/Patient/${'a'.repeat(200)}`)), refused(414, 'too-long'));
    const { port } = new URL(await app.listen());
    const raw = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let answer = '';
        const socket = connect(Number(port), '127.0.0.1', () => socket.end(text));
        socket.on('data', (chunk) => {
          answer += chunk.toString();
        });
        socket.on('close', () => resolve(answer));
        socket.on('error', reject);
      });
    const cases: [name: string, text: string, status: RegExp, code: string][] = [
      ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /, 'invalid'],
      ['no method of HTTP', 'FETCH /fhir/metadata HTTP/1.1\r\nHost: localhost\r\n\r\n', /^HTTP\/1\.1 400 /, 'invalid'],
      [
        'headers without end',
        `GET /fhir/metadata?${'a'.repeat(40_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
        /^HTTP\/1\.1 431 /,
        'too-long',
      ],
    ];
    for (const [name, text, status, code] of cases) {
      const answer = await raw(text);
      t.match(answer, status, name);
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      t.match(head, /application\/fhir\+json/, name);
      t.equal(JSON.parse(body).issue[0].code, code, name);
    }
  });

  t.test('Prefer with several preferences: each is found, the first of a name counts', async (t) => {
    // Source: RFC 7240, section 2: a list separated by commas; the first of those with one name; names in any case.
    const cases: [prefer: string, body: 'none' | 'Patient' | 'OperationOutcome'][] = [
      ['return=minimal', 'none'],
      ['handling=strict, return=minimal', 'none'],
      ['return=minimal; handling=lenient', 'none'],
      ['respond-async, return="OperationOutcome"', 'OperationOutcome'],
      ['Return=minimal', 'none'],
      ['return=minimal, return=representation', 'none'],
      ['return=representation,handling=strict', 'Patient'],
      ['return=something', 'Patient'],
      ['', 'Patient'],
    ];
    for (const [prefer, body] of cases) {
      const answer = await app.send('POST', '/Patient', patient, { prefer });
      t.equal(answer.status, 201, prefer);
      t.equal(answer.body?.resourceType ?? 'none', body, prefer);
    }
    const strict = await app.send('GET', '/Patient?colour=red', undefined, {
      prefer: 'return=minimal, handling=strict',
    });
    t.equal(strict.status, 400);
  });

  t.test('Location is absolute, and /metadata is never stored', async (t) => {
    const created = await app.send('POST', '/Patient', patient);
    t.equal(created.headers.location, `http://localhost:8080/fhir/Patient/${created.body.id}/_history/1`);
    t.equal((await app.send('GET', '/metadata')).headers['cache-control'], 'no-store');
  });

  t.test('without a setting there is no word of CORS', async (t) => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    for (const method of ['GET', 'OPTIONS'] as Method[]) {
      const answer = await app.send(method, path, undefined, headers);
      t.same(
        Object.keys(answer.headers).filter((name) => name.startsWith('access-control')),
        [],
        method,
      );
      t.equal(answer.headers.vary, undefined);
    }
  });
});

t.test('behind a proxy the base of the setting is in every URL', async (t) => {
  const app = await testApp({ baseUrl: 'https://fhir.hospital.example/fhir' });
  t.teardown(() => app.close());
  const made = await aPatient(app);
  const read = await app.send('GET', `/${made}/_history`, undefined, { host: 'fhir.hospital.example' });
  t.equal(read.body.link[0].url, `https://fhir.hospital.example/fhir/${made}/_history`);
  const created = await app.send('POST', '/Patient', patient, { 'x-forwarded-host': 'evil.example' });
  t.match(created.headers.location, /^https:\/\/fhir\.hospital\.example\/fhir\/Patient\//);
});

t.test('CORS for the origins of the setting', async (t) => {
  const app = await testApp({ app: { corsOrigins: ['https://app.example', 'http://localhost:3000'] } });
  t.teardown(() => app.close());
  const made = await aPatient(app);
  const preflight = {
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'content-type,if-match',
  };

  const read = await app.send('GET', `/${made}`, undefined, { origin: 'https://app.example' });
  t.equal(read.headers['access-control-allow-origin'], 'https://app.example');
  for (const name of ['Location', 'ETag', 'Last-Modified', 'Content-Location']) {
    t.match(String(read.headers['access-control-expose-headers']), name);
  }
  t.match(String(read.headers.vary), /Origin/);
  const missing = await app.send('GET', '/Patient/unknown', undefined, { origin: 'https://app.example' });
  t.equal(missing.headers['access-control-allow-origin'], 'https://app.example', 'an error can be read too');

  for (const target of ['/metadata', `/${made}`, '/Patient', '']) {
    const asked = await app.send('OPTIONS', target, undefined, { origin: 'http://localhost:3000', ...preflight });
    t.equal(asked.status, 204, target);
    t.equal(asked.headers['access-control-allow-origin'], 'http://localhost:3000');
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      t.match(String(asked.headers['access-control-allow-methods']), method);
    }
    for (const name of ['Authorization', 'Content-Type', 'If-Match', 'If-None-Exist', 'If-None-Match', 'Prefer']) {
      t.match(String(asked.headers['access-control-allow-headers']), name);
    }
  }
  for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'null']) {
    const stranger = await app.send('GET', `/${made}`, undefined, { origin });
    t.equal(stranger.status, 200);
    t.equal(stranger.headers['access-control-allow-origin'], undefined, origin);
    t.match(String(stranger.headers.vary), /Origin/, 'a shared cache keeps the answers apart');
    const asked = await app.send('OPTIONS', `/${made}`, undefined, { origin, ...preflight });
    t.equal(asked.headers['access-control-allow-origin'], undefined, origin);
  }

  const open = await testApp({ app: { corsOrigins: ['*'] } });
  t.teardown(() => open.close());
  const any = await open.send('GET', '/metadata', undefined, { origin: 'https://anyone.example' });
  t.equal(any.headers['access-control-allow-origin'], '*');
  t.equal(any.headers['access-control-allow-credentials'], undefined);
});
