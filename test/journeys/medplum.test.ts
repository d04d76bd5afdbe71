import { MedplumClient, type OperationOutcomeError } from '@medplum/core';
import t from 'tap';
import { listeningApp } from '../support/listening.ts';
import { aResponse } from '../support/responses.ts';

t.test('MedplumClient creates, searches, reads and reads history', async (t) => {
  const { app, baseUrl } = await listeningApp();
  t.teardown(() => app.close());
  const medplum = new MedplumClient({ baseUrl: baseUrl.replace(/fhir$/, ''), fhirUrlPath: 'fhir', fetch });

  const patient = await medplum.createResource({ resourceType: 'Patient', gender: 'female', birthDate: '1961-05-04' });
  const form = await medplum.searchOne('Questionnaire', {
    url: 'https://vigie.example/fhir/Questionnaire/pro-ctcae-weekly',
  });
  if (!form) throw new Error('the form is not there');
  const report = await medplum.createResource(
    aResponse(form, `Patient/${patient.id}`, '2026-11-01T08:00:00Z', { PROCTCAE_16A_SCL: 4 }),
  );
  const [flag, ...others] = await medplum.searchResources('Flag', {
    patient: `Patient/${patient.id}`,
    status: 'active',
  });
  t.match(flag?.code.text, /composite grade 3/);
  t.same(others, []);

  const read = await medplum.readResource('QuestionnaireResponse', report.id ?? '');
  await medplum.updateResource({ ...read, status: 'entered-in-error' });
  const history = await medplum.readHistory('Flag', flag?.id ?? '');
  t.same(
    history.entry?.map(({ resource }) => resource?.status),
    ['entered-in-error', 'active'],
    'the Flag is retracted with its report, and its history says so',
  );
  const past = await medplum.readVersion('QuestionnaireResponse', report.id ?? '', '1');
  t.equal(past.status, 'completed');
  const unknown = await medplum.readResource('Flag', 'nobody').catch((error: OperationOutcomeError) => error.outcome);
  t.match(unknown, { issue: [{ code: 'not-found' }] });
});
