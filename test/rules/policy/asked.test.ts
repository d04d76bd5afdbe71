import { readFileSync } from 'node:fs';
import type { DataRequirement, PlanDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { LOINC } from '../../../src/fhir/canonical.ts';
import { decide } from '../../../src/rules/decide.ts';
import { step } from '../../../src/rules/episodes.ts';
import type { Finding, ReportFacts, Unknown } from '../../../src/rules/finding.ts';
import { compilePolicy, isFaulty, isOverrun, MAX_STEPS, stepBudget } from '../../../src/rules/policy.ts';
import type { Context } from '../../../src/rules/policy-language.ts';
import { action, graded, plan, report } from '../builders.ts';

const around = (over: Partial<Context> = {}): Context => ({
  finding: graded(3),
  at: '2026-03-10T08:00:00.000Z',
  day: '2026-03-10',
  before: {},
  patient: {},
  ...over,
});

const woken = (data: DataRequirement, over: Partial<Context>): boolean => {
  const policy = compilePolicy(
    plan([], { action: [{ ...action({ id: 'a' }), trigger: [{ type: 'data-added', data: [data] }] }] }),
  );
  return policy.evaluate({ open: 'none' }, around(over)).length === 1;
};

const FORM = 'https://example.org/Questionnaire/weekly';
const response = (form?: string): Partial<Context> => ({ source: { type: 'QuestionnaireResponse', form } });
const lab = (loinc?: string): Partial<Context> => ({
  source: { type: 'Observation' },
  finding: {
    ...graded(3, {}),
    term: 'anemia',
    system: 'ctcae',
    version: '5.0',
    kind: 'ladder',
    ...(loinc ? { measured: { loinc, value: 60, unit: 'g/L' } } : {}),
  } satisfies Finding,
});
const forms = (...codes: string[]): DataRequirement => ({
  type: 'QuestionnaireResponse',
  codeFilter: [{ path: 'questionnaire', code: codes.map((code) => ({ code })) }],
});
const coded = (system: string, code: string, version?: string): DataRequirement => ({
  type: 'Observation',
  codeFilter: [{ path: 'code', code: [{ system, code, ...(version ? { version } : {}) }] }],
});
const [PRO, CTCAE] = ['pro-ctcae', 'ctcae'].map((name) => `https://vigie.example/fhir/CodeSystem/${name}`) as [
  string,
  string,
];
t.test('an action is woken by what its triggers let through', async (t) => {
  const cases: [name: string, data: DataRequirement, over: Partial<Context>, expected: boolean][] = [
    ['any response', { type: 'QuestionnaireResponse' }, response(FORM), true],
    ['any response, by an Observation', { type: 'QuestionnaireResponse' }, lab('718-7'), false],
    ['any Observation', { type: 'Observation' }, lab('718-7'), true],
    ['any Observation, by a response', { type: 'Observation' }, response(FORM), false],
    ['a form of any version', forms(FORM), response(`${FORM}|2`), true],
    ['a form of that version', forms(`${FORM}|2`), response(`${FORM}|2`), true],
    ['a form of another version', forms(`${FORM}|1`), response(`${FORM}|2`), false],
    ['another form', forms(`${FORM}-2`), response(FORM), false],
    ['one of two forms', forms(`${FORM}-2`, FORM), response(FORM), true],
    ['a form, by an Observation', forms(FORM), lab('718-7'), false],
    ['a form that is not known', forms(FORM), response(), true],
    ['a LOINC code', coded(LOINC, '718-7'), lab('718-7'), true],
    ['another LOINC code', coded(LOINC, '718-7'), lab('26499-4'), false],
    ['a LOINC code that is not known', coded(LOINC, '718-7'), lab(), true],
    ['a LOINC code, by a response', coded(LOINC, '718-7'), response(FORM), false],
    ['a term, by a response', coded(PRO, 'PROCTCAE_9_COMP'), response(FORM), true],
    ['another term', coded(PRO, 'PROCTCAE_10_COMP'), response(FORM), false],
    ['a term of CTCAE', coded(CTCAE, 'anemia'), lab('718-7'), true],
    ['in the version', coded(CTCAE, 'anemia', '5.0'), lab('718-7'), true],
    ['in another version', coded(CTCAE, 'anemia', '6.0'), lab('718-7'), false],
    ['where it is not known how it came', { type: 'Observation' }, {}, true],
  ];
  for (const [name, data, over, expected] of cases) t.equal(woken(data, over), expected, name);
});

t.test('one of several triggers is enough, and each action has its own', async (t) => {
  const by = (...types: string[]) => types.map((type) => ({ type: 'data-added' as const, data: [{ type }] }));
  const policy = compilePolicy(
    plan([], {
      action: [
        { ...action({ id: 'both' }), trigger: by('QuestionnaireResponse', 'Observation') },
        { ...action({ id: 'responses' }), trigger: by('QuestionnaireResponse') },
        { ...action({ id: 'results' }), trigger: by('Observation') },
      ],
    }),
  );
  const asked = (over: Partial<Context>) => policy.evaluate({ open: 'none' }, around(over)).map((one) => one.action);
  t.same(asked(response(FORM)), ['both', 'responses']);
  t.same(asked(lab('718-7')), ['both', 'results']);
  t.same(asked({}), ['both', 'responses', 'results']);
});

const USAGE = 'http://terminology.hl7.org/CodeSystem/usage-context-type';
const contexts: Readonly<Record<string, NonNullable<PlanDefinition['useContext']>[number]>> = {
  study: { code: { system: USAGE, code: 'program' }, valueReference: { reference: 'ResearchStudy/one' } },
  other: {
    code: { system: USAGE, code: 'program' },
    valueReference: { identifier: { system: 'http://s', value: 'A|1' } },
  },
  condition: {
    code: { system: USAGE, code: 'focus' },
    valueCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code: 'C34' }] },
  },
  treatment: {
    code: { system: 'https://vigie.example/fhir/CodeSystem/policy-context', code: 'treatment' },
    valueCodeableConcept: { coding: [{ system: 'http://www.whocc.no/atc', code: 'L01EB04' }] },
  },
};

