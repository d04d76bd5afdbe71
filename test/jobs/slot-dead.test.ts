import type { Patient } from '@medplum/fhirtypes';
import t from 'tap';
import { isDead } from '../../src/jobs/slot.ts';
import { deathOf, isAfterDeath } from '../../src/rules/calendar/death.ts';

const CAYENNE = { zone: 'America/Cayenne', evening: '2026-01-10T01:00:00.000Z', night: '2026-01-10T03:00:00.000Z' };
const PARIS = { zone: 'Europe/Paris', evening: '2026-01-09T22:30:00.000Z', night: '2026-01-09T23:30:00.000Z' };

/** Whether somebody of whom that is said was dead at the end of a slot on the evening of the ninth of January, and in the night of the tenth, where its plan is. */
const cases: [said: Pick<Patient, 'deceasedBoolean' | 'deceasedDateTime'>, evening: boolean, night: boolean][] = [
  [{}, false, false],
  [{ deceasedBoolean: false }, false, false],
  [{ deceasedDateTime: '2026-01-09' }, true, true],
  [{ deceasedDateTime: '2026-01-10' }, false, true],
  [{ deceasedDateTime: '2026-01-11' }, false, false],
  [{ deceasedDateTime: '2026-02' }, false, false],
  [{ deceasedDateTime: '2026' }, true, true],
];

for (const { zone, evening, night } of [CAYENNE, PARIS]) {
  for (const [said, atEvening, atNight] of cases) {
    t.test(`${JSON.stringify(said)} in ${zone}`, async (t) => {
      for (const [close, expected] of [
        [evening, atEvening],
        [night, atNight],
      ] as const) {
        const slot = { slot: { start: evening, open: evening, close, due: close }, zone };
        t.equal(isDead({ patient: { content: JSON.stringify(said) } }, slot), expected, close);
        t.equal(isAfterDeath(slot, deathOf(said, undefined, 'UTC')), expected, 'as calendar and counts have it');
      }
    });
  }
}

t.test('where no date is said nobody is called for any slot', async (t) => {
  const slot = { start: '1990-01-01T00:00:00.000Z', open: '', close: '1990-01-02T00:00:00.000Z', due: '' };
  t.equal(isDead({ patient: { content: '{"deceasedBoolean":true}' } }, { slot, zone: 'UTC' }), true);
});
