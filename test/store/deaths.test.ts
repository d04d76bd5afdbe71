import type { Patient } from '@medplum/fhirtypes';
import t from 'tap';
import { everyone } from '../../src/fhir/compartment.ts';
import { firstSaidDead } from '../../src/store/deaths.ts';
import { testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';

/** What each version of a Patient says; `gone` is a deletion. The first version says nothing. */
type Said = Pick<Patient, 'deceasedBoolean' | 'deceasedDateTime'> | 'gone';
const DEAD = { deceasedBoolean: true };
const DATED = { deceasedDateTime: '2026-11-02' };

const cases: [name: string, versions: Said[], first: number | undefined][] = [
  ['nothing', [], undefined],
  ['a date, which says itself since when', [DATED], undefined],
  ['the opposite', [{ deceasedBoolean: false }], undefined],
  ['it once', [DEAD], 2],
  ['it again and again: the first version counts', [{}, DEAD, DEAD], 3],
  ['it by mistake, and the opposite since', [DEAD, { deceasedBoolean: false }], undefined],
  ['it by mistake, and nothing since', [DEAD, {}], undefined],
  ['it once more after it was taken back', [DEAD, {}, DEAD, DEAD], 4],
  ['a date first, which was not certain', [DATED, DEAD], 2],
  ['it before and after a deletion, which takes nothing back', [DEAD, 'gone', DEAD], 2],
];

t.test('when a patient was first said to have died', async (t) => {
  let minutes = 0;
  const at = () => new Date(Date.UTC(2026, 10, 2, 8, minutes));
  const app = await testApp({ now: at });
  t.teardown(() => app.close());
  const all: { patient: string; content: string }[] = [];
  for (const [name, versions, first] of cases) {
    await t.test(`whose Patient says ${name}`, async (t) => {
      const reference = await aPatient(app);
      let { body } = await app.send('GET', `/${reference}`);
      const lastUpdated: string[] = [body.meta.lastUpdated];
      for (const said of versions) {
        minutes += 1;
        if (said === 'gone') await app.send('DELETE', `/${reference}`);
        else {
          const answer = await app.send('PUT', `/${reference}`, { resourceType: 'Patient', id: body.id, ...said });
          t.ok(answer.status < 300, answer.text);
          body = answer.body;
        }
        lastUpdated.push(said === 'gone' ? '' : body.meta.lastUpdated);
      }
      const patient = { patient: body.id, content: JSON.stringify(body) };
      all.push(patient);
      const found = await firstSaidDead(app.deps.db, everyone(), [patient]);
      t.equal(found.get(body.id), first === undefined ? undefined : lastUpdated[first - 1]);
      const other = { ...everyone(), patient: { id: 'other' } };
      t.equal((await firstSaidDead(app.deps.db, other, [patient])).size, 0, 'nothing of another patient');
    });
  }
  const together = await firstSaidDead(app.deps.db, everyone(), all);
  t.equal(together.size, cases.filter(([, , first]) => first !== undefined).length, 'many at once, each by itself');
});
