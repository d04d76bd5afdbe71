import t from 'tap';
import { isWithin, monthAt, monthsBetween } from '../../../src/rules/activity/month.ts';
import { PARIS } from './builders.ts';

const HOUR = 3_600_000;

const cases: [name: string, month: string, zone: string, start: string, end: string, days: number, hours: number][] = [
  ['a month of winter', '2026-01', PARIS, '2025-12-31T23:00:00.000Z', '2026-01-31T23:00:00.000Z', 31, 744],
  ['February', '2026-02', PARIS, '2026-01-31T23:00:00.000Z', '2026-02-28T23:00:00.000Z', 28, 672],
  ['February of a leap year', '2028-02', PARIS, '2028-01-31T23:00:00.000Z', '2028-02-29T23:00:00.000Z', 29, 696],
  ['clocks are put forward', '2026-03', PARIS, '2026-02-28T23:00:00.000Z', '2026-03-31T22:00:00.000Z', 31, 743],
  ['clocks are put back', '2026-10', PARIS, '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z', 31, 745],
  ['a zone behind', '2026-06', 'America/Cayenne', '2026-06-01T03:00:00.000Z', '2026-07-01T03:00:00.000Z', 30, 720],
  ['UTC', '2026-12', 'UTC', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z', 31, 744],
];

for (const [name, month, zone, start, end, days, hours] of cases) {
  t.test(name, async (t) => {
    const [only, ...more] = monthsBetween(month, month, zone);
    t.equal(more.length, 0);
    t.match(only, { name: month, start, end });
    t.equal(only?.days.length, days);
    t.equal((only?.days ?? []).reduce((sum, [from, to]) => sum + to - from, 0) / HOUR, hours);
  });
}

t.test('a day whose midnight the clocks pass over begins after it', async (t) => {
  const [november] = monthsBetween('2018-11', '2018-11', 'America/Sao_Paulo');
  const [start, end] = november?.days[3] ?? [0, 0];
  t.equal(new Date(start).toISOString(), '2018-11-04T03:00:00.000Z');
  t.equal((end - start) / HOUR, 23);
});

t.test('months follow each other, over the end of a year', async (t) => {
  const months = monthsBetween('2026-11', '2027-02', PARIS);
  t.same(
    months.map(({ name }) => name),
    ['2026-11', '2026-12', '2027-01', '2027-02'],
  );
  for (const [place, { end }] of months.slice(0, -1).entries()) t.equal(end, months[place + 1]?.start);
  t.same(monthsBetween('2026-03', '2026-02', PARIS), []);
});

t.test('a moment lies in one month, that of the clocks there', async (t) => {
  t.equal(monthAt('2026-03-31T21:59:59.999Z', PARIS), '2026-03');
  t.equal(monthAt('2026-03-31T22:00:00.000Z', PARIS), '2026-04');
  const [march, april] = monthsBetween('2026-03', '2026-04', PARIS);
  if (!march || !april) throw new Error('two months');
  t.same([isWithin(march, march.start), isWithin(march, march.end), isWithin(april, march.end)], [true, false, true]);
});
