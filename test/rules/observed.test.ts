import type { Observation } from '@medplum/fhirtypes';
import t from 'tap';
import { CANONICAL, LOINC } from '../../src/fhir/canonical.ts';
import { ageYears } from '../../src/rules/age.ts';
import { EMERGENCY } from '../../src/rules/gradings/emergency-data.ts';
import { isObserved, observedIssues, observedOf } from '../../src/rules/observed.ts';
import { ALT, aResult, NEUTROPHILS, quantity } from '../support/observations.ts';

const AT = '2026-11-20T08:00:00Z';
const alt = (extra: Partial<Observation> = {}) =>
  aResult('Patient/a', { loinc: ALT, value: 80, unit: 'U/L', at: AT }, extra);
const term = (code: string, version?: string, system = 'ctcae') => ({
  coding: [{ system: `${CANONICAL}/CodeSystem/${system}`, code, ...(version ? { version } : {}) }],
});
const bare = (extra: Partial<Observation>): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  code: {},
  ...extra,
});
const baseline = { url: `${CANONICAL}/StructureDefinition/baseline-report`, valueBoolean: true };
const expected = (level: number, until: string) => ({
  url: `${CANONICAL}/StructureDefinition/expected-level`,
  extension: [
    { url: 'level', valueInteger: level },
    { url: 'until', valueDateTime: until },
  ],
});

const uses: [name: string, observation: Observation, isUsed: boolean][] = [
  ['a result that a ladder grades', alt(), true],
  ['a temperature', aResult('Patient/a', { loinc: '8310-5', value: 37, unit: 'Cel', at: AT }), true],
  ['a heart rate', aResult('Patient/a', { loinc: '8867-4', value: 70, unit: '/min', at: AT }), false],
  ['a code of another system', { ...alt(), code: { coding: [{ system: 'urn:lab', code: ALT }] } }, false],
  ['words alone', bare({ code: { text: 'ALT' } }), false],
  ['a panel by its parts', bare({ component: [{ code: alt().code ?? {}, valueQuantity: quantity(80, 'U/L') }] }), true],
  ['a term without more', bare({ code: term('alt_increased', '5.0'), valueInteger: 2 }), false],
  ['a baseline of a term', bare({ code: term('alt_increased', '5.0'), valueInteger: 2, extension: [baseline] }), true],
  ['a baseline of nothing that is graded', bare({ extension: [baseline] }), false],
  [
    'an expected level',
    bare({ code: term('PROCTCAE_16_COMP', undefined, 'pro-ctcae'), extension: [expected(2, AT)] }),
    true,
  ],
];
for (const [name, observation, isUsed] of uses) {
  t.test(`${name} is ${isUsed ? '' : 'not '}evaluated`, async (t) => {
    t.equal(isObserved(observation), isUsed);
    t.equal(observedOf(observation) !== undefined, isUsed);
    t.same(observedIssues(observation), []);
  });
}

const asked = (code: string, more: Partial<Observation>, system = LOINC): Observation =>
  bare({ code: { coding: [{ system, code }] }, ...more });
const answer = (code: string, system = LOINC) => ({ valueCodeableConcept: { coding: [{ system, code }] } });
const ITEM_9 = '44260-8';
const answers: [name: string, observation: Observation, outcome: object][] = [
  ['a number above 0', asked(ITEM_9, { valueInteger: 1 }), { kind: 'graded', grade: 1 }],
  ['a number beyond the scale', asked(ITEM_9, { valueInteger: 4 }), { kind: 'graded', grade: 1 }],
  ['0', asked(ITEM_9, { valueInteger: 0 }), { kind: 'graded', grade: 0 }],
  ['a number below 0', asked(ITEM_9, { valueInteger: -1 }), { kind: 'not-gradable', reason: 'no-value' }],
  ['a score as an amount', asked(ITEM_9, { valueQuantity: quantity(2, '{score}') }), { kind: 'graded', grade: 1 }],
  ['the first answer', asked(ITEM_9, answer('LA6568-5')), { kind: 'graded', grade: 0 }],
  ['the second answer', asked(ITEM_9, answer('LA6569-3')), { kind: 'graded', grade: 1 }],
  ['the last answer', asked(ITEM_9, answer('LA6571-9')), { kind: 'graded', grade: 1 }],
  ['a code that nobody knows', asked(ITEM_9, answer('x')), { kind: 'not-gradable', reason: 'no-value' }],
  ['no answer', asked(ITEM_9, {}), { kind: 'not-gradable', reason: 'no-value' }],
  [
    'an answer that was declined',
    asked(ITEM_9, { dataAbsentReason: {} }),
    { kind: 'not-gradable', reason: 'opted-out' },
  ],
  [
    'a component of a panel',
    asked('44249-1', { component: [{ code: { coding: [{ system: LOINC, code: ITEM_9 }] }, valueInteger: 3 }] }),
    { kind: 'graded', grade: 1 },
  ],
  [
    'a yes to a question of ours',
    asked('ask-self-harm', { valueBoolean: true }, EMERGENCY),
    { kind: 'graded', grade: 1 },
  ],
  ['a no to it', asked('ask-self-harm', { valueBoolean: false }, EMERGENCY), { kind: 'graded', grade: 0 }],
];
for (const [name, observation, outcome] of answers) {
  t.test(`PHQ-9 item 9 as an Observation: ${name}`, async (t) => {
    t.ok(isObserved(observation));
    const { findings = [], baseline } = observedOf(observation) ?? {};
    t.equal(baseline, false);
    t.equal(findings.length, 1);
    t.match(findings[0], { term: 'self-harm', system: 'emergency', outcome });
  });
}

