import type { PlanDefinition, Questionnaire, QuestionnaireResponse } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { type TestApp, testApp } from '../support/app.ts';
import { flagsOf, post } from '../support/observations.ts';
import { aPlan, aReportingPolicy, dueSlots, MONDAYS, type PlanOptions, sweep } from '../support/plans.ts';
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
  t.same(s.app.log.filter((line) => line.includes('failed')), []);
  t.equal((await s.flags()).length, 1, 'three weeks of silence are one Flag');
  t.same(await s.due(), ['2026-12-07T08:00:00.000Z']);
  await s.answers('2026-11-30T12:00:00Z');
  t.match(await s.flags(), [/^inactive v2 Report missing: answered again/]);
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
  t.match(await s.flags(), [/^entered-in-error v2/]);
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
  t.match(await s.flags(), [/^active v1 Report missing/], 'also where its slot has passed');
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
  t.match(await s.flags(), [/^active v1 Report late/]);
});
