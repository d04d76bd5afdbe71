import t from 'tap';
import { logicOf, type Reason, reasonsOf } from '../../src/rules/explain-logic.ts';
import { comparisonsOf } from '../../src/rules/policy/comparisons.ts';
import { compileExpression } from '../../src/rules/policy/run-expression.ts';
import type { Context } from '../../src/rules/policy-language.ts';
import { graded } from './builders.ts';

/** Grade 3, and no baseline. */
const context: Context = {
  finding: graded(3),
  at: '2026-03-08T08:00:00.000Z',
  day: '2026-03-08',
  before: {},
  patient: {},
};

const YES = '%finding.min >= 3';
const NO = '%finding.min < 2';
const OPEN = '%baseline.grade >= 1';
const MENTIONS = ['%finding.min', '%baseline.grade', '%finding.complete'];

const logic = (condition: string) => logicOf(condition, comparisonsOf(condition, context));

const never = (): boolean => false;

const told = ({ comparison: { expression }, negated, value }: Reason): string =>
  `${negated ? 'not ' : ''}${expression}: ${value}`;

const cases: [name: string, condition: string, value: boolean | 'undecided', reasons: string[]][] = [
  ['one comparison', YES, true, [`${YES}: true`]],
  ['all that "and" joins made it true', `${YES} and ${YES}`, true, [`${YES}: true`, `${YES}: true`]],
  ['what fails of it made it false', `${YES} and ${NO} and ${OPEN}`, false, [`${NO}: false`]],
  ['what cannot be told left it open', `${YES} and ${OPEN}`, 'undecided', [`${OPEN}: undecided`]],
  ['what holds of an "or" made it true', `${YES} or ${NO}`, true, [`${YES}: true`]],
  ['what cannot be told beside it is told too', `${YES} or ${OPEN}`, true, [`${YES}: true`, `${OPEN}: undecided`]],
  ['all of an "or" that fails', `${NO} or ${NO}`, false, [`${NO}: false`, `${NO}: false`]],
  ['what leaves an "or" open', `${NO} or ${OPEN}`, 'undecided', [`${OPEN}: undecided`]],
  ['not() asks for the opposite', `(${NO}).not()`, true, [`not ${NO}: true`]],
  ['and so fails', `(${YES}).not()`, false, [`not ${YES}: false`]],
  ['not() of what is not known', `(${OPEN}).not()`, 'undecided', [`not ${OPEN}: undecided`]],
  ['not() twice', `(${YES}).not().not()`, true, [`${YES}: true`]],
  [
    'not() of a variable is part of what is asked',
    '%finding.complete.not()',
    false,
    ['%finding.complete.not(): false'],
  ],
  ['not() of an "and" is an "or"', `(${YES} and ${NO}).not()`, true, [`not ${NO}: true`]],
  ['not() of an "or" is an "and"', `(${NO} or ${NO}).not()`, true, [`not ${NO}: true`, `not ${NO}: true`]],
  ['both sides of an "xor"', `(${NO}).not() xor ${NO}`, true, [`not ${NO}: true`, `${NO}: false`]],
  ['both sides of an "xor" that fails', `(${YES} xor ${YES}).not()`, true, [`${YES}: true`, `${YES}: true`]],
  ['an "xor" that cannot be told', `${YES} xor ${OPEN}`, 'undecided', [`${OPEN}: undecided`]],
  ['what comes before "implies" is not so', `${NO} implies ${NO}`, true, [`not ${NO}: true`]],
  ['what follows is so', `${YES} implies ${YES}`, true, [`${YES}: true`]],
  ['it is so and what follows is not', `${YES} implies ${NO}`, false, [`not ${YES}: false`, `${NO}: false`]],
  ['not() of "implies"', `(${YES} implies ${NO}).not()`, true, [`${YES}: true`, `not ${NO}: true`]],
];

t.test('what made a condition what it is', async (t) => {
  for (const [name, condition, value, reasons] of cases) {
    const found = logic(condition);
    t.equal(found?.value, value, name);
    t.same(found && reasonsOf(found, never).map(told), reasons, name);
  }
});

t.test('what is about something else is all that is told of what it stands beside with "and"', async (t) => {
  const ELSEWHERE = "%finding.term = 'PROCTCAE_8_COMP'";
  const isElsewhere = ({ comparison, value }: Reason): boolean =>
    comparison.expression === ELSEWHERE && value === false;
  for (const [condition, reasons] of [
    [`${NO} and ${ELSEWHERE}`, [ELSEWHERE]],
    [`${NO} and (${ELSEWHERE} or ${ELSEWHERE})`, [ELSEWHERE, ELSEWHERE]],
    [`(${ELSEWHERE} and ${NO}) or ${NO}`, [ELSEWHERE, NO]],
    [`(${ELSEWHERE} or ${YES}) and ${NO}`, [NO]],
  ] as const) {
    const found = logic(condition);
    t.same(found && reasonsOf(found, isElsewhere).map(({ comparison }) => comparison.expression), reasons, condition);
  }
});

t.test('whatever is joined however comes to what the evaluator says, for reasons that come to it', async (t) => {
  const LEAVES = [YES, NO, OPEN];
  const JOINS = ['and', 'or', 'xor', 'implies'];
  const nested = LEAVES.flatMap((a) =>
    LEAVES.flatMap((b) => JOINS.flatMap((join) => [`(${a} ${join} ${b})`, `(${a} ${join} ${b}).not()`])),
  );
  const conditions = nested.flatMap((inner) =>
    JOINS.flatMap((join, n) => [
      `${inner} ${join} ${LEAVES[n % 3]}`,
      `(${LEAVES[(n + 1) % 3]} ${join} ${inner}).not()`,
    ]),
  );
  for (const condition of conditions) {
    const { value } = compileExpression(condition, MENTIONS).run(context);
    const found = logic(condition);
    if (found?.value !== value) t.fail(`${condition} is ${value}, not ${found?.value}`);
    const values = new Set(found && reasonsOf(found, never).map((reason) => reason.value));
    // Of an "xor" it is both sides together that decide.
    const isTold = condition.includes('xor') ? values.size > 0 : values.has(value);
    if (!isTold) t.fail(`${condition}: nothing that comes to ${value} is told`);
    if (value === 'undecided' && values.size > 1) t.fail(`${condition}: what is known left nothing open`);
  }
  t.equal(conditions.length, 576);
});

t.test('comparisons that are not those of the condition, or a condition that is none, have no logic', async (t) => {
  const comparisons = comparisonsOf(`${YES} and ${NO}`, context);
  t.equal(logicOf(YES, comparisons), undefined, 'too many');
  t.equal(logicOf(`${YES} and ${NO} and ${NO}`, comparisons), undefined, 'too few');
  t.equal(logicOf('%finding.min >=', []), undefined);
});
