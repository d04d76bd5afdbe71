import type {
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireItemEnableWhen,
  QuestionnaireResponse,
  QuestionnaireResponseItem,
  QuestionnaireResponseItemAnswer,
} from '@medplum/fhirtypes';
import t from 'tap';
import { compileQuestionnaire, NO_TERMINOLOGY } from '../../../src/fhir/questionnaire.ts';

type Answer = QuestionnaireResponseItemAnswer;
type When = Omit<QuestionnaireItemEnableWhen, 'question'>;

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
const a = (linkId: string, ...answer: Answer[]): QuestionnaireResponseItem => ({
  linkId,
  ...(answer.length ? { answer } : {}),
});
const g = (linkId: string, ...item: QuestionnaireResponseItem[]): QuestionnaireResponseItem => ({ linkId, item });
const response = (...item: QuestionnaireResponseItem[]): QuestionnaireResponse => ({
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  item,
});
const yes: Answer = { valueBoolean: true };
const no: Answer = { valueBoolean: false };
const whenYes = (question: string): QuestionnaireItemEnableWhen => ({ question, operator: '=', answerBoolean: true });

/** `x` when disabled, by linkId in the order of the walk. */
const states = (questionnaire: Questionnaire, ...items: QuestionnaireResponseItem[]): string =>
  compileQuestionnaire(questionnaire, NO_TERMINOLOGY)
    .collect(response(...items))
    .map(({ item, enabled }) => `${item.linkId}${enabled ? '' : ' off'}`)
    .join(', ');

