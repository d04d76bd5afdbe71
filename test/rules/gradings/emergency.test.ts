import t from 'tap';
import { LOINC } from '../../../src/fhir/canonical.ts';
import type { AnswerOption, CompiledItem } from '../../../src/fhir/questionnaire.ts';
import { UCUM } from '../../../src/fhir/ucum.ts';
import type { DataQuality, Finding, Outcome } from '../../../src/rules/finding.ts';
import { emergenciesOf, emergency } from '../../../src/rules/gradings/emergency.ts';
import { DATA, EMERGENCY, EMERGENCY_TERMS, emergencyFaults } from '../../../src/rules/gradings/emergency-data.ts';
import { aForm, anItem, type Said, statesOf } from './by-hand.ts';

const V2 = 'http://terminology.hl7.org/CodeSystem/v2-0136';
const DAR = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';

const there: Outcome = { kind: 'graded', grade: 1 };
const absent: Outcome = { kind: 'graded', grade: 0 };
const open = (...missing: ('presence' | 'value')[]): Outcome => ({ kind: 'at-least', min: 0, max: 1, missing });

const temperatures: [
  name: string,
  value: number | undefined,
  unit: string | undefined,
  outcome: Outcome,
  quality?: DataQuality,
][] = [
  ['37.9 °C is no fever', 37.9, 'Cel', absent],
  ['37.99 °C is no fever', 37.99, 'Cel', absent],
  ['38.0 °C is fever', 38, 'Cel', there],
  ['38.1 °C is fever', 38.1, 'Cel', there],
  ['100.3 °F is no fever', 100.3, '[degF]', absent],
  ['100.4 °F is exactly 38.0 °C and fever', 100.4, '[degF]', there],
  ['101 °F is fever', 101, '[degF]', there],
  ['311.15 K is exactly 38.0 °C and fever', 311.15, 'K', there],
  ['34.0 °C is still believed', 34, 'Cel', absent],
  ['28.5 °C, a slip of the finger, is not believed', 28.5, 'Cel', bad('value-implausible'), 'value-implausible'],
  ['33.9 °C is not believed', 33.9, 'Cel', bad('value-implausible'), 'value-implausible'],
  ['50.0 °C, hardly possible, is looked at', 50, 'Cel', there],
  ['50.1 °C is not believed', 50.1, 'Cel', bad('value-implausible'), 'value-implausible'],
  ['375 °C, a lost decimal point, is not believed', 375, 'Cel', bad('value-implausible'), 'value-implausible'],
  ['12 °C is not believed', 12, 'Cel', bad('value-implausible'), 'value-implausible'],
  [
    '101 with the unit °C, a Fahrenheit entry, is not believed',
    101,
    'Cel',
    bad('value-implausible'),
    'value-implausible',
  ],
  ['38 with the unit °F is not believed', 38, '[degF]', bad('value-implausible'), 'value-implausible'],
  ['a number without a unit is not guessed at', 38.5, undefined, bad('unit-unknown'), 'unit-unknown'],
  ['a number with a unit of weight is not guessed at', 38.5, 'kg', bad('unit-unknown'), 'unit-unknown'],
  ['a number with what is no unit is not guessed at', 38.5, 'degrees', bad('unit-unknown'), 'unit-unknown'],
  ['a result without a number', undefined, 'Cel', bad('no-value')],
];

function bad(reason: 'value-implausible' | 'unit-unknown' | 'value-unclear' | 'no-value'): Outcome {
  return { kind: 'not-gradable', reason, missing: ['value'] };
}

for (const [name, value, unit, outcome, quality] of temperatures) {
  t.test(name, async (t) => {
    const [finding] = emergenciesOf([
      { loinc: ['8310-5'], ...(value === undefined ? {} : { value }), ...(unit === undefined ? {} : { unit }) },
    ]);
    t.match(finding, { term: 'fever', system: 'emergency', version: '1', kind: 'emergency', outcome });
    t.strictSame(finding?.outcome, outcome);
    t.strictSame(finding?.dataQuality, quality ? [quality] : []);
  });
}

