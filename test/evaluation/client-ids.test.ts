import type { Flag, Observation } from '@medplum/fhirtypes';
import t from 'tap';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import { aResult, flagsOf, gradesOf, LADDER_POLICY, post } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';

const FORM = 'https://vigie.example/fhir/Questionnaire/vital-signs|1.0.0';
const TEMPERATURE = '8310-5';
const ID = 'weekend-1';

const daysAgo = (days: number): string => new Date(NOW.getTime() - days * 86_400_000).toISOString();

const aReport = (subject: string, temperature: number, authored: string) => ({
  resourceType: 'QuestionnaireResponse',
  id: ID,
  status: 'completed',
  questionnaire: FORM,
  subject: { reference: subject },
  authored,
  item: [{ linkId: 'vital-signs', item: [{ linkId: 'temperature', answer: [{ valueDecimal: temperature }] }] }],
});

const aTemperature = (subject: string, value: number, at: string) =>
  aResult(subject, { loinc: TEMPERATURE, value, unit: 'Cel', at });

const found = async <R>(app: TestApp, path: string): Promise<R[]> =>
  ((await app.send('GET', path)).body.entry ?? []).map(({ resource }: { resource: R }) => resource);

const feverOf = async (app: TestApp, source: string): Promise<string[]> =>
  (await gradesOf(app, source)).filter((told) => told.startsWith('fever@'));

t.test('a response and a result of one patient may have the same id and grade the same term', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  await post(app, LADDER_POLICY);
  const patient = await aPatient(app);
  const response = `QuestionnaireResponse/${ID}`;
  const result = `Observation/${ID}`;

  const first = await app.send('PUT', `/${response}`, aReport(patient, 39.5, daysAgo(9)));
  t.equal(first.status, 201, first.text);
  await post(app, aTemperature(patient, 36.8, daysAgo(7)));
  await post(app, aTemperature(patient, 36.8, daysAgo(6)));
  const over = [/^inactive v2 Fever: CTCAE/, /^inactive v\d Fever: emergency/];
  t.match(await flagsOf(app, patient), over, 'the episodes of the response are over');

  const put = (extra: Partial<Observation> = {}) =>
    app.send('PUT', `/${result}`, { ...aTemperature(patient, 39.2, daysAgo(1)), id: ID, ...extra });
  const second = await put();
  t.equal(second.status, 201, second.text);
  const graded = ['fever@1 1 final v1', 'fever@5.0 2 final v1'];
  t.same(await feverOf(app, response), graded);
  t.same(await feverOf(app, result), graded);
  const now = await flagsOf(app, patient);
  t.match(now, [/^active v1 Fever: CTCAE/, /^active v1 Fever: emergency/, ...over], 'each has Flags of its own');

  const flags = await found<Flag>(app, `/Flag?patient=${patient}`);
  t.equal(new Set(flags.map(({ identifier }) => identifier?.[0]?.value)).size, 4, 'and identifiers of their own');
  for (const { id, status } of flags) {
    const { status: answered, text } = await app.send('GET', `/Flag/${id}/$explain`);
    t.equal(answered, 200, text);
    t.match(text, status === 'active' ? result : response, 'explained by what opened it');
    t.match((await app.send('GET', `/Flag/${id}/$replay`)).text, 'equal', 'and replayed');
  }

  const withdrawn = await put({ status: 'entered-in-error' });
  t.equal(withdrawn.status, 200, withdrawn.text);
  t.same(await feverOf(app, response), graded, 'the other stands');
  t.match(await feverOf(app, result), [/entered-in-error v2/, /entered-in-error v2/]);
  const retracted = [/^entered-in-error v2 Fever: CTCAE/, /^entered-in-error v2 Fever: emergency/];
  t.match(await flagsOf(app, patient), [...retracted, ...over]);
});
