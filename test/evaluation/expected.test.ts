import type { Encounter, PlanDefinition, Questionnaire, QuestionnaireResponse } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { type TestApp, testApp } from '../support/app.ts';
import { flagsOf, post } from '../support/observations.ts';
import { aPlan, aReportingPolicy, dueSlots, MONDAYS, type PlanOptions, sweep, WEEKLY } from '../support/plans.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';

const POLICY = aReportingPolicy('reporting', [
  ['open', "%finding.term = 'missing-report' and %finding.min >= 1", 'PL'],
  ['close', "%finding.term = 'missing-report' and %finding.max = 0"],
]);

/** A Sunday: the first slot begins on the day after, at 08:00 UTC. */
const SUNDAY = '2026-11-01T12:00:00.000Z';

interface Story {
  app: TestApp;
  patient: string;
  form: Questionnaire;
  /** Moves the service's clock, and does what is due then. */
  at(now: string): Promise<void>;
  /** Moves the service's clock only. */
  clock(now: string): void;
  /** A response of that moment; gives it. */
  answers(authored: string, extra?: Partial<QuestionnaireResponse>): Promise<QuestionnaireResponse & { id: string }>;
  flags(): Promise<string[]>;
  due(): Promise<string[]>;
}

async function story(t: Test, policies: readonly PlanDefinition[] = [POLICY]): Promise<Story> {
  let now = SUNDAY;
  const app = await testApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  for (const policy of policies) await post(app, policy);
  const [patient, form] = await Promise.all([aPatient(app), weeklyForm(app)]);
  return {
    app,
    patient,
    form,
    async at(moment) {
      now = moment;
      await sweep(app);
    },
    clock(moment) {
      now = moment;
    },
    answers: (authored, extra) => post(app, aResponse(form, patient, authored, { PROCTCAE_16A_SCL: 0 }, extra)),
    flags: () => flagsOf(app, patient),
    due: () => dueSlots(app, patient),
  };
}

const plan = (story: Story, options: PlanOptions = {}) => post(story.app, aPlan(story.patient, MONDAYS, options));

t.test('writing a plan says when the first report is waited for; an answer moves it on', async (t) => {
  const s = await story(t);
  await plan(s);
  t.same(await s.due(), ['2026-11-09T08:00:00.000Z']);
  s.clock('2026-11-03T10:00:00.000Z');
  await s.answers('2026-11-03T10:00:00Z');
  t.same(await s.due(), ['2026-11-16T08:00:00.000Z']);
  await s.answers('2026-11-03T11:00:00Z');
  t.same(await s.due(), ['2026-11-16T08:00:00.000Z'], 'a further one moves nothing');
  await s.at('2026-11-09T09:00:00.000Z');
  t.same(await s.flags(), []);
});

t.test('a plan may name any version of a form, also one that is not held, and a form that is retired', async (t) => {
  const s = await story(t);
  await plan(s, { form: `${WEEKLY}|99` });
  t.same(await s.due(), ['2026-11-09T08:00:00.000Z']);
  const own: Questionnaire = {
    resourceType: 'Questionnaire',
    status: 'retired',
    url: 'https://hospital.example/Questionnaire/own',
    item: [{ linkId: 'a', type: 'string', text: 'How are you?' }],
  };
  await post(s.app, own);
  const other = await aPatient(s.app);
  await post(s.app, aPlan(other, MONDAYS, { form: own.url ?? '' }));
  t.same(await dueSlots(s.app, other), ['2026-11-09T08:00:00.000Z']);
});

t.test('what else a plan asks for, and in which order, does not hide that a report is missing', async (t) => {
  const s = await story(t);
  const first = await plan(s);
  const walk = { detail: { status: 'scheduled', description: 'A walk' } } as const;
  s.clock('2026-11-05T12:00:00.000Z');
  const put = await s.app.send('PUT', `/CarePlan/${first.id}`, {
    ...first,
    activity: [walk, ...(first.activity ?? [])],
  });
  t.equal(put.status, 200);
  t.same(await s.due(), ['2026-11-09T08:00:00.000Z'], 'the week that has begun is waited for');
  await s.at('2026-11-09T08:00:00.000Z');
  t.match(await s.flags(), [/^active v1 Report missing.* 2026-11-02\)$/]);
});

