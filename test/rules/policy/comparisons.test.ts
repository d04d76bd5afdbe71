import t from 'tap';
import { type Comparison, comparisonsOf } from '../../../src/rules/policy/comparisons.ts';
import type { Context } from '../../../src/rules/policy-language.ts';
import { contradictory, demonstration, graded, TERM } from '../builders.ts';

const source = { type: 'QuestionnaireResponse', id: 'r1', version: 1 } as const;

const context: Context = {
  finding: graded(3, { frequency: 4, severity: 3 }),
  at: '2026-03-08T08:00:00.000Z',
  day: '2026-03-08',
  before: { previous: { grade: 1, at: '2026-03-01T08:00:00.000Z', day: '2026-03-01', source } },
  patient: { gender: 'female' },
};

/** `left|right: verdict` of each comparison. */
const told = ({ expression, operands, value }: Comparison): string =>
  `${expression} [${operands.map((one) => one.value ?? '?').join('|')}] ${value}`;

const cases: [name: string, condition: string, comparisons: string[]][] = [
  [
    'both sides of what "and" joins',
    `%finding.term = '${TERM}' and %finding.grade >= 3`,
    [`%finding.term = '${TERM}' [${TERM}|${TERM}] true`, '%finding.grade >= 3 [3|3] true'],
  ],
  ['a sum on one side', '%finding.grade >= %previous.grade + 3', ['%finding.grade >= %previous.grade + 3 [3|4] false']],
  [
    'what is unknown is undecided',
    '%finding.grade > %baseline.grade',
    ['%finding.grade > %baseline.grade [3|?] undecided'],
  ],
  ['existence is no comparison', '%previous.exists()', ['%previous.exists() [true] true']],
  [
    'what a bracket holds is taken apart, and its not() left away',
    '(%finding.severity = 4 or %finding.complete).not()',
    ['%finding.severity = 4 [3|4] false', '%finding.complete [true] true'],
  ],
  ['not() of one property belongs to it', '%finding.complete.not()', ['%finding.complete.not() [false] false']],
  [
    'brackets around a sum are kept',
    '(%finding.grade - %previous.grade) * 2 > -1',
    ['(%finding.grade - %previous.grade) * 2 > -1 [4|-1] true'],
  ],
  [
    'days, with a duration',
    '%previous.date + 2 weeks >= %date implies %now > @2026-01-01T00:00:00Z',
    [
      '%previous.date + 2 weeks >= %date [2026-03-15|2026-03-08] true',
      '%now > @2026-01-01T00:00:00Z [2026-03-08T08:00:00.000Z|2026-01-01T00:00:00Z] true',
    ],
  ],
  ['what cannot be parsed has none', '%finding.grade >=', []],
];

t.test('a condition is taken apart into what it compares', async (t) => {
  for (const [name, condition, comparisons] of cases) {
    t.same(comparisonsOf(condition, context).map(told), comparisons, name);
  }
});

t.test('a side is cut at its variables, each with its value', async (t) => {
  const [comparison] = comparisonsOf('%finding.grade >= %previous.grade + 2', context);
  t.same(comparison?.operands[1]?.parts, [{ mention: '%previous.grade', value: 1 }, ' + 2']);
  t.equal(comparison?.operator, '>=');
});

t.test('every condition that ships can be taken apart', async (t) => {
  for (const { id, condition } of demonstration().action ?? []) {
    const comparisons = comparisonsOf(condition?.[0]?.expression?.expression ?? '', {
      ...context,
      finding: contradictory(4),
    });
    t.ok(comparisons.length > 0, id ?? '');
  }
});
