import { readFileSync } from 'node:fs';
import type { Questionnaire } from '@medplum/fhirtypes';
import t from 'tap';
import { compileQuestionnaire, NO_TERMINOLOGY } from '../../src/fhir/questionnaire.ts';
import type { Received } from '../../src/rules/activity/reporting.ts';
import type { Expectations } from '../../src/rules/calendar/expectations.ts';
import type { Cycle, Schedule } from '../../src/rules/calendar/schedule.ts';
import { gradingOf } from '../../src/rules/grade.ts';
import { askedBy, expectedForms, expectedOf } from '../../src/rules/longitudinal-expected.ts';
import type { Course } from '../../src/rules/longitudinal-series.ts';
import { expecting, FORM, item, WEEKLY } from './activity/builders.ts';

const OTHER = 'https://hospital.example/Questionnaire/other';
const SINCE = '2026-03-02T09:00:00.000Z';
const answers = (...moments: string[]): Received[] =>
  moments.map((at, place) => ({ id: `r${place}`, at: `2026-${at}:00.000Z`, form: FORM }));
const RULE: Cycle = { kind: 'cycle', unit: 'wk', period: 1, times: 1 };
const PLAN = expecting([item(WEEKLY)]);

const cases: [
  name: string,
  expectations: Expectations,
  responses: Received[],
  until: string,
  died: string | undefined,
  expected: Record<string, string[]>,
][] = [
  ['no plan', expecting([]), answers('03-02T09:00'), '03-24', undefined, {}],
  ['a plan that was an error', expecting([item(WEEKLY, { void: true })]), [], '03-24', undefined, {}],
  [
    'a plan, unanswered: when slots began',
    PLAN,
    [],
    '03-24',
    undefined,
    { [FORM]: ['03-02', '03-09', '03-16', '03-23'] },
  ],
  [
    'a slot that begins with the end is one',
    PLAN,
    [],
    '03-09T08:00:00.000Z',
    undefined,
    { [FORM]: ['03-02', '03-09'] },
  ],
  ['one that begins after it is none', PLAN, [], '03-09T07:59:59.999Z', undefined, { [FORM]: ['03-02'] }],
  [
    'answered: when that was first',
    PLAN,
    answers('03-02T09:00', '03-03T09:00', '03-12T09:00'),
    '03-17',
    undefined,
    { [FORM]: ['03-02', '03-12', '03-16'] },
  ],
  [
    'away: none',
    expecting([item(WEEKLY, { pauses: [{ start: '2026-03-08T00:00:00.000Z', end: '2026-03-17T00:00:00.000Z' }] })]),
    [],
    '03-24',
    undefined,
    { [FORM]: ['03-16', '03-23'] },
  ],
  ['dead: none', PLAN, [], '03-24', '2026-03-10T00:00:00.000Z', { [FORM]: ['03-02'] }],
  [
    'two plans, each with its form',
    expecting([item(WEEKLY), item(WEEKLY, { id: 'other', form: OTHER })]),
    answers('03-03T09:00'),
    '03-05',
    undefined,
    { [FORM]: ['03-03'], [OTHER]: ['03-02'] },
  ],
];

for (const [name, expectations, responses, until, died, expected] of cases) {
  t.test(name, async (t) => {
    const death = died === undefined ? {} : { death: { at: died } };
    const end = until.includes('T') ? `2026-${until}` : `2026-${until}T00:00:00.000Z`;
    const forms = expectedForms({ expectations, responses, ...death }, { since: SINCE, until: end });
    t.same(
      Object.fromEntries([...forms].map(([form, moments]) => [form, moments.map((at) => at.slice(5, 10))])),
      expected,
    );
  });
}