const bounds: [comparator: '<' | '<=' | '>' | '>=', value: number, outcome: Outcome][] = [
  ['>=', 38, there],
  ['>=', 37.99, bad('value-unclear')],
  ['>', 38, there],
  ['>', 37.9, bad('value-unclear')],
  ['>', 37.99, bad('value-unclear')],
  ['<', 36, absent],
  ['<', 38, absent],
  ['<', 38.01, bad('value-unclear')],
  ['<', 38.1, bad('value-unclear')],
  ['<=', 37.9, absent],
  ['<=', 38, bad('value-unclear')],
  ['<=', 39, bad('value-unclear')],
  ['<', 33.9, bad('value-implausible')],
  ['>', 33.9, bad('value-implausible')],
  ['>', 50.1, bad('value-implausible')],
  ['<=', 375, bad('value-implausible')],
];
for (const [comparator, value, outcome] of bounds) {
  t.test(`a temperature of ${comparator} ${value} °C`, async (t) => {
    const [finding] = emergenciesOf([{ loinc: ['8310-5'], value, unit: 'Cel', comparator }]);
    t.strictSame(finding?.outcome, outcome);
    t.strictSame(finding?.dataQuality, outcome.kind === 'not-gradable' ? [outcome.reason] : []);
    t.match(finding?.measured, { value, comparator }, 'kept as it came');
  });
}

const ranges: [low: number, high: number, unit: string | undefined, outcome: Outcome][] = [
  [38, 38.5, 'Cel', there],
  [38.5, 39, 'Cel', there],
  [38.5, 60, 'Cel', there],
  [37.9, 38.5, 'Cel', bad('value-unclear')],
  [37.5, 38.5, 'Cel', bad('value-unclear')],
  [36, 38, 'Cel', bad('value-unclear')],
  [36, 37.99, 'Cel', absent],
  [36, 37.5, 'Cel', absent],
  [34, 37, 'Cel', absent],
  [33.9, 37, 'Cel', bad('value-implausible')],
  [36, 50, 'Cel', bad('value-unclear')],
  [36, 50.1, 'Cel', bad('value-implausible')],
  [50.1, 60, 'Cel', bad('value-implausible')],
  [100.4, 101, '[degF]', there],
  [100.3, 101, '[degF]', bad('value-unclear')],
  [98, 100.3, '[degF]', absent],
  [38.5, 39, undefined, bad('unit-unknown')],
];
for (const [low, high, unit, outcome] of ranges) {
  t.test(`a temperature from ${low} to ${high} ${unit ?? 'without a unit'}`, async (t) => {
    const [finding] = emergenciesOf([{ loinc: ['8310-5'], value: low, upTo: high, ...(unit ? { unit } : {}) }]);
    t.strictSame(finding?.outcome, outcome);
    t.strictSame(finding?.dataQuality, outcome.kind === 'not-gradable' ? [outcome.reason] : []);
    t.match(finding?.measured, { value: low, upTo: high, unit: unit ?? '' }, 'kept as it came');
  });
}

t.test('a value that is no number leaves a fever open, and says so; no value does not', async (t) => {
  const [unclear] = emergenciesOf([{ loinc: ['8310-5'], unclear: true }]);
  t.match(unclear, { outcome: bad('value-unclear'), dataQuality: ['value-unclear'] });
  t.equal(unclear?.measured, undefined);
  t.match(emergenciesOf([{ loinc: ['8310-5'] }]), [{ outcome: bad('no-value'), dataQuality: [] }]);
  const normal = { loinc: ['8310-5'], value: 36.8, unit: 'Cel' };
  t.match(emergenciesOf([normal, { loinc: ['8310-5'], unclear: true }]), [
    { outcome: open('value'), dataQuality: ['value-unclear'] },
  ]);
  t.match(
    emergenciesOf([
      { ...normal, value: 38 },
      { loinc: ['8310-5'], unclear: true },
    ]),
    [{ outcome: there }],
  );
});

