import type { Flag, PlanDefinition, Task } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { respondWithinExtension } from '../../src/rules/work/respond-within.ts';
import { faults } from '../rules/resources/r4.ts';
import { type TestApp, testApp } from '../support/app.ts';
import { ALT, aPolicy, aResult, NEUTROPHILS, post, quantity } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';
import { ANNA, dueOf, move, outcome, placesOf, said, tasksOf, workOf } from '../support/work.ts';

/** A Tuesday morning in Paris. */
const MORNING = '2026-11-24T09:00:00.000Z';

const POLICY = aPolicy('work', [
  ['open', "%finding.kind = 'ladder' and %finding.min >= 3", 'PH'],
  ['open', "%finding.kind = 'ladder' and %finding.min >= 2", 'PM'],
  ['open', "%finding.kind = 'ladder' and %finding.min >= 1", 'PN'],
  ['close', "%finding.kind = 'ladder' and %finding.max = 0"],
]);

interface Story {
  app: TestApp;
  patient: string;
  /** Moves the service's clock. */
  at(now: string): void;
  /** Posts a count of neutrophils; gives the Observation. */
  count(value: number, at: string): Promise<{ id: string }>;
}

async function story(t: Test, policy: PlanDefinition = POLICY): Promise<Story> {
  let now = MORNING;
  const app = await testApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  await post(app, policy);
  const patient = await aPatient(app);
  return {
    app,
    patient,
    at(moment) {
      now = moment;
    },
    count: (value, at) =>
      post(app, aResult(patient, { loinc: NEUTROPHILS, value, unit: '10*9/L', low: 1.8, high: 7, at })),
  };
}

t.test('a Flag that needs a human makes one Task, in the same write', async (t) => {
  const { app, patient, count } = await story(t);
  await count(1.2, '2026-11-24T08:30:00Z');
  const [flag] = (await app.send('GET', `/Flag?patient=${patient}`)).body.entry.map(
    ({ resource }: { resource: Flag }) => resource,
  );
  const [task, ...more] = await tasksOf(app, patient);
  t.equal(more.length, 0);
  t.match(task, {
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    code: { coding: [{ system: `${CANONICAL}/CodeSystem/work-item`, code: 'triage' }] },
    businessStatus: { coding: [{ system: `${CANONICAL}/CodeSystem/work-status`, code: 'new' }] },
    identifier: [{ system: `${CANONICAL}/NamingSystem/work-item`, value: `${flag.id}.1` }],
    focus: { reference: `Flag/${flag.id}` },
    for: { reference: patient },
    description: flag.code.text,
    authoredOn: MORNING,
    requester: { reference: app.deps.engine.device },
    performerType: [{ coding: [{ code: 'nurse' }] }],
    // Half a working day from ten in the morning in Paris.
    restriction: { period: { start: MORNING, end: '2026-11-24T13:00:00.000Z' } },
  });
  t.same(await dueOf(app, patient), ['2026-11-24T13:00:00.000Z']);
  t.same(await placesOf(app, patient), ['waiting nurse - 2']);
  const provenance = (await app.send('GET', `/Provenance?target=Task/${task?.id}/_history/1`)).body;
  t.equal(provenance.entry?.length, 1, 'the Provenance of the evaluation names it');
  const { id: _id, ...content } = task ?? { resourceType: 'Task', status: 'draft', intent: 'plan' };
  t.same(faults(content), []);
});

t.test('no alarm makes no work; what rises from it does', async (t) => {
  const { app, patient, count } = await story(t);
  await count(1.6, '2026-11-24T08:30:00Z');
  t.same(await workOf(app, patient), []);
  await count(1.2, '2026-11-24T08:31:00Z');
  t.same(await workOf(app, patient), ['requested new urgent nurse']);
});

t.test('what rises while the work is open hastens it, and never puts it off', async (t) => {
  const { app, patient, count, at } = await story(t);
  await count(1.2, '2026-11-24T08:30:00Z');
  at('2026-11-24T11:00:00.000Z');
  await count(0.8, '2026-11-24T10:30:00Z');
  const [task, ...more] = await tasksOf(app, patient);
  t.equal(more.length, 0);
  t.match(task, {
    meta: { versionId: '2' },
    status: 'requested',
    priority: 'stat',
    restriction: { period: { start: MORNING, end: '2026-11-24T13:00:00.000Z' } },
  });
  t.match(task?.description, /grade 3/);
  t.same(await placesOf(app, patient), ['waiting nurse - 0']);
  await count(0.7, '2026-11-24T10:40:00Z');
  t.equal((await tasksOf(app, patient))[0]?.meta?.versionId, '2', 'no Flag version, no Task version');
  await count(1.2, '2026-11-24T10:50:00Z');
  t.match((await tasksOf(app, patient))[0]?.description, /grade 2/, 'what is better is said too');
});

