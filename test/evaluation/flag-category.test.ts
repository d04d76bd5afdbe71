import type { Flag } from '@medplum/fhirtypes';
import t from 'tap';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import { faultyApp } from '../support/faulty.ts';
import { ALT, aResult, LADDER_POLICY, NEUTROPHILS, POTASSIUM, post } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';

const at = (day: number) => `2026-11-${String(day).padStart(2, '0')}T08:00:00Z`;

const anc = (patient: string, value: number, day: number) =>
  aResult(patient, { loinc: NEUTROPHILS, value, unit: '10*9/L', low: 1.8, high: 7, at: at(day) });

const potassium = (patient: string, value: number, day: number) =>
  aResult(patient, { loinc: POTASSIUM, value, unit: 'mmol/L', low: 3.5, high: 5, at: at(day) });

const takesPart = (patient: string, status: string, study: string) => ({
  resourceType: 'ResearchSubject',
  status,
  study: { reference: `ResearchStudy/${study}` },
  individual: { reference: patient },
});

const aStudy = (app: TestApp) => post(app, { resourceType: 'ResearchStudy', status: 'active', title: 'DOSE' });

/** Status, version and categories of each Flag that a search finds. */
async function found(app: TestApp, query: string): Promise<string[]> {
  const { body } = await app.send('GET', `/Flag?${query}`);
  return (body.entry ?? [])
    .map(({ resource }: { resource: Flag }) => {
      const codes = resource.category?.map(({ coding }) => coding?.[0]?.code);
      return `${resource.status} v${resource.meta?.versionId} ${codes?.join()}`;
    })
    .sort();
}

async function ladderApp(t: { teardown(close: () => Promise<void>): void }): Promise<TestApp> {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  await post(app, LADDER_POLICY);
  return app;
}

t.test('the Flags of a participant of a trial are of category research too', async (t) => {
  const app = await ladderApp(t);
  const { id: study } = await aStudy(app);
  const cases: readonly [string, string, boolean][] = [
    ['who is in no study', '', false],
    ['a candidate', 'candidate', true],
    ['who is treated', 'on-study-intervention', true],
    ['who is followed up', 'follow-up', true],
    ['who might become one', 'potential-candidate', false],
    ['who was not eligible', 'ineligible', false],
    ['who has withdrawn', 'withdrawn', false],
    ['whose part is over', 'off-study', false],
  ];
  for (const [name, status, research] of cases) {
    const patient = await aPatient(app);
    if (status) await post(app, takesPart(patient, status, study));
    await post(app, anc(patient, 0.8, 1));
    const category = research ? 'clinical,research' : 'clinical';
    t.same(await found(app, `patient=${patient}`), [`active v1 ${category}`], name);
    t.equal((await found(app, `patient=${patient}&category=research&status=active`)).length, research ? 1 : 0, name);
    t.equal((await found(app, `patient=${patient}&category=clinical`)).length, 1, name);
  }
});

t.test('of two studies one is enough, and one that was deleted is none', async (t) => {
  const app = await ladderApp(t);
  const [left, held] = [await aStudy(app), await aStudy(app)];
  const patient = await aPatient(app);
  await post(app, takesPart(patient, 'withdrawn', left.id));
  const { id } = await post(app, takesPart(patient, 'on-study', held.id));
  await post(app, anc(patient, 0.8, 1));
  t.same(await found(app, `patient=${patient}`), ['active v1 clinical,research']);
  t.equal((await app.send('DELETE', `/ResearchSubject/${id}`)).status, 204);
  await post(app, potassium(patient, 2.7, 2));
  t.same(await found(app, `patient=${patient}`), ['active v1 clinical', 'active v1 clinical,research']);
});

t.test('who joins later is known by the next version; the Flag gets none for that, nor by a refold', async (t) => {
  const app = await ladderApp(t);
  const { id: study } = await aStudy(app);
  const patient = await aPatient(app);
  await post(app, anc(patient, 0.8, 2));
  const { id } = await post(app, takesPart(patient, 'on-study', study));
  await post(app, anc(patient, 0.8, 3));
  t.same(await found(app, `patient=${patient}`), ['active v1 clinical'], 'the same again');
  await post(app, potassium(patient, 4, 1));
  t.same(await found(app, `patient=${patient}`), ['active v1 clinical'], 'folded anew by a late result');
  const worse = await post(app, anc(patient, 0.3, 4));
  t.same(await found(app, `patient=${patient}`), ['active v2 clinical,research'], 'worse');
  const subject = { ...takesPart(patient, 'withdrawn', study), id };
  t.equal((await app.send('PUT', `/ResearchSubject/${id}`, subject)).status, 200);
  const retracted = { ...anc(patient, 0.3, 4), id: worse.id, status: 'entered-in-error' };
  t.equal((await app.send('PUT', `/Observation/${worse.id}`, retracted)).status, 200);
  t.same(await found(app, `patient=${patient}`), ['active v3 clinical'], 'written anew after the withdrawal');
});

t.test('a Flag that is retracted keeps its category', async (t) => {
  const app = await ladderApp(t);
  const { id: study } = await aStudy(app);
  const patient = await aPatient(app);
  const subject = await post(app, takesPart(patient, 'on-study', study));
  const { id } = await post(app, anc(patient, 0.8, 1));
  await app.send('PUT', `/ResearchSubject/${subject.id}`, {
    ...takesPart(patient, 'off-study', study),
    id: subject.id,
  });
  await app.send('PUT', `/Observation/${id}`, { ...anc(patient, 0.8, 1), id, status: 'entered-in-error' });
  t.same(await found(app, `patient=${patient}`), ['entered-in-error v2 clinical,research']);
});

for (const how of ['spent', 'failing'] as const) {
  t.test(`a Flag of what was not evaluated says it as well: ${how}`, async (t) => {
    const { app, catalog, patient } = await faultyApp(t);
    const { id: study } = await aStudy(app);
    await post(app, takesPart(patient, 'on-study', study));
    catalog.how = how;
    await post(app, anc(patient, 0.8, 1));
    t.same(await found(app, `patient=${patient}`), ['active v1 clinical,research']);
  });
}

t.test('nothing more is read for it where a Flag is written', async (t) => {
  const app = await ladderApp(t);
  const patient = await aPatient(app);
  const count = async (resource: object): Promise<number> => {
    const read = app.deps.db.read;
    let facts = 0;
    app.deps.db.read = ((name: string, ...rest: [string, unknown[]]) => {
      if (name === 'patient-facts') facts += 1;
      return read.call(app.deps.db, name, ...rest);
    }) as typeof read;
    await post(app, resource as { resourceType: string });
    app.deps.db.read = read;
    return facts;
  };
  const alt = aResult(patient, { loinc: ALT, value: 20, unit: 'U/L', low: 5, high: 40, at: at(1) });
  const before = await count(alt);
  t.equal(await count(anc(patient, 0.8, 2)), before, 'a Flag opens');
  t.equal(await count(anc(patient, 0.8, 3)), before, 'nothing changes of it');
});
