import type { CarePlan, Parameters, Questionnaire, QuestionnaireResponse } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { KINDS } from '../../src/jobs/kinds.ts';
import { Scheduler } from '../../src/jobs/scheduler.ts';
import { QUESTIONNAIRE_REQUEST, SDC_QUESTIONNAIRE } from '../../src/rules/calendar/plan.ts';
import { type TestApp, testApp } from '../support/app.ts';
import { flagsOf, post } from '../support/observations.ts';
import { aPlan, aReportingPolicy, dueSlots, MONDAYS, sweep } from '../support/plans.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { secondDeps } from '../support/second.ts';

const OUTCOME = { prefer: 'return=OperationOutcome' };

const POLICY = aReportingPolicy('reporting', [
  ['open', "%finding.term = 'missing-report' and %finding.min >= 1", 'PL'],
  ['close', "%finding.term = 'missing-report' and %finding.max = 0"],
]);

/** A Sunday: the first slot begins on the day after, at 08:00 UTC, and ends a week later. */
const SUNDAY = '2026-11-01T12:00:00.000Z';
const FIRST_END = '2026-11-09T08:00:00.000Z';
const URL = 'https://hospital.example/Questionnaire/own';

const aForm = (extra: Partial<Questionnaire> = {}): Questionnaire => ({
  resourceType: 'Questionnaire',
  status: 'active',
  url: URL,
  version: '1',
  title: 'Own form',
  item: [{ linkId: 'a', type: 'string', text: 'How are you?' }],
  ...extra,
});

const anAnswer = (subject: string, authored: string): QuestionnaireResponse => ({
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  questionnaire: `${URL}|1`,
  subject: { reference: subject },
  authored,
  item: [{ linkId: 'a', answer: [{ valueString: 'Well' }] }],
});

interface Story {
  app: TestApp;
  patient: string;
  /** Moves the service's clock only. */
  clock(now: string): void;
  /** Moves the service's clock, and does what is due then. */
  at(now: string): Promise<void>;
  plan(form?: string, extra?: Partial<CarePlan>): Promise<CarePlan & { id: string }>;
  flags(): Promise<string[]>;
  due(): Promise<string[]>;
  /** State and day of each slot that an app is told of. */
  schedule(): Promise<string[]>;
}

async function story(t: Test): Promise<Story> {
  let now = SUNDAY;
  const app = await testApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  await post(app, POLICY);
  const patient = await aPatient(app);
  return {
    app,
    patient,
    clock(moment) {
      now = moment;
    },
    async at(moment) {
      now = moment;
      await sweep(app);
    },
    plan: (form = URL, extra = {}) => post(app, aPlan(patient, MONDAYS, { form, ...extra })),
    flags: () => flagsOf(app, patient),
    due: () => dueSlots(app, patient),
    async schedule() {
      const { body } = await app.send('GET', `/${patient}/$schedule?from=2026-11-01&to=2026-11-16`);
      const { parameter = [] }: Parameters = body;
      return parameter
        .filter(({ name }) => name === 'slot')
        .map(({ part = [] }) => {
          const of = (name: string) => part.find((one) => one.name === name);
          return `${of('state')?.valueCode} ${of('start')?.valueDateTime?.slice(0, 10)}`;
        });
    },
  };
}

const MISSING = [/^active v1 Report missing.*Own form, 2026-11-02\)$/];

t.test('form before plan: the plan expects at once, and a week of silence is a Flag', async (t) => {
  const s = await story(t);
  await post(s.app, aForm());
  await s.plan();
  t.same(await s.due(), [FIRST_END]);
  t.same(await s.schedule(), ['upcoming 2026-11-02', 'upcoming 2026-11-09', 'upcoming 2026-11-16']);
  await s.at(FIRST_END);
  t.match(await s.flags(), MISSING);
});

t.test('form after plan: the plan expects from then on, and a week of silence is a Flag', async (t) => {
  const s = await story(t);
  await s.plan();
  await s.at('2026-11-01T12:01:00.000Z');
  t.same(await s.due(), []);
  t.same(await s.schedule(), []);
  s.clock('2026-11-01T12:05:00.000Z');
  await post(s.app, aForm());
  await s.at('2026-11-01T12:05:01.000Z');
  t.same(await s.due(), [FIRST_END]);
  t.same(await s.schedule(), ['upcoming 2026-11-02', 'upcoming 2026-11-09', 'upcoming 2026-11-16']);
  await s.at(FIRST_END);
  t.match(await s.flags(), MISSING);
  await s.at('2026-11-30T12:00:00.000Z');
  t.equal((await s.flags()).length, 1, 'three weeks of silence are one Flag');
  await post(s.app, anAnswer(s.patient, '2026-11-30T12:00:00Z'));
  t.match(await s.flags(), [/^inactive v\d Report missing: answered again/]);
});