t.test('the shortest time to respond of the actions that decided holds', async (t) => {
  const { action = [], ...rest } = POLICY;
  const within = [
    { hours: 1, clock: 'always' },
    { hours: 30, clock: 'service' },
  ] as const;
  const policy = {
    ...rest,
    action: action.map((one, place) => {
      const time = within[place];
      return time ? { ...one, extension: [...(one.extension ?? []), respondWithinExtension(time)] } : one;
    }),
  };
  const { app, patient, count, at } = await story(t, policy);
  await count(1.2, '2026-11-24T08:30:00Z');
  t.same(await dueOf(app, patient), ['2026-11-27T15:00:00.000Z'], 'thirty hours of service');
  at('2026-11-24T18:00:00.000Z');
  await count(0.8, '2026-11-24T17:30:00Z');
  t.same(await dueOf(app, patient), ['2026-11-24T19:00:00.000Z'], 'in the evening, of all hours');
});

t.test('a time to respond that cannot be understood is no policy', async (t) => {
  const { app } = await story(t);
  const [first] = POLICY.action ?? [];
  const hours = (value: number, clock = 'service') => respondWithinExtension({ hours: value, clock } as never);
  for (const extension of [hours(0), hours(201), hours(4, 'night'), { url: hours(4).url, valueString: 'soon' }]) {
    const action = [{ ...first, extension: [...(first?.extension ?? []), extension] }];
    const answer = await app.send('POST', '/PlanDefinition', { ...POLICY, version: '2.0.0', action });
    t.equal(answer.status, 422);
    t.match(answer.body.issue[0].diagnostics, /respond-within is there once/);
  }
});

t.test('work that nobody has taken goes with its episode', async (t) => {
  const { app, patient, count } = await story(t);
  await count(1.2, '2026-11-24T08:30:00Z');
  await count(3, '2026-11-24T08:40:00Z');
  const [task] = await tasksOf(app, patient);
  t.equal(task && said(task), 'cancelled episode-ended urgent nurse');
  t.same(task?.statusReason, { text: 'the episode ended' });
  t.same(await dueOf(app, patient), []);
  t.same(await placesOf(app, patient), []);
});

t.test('work that somebody has stays until that person ends it', async (t) => {
  const { app, patient, count } = await story(t);
  await count(1.2, '2026-11-24T08:30:00Z');
  const [task] = await tasksOf(app, patient);
  t.equal((await move(app, task ?? {}, { status: 'accepted', owner: ANNA })).status, 200);
  await count(3, '2026-11-24T08:40:00Z');
  t.same(await workOf(app, patient), ['accepted episode-ended urgent nurse Practitioner/anna']);
  t.same(await dueOf(app, patient), [], 'nobody is called for what is over');
  t.same(await placesOf(app, patient), ['taken nurse Practitioner/anna 2']);
  const ended = await move(app, task ?? {}, { status: 'completed', output: outcome('no-action') });
  t.equal(ended.status, 200);
  t.equal(said(ended.body), 'completed episode-ended urgent nurse Practitioner/anna');
});

t.test('what is worse after the work was done is new work, once; what is the same or better is none', async (t) => {
  const { app, patient, count } = await story(t);
  await count(1.2, '2026-11-24T08:30:00Z');
  const [task] = await tasksOf(app, patient);
  await move(app, task ?? {}, { status: 'completed', owner: ANNA, output: outcome('advice-given') });
  await count(1.3, '2026-11-24T08:31:00Z');
  t.equal((await tasksOf(app, patient)).length, 1);
  await count(0.8, '2026-11-24T08:32:00Z');
  t.same(await workOf(app, patient), [
    'completed acknowledged urgent nurse Practitioner/anna',
    'requested new stat nurse',
  ]);
  const [, second] = await tasksOf(app, patient);
  t.ok(second?.identifier?.[0]?.value?.endsWith('.2'));
  await move(app, second ?? {}, { status: 'completed', owner: ANNA, output: outcome('admission') });
  await count(1.2, '2026-11-24T08:33:00Z');
  t.equal((await tasksOf(app, patient)).length, 2, 'better');
});

t.test('a level that a clinician expects makes no new work until it is passed', async (t) => {
  const { app, patient, count, at } = await story(t);
  await count(1.2, '2026-11-24T08:30:00Z');
  const [task] = await tasksOf(app, patient);
  await move(app, task ?? {}, { status: 'completed', owner: ANNA, output: outcome('advice-given') });
  await count(1.6, '2026-11-24T08:31:00Z');
  const flag = task?.focus?.reference ?? '';
  const expected = await app.send('POST', `/${flag}/$expect`, {
    resourceType: 'Parameters',
    parameter: [
      { name: 'level', valueInteger: 2 },
      { name: 'until', valueDateTime: '2026-12-01T09:00:00Z' },
      { name: 'author', valueReference: ANNA },
      { name: 'reason', valueString: 'Second cycle' },
    ],
  });
  t.equal(expected.status, 200);
  at('2026-11-25T09:00:00.000Z');
  await count(1.2, '2026-11-25T08:31:00Z');
  t.equal((await tasksOf(app, patient)).length, 1, 'as high as expected');
  await count(0.8, '2026-11-25T08:32:00Z');
  t.equal((await tasksOf(app, patient)).length, 2, 'higher');
});