const s = 'http://example.org/s';
const kg = (value: number) => ({ value, system: 'http://unitsofmeasure.org', code: 'kg' });
const operators: [name: string, type: QuestionnaireItem['type'], when: When, holds: Answer[], fails: Answer[]][] = [
  ['a boolean equals', 'boolean', { operator: '=', answerBoolean: false }, [no], [yes]],
  ['a boolean differs', 'boolean', { operator: '!=', answerBoolean: false }, [yes], [no]],
  ['an answer exists', 'boolean', { operator: 'exists', answerBoolean: true }, [no], []],
  ['no answer exists', 'boolean', { operator: 'exists', answerBoolean: false }, [], [no]],
  [
    'an answer without value does not exist',
    'boolean',
    { operator: 'exists', answerBoolean: false },
    [{ id: 'x' }],
    [yes],
  ],
  ['an integer equals', 'integer', { operator: '=', answerInteger: 2 }, [{ valueInteger: 2 }], [{ valueInteger: 3 }]],
  ['an integer differs', 'integer', { operator: '!=', answerInteger: 2 }, [{ valueInteger: 3 }], [{ valueInteger: 2 }]],
  [
    'nothing is equal where nothing is answered',
    'integer',
    { operator: '!=', answerInteger: 2 },
    [],
    [{ valueInteger: 2 }],
  ],
  [
    'an integer is greater',
    'integer',
    { operator: '>', answerInteger: 2 },
    [{ valueInteger: 3 }],
    [{ valueInteger: 2 }],
  ],
  ['an integer is less', 'integer', { operator: '<', answerInteger: 2 }, [{ valueInteger: 1 }], [{ valueInteger: 2 }]],
  [
    'an integer is at least',
    'integer',
    { operator: '>=', answerInteger: 2 },
    [{ valueInteger: 2 }],
    [{ valueInteger: 1 }],
  ],
  [
    'an integer is at most',
    'integer',
    { operator: '<=', answerInteger: 2 },
    [{ valueInteger: 2 }],
    [{ valueInteger: 3 }],
  ],
  [
    'no order holds where nothing is answered',
    'integer',
    { operator: '<=', answerInteger: 2 },
    [{ valueInteger: 0 }],
    [],
  ],
  ['zero is an answer', 'integer', { operator: '=', answerInteger: 0 }, [{ valueInteger: 0 }], []],
  [
    'a decimal against an integer',
    'decimal',
    { operator: '>', answerInteger: 2 },
    [{ valueDecimal: 2.01 }],
    [{ valueDecimal: 2 }],
  ],
  [
    'a decimal equals',
    'decimal',
    { operator: '=', answerDecimal: 1.5 },
    [{ valueDecimal: 1.5 }],
    [{ valueDecimal: 1.51 }],
  ],
  [
    'a date equals',
    'date',
    { operator: '=', answerDate: '2026-05-01' },
    [{ valueDate: '2026-05-01' }],
    [{ valueDate: '2026-05' }],
  ],
  [
    'a date is later',
    'date',
    { operator: '>', answerDate: '2026-05' },
    [{ valueDate: '2026-06-01' }],
    [{ valueDate: '2026-05-31' }],
  ],
  [
    'a date is earlier',
    'date',
    { operator: '<', answerDate: '2026-05-01' },
    [{ valueDate: '2026-04-30' }],
    [{ valueDate: '2026-05-01' }],
  ],
  [
    'a date not after',
    'date',
    { operator: '<=', answerDate: '2026-05-01' },
    [{ valueDate: '2026-05-01' }],
    [{ valueDate: '2026-05-02' }],
  ],
  [
    'a dateTime in another zone equals',
    'dateTime',
    { operator: '=', answerDateTime: '2026-05-01T10:00:00Z' },
    [{ valueDateTime: '2026-05-01T12:00:00+02:00' }],
    [{ valueDateTime: '2026-05-01T10:00:01Z' }],
  ],
  [
    'a dateTime is later',
    'dateTime',
    { operator: '>', answerDateTime: '2026-05-01T10:00:00Z' },
    [{ valueDateTime: '2026-05-01T10:00:01Z' }],
    [{ valueDateTime: '2026-05-01T10:00:00Z' }],
  ],
  [
    'a time is at least',
    'time',
    { operator: '>=', answerTime: '09:00:00' },
    [{ valueTime: '10:00:00' }],
    [{ valueTime: '08:59:59' }],
  ],
  [
    'a time equals',
    'time',
    { operator: '=', answerTime: '09:00:00' },
    [{ valueTime: '09:00:00.000' }],
    [{ valueTime: '09:00:01' }],
  ],
  [
    'a string equals',
    'string',
    { operator: '=', answerString: 'ab' },
    [{ valueString: 'ab' }],
    [{ valueString: 'AB' }],
  ],
  [
    'a string comes after',
    'string',
    { operator: '>', answerString: 'b' },
    [{ valueString: 'c' }],
    [{ valueString: 'a' }],
  ],
  ['a url equals', 'url', { operator: '=', answerString: 'urn:a' }, [{ valueUri: 'urn:a' }], [{ valueUri: 'urn:b' }]],
  [
    'a code equals',
    'choice',
    { operator: '=', answerCoding: { system: s, code: '1' } },
    [{ valueCoding: { system: s, code: '1', display: 'x' } }],
    [{ valueCoding: { system: 'urn:x', code: '1' } }],
  ],
  [
    'a code differs',
    'choice',
    { operator: '!=', answerCoding: { system: s, code: '1' } },
    [{ valueCoding: { system: s, code: '2' } }],
    [{ valueCoding: { system: s, code: '1' } }],
  ],
  [
    'the text of an open choice',
    'open-choice',
    { operator: '=', answerString: 'x' },
    [{ valueString: 'x' }],
    [{ valueCoding: { system: s, code: 'x' } }],
  ],
  [
    'a quantity is greater',
    'quantity',
    { operator: '>', answerQuantity: kg(5) },
    [{ valueQuantity: kg(6) }],
    [{ valueQuantity: kg(5) }],
  ],
  [
    'a quantity of another unit is not compared',
    'quantity',
    { operator: '>', answerQuantity: kg(5) },
    [{ valueQuantity: kg(6) }],
    [{ valueQuantity: { ...kg(6000), code: 'g' } }],
  ],
  [
    'a quantity equals',
    'quantity',
    { operator: '=', answerQuantity: kg(5) },
    [{ valueQuantity: kg(5) }],
    [{ valueQuantity: { ...kg(5), comparator: '>' } }],
  ],
  [
    'a reference equals',
    'reference',
    { operator: '=', answerReference: { reference: 'Patient/1' } },
    [{ valueReference: { reference: 'Patient/1' } }],
    [{ valueReference: { reference: 'Patient/2' } }],
  ],
  [
    'one of several answers suffices',
    'integer',
    { operator: '>', answerInteger: 2 },
    [{ valueInteger: 1 }, { valueInteger: 3 }],
    [{ valueInteger: 1 }, { valueInteger: 2 }],
  ],
  [
    'none of several may be equal',
    'integer',
    { operator: '!=', answerInteger: 2 },
    [{ valueInteger: 1 }, { valueInteger: 3 }],
    [{ valueInteger: 1 }, { valueInteger: 2 }],
  ],
];
for (const [name, type, when, holds, fails] of operators) {
  t.test(name, async (t) => {
    const questionnaire = form(
      q('a', type, { repeats: true }),
      q('b', 'string', { enableWhen: [{ question: 'a', ...when }] }),
    );
    t.equal(states(questionnaire, a('a', ...holds)), 'a, b', 'enabled');
    t.equal(states(questionnaire, a('a', ...fails)), 'a, b off', 'disabled');
  });
}

