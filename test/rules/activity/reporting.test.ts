import t from 'tap';
import { monthsBetween } from '../../../src/rules/activity/month.ts';
import { type Received, type Reporting, reportingOf, slotAmong } from '../../../src/rules/activity/reporting.ts';
import { type Expectations, expectedSlots, slotOf } from '../../../src/rules/calendar/expectations.ts';
import { expecting, FORM, item, NOBODY_EXPECTS, PARIS, WEEKLY } from './builders.ts';

const LATER = '2026-06-01T00:00:00.000Z';
const WEEKLY_PLAN = expecting([item(WEEKLY)]);
/** An answer counts as in time for two days, and is waited for one day more. */
const STRICT = expecting([item({ ...WEEKLY, window: { length: 'P2D', grace: 'P1D' } })]);

const answers = (...moments: readonly string[]): Received[] =>
  moments.map((at, place) => ({ id: `r${place}`, at: `2026-${at}:00.000Z`, form: FORM }));

const cases: [
  name: string,
  expectations: Expectations,
  responses: readonly Received[],
  now: string,
  march: Partial<Reporting>,
  april?: Partial<Reporting>,
][] = [
  ['nothing expected and nothing received', NOBODY_EXPECTS, [], LATER, { expected: 0, received: 0, extra: 0 }],
  [
    'five Mondays without an answer are missing',
    WEEKLY_PLAN,
    [],
    LATER,
    { expected: 5, met: 0, missing: 5, waiting: 0, received: 0 },
    { expected: 4, missing: 4 },
  ],
  [
    'an answer meets its slot, a second one in it is extra',
    WEEKLY_PLAN,
    answers('03-02T09:00', '03-03T09:00', '03-10T09:00'),
    LATER,
    { expected: 5, met: 2, late: 0, missing: 3, received: 3, extra: 1 },
  ],
  [
    'a slot that begins with the month and is answered in the next one is met in the first, and received in the second',
    WEEKLY_PLAN,
    answers('04-01T09:00'),
    LATER,
    { expected: 5, met: 1, missing: 4, received: 0, extra: 0 },
    { expected: 4, met: 0, missing: 4, received: 1, extra: 0 },
  ],
  [
    'what comes second in such a slot is extra in the second month',
    WEEKLY_PLAN,
    answers('03-31T21:59', '03-31T22:00'),
    LATER,
    { met: 1, received: 1, extra: 0 },
    { met: 0, received: 1, extra: 1 },
  ],
  [
    'the summer time moves the hour of the slot, not its day',
    WEEKLY_PLAN,
    answers('03-30T06:59', '03-30T07:00'),
    LATER,
    // One minute before nine on the Monday after the clocks were put forward still belongs to the week before.
    { met: 2, received: 2, extra: 0 },
  ],
  [
    'up to and at the end of a slot an answer is in time, after it late',
    STRICT,
    answers('03-04T08:00', '03-11T08:01'),
    LATER,
    { met: 2, late: 1, missing: 3 },
  ],
  [
    'an answer after all waiting still meets the slot, late',
    STRICT,
    answers('03-08T08:00'),
    LATER,
    { met: 1, late: 1, missing: 4 },
  ],
  [
    'an answer before the first slot is extra',
    WEEKLY_PLAN,
    answers('03-02T07:59'),
    LATER,
    { met: 0, received: 1, extra: 1 },
  ],
  [
    'an answer to another form is extra',
    WEEKLY_PLAN,
    [{ id: 'other', at: '2026-03-02T09:00:00.000Z', form: 'https://hospital.example/Questionnaire/other' }],
    LATER,
    { met: 0, received: 1, extra: 1, missing: 5 },
  ],
  [
    'slots after now are not expected yet, the one that begins now is; the one before it ends now',
    WEEKLY_PLAN,
    answers('03-02T09:00'),
    '2026-03-16T08:00:00.000Z',
    { expected: 3, met: 1, missing: 0, waiting: 2 },
  ],
  [
    'a moment later it is missing',
    WEEKLY_PLAN,
    answers('03-02T09:00'),
    '2026-03-16T08:00:00.001Z',
    { expected: 3, met: 1, missing: 1, waiting: 1 },
  ],
  [
    'a moment before the last one is not expected',
    WEEKLY_PLAN,
    answers('03-02T09:00'),
    '2026-03-16T07:59:59.999Z',
    { expected: 2, met: 1, missing: 0, waiting: 1 },
  ],
  [
    'up to and at its last moment a slot is waited for',
    STRICT,
    [],
    '2026-03-05T08:00:00.000Z',
    { expected: 1, missing: 0, waiting: 1 },
  ],
  ['after it the report is missing', STRICT, [], '2026-03-05T08:00:00.001Z', { expected: 1, missing: 1, waiting: 0 }],
  [
    'a paused slot expects nothing, and an answer in it is extra',
    expecting([item(WEEKLY, { pauses: [{ start: '2026-03-08T00:00:00.000Z', end: '2026-03-20T00:00:00.000Z' }] })]),
    answers('03-10T09:00'),
    LATER,
    { expected: 3, met: 0, paused: 2, received: 1, extra: 1 },
  ],
  [
    'one answer meets the slots of two plans that ask for its form',
    expecting([item(WEEKLY), item(WEEKLY, { id: 'other' })]),
    answers('03-02T09:00'),
    LATER,
    { expected: 10, met: 2, missing: 8, received: 1, extra: 0 },
  ],
  [
    'a plan that ended expects nothing more',
    expecting([
      item(WEEKLY, {
        spans: [{ from: WEEKLY.anchor, until: '2026-03-17T00:00:00.000Z', version: 1, schedule: WEEKLY }],
      }),
    ]),
    [],
    LATER,
    { expected: 2, missing: 2 },
    { expected: 0 },
  ],
];

