import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { parseShape, type Shape, SUBSETTED, shape } from '../../src/fhir/summary.ts';

const TAG = `{"system":"${SUBSETTED.system}","code":"SUBSETTED"}`;

const PATIENT =
  '{"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"2026-01-01T00:00:00.000Z"},"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">A \\"quoted\\" }] text</div>"},' +
  '"identifier":[{"system":"urn:x","value":"1"}],"active":true,"name":[{"family":"Moreau"}],"birthDate":"1980-01-01","_birthDate":{"id":"b"},' +
  '"maritalStatus":{"text":"M"},"contact":[{"name":{"family":"Bras"}}]}';

const OBSERVATION =
  '{"resourceType":"Observation","id":"o","meta":{"tag":[{"code":"x"}]},"text":{"status":"empty","div":"<div/>"},"status":"final","category":[{"text":"c"}],' +
  '"code":{"coding":[{"system":"http://loinc.org","code":"1","extension":[{"url":"u","valueCode":"v"}]}],"text":"\\u00e9"},"valueQuantity":{"value":1.50,"unit":"g"},' +
  '"interpretation":[{"text":"H"}],"component":[{"id":"k","code":{"text":"c"},"valueQuantity":{"value":0.10e1},"interpretation":[{"text":"L"}],"extension":[{"url":"u"}]}]}';

/** What stands in the answer, at the top and in the places named. */
const cases: [name: string, content: string, type: string, asked: Shape, expected: string][] = [
  [
    '_summary=true keeps what the definition of Patient marks: contact and maritalStatus are not marked, nor is text',
    PATIENT,
    'Patient',
    { summary: 'true' },
    `{"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"2026-01-01T00:00:00.000Z","tag":[${TAG}]},"identifier":[{"system":"urn:x","value":"1"}],"active":true,"name":[{"family":"Moreau"}],"birthDate":"1980-01-01","_birthDate":{"id":"b"}}`,
  ],
  [
    '_summary=true goes into components, keeps numbers and escapes as received, and tags beside the tags there are',
    OBSERVATION,
    'Observation',
    { summary: 'true' },
    `{"resourceType":"Observation","id":"o","meta":{"tag":[{"code":"x"},${TAG}]},"status":"final",` +
      '"code":{"coding":[{"system":"http://loinc.org","code":"1","extension":[{"url":"u","valueCode":"v"}]}],"text":"\\u00e9"},"valueQuantity":{"value":1.50,"unit":"g"},' +
      '"component":[{"id":"k","code":{"text":"c"},"valueQuantity":{"value":0.10e1}}]}',
  ],
  [
    '_summary=text: text, id, meta and what is mandatory at the top',
    OBSERVATION,
    'Observation',
    { summary: 'text' },
    `{"resourceType":"Observation","id":"o","meta":{"tag":[{"code":"x"},${TAG}]},"text":{"status":"empty","div":"<div/>"},"status":"final",` +
      '"code":{"coding":[{"system":"http://loinc.org","code":"1","extension":[{"url":"u","valueCode":"v"}]}],"text":"\\u00e9"}}',
  ],
  [
    '_summary=data: all but text',
    '{"resourceType":"Patient","id":"a","text":{"status":"empty","div":"<div/>"},"contact":[{"name":{"text":"t"}}]}',
    'Patient',
    { summary: 'data' },
    `{"resourceType":"Patient","meta":{"tag":[${TAG}]},"id":"a","contact":[{"name":{"text":"t"}}]}`,
  ],
  [
    '_elements keeps the named ones and, with a primitive, its underscore',
    PATIENT,
    'Patient',
    { elements: ['birthDate'] },
    `{"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"2026-01-01T00:00:00.000Z","tag":[${TAG}]},"birthDate":"1980-01-01","_birthDate":{"id":"b"}}`,
  ],
  [
    '_elements keeps what is mandatory; value is any value[x]',
    OBSERVATION,
    'Observation',
    { elements: ['value'] },
    `{"resourceType":"Observation","id":"o","meta":{"tag":[{"code":"x"},${TAG}]},"status":"final",` +
      '"code":{"coding":[{"system":"http://loinc.org","code":"1","extension":[{"url":"u","valueCode":"v"}]}],"text":"\\u00e9"},"valueQuantity":{"value":1.50,"unit":"g"}}',
  ],
  [
    '_elements of another type leave the mandatory ones',
    PATIENT,
    'Patient',
    { elements: ['Observation.status'] },
    `{"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"2026-01-01T00:00:00.000Z","tag":[${TAG}]}}`,
  ],
  [
    '_elements keeps a modifierExtension, which changes what the rest means',
    '{"resourceType":"Patient","id":"a","meta":{},"modifierExtension":[{"url":"u","valueBoolean":true}],"active":true,"gender":"male"}',
    'Patient',
    { elements: ['gender'] },
    `{"resourceType":"Patient","id":"a","meta":{"tag":[${TAG}]},"modifierExtension":[{"url":"u","valueBoolean":true}],"gender":"male"}`,
  ],
  ['_summary=count leaves a resource as it is', PATIENT, 'Patient', { summary: 'count' }, PATIENT],
];
for (const [name, content, type, asked, expected] of cases) {
  t.test(name, async (t) => t.equal(shape(content, type, asked), expected));
}

