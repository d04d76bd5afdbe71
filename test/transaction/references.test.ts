import t from 'tap';
import type { BundleEntry } from '../../src/transaction/entries.ts';
import { byFullUrl, conditionalReference, entryOf, isPlaceholder } from '../../src/transaction/references.ts';
import { urn } from './support.ts';

const BASE = 'http://localhost/fhir';
const at = (index: number, fullUrl?: string): BundleEntry => ({
  index,
  verb: 'POST',
  url: 'Patient',
  ...(fullUrl === undefined ? {} : { fullUrl }),
});

t.test('which entry a link names', async (t) => {
  const patient = at(0, 'https://a.example/r4/Patient/1');
  const beside = at(1, 'https://a.example/r4/Observation/2');
  const named = at(2, urn(3));
  const stranger = at(3, 'https://b.example/Observation/2');
  const nameless = at(4);
  const all = byFullUrl([patient, beside, named, stranger, nameless]);
  const cases: [name: string, link: string, from: BundleEntry, expected: BundleEntry | undefined][] = [
    ['its fullUrl', urn(3), nameless, named],
    ['an absolute URL', 'https://a.example/r4/Patient/1', named, patient],
    ['a relative one, on the same base', 'Patient/1', beside, patient],
    ['a relative one, on another base', 'Patient/1', stranger, undefined],
    ['a relative one, beside a urn', 'Patient/1', named, undefined],
    ['a relative one, beside no fullUrl', 'Patient/1', nameless, undefined],
    ['a version', 'Patient/1/_history/1', beside, undefined],
    ['a fragment', '#p', beside, undefined],
    ['no entry', urn(9), beside, undefined],
  ];
  for (const [name, link, from, expected] of cases) t.equal(entryOf(link, from, all), expected, name);
});

t.test('conditional references', async (t) => {
  const cases: [text: string, expected: object | undefined][] = [
    ['Patient?identifier=a|b', { type: 'Patient', criteria: 'identifier=a|b' }],
    [`${BASE}/Patient?identifier=a`, { type: 'Patient', criteria: 'identifier=a' }],
    ['https://elsewhere.example/Patient?identifier=a', undefined],
    ['Patient?', undefined],
    ['Patient/1?identifier=a', undefined],
    ['patient?identifier=a', undefined],
    ['urn:x?y=1', undefined],
  ];
  for (const [text, expected] of cases) t.same(conditionalReference(text, BASE), expected, text);
});

t.test('placeholders', async (t) => {
  t.same(['urn:uuid:1', 'URN:UUID:1', 'urn:oid:1.2', 'urn:x:1', 'Patient/1'].map(isPlaceholder), [
    true,
    true,
    true,
    false,
    false,
  ]);
});