for (const [name, expectations, responses, now, march, april] of cases) {
  t.test(name, async (t) => {
    const told = reportingOf({ expectations, responses }, monthsBetween('2026-03', '2026-04', PARIS), now);
    t.match(told[0], march);
    if (april) t.match(told[1], april);
    for (const { expected, met, missing, waiting, late, received, extra } of told) {
      t.equal(met + missing + waiting, expected, 'each expected slot is in one of three');
      t.ok(late <= met && extra <= received);
    }
    const alone = reportingOf({ expectations, responses }, monthsBetween('2026-04', '2026-04', PARIS), now);
    t.same(alone[0], told[1], 'a month is the same whatever is asked for beside it');
  });
}

const deaths: [name: string, died: string, responses: readonly Received[], march: Partial<Reporting>][] = [
  ['a slot that ends a moment before the death is missing', '03-16T08:00:00.001', [], { expected: 2, missing: 2 }],
  ['one that ends with it is not expected', '03-16T08:00:00.000', [], { expected: 1, missing: 1 }],
  ['nor is one that would still be waited for', '03-31T08:00:00.000', [], { expected: 4, missing: 4, waiting: 0 }],
  ['one that was met before counts', '03-10T00:00:00.000', answers('03-02T09:00'), { expected: 1, met: 1, extra: 0 }],
  [
    'an answer to one that would have ended later came beside',
    '03-05T00:00:00.000',
    answers('03-02T09:00'),
    { expected: 0, met: 0, paused: 0, received: 1, extra: 1 },
  ],
];

for (const [name, died, responses, march] of deaths) {
  t.test(`of who has died: ${name}`, async (t) => {
    const months = monthsBetween('2026-03', '2026-04', PARIS);
    const facts = { expectations: WEEKLY_PLAN, responses, death: { at: `2026-${died}Z` } };
    const [told, april] = reportingOf(facts, months, '2026-04-01T00:00:00.000Z');
    t.match(told, march);
    t.match(april, { expected: 0, missing: 0, waiting: 0 });
  });
}

t.test(
  'the slot of a moment among a thousand is that which the calendar tells, and is found at a few looks',
  async (t) => {
    const daily = { ...WEEKLY, rule: { kind: 'cycle', unit: 'd', period: 1, times: 3 } } as const;
    for (const [name, schedule] of [
      ['one after the other', daily],
      ['open before they begin', { ...daily, window: { before: 'PT2H' } }],
      ['waited for an hour', { ...daily, window: { length: 'PT1H', grace: 'PT1H' } }],
    ] as const) {
      t.test(name, async (t) => {
        const plan = item(schedule);
        const all = [];
        for (const expected of expectedSlots(plan, expecting([plan]), schedule.anchor)) {
          if (all.push(expected) === 1000) break;
        }
        let looks = 0;
        const known = new Proxy(all, {
          get(target, name) {
            if (name !== 'length') looks += 1;
            return Reflect.get(target, name);
          },
        });
        const moments = all.flatMap(({ slot: { start, open, close, due } }) => [start, open, close, due]);
        for (const near of [...moments.slice(0, 40), ...moments.slice(2000, 2040), ...moments.slice(-40, -8)]) {
          for (const millis of [-1, 0, 1]) {
            const at = new Date(Date.parse(near) + millis).toISOString();
            looks = 0;
            t.same(slotAmong(known, plan, at), slotOf(plan, expecting([plan]), at), at);
            t.ok(looks <= 11, `${looks} looks`);
          }
        }
        t.equal(slotAmong(known, plan, '2030-01-01T00:00:00.000Z'), undefined, 'of one that is not known');
        t.equal(slotAmong([], plan, schedule.anchor), undefined);
        const changed = { spans: [...plan.spans, ...plan.spans] };
        t.equal(slotAmong(known, changed, schedule.anchor), undefined, 'a plan that changed is asked itself');
      });
    }
  },
);
