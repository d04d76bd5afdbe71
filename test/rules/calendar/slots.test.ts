import type { Timing, TimingRepeat } from '@medplum/fhirtypes';
import t from 'tap';
import type { Schedule, Window } from '../../../src/rules/calendar/schedule.ts';
import { slotAt, slotsFrom } from '../../../src/rules/calendar/slots.ts';
import { readTiming } from '../../../src/rules/calendar/timing.ts';

const PARIS = 'Europe/Paris';

function schedule(
  timing: Timing,
  { zone = PARIS, start = '2026-01-05T09:00:00.000Z', window = {} as Window } = {},
): Schedule {
  const read = readTiming(timing, { zone, start, at: 'x' });
  if ('issues' in read) throw new Error(read.issues[0].diagnostics);
  return { zone, window, ...read };
}

const starts = (one: Schedule, n: number, from = one.anchor): string[] => {
  const found: string[] = [];
  for (const { start } of slotsFrom(one, from)) {
    if (start < from) continue;
    if (found.push(start) === n) break;
  }
  return found;
};

const bounds = { boundsPeriod: { start: '2026-03-27' } };

const cases: [name: string, repeat: TimingRepeat, expected: string[]][] = [
  [
    'daily at nine goes with the clock when it is put forward (29 March 2026)',
    { ...bounds, period: 1, periodUnit: 'd', timeOfDay: ['09:00:00'] },
    ['2026-03-27T08:00:00.000Z', '2026-03-28T08:00:00.000Z', '2026-03-29T07:00:00.000Z', '2026-03-30T07:00:00.000Z'],
  ],
  [
    'a time that the clock passes over is the end of the leap, counted on',
    { ...bounds, period: 1, periodUnit: 'd', timeOfDay: ['02:30:00'] },
    ['2026-03-27T01:30:00.000Z', '2026-03-28T01:30:00.000Z', '2026-03-29T01:30:00.000Z', '2026-03-30T00:30:00.000Z'],
  ],
  [
    'a time that comes twice is the first (25 October 2026)',
    { boundsPeriod: { start: '2026-10-24' }, period: 1, periodUnit: 'd', timeOfDay: ['02:30:00'] },
    ['2026-10-24T00:30:00.000Z', '2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'],
  ],
  [
    'two times that fall on one moment are one',
    { boundsPeriod: { start: '2026-03-29' }, period: 1, periodUnit: 'd', timeOfDay: ['02:30:00', '03:30:00'] },
    ['2026-03-29T01:30:00.000Z', '2026-03-30T00:30:00.000Z', '2026-03-30T01:30:00.000Z'],
  ],
  [
    'every eight hours is of hours, whatever the clock does',
    { boundsPeriod: { start: '2026-03-28T20:00:00Z' }, period: 8, periodUnit: 'h' },
    ['2026-03-28T20:00:00.000Z', '2026-03-29T04:00:00.000Z', '2026-03-29T12:00:00.000Z'],
  ],
  [
    'three times a day without times are evenly apart by the clock',
    { boundsPeriod: { start: '2026-03-28' }, frequency: 3, period: 1, periodUnit: 'd' },
    [
      '2026-03-27T23:00:00.000Z',
      '2026-03-28T07:00:00.000Z',
      '2026-03-28T15:00:00.000Z',
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T06:00:00.000Z',
    ],
  ],
  [
    'weekly on Monday at eight',
    { ...bounds, frequency: 1, period: 1, periodUnit: 'wk', dayOfWeek: ['mon'], timeOfDay: ['08:00:00'] },
    ['2026-03-30T06:00:00.000Z', '2026-04-06T06:00:00.000Z'],
  ],
  [
    'on Thursday and Monday each second week, counted from the week in which it begins',
    { ...bounds, period: 2, periodUnit: 'wk', dayOfWeek: ['thu', 'mon'], timeOfDay: ['08:00:00'] },
    ['2026-04-06T06:00:00.000Z', '2026-04-09T06:00:00.000Z', '2026-04-20T06:00:00.000Z'],
  ],
  [
    'days of the week in cycles of one day',
    { ...bounds, period: 1, periodUnit: 'd', dayOfWeek: ['sat', 'sun'] },
    ['2026-03-27T23:00:00.000Z', '2026-03-28T23:00:00.000Z', '2026-04-03T22:00:00.000Z'],
  ],
  [
    'monthly from the 31st is on the last day of shorter months',
    { boundsPeriod: { start: '2028-01-31' }, period: 1, periodUnit: 'mo', timeOfDay: ['12:00:00'] },
    ['2028-01-31T11:00:00.000Z', '2028-02-29T11:00:00.000Z', '2028-03-31T10:00:00.000Z', '2028-04-30T10:00:00.000Z'],
  ],
  [
    'yearly from a leap day is on 28 February of a common year',
    { boundsPeriod: { start: '2028-02-29' }, period: 1, periodUnit: 'a', timeOfDay: ['12:00:00'] },
    [
      '2028-02-29T11:00:00.000Z',
      '2029-02-28T11:00:00.000Z',
      '2030-02-28T11:00:00.000Z',
      '2031-02-28T11:00:00.000Z',
      '2032-02-29T11:00:00.000Z',
    ],
  ],
  [
    'so many in all',
    { ...bounds, count: 2, period: 1, periodUnit: 'd', timeOfDay: ['09:00:00'] },
    ['2026-03-27T08:00:00.000Z', '2026-03-28T08:00:00.000Z'],
  ],
  [
    'what lies before the beginning is not counted',
    {
      boundsPeriod: { start: '2026-03-27T10:00:00+01:00' },
      count: 2,
      period: 1,
      periodUnit: 'd',
      timeOfDay: ['09:00:00', '18:00:00'],
    },
    ['2026-03-27T17:00:00.000Z', '2026-03-28T08:00:00.000Z'],
  ],
  [
    'up to and on the last day of its bounds',
    { boundsPeriod: { start: '2026-03-27', end: '2026-03-29' }, period: 1, periodUnit: 'd', timeOfDay: ['23:00:00'] },
    ['2026-03-27T22:00:00.000Z', '2026-03-28T22:00:00.000Z', '2026-03-29T21:00:00.000Z'],
  ],
  [
    'for so long',
    { boundsDuration: { value: 2, code: 'd', system: 'http://unitsofmeasure.org' }, period: 1, periodUnit: 'd' },
    ['2026-01-05T09:00:00.000Z', '2026-01-06T09:00:00.000Z'],
  ],
];

