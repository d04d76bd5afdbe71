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

t.test('every parameter that R4 defines for a served type is walked, but for those that are not built', async (t) => {
  const left = new Set<string>();
  for (const { type } of RESOURCES) {
    t.ok(searchParametersOf(type).length > 5, type);
    for (const { code, url } of searchParametersOf(type)) {
      if (!registry.get(type)?.has(code)) left.add(code);
      else t.equal(registry.get(type)?.get(code)?.url, url, `${type}.${code}`);
    }
  }
  t.same(left, new Set(['_content', '_query', '_text', 'phonetic']));
});

t.test('each parameter of a type has a bit of its own, but for _id and _lastUpdated', async (t) => {
  for (const [type, params] of registry) {
    const bits = [...params.values()].flatMap(({ bit }) => bit ?? []);
    t.equal(new Set(bits).size, params.size - 2, type);
    t.ok(Math.max(...bits) < 63, type);
  }
});

t.test('a composite has its components, each with a parameter and a walk', async (t) => {
  const param = registry.get('Observation')?.get('combo-code-value-quantity');
  const bloodPressure = {
    resourceType: 'Observation',
    code: { coding: [{ code: '85354-9' }] },
    component: [{ code: { coding: [{ code: '8480-6' }] }, valueQuantity: { value: 120 } }],
  };
  t.same(
    param?.components?.map(({ param }) => param.code),
    ['combo-code', 'combo-value-quantity'],
  );
  const pairs = param?.elements(bloodPressure).map((element) => param.components?.map((one) => one.elements(element)));
  t.same(pairs, [
    [[{ name: 'code', value: bloodPressure.code }], []],
    [[{ name: 'code', value: bloodPressure.component[0]?.code }], [{ name: 'valueQuantity', value: { value: 120 } }]],
  ]);
});

t.test('a parameter whose keys or amounts others hold has no tokens and no rows of its own', async (t) => {
  const unions = [...registry].flatMap(([type, params]) =>
    [...params.values()].flatMap(({ code, union }) => (union ? [`${type}.${code}: ${[...union].sort()}`] : [])),
  );
  t.same(unions, [
    'Observation.combo-code: code,component-code',
    'Observation.combo-data-absent-reason: component-data-absent-reason,data-absent-reason',
    'Observation.combo-value-concept: component-value-concept,value-concept',
    'Observation.combo-value-quantity: component-value-quantity,value-quantity',
    'Observation.graded-term: code',
    'Flag.graded-term: code',
  ]);
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
  [
    'a canonical URL with its business version',
    'ValueSet',
    'url',
    { url: 'https://v.example/a', version: '2' },
    ['https://v.example/a', 'https://v.example/a|2'],
  ],
  [
    'a profile',
    'Patient',
    '_profile',
    { meta: { profile: ['https://p.example/a|1'] } },
    ['https://p.example/a|1', 'https://p.example/a'],
  ],
  ['a tag', 'Patient', '_tag', { meta: { tag: [{ system: 'urn:t', code: 'x' }] } }, ['x', 'urn:t|x', 'urn:t|']],
  [
    'a phone number',
    'Patient',
    'phone',
    {
      telecom: [
        { system: 'phone', value: '1' },
        { system: 'email', value: '2' },
      ],
    },
    ['1', 'phone|1', 'phone|'],
  ],
  [
    'a priority',
    'Flag',
    'priority',
    {
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/flag-priority',
          valueCodeableConcept: { coding: [{ code: 'PH' }] },
        },
      ],
    },
    ['PH', '|PH'],
  ],
  [
    'a detail',
    'Flag',
    'detail',
    {
      extension: [
        { url: 'http://hl7.org/fhir/StructureDefinition/flag-detail', valueReference: { reference: 'Observation/a' } },
      ],
    },
    ['Observation/a'],
  ],
  [
    'a graded term, and no code of another system',
    'Observation',
    'graded-term',
    {
      code: {
        coding: [
          { system: 'http://loinc.org', code: '1' },
          { system: 'https://vigie.example/fhir/CodeSystem/pro-ctcae', code: 'PROCTCAE_9_COMP' },
        ],
      },
    },
    [
      'PROCTCAE_9_COMP',
      'https://vigie.example/fhir/CodeSystem/pro-ctcae|PROCTCAE_9_COMP',
      'https://vigie.example/fhir/CodeSystem/pro-ctcae|',
    ],
  ],
  ['who has died', 'Patient', 'deceased', { deceasedDateTime: '2026' }, ['true', '|true']],
  ['who has not', 'Patient', 'deceased', {}, ['false', '|false']],
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
