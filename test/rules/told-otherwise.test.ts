import t from 'tap';
import { EMPTY, fold, step } from '../../src/rules/episodes.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import { toldOtherwise } from '../../src/rules/told-otherwise.ts';
import { graded, notGradable, plain, plan, report, TERM } from './builders.ts';

const policies = [
  compilePolicy(
    plan([
      { id: 'recent', expression: '%last3.atLeast2 >= 2 and %persistence.days1 > 3' },
      { id: 'burden', expression: '%burden.area > 10' },
      { id: 'symptoms', expression: `%symptoms.${TERM} >= 3` },
    ]),
  ),
];

const pasts: [name: string, findings: Finding[]][] = [
  ['a first report', []],
  ['rising reports', [graded(1), graded(2), graded(3)]],
  ['reports that fall and rise', [graded(3), graded(0), graded(2), graded(2)]],
  ['a report without a grade between', [graded(2), notGradable(), graded(2)]],
];

t.test('what is told otherwise is what would have been told', async (t) => {
  for (const [name, past] of pasts) {
    const reports = past.map((finding, index) => report(`03-${String(1 + 2 * index).padStart(2, '0')}`, finding));
    const { state } = fold(reports, policies, {}, EMPTY);
    const told = (finding: Finding) => step(state, report('03-20', finding), policies, {}).steps[0];
    for (const was of [graded(0), graded(1), graded(3), notGradable()]) {
      for (const other of [graded(0), graded(2), graded(3), notGradable()]) {
        const made = told(was);
        if (!made) throw new Error('no step');
        t.same(plain(toldOtherwise(made, other) ?? {}), plain(told(other)?.told ?? {}), name);
      }
    }
  }
});