t.test('a slot without a report becomes a Flag, once; the next answer closes it', async (t) => {
  const s = await story(t);
  await plan(s);
  await s.at('2026-11-09T07:59:59.000Z');
  t.same(await s.flags(), []);
  await s.at('2026-11-09T08:00:00.000Z');
  t.same(await s.flags(), [
    'active v1 Report missing: no answer came when one was expected (PRO-CTCAE, suivi hebdomadaire, 12 symptômes (démonstration), 2026-11-02)',
  ]);
  t.same(await s.due(), ['2026-11-16T08:00:00.000Z']);
  await s.at('2026-11-30T12:00:00.000Z');
  t.same(
    s.app.log.filter((line) => line.includes('failed')),
    [],
  );
  t.equal((await s.flags()).length, 1, 'three weeks of silence are one Flag');
  t.same(await s.due(), ['2026-12-07T08:00:00.000Z']);
  await s.answers('2026-11-30T12:00:00Z');
  t.match(await s.flags(), [/^inactive v\d Report missing: answered again/]);
  t.same(await s.due(), ['2026-12-14T08:00:00.000Z']);
});

t.test('a Flag about a missing report names the plan, the form and the policy', async (t) => {
  const s = await story(t);
  const { id } = await plan(s);
  await s.at('2026-11-09T08:00:00.000Z');
  const flag = (await s.app.send('GET', `/Flag?patient=${s.patient}`)).body.entry[0].resource;
  const details = flag.extension.filter(({ url }: { url: string }) => url.endsWith('/flag-detail'));
  t.same(
    details.map(({ valueReference }: { valueReference: object }) => valueReference),
    [{ reference: `CarePlan/${id}` }],
  );
  t.match(flag.code.coding, [{ system: /CodeSystem\/monitoring$/, code: 'missing-report', display: 'Report missing' }]);
  const explained = await s.app.send('GET', `/Flag/${flag.id}/$explain`);
  t.equal(explained.status, 200, explained.text);
  t.match(explained.text, 'no answer came when one was expected');
  t.match(explained.text, /Report missing, report of .* A Flag was opened at /, 'by its record');
  const french = await s.app.send('GET', `/Flag/${flag.id}/$explain?language=fr`);
  t.match(
    french.text,
    /Réponse manquante, .* aucune réponse reçue au moment attendu\. .* Une alerte a été ouverte en /,
  );
  const provenance = (await s.app.send('GET', `/Provenance?target=Flag/${flag.id}`)).body.entry[0].resource;
  t.match(provenance.entity[0].what, { reference: `CarePlan/${id}/_history/1` });
  const replayed = await s.app.send('POST', `/Provenance/${provenance.id}/$replay`);
  t.match(replayed.text, '"equal"');
});

t.test('a report from an offline phone takes back what was called missing', async (t) => {
  const s = await story(t);
  await plan(s);
  await s.at('2026-11-09T08:00:00.000Z');
  s.clock('2026-11-10T08:00:00.000Z');
  await s.answers('2026-11-05T08:00:00Z');
  t.match(await s.flags(), [/^entered-in-error v\d/]);
  t.same(await s.due(), ['2026-11-16T08:00:00.000Z'], 'the next slot is waited for all the same');
});

t.test('a report that is withdrawn is missing', async (t) => {
  const s = await story(t);
  await plan(s);
  s.clock('2026-11-04T08:00:00.000Z');
  const answer = await s.answers('2026-11-04T08:00:00Z');
  t.same(await s.due(), ['2026-11-16T08:00:00.000Z']);
  await s.app.send('PUT', `/QuestionnaireResponse/${answer.id}`, { ...answer, status: 'entered-in-error' });
  await s.at('2026-11-04T09:00:00.000Z');
  t.same(await s.due(), ['2026-11-09T08:00:00.000Z'], 'its slot is waited for again');
  const again = await s.answers('2026-11-04T10:00:00Z');
  await s.at('2026-11-10T08:00:00.000Z');
  t.same(await s.flags(), []);
  await s.app.send('PUT', `/QuestionnaireResponse/${again.id}`, { ...again, status: 'entered-in-error' });
  await s.at('2026-11-10T09:00:00.000Z');
  t.match(await s.flags(), [/^active v\d Report missing/], 'also where its slot has passed');
});

