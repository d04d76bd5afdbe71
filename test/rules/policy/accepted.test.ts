import t from 'tap';
import { FhirError } from '../../../src/fhir/errors.ts';
import { checkPolicy, compilePolicy, refuseFaulty } from '../../../src/rules/policy.ts';
import { plan } from '../builders.ts';

const of = (expression: string) => plan([{ id: 'one', expression }]);

/** Issues that it throws, which are none where it does not throw. */
function thrown(run: () => unknown): number {
  try {
    run();
    return 0;
  } catch (error) {
    if (error instanceof FhirError && error.status === 422) return error.issues.length;
    throw error;
  }
}

/** How many faults an expression has for who wants it accepted, and how many keep it from running. */
const cases: [expression: string, faults: number, keeping: number][] = [
  ['%finding.min >= 3', 0, 0],
  ['%finding.min >= 3 and 1 = 1', 1, 0],
  ['%finding.grade = 2', 0, 0],
  ['%finding.grade = 2.5', 1, 0],
  ['%finding.grade >= 4 or %finding.grade >= 5 + 1', 1, 0],
  ['%finding.grade / 0 >= 1', 1, 0],
  ["%finding.kind = 'compsite'", 1, 0],
  ['%finding.min >= 3 and %finding.max < 3', 1, 0],
  ["%finding.term = 'implausibly-fast'", 1, 0],
  // What stands around it is looked at all the same.
  ['(1 = 1) + 2 = 3', 2, 1],
  ["1 = 1 and %finding.grade = 'x'", 2, 1],
  ['%finding.grade / 0', 2, 1],
  ['%finding.grade >= 6 and %finding.value < 80', 2, 1],
  ['now() > @2026-01-01', 1, 1],
  ['%finding.grde >= 3', 1, 1],
  ['%finding.grade >= %fill.level', 1, 1],
];

t.test('what keeps a policy from being accepted is more than what keeps it from running', async (t) => {
  for (const [expression, faults, keeping] of cases) {
    const policy = of(expression);
    t.equal(checkPolicy(policy).length, faults, expression);
    t.equal(
      thrown(() => refuseFaulty(policy)),
      faults,
      `to accept ${expression}`,
    );
    t.equal(
      thrown(() => compilePolicy(policy)),
      keeping,
      `to run ${expression}`,
    );
  }
});