t.test('beside a normal temperature the one that is in doubt is told', async (t) => {
  const normal = { loinc: ['8310-5'], value: 37, unit: 'Cel' };
  for (const other of [
    { value: 39 },
    { value: 12, unit: 'Cel' },
    { value: 36.9, unit: 'Cel', comparator: '>' as const },
  ]) {
    const [finding] = emergenciesOf([normal, { loinc: ['8310-5'], ...other }]);
    t.strictSame(finding?.outcome, open('value'));
    t.match(finding?.measured, other);
  }
  const [both] = emergenciesOf([
    { ...normal, value: 375 },
    { loinc: ['8310-5'], value: 39 },
  ]);
  t.match(both?.measured, { value: 39, unit: '' }, 'of two the one that may be a fever');
  for (const other of [98.6, 390, 37, 50.1]) {
    const [finding] = emergenciesOf([
      { loinc: ['8310-5'], value: 39 },
      { loinc: ['8310-5'], value: other },
    ]);
    t.match(finding?.measured, { value: 39 }, `beside ${other} without a unit that which can only be a fever`);
  }
  const [fahrenheit] = emergenciesOf([
    { loinc: ['8310-5'], value: 39 },
    { loinc: ['8310-5'], value: 100.4 },
  ]);
  t.match(fahrenheit?.measured, { value: 100.4 }, 'of two that can only be, the highest');
});

t.test('what is no temperature tells no emergency; of two temperatures the one with fever counts', async (t) => {
  t.strictSame(emergenciesOf([{ loinc: ['29463-7'], value: 70, unit: 'kg' }]), []);
  t.strictSame(emergenciesOf([]), []);
  const [finding, ...more] = emergenciesOf([
    { loinc: ['8310-5'], value: 375, unit: 'Cel' },
    { loinc: ['8310-5'], value: 101, unit: '[degF]' },
    { loinc: ['8310-5'], value: 37, unit: 'Cel' },
  ]);
  t.strictSame(more, []);
  t.strictSame(finding?.outcome, there);
  t.strictSame(finding?.dataQuality, ['value-implausible'], 'the doubt is told all the same');
});

t.test('a value is kept as it came, with the same in degrees Celsius', async (t) => {
  const [finding] = emergenciesOf([{ loinc: ['8310-5'], value: 101, unit: '[degF]' }]);
  t.strictSame(finding?.measured, {
    loinc: '8310-5',
    value: 101,
    unit: '[degF]',
    canonical: 38.333,
    canonicalUnit: 'Cel',
  });
});

t.test('a number without a unit of temperature is kept, and stands behind one that has it', async (t) => {
  const [finding] = emergenciesOf([{ loinc: ['8310-5'], value: 39 }]);
  t.strictSame(finding?.measured, { loinc: '8310-5', value: 39, unit: '' });
  const [both] = emergenciesOf([
    { loinc: ['8310-5'], value: 101 },
    { loinc: ['8310-5'], value: 375, unit: 'Cel' },
    { loinc: ['8310-5'], value: 38.5, unit: 'Cel', comparator: '>' },
  ]);
  t.strictSame(both?.outcome, there);
  t.strictSame(both?.measured, { loinc: '8310-5', value: 38.5, unit: 'Cel', comparator: '>' }, 'the one that decides');
});

const ask = (code: string, differs: Partial<CompiledItem> = {}): CompiledItem =>
  anItem(`q-${code}`, {
    type: 'boolean',
    codes: [{ system: EMERGENCY, code }],
    minValue: undefined,
    maxValue: undefined,
    ...differs,
  });
const thermometer = (differs: Partial<CompiledItem> = {}): CompiledItem =>
  anItem('temp', {
    type: 'decimal',
    codes: [{ system: LOINC, code: '8310-5' }],
    unit: { system: UCUM, code: 'Cel' },
    minValue: undefined,
    maxValue: undefined,
    ...differs,
  });