const [ATC, OTHER] = ['http://www.whocc.no/atc|L01EB04', 'http://www.whocc.no/atc|N02BE01'] as const;
const under = (codes: readonly string[], treatments: Unknown): ReportFacts => ({
  treatments: { codes },
  unknown: { treatments },
});

t.test('a policy is asked of the patients that it is meant for, and where that is not known', async (t) => {
  const icd = 'http://hl7.org/fhir/sid/icd-10|C34';
  const cases: [name: string, meant: string[], facts: ReportFacts | undefined, expected: string][] = [
    ['nobody in particular', [], { studies: [] }, 'yes'],
    ['a study that the patient is in', ['study'], { studies: ['ResearchStudy/one'] }, 'yes'],
    ['a study by identifier', ['other'], { studies: ['http://s|A|1'] }, 'yes'],
    ['a study that the patient is not in', ['study'], { studies: ['ResearchStudy/two'] }, 'no'],
    ['no study at all', ['study'], { studies: [] }, 'no'],
    ['studies not known', ['study'], {}, 'unknown'],
    ['nothing known', ['study'], undefined, 'unknown'],
    ['one of two studies', ['study', 'other'], { studies: ['http://s|A|1'] }, 'yes'],
    ['a condition', ['condition'], { conditions: [icd] }, 'yes'],
    ['another condition', ['condition'], { conditions: ['http://hl7.org/fhir/sid/icd-10|C50'] }, 'no'],
    ['a treatment', ['treatment'], { treatments: { codes: ['http://www.whocc.no/atc|L01EB04'] } }, 'yes'],
    ['another treatment', ['treatment'], { treatments: { codes: [] } }, 'no'],
    ['treatments not known', ['treatment'], { treatments: { systemic: true } }, 'unknown'],
    ['a treatment, beside what nobody can read', ['treatment'], under([ATC], { allBut: [] }), 'yes'],
    ['another treatment, beside what nobody can read', ['treatment'], under([OTHER], { allBut: [] }), 'unknown'],
    ['another treatment, and not this', ['treatment'], under([OTHER], { allBut: [ATC] }), 'no'],
    ['another treatment, and perhaps this', ['treatment'], under([OTHER], { only: [ATC] }), 'unknown'],
    ['another treatment, and perhaps a third', ['treatment'], under([], { only: [OTHER] }), 'no'],
    ['this, and perhaps this: what is recorded as so is', ['treatment'], under([ATC], { only: [ATC] }), 'yes'],
    ['conditions not known', ['condition'], { conditions: [], unknown: { conditions: { allBut: [] } } }, 'unknown'],
    [
      'of another kind it is not known',
      ['condition'],
      { conditions: [], unknown: { treatments: { allBut: [] } } },
      'no',
    ],
    [
      'a study that is not held',
      ['study'],
      { studies: ['http://s|B'], unknown: { studies: { allBut: [] } } },
      'unknown',
    ],
    [
      'no on one kind, not known of the other',
      ['condition', 'treatment'],
      { ...under([], { allBut: [] }), conditions: [] },
      'no',
    ],
    ['both', ['study', 'condition'], { studies: ['ResearchStudy/one'], conditions: [icd] }, 'yes'],
    ['one of both kinds', ['study', 'condition'], { studies: ['ResearchStudy/one'], conditions: [] }, 'no'],
    ['one known to be, the other not known', ['study', 'condition'], { studies: ['ResearchStudy/one'] }, 'unknown'],
    ['one known not to be, the other not known', ['study', 'condition'], { studies: [] }, 'no'],
  ];
  for (const [name, meant, facts, expected] of cases) {
    const useContext = meant.flatMap((one) => contexts[one] ?? []);
    const policy = compilePolicy(plan([{ id: 'a' }], useContext.length > 0 ? { useContext } : {}));
    t.equal(policy.applies(facts), expected, name);
    t.equal(policy.applies(facts), expected, `${name}: again`);
    t.equal(policy.evaluate({ open: 'none' }, around({ facts })).length, expected === 'no' ? 0 : 1, `${name}: asked`);
  }
});

