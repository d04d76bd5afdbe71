import type { Questionnaire, QuestionnaireResponse } from '@medplum/fhirtypes';
import t from 'tap';
import { LOINC } from '../../src/fhir/canonical.ts';
import { phq9 } from '../../src/rules/gradings/scores/phq-9.ts';
import { SCORE } from '../../src/rules/gradings/scores/score.ts';
import { NOW, testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';

const ITEMS = phq9.data.items;

/** A form that carries the codes of PHQ-9 and none of its words. */
const FORM: Questionnaire = {
  resourceType: 'Questionnaire',
  url: 'https://example.org/Questionnaire/mood',
  version: '1',
  status: 'active',
  item: ITEMS.map(({ code, loinc }) => ({
    linkId: code,
    type: 'integer',
    code: loinc ? [{ system: LOINC, code: loinc }] : [{ system: SCORE, code }],
    extension: [
      { url: 'http://hl7.org/fhir/StructureDefinition/minValue', valueInteger: 0 },
      { url: 'http://hl7.org/fhir/StructureDefinition/maxValue', valueInteger: 3 },
    ],
  })),
};

t.test('a questionnaire that is scored and not graded', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  t.equal((await app.send('POST', '/Questionnaire', FORM)).status, 201);
  const patient = await aPatient(app);
  const answered = (values: readonly (number | undefined)[]): QuestionnaireResponse => ({
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire: `${FORM.url}|${FORM.version}`,
    subject: { reference: patient },
    authored: '2026-11-20T08:00:00+01:00',
    item: ITEMS.flatMap(({ code }, at) =>
      values[at] === undefined ? [] : [{ linkId: code, answer: [{ valueInteger: values[at] }] }],
    ),
  });
  const scoreOf = async (id: string, code: string) => {
    const { body } = await app.send(
      'GET',
      `/Observation?derived-from=QuestionnaireResponse/${id}&code=${SCORE}|${code}`,
    );
    return body.entry?.[0]?.resource;
  };

  const first = await app.send('POST', '/QuestionnaireResponse', answered([1, 2, 1, 2, 1, 2, 1, 2, 0]));
  t.equal(first.status, 201, first.text);
  const { id } = first.body;

  await t.test('its total is an Observation that says by what it was scored', async (t) => {
    t.match(await scoreOf(id, 'PHQ9_TOTAL'), {
      status: 'final',
      subject: { reference: patient },
      effectiveDateTime: '2026-11-20T08:00:00+01:00',
      valueQuantity: { value: 12, code: '{score}' },
      interpretation: [{ coding: [{ system: SCORE }] }],
      method: { coding: [{ code: 'phq-9', version: phq9.data.version }] },
      derivedFrom: [{ reference: `QuestionnaireResponse/${id}` }],
    });
  });

  await t.test('amended, it is amended; a missing answer leaves a range, never a zero', async (t) => {
    const amended = { ...answered([1, 2, 1, 2, 1, 2, 1, undefined, 0]), id, status: 'amended' };
    t.equal((await app.send('PUT', `/QuestionnaireResponse/${id}`, amended)).status, 200);
    const total = await scoreOf(id, 'PHQ9_TOTAL');
    t.match(total, { status: 'amended', dataAbsentReason: { coding: [{ code: 'unknown' }] } });
    t.notOk('valueQuantity' in total);
    const range = total.extension.find(({ url }: { url: string }) => url.endsWith('/at-least')).extension;
    t.match(range, [
      { url: 'min', valueInteger: 10 },
      { url: 'max', valueInteger: 13 },
      { url: 'missing', valueCode: 'PHQ9_8' },
    ]);
  });

  await t.test('withdrawn, it is entered in error', async (t) => {
    const withdrawn = { ...answered([1, 2, 1, 2, 1, 2, 1, 2, 0]), id, status: 'entered-in-error' };
    t.equal((await app.send('PUT', `/QuestionnaireResponse/${id}`, withdrawn)).status, 200);
    t.match(await scoreOf(id, 'PHQ9_TOTAL'), { status: 'entered-in-error' });
  });

  await t.test('one answer of many is enough for item 9, which does not wait', async (t) => {
    const { status, body, text } = await app.send(
      'POST',
      '/QuestionnaireResponse',
      answered(ITEMS.map((_, at) => (at === 8 ? 1 : undefined))),
    );
    t.equal(status, 201, text);
    t.match(await scoreOf(body.id, 'PHQ9_9'), { valueQuantity: { value: 1 } });
    const flags = await app.send('GET', `/Flag?patient=${patient}&status=active`);
    t.match(JSON.stringify(flags.body), /"code":"self-harm"/);
    t.match(JSON.stringify(flags.body), /"code":"PH"/);
  });

  await t.test('the licence of each instrument is told by its Library', async (t) => {
    const { body } = await app.send('GET', '/Library?url=https://vigie.example/fhir/Library/grading-phq-9');
    t.ok(body.entry[0].resource.copyright);
  });

  await t.test('a form whose options do not fit the instrument is refused', async (t) => {
    const wide: Questionnaire = JSON.parse(JSON.stringify(FORM).replaceAll('"valueInteger":3', '"valueInteger":10'));
    const { status, body } = await app.send('POST', '/Questionnaire', { ...wide, version: '2' });
    t.equal(status, 422);
    t.match(body.issue[0].diagnostics, /PHQ9_1/);
  });
});
