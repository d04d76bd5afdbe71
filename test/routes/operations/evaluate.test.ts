import type { Flag, Observation, Parameters, ParametersParameter, QuestionnaireResponse } from '@medplum/fhirtypes';
import { sql } from 'kysely';
import t from 'tap';
import { type TestApp, testApp } from '../../support/app.ts';
import { aResult } from '../../support/observations.ts';
import { aPatient, aResponse, weeklyForm } from '../../support/responses.ts';
import { rowCounts } from '../support.ts';

t.test('what would be graded and flagged', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const form = await weeklyForm(app);
  const named = ({ parameter = [] }: Parameters, name: string): ParametersParameter[] =>
    parameter.filter((one) => one.name === name);
  const partOf = (parameter: ParametersParameter | undefined, name: string): ParametersParameter | undefined =>
    parameter?.part?.find((one) => one.name === name);
  const flagsOf = (answer: Parameters): Flag[] =>
    named(answer, 'flag').map((one) => partOf(one, 'resource')?.resource as Flag);

  await t.test('of a response nothing is written, and posting it then gives the same', async (t) => {
    const patient = await aPatient(app);
    const response = aResponse(form, patient, '2026-11-01T08:00:00Z', {
      PROCTCAE_9A_SCL: 4,
      PROCTCAE_9B_SCL: 4,
      PROCTCAE_16A_SCL: 1,
    });
    const before = await rows(app);
    const { status, body } = await app.send('POST', '/QuestionnaireResponse/$evaluate', response);
    t.equal(status, 200);
    t.same(await rows(app), before, 'every table is as it was');
    t.equal(named(body, 'evaluated')[0]?.valueBoolean, true);
    const nausea = named(body, 'finding').find((one) => partOf(one, 'term')?.valueCoding?.code === 'PROCTCAE_9_COMP');
    t.match(partOf(nausea, 'grading')?.part, [{}, {}, {}, {}, { name: 'grade', valueInteger: 3 }]);
    t.match(partOf(nausea, 'transition'), { valueCode: 'open' });
    t.match(partOf(nausea, 'priority'), { valueCode: 'PH' });
    t.ok(nausea?.part?.some(({ name }) => name === 'condition'));
    t.match(named(body, 'outcome')[0]?.resource, { resourceType: 'OperationOutcome' });

    const posted = await app.send('POST', '/QuestionnaireResponse', response);
    t.equal(posted.status, 201);
    const stored: Flag[] = (await app.send('GET', `/Flag?patient=${patient}`)).body.entry.map(
      (entry: { resource: Flag }) => entry.resource,
    );
    t.equal(stored.length, 1);
    t.same(flagsOf(body).map(content), stored.map(content));
    const derived = (await app.send('GET', `/Observation?patient=${patient}&_count=100`)).body.entry;
    const grades = (all: Observation[]) =>
      all.map(({ code, valueInteger }) => `${code.coding?.[0]?.code} ${valueInteger}`).sort();
    t.same(
      grades(named(body, 'observation').map(({ resource }) => resource as Observation)),
      grades(derived.map((entry: { resource: Observation }) => entry.resource)),
    );
  });

  await t.test('it stands in the place that its symptom time gives it, also before what is stored', async (t) => {
    const patient = await aPatient(app);
    const post = (authored: string, score: number) =>
      aResponse(form, patient, authored, { PROCTCAE_9A_SCL: score, PROCTCAE_9B_SCL: score });
    await app.send('POST', '/QuestionnaireResponse', post('2026-11-08T08:00:00Z', 4));
    const { body } = await app.send('POST', '/QuestionnaireResponse/$evaluate', post('2026-11-01T08:00:00Z', 4));
    t.match(flagsOf(body), [{ status: 'active', period: { start: '2026-11-01T08:00:00Z' } }]);
    const { body: later } = await app.send('POST', '/QuestionnaireResponse/$evaluate', post('2026-11-09T08:00:00Z', 4));
    t.same(flagsOf(later), [], 'nothing of the open Flag would change');
  });

  await t.test('of a stored one, and of its next version', async (t) => {
    const patient = await aPatient(app);
    const scores = { PROCTCAE_9A_SCL: 4, PROCTCAE_9B_SCL: 4 };
    const { body: stored } = await app.send(
      'POST',
      '/QuestionnaireResponse',
      aResponse(form, patient, '2026-11-01T08:00:00Z', scores),
    );
    const path = `/QuestionnaireResponse/${stored.id}/$evaluate`;
    const before = await rows(app);
    const asItIs = await app.send('GET', path);
    t.equal(asItIs.status, 200);
    t.same(flagsOf(asItIs.body), [], 'it has its Flag');
    t.ok(named(asItIs.body, 'finding').length > 0);
    const withdrawn = await app.send('POST', path, {
      resourceType: 'Parameters',
      parameter: [
        { name: 'resource', resource: { ...stored, status: 'entered-in-error' } },
        { name: 'language', valueCode: 'fr' },
      ],
    });
    t.match(flagsOf(withdrawn.body), [{ status: 'entered-in-error' }]);
    t.equal(withdrawn.body.language, 'fr');
    t.same(await rows(app), before);
  });

  await t.test('of a laboratory result, and posting it then gives the same grades', async (t) => {
    const patient = await aPatient(app);
    const result = aResult(patient, { loinc: '718-7', value: 7.4, unit: 'g/dL', at: '2026-11-01T08:00:00Z', low: 12 });
    const before = await rows(app);
    const { status, body } = await app.send('POST', '/Observation/$evaluate', result);
    t.equal(status, 200);
    t.same(await rows(app), before);
    const anaemia = named(body, 'finding')[0];
    t.match(partOf(anaemia, 'measured')?.part, [{ name: 'code', valueCoding: { code: '718-7' } }, { name: 'value' }]);
    await app.send('POST', '/Observation', result);
    const derived = (await app.send('GET', `/Observation?patient=${patient}&_count=100`)).body.entry.map(
      (entry: { resource: Observation }) => entry.resource,
    );
    const grades = (all: Observation[]) =>
      all.filter(({ derivedFrom }) => derivedFrom).map(({ code, valueInteger }) => [code.coding?.[0], valueInteger]);
    t.ok(grades(derived).length > 0);
    t.same(grades(named(body, 'observation').map(({ resource }) => resource as Observation)), grades(derived));
    t.equal((await app.send('POST', '/Observation/$evaluate', { ...result, status: undefined })).status, 400);
  });

  await t.test('of what asks for no evaluation', async (t) => {
    const patient = await aPatient(app);
    const draft = aResponse(form, patient, '2026-11-01T08:00:00Z', { PROCTCAE_9A_SCL: 4 }, { status: 'in-progress' });
    const { body } = await app.send('POST', '/QuestionnaireResponse/$evaluate', draft);
    t.match(body.parameter, [{ name: 'evaluated', valueBoolean: false }, { name: 'outcome' }]);
  });

  await t.test('is refused as a write is', async (t) => {
    const patient = await aPatient(app);
    const good = aResponse(form, patient, '2026-11-01T08:00:00Z', { PROCTCAE_9A_SCL: 4 });
    const bad: [name: string, resource: Partial<QuestionnaireResponse>][] = [
      ['no status', { ...good, status: undefined }],
      ['no form', { ...good, questionnaire: undefined }],
      ['an unknown form', { ...good, questionnaire: 'https://example.org/Questionnaire/none' }],
      ['no patient', { ...good, subject: undefined }],
      ['an unknown patient', { ...good, subject: { reference: 'Patient/none' } }],
      ['no moment', { ...good, authored: undefined }],
      ['a moment ahead', { ...good, authored: '2999-01-01T08:00:00Z' }],
      ['an item that the form does not have', { ...good, item: [{ linkId: 'none' }] }],
    ];
    for (const [name, resource] of bad) {
      const written = await app.send('POST', '/QuestionnaireResponse', resource);
      const asked = await app.send('POST', '/QuestionnaireResponse/$evaluate', resource);
      t.ok(written.status >= 400, name);
      t.equal(asked.status, written.status, name);
      t.same(asked.body, written.body, name);
    }
    const ask = '/QuestionnaireResponse/$evaluate';
    t.match(await app.send('POST', ask, { ...good, resourceType: 'Observation' }), { status: 400 });
    t.match(await app.send('POST', ask, { resourceType: 'Parameters' }), { status: 400 }, 'nothing came along');
    t.match(await app.send('GET', ask), { status: 405 }, 'no URL holds a resource');
    t.match(await app.send('GET', '/QuestionnaireResponse/none/$evaluate'), { status: 404 });
  });
});

/** What a Flag says, whichever response opened it. */
function content({ id: _id, meta: _meta, identifier: _identifier, extension = [], ...rest }: Flag): object {
  return { ...rest, extension: extension.filter(({ valueReference }) => !valueReference) };
}

/** How many rows each table has, and what is kept of each patient: counter and fold. */
async function rows(app: TestApp): Promise<unknown> {
  const { rows: kept } = await sql`select patient, n::text, state from patient_state order by 1`.execute(
    app.database.db.kysely,
  );
  return [await rowCounts(app), kept];
}
