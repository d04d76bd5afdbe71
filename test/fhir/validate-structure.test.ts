import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Issue } from '../../src/fhir/errors.ts';
import { validateStructure } from '../../src/fhir/validate-structure.ts';
import { VALIDATED_TYPES } from '../../src/fhir/validated-types.ts';
import { BROKEN } from './broken-examples.ts';

type Members = Record<string, unknown>;
const patient = (members: Members): Members => ({ resourceType: 'Patient', ...members });
const response = (members: Members): Members => ({
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  ...members,
});
const observation = (members: Members): Members => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'c' },
  ...members,
});
const administration = (members: Members): Members => ({
  resourceType: 'MedicationAdministration',
  status: 'completed',
  medicationCodeableConcept: { text: 'm' },
  subject: { reference: 'Patient/1' },
  effectiveDateTime: '2026',
  ...members,
});
const task: Members = { resourceType: 'Task', status: 'requested', intent: 'order' };
const form = (item: unknown): Members => ({ resourceType: 'Questionnaire', status: 'draft', item: [item] });
const answer = (...answer: unknown[]): Members => response({ item: [{ linkId: 'a', answer }] });
const extension = (members: Members): Members => patient({ extension: [{ url: 'http://u', ...members }] });
const contained = (...contained: unknown[]): Members => patient({ contained });

