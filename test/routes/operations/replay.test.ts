import type { Parameters, ParametersParameter, Provenance } from '@medplum/fhirtypes';
import { sql } from 'kysely';
import t from 'tap';
import { type TestApp, testApp } from '../../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../../support/responses.ts';

t.test('a decision is computed once more from what is stored', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const form = await weeklyForm(app);
  const patient = await aPatient(app);
  const answer = (authored: string, frequency: number, severity?: number, extra = {}) =>
    aResponse(
      form,
      patient,
      authored,
      {
        PROCTCAE_9A_SCL: frequency,
        ...(severity === undefined ? {} : { PROCTCAE_9B_SCL: severity }),
        PROCTCAE_16A_SCL: 2,
      },
      extra,
    );
  const post = async (resource: object) => (await app.send('POST', '/QuestionnaireResponse', resource)).body;
  await post(answer('2026-11-01T08:00:00+01:00', 4, 4));
  await post(answer('2026-11-05T23:30:00-05:00', 1, 1));
  await post(answer('2026-11-08T08:00:00Z', 3));
  const late = await post(answer('2026-11-03T08:00:00Z', 2, 2));
  await app.send('PUT', `/QuestionnaireResponse/${late.id}`, {
    ...late,
    ...answer('2026-11-03T08:00:00Z', 0),
    id: late.id,
    status: 'amended',
  });
  await app.send('PUT', `/QuestionnaireResponse/${late.id}`, { ...late, status: 'entered-in-error' });
  const baseline = { url: 'https://vigie.example/fhir/StructureDefinition/baseline-report', valueBoolean: true };
  await post(answer('2026-10-01T08:00:00Z', 1, 0, { extension: [baseline] }));
  const lab = (value: number, day: string) => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
    subject: { reference: patient },
    effectiveDateTime: `2026-11-${day}T08:00:00Z`,
    valueQuantity: { value, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
    referenceRange: [{ low: { value: 12, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' } }],
  });
  t.equal((await app.send('POST', '/Observation', lab(7.2, '06'))).status, 201);

  const provenances = async (): Promise<Provenance[]> =>
    (await app.send('GET', `/Provenance?_count=100`)).body.entry.map(
      (entry: { resource: Provenance }) => entry.resource,
    );
  const replay = async (path: string): Promise<Parameters> => (await app.send('GET', `${path}/$replay`)).body;
  const valued = ({ parameter = [] }: Parameters) => ({
    outcome: parameter.find(({ name }) => name === 'outcome')?.valueCode,
    same: parameter.find(({ name }) => name === 'same')?.valueBoolean,
    differences: parameter.filter(({ name }) => name === 'difference').map(pathOf),
    engine: parameter.filter(({ name }) => name === 'engineChange').map(pathOf),
  });
  const pathOf = ({ part = [] }: ParametersParameter) => part.find(({ name }) => name === 'path')?.valueString;
  const EQUAL = { outcome: 'equal', same: true, differences: [], engine: [] };

  await t.test(
    'each comes out equal: in order, late, amended, withdrawn, a baseline, a laboratory result',
    async (t) => {
      const all = await provenances();
      t.ok(all.length >= 8, String(all.length));
      for (const { id, activity } of all) {
        t.same(valued(await replay(`/Provenance/${id}`)), EQUAL, activity?.coding?.[0]?.display ?? '');
      }
      const flags = (await app.send('GET', `/Flag?patient=${patient}&_count=100`)).body.entry;
      t.ok(flags.length > 0);
      for (const { resource } of flags) t.same(valued(await replay(`/Flag/${resource.id}`)), EQUAL);
    },
  );

  const [provenance] = (await provenances()).filter(({ target }) =>
    target.some(({ reference }) => reference?.startsWith('Flag/')),
  );
  const id = provenance?.id ?? '';

  await t.test('a record that was tampered with differs, each difference by its place', async (t) => {
    const kept = await recordOf(app, id);
    const tampered = kept.replace(/"level":\d/, '"level":1').replace(/"outcome":\d/, '"outcome":0');
    t.not(tampered, kept);
    await writeRecord(app, id, tampered);
    const told = valued(await replay(`/Provenance/${id}`));
    t.match(told, { outcome: 'differs', same: false });
    t.ok(told.differences.includes('digest'));
    t.ok(
      told.differences.some((path) => path?.endsWith('/outcome')),
      told.differences.join(),
    );
    await writeRecord(app, id, kept);
    t.same(valued(await replay(`/Provenance/${id}`)), EQUAL);
  });

  await t.test('another engine is told, and whether it comes to the same', async (t) => {
    const { version, fhirpathVersion } = app.deps.engine;
    Object.assign(app.deps.engine, { version: '99.0.0', fhirpathVersion: '9.9.9' });
    t.same(valued(await replay(`/Provenance/${id}`)), {
      outcome: 'engine-changed',
      same: true,
      differences: [],
      engine: ['/engine/version', '/fhirpath'],
    });
    Object.assign(app.deps.engine, { version, fhirpathVersion });
  });

  await t.test('of what is no decision there is nothing to replay', async (t) => {
    t.equal((await app.send('GET', '/Provenance/none/$replay')).status, 404);
    const { body } = await app.send('POST', '/Provenance', {
      resourceType: 'Provenance',
      target: [{ reference: patient }],
      recorded: '2026-11-01T08:00:00Z',
      agent: [{ who: { reference: patient } }],
    });
    t.equal((await app.send('GET', `/Provenance/${body.id}/$replay`)).status, 404);
  });
});

async function recordOf({ database }: TestApp, id: string): Promise<string> {
  const { rows } = await sql<{ content: string }>`select content from decision where id = ${id}`.execute(
    database.db.kysely,
  );
  return rows[0]?.content ?? '';
}

async function writeRecord({ database }: TestApp, id: string, content: string): Promise<void> {
  await sql`update decision set content = ${content} where id = ${id}`.execute(database.db.kysely);
}