const coded = (code: string, ordinal?: number, system = LOINC): AnswerOption => ({
  value: { valueCoding: { system, code } },
  system,
  code,
  ...(ordinal === undefined ? {} : { ordinal }),
});
const ITEM_9 = ['LA6568-5', 'LA6569-3', 'LA6570-1', 'LA6571-9'];
const itemNine = (differs: Partial<CompiledItem> = {}): CompiledItem =>
  anItem('nine', {
    type: 'choice',
    codes: [{ system: LOINC, code: '44260-8' }],
    options: ITEM_9.map((code) => coded(code)),
    minValue: undefined,
    maxValue: undefined,
    ...differs,
  });

function found(items: readonly CompiledItem[], said: Readonly<Record<string, Said>>): readonly Finding[] {
  const form = aForm(items);
  return emergency.prepare(form)?.(statesOf(form, said)) ?? [];
}

t.test('each emergency is told by a yes to the item of its code, whatever the item is called', async (t) => {
  for (const { code, ask: question } of EMERGENCY_TERMS) {
    for (const [said, outcome] of [
      [true, there],
      [false, absent],
    ] as const) {
      const [finding] = found([ask(question.code)], { [`q-${question.code}`]: said });
      t.strictSame([finding?.term, finding?.outcome], [code, outcome]);
    }
    const [unanswered] = found([ask(question.code)], {});
    t.strictSame(unanswered?.outcome, { kind: 'not-gradable', reason: 'not-answered', missing: ['presence'] });
    const [hidden] = found([ask(question.code)], { [`q-${question.code}`]: { hiddenBy: ['other'] } });
    t.strictSame(hidden?.outcome, { kind: 'not-gradable', reason: 'not-asked', missing: [] });
  }
});

t.test('an item with the words of an emergency and another code tells nothing', async (t) => {
  t.equal(
    emergency.prepare(
      aForm([anItem('fever', { codes: [{ system: 'http://example.org', code: 'ask-fever' }], text: 'Fever' })]),
    ),
    undefined,
  );
});

const item9: [name: string, said: Said, outcome: Outcome][] = [
  ['"not at all" is none', { valueCoding: { system: LOINC, code: 'LA6568-5' } }, absent],
  ['"several days" is there', { valueCoding: { system: LOINC, code: 'LA6569-3' } }, there],
  ['"more than half the days" is there', { valueCoding: { system: LOINC, code: 'LA6570-1' } }, there],
  ['"nearly every day" is there', { valueCoding: { system: LOINC, code: 'LA6571-9' } }, there],
  ['a blank is neither', undefined, { kind: 'not-gradable', reason: 'not-answered', missing: ['presence'] }],
];
for (const [name, said, outcome] of item9) {
  t.test(`PHQ-9 item 9: ${name}`, async (t) => {
    const [finding] = found([itemNine()], { nine: said });
    t.equal(finding?.term, 'self-harm');
    t.strictSame(finding?.outcome, outcome);
  });
}

t.test(
  'PHQ-9 item 9 is heard in integers, in codings of the form with their weights, and from a value set that is not held',
  async (t) => {
    for (const [value, outcome] of [
      [0, absent],
      [1, there],
      [3, there],
    ] as const) {
      const integers = itemNine({ type: 'integer', options: undefined, minValue: 0, maxValue: 3 });
      t.strictSame(found([integers], { nine: value })[0]?.outcome, outcome);
      const own = itemNine({
        options: [0, 1, 2, 3].map((weight) => coded(`w${weight}`, weight, 'http://example.org/a')),
      });
      const said = { valueCoding: { system: 'http://example.org/a', code: `w${value}` } };
      t.strictSame(found([own], { nine: said })[0]?.outcome, outcome);
      const unknown = itemNine({ options: undefined, optionsUnknown: true });
      const published = { valueCoding: { system: LOINC, code: ITEM_9[value] ?? '' } };
      t.strictSame(found([unknown], { nine: published })[0]?.outcome, outcome);
    }
    const unknown = itemNine({ options: undefined, optionsUnknown: true });
    t.throws(
      () => found([unknown], { nine: { valueCoding: { system: LOINC, code: 'LA1-1' } } }),
      /none that can be read/,
    );
  },
);