t.test(
  'nobody is called because somebody who has died does not answer; a mistake hides nothing that comes after it',
  async (t) => {
    const s = await story(t);
    await plan(s);
    const { body } = await s.app.send('GET', `/${s.patient}`);
    const told = async (extra: object): Promise<void> => {
      t.equal((await s.app.send('PUT', `/${s.patient}`, { ...body, ...extra })).status, 200);
    };
    await told({ deceasedDateTime: '2026-11-20' });
    await s.at('2026-11-09T08:00:00.000Z');
    t.match(await s.flags(), [/^active v1 Report missing/], 'before the day of death one is missing');
    await s.at('2026-11-09T09:00:00.000Z');
    await s.answers('2026-11-09T08:30:00Z');
    await s.at('2026-11-24T08:00:00.000Z');
    t.match(await s.flags(), [/^inactive/], 'after it none is');
    await told({ deceasedBoolean: true });
    await s.at('2026-12-01T08:00:00.000Z');
    t.match(await s.flags(), [/^inactive/]);
    await told({ deceasedBoolean: false });
    await s.at('2026-12-08T08:00:00.000Z');
    t.equal((await s.flags()).filter((flag) => flag.startsWith('active')).length, 1);
  },
);

t.test('a clock that is put back takes nothing back that was called missing', async (t) => {
  const s = await story(t);
  await plan(s);
  await s.at('2026-11-09T08:00:00.000Z');
  s.clock('2026-11-08T08:00:00.000Z');
  const stay: Encounter = {
    resourceType: 'Encounter',
    status: 'finished',
    class: { code: 'IMP' },
    subject: { reference: s.patient },
    period: { start: '2026-11-04T08:00:00Z', end: '2026-11-05T08:00:00Z' },
  };
  await post(s.app, stay);
  await s.at('2026-11-08T09:00:00.000Z');
  t.match(await s.flags(), [/^active v1 Report missing/]);
  await s.at('2026-11-10T08:00:00.000Z');
  t.match(await s.flags(), [/^active v1 Report missing/], 'nor is it said twice');
  t.same(await s.due(), ['2026-11-16T08:00:00.000Z']);
});

t.test('late is said once the slot has ended', async (t) => {
  const s = await story(t, [
    aReportingPolicy('late', [['open', "%finding.term = 'late-report' and %finding.min >= 1", 'PL']]),
  ]);
  await plan(s, { window: { length: [2, 'd'], grace: [12, 'h'] } });
  t.same(await s.due(), ['2026-11-04T20:00:00.000Z']);
  s.clock('2026-11-04T08:00:00.000Z');
  await s.answers('2026-11-04T08:00:00Z');
  t.same(await s.flags(), [], 'at its end it is in time');
  s.clock('2026-11-11T08:00:01.000Z');
  await s.answers('2026-11-11T08:00:01Z');
  t.match(await s.flags(), [/^active v\d Report late/]);
});

t.test('two plans: one form that is missing stays so, whatever comes of the other', async (t) => {
  const s = await story(t);
  const vitals = 'https://vigie.example/fhir/Questionnaire/vital-signs';
  const daily = { repeat: { period: 1, periodUnit: 'd' as const, timeOfDay: ['09:00:00'] } };
  await plan(s);
  await post(s.app, aPlan(s.patient, daily, { form: vitals }));
  t.same(
    await s.due(),
    ['2026-11-03T08:00:00.000Z', '2026-11-09T08:00:00.000Z'],
    'a day and a week from the first of them',
  );
  s.clock('2026-11-02T07:00:00.000Z');
  await s.answers('2026-11-02T07:00:00Z');
  t.same(
    await s.due(),
    ['2026-11-03T08:00:00.000Z', '2026-11-09T08:00:00.000Z'],
    'before the first Monday: nothing is met',
  );
  await s.at('2026-11-03T08:00:00.000Z');
  t.match(await s.flags(), [/^active v\d Report missing.*Constantes/]);
  s.clock('2026-11-03T09:00:00.000Z');
  await s.answers('2026-11-03T09:00:00Z');
  t.match(await s.flags(), [/^active v\d Report missing.*Constantes/], 'an answer to the other form closes nothing');
});