t.test('an integer is a number without a unit', async (t) => {
  const found = observedOf(asked('8310-5', { valueInteger: 39 }));
  t.same(found?.measured, [{ loinc: ['8310-5'], value: 39 }]);
  t.match(found?.findings, [{ outcome: { kind: 'not-gradable', reason: 'unit-unknown' }, measured: { value: 39 } }]);
});

t.test(
  'a code of the site means what the site has reviewed; a LOINC code that nobody has read means nothing',
  async (t) => {
    const lab = 'https://lab.example/codes';
    const codes = new Map([
      [`${lab}|TEMP`, '8310-5'],
      [`${LOINC}|3040-3`, '3040-3'],
    ]);
    const local = asked('TEMP', { valueQuantity: quantity(39, 'Cel') }, lab);
    t.notOk(isObserved(local));
    t.equal(observedOf(local), undefined);
    t.ok(isObserved(local, codes));
    t.match(observedOf(local, codes), { measured: [{ loinc: ['8310-5'] }], findings: [{ outcome: { grade: 1 } }] });
    const lipase = asked('3040-3', { valueQuantity: quantity(300, 'U/L') });
    t.notOk(isObserved(lipase));
    t.match(observedOf(lipase, codes), { measured: [{ loinc: ['3040-3'] }] });
    const both = {
      ...alt(),
      code: {
        coding: [
          { system: LOINC, code: '751-8' },
          { system: LOINC, code: NEUTROPHILS },
        ],
      },
    };
    t.match(observedOf(both)?.measured, [{ loinc: [NEUTROPHILS] }], 'the one that is read');
  },
);

const baselines: [name: string, observation: Observation, fits: boolean][] = [
  ['a number with its unit', alt({ extension: [baseline] }), true],
  ['without a unit', alt({ extension: [baseline], valueQuantity: { value: 80 } }), false],
  ['in a unit of something else', alt({ extension: [baseline], valueQuantity: quantity(80, 'kg') }), false],
  ['a bound', alt({ extension: [baseline], valueQuantity: { ...quantity(80, 'U/L'), comparator: '<' } }), false],
  ['no number', alt({ extension: [baseline], valueQuantity: undefined, dataAbsentReason: {} }), false],
  ['a text', alt({ extension: [baseline], valueQuantity: undefined, valueString: '80 U/L' }), false],
  [
    'a range',
    alt({
      extension: [baseline],
      valueQuantity: undefined,
      valueRange: { low: quantity(70, 'U/L'), high: quantity(80, 'U/L') },
    }),
    false,
  ],
  ['a number that no patient has', alt({ extension: [baseline], valueQuantity: quantity(-1, 'U/L') }), false],
  ['a result that is no baseline', alt({ valueQuantity: { value: 80 } }), true],
];
for (const [name, observation, fits] of baselines) {
  t.test(`a recorded baseline, ${name}, is ${fits ? 'taken' : 'refused'}`, async (t) => {
    t.equal(observedIssues(observation).length, fits ? 0 : 1);
  });
}