const invalid: [name: string, resource: unknown, code: Issue['code'], expression: string | undefined, says?: RegExp][] =
  [
    ['no object', 'Patient', 'structure', undefined, /a string came/],
    ['null', null, 'structure', undefined, /null came/],
    ['an array', [], 'structure', undefined, /an array came/],
    ['no resourceType', {}, 'required', 'Resource.resourceType'],
    ['a resourceType that is no string', { resourceType: 1 }, 'structure', 'Resource.resourceType'],
    ['an unknown resourceType', { resourceType: 'Patent' }, 'structure', 'Resource.resourceType', /Patent/],
    ['a resourceType that JavaScript knows', { resourceType: 'constructor' }, 'structure', 'Resource.resourceType'],
    ['a resourceType __proto__', { resourceType: '__proto__' }, 'structure', 'Resource.resourceType'],

    ['an unknown element', patient({ nme: 'x' }), 'structure', 'Patient.nme', /no element nme/],
    ['an unknown element inside', patient({ name: [{ famly: 'x' }] }), 'structure', 'Patient.name[0].famly'],
    ['an unknown element of a type from R5', response({ intent: 'x' }), 'structure', 'QuestionnaireResponse.intent'],
    ['an element of another server', patient({ meta: { project: 'urn:p' } }), 'structure', 'Patient.meta.project'],
    ['a key __proto__', JSON.parse('{"resourceType":"Patient","__proto__":{"a":1}}'), 'structure', 'Patient.(unnamed)'],
    ['a key constructor', patient({ constructor: 1 }), 'structure', 'Patient.constructor'],
    ['a key with free text', patient({ 'Jane Doe': 1 }), 'structure', 'Patient.(unnamed)', /^(?!.*Jane)/],
    ['a sibling of an object', patient({ _name: [{ id: 'x' }] }), 'structure', 'Patient._name'],
    ['a sibling of the id', patient({ _id: { id: 'x' } }), 'structure', 'Patient._id'],
    [
      'a choice with a type that it does not allow',
      answer({ valueCode: 'x' }),
      'structure',
      'QuestionnaireResponse.item[0].answer[0].valueCode',
    ],
    ['a choice without its type', answer({ value: 1 }), 'structure', 'QuestionnaireResponse.item[0].answer[0].value'],

    [
      'an object where an array belongs',
      patient({ name: { text: 'n' } }),
      'structure',
      'Patient.name',
      /Expected an array; an object came/,
    ],
    [
      'an array where an object belongs',
      observation({ subject: [{ reference: 'Patient/1' }] }),
      'structure',
      'Observation.subject',
      /Expected an object; an array came/,
    ],
    ['an array where a string belongs', patient({ birthDate: ['2026'] }), 'structure', 'Patient.birthDate'],
    ['a string where an object belongs', observation({ subject: 'Patient/1' }), 'structure', 'Observation.subject'],
    ['a number where a string belongs', patient({ gender: 1 }), 'structure', 'Patient.gender', /a number came/],
    [
      'a string where a number belongs',
      answer({ valueInteger: '3' }),
      'structure',
      'QuestionnaireResponse.item[0].answer[0].value',
      /a string came/,
    ],
    ['a string where a boolean belongs', patient({ active: 'true' }), 'structure', 'Patient.active', /true or false/],
    [
      'a boolean where a number belongs',
      answer({ valueDecimal: true }),
      'structure',
      'QuestionnaireResponse.item[0].answer[0].value',
    ],
    ['null', patient({ birthDate: null }), 'structure', 'Patient.birthDate', /null came/],
    ['null for an object', patient({ name: [null] }), 'structure', 'Patient.name[0]'],

    ['an empty array', patient({ name: [] }), 'structure', 'Patient.name', /empty/],
    ['an empty object', patient({ maritalStatus: {} }), 'structure', 'Patient.maritalStatus', /ele-1/],
    [
      'an object with an id only',
      patient({ maritalStatus: { id: 'x' } }),
      'structure',
      'Patient.maritalStatus',
      /ele-1/,
    ],
    [
      'an empty string',
      patient({ name: [{ family: '' }] }),
      'structure',
      'Patient.name[0].family',
      /an empty string came/,
    ],
    ['a string of white space', patient({ name: [{ family: '  ' }] }), 'value', 'Patient.name[0].family'],
    ['an empty sibling', patient({ birthDate: '2026', _birthDate: {} }), 'structure', 'Patient.birthDate'],
    ['a sibling with an id and no value', patient({ _birthDate: { id: 'x' } }), 'structure', 'Patient.birthDate'],
    [
      'null with no sibling',
      patient({ name: [{ given: ['a', null] }] }),
      'structure',
      'Patient.name[0].given[1]',
      /null/,
    ],
    [
      'null on both sides',
      patient({ name: [{ given: ['a', null], _given: [{ id: 'x' }, null] }] }),
      'structure',
      'Patient.name[0].given[1]',
    ],

    [
      'a required element missing',
      { resourceType: 'QuestionnaireResponse' },
      'required',
      'QuestionnaireResponse.status',
    ],
    ['a required object missing', { resourceType: 'Observation', status: 'final' }, 'required', 'Observation.code'],
    [
      'a required element missing inside',
      response({ item: [{ text: 't' }] }),
      'required',
      'QuestionnaireResponse.item[0].linkId',
    ],
    [
      'a required choice missing',
      form({ linkId: 'a', type: 'choice', answerOption: [{ initialSelected: true }] }),
      'required',
      'Questionnaire.item[0].answerOption[0].value',
      /value\[x\]/,
    ],
    [
      'an extension without url',
      patient({ extension: [{ valueString: 'x' }] }),
      'required',
      'Patient.extension[0].url',
    ],

    [
      'two values of one choice',
      answer({ valueInteger: 1, valueString: 'x' }),
      'structure',
      'QuestionnaireResponse.item[0].answer[0].value',
      /Only one of/,
    ],
    [
      'a value and the sibling of another',
      answer({ valueInteger: 1, _valueString: { extension: [{ url: 'u', valueCode: 'c' }] } }),
      'structure',
      'QuestionnaireResponse.item[0].answer[0].value',
    ],
    [
      'two effective times',
      observation({ effectiveDateTime: '2026', effectiveInstant: '2026-01-01T00:00:00Z' }),
      'structure',
      'Observation.effective',
    ],

    [
      'a bad code in a required binding',
      response({ status: 'done' }),
      'code-invalid',
      'QuestionnaireResponse.status',
      /done came/,
    ],
    [
      'free text as a code',
      response({ status: 'I feel ill today' }),
      'code-invalid',
      'QuestionnaireResponse.status',
      /^(?!.*ill)/,
    ],
    ['a code in the wrong case', patient({ gender: 'Male' }), 'code-invalid', 'Patient.gender'],
    [
      'a bad code of a data type',
      patient({ telecom: [{ system: 'pigeon' }] }),
      'code-invalid',
      'Patient.telecom[0].system',
    ],
    ['a bad item type', form({ linkId: 'a', type: 'number' }), 'code-invalid', 'Questionnaire.item[0].type'],
    ['a code with a space at its end', response({ status: 'completed ' }), 'value', 'QuestionnaireResponse.status'],

    ['an id that is too long', patient({ id: 'a'.repeat(65) }), 'value', 'Patient.id'],
    ['an id with a space', patient({ id: 'a b' }), 'value', 'Patient.id'],
    ['an id with an underscore', patient({ id: 'a_b' }), 'value', 'Patient.id'],
    ['a month 13', patient({ birthDate: '2026-13' }), 'value', 'Patient.birthDate'],
    ['a 30 February', patient({ birthDate: '2026-02-30' }), 'value', 'Patient.birthDate'],
    ['a 29 February in a common year', patient({ birthDate: '2026-02-29' }), 'value', 'Patient.birthDate'],
    ['a 29 February in 1900', patient({ birthDate: '1900-02-29' }), 'value', 'Patient.birthDate'],
    ['a year 0000', patient({ birthDate: '0000' }), 'value', 'Patient.birthDate'],
    ['a day without a leading zero', patient({ birthDate: '2026-1-1' }), 'value', 'Patient.birthDate'],
    ['a date with a time', patient({ birthDate: '2026-01-01T00:00:00Z' }), 'value', 'Patient.birthDate'],
    [
      'a time without a zone',
      response({ authored: '2026-01-01T10:00:00' }),
      'value',
      'QuestionnaireResponse.authored',
      /time zone/,
    ],
    ['a time without seconds', response({ authored: '2026-01-01T10:00Z' }), 'value', 'QuestionnaireResponse.authored'],
    ['a space for the T', response({ authored: '2026-01-01 10:00:00Z' }), 'value', 'QuestionnaireResponse.authored'],
    ['an hour 24', response({ authored: '2026-01-01T24:00:00Z' }), 'value', 'QuestionnaireResponse.authored'],
    [
      'a zone beyond 14 h',
      response({ authored: '2026-01-01T10:00:00+14:01' }),
      'value',
      'QuestionnaireResponse.authored',
    ],
    ['a line break after a date', patient({ birthDate: '2026-01-01\n' }), 'value', 'Patient.birthDate'],
    ['an instant without a time', observation({ issued: '2026-01-01' }), 'value', 'Observation.issued'],
    [
      'a time with a zone',
      answer({ valueTime: '10:00:00Z' }),
      'value',
      'QuestionnaireResponse.item[0].answer[0].value',
    ],
    [
      'a fraction as an integer',
      answer({ valueInteger: 1.5 }),
      'value',
      'QuestionnaireResponse.item[0].answer[0].value',
    ],
    [
      'an integer beyond 32 bits',
      answer({ valueInteger: 2147483648 }),
      'value',
      'QuestionnaireResponse.item[0].answer[0].value',
    ],
    [
      'an integer below 32 bits',
      answer({ valueInteger: -2147483649 }),
      'value',
      'QuestionnaireResponse.item[0].answer[0].value',
    ],
    [
      '0 as a positiveInt',
      patient({ telecom: [{ system: 'phone', value: '1', rank: 0 }] }),
      'value',
      'Patient.telecom[0].rank',
    ],
    ['-1 as an unsignedInt', extension({ valueUnsignedInt: -1 }), 'value', 'Patient.extension[0].value'],
    [
      'infinity as a decimal',
      answer({ valueDecimal: Number.POSITIVE_INFINITY }),
      'value',
      'QuestionnaireResponse.item[0].answer[0].value',
    ],
    ['white space in a uri', response({ questionnaire: 'http://a b' }), 'value', 'QuestionnaireResponse.questionnaire'],
    ['base64 with a bad letter', extension({ valueBase64Binary: 'QQ=*' }), 'value', 'Patient.extension[0].value'],
    ['base64 of a bad length', extension({ valueBase64Binary: 'QQQ' }), 'value', 'Patient.extension[0].value'],
    ['an oid without urn', extension({ valueOid: '1.2.3' }), 'value', 'Patient.extension[0].value'],
    [
      'a uuid in upper case',
      extension({ valueUuid: 'urn:uuid:C757873D-EC9A-4326-A141-556F43239520' }),
      'value',
      'Patient.extension[0].value',
    ],
    [
      'a script in a narrative',
      patient({
        text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>' },
      }),
      'value',
      'Patient.text.div',
    ],
    [
      'an event attribute in a narrative',
      patient({ text: { status: 'generated', div: '<div><p onclick="x()">a</p></div>' } }),
      'value',
      'Patient.text.div',
    ],
    [
      'a script address in a narrative',
      patient({ text: { status: 'generated', div: '<div><a href=" javascript:x">a</a></div>' } }),
      'value',
      'Patient.text.div',
    ],
    [
      'an encoded script address',
      patient({ text: { status: 'generated', div: '<div><a href="java&#x73;cript:x">a</a></div>' } }),
      'value',
      'Patient.text.div',
    ],
    [
      'a narrative without content',
      patient({ text: { status: 'generated', div: '<div> <p/> </div>' } }),
      'value',
      'Patient.text.div',
    ],
    [
      'a narrative that is not closed',
      patient({ text: { status: 'generated', div: '<div><p>a</div>' } }),
      'value',
      'Patient.text.div',
    ],

    [
      'a reference to another type',
      response({ basedOn: [{ reference: 'Patient/1' }] }),
      'value',
      'QuestionnaireResponse.basedOn[0]',
      /CarePlan/,
    ],
    [
      'an absolute reference to another type',
      response({ basedOn: [{ reference: 'http://a/fhir/Patient/1' }] }),
      'value',
      'QuestionnaireResponse.basedOn[0]',
    ],
    [
      'a reference that says another type',
      response({ basedOn: [{ type: 'Patient', display: 'd' }] }),
      'value',
      'QuestionnaireResponse.basedOn[0]',
    ],
    [
      'a reference without a type',
      response({ subject: { reference: '123' } }),
      'value',
      'QuestionnaireResponse.subject.reference',
    ],
    [
      'a search as a reference',
      response({ subject: { reference: 'Patient?identifier=1' } }),
      'value',
      'QuestionnaireResponse.subject.reference',
    ],
    [
      'a fragment that leads nowhere',
      response({ subject: { reference: '#p' } }),
      'invariant',
      'QuestionnaireResponse.subject',
      /ref-1/,
    ],

    [
      'answer and item in one item',
      response({ item: [{ linkId: 'a', answer: [{ valueInteger: 1 }], item: [{ linkId: 'b' }] }] }),
      'invariant',
      'QuestionnaireResponse.item[0]',
      /qrs-1/,
    ],
    [
      'a value and a reason for none',
      observation({ valueInteger: 0, dataAbsentReason: { text: 'x' } }),
      'invariant',
      'Observation',
      /obs-6/,
    ],
    [
      'a quantity code without system',
      observation({ component: [{ code: { text: 'c' }, valueQuantity: { value: 1, code: 'kg' } }] }),
      'invariant',
      'Observation.component[0].value',
      /qty-3/,
    ],
    [
      'a value inside a choice',
      observation({
        component: [{ code: { text: 'c' }, valueQuantity: { value: 1, code: ' kg', system: 'http://s' } }],
      }),
      'value',
      'Observation.component[0].value.code',
    ],
    [
      'a period that ends before it begins',
      observation({ effectivePeriod: { start: '2026-02-01', end: '2026-01-01' } }),
      'invariant',
      'Observation.effective',
      /per-1/,
    ],
    ['an extension with neither value nor extension', extension({}), 'invariant', 'Patient.extension[0]', /ext-1/],
    ['a group without items', form({ linkId: 'a', type: 'group' }), 'invariant', 'Questionnaire.item[0]', /que-1/],
    [
      'a linkId twice',
      {
        resourceType: 'Questionnaire',
        status: 'draft',
        item: [
          { linkId: 'a', type: 'string' },
          { linkId: 'a', type: 'string' },
        ],
      },
      'invariant',
      'Questionnaire',
      /que-2/,
    ],
    [
      'ElementDefinition.max that is no number',
      {
        resourceType: 'StructureDefinition',
        url: 'u',
        name: 'N',
        status: 'draft',
        kind: 'resource',
        abstract: true,
        type: 'N',
        snapshot: {
          element: [{ id: 'N', path: 'N', definition: 'd', min: 0, max: 'x', base: { path: 'N', min: 0, max: '*' } }],
        },
      },
      'value',
      'StructureDefinition.snapshot.element[0].max',
    ],

    [
      'a reference to a contained resource of another type',
      observation({ contained: [{ resourceType: 'Device', id: 'd' }], performer: [{ reference: '#d' }] }),
      'value',
      'Observation.performer[0]',
      /Practitioner/,
    ],
    [
      'a contained resource in a contained one',
      patient({
        contained: [{ resourceType: 'Patient', id: 'b', contained: [{ resourceType: 'Patient', id: 'c' }] }],
        link: [
          { other: { reference: '#b' }, type: 'refer' },
          { other: { reference: '#c' }, type: 'refer' },
        ],
      }),
      'invariant',
      'Patient',
      /dom-2 does not hold: If the resource is contained/,
    ],
    [
      'a contained resource with a version',
      patient({
        contained: [{ resourceType: 'Patient', id: 'b', meta: { versionId: '1' } }],
        link: [{ other: { reference: '#b' }, type: 'refer' }],
      }),
      'invariant',
      'Patient',
      /dom-4/,
    ],
    [
      'a contained resource with a security label',
      patient({
        contained: [{ resourceType: 'Patient', id: 'b', meta: { security: [{ code: 'x' }] } }],
        link: [{ other: { reference: '#b' }, type: 'refer' }],
      }),
      'invariant',
      'Patient',
      /dom-5/,
    ],
    [
      'a choice named by the profile of its type',
      administration({ dosage: { rateSimpleQuantity: { value: 1 } } }),
      'structure',
      'MedicationAdministration.dosage.rateSimpleQuantity',
    ],
    [
      'a simple quantity with a comparator',
      administration({ dosage: { rateQuantity: { value: 1, comparator: '<' } } }),
      'invariant',
      'MedicationAdministration.dosage.rate',
      /sqty-1/,
    ],
    [
      'a dosage without dose and rate',
      administration({ dosage: { text: 't' } }),
      'invariant',
      'MedicationAdministration.dosage',
      /mad-1/,
    ],
    [
      'an element of ResearchStudy from R5',
      { resourceType: 'ResearchStudy', status: 'active', label: [{ value: 'x' }] },
      'structure',
      'ResearchStudy.label',
    ],
    [
      'an address of a Binary, which another server adds',
      { resourceType: 'Binary', contentType: 'a/b', url: 'http://a' },
      'structure',
      'Binary.url',
    ],
    [
      'a Task that was changed before it was written',
      { ...task, authoredOn: '2026-01-02', lastModified: '2026-01-01' },
      'invariant',
      'Task',
      /invariant inv-1 does not hold: Last modified date/,
    ],
    [
      'a Task with a parameter of no value',
      { ...task, input: [{ type: { text: 't' } }] },
      'required',
      'Task.input[0].value',
    ],
    [
      'an Organization without a name',
      { resourceType: 'Organization', active: true },
      'invariant',
      'Organization',
      /org-1/,
    ],
    [
      'an Organization at home',
      { resourceType: 'Organization', name: 'n', telecom: [{ system: 'phone', use: 'home', value: '1' }] },
      'invariant',
      'Organization.telecom[0]',
      /org-3/,
    ],
    [
      'a Consent without policy',
      { resourceType: 'Consent', status: 'active', scope: { text: 's' }, category: [{ text: 'c' }] },
      'invariant',
      'Consent',
      /ppc-1/,
    ],
    [
      'an AdverseEvent of no one',
      { resourceType: 'AdverseEvent', actuality: 'actual' },
      'required',
      'AdverseEvent.subject',
    ],
    [
      'a Subscription on a channel that R4 does not know',
      { resourceType: 'Subscription', status: 'off', reason: 'r', criteria: 'Flag?', channel: { type: 'pigeon' } },
      'code-invalid',
      'Subscription.channel.type',
    ],
    [
      'a contained resource that nothing refers to',
      contained({ resourceType: 'Basic', id: 'b', code: { text: 'c' } }),
      'invariant',
      'Patient',
      /dom-3/,
    ],
    [
      'a contained resource of no type',
      patient({ contained: [{ id: 'b' }], link: [{ other: { reference: '#b' }, type: 'refer' }] }),
      'structure',
      'Patient.contained[0]',
    ],
    [
      'a contained resource of an unknown type',
      patient({ contained: [{ resourceType: 'Nope', id: 'b' }], generalPractitioner: [{ reference: '#b' }] }),
      'structure',
      'Patient.contained[0]',
    ],
    [
      'an unknown element of a contained resource',
      patient({
        contained: [{ resourceType: 'Patient', id: 'b', nme: 1 }],
        link: [{ other: { reference: '#b' }, type: 'refer' }],
      }),
      'structure',
      'Patient.contained[0].nme',
    ],
    [
      'an empty element of a contained resource of another type',
      patient({
        contained: [{ resourceType: 'Location', id: 'b', alias: [] }],
        extension: [{ url: 'http://u', valueReference: { reference: '#b' } }],
      }),
      'structure',
      'Patient.contained[0]',
    ],
  ];
