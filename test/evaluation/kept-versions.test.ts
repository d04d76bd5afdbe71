import type { Parameters, Provenance } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import type { CtcaeVersion } from '../../src/rules/finding.ts';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import { aResult, flagsOf, gradesOf, LADDER_POLICY, NEUTROPHILS, post } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';
import { type Answers, aSymptomReport, SYMPTOM_FORM } from '../support/symptom-form.ts';

const AT = '2026-11-10T08:00:00Z';
const TERM = 'neutrophil_count_decreased';

const anc = (patient: string, value = 0.4) =>
  aResult(patient, { loinc: NEUTROPHILS, value, unit: '10*9/L', low: 1.8, high: 7, at: AT });

/** A service, and how its setting is changed: what a restart with another one comes to. */
async function anApp(
  t: Test,
  versions: CtcaeVersion[],
): Promise<TestApp & { restart(versions: CtcaeVersion[]): void }> {
  const app = await testApp({ now: () => NOW, change: (deps) => Object.assign(deps, { ctcaeVersions: versions }) });
  t.teardown(() => app.close());
  return { ...app, restart: (ctcaeVersions) => void Object.assign(app.deps, { ctcaeVersions }) };
}

async function put(app: TestApp, resource: { resourceType: string; id?: string }): Promise<void> {
  const answer = await app.send('PUT', `/${resource.resourceType}/${resource.id}`, resource);
  t.equal(answer.status, 200, answer.text);
}

const ofTerm = async (app: TestApp, id: string): Promise<string[]> =>
  (await gradesOf(app, `Observation/${id}`)).filter((text) => text.startsWith(TERM));

async function enrol(app: TestApp, patient: string, version: CtcaeVersion): Promise<void> {
  const study = await post(app, {
    resourceType: 'ResearchStudy',
    status: 'active',
    extension: [{ url: `${CANONICAL}/StructureDefinition/ctcae-versions`, valueCode: version }],
  } as { resourceType: string });
  await post(app, {
    resourceType: 'ResearchSubject',
    status: 'on-study',
    study: { reference: `ResearchStudy/${study.id}` },
    individual: { reference: patient },
  } as { resourceType: string });
}

t.test('an amended result stays graded by the versions that it was graded by', async (t) => {
  const app = await anApp(t, ['5.0', '6.0']);
  await post(app, LADDER_POLICY);
  const patient = await aPatient(app);
  const { id } = await post(app, anc(patient));
  t.same(await ofTerm(app, id), [`${TERM}@5.0 4 final v1`, `${TERM}@6.0 3 final v1`]);
  const flags = ['5.0 grade 4', '6.0 grade 3'].map(
    (grade) => `active v1 Neutrophil count decreased: CTCAE ${grade} (0.4 10*9/L, laboratory)`,
  );
  t.same(await flagsOf(app, patient), flags);

  app.restart(['5.0']);
  const note = [{ text: 'Checked' }];
  await put(app, { ...anc(patient), id, status: 'amended', note } as { resourceType: string });
  t.match(await ofTerm(app, id), [`${TERM}@5.0 4 `, `${TERM}@6.0 3 `]);
  t.notMatch((await ofTerm(app, id)).join(), /entered-in-error/);
  t.same(await flagsOf(app, patient), flags, 'nothing is taken back');

  await put(app, { ...anc(patient, 0.6), id, status: 'corrected' } as { resourceType: string });
  t.match(await ofTerm(app, id), [`${TERM}@5.0 3 `, `${TERM}@6.0 2 `], 'a corrected value is graded by them too');

  const later = await post(app, { ...anc(patient), effectiveDateTime: '2026-11-12T08:00:00Z' });
  t.same(await ofTerm(app, later.id), [`${TERM}@5.0 4 final v1`], 'a new result is graded as the site says now');

  const { body } = await app.send('GET', '/Provenance?_count=50');
  const outcomes = await Promise.all(
    body.entry.map(async ({ resource }: { resource: Provenance }) => {
      const answer = await app.send('GET', `/Provenance/${resource.id}/$replay`);
      return (answer.body as Parameters).parameter?.find(({ name }) => name === 'outcome')?.valueCode;
    }),
  );
  t.same([...new Set(outcomes)], ['equal']);
});

t.test('nor does a study that the patient has joined or left since regrade what is amended', async (t) => {
  const app = await anApp(t, ['5.0']);
  const patient = await aPatient(app);
  const { id } = await post(app, anc(patient));
  await enrol(app, patient, '6.0');
  await put(app, { ...anc(patient), id, status: 'amended' } as { resourceType: string });
  t.match(await ofTerm(app, id), [`${TERM}@5.0 4 amended`]);
  const inside = await post(app, { ...anc(patient), effectiveDateTime: '2026-11-12T08:00:00Z' });
  t.same(await ofTerm(app, inside.id), [`${TERM}@6.0 3 final v1`]);
  const [subject] = (await app.send('GET', `/ResearchSubject?patient=${patient}`)).body.entry;
  await put(app, { ...subject.resource, status: 'withdrawn' });
  await put(app, {
    ...anc(patient),
    effectiveDateTime: '2026-11-12T08:00:00Z',
    id: inside.id,
    status: 'amended',
  } as { resourceType: string });
  t.match(await ofTerm(app, inside.id), [`${TERM}@6.0 3 amended`]);
});

t.test('so it is with structured answers; what was withdrawn and comes again is graded anew', async (t) => {
  const app = await anApp(t, ['5.0', '6.0']);
  await post(app, SYMPTOM_FORM);
  const patient = await aPatient(app);
  const severe: Answers = {
    'pain.present': true,
    'pain.severity': 'severe',
    'pain.limitsIADL': false,
    'pain.limitsSelfCare': false,
  };
  const { id } = await post(app, aSymptomReport(patient, AT, severe));
  app.restart(['5.0']);
  const pain = async () =>
    (await gradesOf(app, `QuestionnaireResponse/${id}`)).filter((text) => text.startsWith('pain@'));
  const amend = (status: 'amended' | 'entered-in-error') =>
    put(app, { ...aSymptomReport(patient, AT, severe, { status }), id });
  await amend('amended');
  t.notMatch((await pain()).join(), /entered-in-error/);
  t.equal((await pain()).length, 2);
  await amend('entered-in-error');
  await amend('amended');
  t.match(await pain(), [/^pain@5\.0 3 (?!entered)/, /^pain@6\.0 3 entered-in-error/]);
});
