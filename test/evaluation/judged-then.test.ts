import type { Parameters, Provenance } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import { aPolicy, aResult, flagsOf, NEUTROPHILS, POTASSIUM, post } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';

const at = (day: number) => `2026-11-${String(day).padStart(2, '0')}T08:00:00Z`;

const anc = (patient: string, day: number) =>
  aResult(patient, { loinc: NEUTROPHILS, value: 0.8, unit: '10*9/L', low: 1.8, high: 7, at: at(day) });

const potassium = (patient: string, day: number) =>
  aResult(patient, { loinc: POTASSIUM, value: 4, unit: 'mmol/L', low: 3.5, high: 5, at: at(day) });

const ofGender = (gender: string) =>
  aPolicy(gender, [['open', `%patient.gender = '${gender}' and %finding.kind = 'ladder' and %finding.min >= 3`, 'PH']]);

async function anApp(t: Test): Promise<TestApp> {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  return app;
}

async function put(app: TestApp, resource: { resourceType: string; id?: string }): Promise<void> {
  const answer = await app.send('PUT', `/${resource.resourceType}/${resource.id}`, resource);
  t.equal(answer.status, 200, answer.text);
}

const correct = (app: TestApp, patient: string, gender: string): Promise<void> =>
  put(app, { resourceType: 'Patient', id: patient.slice('Patient/'.length), gender } as { resourceType: string });

t.test('a report stays judged by the gender that was known when it came in', async (t) => {
  const app = await anApp(t);
  await post(app, ofGender('female'));
  await post(app, ofGender('male'));
  const patient = await aPatient(app);
  const first = await post(app, anc(patient, 5));
  t.match(await flagsOf(app, patient), [/^active v1 Neutrophil/]);
  const decidedBy = async (): Promise<string> => {
    const { body } = await app.send('GET', `/Flag?patient=${patient}`);
    return JSON.stringify(body.entry[0].resource.extension).match(/PlanDefinition\/(\w+)/)?.[1] ?? '';
  };
  t.equal(await decidedBy(), 'female');
  await correct(app, patient, 'male');
  await post(app, potassium(patient, 1));
  t.match(await flagsOf(app, patient), [/^active v1 Neutrophil/], 'folded anew by a late result');
  // A late result of the same term is judged by what is known now, the first by what was known then: both steps are in one record.
  await post(app, anc(patient, 4));
  t.equal(await decidedBy(), 'male', 'the late one opens');
  const { body } = await app.send('GET', `/Provenance?_count=50`);
  const replays = await Promise.all(
    body.entry.map(async ({ resource }: { resource: Provenance }) => {
      const answer = await app.send('GET', `/Provenance/${resource.id}/$replay`);
      return (answer.body as Parameters).parameter?.find(({ name }) => name === 'outcome')?.valueCode;
    }),
  );
  t.same([...new Set(replays)], ['equal']);

  await put(app, { ...anc(patient, 5), id: first.id, status: 'amended' } as { resourceType: string });
  t.equal(await decidedBy(), 'male', 'an amendment is a new statement');
});

t.test('what no policy asks of the patient is not kept with the report', async (t) => {
  const app = await anApp(t);
  const kept = async (): Promise<boolean> => {
    const patient = await aPatient(app);
    await post(app, anc(patient, 5));
    const [row] = await app.deps.db.read<{ content: string }>(
      'a-report',
      'select content from report where patient = $1',
      [patient.slice('Patient/'.length)],
    );
    return JSON.parse(row?.content ?? '{}').person !== undefined;
  };
  t.notOk(await kept());
  await post(app, ofGender('female'));
  t.ok(await kept());
});

t.test('an amendment is judged by the policies that are active when it comes in', async (t) => {
  const app = await anApp(t);
  const policy = (name: string, priority: 'PL' | 'PH') =>
    aPolicy(name, [['open', "%finding.kind = 'ladder' and %finding.min >= 3", priority]]);
  const old = await post(app, policy('old', 'PL'));
  const [amended, left] = [await aPatient(app), await aPatient(app)];
  const first = await post(app, anc(amended, 5));
  const other = await post(app, anc(left, 5));
  await put(app, { ...old, status: 'retired' });
  const priorities = async (patient: string): Promise<string[]> => {
    const { body } = await app.send('GET', `/Flag?patient=${patient}`);
    return body.entry.map(
      ({
        resource,
      }: {
        resource: { status: string; extension: { valueCodeableConcept: { coding: { code: string }[] } }[] };
      }) => `${resource.status} ${resource.extension[0]?.valueCodeableConcept.coding[0]?.code}`,
    );
  };
  await post(app, policy('new', 'PH'));
  await put(app, { ...anc(amended, 5), id: first.id, status: 'amended' } as { resourceType: string });
  await post(app, potassium(left, 1));
  t.same(await priorities(amended), ['active PH'], 'by the new policy');
  t.same(await priorities(left), ['active PL'], 'what was only folded anew stays judged by the old one');
  await post(app, potassium(amended, 1));
  t.same(await priorities(amended), ['active PH'], 'and the amendment stays judged by the new one');

  const { body } = await app.send('GET', '/PlanDefinition?url=https://hospital.example/PlanDefinition/new');
  await put(app, { ...body.entry[0].resource, status: 'retired' });
  await put(app, { ...anc(left, 5), id: other.id, status: 'amended' } as { resourceType: string });
  t.same(await priorities(left), ['entered-in-error PL'], 'no policy that is active says so any more');
});
