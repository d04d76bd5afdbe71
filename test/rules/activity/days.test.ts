import t from 'tap';
import { basisOf, daysFollowed, type Followed } from '../../../src/rules/activity/days.ts';
import { monthsBetween } from '../../../src/rules/activity/month.ts';
import { expecting, item, NOBODY_EXPECTS, PARIS, WEEKLY } from './builders.ts';

/** Long after the month. */
const LATER = '2027-01-01T00:00:00.000Z';
/** WEEKLY from the first moment of March on. */
const MARCH = { ...WEEKLY, anchor: '2026-02-28T23:00:00.000Z' };

const cases: [name: string, followed: Followed, month: string, now: string, days: number][] = [
  ['no plan and no report: none', { expectations: NOBODY_EXPECTS }, '2026-03', LATER, 0],
  [
    'a plan over the whole month, with the clocks put forward',
    { expectations: expecting([item(MARCH)]) },
    '2026-03',
    LATER,
    31,
  ],
  ['a leap February', { expectations: expecting([item(MARCH)]) }, '2028-02', LATER.replace('2027', '2029'), 29],
  ['the day on which a plan begins counts', { expectations: expecting([item(WEEKLY)]) }, '2026-03', LATER, 30],
  [
    'a plan that begins with the last moment of a day has that day',
    { expectations: expecting([item({ ...MARCH, anchor: '2026-03-02T22:59:59.999Z' })]) },
    '2026-03',
    LATER,
    30,
  ],
  [
    'a plan that begins with the first moment of a day has none before',
    { expectations: expecting([item({ ...MARCH, anchor: '2026-03-02T23:00:00.000Z' })]) },
    '2026-03',
    LATER,
    29,
  ],
  [
    'a plan that ends with a day has none after',
    { expectations: expecting([item({ ...MARCH, end: '2026-03-10T23:00:00.000Z' })]) },
    '2026-03',
    LATER,
    10,
  ],
  [
    'a plan that ends in a day has that day',
    { expectations: expecting([item({ ...MARCH, end: '2026-03-10T23:00:00.001Z' })]) },
    '2026-03',
    LATER,
    11,
  ],
  [
    'a plan of so many times ends with the last of them',
    {
      expectations: expecting([item({ ...MARCH, rule: { kind: 'cycle', unit: 'd', period: 1, times: 1, count: 3 } })]),
    },
    '2026-03',
    LATER,
    3,
  ],
  [
    'a plan that was replaced holds up to then, the next one from then on',
    {
      expectations: expecting([
        item(MARCH, {
          spans: [
            { from: MARCH.anchor, until: '2026-03-05T10:00:00.000Z', version: 1, schedule: MARCH },
            { from: '2026-03-20T10:00:00.000Z', version: 2, schedule: MARCH },
          ],
        }),
      ]),
    },
    '2026-03',
    LATER,
    5 + 12,
  ],
  [
    'whole days of a pause do not count, its first and last day do',
    {
      expectations: expecting([
        item(MARCH, { pauses: [{ start: '2026-03-10T10:00:00.000Z', end: '2026-03-13T10:00:00.000Z' }] }),
      ]),
    },
    '2026-03',
    LATER,
    29,
  ],
  [
    'a pause without an end goes on',
    { expectations: expecting([item(MARCH, { holds: [{ start: '2026-03-10T23:00:00.000Z' }] })]) },
    '2026-03',
    LATER,
    10,
  ],
  [
    'a stay in hospital is a pause of every plan',
    {
      expectations: expecting([item(MARCH), item(MARCH, { id: 'other' })], {
        stay: { start: '2026-03-01T23:00:00.000Z', end: '2026-03-30T22:00:00.000Z' },
      }),
    },
    '2026-03',
    LATER,
    2,
  ],
  [
    'the pause of one plan is none of another',
    {
      expectations: expecting([
        item(MARCH, { pauses: [{ start: MARCH.anchor }] }),
        item({ ...MARCH, end: '2026-03-05T23:00:00.000Z' }, { id: 'other' }),
      ]),
    },
    '2026-03',
    LATER,
    5,
  ],
  [
    'a plan entered in error never was',
    { expectations: expecting([item(MARCH, { void: true })]) },
    '2026-03',
    LATER,
    0,
  ],
  [
    'without a plan from the day of the first report on',
    { expectations: NOBODY_EXPECTS, firstReport: '2026-03-30T22:30:00.000Z' },
    '2026-03',
    LATER,
    1,
  ],
  [
    'a report in the next month is none of this one',
    { expectations: NOBODY_EXPECTS, firstReport: '2026-03-31T22:00:00.000Z' },
    '2026-03',
    LATER,
    0,
  ],
  [
    'who has had a plan is counted by it alone',
    {
      expectations: expecting([item({ ...MARCH, end: '2026-03-02T23:00:00.000Z' })]),
      firstReport: '2026-03-01T10:00:00.000Z',
    },
    '2026-03',
    LATER,
    2,
  ],
  [
    'today counts, tomorrow does not',
    { expectations: expecting([item(MARCH)]) },
    '2026-03',
    '2026-03-14T23:00:00.000Z',
    15,
  ],
  [
    'nor before its first moment',
    { expectations: expecting([item(MARCH)]) },
    '2026-03',
    '2026-03-14T22:59:59.999Z',
    14,
  ],
  [
    'the day of death counts, none after it',
    { expectations: expecting([item(MARCH)]), until: '2026-03-05T23:00:00.000Z' },
    '2026-03',
    LATER,
    5,
  ],
];

for (const [name, followed, month, now, days] of cases) {
  t.test(name, async (t) => {
    const [only] = monthsBetween(month, month, PARIS);
    if (!only) throw new Error('a month');
    t.equal(daysFollowed(followed, only, now), days);
  });
}

t.test('by what days are counted is said', async (t) => {
  const firstReport = '2026-03-01T10:00:00.000Z';
  t.equal(basisOf({ expectations: NOBODY_EXPECTS }), 'none');
  t.equal(basisOf({ expectations: NOBODY_EXPECTS, firstReport }), 'first-report');
  t.equal(basisOf({ expectations: expecting([item(MARCH)]), firstReport }), 'plan');
  t.equal(basisOf({ expectations: expecting([item(MARCH, { void: true })]), firstReport }), 'first-report');
});