const possible: [name: string, loinc: string, unit: string, fits: number[], refused: number[], range: string][] = [
  ['a weight', '29463-7', 'kg', [1, 80, 650], [0.0001, 0.99, 650.1, 800_000], 'at least 1 kg, at most 650 kg'],
  ['a weight in grams', '29463-7', 'g', [1000, 650_000], [80, 650_001], 'at least 1 kg, at most 650 kg'],
  ['a potassium', '2823-3', 'mmol/L', [0.5, 4, 20], [0.49, 20.1, 9000], 'at least 0.5 mmol/L, at most 20 mmol/L'],
  ['a haemoglobin', '718-7', 'g/dL', [8.5, 25], [25.1, 85], 'at least 1 g/L, at most 250 g/L'],
  ['an enzyme', ALT, 'U/L', [1, 100_000], [0, 0.9, 100_001], 'at least 1 U/L, at most 100000 U/L'],
  [
    'platelets that may be those of one uL',
    '777-3',
    '10*9/L',
    [999],
    [1000],
    'below 5000 10*9/L, below 1000 10*9/L unless it comes in another unit',
  ],
  ['the leukocytes of leukaemia, which are graded as too many', '6690-2', '10*9/L', [300, 1499], [1500], 'below 1500'],
];
for (const [name, loinc, unit, fits, refused, range] of possible) {
  t.test(`${name} as a baseline is one that a patient can have`, async (t) => {
    const issues = (value: number) =>
      observedIssues(aResult('Patient/a', { loinc, value, unit, at: AT }, { extension: [baseline] }));
    for (const value of fits) t.same(issues(value), [], `${value} ${unit}`);
    for (const value of refused) {
      t.match(issues(value), [{ severity: 'error', expression: 'Observation.value' }], `${value} ${unit}`);
      const told = issues(value)[0]?.diagnostics ?? '';
      t.ok(told.includes(`LOINC ${loinc}: `) && told.includes(range), told);
      if (!range.includes(String(value))) t.notOk(told.includes(String(value)), 'what came is not repeated');
    }
  });
}

t.test('of a panel that is a baseline each part that no patient has is named', async (t) => {
  const part = (code: string, value: number) => ({
    code: { coding: [{ system: LOINC, code }] },
    valueQuantity: quantity(value, 'mm[Hg]'),
  });
  const panel = (systolic: number, diastolic: number) =>
    observedIssues(
      bare({
        code: { coding: [{ system: LOINC, code: '85354-9' }] },
        component: [part('8480-6', systolic), part('8462-4', diastolic)],
        extension: [baseline],
      }),
    ).map(({ expression }) => expression);
  t.same(panel(120, 80), []);
  t.same(panel(120, 8), ['Observation.component[1].value']);
  t.same(panel(12, 8), ['Observation.component[0].value', 'Observation.component[1].value']);
  const stated = observedIssues(
    bare({
      code: { coding: [{ system: LOINC, code: '85354-9' }] },
      component: [
        {
          code: { coding: [{ system: `${CANONICAL}/CodeSystem/clinical-fact`, code: 'resting' }] },
          valueBoolean: true,
        },
        part('8480-6', 120),
        part('8462-4', 8),
      ],
      extension: [baseline],
    }),
  );
  t.same(
    stated.map(({ expression }) => expression),
    ['Observation.component[2].value'],
    'a component that states a fact is none of the parts',
  );
});

const limits: [name: string, referenceRange: Observation['referenceRange'], read: object][] = [
  ['in the unit of the result', [{ low: quantity(5, 'U/L'), high: quantity(40, 'U/L') }], { low: 5, high: 40 }],
  ['in another unit', [{ high: quantity(0.67, 'ukat/L') }], { high: 0.67, limitUnit: 'ukat/L' }],
  ['in two units: the one of the result', [{ low: quantity(0.1, 'ukat/L'), high: quantity(40, 'U/L') }], { high: 40 }],
  ['of another kind than normal', [{ high: quantity(40, 'U/L'), type: { coding: [{ code: 'therapeutic' }] } }], {}],
  ['in words', [{ text: '< 40' }], {}],
  ['that are bare numbers, which nobody said a unit of', [{ low: { value: 5 }, high: { value: 40 } }], {}],
  [
    'in a unit that is only written, and another than that of the result',
    [{ high: { value: 0.67, unit: 'µkat/L' } }],
    {},
  ],
  ['in a unit that is written as that of the result is', [{ high: { value: 40, unit: 'U/L' } }], { high: 40 }],
  ['of which one has a unit', [{ low: { value: 5 }, high: quantity(40, 'U/L') }], { high: 40 }],
  [
    'of which one has another unit',
    [{ low: quantity(0.1, 'ukat/L'), high: { value: 40 } }],
    { low: 0.1, limitUnit: 'ukat/L' },
  ],
];
for (const [name, referenceRange, read] of limits) {
  t.test(`limits ${name}`, async (t) => {
    t.same(observedOf(alt({ referenceRange }))?.measured, [{ loinc: [ALT], value: 80, unit: 'U/L', ...read }]);
  });
}

