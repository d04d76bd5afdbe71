import t from 'tap';
import type { Finding } from '../../../src/rules/finding.ts';
import { findingFrom } from '../../../src/rules/gradings/pro-ctcae.ts';
import { checkExpression } from '../../../src/rules/policy/check-expression.ts';
import { compileCondition, compileExpression } from '../../../src/rules/policy/run-expression.ts';
import { SCALES } from '../../../src/rules/policy/scales.ts';
import { checkPolicy, compilePolicy } from '../../../src/rules/policy.ts';
import type { Context } from '../../../src/rules/policy-language.ts';
import { often } from '../../support/often.ts';
import { answers, atLeast, contradictory, notGradable, plan, presence, type Score, TERM } from '../builders.ts';
import { chance } from '../clinic.ts';
import { condition, type Made, type Next, pick } from './reference.ts';

const ROUNDS = often(70);
/** Conditions of one policy, and situations that each is asked in. */
const TOGETHER = 6;
const SITUATIONS = 40;

const SCORES: readonly Score[] = [0, 1, 2, 3, 4, 'missing', 'opted-out', 'not-asked'];
const dayOf = (next: Next): string => `2026-03-${String(1 + next(28)).padStart(2, '0')}`;
const maybe = <T extends object>(next: Next, make: () => T): T | object => (next(2) ? make() : {});

const plain = { attributes: {}, dataQuality: [] } as const;

function finding(next: Next): Finding {
  switch (next(8)) {
    case 0:
      return presence(next(2) ? 1 : 0);
    case 1:
      return contradictory(1 + next(4));
    case 2:
      return atLeast(next(3), 3);
    case 3: {
      const source = { type: 'Observation', id: 'b', version: 1 };
      return {
        ...plain,
        term: pick(next, ['anemia', 'creatinine_increased', 'alt_increased']),
        system: 'ctcae',
        version: pick(next, ['5.0', '6.0']),
        kind: 'ladder',
        outcome: { kind: 'graded', grade: next(5) },
        ...maybe(next, () => ({
          measured: {
            loinc: '718-7',
            value: next(200) / 2,
            unit: 'g/L',
            ...maybe(next, () => ({ high: 50 })),
            ...maybe(next, () => ({ baseline: { value: 20, unit: 'g/L', at: '2026-03-01T08:00:00.000Z', source } })),
          },
        })),
      };
    }
    case 4: {
      const outcome = { kind: 'graded', grade: next(2) } as const;
      return { ...plain, term: 'fever', system: 'emergency', version: '1', kind: 'emergency', outcome };
    }
    default:
      return (
        findingFrom(TERM, answers({ frequency: pick(next, SCORES), severity: pick(next, SCORES) })) ?? notGradable()
      );
  }
}

function situation(next: Next): Context {
  const day = dayOf(next);
  const at = `${day}T08:00:00.000Z`;
  const source = { type: 'QuestionnaireResponse', id: 'r', version: 1 } as const;
  const previous = (earlier: string) => ({ grade: next(5), at: `${earlier}T08:00:00.000Z`, day: earlier, source });
  const outcome = pick(next, [
    { kind: 'graded', grade: next(5) },
    { kind: 'at-least', min: 1, max: 3, missing: [] },
  ] as const);
  return {
    finding: finding(next),
    at,
    day,
    patient: {
      ...maybe(next, () => ({ gender: pick(next, ['male', 'female']) })),
      ...maybe(next, () => ({ birthDate: '1960-02-03' })),
    },
    before: {
      ...maybe(next, () => ({ previous: previous(dayOf(next)) })),
      ...maybe(next, () => ({ baseline: { grade: next(5), at, source } })),
    },
    ...maybe(next, () => ({
      episode: {
        term: TERM,
        status: 'open' as const,
        origin: 'r',
        start: at,
        opening: source,
        latest: source,
        kind: 'composite' as const,
        system: 'pro-ctcae' as const,
        systemVersion: '1.0',
        outcome,
        openingLevel: 1 + next(4),
        priority: pick(next, ['PN', 'PL', 'PM', 'PH'] as const),
        openedBy: [],
        decidedBy: [],
        calmDays: next(5),
        reports: 1 + next(5),
      },
    })),
    ...maybe(next, () => ({
      recent: {
        grades: Array.from({ length: next(7) }, () => ({ grade: next(5), at, day })),
        since: [next(2) ? '2026-03-01' : undefined, undefined, undefined] as const,
      },
    })),
    ...maybe(next, () => ({ burden: { area: next(100) / 2, days1: next(20), since: at } })),
    ...maybe(next, () => ({ expected: { level: next(5), until: `${dayOf(next)}T08:00:00.000Z` } })),
    ...maybe(next, () => ({
      symptoms: { PROCTCAE_9_COMP: next(4), ...maybe(next, () => ({ 'anemia@5.0': next(5) })) },
    })),
    ...maybe(next, () => ({
      facts: next(2) ? { treatments: { systemic: next(2) === 0, codes: [] } } : {},
    })),
  };
}