t.test('each plan is gone through from the slot on to which the first report can belong', async (t) => {
  const yearly = { ...WEEKLY, anchor: '2025-12-01T08:00:00.000Z', rule: { ...RULE, unit: 'a' } } satisfies Schedule;
  const weekly = { ...WEEKLY, anchor: '2020-03-02T08:00:00.000Z' };
  const early = { ...weekly, window: { before: 'P2D' } };
  const plans: [name: string, plan: Schedule, since: string, expected: string[]][] = [
    ['the slot in which that is', weekly, '2026-03-05T00:00:00.000Z', ['2026-03-02', '2026-03-09']],
    ['which begins then', weekly, '2026-03-09T08:00:00.000Z', ['2026-03-09']],
    ['a millisecond before', weekly, '2026-03-09T07:59:59.999Z', ['2026-03-02', '2026-03-09']],
    ['that is open before it begins', early, '2026-03-07T08:00:00.000Z', ['2026-03-09']],
    ['that opens a millisecond later', early, '2026-03-07T07:59:59.999Z', ['2026-03-02', '2026-03-09']],
    ['of a year', yearly, '2026-03-05T00:00:00.000Z', ['2025-12-01']],
    ['before the first', WEEKLY, '2019-03-05T00:00:00.000Z', ['2026-03-02', '2026-03-09']],
  ];
  for (const [name, plan, since, expected] of plans) {
    t.test(name, async (t) => {
      const facts = { expectations: expecting([item(plan)]), responses: [] };
      const forms = expectedForms(facts, { since, until: '2026-03-10T00:00:00.000Z' });
      t.same(
        forms.get(FORM)?.map((at) => at.slice(0, 10)),
        expected,
      );
    });
  }
  t.test('a yearly one takes no other back with it', async (t) => {
    const expectations = expecting([item(yearly), item(weekly, { id: 'other', form: OTHER })]);
    const facts = { expectations, responses: answers('03-05T09:00') };
    const forms = expectedForms(facts, { since: '2026-03-05T00:00:00.000Z', until: '2026-03-10T00:00:00.000Z' });
    t.same(
      [...forms],
      [
        [FORM, ['2026-03-05T09:00:00.000Z']],
        [OTHER, ['2026-03-02T08:00:00.000Z', '2026-03-09T08:00:00.000Z']],
      ],
    );
  });
});

t.test('of a term: from a moment on, or at the baseline', async (t) => {
  const forms = new Map([
    [FORM, ['2026-03-02T09:00:00.000Z', '2026-03-09T08:00:00.000Z', '2026-03-16T08:00:00.000Z']],
    [OTHER, ['2026-03-20T08:00:00.000Z']],
  ]);
  const source = { type: 'QuestionnaireResponse', id: 'r0', version: 1 };
  const baseline = { at: SINCE, score: 1, baseline: true, source };
  const course: Course = { visits: [], baseline, baselineVisit: baseline };
  const days = (asks: (form: string) => boolean, from: string): string[] | undefined =>
    expectedOf(course, forms, asks, Date.parse(from))?.map((at) => at.slice(5, 10));
  t.equal(
    days(() => false, '2026-01-01'),
    undefined,
    'no form asks it',
  );
  t.same(
    days(() => true, '2026-01-01'),
    ['03-02', '03-09', '03-16', '03-20'],
  );
  t.same(
    days((form) => form === FORM, '2026-03-09T08:00:00.000Z'),
    ['03-02', '03-09', '03-16'],
  );
  t.same(
    days((form) => form === FORM, '2026-03-09T08:00:00.001Z'),
    ['03-02', '03-16'],
  );
  t.same(
    days((form) => form === OTHER, '2026-04-01'),
    [],
  );
});

t.test('what a form asks, as it is followed', async (t) => {
  const form: Questionnaire = JSON.parse(readFileSync('profiles/Questionnaire-pro-ctcae-early-phase.json', 'utf8'));
  const grade = gradingOf(compileQuestionnaire(form, NO_TERMINOLOGY));
  const held = (url: string) => (url === FORM ? grade : undefined);
  const asks = { composite: askedBy(held, 'composite'), item: askedBy(held, 'item'), ctcae: askedBy(held, 'ctcae') };
  for (const key of ['PROCTCAE_16_COMP', 'PROCTCAE_24_COMP', 'PROCTCAE_OTHER']) t.ok(asks.composite(FORM, key), key);
  for (const key of ['PROCTCAE_16A_SCL', 'PROCTCAE_24_COMP']) t.ok(asks.item(FORM, key), key);
  t.notOk(asks.composite(FORM, 'PROCTCAE_16A_SCL'));
  t.notOk(asks.item(FORM, 'PROCTCAE_16_COMP'));
  t.notOk(asks.composite(FORM, 'PROCTCAE_1_COMP'), 'which it does not ask');
  t.notOk(asks.ctcae(FORM, 'diarrhea@5.0'), 'no ladder is climbed by it');
  t.notOk(asks.composite(OTHER, 'PROCTCAE_16_COMP'), 'a form that is not held');
  const unfit = () => {
    throw new Error('unfit');
  };
  t.notOk(askedBy(() => unfit, 'composite')(FORM, 'PROCTCAE_16_COMP'), 'a form that cannot be graded');
});
