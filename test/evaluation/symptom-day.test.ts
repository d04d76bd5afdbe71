import type { Flag, Observation, QuestionnaireResponse } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { EXTENSION } from '../../src/rules/resources/codes.ts';
import { aForm, FORM_URL, put, refusal, refused, rowCounts } from '../routes/support.ts';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import { aPlan, MONDAYS } from '../support/plans.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';

/** What tells no day, and what does. */
const WITHOUT = ['2026', '2026-11'];
const WITH = ['2026-11-20', '2026-11-20T08:30:00+01:00'];
const NO_DAY = /tells no day; expected the moment at which .*, with a time zone, or its day at least/;

async function anApp(t: Test): Promise<TestApp> {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  return app;
}

const result = (subject: string, moment: Partial<Observation>, code = '718-7'): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code }] },
  subject: { reference: subject },
  valueQuantity: { value: 70, unit: 'g/L', system: 'http://unitsofmeasure.org', code: 'g/L' },
  ...moment,
});

const bleeding = (subject: string, authored: string, status: QuestionnaireResponse['status']) => ({
  resourceType: 'QuestionnaireResponse' as const,
  status,
  questionnaire: 'https://vigie.example/fhir/Questionnaire/vital-signs|1.0.0',
  subject: { reference: subject },
  authored,
  item: [{ linkId: 'warning-signs', item: [{ linkId: 'ask-bleeding', answer: [{ valueBoolean: true }] }] }],
});

/** An answer to a form of which nothing is graded. */
const unheard = (subject: string, authored: string): QuestionnaireResponse => ({
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  questionnaire: `${FORM_URL}|1`,
  subject: { reference: subject },
  authored,
  item: [{ linkId: 'mood', answer: [{ valueInteger: 3 }] }],
});

const startsOf = async (app: TestApp, patient: string): Promise<(string | undefined)[]> => {
  const { body } = await app.send('GET', `/Flag?patient=${patient}`);
  return (body.entry ?? []).map(({ resource }: { resource: Flag }) => resource.period?.start);
};

t.test('the moment of what is evaluated tells the day at least', async (t) => {
  const app = await anApp(t);
  const patient = await aPatient(app);
  const form = await weeklyForm(app);
  const response = (authored: string) => aResponse(form, patient, authored, { PROCTCAE_16A_SCL: 4 });

  t.test('of a response', async (t) => {
    const before = await rowCounts(app);
    for (const authored of WITHOUT) {
      for (const path of ['', '/$evaluate']) {
        const answer = await app.send('POST', `/QuestionnaireResponse${path}`, response(authored));
        t.same(refusal(answer), refused(422, 'business-rule', 'QuestionnaireResponse.authored'), authored);
        t.match(answer.body.issue[0].diagnostics, NO_DAY);
      }
    }
    t.same(await rowCounts(app), before, 'the database is unchanged');
    for (const authored of WITH) t.equal((await put(app, response(authored))).authored, authored);
  });

  t.test('of an amendment, and not of a withdrawal', async (t) => {
    const stored = await put(app, response('2026-11-20'));
    const next = (status: string) =>
      app.send('PUT', `/QuestionnaireResponse/${stored.id}`, { ...stored, status, authored: '2026-11' });
    t.same(refusal(await next('amended')), refused(422, 'business-rule', 'QuestionnaireResponse.authored'));
    t.equal((await next('entered-in-error')).status, 200);
  });

  t.test('of a measurement, wherever it is told', async (t) => {
    for (const written of WITHOUT) {
      for (const [moment, element] of [
        [{ effectiveDateTime: written }, 'effectiveDateTime'],
        [{ effectivePeriod: { start: '2026-11-20', end: written } }, 'effectivePeriod.end'],
      ] as const) {
        const answer = await app.send('POST', '/Observation', result(patient, moment));
        t.same(refusal(answer), refused(422, 'business-rule', `Observation.${element}`), answer.text);
        t.match(answer.body.issue[0].diagnostics, NO_DAY);
      }
    }
    for (const effectiveDateTime of WITH) await put(app, result(patient, { effectiveDateTime }));
    await put(app, result(patient, { effectivePeriod: { start: '2026', end: '2026-11-20' } }));
  });

  t.test('of a baseline', async (t) => {
    const extension = [{ url: EXTENSION.baselineReport, valueBoolean: true }];
    const [code, author] = [{ system: 'http://loinc.org', code: '718-7' }, { reference: 'Practitioner/p' }];
    const recorded = (at: string) =>
      app.send('POST', `/${patient}/$set-baseline`, {
        resourceType: 'Parameters',
        parameter: [
          { name: 'code', valueCoding: code },
          { name: 'value', valueQuantity: result(patient, {}).valueQuantity },
          { name: 'author', valueReference: author },
          { name: 'reason', valueString: 'Before the first dose' },
          { name: 'at', valueDateTime: at },
        ],
      });
    for (const written of WITHOUT) {
      for (const answer of [
        await recorded(written),
        await app.send('POST', '/Observation', result(patient, { extension, effectiveDateTime: written })),
      ]) {
        t.same(refusal(answer), refused(422, 'business-rule', 'Observation.effectiveDateTime'), answer.text);
      }
    }
    t.equal((await recorded('2026-11-20')).status, 200);
  });
});

t.test('a response that a plan expects is evaluated, whatever its form asks', async (t) => {
  const app = await anApp(t);
  const patient = await aPatient(app);
  await put(app, aForm());
  await put(app, aPlan(patient, MONDAYS, { form: FORM_URL }));
  const answered = (authored: string) => app.send('POST', '/QuestionnaireResponse', unheard(patient, authored));
  t.same(refusal(await answered('2026-11')), refused(422, 'business-rule', 'QuestionnaireResponse.authored'));
  t.equal((await answered('2026-11-20')).status, 201);
});

t.test('what nothing is made of may tell as little as it knows', async (t) => {
  const app = await anApp(t);
  const patient = await aPatient(app);
  await put(app, aForm());
  for (const written of WITHOUT) {
    await put(app, result(patient, { effectiveDateTime: written }, '9279-1'));
    await put(app, unheard(patient, written));
  }
});

t.test(
  'an emergency in a form that is not finished does not wait for its day: the time of receipt stands in',
  async (t) => {
    const app = await anApp(t);
    for (const written of WITHOUT) {
      for (const status of ['in-progress', 'stopped'] as const) {
        const patient = await aPatient(app);
        const stored = await put(app, bleeding(patient, written, status));
        t.same(await startsOf(app, patient), [NOW.toISOString()], `${status}, ${written}`);
        if (status === 'stopped') continue;
        const done = { ...stored, status: 'completed' };
        const answer = await app.send('PUT', `/QuestionnaireResponse/${stored.id}`, done);
        t.same(refusal(answer), refused(422, 'business-rule', 'QuestionnaireResponse.authored'));
        t.equal((await startsOf(app, patient)).length, 1, 'and its Flag stays');
      }
    }
  },
);