for (const [name, repeat, expected] of cases) {
  t.test(name, async (t) => {
    t.same(
      starts(
        schedule({ repeat }),
        expected.length + (repeat.count || repeat.boundsDuration || repeat.boundsPeriod?.end ? 1 : 0),
      ),
      expected,
    );
  });
}

t.test('from anywhere the slots are those that one comes to from the beginning', async (t) => {
  for (const [name, repeat] of cases) {
    const one = schedule({ repeat });
    const all = starts(one, 900);
    for (const place of [1, 7, 30, 365, 800].filter((place) => place < all.length)) {
      const from = all[place] ?? '';
      t.same(starts(one, 5, from), all.slice(place, place + 5), `${name}, from ${place}`);
    }
  }
});

t.test('without a window a slot lasts until the next one begins', async (t) => {
  const weekly = schedule({ repeat: { boundsPeriod: { start: '2026-03-23' }, dayOfWeek: ['mon'], count: 2 } });
  t.match(slotAt(weekly, '2026-03-29T21:59:59.999Z'), {
    start: '2026-03-22T23:00:00.000Z',
    close: '2026-03-29T22:00:00.000Z',
    due: '2026-03-29T22:00:00.000Z',
  });
  t.equal(slotAt(weekly, '2026-03-29T22:00:00.000Z')?.start, '2026-03-29T22:00:00.000Z');
  t.equal(slotAt(weekly, '2026-04-05T21:59:59.999Z')?.start, '2026-03-29T22:00:00.000Z', 'the last lasts as long');
  t.equal(slotAt(weekly, '2026-04-05T22:00:00.000Z'), undefined);
  t.equal(slotAt(weekly, '2026-03-22T22:59:59.999Z'), undefined, 'before the first');
});

