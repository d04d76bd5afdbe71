import type { Patient } from '@medplum/fhirtypes';
import t from 'tap';
import { type Death, deathOf, isAfterDeath } from '../../../src/rules/calendar/death.ts';

const SAID = '2026-11-20T15:30:00.000Z';

type Told = Pick<Patient, 'deceasedBoolean' | 'deceasedDateTime'>;
type Expected = { at: string; over?: string } | undefined;

const cases: [name: string, told: Told, said: string | undefined, expected: Expected][] = [
  ['who lives', {}, undefined, undefined],
  ['who lives, as was once said otherwise', { deceasedBoolean: false }, SAID, undefined],
  [
    'a moment',
    { deceasedDateTime: '2026-11-20T09:00:00+01:00' },
    undefined,
    { at: '2026-11-20T09:00:00+01:00', over: '2026-11-20T08:00:00.001Z' },
  ],
  [
    'a day, which ends where the site is',
    { deceasedDateTime: '2026-11-20' },
    undefined,
    { at: '2026-11-20', over: '2026-11-20T23:00:00.000Z' },
  ],
  ['a month', { deceasedDateTime: '2026-11' }, undefined, { at: '2026-11', over: '2026-11-30T23:00:00.000Z' }],
  ['a date, whenever it was said', { deceasedDateTime: '2026-11-20' }, SAID, { at: '2026-11-20' }],
  ['no date: since it was first said', { deceasedBoolean: true }, SAID, { at: SAID, over: '2026-11-20T15:30:00.001Z' }],
  ['nobody knows since when, nor since when it is said', { deceasedBoolean: true }, undefined, undefined],
];

for (const [name, told, said, expected] of cases) {
  t.test(name, async (t) => {
    const death = deathOf(told, said, 'Europe/Paris');
    if (!expected) return void t.equal(death, undefined);
    t.match(death, expected);
  });
}

/** What is said of a death, the zone of a slot's plan, and the last end before the death with the first after it: a millisecond apart. */
const slots: [name: string, at: string, zone: string, before: string, after: string][] = [
  ['the moment it was said', SAID, 'Europe/Paris', '2026-11-20T15:29:59.999Z', SAID],
  ['a moment', '2026-11-20T16:30:00+01:00', 'America/Cayenne', '2026-11-20T15:29:59.999Z', SAID],
  ['a day in Cayenne', '2026-01-10', 'America/Cayenne', '2026-01-10T02:59:59.999Z', '2026-01-10T03:00:00.000Z'],
  ['a day in Paris', '2026-01-10', 'Europe/Paris', '2026-01-09T22:59:59.999Z', '2026-01-09T23:00:00.000Z'],
  ['a day in summer', '2026-07-10', 'Europe/Paris', '2026-07-09T21:59:59.999Z', '2026-07-09T22:00:00.000Z'],
  ['a day in UTC', '2026-01-10', 'UTC', '2026-01-09T23:59:59.999Z', '2026-01-10T00:00:00.000Z'],
  ['a month', '2026-02', 'Europe/Paris', '2026-01-31T22:59:59.999Z', '2026-01-31T23:00:00.000Z'],
  ['a year', '2026', 'America/Cayenne', '2026-01-01T02:59:59.999Z', '2026-01-01T03:00:00.000Z'],
  // The clock is put forward at midnight: the day begins at one.
  [
    'a day without a midnight',
    '2026-09-06',
    'America/Santiago',
    '2026-09-06T03:59:59.999Z',
    '2026-09-06T04:00:00.000Z',
  ],
];

for (const [name, at, zone, before, after] of slots) {
  t.test(`a slot that ends with the death or later is not expected, one that ends before is: ${name}`, async (t) => {
    const death: Pick<Death, 'at'> = { at };
    t.equal(isAfterDeath({ slot: { close: before }, zone }, death), false);
    t.equal(isAfterDeath({ slot: { close: after }, zone }, death), true);
    t.equal(isAfterDeath({ slot: { close: '2027-11-27T08:00:00.000Z' }, zone }, death), true);
    t.equal(isAfterDeath({ slot: { close: after }, zone }, undefined), false);
  });
}

t.test('a slot of the evening before in Cayenne, and of the first half hour in Paris', async (t) => {
  const evening = { slot: { close: '2026-01-10T01:00:00.000Z' }, zone: 'America/Cayenne' };
  const night = { slot: { close: '2026-01-09T23:30:00.000Z' }, zone: 'Europe/Paris' };
  t.equal(isAfterDeath(evening, { at: '2026-01-10' }), false, '22:00 on the ninth');
  t.equal(isAfterDeath(night, { at: '2026-01-10' }), true, '00:30 on the tenth');
});