const both = [whenYes('a'), whenYes('b')];
const joined: [name: string, behavior: 'all' | 'any' | undefined, answers: [Answer, Answer], failed: string[]][] = [
  ['all of them hold', 'all', [yes, yes], []],
  ['one of all fails', 'all', [yes, no], ['b']],
  ['all fail', 'all', [no, no], ['a', 'b']],
  ['any of them holds', 'any', [no, yes], []],
  ['none of any holds', 'any', [no, no], ['a', 'b']],
  ['any is meant where nothing is said', undefined, [no, yes], []],
];
for (const [name, enableBehavior, [first, second], failed] of joined) {
  t.test(`two conditions: ${name}`, async (t) => {
    const c = q('c', 'string', { enableWhen: both, ...(enableBehavior ? { enableBehavior } : {}) });
    const compiled = compileQuestionnaire(form(q('a', 'boolean'), q('b', 'boolean'), c), NO_TERMINOLOGY);
    const state = compiled.collect(response(a('a', first), a('b', second))).find(({ item }) => item.linkId === 'c');
    t.same(state?.failed, failed);
    t.equal(state?.enabled, failed.length === 0);
    t.same(compiled.items.get('c')?.dependsOn, ['a', 'b']);
  });
}

const inside = q('g', 'group', {
  repeats: true,
  item: [q('a', 'boolean'), q('b', 'string', { enableWhen: [whenYes('a')] })],
});
const scopes: [name: string, questionnaire: Questionnaire, items: QuestionnaireResponseItem[], expected: string][] = [
  [
    'each repetition looks at its own answer',
    form(inside),
    [g('g', a('a', yes)), g('g', a('a', no))],
    'g, a, b, g, a, b off',
  ],
  [
    'a repetition without answer does not borrow one',
    form(inside),
    [g('g', a('a', yes)), g('g')],
    'g, a, b, g, a, b off',
  ],
  ['nor from the repetition after it', form(inside), [g('g'), g('g', a('a', yes))], 'g, a, b off, g, a, b'],
  [
    'from inside a repetition outwards',
    form(
      q('a', 'boolean'),
      q('g', 'group', { repeats: true, item: [q('b', 'string', { enableWhen: [whenYes('a')] })] }),
    ),
    [a('a', yes), g('g'), g('g')],
    'a, g, b, g, b',
  ],
  [
    'two levels: the own inner repetition',
    form(q('o', 'group', { repeats: true, item: [inside] })),
    [g('o', g('g', a('a', no)), g('g', a('a', yes))), g('o', g('g', a('a', yes)))],
    'o, g, a, b off, g, a, b, o, g, a, b',
  ],
  [
    'two levels: the own outer repetition',
    form(
      q('o', 'group', {
        repeats: true,
        item: [
          q('a', 'boolean'),
          q('g', 'group', { repeats: true, item: [q('b', 'string', { enableWhen: [whenYes('a')] })] }),
        ],
      }),
    ),
    [g('o', a('a', yes), g('g')), g('o', a('a', no), g('g'))],
    'o, a, g, b, o, a, g, b off',
  ],
  [
    'from outside: the last repetition before',
    form(inside, q('z', 'string', { enableWhen: [whenYes('a')] })),
    [g('g', a('a', yes)), g('g', a('a', no))],
    'g, a, b, g, a, b off, z off',
  ],
  [
    'from outside: the last before that has the question',
    form(inside, q('z', 'string', { enableWhen: [whenYes('a')] })),
    [g('g', a('a', yes)), g('g')],
    'g, a, b, g, a, b off, z',
  ],
  [
    'from outside: the first repetition after',
    form(q('z', 'string', { enableWhen: [whenYes('a')] }), inside),
    [g('g', a('a', yes)), g('g', a('a', no))],
    'z, g, a, b, g, a, b off',
  ],
  [
    'a question further down the form',
    form(q('b', 'string', { enableWhen: [whenYes('a')] }), q('a', 'boolean')),
    [a('a', yes)],
    'b, a',
  ],
  [
    'beneath an answer: that answer alone',
    form(
      q('p', 'integer', {
        repeats: true,
        item: [q('c', 'string', { enableWhen: [{ question: 'p', operator: '>', answerInteger: 1 }] })],
      }),
    ),
    [a('p', { valueInteger: 1 }, { valueInteger: 2 })],
    'p, c off, c',
  ],
  [
    'beneath an answer: two levels up',
    form(q('p', 'boolean', { item: [q('m', 'group', { item: [q('c', 'string', { enableWhen: [whenYes('p')] })] })] })),
    [a('p', { ...yes, item: [g('m')] })],
    'p, m, c',
  ],
  [
    'a question beneath another answer',
    form(q('p', 'boolean', { item: [q('a', 'boolean')] }), q('z', 'string', { enableWhen: [whenYes('a')] })),
    [a('p', { ...no, item: [a('a', yes)] })],
    'p, a, z',
  ],
  [
    'what stands in a disabled group is disabled',
    form(
      q('a', 'boolean'),
      q('g', 'group', {
        enableWhen: [whenYes('a')],
        item: [q('b', 'string'), q('h', 'group', { item: [q('c', 'string')] })],
      }),
    ),
    [a('a', no)],
    'a, g off, b off, h off, c off',
  ],
  [
    'whatever its own condition says',
    form(
      q('a', 'boolean'),
      q('k', 'boolean'),
      q('g', 'group', { enableWhen: [whenYes('a')], item: [q('b', 'string', { enableWhen: [whenYes('k')] })] }),
    ),
    [a('a', no), a('k', yes)],
    'a, k, g off, b off',
  ],
  [
    'an absent group implies its items',
    form(q('a', 'boolean'), q('g', 'group', { item: [q('b', 'string', { enableWhen: [whenYes('a')] })] })),
    [a('a', yes)],
    'a, g, b',
  ],
  ['an unknown question is unanswered', form(q('b', 'string', { enableWhen: [whenYes('nowhere')] })), [], 'b off'],
  [
    'an item that asks about itself is unanswered',
    form(q('b', 'boolean', { enableWhen: [whenYes('b')] })),
    [a('b', yes)],
    'b off',
  ],
  [
    'an item that asks about what is beneath it',
    form(q('g', 'group', { enableWhen: [whenYes('b')], item: [q('b', 'boolean')] })),
    [g('g', a('b', yes))],
    'g off, b off',
  ],
];
for (const [name, questionnaire, items, expected] of scopes) {
  t.test(name, async (t) => {
    t.equal(states(questionnaire, ...items), expected);
  });
}

