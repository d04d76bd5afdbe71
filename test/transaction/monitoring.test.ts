import type { Questionnaire } from '@medplum/fhirtypes';
import t from 'tap';
import { testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { entry, everything, statuses, transaction, urn } from './support.ts';

const SEVERE = { PROCTCAE_16A_SCL: 4 };
const MILD = { PROCTCAE_16A_SCL: 1 };

t.test('responses in a transaction', async (t) => {
  const app = await testApp({ connections: 4 });
  t.teardown(() => app.close());
  const form = await weeklyForm(app);
  const flagsOf = async (patient: string) => {
    const { body } = await app.send('GET', `/Flag?patient=${patient}`);
    return (body.entry ?? []).map(({ resource }: { resource: unknown }) => resource);
  };

  await t.test('are graded as alone, for a patient whom the Bundle creates', async (t) => {
    const answer = await transaction(app, [
      entry('POST', 'QuestionnaireResponse', aResponse(form, urn(1), '2026-11-01T08:00:00Z', SEVERE)),
      entry('POST', 'Patient', { resourceType: 'Patient' }, { fullUrl: urn(1) }),
      entry('GET', 'Flag?status=active&_count=1'),
    ]);
    t.same(statuses(answer), ['201', '201', '200'], answer.text);
    const [response, patient, found] = answer.body.entry.map(({ resource }: { resource: unknown }) => resource);
    t.equal(found.entry.length, 1, 'a search inside sees the Flag');
    const [flag] = await flagsOf(patient.id);
    t.match(flag.code.text, /composite grade 3/);
    const observations = await app.send('GET', `/Observation?derived-from=QuestionnaireResponse/${response.id}`);
    t.ok(observations.body.entry.length > 0);
    const provenance = await app.send('GET', `/Provenance?target=Flag/${flag.id}`);
    t.ok(JSON.stringify(provenance.body).includes(`QuestionnaireResponse/${response.id}/_history/1`));
    t.equal((await app.send('GET', `/Flag/${flag.id}/$explain`)).status, 200);
  });

  await t.test('several of one patient are folded one after another', async (t) => {
    const subject = await aPatient(app);
    const answer = await transaction(
      app,
      [
        entry('POST', 'QuestionnaireResponse', aResponse(form, subject, '2026-11-08T08:00:00Z', SEVERE)),
        entry('POST', 'QuestionnaireResponse', aResponse(form, subject, '2026-11-01T08:00:00Z', MILD)),
        entry(
          'POST',
          'QuestionnaireResponse',
          aResponse(form, subject, '2026-11-15T08:00:00Z', { PROCTCAE_16A_SCL: 3 }),
        ),
      ],
      { prefer: 'return=OperationOutcome' },
    );
    t.same(statuses(answer), ['201', '201', '201'], answer.text);
    t.ok(answer.body.entry[0].response.outcome.issue.length > 0);
    const alone = await aPatient(app);
    for (const [authored, scores] of [
      ['2026-11-08T08:00:00Z', SEVERE],
      ['2026-11-01T08:00:00Z', MILD],
      ['2026-11-15T08:00:00Z', { PROCTCAE_16A_SCL: 3 }],
    ] as const) {
      await app.send('POST', '/QuestionnaireResponse', aResponse(form, alone, authored, scores));
    }
    const texts = async (patient: string) =>
      (await flagsOf(patient)).map(
        ({ code, status, meta }: { code: { text: string }; status: string; meta: { versionId: string } }) => [
          code.text,
          status,
          meta.versionId,
        ],
      );
    t.same(await texts(subject), await texts(alone), 'as three posts one after another');
    t.equal((await texts(subject)).length, 1);
  });

  await t.test('answer a form that the same Bundle brings', async (t) => {
    const mine: Questionnaire = { ...form, url: 'https://example.org/Questionnaire/mine', version: '1' };
    delete mine.id;
    const answer = await transaction(app, [
      entry('POST', 'QuestionnaireResponse', aResponse(mine, urn(1), '2026-11-01T08:00:00Z', SEVERE)),
      entry('POST', 'Patient', { resourceType: 'Patient' }, { fullUrl: urn(1) }),
      entry('POST', 'Questionnaire', mine),
    ]);
    t.same(statuses(answer), ['201', '201', '201'], answer.text);
    t.equal((await flagsOf(answer.body.entry[1].resource.id)).length, 1);
  });

  await t.test(
    'what a transaction that failed brought is not there afterwards, and another of its name is',
    async (t) => {
      const subject = await aPatient(app);
      const asking = (linkId: string): Questionnaire => ({
        resourceType: 'Questionnaire',
        url: 'https://example.org/Questionnaire/poison',
        version: '1',
        status: 'active',
        item: [{ linkId, type: 'string', text: 'What' }],
      });
      const answering = (linkId: string) => ({
        resourceType: 'QuestionnaireResponse',
        status: 'completed',
        questionnaire: 'https://example.org/Questionnaire/poison|1',
        subject: { reference: subject },
        authored: '2026-11-01T08:00:00Z',
        item: [{ linkId, answer: [{ valueString: 'x' }] }],
      });
      const before = await everything(app);
      const failed = await transaction(app, [
        entry('POST', 'Questionnaire', asking('a')),
        entry('POST', 'QuestionnaireResponse', answering('a')),
        entry('POST', 'QuestionnaireResponse', answering('b')),
      ]);
      t.equal(failed.status, 422);
      t.equal(failed.body.issue[0].expression[0].startsWith('Bundle.entry[2].resource.item[0]'), true, failed.text);
      t.same(await everything(app), before);
      t.equal((await app.send('POST', '/QuestionnaireResponse', answering('a'))).status, 422, 'the form is not held');
      t.equal((await app.send('POST', '/Questionnaire', asking('b'))).status, 201);
      t.equal((await app.send('POST', '/QuestionnaireResponse', answering('b'))).status, 201);
      t.equal((await app.send('POST', '/QuestionnaireResponse', answering('a'))).status, 422);
    },
  );

  await t.test('are refused with the place in the Bundle, and take the others with them', async (t) => {
    const subject = await aPatient(app);
    const before = await everything(app);
    const good = aResponse(form, subject, '2026-11-01T08:00:00Z', SEVERE);
    const answer = await transaction(app, [
      entry('POST', 'QuestionnaireResponse', good),
      entry('POST', 'QuestionnaireResponse', { ...good, item: [{ linkId: 'unknown', answer: [{ valueInteger: 1 }] }] }),
    ]);
    t.equal(answer.status, 422);
    t.match(answer.body.issue[0].expression[0], /^Bundle\.entry\[1\]\.resource\.item/);
    t.same(await everything(app), before, 'no Flag, no Observation, no report');
  });
});
