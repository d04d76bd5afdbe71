import type { Patient } from '@medplum/fhirtypes';
import t from 'tap';
import { everyone } from '../../src/fhir/compartment.ts';
import { presentPatients } from '../../src/store/present.ts';
import { testApp } from '../support/app.ts';

/** What a Patient says, and what is read of it. */
const cases: [id: string, said: Partial<Patient>, read: Pick<Patient, 'deceasedBoolean' | 'deceasedDateTime'>][] = [
  ['lives', { name: [{ family: 'Martin' }] }, {}],
  ['said', { deceasedBoolean: true, gender: 'female' }, { deceasedBoolean: true }],
  ['mistaken', { deceasedBoolean: false }, { deceasedBoolean: false }],
  ['dated', { deceasedDateTime: '2026-11', birthDate: '1950-01-01' }, { deceasedDateTime: '2026-11' }],
];

t.test('of Patients that are there what is said of a death is read, and nothing else', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const ids = [...cases.map(([id]) => id), 'gone'];
  for (const id of ids) {
    const said = cases.find(([one]) => one === id)?.[1] ?? {};
    const { status, text } = await app.send('PUT', `/Patient/${id}`, { resourceType: 'Patient', id, ...said });
    t.equal(status, 201, text);
  }
  await app.send('DELETE', '/Patient/gone');
  const read = async (within = everyone()) =>
    new Map((await presentPatients(app.deps.db, within, [...ids, 'never'])).map((one) => [one.patient, one]));
  const found = await read();
  t.same([...found.keys()].sort(), cases.map(([id]) => id).sort());
  for (const [id, , expected] of cases) t.same(JSON.parse(found.get(id)?.content ?? 'null'), expected, id);
  const own = await read({ ...everyone(), patient: { id: 'dated' } });
  t.same([...own.keys()], ['dated'], 'nothing of another patient');
});
