import t from 'tap';
import { type ExpectedItem, NOTHING_EXPECTED, withPlan } from '../../../src/rules/calendar/expectations.ts';
import { knownNames } from '../../../src/rules/calendar/parts.ts';
import type { PlanItem } from '../../../src/rules/calendar/plan.ts';
import type { Cycle } from '../../../src/rules/calendar/schedule.ts';

const NOW = '2026-11-01T12:00:00.000Z';
const WEEKLY: Cycle = { kind: 'cycle', unit: 'wk', period: 1, times: 1 };
const DAILY: Cycle = { kind: 'cycle', unit: 'd', period: 1, times: 1 };

const part = (name: string, form: string, rule: Cycle = WEEKLY): PlanItem => ({
  part: name,
  form,
  standing: 'active',
  pauses: [],
  schedule: { zone: 'Europe/Paris', anchor: NOW, rule, window: {} },
});

const plan = { type: 'CarePlan', id: 'p', version: 1 } as const;

/** What is known after these versions of a plan, each named as the one before knows it. */
function known(...versions: PlanItem[][]): readonly ExpectedItem[] {
  return versions.reduce((before, items) => {
    const names = knownNames(before.items, items);
    const named = items.map((item) => ({ ...item, part: names.get(item.part) ?? '' }));
    return withPlan(before, plan, named, NOW);
  }, NOTHING_EXPECTED).items;
}

/** Form, rule and name of what is still expected. */
const told = (items: readonly ExpectedItem[]): string[] =>
  items
    .flatMap(({ form, part, spans }) => {
      const last = spans.at(-1);
      if (!last || last.until !== undefined || last.schedule.rule.kind !== 'cycle') return [];
      return [`${form} ${last.schedule.rule.unit} ${part} ${spans.length}`];
    })
    .sort();

const A = part('0', 'a');

const cases: [name: string, versions: PlanItem[][], expected: string[]][] = [
  ['a part has the name of its place', [[A, part('1', 'b')]], ['a wk 0 1', 'b wk 1 1']],
  [
    'what is put in before a part does not move it',
    [[A], [part('0', 'b'), part('1', 'a')]],
    ['a wk 0 1', 'b wk 0.2 1'],
  ],
  [
    'another order changes nothing',
    [
      [A, part('1', 'b')],
      [part('0', 'b'), part('1', 'a')],
    ],
    ['a wk 0 1', 'b wk 1 1'],
  ],
  [
    'nor between two parts of one form, by when they ask',
    [
      [A, part('1', 'a', DAILY)],
      [part('0', 'a', DAILY), part('1', 'a')],
    ],
    ['a d 1 1', 'a wk 0 1'],
  ],
  [
    'a second one of a form, before the first, is new',
    [[A], [part('0', 'a', DAILY), part('1', 'a')]],
    ['a d 2 1', 'a wk 0 1'],
  ],
  [
    'and is the same a version later',
    [[A], [part('0', 'a', DAILY), part('1', 'a')], [part('0', 'a', DAILY), part('1', 'a')]],
    ['a d 2 1', 'a wk 0 1'],
  ],
  ['another time is a change of the part', [[A], [part('0', 'a', DAILY)]], ['a d 0 2']],
  ['wherever it stands then', [[A], [part('3', 'a', DAILY)]], ['a d 0 2']],
  ['a part with an id of its own is that part alone', [[part('w', 'a')], [part('0', 'a')]], ['a wk 0 1']],
  ['what was taken out and comes back at its place is the same', [[A], [], [A]], ['a wk 0 2']],
];
for (const [name, versions, expected] of cases) {
  t.test(name, async (t) => t.same(told(known(...versions)), expected));
}
