import type { Finding, Report } from '../../src/rules/finding.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import type { PatientPast, Question } from '../../src/rules/simulation.ts';
import { type ActionSpec, graded, plan, report } from './builders.ts';

export const CLOSE: ActionSpec = { id: 'close', code: 'close', expression: '%finding.complete and %finding.grade = 0' };
/** Opens from a grade on. */
export const open = (grade: number, over: Partial<ActionSpec> = {}): ActionSpec => ({
  id: 'open',
  expression: `%finding.min >= ${grade}`,
  ...over,
});

const policy = (...actions: ActionSpec[]) => compilePolicy(plan(actions));

/** What these actions would have said, and what those. */
export function ask(
  before: readonly ActionSpec[],
  after: readonly ActionSpec[],
  { within = {}, mattered = ['visit'] }: { within?: Question['within']; mattered?: string[] } = {},
): Question {
  const candidate = policy(...after);
  return {
    before: before.length > 0 ? [policy(...before)] : [],
    after: [candidate],
    candidate,
    ctcae: new Set(),
    timeZone: 'Europe/Paris',
    within,
    mattered: new Set(mattered),
  };
}

export const past = (reports: readonly Report[], flags: PatientPast['flags'] = []): PatientPast => ({
  reports,
  facts: {},
  flags,
});

/** One report a week from the first of January on, of the default term. */
export const weekly = (...grades: readonly (number | Finding)[]): Report[] =>
  grades.map((grade, week) =>
    report(`01-${String(1 + 7 * week).padStart(2, '0')}`, typeof grade === 'number' ? graded(grade) : grade),
  );