const BLEEDING: Finding = {
  ...{ term: 'bleeding', system: 'emergency', version: '1', kind: 'emergency', attributes: {}, dataQuality: [] },
  outcome: { kind: 'graded', grade: 1 },
};

t.test('the budget of a report, on both sides of its edge', async (t) => {
  // `%finding.min >= 3` is a variable, a member, an operator and a number: four steps.
  const two = [
    compilePolicy(plan([{ id: 'a' }], { url: 'https://example.org/a' })),
    compilePolicy(plan([{ id: 'b' }], { url: 'https://example.org/b' })),
  ];
  const ask = (limit: number) => {
    const budget = stepBudget(limit);
    const { conditions, effect } = decide(two, around({ budget }));
    return { values: conditions.map(({ value, error }) => error ?? value), effect: effect.kind, left: budget.left };
  };
  t.same(ask(8), { values: [true, true], effect: 'open', left: 0 });
  t.same(ask(7), { values: [true, 'budget'], effect: 'open', left: 0 });
  t.same(ask(3), { values: ['budget', 'budget'], effect: 'none', left: 0 });
  t.same(ask(MAX_STEPS), { values: [true, true], effect: 'open', left: MAX_STEPS - 8 });
  t.same(
    ask(MAX_STEPS),
    { values: [true, true], effect: 'open', left: MAX_STEPS - 8 },
    'a remembered answer costs the same',
  );
  t.ok(isOverrun(decide(two, around({ budget: stepBudget(7) })).conditions));
  t.notOk(isOverrun(decide(two, around({ budget: stepBudget(8) })).conditions));
  t.notOk(isOverrun(decide(two, around()).conditions), 'without a budget there is no limit');
});

t.test('a report that asks too much is folded all the same: what was not reached is undecided', async (t) => {
  const long = Array.from({ length: 33 }, () => '%finding.min >= 3').join(' or ');
  const actions = Array.from({ length: 40 }, (_, place) => ({ id: `a${place}`, expression: long }));
  const policy = compilePolicy(plan(actions));
  const findings = Array.from({ length: 60 }, (_, place) => ({ ...graded(3), term: `PROCTCAE_${place + 1}_COMP` }));
  const { steps } = step({ terms: {} }, report('03-01', findings), [policy], {});
  const overrun = steps.map(({ conditions }) => isOverrun(conditions));
  const first = overrun.indexOf(true);
  t.ok(first > 0, 'the first terms are decided');
  t.ok(
    overrun.slice(first).every((one) => one),
    'and none after the first that was not',
  );
  t.same(steps.at(-1)?.transition, 'none');
  const again = step({ terms: {} }, report('03-01', findings), [policy], {});
  t.same(
    again.steps.map(({ conditions }) => isOverrun(conditions)),
    overrun,
    'the same every time',
  );
});

