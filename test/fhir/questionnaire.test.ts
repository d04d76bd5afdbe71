import type {
  Extension,
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireResponse,
  QuestionnaireResponseItem,
  QuestionnaireResponseItemAnswer,
} from '@medplum/fhirtypes';
import t from 'tap';
import { compileQuestionnaire, NO_TERMINOLOGY, type Terminology } from '../../src/fhir/questionnaire.ts';
import { buildTerminology } from '../../src/fhir/terminology.ts';

type Type = QuestionnaireItem['type'];
type Answer = QuestionnaireResponseItemAnswer;

const HL7 = 'http://hl7.org/fhir/StructureDefinition';
const S = 'http://example.org/answers';

const q = (linkId: string, type: Type, rest: Partial<QuestionnaireItem> = {}): QuestionnaireItem => ({
  linkId,
  type,
  ...rest,
});
const form = (...item: QuestionnaireItem[]): Questionnaire => ({
  resourceType: 'Questionnaire',
  status: 'active',
  item,
});
const a = (linkId: string, ...answer: Answer[]): QuestionnaireResponseItem => ({
  linkId,
  ...(answer.length ? { answer } : {}),
});
const g = (linkId: string, ...item: QuestionnaireResponseItem[]): QuestionnaireResponseItem => ({
  linkId,
  ...(item.length ? { item } : {}),
});
const response = (
  item: QuestionnaireResponseItem[],
  status: QuestionnaireResponse['status'] = 'completed',
): QuestionnaireResponse => ({ resourceType: 'QuestionnaireResponse', status, ...(item.length ? { item } : {}) });
const ext = (name: string, value: Partial<Extension>): Extension => ({ url: `${HL7}/${name}`, ...value });
const coding = (code: string, system: string | undefined = S) => ({
  valueCoding: { ...(system ? { system } : {}), code },
});
const bare = (code: string) => ({ valueCoding: { code } });

/** Issues as `severity? code expression`, the form's path shortened. */
function faults(
  questionnaire: Questionnaire,
  items: QuestionnaireResponseItem[],
  {
    status,
    terminology = NO_TERMINOLOGY,
  }: { status?: QuestionnaireResponse['status']; terminology?: Terminology } = {},
): string[] {
  return compileQuestionnaire(questionnaire, terminology)
    .validate(response(items, status))
    .map(
      ({ severity, code, expression }) =>
        `${severity === 'error' ? '' : `${severity} `}${code} ${expression?.replace(/^QuestionnaireResponse\.?/, '')}`,
    );
}

