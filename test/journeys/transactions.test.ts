import { MedplumClient } from '@medplum/core';
import type { Bundle, Patient, Questionnaire } from '@medplum/fhirtypes';
import t from 'tap';
import { as, listeningApp, refusal } from '../support/listening.ts';
import { aResponse } from '../support/responses.ts';
import { bundleOf, entry, urn } from '../transaction/support.ts';

t.test('MedplumClient sends a batch, and reads that it gathers on its own', async (t) => {
  const { app, baseUrl } = await listeningApp();
  t.teardown(() => app.close());
  const medplum = new MedplumClient({
    baseUrl: baseUrl.replace(/fhir$/, ''),
    fhirUrlPath: 'fhir',
    fetch,
    autoBatchTime: 5,
  });
  const bundle = await medplum.executeBatch(
    bundleOf('batch', [
      entry('POST', 'Patient', { resourceType: 'Patient', gender: 'female' }),
      entry('GET', 'Patient/nobody'),
    ]),
  );
  t.same(
    bundle.entry?.map(({ response }) => response?.status),
    ['201', '404'],
  );
  const patient = bundle.entry?.[0]?.resource as Patient;
  const [read, searched] = await Promise.all([
    medplum.readResource('Patient', patient.id ?? ''),
    medplum.search('Flag', { patient: `Patient/${patient.id}` }),
  ]);
  t.equal(read.gender, 'female');
  t.equal(searched.resourceType, 'Bundle');

  const made = await medplum.executeBatch(
    bundleOf('transaction', [
      entry('POST', 'Patient', { resourceType: 'Patient' }, { fullUrl: urn(1) }),
      entry('POST', 'Condition', { resourceType: 'Condition', subject: { reference: urn(1) } }),
    ]),
  );
  t.equal(made.type, 'transaction-response');
  t.ok(made.entry?.every(({ response }) => response?.status === '201'));
});

t.test('an EHR brings a patient with a first report by fhir-kit-client, whole or not at all', async (t) => {
  const { app, client } = await listeningApp();
  t.teardown(() => app.close());
  const forms = await as<Bundle<Questionnaire>>(
    client.search({
      resourceType: 'Questionnaire',
      searchParams: { url: 'https://vigie.example/fhir/Questionnaire/pro-ctcae-weekly' },
    }),
  );
  const form = forms.entry?.[0]?.resource;
  if (!form) throw new Error('no form');
  const bringing = (scores: Record<string, number>, birthDate: string) =>
    bundleOf('transaction', [
      entry('POST', 'QuestionnaireResponse', aResponse(form, urn(1), '2026-11-01T08:00:00Z', scores)),
      entry('POST', 'Patient', { resourceType: 'Patient', birthDate }, { fullUrl: urn(1) }),
    ]);
  const refused = await refusal(client.transaction({ body: { ...bringing({ PROCTCAE_16A_SCL: 4 }, 'in spring') } }));
  t.equal(refused.status, 400);
  t.same(refused.data.issue[0]?.expression, ['Bundle.entry[1].resource.birthDate']);

  const done = await as<Bundle>(client.transaction({ body: { ...bringing({ PROCTCAE_16A_SCL: 4 }, '1961-05-04') } }));
  t.same(
    done.entry?.map(({ response }) => response?.status),
    ['201', '201'],
  );
  const patients = await as<Bundle<Patient>>(client.search({ resourceType: 'Patient' }));
  t.equal(patients.entry?.length, 1, 'one patient, of the Bundle that was right');
  const flags = await as<Bundle>(
    client.search({
      resourceType: 'Flag',
      searchParams: { patient: patients.entry?.[0]?.resource?.id ?? '', status: 'active' },
    }),
  );
  t.equal(flags.entry?.length, 1);
  const read = await as<Bundle>(client.batch({ body: { ...bundleOf('batch', [entry('GET', 'Flag?status=active')]) } }));
  t.equal(read.type, 'batch-response');
});