t.test('two plans for one form: one answer meets both', async (t) => {
  const s = await story(t);
  await plan(s);
  await post(s.app, aPlan(s.patient, { repeat: { period: 1, periodUnit: 'd', timeOfDay: ['09:00:00'] } }));
  s.clock('2026-11-02T09:00:00.000Z');
  await s.answers('2026-11-02T09:00:00Z');
  t.same(await s.due(), ['2026-11-04T08:00:00.000Z', '2026-11-16T08:00:00.000Z'], 'the next day, and the next week');
  await s.at('2026-11-02T10:00:00.000Z');
  t.same(await s.due(), ['2026-11-04T08:00:00.000Z', '2026-11-16T08:00:00.000Z']);
});

t.test('nothing is expected in hospital, on holiday and on hold', async (t) => {
  const s = await story(t);
  const created = await plan(s, { pauses: [{ start: '2026-11-23', end: '2026-11-30' }] });
  const stay = await post(s.app, {
    resourceType: 'Encounter',
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject: { reference: s.patient },
    period: { start: '2026-11-05T10:00:00Z' },
  });
  t.same(await s.due(), [], 'nobody knows until when');
  await s.at('2026-11-12T10:00:00.000Z');
  await s.app.send('PUT', `/Encounter/${stay.id}`, {
    ...stay,
    status: 'finished',
    period: { ...stay.period, end: '2026-11-12T10:00:00Z' },
  });
  await s.at('2026-11-12T10:00:01.000Z');
  t.same(await s.due(), ['2026-11-16T08:00:00.000Z'], 'the week in which the patient came home');
  s.clock('2026-11-13T10:00:00.000Z');
  await s.answers('2026-11-13T10:00:00Z');
  t.same(await s.due(), ['2026-12-07T08:00:00.000Z'], 'two Mondays fall into the holiday');
  await s.app.send('PUT', `/CarePlan/${created.id}`, { ...created, status: 'on-hold' });
  t.same(await s.due(), []);
  await s.at('2026-12-10T08:00:00.000Z');
  const { body: held } = await s.app.send('GET', `/CarePlan/${created.id}`);
  await s.app.send('PUT', `/CarePlan/${created.id}`, { ...held, status: 'active' });
  await s.at('2026-12-10T08:00:01.000Z');
  t.same(await s.due(), ['2026-12-14T08:00:00.000Z']);
  t.same(await s.flags(), []);
});

t.test('a stay that is told afterwards takes back what was called missing', async (t) => {
  const s = await story(t);
  await plan(s);
  await s.at('2026-11-17T08:00:00.000Z');
  t.match(await s.flags(), [/^active v\d/]);
  const stay = await post(s.app, {
    resourceType: 'Encounter',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject: { reference: s.patient },
    period: { start: '2026-11-05T10:00:00Z', end: '2026-11-16T12:00:00Z' },
  });
  await s.at('2026-11-17T08:00:01.000Z');
  t.match(await s.flags(), [/^entered-in-error v\d/]);
  t.same(await s.due(), ['2026-11-23T08:00:00.000Z']);
  await s.app.send('DELETE', `/Encounter/${stay.id}`);
  await s.at('2026-11-17T08:00:02.000Z');
  t.match(await s.flags(), [/^active v\d/], 'and it is missing again when there was no such stay');
});

t.test('a plan that changes, ends, is deleted or was an error', async (t) => {
  const s = await story(t);
  const created = await plan(s);
  await s.at('2026-11-09T08:00:00.000Z');
  s.clock('2026-11-11T12:00:00.000Z');
  const thursdays = { repeat: { dayOfWeek: ['thu' as const], timeOfDay: ['09:00:00'] } };
  const changed = aPlan(s.patient, thursdays, { id: created.id });
  t.equal((await s.app.send('PUT', `/CarePlan/${created.id}`, changed)).status, 200);
  t.same(await s.due(), ['2026-11-12T08:00:00.000Z'], 'the week that goes on by the new days');
  await s.at('2026-11-12T08:00:00.000Z');
  t.same(await s.due(), ['2026-11-19T08:00:00.000Z']);
  t.match(await s.flags(), [/^active v\d/], 'one Flag');
  s.clock('2026-11-13T12:00:00.000Z');
  await s.answers('2026-11-04T12:00:00Z');
  t.match(await s.flags(), [/^active v\d.*2026-11-05/], 'an answer of the time of the earlier days counts for them');
  await s.app.send('PUT', `/CarePlan/${created.id}`, { ...changed, status: 'completed' });
  t.same(await s.due(), []);
  const other = await plan(s);
  t.equal((await s.due()).length, 1);
  await s.app.send('DELETE', `/CarePlan/${other.id}`);
  t.same(await s.due(), []);
  await s.app.send('PUT', `/CarePlan/${created.id}`, { ...changed, status: 'entered-in-error' });
  await s.at('2026-11-13T12:00:01.000Z');
  t.match((await s.flags()).join(), /^entered-in-error/, 'what was called missing by it never was expected');
  t.same(await s.due(), []);
});