t.test('what is cut once and cut again says SUBSETTED once', async (t) => {
  const once = shape(PATIENT, 'Patient', { summary: 'true' });
  t.equal(shape(once, 'Patient', { summary: 'data' }), once);
});

t.test("HL7's examples stay whole JSON in every shape, and data with text is all there was", async (t) => {
  const folder = 'node_modules/hl7.fhir.r4.examples';
  const files = readdirSync(folder).filter((file) =>
    /^(Observation|Questionnaire|Patient|CarePlan|PlanDefinition|Provenance|ValueSet|Task)-/.test(file),
  );
  for (const file of files.filter((_, at) => at % 7 === 0)) {
    const text = JSON.stringify(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')));
    const whole = JSON.parse(text);
    for (const summary of ['true', 'text', 'data'] as const) {
      const cut = JSON.parse(shape(text, whole.resourceType, { summary }));
      t.ok(
        cut.meta.tag.some(({ code }: { code: string }) => code === 'SUBSETTED'),
        `${file} ${summary}`,
      );
      for (const key of Object.keys(cut)) t.ok(key === 'meta' || key in whole, `${file} ${summary} ${key}`);
    }
    const { meta: _m, text: _t, ...rest } = whole;
    const { meta: _n, ...data } = JSON.parse(shape(text, whole.resourceType, { summary: 'data' }));
    t.same(data, rest, file);
  }
});

const asked = (query: string, types: string[] = ['Observation']) => {
  try {
    return parseShape(new URLSearchParams(query), types);
  } catch (error) {
    return (error as { status: number }).status;
  }
};

t.test('what is asked for', async (t) => {
  const queries: [query: string, expected: unknown][] = [
    ['', undefined],
    ['_summary=false', undefined],
    ['_summary=', undefined],
    ['_summary=true', { summary: 'true' }],
    ['_summary=count', { summary: 'count' }],
    ['_summary=yes', 400],
    ['_summary=true&_summary=text', 400],
    ['_elements=status,code', { elements: ['status', 'code'] }],
    ['_elements=status&_elements=value[x]', { elements: ['status', 'value[x]'] }],
    [
      '_elements=valueQuantity,Observation.code,code.text',
      { elements: ['valueQuantity', 'Observation.code', 'code.text'] },
    ],
    ['_elements=stattus', 400],
    ['_elements=Patient.name', 400],
    ['_elements=__proto__', 400],
    ['_elements=constructor', 400],
    ['_elements=a%20b', 400],
    ['_elements=code&_summary=true', 400],
    ['_elements=code&_summary=false', { elements: ['code'] }],
    ['_elements=code&_summary=count', { summary: 'count', elements: ['code'] }],
  ];
  for (const [query, expected] of queries) t.same(asked(query), expected, query || '(nothing)');
  t.same(asked('_elements=name,status', ['Observation', 'Patient']), { elements: ['name', 'status'] });
});
