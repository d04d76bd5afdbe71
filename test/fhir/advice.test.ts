import t from 'tap';
import { advise } from '../../src/fhir/advice.ts';
import type { Terminology } from '../../src/fhir/terminology.ts';

const V3_STATUS = 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus';
const text = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">a</div>' };
const coded = (system: string, code: string) => ({ coding: [{ system, code }] });
const patient = (members: object) => ({ resourceType: 'Patient', text, ...members });
const CONDITION_CATEGORY = 'http://terminology.hl7.org/CodeSystem/condition-category';

const cases: [name: string, resource: unknown, expected: [severity: string, expression: string, says: RegExp][]][] = [
  ['nothing to say', patient({}), []],
  ['no resource', 'Patient', []],
  ['a resource without a narrative', { resourceType: 'Patient' }, [['information', 'Patient', /dom-6.*narrative/]]],
  ['a code of the extensible value set', patient({ maritalStatus: coded(V3_STATUS, 'M') }), []],
  [
    'a code from elsewhere',
    patient({ maritalStatus: coded('http://a', 'M') }),
    [['warning', 'Patient.maritalStatus', /Expected a coding of http:\/\/hl7.org\/fhir\/ValueSet\/marital-status/]],
  ],
  [
    'a code from elsewhere beside one of the value set',
    patient({
      maritalStatus: {
        coding: [
          { system: 'http://a', code: 'M' },
          { system: V3_STATUS, code: 'M' },
        ],
      },
    }),
    [],
  ],
  ['a text and no code', patient({ maritalStatus: { text: 'married' } }), []],
  [
    'a data type in a list',
    patient({ identifier: [{ value: '1' }, { type: coded('http://a', 'x'), value: '2' }] }),
    [['warning', 'Patient.identifier[1].type', /identifier-type/]],
  ],
  [
    'a choice element',
    {
      resourceType: 'PlanDefinition',
      status: 'draft',
      text,
      subjectCodeableConcept: coded('http://a', 'x'),
    },
    [['warning', 'PlanDefinition.subject', /subject-type/]],
  ],
  ['a value set that nobody holds', patient({ contact: [{ relationship: [coded('http://a', 'x')] }] }), []],
  [
    'a name that is no identifier',
    { resourceType: 'ValueSet', status: 'draft', text, name: 'my-values' },
    [['warning', 'ValueSet', /vsd-0/]],
  ],
  [
    'a problem without clinical status',
    {
      resourceType: 'Condition',
      text,
      subject: { reference: 'Patient/1' },
      category: [coded(CONDITION_CATEGORY, 'problem-list-item')],
    },
    [['warning', 'Condition', /con-3/]],
  ],
  [
    'a contained resource',
    patient({
      contained: [{ resourceType: 'Patient', id: 'a', maritalStatus: coded('http://a', 'x') }],
      link: [{ other: { reference: '#a' }, type: 'refer' }],
    }),
    [['warning', 'Patient.contained[0].maritalStatus', /marital-status/]],
  ],
  [
    'resources of a Bundle, each with its own narrative',
    { resourceType: 'Bundle', type: 'collection', entry: [{ resource: { resourceType: 'Patient' } }] },
    [['information', 'Bundle.entry[0].resource', /dom-6/]],
  ],
  [
    'what is within an extension',
    patient({ extension: [{ url: 'u', valueIdentifier: { type: coded('a', 'x') } }] }),
    [],
  ],
];
for (const [name, resource, expected] of cases) {
  t.test(`advice: ${name}`, async (t) => {
    const issues = advise(resource);
    t.equal(issues.length, expected.length, JSON.stringify(issues));
    expected.forEach(([severity, expression, says], i) => {
      t.match(issues[i], { severity, expression, diagnostics: says });
    });
  });
}

t.test('stored value sets are asked first, and R4 where they do not know', async (t) => {
  const holding = (url: string, code: string): Terminology => ({
    expand: (valueSet) => (valueSet.endsWith(url) ? [{ system: 'http://a', code }] : undefined),
    concept: () => undefined,
  });
  const resource = patient({ maritalStatus: coded('http://a', 'x') });
  t.same(advise(resource, holding('marital-status', 'x')), []);
  t.equal(advise(resource, holding('marital-status', 'y')).length, 1);
  t.equal(advise(resource, holding('identifier-type', 'x')).length, 1);
  const held = patient({ contact: [{ relationship: [coded('http://a', 'x')] }] });
  t.match(advise(held, holding('patient-contactrelationship', 'y')), [
    { severity: 'warning', expression: 'Patient.contact[0].relationship[0]' },
  ]);
});

t.test('no more than 50, and nothing that was typed is repeated', async (t) => {
  const issues = advise(patient({ identifier: Array.from({ length: 1000 }, () => ({ type: coded('Jane', 'Doe') })) }));
  t.equal(issues.length, 50);
  t.notMatch(JSON.stringify(issues), /Jane|Doe/);
});

t.test('hostile values do not throw', async (t) => {
  for (const value of [null, 0, '', [], [null], {}, { coding: 1 }, { coding: [null] }, '__proto__']) {
    for (const resourceType of ['Patient', 'constructor', '__proto__', 'Bundle']) {
      for (const name of ['maritalStatus', 'identifier', 'contained', 'entry', 'text']) {
        t.doesNotThrow(() => advise({ resourceType, [name]: value }));
      }
    }
  }
});
