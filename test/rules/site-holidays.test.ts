import t from 'tap';
import { frenchHolidays } from '../../src/rules/site-holidays.ts';

// Dates of Easter: Institut de mécanique céleste et de calcul des éphémérides, table of the dates of Easter.
const easters: [year: number, sunday: string][] = [
  [2000, '2000-04-23'],
  [2008, '2008-03-23'],
  [2011, '2011-04-24'],
  [2024, '2024-03-31'],
  [2025, '2025-04-20'],
  [2026, '2026-04-05'],
  [2027, '2027-03-28'],
  [2028, '2028-04-16'],
  [2038, '2038-04-25'],
];

for (const [year, sunday] of easters) {
  t.test(`the movable holidays of ${year} follow Easter, ${sunday}`, async (t) => {
    const after = (days: number): string =>
      new Date(Date.parse(`${sunday}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
    const days = frenchHolidays(year);
    t.equal(days.length, 11);
    for (const one of [after(1), after(39), after(50)]) t.ok(days.includes(one), one);
    t.notOk(days.includes(after(-2)), 'Good Friday is one only in Alsace and Moselle');
  });
}

t.test('the holidays of 2026', async (t) => {
  t.same(frenchHolidays(2026), [
    '2026-01-01',
    '2026-04-06',
    '2026-05-01',
    '2026-05-08',
    '2026-05-14',
    '2026-05-25',
    '2026-07-14',
    '2026-08-15',
    '2026-11-01',
    '2026-11-11',
    '2026-12-25',
  ]);
});

t.test('Ascension may fall on the first of May: then two holidays are one day', async (t) => {
  t.equal(frenchHolidays(2008).filter((day) => day === '2008-05-01').length, 2);
});
