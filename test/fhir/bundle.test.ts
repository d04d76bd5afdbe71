import type { Bundle } from '@medplum/fhirtypes';
import t from 'tap';
import { type Entry, historyBundle, searchBundle } from '../../src/fhir/bundle.ts';
import { faults } from '../rules/resources/r4.ts';

const BASE = 'https://vigie.example/fhir';
const entry = (id: string, over: Partial<Entry> = {}): Entry => ({
  type: 'Patient',
  id,
  version: 1,
  lastUpdated: '2026-11-21T12:00:00.000Z',
  content: `{"resourceType":"Patient","id":"${id}"}`,
  ...over,
});
const LAST = '2026-11-21T12:00:00.000Z';

t.test('an empty searchset has no entry at all, and is valid', async (t) => {
  const bundle: Bundle = JSON.parse(
    searchBundle(BASE, [], { included: [], lastUpdated: LAST, self: `${BASE}/Patient` }).toString(),
  );
  t.same(bundle, {
    resourceType: 'Bundle',
    meta: { lastUpdated: LAST },
    type: 'searchset',
    link: [{ relation: 'self', url: `${BASE}/Patient` }],
  });
  t.same(faults(bundle), []);
});

t.test('matches, then what is included, then the outcome; content byte for byte', async (t) => {
  const text = searchBundle(BASE, [entry('a', { content: '{"resourceType":"Patient","x":1.50}' })], {
    included: [entry('b')],
    lastUpdated: LAST,
    total: 1,
    outcome: { resourceType: 'OperationOutcome', issue: [{ severity: 'warning', code: 'not-supported' }] },
    self: `${BASE}/Patient`,
    next: `${BASE}/Patient?_cursor=x`,
  }).toString();
  t.ok(text.includes('1.50'));
  const bundle: Bundle = JSON.parse(text);
  t.same(
    bundle.entry?.map(({ fullUrl, search }) => [fullUrl, search?.mode]),
    [
      [`${BASE}/Patient/a`, 'match'],
      [`${BASE}/Patient/b`, 'include'],
      [undefined, 'outcome'],
    ],
  );
  t.same(
    bundle.link?.map(({ relation }) => relation),
    ['self', 'next'],
  );
  t.equal(bundle.total, 1);
});

t.test('a history: what was asked and answered, a deletion without a resource', async (t) => {
  const ours = '01234567-89ab-8cde-8f01-23456789abcd';
  const versions = [
    entry('a', { version: 4, deleted: true, content: '' }),
    { ...entry('a', { version: 3 }), restored: true },
    entry('a', { version: 2, deleted: true, content: '' }),
    entry('a'),
    entry(ours, { version: 2 }),
    entry(ours),
  ];
  const bundle: Bundle = JSON.parse(historyBundle(BASE, versions, { total: 6, self: `${BASE}/Patient/_history` }));
  t.same(
    bundle.entry?.map(({ fullUrl, request, response, resource }) => [
      fullUrl,
      request?.method,
      request?.url,
      response?.status,
      response?.etag,
      Boolean(resource),
    ]),
    [
      [`${BASE}/Patient/a`, 'DELETE', 'Patient/a', '204', 'W/"4"', false],
      [`${BASE}/Patient/a`, 'PUT', 'Patient/a', '201', 'W/"3"', true],
      // bdl-7: no two entries of one URL without a version of their own.
      [undefined, 'DELETE', 'Patient/a', '204', 'W/"2"', false],
      [`${BASE}/Patient/a`, 'PUT', 'Patient/a', '201', 'W/"1"', true],
      [`${BASE}/Patient/${ours}`, 'PUT', `Patient/${ours}`, '200', 'W/"2"', true],
      [`${BASE}/Patient/${ours}`, 'POST', 'Patient', '201', 'W/"1"', true],
    ],
  );
  // The quotes of an ETag look like an empty string to `faults`.
  for (const { response } of bundle.entry ?? []) if (response) response.etag = 'x';
  t.same(faults(bundle), []);
});