t.test(
  'form in the midst of a slot: that one is expected, also where the plan was written again meanwhile',
  async (t) => {
    const s = await story(t);
    const plan = await s.plan();
    await s.at('2026-11-02T07:58:00.000Z');
    s.clock('2026-11-02T08:01:00.000Z');
    t.equal((await s.app.send('PUT', `/CarePlan/${plan.id}`, { ...plan, title: 'Weekly' })).status, 200);
    await s.at('2026-11-02T08:02:00.000Z');
    t.same(await s.due(), []);
    s.clock('2026-11-02T08:05:00.000Z');
    await post(s.app, aForm());
    await s.at('2026-11-02T08:06:00.000Z');
    t.same(await s.schedule(), ['due 2026-11-02', 'upcoming 2026-11-09', 'upcoming 2026-11-16']);
    t.equal((await s.app.send('PUT', `/CarePlan/${plan.id}`, { ...plan, title: 'Each week' })).status, 200);
    t.same(await s.due(), [FIRST_END], 'a plan that is written once more goes on');
    await s.at(FIRST_END);
    t.match(await s.flags(), MISSING);
  },
);

t.test('form never comes: the answer to the plan says so, and nothing is called missing', async (t) => {
  const s = await story(t);
  const plan = aPlan(s.patient, MONDAYS, { form: `${URL}|2` });
  const posted = await s.app.send('POST', '/CarePlan', plan, OUTCOME);
  t.equal(posted.status, 201);
  const warning = {
    severity: 'warning',
    code: 'not-found',
    diagnostics: `No Questionnaire ${URL}|2 is held here: no report is expected, and none is missing, until one is`,
    expression: ['CarePlan.activity.detail.instantiatesCanonical'],
  };
  t.same(posted.body.issue, [warning]);
  const bundle = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [{ resource: plan, request: { method: 'POST', url: 'CarePlan' } }],
  };
  const sent = await s.app.send('POST', '/', bundle, OUTCOME);
  t.same(sent.body.entry?.[0]?.response.outcome?.issue, [warning], sent.text);
  const validated = await s.app.send('POST', '/CarePlan/$validate', plan);
  t.match(validated.body.issue, [warning]);
  await s.at('2026-11-30T12:00:00.000Z');
  t.same([await s.due(), await s.schedule(), await s.flags()], [[], [], []]);
  t.equal(await sweep(s.app), 0, 'who waits is not looked at again and again');
});

t.test('what is held, was ended, is a draft or is only proposed is no reason to warn or to wait', async (t) => {
  const s = await story(t);
  await post(s.app, aForm());
  const none = async (extra: Partial<CarePlan>, form: string) => {
    const { body } = await s.app.send('POST', '/CarePlan', aPlan(s.patient, MONDAYS, { form, ...extra }), OUTCOME);
    return body.issue.map(({ severity }: { severity: string }) => severity);
  };
  const other = 'https://hospital.example/Questionnaire/other';
  t.same(await none({}, `${URL}|7`), ['information']);
  t.same(await none({ status: 'draft' }, other), ['information']);
  t.same(await none({ status: 'revoked' }, other), ['information']);
  t.same(await none({ intent: 'proposal' }, other), ['information']);
  t.same(await none({ status: 'on-hold' }, other), ['warning']);
});

t.test('of a form any version will do: another one, a draft, a draft that becomes active', async (t) => {
  const s = await story(t);
  await s.plan(`${URL}|2`);
  await s.at('2026-11-01T12:01:00.000Z');
  const draft: Questionnaire & { id: string } = await post(s.app, aForm({ status: 'draft' }));
  await s.at('2026-11-01T12:02:00.000Z');
  t.same(await s.due(), [FIRST_END], 'a draft is held');
  t.equal((await s.app.send('PUT', `/Questionnaire/${draft.id}`, { ...draft, status: 'active' })).status, 200);
  await post(s.app, aForm({ version: '2', title: 'Own form' }));
  await s.at('2026-11-01T12:03:00.000Z');
  t.same(await s.due(), [FIRST_END], 'once');
  await s.at(FIRST_END);
  t.match(await s.flags(), MISSING);
});

