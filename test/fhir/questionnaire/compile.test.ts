import { readFileSync } from 'node:fs';
import type { Extension, Questionnaire, QuestionnaireResponse } from '@medplum/fhirtypes';
import t from 'tap';
import { compileQuestionnaire, NO_TERMINOLOGY } from '../../../src/fhir/questionnaire.ts';
import { buildTerminology } from '../../../src/fhir/terminology.ts';

const ordinal = (valueDecimal: number, name = 'ordinalValue'): Extension[] => [
  { url: `http://hl7.org/fhir/StructureDefinition/${name}`, valueDecimal },
];

t.test('an item tells what grading asks of it', async (t) => {
  const code = [{ system: 'urn:items', code: 'nausea' }];
  const questionnaire: Questionnaire = {
    resourceType: 'Questionnaire',
    status: 'active',
    url: 'urn:form',
    version: '1',
    title: 'A form',
    item: [
      {
        linkId: 'g',
        type: 'group',
        repeats: true,
        item: [
          {
            linkId: 'n',
            text: 'Nausea',
            type: 'integer',
            code,
            required: true,
            readOnly: true,
            extension: [
              { url: 'http://hl7.org/fhir/StructureDefinition/minValue', valueInteger: 0 },
              { url: 'http://hl7.org/fhir/StructureDefinition/maxValue', valueInteger: 4 },
            ],
          },
        ],
      },
    ],
  };
  const compiled = compileQuestionnaire(questionnaire, NO_TERMINOLOGY);
  t.match(compiled, { url: 'urn:form', version: '1', title: 'A form' });
  t.same([...compiled.items.keys()], ['g', 'n']);
  t.equal(compiled.roots[0], compiled.items.get('g'));
  t.equal(compiled.roots[0]?.children[0], compiled.items.get('n'));
  t.match(compiled.items.get('n'), {
    linkId: 'n',
    type: 'integer',
    text: 'Nausea',
    codes: code,
    required: true,
    repeats: false,
    readOnly: true,
    optionsUnknown: false,
    minValue: 0,
    maxValue: 4,
    parent: 'g',
    dependsOn: [],
  });
  t.equal(compiled.items.get('n')?.options, undefined);
  t.equal(compiled.items.get('g')?.repeats, true);
});

t.test('the weight of an option comes from the option, its Coding, then the code system', async (t) => {
  const system = 'urn:s';
  const terminology = buildTerminology(
    [
      {
        resourceType: 'CodeSystem',
        url: system,
        status: 'active',
        content: 'complete',
        concept: [{ code: 'a', display: 'A', extension: ordinal(9, 'codesystem-ordinalValue') }],
      },
    ],
    [
      {
        resourceType: 'ValueSet',
        url: 'urn:v',
        status: 'active',
        compose: { include: [{ system, concept: [{ code: 'a', extension: ordinal(5, 'valueset-ordinalValue') }] }] },
      },
    ],
  );
  const questionnaire: Questionnaire = {
    resourceType: 'Questionnaire',
    status: 'active',
    item: [
      {
        linkId: 'x',
        type: 'choice',
        answerOption: [
          { extension: ordinal(0), valueCoding: { system, code: 'a', extension: ordinal(1) } },
          { valueCoding: { system, code: 'a', extension: ordinal(2, 'itemWeight') } },
          { valueCoding: { system, code: 'a' } },
          { valueCoding: { system, code: 'b' } },
          { valueInteger: 3 },
          { valueString: 'four' },
        ],
      },
      { linkId: 'v', type: 'choice', answerValueSet: 'urn:v' },
    ],
  };
  const { items } = compileQuestionnaire(questionnaire, terminology);
  t.same(
    items.get('x')?.options?.map((option) => option.ordinal),
    [0, 2, 9, undefined, undefined, undefined],
  );
  t.same(items.get('x')?.options?.[0]?.ordinals, [0, 1], 'both, since they disagree');
  t.match(items.get('x')?.options?.[2], { system, code: 'a', text: 'A' });
  t.match(items.get('x')?.options?.[4], { integer: 3, text: '3' });
  t.match(items.get('x')?.options?.[5], { text: 'four' });
  t.match(items.get('v')?.options, [{ system, code: 'a', ordinal: 5, value: { valueCoding: { system, code: 'a' } } }]);
});