t.test('PHQ-9 item 9 above 0 is told when every other item of the form is blank', async (t) => {
  const others = ['44250-9', '44255-8'].map((code) => anItem(code, { codes: [{ system: LOINC, code }] }));
  const findings = found([...others, itemNine(), ask('ask-bleeding')], {
    nine: { valueCoding: { system: LOINC, code: 'LA6569-3' } },
  });
  t.strictSame(
    findings.map(({ term, outcome }) => [term, outcome.kind]),
    [
      ['bleeding', 'not-gradable'],
      ['self-harm', 'graded'],
    ],
  );
});

const fevers: [name: string, question: Said, temp: Said, outcome: Outcome][] = [
  ['yes suffices without a temperature', true, undefined, there],
  ['yes counts against a normal temperature', true, 36.8, there],
  ['a temperature suffices without an answer', undefined, 38, there],
  ['a temperature counts against a no', false, 38.4, there],
  ['no and a normal temperature are none', false, 37.2, absent],
  ['no without a temperature leaves it open', false, undefined, open('value')],
  ['a normal temperature without an answer leaves it open', undefined, 37.2, open('presence')],
  ['no and a temperature that nobody can have leave it open', false, 375, open('value')],
  [
    'nothing said is not known',
    undefined,
    undefined,
    { kind: 'not-gradable', reason: 'not-answered', missing: ['presence', 'value'] },
  ],
  [
    'a temperature that nobody can have is not known',
    undefined,
    12,
    { kind: 'not-gradable', reason: 'value-implausible', missing: ['presence', 'value'] },
  ],
  ['a question that was hidden takes nothing away', { hiddenBy: ['x'] }, 37, absent],
];
for (const [name, question, temp, outcome] of fevers) {
  t.test(`fever by question and thermometer: ${name}`, async (t) => {
    const said = typeof temp === 'number' ? { valueDecimal: temp } : temp;
    const [finding] = found([ask('ask-fever'), thermometer()], { 'q-ask-fever': question, temp: said });
    t.strictSame(finding?.outcome, outcome);
  });
}

t.test(
  'the unit of a quantity is its own, that of a bare number the one of the item; without either there is none',
  async (t) => {
    const quantity = { valueQuantity: { value: 101, system: UCUM, code: '[degF]', unit: '°F' } };
    t.strictSame(found([thermometer({ type: 'quantity', unit: undefined })], { temp: quantity })[0]?.outcome, there);
    const fahrenheit = thermometer({ unit: { system: UCUM, code: '[degF]' } });
    t.strictSame(found([fahrenheit], { temp: { valueDecimal: 100.3 } })[0]?.outcome, absent);
    t.strictSame(
      found([thermometer({ unit: undefined })], { temp: { valueDecimal: 39 } })[0]?.outcome,
      bad('unit-unknown'),
    );
    const worded = { valueQuantity: { value: 39, unit: 'Cel' } };
    t.strictSame(found([thermometer({ type: 'quantity' })], { temp: worded })[0]?.outcome, bad('unit-unknown'));
  },
);

const answersOfYesNo: [name: string, differs: Partial<CompiledItem>, said: Said, outcome: Outcome][] = [
  ['Y of HL7', hl7(), { valueCoding: { system: V2, code: 'Y' } }, there],
  ['N of HL7', hl7(), { valueCoding: { system: V2, code: 'N' } }, absent],
  [
    '"do not know" is not known',
    hl7(),
    { valueCoding: { system: DAR, code: 'asked-unknown' } },
    { kind: 'not-gradable', reason: 'opted-out', missing: ['presence'] },
  ],
  ['integer 1', { type: 'integer' }, 1, there],
  ['integer 0', { type: 'integer' }, 0, absent],
];
function hl7(): Partial<CompiledItem> {
  return {
    type: 'choice',
    options: [coded('Y', undefined, V2), coded('N', undefined, V2), coded('asked-unknown', undefined, DAR)],
  };
}
for (const [name, differs, said, outcome] of answersOfYesNo) {
  t.test(`a yes/no question answered by ${name}`, async (t) => {
    t.strictSame(found([ask('ask-confusion', differs)], { 'q-ask-confusion': said })[0]?.outcome, outcome);
  });
}

