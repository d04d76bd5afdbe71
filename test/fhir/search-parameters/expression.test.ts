import type { SearchParameter } from '@medplum/fhirtypes';
import t from 'tap';
import { searchParametersOf } from '../../../src/fhir/definitions.ts';
import { ExpressionError, parseExpression } from '../../../src/fhir/search-parameters/expression.ts';
import { searchRegistry, whyNotIndexed } from '../../../src/fhir/search-parameters.ts';

const registry = searchRegistry(searchParametersOf, []);

/** A posted SearchParameter of Patient; gives the values that it finds in `patient`. */
function values(expression: string, patient: object): unknown[] {
  const definition: SearchParameter = {
    resourceType: 'SearchParameter',
    url: 'https://example.org/SearchParameter/x',
    name: 'x',
    status: 'active',
    description: 'x',
    code: 'x',
    base: ['Patient'],
    type: 'token',
    expression,
  };
  const why = whyNotIndexed(registry, definition);
  if (why !== undefined) throw new Error(why);
  const made = searchRegistry(searchParametersOf, [], {
    params: [{ definition, bit: 62, complete: true }],
    generation: 7n,
  });
  return (
    made
      .get('Patient')
      ?.get('x')
      ?.elements({ resourceType: 'Patient', ...patient }) ?? []
  ).map(({ value }) => value);
}

const RACE = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race';
const race = {
  extension: [
    {
      url: RACE,
      extension: [
        { url: 'ombCategory', valueCoding: { system: 'urn:oid:2.16.840.1.113883.6.238', code: '2106-3' } },
        { url: 'text', valueString: 'White' },
      ],
    },
    { url: 'urn:other', valueCode: 'other' },
  ],
};
const people = {
  name: [{ use: 'official', family: 'A' }, { use: 'usual', family: 'B' }, { family: 'C' }],
  telecom: [
    { system: 'phone', value: '1' },
    { system: 'email', value: 'a@b' },
  ],
  generalPractitioner: [{ reference: 'Practitioner/p' }, { reference: 'Organization/o' }],
};

const cases: [name: string, expression: string, patient: object, expected: unknown[]][] = [
  ['an element', 'Patient.gender', { gender: 'female' }, ['female']],
  ['an element of all resources', 'Resource.language', { language: 'fr' }, ['fr']],
  ['a list is opened', 'Patient.name.family', people, ['A', 'B', 'C']],
  ['one of a list', 'Patient.name[1].family', people, ['B']],
  ['the first of a list', 'Patient.name.first().family', people, ['A']],
  ['a filter', "Patient.name.where(use = 'official').family", people, ['A']],
  ['a filter by two', "Patient.name.where(use='usual' and family='B').family", people, ['B']],
  ['a filter by either', "Patient.name.where(use='usual' or use='official').family", people, ['A', 'B']],
  ['a filter by what is there', 'Patient.name.where(use.exists()).family', people, ['A', 'B']],
  ['a filter by what is not', "Patient.telecom.where(system != 'phone').value", people, ['a@b']],
  ['a union', 'Patient.gender | Patient.name.family', { gender: 'male', ...people }, ['male', 'A', 'B', 'C']],
  ['other types in a union are left aside', 'Observation.status | Patient.gender', { gender: 'male' }, ['male']],
  [
    'a union in parentheses with a path behind',
    '(Patient.contact.name | Patient.name).family | Patient.gender',
    { contact: [{ name: { family: 'K' } }], gender: 'male' },
    ['K', 'male'],
  ],
  ['a choice', 'Patient.deceased', { deceasedDateTime: '2026' }, ['2026']],
  ['a choice by type', 'Patient.deceased.ofType(boolean)', { deceasedDateTime: '2026' }, []],
  ['a choice, as', '(Patient.deceased as dateTime)', { deceasedDateTime: '2026' }, ['2026']],
  ['a choice, as()', 'Patient.deceased.as(dateTime)', { deceasedDateTime: '2026' }, ['2026']],
  [
    'what a reference leads to',
    'Patient.generalPractitioner.where(resolve() is Organization)',
    people,
    [{ reference: 'Organization/o' }],
  ],
  ['an extension by where', "Patient.extension.where(url = 'urn:other').value", race, ['other']],
  ['an extension by function', "Patient.extension('urn:other').value.ofType(code)", race, ['other']],
  [
    'an extension within an extension',
    `Patient.extension.where(url = '${RACE}').extension.where(url = 'ombCategory').value.code`,
    race,
    ['2106-3'],
  ],
  [
    'a condition is true or false',
    'Patient.deceased.exists() and Patient.deceased != false',
    { deceasedDateTime: '2026' },
    [true],
  ],
  ['a condition over what is not there', 'Patient.deceased.exists() and Patient.deceased != false', {}, [false]],
  [
    'a condition over false',
    'Patient.deceased.exists() and Patient.deceased != false',
    { deceasedBoolean: false },
    [false],
  ],
  ['a sibling whose name begins alike is no choice', 'Patient.multipleBirth', { multipleBirthInteger: 2 }, [2]],
];
for (const [name, expression, patient, expected] of cases) {
  t.test(name, async (t) => t.same(values(expression, patient), expected));
}

const refused: [name: string, expression: string, message: RegExp][] = [
  ['an element that R4 does not define', 'Patient.hairColour', /Patient has no element hairColour/],
  ['a function beyond these', "Patient.name.matches('^a')", /function matches\(\)/],
  ['a reference that is followed', 'Patient.managingOrganization.resolve().name', /function resolve\(\)/],
  ['another type alone', 'Observation.status', /no part of it is about this type/],
  ['arithmetic', 'Patient.multipleBirth + 1', /"\+"/],
  ['a variable', '%resource.id', /"%"/],
  ['an open parenthesis', '(Patient.gender', /lacks \)/],
  ['a type that is not in a choice', 'Patient.deceased.ofType(Quantity)', /nothing there is a Quantity/],
  ['nothing', '', /ends too early|there is none/],
  ['a value alone', "'a'", /a value stands where a path belongs|no part/],
];
for (const [name, expression, message] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    t.throws(() => values(expression, {}), message);
  });
}

t.test('deep nesting and great length are refused before they cost anything', async (t) => {
  t.throws(() => parseExpression('('.repeat(5000)), ExpressionError);
  t.throws(() => parseExpression(`Patient.${'a'.repeat(30_000)}`), ExpressionError);
});

/** The type of `base` leaves out the types that others inherit from. */
const ALL_BASES = ['DomainResource'] as unknown as SearchParameter['base'];

t.test('a posted parameter does not take the code of another, and needs a type that is served', async (t) => {
  const posted = (over: Partial<SearchParameter>): SearchParameter => ({
    resourceType: 'SearchParameter',
    url: 'https://example.org/SearchParameter/x',
    name: 'x',
    status: 'active',
    description: 'x',
    code: 'x',
    base: ['Patient'],
    type: 'token',
    expression: 'Patient.gender',
    ...over,
  });
  t.equal(whyNotIndexed(registry, posted({})), undefined);
  t.match(whyNotIndexed(registry, posted({ code: 'gender' })), /has a search parameter gender already/);
  t.match(whyNotIndexed(registry, posted({ base: ['Claim'] })), /none of its base types \(Claim\) is served/);
  t.match(whyNotIndexed(registry, posted({ type: 'special' })), /type special are not indexed/);
  t.equal(whyNotIndexed(registry, posted({ base: ALL_BASES, expression: 'DomainResource.language' })), undefined);
});
