import t from 'tap';
import { DEFAULT_SITE, dueAfter, type RespondWithin, type Site, serviceHoursBetween } from '../../src/rules/site.ts';

const HALF_A_DAY: RespondWithin = { hours: 4, clock: 'service' };
const PARIS = DEFAULT_SITE;
const ROUND_THE_CLOCK: Site = {
  ...PARIS,
  holidays: 'none',
  service: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }],
};
const NIGHTS: Site = {
  ...ROUND_THE_CLOCK,
  service: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '02:00', to: '03:00' }],
};
const NEW_YORK: Site = { ...PARIS, timeZone: 'America/New_York', holidays: 'none' };

type Case = [name: string, site: Site, start: string, within: RespondWithin, due: string];

const cases: Case[] = [
  [
    'work of the morning is due in the afternoon',
    PARIS,
    '2026-03-03T09:00:00+01:00',
    HALF_A_DAY,
    '2026-03-03T13:00:00+01:00',
  ],
  [
    'work of before the service starts with it',
    PARIS,
    '2026-03-03T06:12:00+01:00',
    HALF_A_DAY,
    '2026-03-03T13:00:00+01:00',
  ],
  [
    'what ends with the service is due with it',
    PARIS,
    '2026-03-03T13:00:00+01:00',
    HALF_A_DAY,
    '2026-03-03T17:00:00+01:00',
  ],
  [
    'a millisecond later it goes on the next morning',
    PARIS,
    '2026-03-03T13:00:00.001+01:00',
    HALF_A_DAY,
    '2026-03-04T09:00:00.001+01:00',
  ],
  ['the last minute of service counts', PARIS, '2026-03-03T16:59:00+01:00', HALF_A_DAY, '2026-03-04T12:59:00+01:00'],
  ['the end of service no longer does', PARIS, '2026-03-03T17:00:00+01:00', HALF_A_DAY, '2026-03-04T13:00:00+01:00'],
  [
    'on Friday evening it waits for Monday',
    PARIS,
    '2026-03-06T18:00:00+01:00',
    HALF_A_DAY,
    '2026-03-09T13:00:00+01:00',
  ],
  [
    'on Friday afternoon it is halved by the weekend',
    PARIS,
    '2026-03-06T15:00:00+01:00',
    HALF_A_DAY,
    '2026-03-09T11:00:00+01:00',
  ],
  ['on Saturday it waits for Monday', PARIS, '2026-03-07T10:00:00+01:00', HALF_A_DAY, '2026-03-09T13:00:00+01:00'],
  ['Easter makes a weekend of three days', PARIS, '2026-04-03T15:00:00+02:00', HALF_A_DAY, '2026-04-07T11:00:00+02:00'],
  [
    'Ascension is passed over, the Friday after it is not',
    PARIS,
    '2026-05-13T15:00:00+02:00',
    HALF_A_DAY,
    '2026-05-15T11:00:00+02:00',
  ],
  [
    'a bridge that the site closes for is passed over too',
    { ...PARIS, closed: ['2026-05-15'] },
    '2026-05-13T15:00:00+02:00',
    HALF_A_DAY,
    '2026-05-18T11:00:00+02:00',
  ],
  [
    'two holidays of one week',
    PARIS,
    '2026-12-24T16:00:00+01:00',
    { hours: 9, clock: 'service' },
    '2026-12-28T17:00:00+01:00',
  ],
  ['from the year to the next', PARIS, '2026-12-31T16:00:00+01:00', HALF_A_DAY, '2027-01-04T12:00:00+01:00'],
  [
    'where no holidays are kept the first of January is a day like any other',
    NEW_YORK,
    '2026-12-31T16:00:00-05:00',
    HALF_A_DAY,
    '2027-01-01T12:00:00-05:00',
  ],
  ['a leap day is a day of service', PARIS, '2028-02-28T15:00:00+01:00', HALF_A_DAY, '2028-02-29T11:00:00+01:00'],
  [
    'in another year the first of March follows',
    PARIS,
    '2030-02-28T15:00:00+01:00',
    HALF_A_DAY,
    '2030-03-01T11:00:00+01:00',
  ],
  [
    'over the clock put forward it stays with the clock of the wall',
    PARIS,
    '2026-03-27T15:00:00+01:00',
    HALF_A_DAY,
    '2026-03-30T11:00:00+02:00',
  ],
  ['over the clock put back too', PARIS, '2026-10-23T15:00:00+02:00', HALF_A_DAY, '2026-10-26T11:00:00+01:00'],
  [
    'the night of 23 hours counts as it lasts',
    ROUND_THE_CLOCK,
    '2026-03-28T12:00:00+01:00',
    { hours: 24, clock: 'service' },
    '2026-03-29T13:00:00+02:00',
  ],
  [
    'the night of 25 hours too',
    ROUND_THE_CLOCK,
    '2026-10-24T12:00:00+02:00',
    { hours: 24, clock: 'service' },
    '2026-10-25T11:00:00+01:00',
  ],
  [
    'a service that the clock passes over spans nothing',
    NIGHTS,
    '2026-03-28T04:00:00+01:00',
    { hours: 1, clock: 'service' },
    '2026-03-30T03:00:00+02:00',
  ],
  [
    'a service whose hour comes twice spans two',
    NIGHTS,
    '2026-10-24T04:00:00+02:00',
    { hours: 2, clock: 'service' },
    '2026-10-25T03:00:00+01:00',
  ],
  [
    'all hours count on the other clock, also at the weekend',
    PARIS,
    '2026-03-06T18:00:00+01:00',
    { hours: 4, clock: 'always' },
    '2026-03-06T22:00:00+01:00',
  ],
  [
    'and as they last when the clock is put forward',
    PARIS,
    '2026-03-28T23:00:00+01:00',
    { hours: 4, clock: 'always' },
    '2026-03-29T04:00:00+02:00',
  ],
  [
    'the zone is that of the site, not of the moment',
    NEW_YORK,
    '2026-03-03T15:00:00+01:00',
    HALF_A_DAY,
    '2026-03-03T13:00:00-05:00',
  ],
  [
    'a part of an hour',
    PARIS,
    '2026-03-03T09:00:00+01:00',
    { hours: 0.5, clock: 'service' },
    '2026-03-03T09:30:00+01:00',
  ],
  [
    'a long time passes weeks',
    PARIS,
    '2026-03-02T09:00:00+01:00',
    { hours: 80, clock: 'service' },
    '2026-03-13T17:00:00+01:00',
  ],
  [
    'hours that overlap count once, and a break not at all',
    {
      ...PARIS,
      service: [
        { days: [2], from: '14:00', to: '18:00' },
        { days: [2], from: '09:00', to: '12:00' },
        { days: [2], from: '11:00', to: '12:30' },
      ],
    },
    '2026-03-03T09:00:00+01:00',
    HALF_A_DAY,
    '2026-03-03T14:30:00+01:00',
  ],
];

for (const [name, site, start, within, due] of cases) {
  t.test(name, async (t) => {
    t.equal(dueAfter(site, start, within), new Date(due).toISOString());
  });
}

t.test('the hours of service between two moments', async (t) => {
  t.equal(serviceHoursBetween(PARIS, '2026-03-02T00:00:00+01:00', '2026-03-09T00:00:00+01:00'), 40);
  t.equal(serviceHoursBetween(PARIS, '2026-04-06T00:00:00+02:00', '2026-04-13T00:00:00+02:00'), 32, 'Easter Monday');
  t.equal(serviceHoursBetween(PARIS, '2026-03-03T16:00:00+01:00', '2026-03-04T10:00:00+01:00'), 2);
  t.equal(serviceHoursBetween(PARIS, '2026-03-03T18:00:00+01:00', '2026-03-03T19:00:00+01:00'), 0);
});

t.test('a site that is closed for years never answers', async (t) => {
  t.throws(() => dueAfter({ ...PARIS, service: [] }, '2026-03-02T09:00:00Z', HALF_A_DAY), RangeError);
});