const refused: [name: string, item: CompiledItem, why: RegExp][] = [
  ['a code of ours that is none of the items', ask('ask-nausea'), /not the code of an item/],
  ['the code of a result', ask('fever'), /an item has ask-fever/],
  ['a yes/no question answered in words', ask('ask-fever', { type: 'string' }), /of type string/],
  [
    'a yes/no question with a scale of 0 to 4',
    ask('ask-fever', { type: 'choice', options: [0, 1, 2].map((w) => coded(`w${w}`, w)) }),
    /option w2/,
  ],
  [
    'a yes/no question that only knows yes',
    ask('ask-fever', { type: 'choice', options: [coded('Y', undefined, V2)] }),
    /do not tell none from some/,
  ],
  ['PHQ-9 item 9 without weights', itemNine({ options: [coded('a'), coded('b')] }), /option a/],
  [
    'PHQ-9 item 9 with a weight that contradicts the published answer',
    itemNine({ options: ITEM_9.map((code, index) => coded(code, 3 - index)) }),
    /option LA6568-5/,
  ],
];
for (const [name, item, why] of refused) {
  t.test(`refused when the form is stored: ${name}`, async (t) => {
    const [issue] = emergency.check(aForm([item]));
    t.match(issue, { severity: 'error', diagnostics: why });
    t.throws(() => emergency.prepare(aForm([item])), why);
  });
}

const words: [name: string, differs: Partial<CompiledItem>, said: Said, outcome: Outcome][] = [
  ['a number', { type: 'string' }, '39', bad('unit-unknown')],
  ['a number with a sign of degrees', { type: 'text' }, '39,2 °C', bad('unit-unknown')],
  ['words', { type: 'string' }, 'fever', bad('value-unclear')],
  ['a code', { type: 'choice' }, { valueCoding: { code: 'high' } }, bad('value-unclear')],
  [
    'a code of what is not there',
    { type: 'choice' },
    { valueCoding: { system: DAR, code: 'unknown' } },
    { kind: 'not-gradable', reason: 'not-answered', missing: ['value'] },
  ],
  ['yes', { type: 'boolean' }, true, bad('value-unclear')],
  ['nothing', { type: 'string' }, undefined, { kind: 'not-gradable', reason: 'not-answered', missing: ['value'] }],
];
for (const [name, differs, said, outcome] of words) {
  t.test(`a form that asks the temperature in words, answered by ${name}`, async (t) => {
    const [finding] = found([thermometer(differs)], { temp: said });
    t.match(finding, { term: 'fever', outcome });
    t.match(emergency.check(aForm([thermometer(differs)])), [{ severity: 'warning', diagnostics: /told as a temp/ }]);
  });
}

t.test('a thermometer item without a unit is a warning, and the form is stored', async (t) => {
  t.match(emergency.check(aForm([thermometer({ unit: undefined })])), [
    { severity: 'warning', diagnostics: /questionnaire-unit/ },
  ]);
  t.strictSame(emergency.check(aForm([thermometer(), ask('ask-fever'), itemNine()])), []);
});

t.test('the data are whole; a fact from memory, a lost source or a missing label is found', async (t) => {
  t.strictSame(emergencyFaults(DATA), []);
  const [first, ...rest] = DATA.terms;
  if (!first) throw new Error('no terms');
  const wrong: Parameters<typeof emergencyFaults>[0][] = [
    { ...DATA, terms: [{ ...first, sources: [] }, ...rest] },
    { ...DATA, terms: [{ ...first, fr: '' }, ...rest] },
    { ...DATA, terms: [{ ...first, confidence: 'from memory, unverified' }, ...rest] },
    { ...DATA, confidence: { ...DATA.confidence, 'fever threshold': 'from memory, unverified' } },
    { ...DATA, fever: { ...DATA.fever, plausible: { min: 38, max: 43, unit: 'Cel' } } },
    { ...DATA, phq9Item9: { ...DATA.phq9Item9, answers: DATA.phq9Item9.answers.slice(1) } },
    { ...DATA, terms: rest },
  ];
  for (const data of wrong) t.not(emergencyFaults(data).length, 0);
});
