import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { searchParametersOf } from '../../src/fhir/definitions.ts';
import { RESOURCES } from '../../src/fhir/resources.ts';
import { intervalOf, keysOf, parseReference, searchRegistry } from '../../src/fhir/search-parameters.ts';

const ours = readdirSync('profiles')
  .filter((file) => file.startsWith('SearchParameter-'))
  .map((file) => JSON.parse(readFileSync(`profiles/${file}`, 'utf8')));
const registry = searchRegistry(searchParametersOf, ours);
const BASE = 'https://vigie.example/fhir';

const keys = (type: string, code: string, resource: object): string[] => {
  const param = registry.get(type)?.get(code);
  if (!param) throw new Error(`${type} has no ${code}`);
  return param.elements(resource).flatMap((element) => keysOf(param, element, BASE));
};

t.test('every row of RESOURCES has its principal parameters', async (t) => {
  for (const { type, date, key1, patient, compartment = [] } of RESOURCES) {
    const params = registry.get(type);
    for (const code of [date, key1, patient, ...compartment]) if (code) t.ok(params?.get(code)?.url, `${type}.${code}`);
  }
});

const cases: [name: string, type: string, code: string, resource: object, expected: string[]][] = [
  ['a code', 'Observation', 'status', { status: 'final' }, ['final', '|final']],
  [
    'a coding',
    'Observation',
    'code',
    { code: { coding: [{ system: 'urn:s', code: 'c' }] } },
    ['c', 'urn:s|c', 'urn:s|'],
  ],
  ['a coding without system', 'Observation', 'code', { code: { coding: [{ code: 'c' }] } }, ['c', '|c']],
  ['a text alone is no token', 'Observation', 'code', { code: { text: 'c' } }, []],
  [
    'an identifier',
    'Patient',
    'identifier',
    { identifier: [{ system: 'urn:s', value: 'v' }] },
    ['v', 'urn:s|v', 'urn:s|'],
  ],
  ['a reference', 'Observation', 'subject', { subject: { reference: 'Patient/a' } }, ['Patient/a']],
  [
    'a reference of ours by URL',
    'Observation',
    'subject',
    { subject: { reference: `${BASE}/Patient/a` } },
    ['Patient/a'],
  ],
  [
    'a reference elsewhere',
    'Observation',
    'subject',
    { subject: { reference: 'https://o.example/Patient/a' } },
    ['https://o.example/Patient/a'],
  ],
  [
    'a versioned reference',
    'Provenance',
    'target',
    { target: [{ reference: 'Flag/a/_history/2' }] },
    ['Flag/a', 'Flag/a/_history/2'],
  ],
  ['patient takes Patients alone', 'Observation', 'patient', { subject: { reference: 'Group/a' } }, []],
  [
    'a canonical',
    'QuestionnaireResponse',
    'questionnaire',
    { questionnaire: 'https://q.example/a|1' },
    ['https://q.example/a|1', 'https://q.example/a'],
  ],
  ['a uri', 'ValueSet', 'url', { url: 'https://v.example/a' }, ['https://v.example/a']],
  ['nothing', 'Observation', 'subject', {}, []],
];
for (const [name, type, code, resource, expected] of cases) {
  t.test(`${name}: ${type}.${code}`, async (t) => {
    t.same(new Set(keys(type, code, { resourceType: type, ...resource })), new Set(expected));
  });
}

t.test('references that are literal, and those that are not', async (t) => {
  t.same(parseReference('Patient/a'), { type: 'Patient', id: 'a' });
  t.same(parseReference('https://x.example/fhir/Patient/a/_history/2'), {
    base: 'https://x.example/fhir',
    type: 'Patient',
    id: 'a',
    version: '2',
  });
  for (const none of ['#p', 'urn:uuid:1', 'patient/a', 'Patient/', 'Patient/a b', 'Patient', '']) {
    t.equal(parseReference(none), undefined, none);
  }
});

t.test('a Period that is open reaches without limit; what is no date has no interval', async (t) => {
  t.same(intervalOf({ name: 'period', value: { start: '2026' } }), {
    start: Date.UTC(2026, 0),
    end: Number.POSITIVE_INFINITY,
  });
  t.equal(intervalOf({ name: 'period', value: {} }), undefined);
  t.equal(intervalOf({ name: 'date', value: 'soon' }), undefined);
  t.equal(intervalOf({ name: 'date', value: 7 }), undefined);
});
