import type {
  Bundle,
  CapabilityStatement,
  OperationOutcome,
  Patient,
  Questionnaire,
  QuestionnaireResponse,
} from '@medplum/fhirtypes';
import { Client } from 'fhir-kit-client';
import t from 'tap';
import { as, listeningApp, refusal } from '../support/listening.ts';
import { aResponse } from '../support/responses.ts';

const FORM = 'https://vigie.example/fhir/Questionnaire/pro-ctcae-weekly';

t.test('a patient app, from first contact to a retracted report', async (t) => {
  const { app, baseUrl, client } = await listeningApp();
  t.teardown(() => app.close());

  const capabilities = await as<CapabilityStatement>(client.capabilityStatement());
  const served = capabilities.rest?.[0]?.resource?.find(({ type }) => type === 'QuestionnaireResponse');
  t.match(served?.interaction, [{ code: 'create' }], 'the capabilities say that responses are taken');

  const forms = await as<Bundle<Questionnaire>>(
    client.search({ resourceType: 'Questionnaire', searchParams: { url: FORM, status: 'active' } }),
  );
  const form = forms.entry?.[0]?.resource;
  if (!form) throw new Error('the form is not there');
  const patient = await as<Patient>(client.create({ resourceType: 'Patient', body: { resourceType: 'Patient' } }));
  const subject = `Patient/${patient.id}`;

  const report = aResponse(
    form,
    subject,
    '2026-11-01T08:00:00+01:00',
    { PROCTCAE_16A_SCL: 4 },
    {
      identifier: { system: 'https://app.example/report', value: 'one' },
    },
  );
  const headers = { 'If-None-Exist': 'identifier=https://app.example/report|one' };
  const post = () =>
    as<QuestionnaireResponse>(
      client.create({ resourceType: 'QuestionnaireResponse', body: { ...report }, options: { headers } }),
    );
  const first = await post();
  t.equal(Client.httpFor(asJson(first)).response?.status, 201, 'the report is taken');
  t.equal(
    Client.httpFor(asJson(first)).response?.headers.get('location'),
    `${baseUrl}/QuestionnaireResponse/${first.id}/_history/1`,
    'its Location is absolute',
  );
  const again = await post();
  t.equal(Client.httpFor(asJson(again)).response?.status, 200, 'a retry after a lost answer finds the first');
  t.same([again.id, again.meta?.versionId], [first.id, '1'], 'and changes nothing');

  const amended = { ...first, status: 'amended', item: aResponse(form, subject, '', { PROCTCAE_16A_SCL: 1 }).item };
  const put = (body: object, version: string) =>
    as<OperationOutcome>(
      client.update({
        resourceType: 'QuestionnaireResponse',
        id: first.id ?? '',
        body: asJson(body),
        options: { headers: { 'If-Match': `W/"${version}"`, Prefer: 'return=OperationOutcome' } },
      }),
    );
  t.match((await put(amended, '1')).issue[0]?.details?.text, /^Flag retracted/, 'an amendment may retract a Flag');
  const stale = await refusal(put(amended, '1'));
  t.equal(stale.status, 412, 'an amendment of what is no longer current is refused');

  const kept = await refusal(client.delete({ resourceType: 'QuestionnaireResponse', id: first.id ?? '' }));
  t.equal(kept.status, 409, 'a graded report is never deleted');

  await put({ ...amended, status: 'entered-in-error', meta: undefined }, '2');
  const observations = await as<Bundle>(
    client.search({
      resourceType: 'Observation',
      searchParams: { 'derived-from': `QuestionnaireResponse/${first.id}` },
    }),
  );
  t.equal(observations.entry?.length, 12);
  t.ok(
    observations.entry?.every(
      ({ resource }) => resource?.resourceType === 'Observation' && resource.status === 'entered-in-error',
    ),
    'what rested on a report that was an error is an error too',
  );
});

t.test('a refused report tells the app what was wrong, in words that name the question', async (t) => {
  const { app, client } = await listeningApp();
  t.teardown(() => app.close());
  const patient = await as<Patient>(client.create({ resourceType: 'Patient', body: { resourceType: 'Patient' } }));
  const refused = await refusal(
    client.create({
      resourceType: 'QuestionnaireResponse',
      body: {
        resourceType: 'QuestionnaireResponse',
        status: 'completed',
        questionnaire: FORM,
        subject: { reference: `Patient/${patient.id}` },
        authored: '2026-11-01T08:00:00+01:00',
        item: [{ linkId: 'PROCTCAE_16', item: [{ linkId: 'PROCTCAE_16A_SCL', answer: [{ valueInteger: 11 }] }] }],
      },
    }),
  );
  t.equal(refused.status, 422);
  t.match(refused.data.issue[0], {
    diagnostics: /PROCTCAE_16A_SCL/,
    expression: [/QuestionnaireResponse\.item\[0\]\.item\[0\]/],
  });
});

/** The client types resources as bare JSON. */
const asJson = (resource: object) => resource as { resourceType: string };