for (const [name, resource, code, expression, says] of invalid) {
  t.test(`refused: ${name}`, async (t) => {
    const issues = validateStructure(resource);
    const found = issues.find((issue) => issue.code === code && issue.expression === expression);
    t.ok(found, JSON.stringify(issues));
    if (says) t.match(found?.diagnostics, says);
    for (const issue of issues) t.equal(issue.severity, 'error');
  });
}

const valid: [name: string, resource: unknown][] = [
  ['a choice of a simple quantity', administration({ dosage: { rateQuantity: { value: 1 } } })],
  ['a Task', { ...task, authoredOn: '2026-01-01', lastModified: '2026-01-01' }],
  ['a Parameters of one value', { resourceType: 'Parameters', parameter: [{ name: 'n', valueCode: 'c' }] }],
  [
    'a reference to a contained resource of a type that it may have',
    observation({ contained: [{ resourceType: 'Practitioner', id: 'p' }], performer: [{ reference: '#p' }] }),
  ],
  [
    'a reference to the container',
    patient({
      contained: [{ resourceType: 'RelatedPerson', id: 'r', patient: { reference: '#' } }],
    }),
  ],
  ['a Patient of nothing but its type', patient({})],
  [
    'a primitive that has an extension only',
    patient({ _birthDate: { extension: [{ url: 'http://u', valueCode: 'unknown' }] } }),
  ],
  [
    'a required primitive that has an extension only',
    { resourceType: 'QuestionnaireResponse', _status: { extension: [{ url: 'http://u', valueCode: 'x' }] } },
  ],
  ['a primitive with the id of its element', patient({ birthDate: '2026', _birthDate: { id: 'x' } })],
  [
    'arrays padded with null',
    patient({ name: [{ given: ['a', null], _given: [null, { extension: [{ url: 'http://u', valueCode: 'x' }] }] }] }),
  ],
  ['a choice with its sibling', answer({ valueInteger: 1, _valueInteger: { id: 'x' } })],
  ['an answer that has an extension only', answer({ extension: [{ url: 'http://u', valueCode: 'x' }] })],
  [
    'the edges of dates',
    observation({ effectiveDateTime: '2024-02-29T23:59:60.123456789+14:00', issued: '0001-01-01T00:00:00-13:59' }),
  ],
  ['partial dates', patient({ birthDate: '2026', deceasedDateTime: '2026-02' })],
  ['the edges of integers', answer({ valueInteger: 2147483647 }, { valueInteger: -2147483648 })],
  ['a logical reference', response({ subject: { identifier: { value: 'x' } } })],
  ['a reference to a version', response({ subject: { reference: 'Patient/1/_history/2' } })],
  [
    'references that name no type',
    response({
      basedOn: [{ reference: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520' }, { reference: 'http://a/b?c=d' }],
    }),
  ],
  [
    'a contained resource of a type without validator',
    patient({
      contained: [{ resourceType: 'Location', id: 'b', name: 'x' }],
      extension: [{ url: 'http://u', valueReference: { reference: '#b' } }],
    }),
  ],
  [
    'a narrative',
    patient({
      text: {
        status: 'generated',
        div: '<div xmlns="http://www.w3.org/1999/xhtml"><!-- c --><p class="a">a &amp; &#233;<br/></p></div>',
      },
    }),
  ],
  ['a code with a space inside', extension({ valueCode: 'a b' })],
  ['base64 with white space', extension({ valueBase64Binary: 'QUJD\nREVG' })],
];
for (const [name, resource] of valid) {
  t.test(`accepted: ${name}`, async (t) => {
    t.same(validateStructure(resource), []);
  });
}

t.test('all faults are told at once', async (t) => {
  const issues = validateStructure(patient({ gender: 'x', birthDate: 'y', name: [{ a: 1 }, { b: 1 }], zzz: 1 }));
  t.same(
    issues.map(({ expression }) => expression).sort(),
    [
      'Patient.birthDate',
      'Patient.gender',
      'Patient.name[0].a',
      'Patient.name[0]',
      'Patient.name[1].b',
      'Patient.name[1]',
      'Patient.zzz',
    ].sort(),
  );
});

t.test('but not more than 50, of a body with a hundred thousand', async (t) => {
  const issues = validateStructure(patient({ name: Array.from({ length: 100_000 }, () => ({ a: 1 })) }));
  t.equal(issues.length, 50);
});

t.test('the type of the URL is asked for', async (t) => {
  t.same(validateStructure(patient({}), 'Patient'), []);
  t.match(validateStructure(patient({}), 'Flag'), [{ code: 'invalid', diagnostics: /type Flag; Patient came/ }]);
});

t.test('nothing that was typed is repeated', async (t) => {
  const secret = 'Jane Doe 1970';
  const typed = patient({
    gender: secret,
    birthDate: secret,
    name: secret,
    id: secret,
    [secret]: secret,
    active: secret,
    meta: { source: secret },
    extension: [{ url: secret, valueInteger: secret }],
  });
  const issues = validateStructure(typed);
  t.ok(issues.length >= 8);
  t.notMatch(JSON.stringify(issues), /Jane|1970/);
});

t.test('hostile values do not throw', async (t) => {
  const hostile: unknown[] = [
    undefined,
    0,
    '',
    Number.NaN,
    [[]],
    [null],
    {},
    { resourceType: {} },
    -0,
    '\0',
    { length: 3 },
    true,
  ];
  for (const type of VALIDATED_TYPES) {
    for (const name of [
      'id',
      'meta',
      'text',
      'contained',
      'extension',
      'item',
      'entry',
      'parameter',
      'code',
      'subject',
      '_id',
    ]) {
      for (const value of hostile.flatMap((one) => [one, [one, one]])) {
        try {
          validateStructure({ resourceType: type, [name]: value });
        } catch (error) {
          t.fail(`${type}.${name} of ${JSON.stringify(value)}: ${error}`);
        }
      }
    }
  }
});

t.test('the published examples are valid, but for those that are known not to be', async (t) => {
  const folder = 'node_modules/hl7.fhir.r4.examples';
  const types = new Set<string>(VALIDATED_TYPES);
  const seen = new Set<string>();
  let count = 0;
  for (const file of readdirSync(folder).sort()) {
    if (!types.has(file.split('-')[0] ?? '')) continue;
    count += 1;
    const resource = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Members;
    const issues = validateStructure(resource);
    const [says, confirm] = BROKEN[file] ?? [];
    if (!says && issues.length > 0) t.fail(`${file}: ${JSON.stringify(issues.slice(0, 3))}`);
    if (!says) continue;
    seen.add(file);
    t.ok(issues.length > 0 && issues.every(({ diagnostics }) => says.test(diagnostics)), `${file} is refused`);
    t.ok(confirm?.(resource), `${file} is broken`);
  }
  t.same([...seen].sort(), Object.keys(BROKEN).sort());
  t.ok(count > 4500, `${count} examples`);
});