t.test('a timing that cannot be read is refused, of plans that ask for forms of ours', async (t) => {
  const s = await story(t);
  const morning = { repeat: { frequency: 1, period: 1, periodUnit: 'd' as const, when: ['MORN' as const] } };
  const refused = await s.app.send('POST', '/CarePlan', aPlan(s.patient, morning));
  t.equal(refused.status, 422);
  t.match(refused.body.issue, [
    { code: 'not-supported', expression: ['CarePlan.activity[0].detail.scheduledTiming.repeat.when'] },
  ]);
  const foreign = aPlan(s.patient, morning, { form: 'https://elsewhere.example/Questionnaire/diary' });
  t.equal((await s.app.send('POST', '/CarePlan', foreign)).status, 201);
  t.same(await s.due(), []);
});

t.test('a request asks as a plan does; an outpatient visit pauses nothing', async (t) => {
  const s = await story(t);
  await post(s.app, {
    resourceType: 'ServiceRequest',
    status: 'active',
    intent: 'order',
    subject: { reference: s.patient },
    authoredOn: '2026-11-01T12:00:00Z',
    extension: [
      {
        url: 'http://hl7.org/fhir/StructureDefinition/servicerequest-questionnaireRequest',
        valueReference: { reference: `Questionnaire/${s.form.id}` },
      },
    ],
    occurrencePeriod: { start: '2026-11-03T08:00:00Z', end: '2026-11-05T08:00:00Z' },
  });
  await post(s.app, {
    resourceType: 'Encounter',
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject: { reference: s.patient },
  });
  t.same(await s.due(), ['2026-11-05T08:00:00.000Z']);
  await s.at('2026-11-05T08:00:00.000Z');
  t.match(await s.flags(), [/^active v\d Report missing/]);
  t.same(await s.due(), [], 'it was one');
});

t.test('how a response was answered is told where the app says when it began', async (t) => {
  const s = await story(t, [
    aReportingPolicy('haste', [
      ['open', "%finding.term = 'implausibly-fast' and %finding.answeringTime < 5", 'PL'],
      ['close', "%finding.term = 'implausibly-fast' and %finding.answeringTime >= 5"],
      ['open', "%finding.term = 'straight-lined' and %finding.min >= 1 and %finding.highestAnswer > 0", 'PL'],
    ]),
  ]);
  const began = (valueDateTime: string) => ({
    extension: [{ url: 'https://vigie.example/fhir/StructureDefinition/answering-started', valueDateTime }],
  });
  const scores = { PROCTCAE_16A_SCL: 0, PROCTCAE_9A_SCL: 0 };
  const of = (authored: string, extra: object, given: Record<string, number> = scores) =>
    post(s.app, aResponse(s.form, s.patient, authored, given, extra));
  s.clock('2026-11-01T14:00:00.000Z');
  await of('2026-11-01T13:00:05Z', began('2026-11-01T13:00:00Z'));
  t.same(await s.flags(), [], 'five seconds are not below five');
  await of('2026-11-01T13:10:04Z', began('2026-11-01T13:10:00Z'));
  t.same(await s.flags(), ['active v1 Answered fast: answered implausibly fast (2 answers in 4 s)']);
  await of('2026-11-01T13:20:00Z', began('2026-11-01T13:19:00Z'));
  t.match(await s.flags(), [/^inactive v\d Answered fast/]);
  await of('2026-11-01T13:30:00Z', began('2026-11-01T13:31:00Z'));
  t.equal((await s.flags()).length, 1, 'a clock that goes backwards tells nothing');
});

t.test('a patient who lives in another zone answers by its clock', async (t) => {
  const s = await story(t);
  const { body } = await s.app.send('GET', `/${s.patient}`);
  await s.app.send('PUT', `/${s.patient}`, {
    ...body,
    extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/timezone', valueCode: 'America/Martinique' }],
  });
  await plan(s);
  t.same(await s.due(), ['2026-11-09T13:00:00.000Z']);
});