t.test('late, amended and withdrawn reports move the work as if they had come in order', async (t) => {
  const { app, patient, count } = await story(t);
  const opening = await count(1.2, '2026-11-24T08:30:00Z');
  const amend = async (value: number, status: string) => {
    const { body } = await app.send('GET', `/Observation/${opening.id}`);
    const { status: code } = await app.send('PUT', `/Observation/${opening.id}`, {
      ...body,
      status,
      valueQuantity: { ...body.valueQuantity, value },
    });
    t.equal(code, 200);
  };
  await amend(0.8, 'amended');
  t.same(await workOf(app, patient), ['requested new stat nurse']);
  await count(3, '2026-11-23T08:30:00Z');
  t.same(await workOf(app, patient), ['requested new stat nurse'], 'a late report of before changes nothing');
  await amend(3, 'corrected');
  t.same(await workOf(app, patient), ['cancelled episode-ended stat nurse']);
  const [task] = await tasksOf(app, patient);
  t.same(task?.statusReason, { text: 'what it rested on was withdrawn' });
  await amend(1.2, 'corrected');
  t.same(await workOf(app, patient), ['cancelled episode-ended stat nurse', 'requested new urgent nurse']);
  await amend(1.2, 'entered-in-error');
  t.same(await workOf(app, patient), ['cancelled episode-ended stat nurse', 'cancelled episode-ended urgent nurse']);
  t.same(await dueOf(app, patient), []);
});

t.test('an episode that is open after all gives taken work back', async (t) => {
  const { app, patient, count } = await story(t);
  await count(1.2, '2026-11-24T08:30:00Z');
  const [task] = await tasksOf(app, patient);
  await move(app, task ?? {}, { status: 'in-progress', owner: ANNA });
  const closing = await count(3, '2026-11-24T08:40:00Z');
  t.same(await workOf(app, patient), ['in-progress episode-ended urgent nurse Practitioner/anna']);
  const { body } = await app.send('GET', `/Observation/${closing.id}`);
  await app.send('PUT', `/Observation/${closing.id}`, { ...body, status: 'entered-in-error' });
  t.same(await workOf(app, patient), ['in-progress acknowledged urgent nurse Practitioner/anna']);
  t.same(await dueOf(app, patient), ['2026-11-24T13:00:00.000Z']);
});

t.test('a baseline that grades a result anew takes the work on it back', async (t) => {
  const { app, patient } = await story(
    t,
    aPolicy('cautious', [['open', "%finding.kind = 'ladder' and %finding.max >= 3", 'PM']]),
  );
  await post(
    app,
    aResult(patient, { loinc: ALT, value: 250, unit: 'U/L', low: 5, high: 40, at: '2026-11-10T08:00:00Z' }),
  );
  t.same(await workOf(app, patient), ['requested new urgent nurse']);
  const answer = await app.send('POST', `/${patient}/$set-baseline`, {
    resourceType: 'Parameters',
    parameter: [
      { name: 'code', valueCoding: { system: 'http://loinc.org', code: ALT } },
      { name: 'value', valueQuantity: quantity(100, 'U/L') },
      { name: 'high', valueQuantity: quantity(40, 'U/L') },
      { name: 'at', valueDateTime: '2026-11-01T08:00:00Z' },
      { name: 'author', valueReference: ANNA },
      { name: 'reason', valueString: 'Before the first dose' },
    ],
  });
  t.equal(answer.status, 200);
  t.same(await workOf(app, patient), ['cancelled episode-ended urgent nurse']);
});

t.test('reports that come in at once leave one open Task', async (t) => {
  const { app, patient, count } = await story(t);
  await Promise.all([1.2, 0.8, 1.1, 0.7, 1.3].map((value, place) => count(value, `2026-11-24T08:3${place}:00Z`)));
  const open = (await tasksOf(app, patient)).filter(({ status }) => status === 'requested');
  t.equal(open.length, 1);
  t.equal((await placesOf(app, patient)).length, 1);
  t.equal((await dueOf(app, patient)).length, 1);
});

t.test('what comes of a report is foreseen without being written', async (t) => {
  const { app, patient } = await story(t);
  const observation = aResult(patient, {
    loinc: NEUTROPHILS,
    value: 0.8,
    unit: '10*9/L',
    low: 1.8,
    high: 7,
    at: '2026-11-24T08:30:00Z',
  });
  const { status } = await app.send('POST', '/Observation/$evaluate', observation);
  t.equal(status, 200);
  t.same(await tasksOf(app, patient), [] satisfies Task[]);
});
