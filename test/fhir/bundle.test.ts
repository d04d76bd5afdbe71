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
    searchBundle(BASE, [], { included: [], lastUpdated: LAST, self: `${BASE}/Patient` }),
  );
  t.same(bundle, {
    resourceType: 'Bundle',
    meta: { lastUpdated: LAST },
    type: 'searchset',
    link: [{ relation: 'self', url: `${BASE}/Patient` }],
  });
  // The quotes of an ETag look like an empty string to `faults`.
  for (const { response } of bundle.entry ?? []) if (response) response.etag = 'x';
  t.same(faults(bundle), []);
});