t.test(
  'at an emergency a policy that names emergencies has a budget of its own, on both sides of its edge',
  async (t) => {
    // Each is a variable, a member, an operator and a literal: four steps.
    const naming = "%finding.system = 'emergency'";
    const policies = [
      compilePolicy(plan([{ id: 'costly', expression: '%finding.min >= 1' }], { url: 'https://example.org/a' })),
      compilePolicy(plan([{ id: 'one', expression: naming }], { url: 'https://example.org/b' })),
      compilePolicy(plan([{ id: 'other', expression: naming }], { url: 'https://example.org/c' })),
    ];
    const ask = (finding: Finding, limit: number, times = 1) => {
      const budget = stepBudget(limit);
      const rounds = Array.from({ length: times }, () => decide(policies, around({ finding, budget })).conditions);
      return rounds.map((conditions) => conditions.map(({ value, error }) => error ?? value));
    };
    t.same(ask(BLEEDING, 4), [[true, true, true]], 'each has four');
    t.same(ask(BLEEDING, 3), [['budget', 'budget', 'budget']], 'and no more');
    t.same(ask(BLEEDING, 8, 3), [
      [true, true, true],
      [true, true, true],
      ['budget', 'budget', 'budget'],
    ]);
    t.same(ask(graded(3), 8), [[true, false, 'budget']], 'what is no emergency is paid from what all share');
  },
);

t.test('no policy that sorts earlier keeps an emergency from being told', async (t) => {
  const long = Array.from({ length: 33 }, () => '%burden.area > 9.5').join(' or ');
  const costly = plan(
    Array.from({ length: 400 }, (_, place) => ({ id: `a${place}`, expression: long })),
    { url: 'https://example.org/a' },
  );
  const shipped: PlanDefinition = JSON.parse(readFileSync('profiles/policies/emergency-bleeding.json', 'utf8'));
  const policies = [costly, shipped].map(compilePolicy);
  const many = Array.from({ length: 8 }, (_, place) => ({ ...graded(3), term: `PROCTCAE_${place + 1}_COMP` }));
  const { steps } = step({ terms: {} }, report('03-01', [...many, BLEEDING]), policies, {});
  t.ok(
    steps.some(({ conditions }) => isOverrun(conditions)),
    'the budget of the others is spent',
  );
  const bleeding = steps.find(({ term }) => term === 'bleeding');
  t.equal(bleeding?.transition, 'open');
  t.equal(bleeding?.episodeAfter?.priority, 'PH');
});

t.test('the same list for the same answers', async (t) => {
  const policies = ['a', 'b'].map((name) =>
    compilePolicy(
      plan([{ id: name, expression: '%finding.min >= 2 or %now > @2030-01-01T00:00:00Z' }], {
        url: `https://example.org/${name}`,
      }),
    ),
  );
  const of = (grade: number, at: string) => decide(policies, around({ finding: graded(grade), at })).conditions;
  t.equal(of(3, '2026-01-01T00:00:00.000Z'), of(2, '2026-01-02T00:00:00.000Z'));
  t.not(of(3, '2026-01-01T00:00:00.000Z'), of(1, '2026-01-01T00:00:00.000Z'));
});

t.test('what a condition failed by is told apart from a spent budget and from an absent answer', async (t) => {
  const cases: [name: string, conditions: { error?: string }[], overrun: boolean, faulty: boolean][] = [
    ['decided, or undecided for want of an answer', [{}, {}], false, false],
    ['the budget is spent', [{}, { error: 'budget' }], true, false],
    ['a condition failed', [{ error: 'TypeError' }, {}], false, true],
    ['both', [{ error: 'budget' }, { error: 'not-boolean' }], true, true],
  ];
  for (const [name, conditions, overrun, faulty] of cases) {
    t.equal(isOverrun(conditions), overrun, name);
    t.equal(isFaulty(conditions), faulty, name);
  }
});