t.test('a window says how long before and after an answer counts, in days of the calendar', async (t) => {
  const window = { before: 'PT12H', length: 'P2D', grace: 'PT6H' };
  const weekly = schedule(
    { repeat: { boundsPeriod: { start: '2026-03-20' }, dayOfWeek: ['sat'], timeOfDay: ['09:00:00'] } },
    { window },
  );
  // The 29th has 23 hours.
  t.same(slotAt(weekly, '2026-03-28T08:00:00.000Z'), {
    start: '2026-03-28T08:00:00.000Z',
    open: '2026-03-27T20:00:00.000Z',
    close: '2026-03-30T07:00:00.000Z',
    due: '2026-03-30T13:00:00.000Z',
    next: '2026-04-03T19:00:00.000Z',
  });
  t.equal(slotAt(weekly, '2026-03-27T19:59:59.999Z')?.start, '2026-03-21T08:00:00.000Z');
  t.equal(
    slotAt(weekly, '2026-04-03T18:59:59.999Z')?.start,
    '2026-03-28T08:00:00.000Z',
    'after its end, before the next',
  );
});

t.test('single moments are slots of their own', async (t) => {
  const visits = schedule(
    { event: ['2026-02-28T10:00:00+01:00', '2026-02-10T10:00:00+01:00'] },
    { window: { before: 'P1D', length: 'P3D' } },
  );
  t.same(starts(visits, 3), ['2026-02-10T09:00:00.000Z', '2026-02-28T09:00:00.000Z']);
  t.equal(slotAt(visits, '2026-03-03T09:00:00.000Z')?.start, '2026-02-28T09:00:00.000Z');
  t.equal(slotAt(visits, '2026-03-03T09:00:00.001Z'), undefined);
});

const faults: [name: string, timing: Timing, element: string][] = [
  ['a part of the day', { repeat: { frequency: 1, period: 1, periodUnit: 'd', when: ['MORN'] } }, 'x.repeat.when'],
  ['a code alone', { code: { text: 'BID' } }, 'x'],
  ['nothing', {}, 'x'],
  ['seconds', { repeat: { period: 10, periodUnit: 's' } }, 'x.repeat.periodUnit'],
  ['no period', { repeat: { frequency: 3 } }, 'x.repeat'],
  ['half a day', { repeat: { period: 0.5, periodUnit: 'd' } }, 'x.repeat.period'],
  [
    'a range of times',
    { repeat: { frequency: 1, frequencyMax: 2, period: 1, periodUnit: 'd' } },
    'x.repeat.frequencyMax',
  ],
  [
    'a frequency that is not that of the days',
    { repeat: { frequency: 1, period: 1, periodUnit: 'wk', dayOfWeek: ['mon', 'thu'] } },
    'x.repeat.frequency',
  ],
  ['days of the week in months', { repeat: { period: 1, periodUnit: 'mo', dayOfWeek: ['mon'] } }, 'x.repeat.dayOfWeek'],
  [
    'times of the day in hours',
    { repeat: { period: 6, periodUnit: 'h', timeOfDay: ['08:00:00'] } },
    'x.repeat.timeOfDay',
  ],
  ['a day as a moment', { event: ['2026-03-01'] }, 'x.event[0]'],
];
for (const [name, timing, element] of faults) {
  t.test(`${name} is refused, and the element named`, async (t) => {
    const read = readTiming(timing, { zone: PARIS, start: '2026-01-01T00:00:00.000Z', at: 'x' });
    t.equal('issues' in read && read.issues[0].expression, element);
  });
}

const grace: [name: string, repeat: TimingRepeat, window: Window, from: string][] = [
  [
    'a grace of a month, at the end of January',
    { boundsPeriod: { start: '2025-01-20' }, frequency: 3, period: 1, periodUnit: 'd' },
    { grace: 'P1M' },
    '2025-01-27T00:00:00.000Z',
  ],
  [
    'a grace of a day, hourly, when the clock is put forward',
    { boundsPeriod: { start: '2026-03-27' }, period: 1, periodUnit: 'h' },
    { grace: 'P1D' },
    '2026-03-27T20:00:00.000Z',
  ],
];
for (const [name, repeat, window, from] of grace) {
  t.test(`each slot is waited for longer than the one before: ${name}`, async (t) => {
    const one = schedule({ repeat }, { window });
    const take = (since: string): { start: string; due: string }[] => {
      const found = [];
      for (const { start, due } of slotsFrom(one, since)) {
        if (due >= since) found.push({ start, due });
        if (found.length === 40) break;
      }
      return found;
    };
    const all = take(from);
    const dues = all.map(({ due }) => due);
    t.same(dues, [...new Set(dues)].sort(), 'so none is passed over');
    for (const { due } of all.slice(0, 20)) {
      t.same(
        take(due)[0],
        all.find((slot) => slot.due === due),
        'from wherever they are looked at',
      );
    }
  });
}
