import type { Extension, Questionnaire, QuestionnaireItem } from '@medplum/fhirtypes';
import t from 'tap';
import { checkQuestionnaire, NO_TERMINOLOGY } from '../../../src/fhir/questionnaire.ts';
import { buildTerminology } from '../../../src/fhir/terminology.ts';

const q = (
  linkId: string,
  type: QuestionnaireItem['type'],
  rest: Partial<QuestionnaireItem> = {},
): QuestionnaireItem => ({ linkId, type, ...rest });
const form = (...item: QuestionnaireItem[]): Questionnaire => ({
  resourceType: 'Questionnaire',
  status: 'active',
  item,
});
const HL7 = 'http://hl7.org/fhir/StructureDefinition';
const ext = (name: string, value: Partial<Extension> = {}): Extension => ({ url: `${HL7}/${name}`, ...value });
const option = (code: string) => ({ valueCoding: { system: 'urn:s', code } });
const when = (answer: NonNullable<QuestionnaireItem['enableWhen']>[number]): Partial<QuestionnaireItem> => ({
  enableWhen: [answer],
});
const choice = q('c', 'choice', { answerOption: [option('0'), option('1')] });
const kg = (value: number) => ({ valueQuantity: { value, unit: 'kg' } });

const found = (questionnaire: Questionnaire) =>
  checkQuestionnaire(questionnaire, NO_TERMINOLOGY).map(
    ({ severity, expression }) =>
      `${severity === 'error' ? '' : `${severity} `}${expression?.replace('Questionnaire.', '')}`,
  );

const sound: [name: string, questionnaire: Questionnaire][] = [
  ['a plain form', form(q('a', 'string'), q('g', 'group', { item: [q('b', 'integer')] }))],
  [
    'a condition on an earlier question',
    form(q('a', 'integer'), q('b', 'string', when({ question: 'a', operator: '>', answerInteger: 1 }))),
  ],
  [
    'a decimal question compared with an integer',
    form(q('a', 'decimal'), q('b', 'string', when({ question: 'a', operator: '>', answerInteger: 1 }))),
  ],
  [
    'a condition on the question it stands beneath',
    form(q('a', 'boolean', { item: [q('b', 'string', when({ question: 'a', operator: '=', answerBoolean: true }))] })),
  ],
  [
    'a condition on an option',
    form(
      choice,
      q('b', 'string', when({ question: 'c', operator: '=', answerCoding: { system: 'urn:s', code: '1' } })),
    ),
  ],
  [
    'a condition on the text of an open choice',
    form(
      q('c', 'open-choice', { answerOption: [option('0')] }),
      q('b', 'string', when({ question: 'c', operator: '=', answerString: 'x' })),
    ),
  ],
  ['exists', form(choice, q('b', 'string', when({ question: 'c', operator: 'exists', answerBoolean: false })))],
  [
    'limits that meet',
    form(
      q('a', 'integer', { extension: [ext('minValue', { valueInteger: 1 }), ext('maxValue', { valueInteger: 1 })] }),
    ),
  ],
  [
    'limits of dates',
    form(
      q('a', 'date', { extension: [ext('minValue', { valueDate: '2026' }), ext('maxValue', { valueDate: '2027' })] }),
    ),
  ],
  [
    'occurrences',
    form(
      q('a', 'string', {
        repeats: true,
        extension: [
          ext('questionnaire-minOccurs', { valueInteger: 2 }),
          ext('questionnaire-maxOccurs', { valueInteger: 2 }),
        ],
      }),
    ),
  ],
  ['an initial option', form({ ...choice, linkId: 'd' }, q('i', 'integer', { initial: [{ valueInteger: 1 }] }))],
  [
    'integers on offer',
    form(
      q('a', 'integer', { answerOption: [{ valueInteger: 1 }] }),
      q('d', 'decimal', { answerOption: [{ valueInteger: 1 }] }),
    ),
  ],
  [
    'an extension that we have no opinion of',
    form(q('a', 'string', { extension: [ext('questionnaire-hidden', { valueBoolean: true })] })),
  ],
];
for (const [name, questionnaire] of sound) {
  t.test(`${name} is sound`, async (t) => {
    t.same(found(questionnaire), []);
  });
}