t.test('a form that gets the url by an update is the one that was waited for', async (t) => {
  const s = await story(t);
  const form: Questionnaire & { id: string } = await post(s.app, aForm({ url: `${URL}-draft`, status: 'draft' }));
  await s.plan();
  await s.at('2026-11-01T12:01:00.000Z');
  t.same(await s.due(), []);
  t.equal((await s.app.send('PUT', `/Questionnaire/${form.id}`, { ...form, url: URL, status: 'active' })).status, 200);
  await s.at('2026-11-01T12:02:00.000Z');
  t.same(await s.due(), [FIRST_END]);
});

t.test('a form of another url is not the one that is waited for', async (t) => {
  const s = await story(t);
  await s.plan();
  await post(s.app, aForm({ url: `${URL}-other` }));
  await s.at(FIRST_END);
  t.same([await s.due(), await s.flags()], [[], []]);
});

t.test('a transaction with the plan before its form: it expects at once', async (t) => {
  const s = await story(t);
  const bundle = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { resource: aPlan(s.patient, MONDAYS, { form: URL }), request: { method: 'POST', url: 'CarePlan' } },
      { resource: aForm(), request: { method: 'POST', url: 'Questionnaire' } },
    ],
  };
  t.equal((await s.app.send('POST', '/', bundle)).status, 200);
  t.same(await s.due(), [FIRST_END]);
  await s.at(FIRST_END);
  t.match(await s.flags(), MISSING);
});

t.test('requests wait too: by canonical, and by reference to an id that is not there yet', async (t) => {
  const s = await story(t);
  const request = (extension: object) => ({
    resourceType: 'ServiceRequest',
    status: 'active',
    intent: 'order',
    subject: { reference: s.patient },
    occurrenceTiming: MONDAYS,
    extension: [extension],
  });
  const warned = await s.app.send(
    'POST',
    '/ServiceRequest',
    request({ url: SDC_QUESTIONNAIRE, valueCanonical: URL }),
    OUTCOME,
  );
  t.match(warned.body.issue, [{ severity: 'warning', expression: ['ServiceRequest.extension'] }]);
  await post(s.app, request({ url: QUESTIONNAIRE_REQUEST, valueReference: { reference: 'Questionnaire/own' } }));
  await s.at('2026-11-01T12:01:00.000Z');
  t.same(await s.due(), []);
  t.equal((await s.app.send('PUT', '/Questionnaire/own', aForm({ id: 'own' }))).status, 201);
  await s.at('2026-11-01T12:02:00.000Z');
  t.same(await s.due(), [FIRST_END, FIRST_END]);
  await s.at(FIRST_END);
  t.match(
    await s.flags(),
    [/^active v\d Report missing.*Own form, 2026-11-02\)$/],
    'two requests for one form are one',
  );
});

t.test(
  'after a week without the scheduler each slot is told as of its own time, from the moment of the form on',
  async (t) => {
    const s = await story(t);
    await s.plan();
    await s.at('2026-11-01T12:01:00.000Z');
    s.clock('2026-11-10T12:00:00.000Z');
    await post(s.app, aForm());
    await s.at('2026-11-24T12:00:00.000Z');
    t.match(await s.flags(), [/^active v\d Report missing.*Own form, 2026-11-\d+\)$/]);
    t.same(await s.due(), ['2026-11-30T08:00:00.000Z']);
    t.same(await s.schedule(), ['missing 2026-11-09', 'missing 2026-11-16']);
  },
);

t.test('an answer that comes before anybody has looked meets its slot', async (t) => {
  const s = await story(t);
  const { id: _, meta: __, ...weekly } = await weeklyForm(s.app);
  const form = { ...weekly, url: URL };
  await s.plan();
  await post(s.app, form);
  s.clock('2026-11-03T12:00:00.000Z');
  await post(s.app, aResponse(form, s.patient, '2026-11-03T12:00:00Z', { PROCTCAE_16A_SCL: 0 }));
  await s.at(FIRST_END);
  t.same(await s.flags(), []);
  t.same(await s.due(), ['2026-11-16T08:00:00.000Z']);
});