t.test('what disables an item above is named too', async (t) => {
  const questionnaire = form(
    q('a', 'boolean'),
    q('k', 'boolean'),
    q('g', 'group', {
      enableWhen: [whenYes('a')],
      item: [q('b', 'string', { enableWhen: [whenYes('k')] }), q('c', 'string')],
    }),
  );
  const failed = (...items: QuestionnaireResponseItem[]) =>
    compileQuestionnaire(questionnaire, NO_TERMINOLOGY)
      .collect(response(...items))
      .slice(2)
      .map((state) => state.failed);
  t.same(failed(a('a', no), a('k', no)), [['a'], ['k', 'a'], ['a']]);
  t.same(failed(a('a', no), a('k', yes)), [['a'], ['a'], ['a']]);
  t.same(failed(a('a', yes), a('k', no)), [[], ['k'], []]);
});

t.test('a response', async (t) => {
  const required = q('b', 'string', { required: true, enableWhen: [whenYes('a')] });
  const compiled = compileQuestionnaire(form(q('a', 'boolean'), required), NO_TERMINOLOGY);
  const validate = (...items: QuestionnaireResponseItem[]) =>
    compiled.validate(response(...items)).map(({ code, expression }) => `${code} ${expression}`);
  const word = { valueString: 'w' };

  await t.test('must answer what is required and enabled', async (t) => {
    t.same(validate(a('a', yes)), ['required QuestionnaireResponse']);
    t.same(validate(a('a', yes), a('b', word)), []);
  });
  await t.test('need not answer what is disabled', async (t) => {
    t.same(validate(a('a', no)), []);
    t.same(validate(a('a', no), a('b')), [], 'the bare item may be there');
  });
  await t.test('may not answer what is disabled', async (t) => {
    t.same(validate(a('a', no), a('b', word)), ['business-rule QuestionnaireResponse.item[1]']);
    const [issue] = compiled.validate(response(a('a', no), a('b', word)));
    t.equal(
      issue?.diagnostics,
      "Question 'b': expected no answer, since it is disabled by the answer or its lack to 'a'; received 1 answer",
    );
  });
  await t.test('may not answer inside what is disabled', async (t) => {
    const deep = form(q('a', 'boolean'), q('g', 'group', { enableWhen: [whenYes('a')], item: [q('b', 'string')] }));
    const issues = compileQuestionnaire(deep, NO_TERMINOLOGY).validate(response(a('a', no), g('g', a('b', word))));
    t.same(
      issues.map(({ expression }) => expression),
      ['QuestionnaireResponse.item[1].item[0]'],
    );
  });
});
