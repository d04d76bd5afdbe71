import type { Flag, Observation, Parameters, ParametersParameter, Provenance } from '@medplum/fhirtypes';
import t from 'tap';
import { CTCAE_ANSWER } from '../../src/rules/gradings/ctcae-answer-items.ts';
import { NOW, testApp } from '../support/app.ts';
import { aPolicy, aResult, flagsOf, gradesOf, LADDER_POLICY, post } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';
import { type Answers, aSymptomReport, SYMPTOM_FORM } from '../support/symptom-form.ts';

const BASE = 'https://vigie.example/fhir';

const MILD: Answers = {
  'pain.present': true,
  'pain.severity': 'mild',
  'pain.limitsIADL': false,
  'pain.limitsSelfCare': false,
};
const SEVERE: Answers = { ...MILD, 'pain.severity': 'severe' };
const STOOLS: Answers = {
  'diarrhea.stoolsPerDay': 9,
  'diarrhea.baselineStoolsPerDay': 2,
  'diarrhea.ostomy': 'none',
  'diarrhea.limitsIADL': false,
  'diarrhea.limitsSelfCare': false,
  'diarrhea.hospitalisation': false,
};

const named = ({ parameter = [] }: Parameters, name: string): ParametersParameter[] =>
  parameter.filter((one) => one.name === name);
const partOf = ({ part = [] }: ParametersParameter, name: string): ParametersParameter | undefined =>
  part.find((one) => one.name === name);