/** A condition on a measured value names its unit too: else it is refused. */
function sound(made: Made<boolean>): Made<boolean> {
  if (!made.text.includes('%finding.value') || made.text.includes('%finding.unit')) return made;
  const run = (context: Context) => (context.finding.measured === undefined ? false : made.run(context));
  return { text: `%finding.unit.exists() and (${made.text})`, run, parts: [] };
}

/** What it comes to, whole and by its parts; an error is neither. */
function verdicts({ text }: Made<boolean>, context: Context): unknown[] {
  const { mentions, parts } = checkExpression(text);
  const told = [compileExpression(text, mentions).run(context), compileCondition(parts).run(context)];
  return told.map(({ value, error }) => error ?? value);
}

/** Whether a patient can be in it: the grades of the past are on the scale of the term. */
function isPossible({ finding: { term, system, version }, before, episode, recent, expected }: Context): boolean {
  const scale = SCALES.find((one) => one.term === term && one.system === system && one.version === version);
  const outcome = episode?.outcome;
  const grades = [
    ...[before.previous?.grade, before.baseline?.grade, expected?.level, episode?.openingLevel],
    ...(outcome?.kind === 'graded' ? [outcome.grade] : outcome?.kind === 'at-least' ? [outcome.max] : []),
    ...(recent?.grades.map(({ grade }) => grade) ?? []),
  ];
  return scale !== undefined && grades.every((grade = 0) => grade <= scale.highest);
}

const wanted = ({ run }: Made<boolean>, context: Context): boolean | 'undecided' => run(context) ?? 'undecided';

const isWrong = (made: Made<boolean>, context: Context): boolean =>
  verdicts(made, context).some((one) => one !== wanted(made, context));

/** The least part of a condition that is still wrong. */
function reduced(made: Made<boolean>, context: Context, wrong = isWrong): Made<boolean> {
  const part = made.parts.find((one) => wrong(one, context));
  return part ? reduced(part, context, wrong) : made;
}

t.test('random conditions come to what the tables of three values say, in any situation', async (t) => {
  const next = chance(20_261_122);
  const seen = { true: 0, false: 0, undecided: 0 };
  let [made, refused, looked] = [0, 0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const batch: Made<boolean>[] = [];
    const never: Made<boolean>[] = [];
    while (batch.length < TOGETHER) {
      const one = sound(condition(next, 3));
      const { faults } = checkExpression(one.text);
      // What could never be otherwise is refused, and so is what is too long; nothing is beyond the language.
      if (faults.some(({ code }) => code === 'invalid')) t.fail(`refused as invalid: ${one.text}`, { faults });
      if (faults.length > 0) refused += 1;
      else if (checkPolicy(plan([{ id: 'a', expression: one.text }])).length > 0) never.push(one);
      else batch.push(one);
    }
    made += batch.length;
    const policy = compilePolicy(plan(batch.map(({ text }, place) => ({ id: `a${place}`, expression: text }))));
    for (let time = 0; time < SITUATIONS; time++) {
      const context = situation(next);
      const fired = never.find((one) => isPossible(context) && wanted(one, context) === true);
      if (fired) t.fail(`refused as never true: ${fired.text}`, { context: JSON.stringify(context) });
      looked += never.length;
      for (const [place, { value, error }] of policy.evaluate({ open: 'none' }, context).entries()) {
        const one = batch[place];
        if (!one) continue;
        const want = wanted(one, context);
        seen[`${want}`] += 1;
        if (value === want && error === undefined) continue;
        const least = reduced(one, context);
        t.fail(`${least.text}: ${wanted(least, context)} is wanted`, {
          given: verdicts(least, context),
          asAPolicy: error ?? value,
          of: one.text,
          context: JSON.stringify(context),
        });
        return;
      }
    }
  }
  t.comment(`${made} conditions, ${refused} refused`);
  t.ok(looked > 100, `what is refused as never true is so wherever it is asked: looked at ${looked} times`);
  for (const [value, count] of Object.entries(seen)) t.ok(count > 1000, `${count} ${value}`);
});

t.test('a condition that is wrong is told as its least part', async (t) => {
  const leaf = (text: string): Made<boolean> => ({ text, run: () => true, parts: [] });
  const [a, b] = [leaf('%finding.min >= 1'), leaf('%finding.min >= 2')];
  const both = { text: `(${a.text}) and (${b.text})`, run: () => true, parts: [a, b] };
  const whole = { text: `(${both.text}).not()`, run: () => true, parts: [both] };
  const context = situation(chance(1));
  t.equal(
    reduced(whole, context, ({ text }) => text.includes('2')),
    b,
  );
  t.equal(
    reduced(whole, context, ({ text }) => text.includes('and')),
    both,
  );
});
