import t from 'tap';
import { checkExpression } from '../../../src/rules/policy/check-expression.ts';
import { compileExpression, remember } from '../../../src/rules/policy/run-expression.ts';
import type { Context } from '../../../src/rules/policy-language.ts';
import { atLeast, graded, notGradable } from '../builders.ts';

const source = { type: 'QuestionnaireResponse', id: 'p', version: 1 } as const;

const around = (over: Partial<Context> = {}): Context => ({
  finding: graded(2, { frequency: 3, severity: 2 }),
  at: '2026-03-10T08:00:00.000Z',
  day: '2026-03-10',
  before: {},
  patient: {},
  ...over,
});

const after = (grade: number): Partial<Context> => ({
  before: { previous: { grade, at: '2026-03-03T08:00:00.000Z', day: '2026-03-03', source } },
});

const lasting = (since: string): Partial<Context> => ({
  recent: { grades: [{ grade: 1, at: `${since}T08:00:00.000Z`, day: since }], since: [since, undefined, undefined] },
});

function run(expression: string, over?: Partial<Context>) {
  const { faults, mentions } = checkExpression(expression);
  t.same(faults, [], expression);
  return compileExpression(expression, mentions).run(around(over));
}

const cases: [expression: string, value: boolean | 'undecided', over?: Partial<Context>][] = [
  ['%finding.grade >= 2', true],
  ['%finding.grade > 2', false],
  ["%finding.kind = 'composite' and %finding.complete", true],
  ['%finding.interference = 1', 'undecided'],
  ['%finding.interference.exists()', false],
  ['%finding.interference = 1 and false', false],
  ['%finding.interference = 1 or true', true],
  ['%finding.interference = 1 or false', 'undecided'],
  ['(%finding.interference = 1).not()', 'undecided'],
  ['%finding.asksInterference', false],
  ['%finding.asksSeverity', true],
  ['%previous.exists()', false],
  ['%previous.empty()', true],
  ['%previous.grade.exists()', false],
  ['%previous.exists() and %finding.min - %previous.grade >= 2', false],
  ['%finding.min - %previous.grade >= 2', 'undecided'],
  ['%previous.exists() and %finding.min - %previous.grade >= 2', true, after(0)],
  ['%previous.exists() and %finding.min - %previous.grade >= 2', false, after(1)],
  ['%finding.exists()', true],
  ['%episode.exists()', false],
  // absent, not zero
  ['%finding.grade = 1', 'undecided', { finding: atLeast(1, 3) }],
  ['%finding.min = 1 and %finding.max = 3', true, { finding: atLeast(1, 3) }],
  ['%finding.max >= 3', 'undecided', { finding: notGradable() }],
  ['%finding.severity < 4', 'undecided', { finding: atLeast(1, 3) }],
  ['%finding.severity = 0', true, { finding: graded(0, { frequency: 0, severity: 'hidden' }) }],
  ['1 / (%finding.severity - 2) > 1', 'undecided'],
  // days of a calendar that went on, stood still or went back, as that of a traveller does
  ['%persistence.days1 = 1', true, lasting('2026-03-09')],
  ['%persistence.days1 = 0', true, lasting('2026-03-10')],
  ['%persistence.days1 = 0', true, lasting('2026-03-11')],
  // moments and days
  ['%previous.at < %now', true, after(1)],
  ['%now = @2026-03-10T09:00:00+01:00', true],
  ['%now > @2026-03-10T08:00:00Z', false],
  ['%now >= @2026-03-10T08:00:00Z', true],
  ['%previous.date + 7 days >= %date', true, after(1)],
  ['%previous.date + 6 days >= %date', false, after(1)],
  ['%patient.birthDate + 65 years <= %date', true, { patient: { birthDate: '1961-03-10' } }],
  ['%patient.birthDate + 65 years <= %date', false, { patient: { birthDate: '1961-03-11' } }],
  ['%patient.birthDate + 65 years <= %date', true, { patient: { birthDate: '1960' } }],
  ['%patient.birthDate + 65 years <= %date', 'undecided', { patient: { birthDate: '1961' } }],
  ['%patient.birthDate + 65 years <= %date', 'undecided'],
  ["%patient.gender = 'female'", true, { patient: { gender: 'female' } }],
  ["%patient.gender = 'female'", 'undecided'],
];

t.test('a condition is true, false or undecided', async (t) => {
  for (const [expression, value, over] of cases) t.same(run(expression, over), { value }, `${expression}: ${value}`);
});

t.test('an error at run time leaves the condition undecided and names only its kind', async (t) => {
  const verdict = run('%patient.birthDate <= %date', { patient: { birthDate: '1961-02-30' } });
  t.same(verdict, { value: 'undecided', error: 'Error' });
});

t.test('answers are remembered by the values of the inputs', async (t) => {
  let runs = 0;
  const { inputs } = compileExpression('%finding.grade > 1', ['%finding.grade']);
  const remembered = remember(
    inputs,
    (context) => {
      runs += 1;
      return context.finding;
    },
    2,
  );
  const two = graded(2);
  t.equal(remembered(around({ finding: two })), two);
  t.equal(remembered(around({ finding: graded(2, { severity: 4 }) })), two, 'what is not mentioned does not count');
  t.equal(runs, 1);
  t.not(remembered(around({ finding: atLeast(1, 3) })), two, 'absent is a value of its own');
  remembered(around({ finding: graded(1) }));
  t.equal(runs, 3);
  t.not(remembered(around({ finding: graded(2) })), two, 'beyond its capacity it starts anew');
});

t.test('a value is remembered in its own place', async (t) => {
  const { inputs } = compileExpression('%previous.grade > %baseline.grade', ['%previous.grade', '%baseline.grade']);
  const remembered = remember(inputs, ({ before }) => before);
  const previous = { grade: 1, at: '2026-03-03T08:00:00.000Z', day: '2026-03-03', source };
  const [one, other] = [{ previous }, { baseline: previous }];
  t.equal(remembered(around({ before: one })), one);
  t.equal(remembered(around({ before: other })), other);
});

t.test('a condition on a moment or a day says so, so that nobody remembers it', async (t) => {
  const timed = (expression: string) => compileExpression(expression, checkExpression(expression).mentions).timed;
  t.ok(timed('%now > %previous.at'));
  t.ok(timed('%patient.birthDate < %date'));
  t.notOk(timed('%finding.grade > 1 and %previous.exists()'));
});