t.test('structured answers are graded by CTCAE', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  await post(app, SYMPTOM_FORM);
  await post(app, LADDER_POLICY);
  const named5 = aPolicy('pain', [
    ['open', "%finding.term = 'pain' and %finding.version = '5.0' and %finding.grade >= 3", 'PH'],
  ]);
  await post(app, named5);

  const observationOf = async (id: string, term: string): Promise<Observation> =>
    (
      await app.send(
        'GET',
        `/Observation?derived-from=QuestionnaireResponse/${id}&code=${BASE}/CodeSystem/ctcae|${term}`,
      )
    ).body.entry?.[0]?.resource;
  const replays = async (): Promise<(string | undefined)[]> => {
    const { body } = await app.send('GET', '/Provenance?_count=200');
    const all: Provenance[] = body.entry.map(({ resource }: { resource: Provenance }) => resource);
    return Promise.all(
      all.map(async ({ id }) => {
        const replayed: Parameters = (await app.send('GET', `/Provenance/${id}/$replay`)).body;
        return named(replayed, 'outcome')[0]?.valueCode;
      }),
    );
  };

  await t.test('each term is an Observation of its own, in the version of the site', async (t) => {
    const patient = await aPatient(app);
    const { id } = await post(app, aSymptomReport(patient, '2026-11-20T08:00:00+01:00', { ...SEVERE, ...STOOLS }));
    t.strictSame(await gradesOf(app, `QuestionnaireResponse/${id}`), [
      'diarrhea@5.0 3 final v1',
      'pain@5.0 3 final v1',
    ]);
    const observation = await observationOf(id, 'pain');
    t.match(observation, {
      status: 'final',
      subject: { reference: patient },
      code: { coding: [{ system: `${BASE}/CodeSystem/ctcae`, version: '5.0', code: 'pain' }] },
      effectiveDateTime: '2026-11-20T08:00:00+01:00',
      valueInteger: 3,
      method: { coding: [{ code: 'ctcae', version: '5.0' }] },
      derivedFrom: [{ reference: `QuestionnaireResponse/${id}` }],
      component: [
        { code: { coding: [{ system: CTCAE_ANSWER, code: 'pain.present' }] }, valueBoolean: true },
        {
          code: { coding: [{ system: CTCAE_ANSWER, code: 'pain.severity' }] },
          valueCodeableConcept: { coding: [{ system: CTCAE_ANSWER, code: 'severe' }] },
        },
        { code: { coding: [{ code: 'pain.limitsIADL' }] }, valueBoolean: false },
        { code: { coding: [{ code: 'pain.limitsSelfCare' }] }, valueBoolean: false },
      ],
    });
    t.match((await observationOf(id, 'diarrhea')).component?.[0], { valueInteger: 9 });
    const { body } = await app.send('POST', '/Observation/$validate', observation);
    t.notOk(
      body.issue?.some(({ severity }: { severity: string }) => severity === 'error'),
      JSON.stringify(body.issue),
    );
    t.strictSame(await flagsOf(app, patient), [
      'active v1 Diarrhea: CTCAE 5.0 grade 3 (patient-reported)',
      'active v1 Pain: CTCAE 5.0 grade 3 (patient-reported)',
    ]);
  });

  await t.test('what is not answered leaves a range, and what is not there is grade 0', async (t) => {
    const patient = await aPatient(app);
    const open = await post(
      app,
      aSymptomReport(patient, '2026-11-18T08:00:00Z', { 'pain.present': true, 'pain.severity': 'mild' }),
    );
    t.strictSame(await gradesOf(app, `QuestionnaireResponse/${open.id}`), [
      'diarrhea@5.0 none final v1',
      'pain@5.0 1-3 final v1',
    ]);
    t.match(await observationOf(open.id, 'pain'), { dataAbsentReason: { coding: [{ code: 'unknown' }] } });
    const gone = await post(app, aSymptomReport(patient, '2026-11-19T08:00:00Z', { 'pain.present': false }));
    t.match(await gradesOf(app, `QuestionnaireResponse/${gone.id}`), [/^diarrhea/, 'pain@5.0 0 final v1']);
    const { component } = await observationOf(gone.id, 'pain');
    t.match(component?.[2], { extension: [{ valueString: 'pain.present' }], valueBoolean: false });
    t.match(component?.[1], {
      extension: [{ url: `${BASE}/StructureDefinition/branched`, valueString: 'pain.present' }],
      dataAbsentReason: { coding: [{ code: 'not-applicable' }] },
    });
  });

  await t.test('a Flag by a policy follows amendments and what comes after, and is explained', async (t) => {
    const patient = await aPatient(app);
    const first = await post(app, aSymptomReport(patient, '2026-11-17T08:00:00Z', SEVERE));
    const pain = async (): Promise<Flag> =>
      (await app.send('GET', `/Flag?patient=${patient}`)).body.entry.map(
        ({ resource }: { resource: Flag }) => resource,
      )[0];
    const flag = await pain();
    t.match(flag, { status: 'active', code: { text: 'Pain: CTCAE 5.0 grade 3 (patient-reported)' } });

    const explained: Parameters = (await app.send('GET', `/Flag/${flag.id}/$explain`)).body;
    const text = named(explained, 'text')[0]?.valueString ?? '';
    t.match(text, /Answers: there at all: yes \[pain\.present\], severity: severe \[pain\.severity\], limits/);
    t.match(text, /CTCAE 5\.0 grade 3 from the answers; patient-reported, proposed, to be confirmed\./);
    t.match(partOf(named(explained, 'answer')[1] ?? { name: '' }, 'input'), { valueCoding: { code: 'pain.severity' } });
    t.match(partOf(named(explained, 'answer')[1] ?? { name: '' }, 'value'), { valueCoding: { code: 'severe' } });
    const french: Parameters = (await app.send('GET', `/Flag/${flag.id}/$explain?language=fr`)).body;
    t.match(named(french, 'text')[0]?.valueString, /intensité : sévère \[pain\.severity\].*d’après les réponses/);

    await post(app, aSymptomReport(patient, '2026-11-18T08:00:00Z', MILD));
    t.match(await pain(), { status: 'inactive' });
    const amended = aSymptomReport(patient, '2026-11-17T08:00:00Z', { ...SEVERE, 'pain.severity': 'moderate' });
    const put = await app.send('PUT', `/QuestionnaireResponse/${first.id}`, {
      ...amended,
      id: first.id,
      status: 'amended',
    });
    t.equal(put.status, 200, put.text);
    t.match(await gradesOf(app, `QuestionnaireResponse/${first.id}`), [/^diarrhea/, 'pain@5.0 2 amended v2']);
    const withdrawn = await app.send('PUT', `/QuestionnaireResponse/${first.id}`, {
      ...amended,
      id: first.id,
      status: 'entered-in-error',
    });
    t.equal(withdrawn.status, 200, withdrawn.text);
    t.match(await gradesOf(app, `QuestionnaireResponse/${first.id}`), [/^diarrhea/, 'pain@5.0 2 entered-in-error v3']);
    t.match(await pain(), { status: 'entered-in-error' });
  });

  await t.test('a response that is not complete is not graded', async (t) => {
    const patient = await aPatient(app);
    const draft = aSymptomReport(patient, '2026-11-17T08:00:00Z', SEVERE, { status: 'in-progress' });
    const { id } = await post(app, draft);
    t.strictSame(await gradesOf(app, `QuestionnaireResponse/${id}`), []);
  });

  await t.test('$evaluate says the same and writes nothing', async (t) => {
    const patient = await aPatient(app);
    const report = aSymptomReport(patient, '2026-11-17T08:00:00Z', { ...SEVERE, ...STOOLS });
    const { status, body } = await app.send('POST', '/QuestionnaireResponse/$evaluate', report);
    t.equal(status, 200);
    t.strictSame(
      named(body, 'finding')
        .map((one) => partOf(one, 'term')?.valueCoding?.code)
        .sort(),
      ['diarrhea', 'pain'],
    );
    t.equal(named(body, 'flag').length, 2);
    t.strictSame(await flagsOf(app, patient), []);
  });

  await t.test('both versions stand side by side where a study asks for them', async (t) => {
    const patient = await aPatient(app);
    const versions = ['5.0', '6.0'].map((valueCode) => ({
      url: `${BASE}/StructureDefinition/ctcae-versions`,
      valueCode,
    }));
    const study = await post(app, { resourceType: 'ResearchStudy', status: 'active', extension: versions });
    await post(app, {
      resourceType: 'ResearchSubject',
      status: 'on-study',
      study: { reference: `ResearchStudy/${study.id}` },
      individual: { reference: patient },
    });
    const { id } = await post(app, aSymptomReport(patient, '2026-11-17T08:00:00Z', SEVERE));
    t.match(await gradesOf(app, `QuestionnaireResponse/${id}`), [
      /^diarrhea@5\.0/,
      /^diarrhea@6\.0/,
      'pain@5.0 3 final v1',
      'pain@6.0 3 final v1',
    ]);
    t.equal((await flagsOf(app, patient)).length, 2);
  });

  await t.test('a form whose items cannot be graded is refused', async (t) => {
    const unfit = structuredClone(SYMPTOM_FORM);
    const severity = unfit.item?.[1];
    severity?.answerOption?.pop();
    const { status, body } = await app.send('POST', '/Questionnaire', { ...unfit, version: '2.0.0' });
    t.equal(status, 422);
    t.match(body.issue, [{ diagnostics: /pain\.severity .*cannot be graded by CTCAE: its options lack severe/ }]);
  });

  await t.test('the codes are a CodeSystem that can be asked', async (t) => {
    const { status, body } = await app.send(
      'GET',
      `/CodeSystem/$lookup?system=${CTCAE_ANSWER}&code=${encodeURIComponent('pain.limitsIADL')}`,
    );
    t.equal(status, 200, JSON.stringify(body));
    t.equal(named(body, 'display')[0]?.valueString, 'Pain: limits instrumental activities of daily living');
  });

  await t.test('a fact that a result states decides, and stands in what is derived from it', async (t) => {
    const patient = await aPatient(app);
    const sodium = (at: string, component: object[]) => ({
      ...aResult(patient, { loinc: '2951-2', value: 127, unit: 'mmol/L', at, low: 135, high: 145 }),
      ...(component.length > 0 ? { component } : {}),
    });
    const code = { coding: [{ system: `${BASE}/CodeSystem/clinical-fact`, code: 'symptomatic' }] };
    const open = await post(app, sodium('2026-11-16T08:00:00Z', []));
    t.match(await gradesOf(app, `Observation/${open.id}`), [/^hypernatremia@5\.0 0/, /^hyponatremia@5\.0 2-3/]);
    const { id } = await post(app, sodium('2026-11-17T08:00:00Z', [{ code, valueBoolean: true }]));
    t.match(await gradesOf(app, `Observation/${id}`), [/^hypernatremia@5\.0 0/, /^hyponatremia@5\.0 3/]);
    const { body } = await app.send('GET', `/Observation?derived-from=Observation/${id}`);
    const [derived]: Observation[] = body.entry.map(({ resource }: { resource: Observation }) => resource);
    t.match(derived?.component?.at(-1), { code, valueBoolean: true });
    const [flag] = (await app.send('GET', `/Flag?patient=${patient}`)).body.entry;
    const explained: Parameters = (await app.send('GET', `/Flag/${flag.resource.id}/$explain`)).body;
    t.match(named(explained, 'text')[0]?.valueString, /Stated with the result: with symptoms \(yes\)\./);
  });

  await t.test('every decision comes out equal when it is computed once more', async (t) => {
    const outcomes = await replays();
    t.ok(outcomes.length >= 8, String(outcomes.length));
    t.strictSame([...new Set(outcomes)], ['equal']);
  });
});