const faulty: [name: string, questionnaire: Questionnaire, expected: string[]][] = [
  [
    'two items of one linkId',
    form(q('a', 'string'), q('g', 'group', { item: [q('a', 'string')] })),
    ['item[1].item[0]'],
  ],
  [
    'a condition on nothing',
    form(q('b', 'string', when({ question: 'z', operator: '=', answerBoolean: true }))),
    ['item[0].enableWhen[0]'],
  ],
  [
    'a condition on itself',
    form(q('b', 'boolean', when({ question: 'b', operator: '=', answerBoolean: true }))),
    ['item[0].enableWhen[0]'],
  ],
  [
    'a condition on what is beneath',
    form(
      q('g', 'group', { ...when({ question: 'b', operator: '=', answerBoolean: true }), item: [q('b', 'boolean')] }),
    ),
    ['item[0].enableWhen[0]'],
  ],
  [
    'a condition on a group',
    form(
      q('g', 'group', { item: [q('a', 'string')] }),
      q('b', 'string', when({ question: 'g', operator: 'exists', answerBoolean: true })),
    ),
    ['item[1].enableWhen[0]'],
  ],
  [
    'a condition on a text',
    form(q('d', 'display'), q('b', 'string', when({ question: 'd', operator: 'exists', answerBoolean: true }))),
    ['item[1].enableWhen[0]'],
  ],
  [
    'exists with another answer than a boolean',
    form(q('a', 'integer'), q('b', 'string', when({ question: 'a', operator: 'exists', answerInteger: 1 }))),
    ['item[1].enableWhen[0]'],
  ],
  [
    'a condition without answer',
    form(q('a', 'integer'), q('b', 'string', when({ question: 'a', operator: '=' }))),
    ['item[1].enableWhen[0]'],
  ],
  [
    'an answer of another type',
    form(q('a', 'integer'), q('b', 'string', when({ question: 'a', operator: '=', answerString: '1' }))),
    ['item[1].enableWhen[0]'],
  ],
  [
    'a code compared by order',
    form(
      choice,
      q('b', 'string', when({ question: 'c', operator: '>', answerCoding: { system: 'urn:s', code: '0' } })),
    ),
    ['item[1].enableWhen[0]'],
  ],
  [
    'a boolean compared by order',
    form(q('a', 'boolean'), q('b', 'string', when({ question: 'a', operator: '>=', answerBoolean: true }))),
    ['item[1].enableWhen[0]'],
  ],
  [
    'a code that is not on offer',
    form(
      choice,
      q('b', 'string', when({ question: 'c', operator: '=', answerCoding: { system: 'urn:s', code: '2' } })),
    ),
    ['item[1].enableWhen[0]'],
  ],
  [
    'a code without its system',
    form(choice, q('b', 'string', when({ question: 'c', operator: '=', answerCoding: { code: '1' } }))),
    ['item[1].enableWhen[0]'],
  ],
  [
    'a Coding without code',
    form(
      q('c', 'open-choice'),
      q('b', 'string', when({ question: 'c', operator: '!=', answerCoding: { display: 'x' } })),
    ),
    ['item[1].enableWhen[0]'],
  ],
  [
    'several conditions without enableBehavior',
    form(
      q('a', 'boolean'),
      q('b', 'string', {
        enableWhen: [
          { question: 'a', operator: '=', answerBoolean: true },
          { question: 'a', operator: 'exists', answerBoolean: true },
        ],
      }),
    ),
    ['item[1]'],
  ],
  [
    'limits that cross',
    form(
      q('a', 'integer', { extension: [ext('minValue', { valueInteger: 2 }), ext('maxValue', { valueInteger: 1 })] }),
    ),
    ['item[0]'],
  ],
  [
    'limits that cross, of quantities',
    form(q('a', 'quantity', { extension: [ext('minValue', kg(2)), ext('maxValue', kg(1))] })),
    ['item[0]'],
  ],
  [
    'a limit of another type',
    form(q('a', 'integer', { extension: [ext('minValue', { valueDate: '2026' })] })),
    ['item[0]'],
  ],
  [
    'a limit on what has no order',
    form(q('a', 'boolean', { extension: [ext('maxValue', { valueBoolean: true })] })),
    ['item[0]'],
  ],
  [
    'occurrences that cross',
    form(
      q('a', 'string', {
        repeats: true,
        extension: [
          ext('questionnaire-minOccurs', { valueInteger: 3 }),
          ext('questionnaire-maxOccurs', { valueInteger: 2 }),
        ],
      }),
    ),
    ['item[0]'],
  ],
  [
    'occurrences of what does not repeat',
    form(q('a', 'string', { extension: [ext('questionnaire-maxOccurs', { valueInteger: 2 })] })),
    ['item[0]'],
  ],
  [
    'options of another type',
    form(q('a', 'integer', { answerOption: [{ valueString: '1' }] })),
    ['item[0].answerOption[0]'],
  ],
  [
    'an option given twice',
    form(q('c', 'choice', { answerOption: [option('0'), option('0')] })),
    ['item[0].answerOption[1]'],
  ],
  [
    'an option without code',
    form(q('c', 'choice', { answerOption: [{ valueCoding: { display: 'x' } }] })),
    ['item[0].answerOption[0]'],
  ],
  [
    'options and a value set',
    form(q('c', 'choice', { answerOption: [option('0')], answerValueSet: 'urn:v' })),
    ['item[0]'],
  ],
  ['a value set on a string', form(q('a', 'string', { answerValueSet: 'urn:v' })), ['item[0]']],
  ['a contained value set that is not there', form(q('c', 'choice', { answerValueSet: '#v' })), ['item[0]']],
  ['a value set that we do not hold', form(q('c', 'choice', { answerValueSet: 'urn:v' })), ['warning item[0]']],
  ['a choice without options', form(q('c', 'choice')), ['warning item[0]']],
  [
    'an initial value of another type',
    form(q('a', 'integer', { initial: [{ valueString: '1' }] })),
    ['item[0].initial[0]'],
  ],
  ['an initial value that is no option', form({ ...choice, initial: [option('2')] }), ['item[0].initial[0]']],
  [
    'two initial values of what does not repeat',
    form(q('a', 'integer', { initial: [{ valueInteger: 1 }, { valueInteger: 2 }] })),
    ['item[0]'],
  ],
  ['a modifier extension', form(q('a', 'string', { modifierExtension: [{ url: 'urn:x' }] })), ['item[0]']],
  [
    'a condition in a language that we do not run',
    form(
      q('a', 'string', {
        extension: [{ url: 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression' }],
      }),
    ),
    ['item[0]'],
  ],
  [
    'a pattern, which we do not check',
    form(q('a', 'string', { extension: [ext('regex', { valueString: '^a$' })] })),
    ['warning item[0]'],
  ],
];
for (const [name, questionnaire, expected] of faulty) {
  t.test(`${name} is told`, async (t) => {
    t.same(found(questionnaire), expected);
  });
}

t.test('a value set that we hold is no fault', async (t) => {
  const include = [{ system: 'urn:s', concept: [{ code: '1' }] }];
  const terminology = buildTerminology(
    [],
    [{ resourceType: 'ValueSet', url: 'urn:v', status: 'active', compose: { include } }],
  );
  t.same(checkQuestionnaire(form(q('c', 'choice', { answerValueSet: 'urn:v' })), terminology), []);
});
