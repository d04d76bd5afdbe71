import t from 'tap';
import { type Answer, scheduleOf } from '../../../src/rules/calendar/states.ts';
import { expecting, FORM, item, WEEKLY } from '../activity/builders.ts';

const NOW = '2026-03-24T08:00:00.000Z';
const BOUNDS = { from: '2026-03-01T00:00:00.000Z', to: '2026-04-10T00:00:00.000Z', now: NOW, most: 1000 };
const PLAN = expecting([item(WEEKLY)]);
const answer = (at: string): Answer => ({ id: at, at, form: FORM });

/** State and day of each slot, then the days of answers beside. */
function told(answers: readonly Answer[], died?: string, plan = PLAN): string[] {
  const death = died === undefined ? {} : { death: { at: died } };
  const { slots, extra } = scheduleOf(plan, answers, { ...BOUNDS, ...death });
  return [
    ...slots.map(({ state, slot }) => `${state} ${slot.start.slice(5, 10)}`),
    ...extra.map(({ at }) => `extra ${at.slice(5, 10)}`),
  ];
}

const cases: [name: string, answers: Answer[], died: string | undefined, expected: string[]][] = [
  [
    'nobody died',
    [answer('2026-03-10T09:00:00.000Z')],
    undefined,
    ['missing 03-02', 'met 03-09', 'missing 03-16', 'due 03-23', 'upcoming 03-30', 'upcoming 04-06'],
  ],
  ['a slot that ends with the death is not told', [], '2026-03-16T08:00:00.000Z', ['missing 03-02']],
  ['one that ends a moment before it is', [], '2026-03-16T08:00:00.001Z', ['missing 03-02', 'missing 03-09']],
  ['nor is what is due or comes next', [], NOW, ['missing 03-02', 'missing 03-09', 'missing 03-16']],
  [
    'a death that is still to come, as a slip of the pen has it, ends what comes after it',
    [],
    '2026-04-06T07:00:00.001Z',
    ['missing 03-02', 'missing 03-09', 'missing 03-16', 'due 03-23', 'upcoming 03-30'],
  ],
  [
    'an answer before the death, to a slot that ends after it, came beside',
    [answer('2026-03-10T09:00:00.000Z')],
    '2026-03-12T00:00:00.000Z',
    ['missing 03-02', 'extra 03-10'],
  ],
];

for (const [name, answers, died, expected] of cases) {
  t.test(name, async (t) => void t.same(told(answers, died), expected));
}

t.test('a plan without an end is not gone through to the end of time', async (t) => {
  const hourly = expecting([item({ ...WEEKLY, rule: { kind: 'cycle', unit: 'h', period: 1, times: 1 } })]);
  const bounds = { ...BOUNDS, to: '9999-12-31T00:00:00.000Z', death: { at: '2026-03-02T10:30:00.000Z' } };
  t.equal(scheduleOf(hourly, [], bounds).slots.length, 2);
});