const scale = [0, 1, 2].map((k) => coding(`${k}`));
const values: [name: string, item: QuestionnaireItem, good: Answer, bad: Answer, code: string][] = [
  ['a boolean', q('x', 'boolean'), { valueBoolean: false }, { valueString: 'no' }, 'value'],
  ['a decimal', q('x', 'decimal'), { valueDecimal: 1.5 }, { valueInteger: 1 }, 'value'],
  ['an integer', q('x', 'integer'), { valueInteger: 0 }, { valueDecimal: 0 }, 'value'],
  ['a date', q('x', 'date'), { valueDate: '2026' }, { valueDateTime: '2026' }, 'value'],
  ['a dateTime', q('x', 'dateTime'), { valueDateTime: '2026' }, { valueDate: '2026' }, 'value'],
  ['a time', q('x', 'time'), { valueTime: '10:00:00' }, { valueString: '10:00:00' }, 'value'],
  ['a string', q('x', 'string'), { valueString: 'a' }, { valueInteger: 1 }, 'value'],
  ['a text', q('x', 'text'), { valueString: 'a' }, { valueUri: 'a' }, 'value'],
  ['a url', q('x', 'url'), { valueUri: 'urn:a' }, { valueString: 'urn:a' }, 'value'],
  ['an attachment', q('x', 'attachment'), { valueAttachment: { title: 'a' } }, { valueString: 'a' }, 'value'],
  ['a reference', q('x', 'reference'), { valueReference: { reference: 'Patient/1' } }, { valueString: 'a' }, 'value'],
  ['a quantity', q('x', 'quantity'), { valueQuantity: { value: 1 } }, { valueDecimal: 1 }, 'value'],
  ['a choice without options', q('x', 'choice'), coding('any'), { valueString: 'any' }, 'value'],
  ['a choice', q('x', 'choice', { answerOption: scale }), coding('0'), coding('3'), 'code-invalid'],
  [
    'a choice of another system',
    q('x', 'choice', { answerOption: scale }),
    coding('0'),
    coding('0', 'urn:x'),
    'code-invalid',
  ],
  ['a choice without system', q('x', 'choice', { answerOption: scale }), coding('0'), bare('0'), 'code-invalid'],
  [
    'a choice without code',
    q('x', 'choice', { answerOption: scale }),
    coding('0'),
    { valueCoding: { display: 'x' } },
    'code-invalid',
  ],
  [
    'a choice among codes that have no system',
    q('x', 'choice', { answerOption: [bare('a')] }),
    bare('a'),
    coding('a'),
    'code-invalid',
  ],
  [
    'a choice among strings',
    q('x', 'choice', { answerOption: [{ valueString: 'a' }] }),
    { valueString: 'a' },
    { valueString: 'b' },
    'code-invalid',
  ],
  [
    'a choice among integers',
    q('x', 'choice', { answerOption: [{ valueInteger: 4 }] }),
    { valueInteger: 4 },
    { valueInteger: 5 },
    'code-invalid',
  ],
  [
    'a choice among dates',
    q('x', 'choice', { answerOption: [{ valueDate: '2026-01' }] }),
    { valueDate: '2026-01' },
    { valueDate: '2026' },
    'code-invalid',
  ],
  [
    'a choice among times',
    q('x', 'choice', { answerOption: [{ valueTime: '10:00:00' }] }),
    { valueTime: '10:00:00.0' },
    { valueTime: '10:00:01' },
    'code-invalid',
  ],
  [
    'a choice among references',
    q('x', 'choice', { answerOption: [{ valueReference: { reference: 'Patient/1' } }] }),
    { valueReference: { reference: 'Patient/1' } },
    { valueReference: { reference: 'Patient/2' } },
    'code-invalid',
  ],
  [
    'an integer with options',
    q('x', 'integer', { answerOption: [{ valueInteger: 4 }] }),
    { valueInteger: 4 },
    { valueInteger: 5 },
    'code-invalid',
  ],
  ['an open choice by code', q('x', 'open-choice', { answerOption: scale }), coding('2'), coding('3'), 'code-invalid'],
  [
    'an open choice by text',
    q('x', 'open-choice', { answerOption: scale }),
    { valueString: 'other' },
    { valueInteger: 1 },
    'value',
  ],
  ['maxLength', q('x', 'string', { maxLength: 3 }), { valueString: 'abc' }, { valueString: 'abcd' }, 'value'],
  [
    'maxLength in characters, not in code units',
    q('x', 'text', { maxLength: 2 }),
    { valueString: '😀é' },
    { valueString: '😀éa' },
    'value',
  ],
  [
    'minLength',
    q('x', 'string', { extension: [ext('minLength', { valueInteger: 2 })] }),
    { valueString: 'ab' },
    { valueString: 'a' },
    'value',
  ],
  [
    'minValue of an integer',
    q('x', 'integer', { extension: [ext('minValue', { valueInteger: 1 })] }),
    { valueInteger: 1 },
    { valueInteger: 0 },
    'value',
  ],
  [
    'maxValue of an integer',
    q('x', 'integer', { extension: [ext('maxValue', { valueInteger: 4 })] }),
    { valueInteger: 4 },
    { valueInteger: 5 },
    'value',
  ],
  [
    'minValue of a decimal',
    q('x', 'decimal', { extension: [ext('minValue', { valueDecimal: 36.5 })] }),
    { valueDecimal: 36.5 },
    { valueDecimal: 36.49 },
    'value',
  ],
  [
    'maxValue of a date',
    q('x', 'date', { extension: [ext('maxValue', { valueDate: '2026-05-02' })] }),
    { valueDate: '2026-05-02' },
    { valueDate: '2026-05-03' },
    'value',
  ],
  [
    'a month that begins before the limit may lie within it',
    q('x', 'date', { extension: [ext('minValue', { valueDate: '2026-05-02' })] }),
    { valueDate: '2026-05' },
    { valueDate: '2026-04' },
    'value',
  ],
  [
    'minValue of a dateTime across zones',
    q('x', 'dateTime', { extension: [ext('minValue', { valueDateTime: '2026-05-02T10:00:00Z' })] }),
    { valueDateTime: '2026-05-02T12:00:00+02:00' },
    { valueDateTime: '2026-05-02T11:59:59+02:00' },
    'value',
  ],
  [
    'maxValue of a time',
    q('x', 'time', { extension: [ext('maxValue', { valueTime: '12:00:00' })] }),
    { valueTime: '12:00:00' },
    { valueTime: '12:00:01' },
    'value',
  ],
  [
    'maxValue of a quantity',
    q('x', 'quantity', {
      extension: [ext('maxValue', { valueQuantity: { value: 42, system: 'http://unitsofmeasure.org', code: 'Cel' } })],
    }),
    { valueQuantity: { value: 42, system: 'http://unitsofmeasure.org', code: 'Cel' } },
    { valueQuantity: { value: 42.1, system: 'http://unitsofmeasure.org', code: 'Cel' } },
    'value',
  ],
  [
    'a bounded quantity in another unit',
    q('x', 'quantity', { extension: [ext('maxValue', { valueQuantity: { value: 42, unit: 'C' } })] }),
    { valueQuantity: { value: 40, unit: 'C' } },
    { valueQuantity: { value: 40, unit: 'F' } },
    'value',
  ],
  [
    'a bounded quantity with a comparator',
    q('x', 'quantity', { extension: [ext('maxValue', { valueQuantity: { value: 42, unit: 'C' } })] }),
    { valueQuantity: { value: 40, unit: 'C' } },
    { valueQuantity: { value: 40, comparator: '>', unit: 'C' } },
    'value',
  ],
  [
    'a unit among those offered',
    q('x', 'quantity', { extension: [ext('questionnaire-unitOption', coding('kg'))] }),
    { valueQuantity: { value: 1, system: S, code: 'kg' } },
    { valueQuantity: { value: 1, system: S, code: 'g' } },
    'value',
  ],
];
for (const [name, item, good, bad, code] of values) {
  t.test(`${name}: what fits is taken, what does not is refused`, async (t) => {
    t.same(faults(form(item), [a('x', good)]), []);
    t.same(faults(form(item), [a('x', bad)]), [`${code} item[0].answer[0].value`]);
  });
}

