import type { Patient } from '@medplum/fhirtypes';
import t from 'tap';
import { type Death, deathOf, diedAt, isAfterDeath } from '../../../src/rules/calendar/death.ts';

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
    { at: '2026-11-20T08:00:00.000Z', over: '2026-11-20T08:00:00.001Z' },
  ],
  [
    'a day, which ends where the site is',
    { deceasedDateTime: '2026-11-20' },
    undefined,
    { at: '2026-11-20T00:00:00.000Z', over: '2026-11-20T23:00:00.000Z' },
  ],
  [
    'a month',
    { deceasedDateTime: '2026-11' },
    undefined,
    { at: '2026-11-01T00:00:00.000Z', over: '2026-11-30T23:00:00.000Z' },
  ],
  ['a date, whenever it was said', { deceasedDateTime: '2026-11-20' }, SAID, { at: '2026-11-20T00:00:00.000Z' }],
  ['no date: since it was first said', { deceasedBoolean: true }, SAID, { at: SAID, over: '2026-11-20T15:30:00.001Z' }],
  ['nobody knows since when, nor since when it is said', { deceasedBoolean: true }, undefined, undefined],
];

for (const [name, told, said, expected] of cases) {
  t.test(name, async (t) => {
    const death = deathOf(told, said, 'Europe/Paris');
    if (!expected) return void t.equal(death, undefined);
    t.match(death, { ...expected, at: Date.parse(expected.at) });
  });
}

t.test('a slot that ends with the death or later is not expected, one that ends before is', async (t) => {
  const death: Pick<Death, 'at'> = { at: Date.parse(SAID) };
  t.equal(isAfterDeath({ close: '2026-11-20T15:29:59.999Z' }, death), false);
  t.equal(isAfterDeath({ close: SAID }, death), true);
  t.equal(isAfterDeath({ close: '2026-11-27T08:00:00.000Z' }, death), true);
  t.equal(isAfterDeath({ close: SAID }, undefined), false);
  t.equal(diedAt({ deceasedBoolean: true }, Number.NEGATIVE_INFINITY), Number.NEGATIVE_INFINITY);
});