t.test('a walk tells of every item, present or not', async (t) => {
  const questionnaire: Questionnaire = {
    resourceType: 'Questionnaire',
    status: 'active',
    item: [
      {
        linkId: 'g',
        type: 'group',
        repeats: true,
        item: [
          { linkId: 'a', type: 'integer', repeats: true },
          { linkId: 'b', type: 'string' },
        ],
      },
      { linkId: 'h', type: 'group', item: [{ linkId: 'c', type: 'string', item: [{ linkId: 'd', type: 'string' }] }] },
    ],
  };
  const response: QuestionnaireResponse = {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    item: [
      { linkId: 'g', item: [{ linkId: 'a', answer: [{ valueInteger: 1 }, { id: 'none' }] }] },
      { linkId: 'g', item: [{ linkId: 'a' }, { linkId: 'b', answer: [{ valueString: 'x' }] }] },
    ],
  };
  const states = compileQuestionnaire(questionnaire, NO_TERMINOLOGY).collect(response);
  const root = 'QuestionnaireResponse';
  t.same(
    states.map(({ item, path, answers }) => [item.linkId, path, answers.length]),
    [
      ['g', `${root}.item[0]`, 0],
      ['a', `${root}.item[0].item[0]`, 1],
      ['b', undefined, 0],
      ['g', `${root}.item[1]`, 0],
      ['a', `${root}.item[1].item[0]`, 0],
      ['b', `${root}.item[1].item[1]`, 1],
      ['h', undefined, 0],
      ['c', undefined, 0],
      ['d', undefined, 0],
    ],
  );
});

t.test('HL7 publishes forms with responses', async (t) => {
  const read = (name: string) => JSON.parse(readFileSync(`node_modules/hl7.fhir.r4.examples/${name}.json`, 'utf8'));
  const yesno = buildTerminology([read('CodeSystem-v2-0136')], [read('ValueSet-yesnodontknow')]);
  const root = 'QuestionnaireResponse.item';
  // What is refused was compared with the files: each is a true contradiction between the two.
  const pairs: [id: string, why: string, issues: string[]][] = [
    ['gcs', 'nothing is wrong', []],
    [
      'bb',
      'the form has option F and linkIds vitaminiKDose, the response f and vitaminKDose',
      [
        `code-invalid ${root}[0].item[0].item[1].answer[0].value`,
        `structure ${root}[0].item[1].item[2].answer[0].item[0].item[0]`,
        `structure ${root}[0].item[1].item[2].answer[0].item[0].item[1]`,
      ],
    ],
    [
      'f201',
      'an item stands beneath the question, and strings answer booleans',
      [`structure ${root}[0]`, `value ${root}[2].item[0].answer[0].value`, `value ${root}[2].item[1].answer[0].value`],
    ],
    [
      '3141',
      'its yes is of another code system than the form asks for, so what hangs on yes is disabled',
      [
        `code-invalid ${root}[0].item[0].answer[0].value`,
        `structure ${root}[0].item[0].answer[0].item[0].item[2]`,
        `business-rule ${root}[0].item[0].answer[0].item[0].item[0]`,
        `business-rule ${root}[0].item[0].answer[0].item[0].item[1]`,
      ],
    ],
  ];
  for (const [id, why, expected] of pairs) {
    await t.test(`${id}: ${why}`, async (t) => {
      const compiled = compileQuestionnaire(read(`Questionnaire-${id}`), yesno);
      const response = read(`QuestionnaireResponse-${id}`);
      const errors = compiled.validate(response).filter(({ severity }) => severity === 'error');
      t.same(
        errors.map(({ code, expression }) => `${code} ${expression}`),
        expected,
      );
      t.ok(compiled.collect(response).length >= compiled.items.size);
    });
  }
});