const two = [q('a', 'string'), q('b', 'string')];
const word = { valueString: 'w' };
const group = (rest: Partial<QuestionnaireItem> = {}, item = two) => q('g', 'group', { item, ...rest });
const nested = q('p', 'boolean', { item: [q('c', 'string')] });
const min2 = ext('questionnaire-minOccurs', { valueInteger: 2 });
const max2 = ext('questionnaire-maxOccurs', { valueInteger: 2 });
const exclusive = { ...coding('none'), extension: [ext('questionnaire-optionExclusive', { valueBoolean: true })] };
const shapes: [name: string, questionnaire: Questionnaire, items: QuestionnaireResponseItem[], expected: string[]][] = [
  ['everything in its place', form(...two), [a('a', word), a('b', word)], []],
  ['nothing answered, nothing required', form(...two), [], []],
  ['an unknown linkId', form(...two), [a('z', word)], ['structure item[0]']],
  [
    'an item beneath another than its own',
    form(group(), q('c', 'string')),
    [g('g', a('c', word))],
    ['structure item[0].item[0]'],
  ],
  ['an item that belongs in a group', form(group()), [a('a', word)], ['structure item[0]']],
  ['items out of order', form(...two), [a('b', word), a('a', word)], ['structure item[1]']],
  ['order matters in groups', form(group()), [g('g', a('b', word), a('a', word))], ['structure item[0].item[1]']],
  ['an empty group', form(group()), [g('g')], []],
  ['a group with an answer', form(group()), [a('g', word)], ['structure item[0]']],
  ['a text in the response', form(q('d', 'display')), [{ linkId: 'd', text: 'Hello' }], []],
  ['a text with an answer', form(q('d', 'display')), [a('d', word)], ['structure item[0]']],
  ['a text with items', form(q('d', 'display'), q('b', 'string')), [g('d', a('b', word))], ['structure item[0]']],
  ['another wording of the question', form(...two), [{ ...a('a', word), text: 'Other words' }], []],
  ['a child beneath the answer', form(nested), [a('p', { valueBoolean: true, item: [a('c', word)] })], []],
  ['a child beneath the question', form(nested), [g('p', a('c', word))], ['structure item[0]']],
  [
    'an unknown child beneath an answer',
    form(nested),
    [a('p', { valueBoolean: true, item: [a('z', word)] })],
    ['structure item[0].answer[0].item[0]'],
  ],
  [
    'a child where the form has none',
    form(...two),
    [a('a', { ...word, item: [a('b', word)] })],
    ['structure item[0].answer[0].item[0]'],
  ],
  ['two answers to what does not repeat', form(...two), [a('a', word, word)], ['business-rule item[0]']],
  ['two answers to what repeats', form(q('a', 'string', { repeats: true })), [a('a', word, word)], []],
  [
    'each answer is checked',
    form(q('a', 'string', { repeats: true })),
    [a('a', word, { valueInteger: 1 })],
    ['value item[0].answer[1].value'],
  ],
  [
    'one question as two items',
    form(q('a', 'string', { repeats: true })),
    [a('a', word), a('a', word)],
    ['structure item[1]'],
  ],
  ['a group twice that does not repeat', form(group()), [g('g'), g('g')], ['business-rule item[1]']],
  ['a group twice that repeats', form(group({ repeats: true })), [g('g', a('a', word)), g('g', a('a', word))], []],
  [
    'repetitions torn apart',
    form(group({ repeats: true }), q('z', 'string')),
    [g('g'), a('z', word), g('g')],
    ['structure item[2]'],
  ],
  [
    'a fault in the second repetition',
    form(group({ repeats: true })),
    [g('g'), g('g', a('b', { valueInteger: 1 }))],
    ['value item[1].item[0].answer[0].value'],
  ],
  ['maxOccurs of answers kept', form(q('a', 'string', { repeats: true, extension: [max2] })), [a('a', word, word)], []],
  [
    'maxOccurs of answers exceeded',
    form(q('a', 'string', { repeats: true, extension: [max2] })),
    [a('a', word, word, word)],
    ['business-rule item[0]'],
  ],
  [
    'maxOccurs of a group exceeded',
    form(group({ repeats: true, extension: [max2] })),
    [g('g'), g('g'), g('g')],
    ['business-rule item[2]'],
  ],
  ['minOccurs of answers met', form(q('a', 'string', { repeats: true, extension: [min2] })), [a('a', word, word)], []],
  [
    'minOccurs of answers missed',
    form(q('a', 'string', { repeats: true, extension: [min2] })),
    [a('a', word)],
    ['required item[0]'],
  ],
  [
    'minOccurs of a group met',
    form(group({ repeats: true, extension: [min2] })),
    [g('g', a('a', word)), g('g', a('a', word))],
    [],
  ],
  [
    'minOccurs of a group missed',
    form(group({ repeats: true, extension: [min2] })),
    [g('g', a('a', word))],
    ['required item[0]'],
  ],
  ['a required question unanswered', form(q('a', 'string', { required: true })), [a('a')], ['required item[0]']],
  ['a required question absent', form(q('a', 'string', { required: true })), [], ['required ']],
  [
    'an answer without a value is none',
    form(q('a', 'string', { required: true })),
    [a('a', { id: 'x' })],
    ['required item[0]'],
  ],
  [
    'a required question in a group that is there',
    form(group({}, [q('a', 'string', { required: true })])),
    [g('g')],
    ['required item[0]'],
  ],
  ['a required question in a group that is not there', form(group({}, [q('a', 'string', { required: true })])), [], []],
  [
    'a required child of a question without an answer',
    form({ ...nested, item: [q('c', 'string', { required: true })] }),
    [],
    [],
  ],
  [
    'a required child of a question with an answer',
    form({ ...nested, item: [q('c', 'string', { required: true })] }),
    [a('p', { valueBoolean: true })],
    ['required item[0].answer[0]'],
  ],
  ['a required group absent', form(group({ required: true })), [], ['required ']],
  ['a required group empty', form(group({ required: true })), [g('g')], ['required item[0]']],
  ['a required group with an item', form(group({ required: true })), [g('g', a('a'))], []],
  [
    'a required group of which nothing is enabled',
    form(
      q('s', 'boolean'),
      group({ required: true }, [
        q('a', 'string', { enableWhen: [{ question: 's', operator: '=', answerBoolean: true }] }),
      ]),
    ),
    [],
    [],
  ],
  [
    'an exclusive option alone',
    form(q('x', 'choice', { repeats: true, answerOption: [...scale, exclusive] })),
    [a('x', coding('none'))],
    [],
  ],
  [
    'an exclusive option among others',
    form(q('x', 'choice', { repeats: true, answerOption: [...scale, exclusive] })),
    [a('x', coding('none'), coding('1'))],
    ['business-rule item[0]'],
  ],
  [
    'a read-only item at its initial value',
    form(q('r', 'integer', { readOnly: true, initial: [{ valueInteger: 1 }] })),
    [a('r', { valueInteger: 1 })],
    [],
  ],
  [
    'a read-only item changed',
    form(q('r', 'integer', { readOnly: true, initial: [{ valueInteger: 1 }] })),
    [a('r', { valueInteger: 2 })],
    ['business-rule item[0]'],
  ],
  [
    'a read-only choice changed',
    form(q('r', 'choice', { readOnly: true, answerOption: [{ ...coding('0'), initialSelected: true }, coding('1')] })),
    [a('r', coding('1'))],
    ['business-rule item[0]'],
  ],
  [
    'a read-only item that another program fills',
    form(q('r', 'integer', { readOnly: true })),
    [a('r', { valueInteger: 2 })],
    [],
  ],
  [
    'a read-only item that the form computes',
    form(
      q('r', 'integer', {
        readOnly: true,
        initial: [{ valueInteger: 1 }],
        extension: [{ url: 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression' }],
      }),
    ),
    [a('r', { valueInteger: 2 })],
    [],
  ],
  [
    'an initial value may be changed where it is not read-only',
    form(q('r', 'integer', { initial: [{ valueInteger: 1 }] })),
    [a('r', { valueInteger: 2 })],
    [],
  ],
];
for (const [name, questionnaire, items, expected] of shapes) {
  t.test(name, async (t) => {
    t.same(faults(questionnaire, items), expected);
  });
}

const needed = form(q('a', 'string', { required: true }), group({ required: true }));
const statuses: [QuestionnaireResponse['status'], number][] = [
  ['completed', 2],
  ['amended', 2],
  ['in-progress', 0],
  ['stopped', 0],
  ['entered-in-error', 0],
];
for (const [status, missing] of statuses) {
  t.test(`${status}: ${missing === 0 ? 'may be incomplete' : 'must be whole'}, and is checked otherwise`, async (t) => {
    t.equal(faults(needed, [], { status }).length, missing);
    t.same(faults(form(...two), [a('a', { valueInteger: 1 })], { status }), ['value item[0].answer[0].value']);
  });
}

t.test('a value set', async (t) => {
  const item = q('x', 'choice', { answerValueSet: 'http://example.org/set' });
  const members = { system: S, concept: [{ code: '0', display: 'None' }, { code: '1' }] };
  const set = {
    resourceType: 'ValueSet',
    url: 'http://example.org/set',
    status: 'active',
    compose: { include: [members] },
  } as const;
  const terminology = buildTerminology([], [{ ...set, compose: { include: [members] } }]);

  await t.test('that is stored is kept to', async (t) => {
    t.same(faults(form(item), [a('x', coding('1'))], { terminology }), []);
    t.same(faults(form(item), [a('x', coding('2'))], { terminology }), ['code-invalid item[0].answer[0].value']);
  });
  await t.test('that is contained is kept to', async (t) => {
    const own: Questionnaire = {
      ...form(q('x', 'choice', { answerValueSet: '#own' })),
      contained: [{ ...set, id: 'own', compose: { include: [members] } }],
    };
    t.same(faults(own, [a('x', coding('1'))]), []);
    t.same(faults(own, [a('x', coding('2'))]), ['code-invalid item[0].answer[0].value']);
  });
  await t.test('that is contained may rest on one that is stored', async (t) => {
    const own: Questionnaire = {
      ...form(q('x', 'choice', { answerValueSet: '#own' })),
      contained: [
        {
          resourceType: 'ValueSet',
          id: 'own',
          status: 'active',
          compose: { include: [{ valueSet: ['http://example.org/set'] }] },
        },
      ],
    };
    t.same(faults(own, [a('x', coding('2'))], { terminology }), ['code-invalid item[0].answer[0].value']);
  });
  await t.test('that we do not hold is a warning', async (t) => {
    t.same(faults(form(item), [a('x', coding('2'))]), ['warning code-invalid item[0]']);
    t.equal(compileQuestionnaire(form(item), NO_TERMINOLOGY).items.get('x')?.optionsUnknown, true);
  });
});

t.test('a fault says linkId, question, expected and received', async (t) => {
  const answerOption = Array.from({ length: 10 }, (_, k) => ({
    valueCoding: { system: S, code: `${k}`, display: `Level ${k}` },
  }));
  const questionnaire = form(q('pain', 'choice', { text: 'Pain, how strong', answerOption }));
  const [issue] = compileQuestionnaire(questionnaire, NO_TERMINOLOGY).validate(response([a('pain', coding('11'))]));
  t.equal(
    issue?.diagnostics,
    `Question 'pain' "Pain, how strong": expected one of ${[0, 1, 2, 3, 4, 5, 6, 7].map((k) => `${k} (Level ${k})`).join(', ')} and 2 more of ${S}; received code 11 of ${S}`,
  );
  t.equal(issue?.expression, 'QuestionnaireResponse.item[0].answer[0].value');
});

t.test('no fault repeats what a patient wrote', async (t) => {
  const secret = 'Jeanne-Dupont-1951-03-07';
  const wrong: Answer[] = [
    { valueString: secret },
    { valueUri: secret },
    { valueDate: '1951-03-07' },
    { valueCoding: { display: secret } },
    { valueReference: { display: secret } },
    { valueAttachment: { title: secret } },
  ];
  const types: Type[] = ['boolean', 'integer', 'date', 'string', 'choice', 'quantity', 'display', 'group'];
  const off = { enableWhen: [{ question: 's', operator: 'exists', answerBoolean: true } as const] };
  for (const type of types) {
    for (const answer of wrong) {
      for (const rest of [
        {},
        { maxLength: 1 },
        { answerOption: scale },
        { readOnly: true, initial: [{ valueString: 'x' }] },
        off,
      ]) {
        const compiled = compileQuestionnaire(form(q('s', 'string'), q('x', type, rest)), NO_TERMINOLOGY);
        const said = JSON.stringify(compiled.validate(response([a('x', answer)])));
        t.notMatch(said, /Dupont|1951/, `${type} ${JSON.stringify(rest)}`);
      }
    }
  }
});
