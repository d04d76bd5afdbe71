import t from 'tap';
import { checkExpression } from '../../../src/rules/policy/check-expression.ts';
import { compileCondition, compileExpression } from '../../../src/rules/policy/run-expression.ts';
import type { Context } from '../../../src/rules/policy-language.ts';
import { graded } from '../builders.ts';

type Value = boolean | 'undecided';

const context: Context = {
  finding: graded(2, { frequency: 2 }),
  at: '2026-03-10T08:00:00.000Z',
  day: '2026-03-10',
  before: {},
  patient: {},
};

/** How each of the three values is written here; severity is absent. */
const WRITTEN: readonly [Value, string][] = [
  [true, '(%finding.grade = 2)'],
  [false, '(%finding.grade = 1)'],
  ['undecided', '(%finding.severity = 2)'],
];

function verdictOn(expression: string): Value {
  const { faults, mentions, parts } = checkExpression(expression);
  t.same(faults, [], expression);
  const whole = compileExpression(expression, mentions).run(context);
  t.same(compileCondition(parts).run(context), whole, `${expression}: as a whole and by its parts`);
  return whole.value;
}

const U = 'undecided';
/** Rows and columns: true, false, undecided. Source: FHIRPath N1 (v2.0.0), boolean logic. */
const TABLES: Readonly<Record<string, readonly (readonly Value[])[]>> = {
  and: [
    [true, false, U],
    [false, false, false],
    [U, false, U],
  ],
  or: [
    [true, true, true],
    [true, false, U],
    [true, U, U],
  ],
  xor: [
    [false, true, U],
    [true, false, U],
    [U, U, U],
  ],
  implies: [
    [true, false, U],
    [true, true, true],
    [true, U, U],
  ],
};

for (const [operator, table] of Object.entries(TABLES)) {
  t.test(`${operator}: true, false and undecided on both sides`, async (t) => {
    for (const [row, [a, left]] of WRITTEN.entries()) {
      for (const [column, [b, right]] of WRITTEN.entries()) {
        const expected = table[row]?.[column];
        t.equal(verdictOn(`${left} ${operator} ${right}`), expected, `${a} ${operator} ${b} is ${expected}`);
        t.equal(verdictOn(`(${left} ${operator} ${right}).not()`), expected === U ? U : !expected, 'and not() of it');
      }
    }
  });
}

t.test('and of three parts, whichever is which', async (t) => {
  for (const [a, one] of WRITTEN) {
    for (const [b, two] of WRITTEN) {
      for (const [c, three] of WRITTEN) {
        const all = [a, b, c];
        const expected = all.includes(false) ? false : all.includes(U) ? U : true;
        t.equal(verdictOn(`${one} and ${two} and ${three}`), expected, all.join(' and '));
      }
    }
  }
});

t.test('comparisons and sums: an absent side leaves them undecided, whichever it is', async (t) => {
  for (const sign of ['=', '!=', '<', '>', '<=', '>=']) {
    t.equal(verdictOn(`%finding.severity ${sign} 2`), U, `absent ${sign} 2`);
    t.equal(verdictOn(`%finding.grade ${sign} %finding.severity`), U, `2 ${sign} absent`);
    t.equal(verdictOn(`%finding.severity ${sign} %previous.grade`), U, `absent ${sign} absent`);
    const expected = { '=': true, '!=': false, '<': false, '>': false, '<=': true, '>=': true }[sign];
    t.equal(verdictOn(`%finding.grade ${sign} 2`), expected, `2 ${sign} 2`);
  }
  for (const sign of ['+', '-', '*', '/']) {
    t.equal(verdictOn(`%finding.grade ${sign} %finding.severity > 1`), U, `2 ${sign} absent`);
    t.equal(verdictOn(`%finding.severity ${sign} %finding.grade > 1`), U, `absent ${sign} 2`);
  }
  t.equal(verdictOn('%finding.grade + %finding.frequency = 4'), true);
  t.equal(verdictOn('%finding.grade - %finding.frequency = 0'), true);
  t.equal(verdictOn('%finding.grade * %finding.frequency = 4'), true);
  t.equal(verdictOn('%finding.grade / %finding.frequency = 1'), true);
  t.equal(verdictOn('0 - %finding.severity = -1'), U);
  t.equal(verdictOn('0 - %finding.severity = -1 or %finding.grade = 2'), true, 'what is absent takes nothing with it');
  t.equal(verdictOn('%finding.grade / (%finding.grade - 2) > 1'), U, 'divided by what comes to 0');
  t.equal(verdictOn('%previous.date + 7 days < %date'), U);
  t.equal(verdictOn('%date + 7 days > %date'), true);
});

t.test('exists, empty and count are never undecided', async (t) => {
  t.equal(verdictOn('%finding.severity.exists()'), false);
  t.equal(verdictOn('%finding.severity.empty()'), true);
  t.equal(verdictOn('%finding.severity.count() = 0'), true);
  t.equal(verdictOn('%finding.grade.exists()'), true);
  t.equal(verdictOn('%finding.grade.empty()'), false);
  t.equal(verdictOn('%finding.grade.count() = 1'), true);
  t.equal(verdictOn('%previous.exists()'), false);
  t.equal(verdictOn('%previous.empty()'), true);
});

t.test('what and joins is cut at its signs, not within quotes, parentheses or comments', async (t) => {
  const cut = (expression: string) => checkExpression(expression).parts.map((part) => part.expression.trim());
  t.same(cut("%finding.term = 'PROCTCAE_9_COMP' and %finding.grade > 1\n  and %previous.exists()"), [
    "%finding.term = 'PROCTCAE_9_COMP'",
    '%finding.grade > 1',
    '%previous.exists()',
  ]);
  t.same(cut('(%finding.grade > 1 and %finding.min > 1) and %finding.complete'), [
    '(%finding.grade > 1 and %finding.min > 1)',
    '%finding.complete',
  ]);
  t.same(cut('%finding.grade > 1 or %finding.complete and %finding.written').length, 1, 'or joins it all');
  t.same(cut('%finding.complete /* and */ and %finding.written'), ['%finding.complete /* and */', '%finding.written']);
  t.same(cut("%finding.unit = 'and' and %finding.complete"), ["%finding.unit = 'and'", '%finding.complete']);
  t.same(cut("%finding.unit = '\u{1F600} and' and %finding.complete").length > 0, true, 'a sign of two units');
});

t.test('a part that fails leaves the whole undecided, unless another is false', async (t) => {
  const failing = { ...context, patient: { birthDate: '1961-02-30' } };
  const run = (expression: string) => compileCondition(checkExpression(expression).parts).run(failing);
  t.same(run('%patient.birthDate <= %date and %finding.grade = 2'), { value: 'undecided', error: 'Error' });
  t.same(run('%finding.severity = 1 and %patient.birthDate <= %date'), { value: 'undecided', error: 'Error' });
  t.same(run('%patient.birthDate <= %date and %finding.grade = 1'), { value: false });
});