t.test('a number without a UCUM code has no unit, and a bound stays a bound', async (t) => {
  const { measured } = observedOf(alt({ valueQuantity: { value: 80, unit: 'U/L' } })) ?? {};
  t.same(measured, [{ loinc: [ALT], value: 80 }]);
  const bound = observedOf(alt({ valueQuantity: { ...quantity(5, 'U/L'), comparator: '<' } }));
  t.same(bound?.measured, [{ loinc: [ALT], value: 5, unit: 'U/L', comparator: '<' }]);
});

t.test('a range is one measurement; what is no amount is one that tells nothing', async (t) => {
  const range = { low: quantity(70, 'U/L'), high: quantity(80, 'U/L') };
  const { measured } = observedOf(alt({ valueQuantity: undefined, valueRange: range })) ?? {};
  t.same(measured, [{ loinc: [ALT], value: 70, upTo: 80, unit: 'U/L' }]);
  t.same(observedOf(alt({ valueQuantity: undefined, valueString: '80' }))?.measured, [{ loinc: [ALT], unclear: true }]);
  t.same(observedOf(asked('8310-5', { valueString: '39' }))?.measured, [{ loinc: ['8310-5'], value: 39 }]);
  t.same(observedOf(asked('8310-5', { dataAbsentReason: {} }))?.measured, [{ loinc: ['8310-5'] }]);
});

t.test('of a panel each part is a measurement, and the panel none', async (t) => {
  const part = (code: string, value: number) => ({
    code: { coding: [{ system: 'http://loinc.org', code }] },
    valueQuantity: quantity(value, 'mm[Hg]'),
  });
  const panel = bare({
    code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
    component: [part('8480-6', 150), part('8462-4', 95)],
  });
  t.same(
    observedOf(panel)?.measured?.map(({ loinc, value }) => [...loinc, value]),
    [
      ['8480-6', 150],
      ['8462-4', 95],
    ],
  );
});

t.test('what a clinician records of a term', async (t) => {
  t.match(observedOf(bare({ code: term('alt_increased', '6.0'), valueInteger: 2, extension: [baseline] })), {
    baseline: true,
    baselines: [{ term: 'alt_increased@6.0', grade: 2 }],
  });
  t.match(
    observedOf(bare({ code: term('alt_increased', '5.0'), extension: [expected(3, '2026-12-01T00:00:00+01:00')] })),
    {
      baseline: false,
      expected: [{ term: 'alt_increased@5.0', level: 3, until: '2026-11-30T23:00:00.000Z' }],
    },
  );
});

const refused: [name: string, observation: Observation, element: string][] = [
  [
    'a baseline beyond the scale',
    bare({ code: term('PROCTCAE_16_COMP', undefined, 'pro-ctcae'), valueInteger: 4, extension: [baseline] }),
    'value',
  ],
  ['a baseline without a grade', bare({ code: term('alt_increased', '5.0'), extension: [baseline] }), 'value'],
  ['a level of no term', bare({ extension: [expected(1, AT)] }), 'code'],
  [
    'a level of a CTCAE term without version',
    bare({ code: term('alt_increased'), extension: [expected(1, AT)] }),
    'code',
  ],
  ['a level beyond the scale', bare({ code: term('alt_increased', '5.0'), extension: [expected(5, AT)] }), 'extension'],
  [
    'a level until a day',
    bare({ code: term('alt_increased', '5.0'), extension: [expected(1, '2026-12-01')] }),
    'extension',
  ],
];
for (const [name, observation, element] of refused) {
  t.test(`${name} is an error`, async (t) => {
    t.match(observedIssues(observation), [{ severity: 'error', expression: `Observation.${element}` }]);
  });
}

t.test('a code that only looks like ours is none', async (t) => {
  t.notOk(isObserved(bare({ code: term('alt_increased', '4.03'), valueInteger: 1, extension: [baseline] })));
  t.notOk(isObserved(bare({ code: term('no_such_term', '5.0'), valueInteger: 1, extension: [baseline] })));
  t.ok(isObserved(aResult('Patient/a', { loinc: NEUTROPHILS, value: 1, unit: '10*9/L', at: AT })));
});

const ages: [birth: string, day: string, years: number | undefined][] = [
  ['2008-11-20', '2026-11-20', 18],
  ['2008-11-21', '2026-11-20', 17],
  ['1961', '2026-11-20', 64],
  ['1961-05', '2026-11-20', 65],
  ['2026-11-21', '2026-11-20', undefined],
];
for (const [birth, day, years] of ages) {
  t.test(`born ${birth}, on ${day}: ${years ?? 'not born'}`, async (t) => {
    t.equal(ageYears(birth, day), years);
  });
}