t.test('what else the plan asks for stays as it is when a form comes', async (t) => {
  const s = await story(t);
  const other = 'https://hospital.example/Questionnaire/other';
  await post(s.app, aForm());
  const detail = { status: 'scheduled', scheduledTiming: MONDAYS } as const;
  await s.plan(URL, {
    activity: [
      { detail: { ...detail, instantiatesCanonical: [other, URL] } },
      { detail: { ...detail, instantiatesCanonical: [other] } },
    ],
  });
  s.clock('2026-11-03T12:00:00.000Z');
  await post(s.app, anAnswer(s.patient, '2026-11-03T12:00:00Z'));
  await post(s.app, aForm({ url: other, title: 'Other' }));
  await sweep(s.app);
  t.same(await s.due(), [FIRST_END, '2026-11-16T08:00:00.000Z'], 'the one that was met is not waited for again');
  await s.at(FIRST_END);
  t.match(await s.flags(), [/^active v1 Report missing.*Other, 2026-11-02\)$/]);
});

t.test('a plan that has come to name another form, has ended, or is deleted waits no longer', async (t) => {
  const s = await story(t);
  const other = await s.plan();
  const ended = await s.plan();
  const gone = await s.plan();
  await s.at('2026-11-01T12:01:00.000Z');
  const named = aPlan(s.patient, MONDAYS, { form: 'https://hospital.example/Questionnaire/other' });
  t.equal((await s.app.send('PUT', `/CarePlan/${other.id}`, { ...named, id: other.id })).status, 200);
  t.equal((await s.app.send('PUT', `/CarePlan/${ended.id}`, { ...ended, status: 'revoked' })).status, 200);
  t.equal((await s.app.send('DELETE', `/CarePlan/${gone.id}`)).status, 204);
  await post(s.app, aForm());
  await s.at('2026-11-30T12:00:00.000Z');
  t.same([await s.due(), await s.flags()], [[], []]);
  const { rows } = await s.app.deps.db.pool.query(`select content from due where kind = 'awaited-form'`);
  t.same(
    rows.map(({ content }) => JSON.parse(content).plan.id),
    [other.id],
  );
});

t.test('a plan on hold expects once its form has come and it goes on', async (t) => {
  const s = await story(t);
  const plan = await s.plan(URL, { status: 'on-hold' });
  await post(s.app, aForm());
  await s.at('2026-11-01T12:01:00.000Z');
  t.same(await s.due(), []);
  t.equal((await s.app.send('PUT', `/CarePlan/${plan.id}`, { ...plan, status: 'active' })).status, 200);
  await sweep(s.app);
  t.same(await s.due(), [FIRST_END]);
});

t.test(
  'times that cannot be read: a warning while the form is not held, said in the log when it comes, then refused',
  async (t) => {
    const s = await story(t);
    const plan = aPlan(s.patient, { repeat: { when: ['MORN'] } }, { form: URL });
    const posted = await s.app.send('POST', '/CarePlan', plan, OUTCOME);
    t.equal(posted.status, 201);
    t.match(posted.body.issue, [{ severity: 'warning' }, { severity: 'warning', diagnostics: /when/ }]);
    await post(s.app, aForm());
    await s.at('2026-11-01T12:01:00.000Z');
    t.same(await s.due(), []);
    t.equal(s.app.log.filter((line) => line.includes('its times cannot be read')).length, 1);
    t.equal((await s.app.send('POST', '/CarePlan', plan)).status, 422);
  },
);

t.test(
  'plans and forms that are written at the same moment, with two processes at what is due: no plan is forgotten',
  async (t) => {
    const s = await story(t);
    const url = (n: number) => `${URL}-${n}`;
    const all = Array.from({ length: 12 }, (_, n) => n);
    const patients = await Promise.all(all.map(() => aPatient(s.app)));
    let writing = true;
    const second = await secondDeps(s.app, 4);
    const schedulers = [s.app.deps, second.deps].map(async (deps) => {
      while (writing) await new Scheduler(deps, KINDS).sweep();
    });
    await Promise.all(
      all.flatMap((n) => {
        const plan = () => post(s.app, aPlan(patients[n] ?? '', MONDAYS, { form: url(n) }));
        const form = () => post(s.app, aForm({ url: url(n) }));
        return n % 2 === 0 ? [plan(), form()] : [form(), plan()];
      }),
    );
    writing = false;
    await Promise.all(schedulers);
    await second.close();
    // What was postponed while forms were written is taken again after a second.
    await s.app.deps.db.pool.query(`update due set locked_until = '-infinity'`);
    await s.at('2026-11-01T12:01:00.000Z');
    t.same(
      await Promise.all(patients.map((patient) => dueSlots(s.app, patient))),
      all.map(() => [FIRST_END]),
    );
    const { rows } = await s.app.deps.db.pool.query(`select id from due where kind in ('awaited-form', 'held-form')`);
    t.same(rows, []);
  },
);
