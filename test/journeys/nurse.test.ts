import type { Bundle, CarePlan, Flag, Parameters, Patient, Questionnaire, Task } from '@medplum/fhirtypes';
import { Client } from 'fhir-kit-client';
import t from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { as, listeningApp, refusal } from '../support/listening.ts';
import { aPlan, MONDAYS, sweep } from '../support/plans.ts';
import { aResponse, type Scores } from '../support/responses.ts';
import { ANNA, BILAL, outcome, said } from '../support/work.ts';

/** A Tuesday, ten in the morning in Paris. */
const MORNING = '2026-11-24T09:00:00.000Z';
const CHEN = { reference: 'Practitioner/chen' };

/** A nurse's tool: it reads the list, and moves a Task by JSON Patch; a member that is undefined is removed. */
function toolOf(client: Client) {
  return {
    list: (input?: Record<string, string>) =>
      as<Bundle<Task | Flag>>(
        client.operation({
          name: 'worklist',
          resourceType: 'Task',
          method: 'GET',
          ...(input ? { input: asJson(input) } : {}),
        }),
      ),
    read: (id: string) => as<Task>(client.read({ resourceType: 'Task', id })),
    move: (task: Task, members: Partial<Record<keyof Task, unknown>>, seen?: string) =>
      as<Task>(
        client.patch({
          resourceType: 'Task',
          id: task.id ?? '',
          jsonPatch: Object.entries(members).map(([name, value]) =>
            value === undefined
              ? { op: 'remove' as const, path: `/${name}` }
              : { op: 'add' as const, path: `/${name}`, value },
          ),
          ...(seen === undefined ? {} : { options: { headers: { 'If-Match': `W/"${seen}"` } } }),
        }),
      ),
  };
}

t.test('a nurse’s tool, from the list in the morning to what came of it', async (t) => {
  let now = MORNING;
  const { app, baseUrl, client } = await listeningApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  const at = async (moment: string): Promise<void> => {
    now = moment;
    await sweep(app);
  };
  const form = await weeklyForm(client);
  const reports = async (authored: string, ...all: Scores[]): Promise<string> => {
    const patient = await as<Patient>(client.create({ resourceType: 'Patient', body: { resourceType: 'Patient' } }));
    for (const [place, scores] of all.entries()) {
      const moment = new Date(Date.parse(authored) + (place + 1 - all.length) * 7 * 86_400_000).toISOString();
      const body = asJson(aResponse(form, `Patient/${patient.id}`, moment, scores));
      await client.create({ resourceType: 'QuestionnaireResponse', body });
    }
    return `Patient/${patient.id}`;
  };
  // The one who reports later is the one who is worse.
  const mild = await reports('2026-11-24T07:00:00Z', { PROCTCAE_16A_SCL: 0 }, { PROCTCAE_16A_SCL: 3 });
  const severe = await reports('2026-11-24T08:00:00Z', { PROCTCAE_16A_SCL: 4 });
  const [anna, bilal] = [toolOf(new Client({ baseUrl })), toolOf(new Client({ baseUrl }))];

  const list = await anna.list();
  const work = tasksIn(list);
  t.same(
    work.map((task) => [task.for?.reference, task.priority, task.restriction?.period?.end]),
    [
      [severe, 'stat', '2026-11-24T13:00:00.000Z'],
      [mild, 'urgent', '2026-11-24T13:00:00.000Z'],
    ],
    'the most urgent is first, each with the time by which it is to be answered',
  );
  const flags = (list.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === 'Flag' ? [resource] : []));
  t.equal(flags.length, 2, 'with its Flags');
  t.match(
    JSON.stringify(list.entry?.[0]?.search),
    /last-grades.*PROCTCAE_16_COMP.*"valueInteger":3/,
    'and last grades',
  );
  const [task] = work;
  if (!task?.id) throw new Error('nothing is to be done');
  const { id } = task;
  const seen = task.meta?.versionId ?? '';

  await t.test('two nurses take the same Task: one has it, the other is told', async (t) => {
    const take = (tool: typeof anna, owner: object, version?: string) =>
      tool.move(task, { status: 'accepted', owner }, version);
    const both = await Promise.allSettled([take(anna, ANNA, seen), take(bilal, BILAL, seen)]);
    t.same(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const lost = await refusal(Promise.reject((both.find(({ status }) => status === 'rejected') as Rejected).reason));
    t.equal(lost.status, 412, 'who saw an older version meets a condition that does not hold');
    const owner = (await bilal.read(id)).owner?.reference;
    const [other, name] = owner === ANNA.reference ? [bilal, BILAL] : [anna, ANNA];
    const told = await refusal(take(other, name));
    t.equal(told.status, 409);
    t.match(
      told.data.issue[0]?.diagnostics,
      `${owner} has this work item (accepted)`,
      'without a condition, who has it',
    );
    t.equal((await bilal.read(id)).meta?.versionId, '2', 'and nothing was written');
  });
  const owner = (await anna.read(id)).owner ?? {};

  await t.test('it is worked on, then sleeps at a level until a day', async (t) => {
    now = '2026-11-24T09:20:00.000Z';
    t.equal(
      said(await anna.move(task, { status: 'in-progress' })),
      `in-progress acknowledged stat nurse ${owner.reference}`,
    );
    const until = '2026-11-27T09:00:00Z';
    const snooze = {
      url: `${CANONICAL}/StructureDefinition/expected-level`,
      extension: [
        { url: 'level', valueInteger: 3 },
        { url: 'until', valueDateTime: until },
      ],
    };
    const sleeping = await anna.read(id);
    const asleep = await anna.move(task, {
      status: 'on-hold',
      extension: [...(sleeping.extension ?? []), snooze],
      statusReason: { text: 'treatment paused, seen on Friday' },
    });
    t.equal(said(asleep), `on-hold snoozed stat nurse ${owner.reference}`);
    t.same(
      tasksIn(await anna.list()).map((one) => one.for?.reference),
      [mild],
      'it is no work until then',
    );
    t.same(
      tasksIn(await anna.list({ state: 'snoozed' })).map((one) => one.id),
      [id],
      'and found by who looks for it',
    );
    await client.create({
      resourceType: 'QuestionnaireResponse',
      body: asJson(aResponse(form, severe, '2026-11-24T09:30:00Z', { PROCTCAE_16A_SCL: 4 })),
    });
    t.equal((await anna.read(id)).status, 'on-hold', 'the same level again does not wake it');
    await at('2026-11-27T08:59:59.000Z');
    t.equal((await anna.read(id)).status, 'on-hold');
    await at('2026-11-27T09:00:01.000Z');
    const awake = await anna.read(id);
    t.equal(said(awake), 'requested new stat nurse', 'nobody asked for it');
    t.equal(awake.restriction?.period?.end, '2026-11-27T13:00:00.000Z', 'with a new time to respond');
  });

  await t.test('nobody answers: it goes to the next level by itself', async (t) => {
    await at('2026-11-27T13:00:01.000Z');
    const escalated = await anna.read(id);
    t.equal(said(escalated), 'requested escalated stat physician');
    t.match(escalated.note?.at(-1)?.text, /overdue since /);
    const called = tasksIn(await anna.list({ level: 'physician' }));
    t.ok(called.some((one) => one.id === id));
    const refused = await refusal(anna.move(escalated, { status: 'completed', owner: CHEN }));
    t.equal(refused.status, 422, 'an end without an outcome is none');
    const done = await anna.move(escalated, { status: 'completed', owner: CHEN, output: outcome('admission') });
    t.equal(said(done), 'completed acknowledged stat physician Practitioner/chen');
    t.notOk(
      tasksIn(await anna.list()).some((one) => one.id === id),
      'it is off the list',
    );
  });

  await t.test('the history tells who, when and why', async (t) => {
    const history = await as<Bundle<Task>>(client.history({ resourceType: 'Task', id }));
    const steps = (history.entry ?? []).flatMap(({ resource }) => (resource ? [resource] : [])).reverse();
    t.same(
      steps.map(({ status, owner: who, lastModified, statusReason, note = [] }, place) => [
        status,
        who?.reference,
        lastModified,
        statusReason?.text ?? note[steps[place - 1]?.note?.length ?? 0]?.text?.split(' since')[0],
      ]),
      [
        ['requested', undefined, MORNING, undefined],
        ['accepted', owner.reference, MORNING, undefined],
        ['in-progress', owner.reference, '2026-11-24T09:20:00.000Z', undefined],
        ['on-hold', owner.reference, '2026-11-24T09:20:00.000Z', 'treatment paused, seen on Friday'],
        ['requested', undefined, '2026-11-27T09:00:00.000Z', 'the snooze has ended'],
        ['requested', undefined, '2026-11-27T13:00:00.000Z', 'overdue'],
        ['completed', CHEN.reference, '2026-11-27T13:00:01.000Z', undefined],
      ],
    );
    t.same(
      steps.map(({ meta }) => meta?.versionId),
      ['1', '2', '3', '4', '5', '6', '7'],
    );
  });
});

t.test('a patient’s app reads what is due, and what became of the rest', async (t) => {
  let now = '2026-11-01T12:00:00.000Z';
  const { app, client } = await listeningApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  const form = await weeklyForm(client);
  const patient = await as<Patient>(client.create({ resourceType: 'Patient', body: { resourceType: 'Patient' } }));
  const subject = `Patient/${patient.id}`;
  await as<CarePlan>(client.create({ resourceType: 'CarePlan', body: asJson(aPlan(subject, MONDAYS)) }));
  now = '2026-11-03T09:00:00.000Z';
  const body = asJson(aResponse(form, subject, now, { PROCTCAE_16A_SCL: 0 }));
  await client.create({ resourceType: 'QuestionnaireResponse', body });
  now = '2026-11-18T09:00:00.000Z';
  await sweep(app);
  const told = await as<Parameters>(
    client.operation({
      name: 'schedule',
      resourceType: 'Patient',
      id: patient.id ?? '',
      method: 'GET',
      input: asJson({ to: '2026-11-29' }),
    }),
  );
  const slots = (told.parameter ?? []).filter(({ name }) => name === 'slot');
  const part = (slot: (typeof slots)[number], name: string) => slot.part?.find((one) => one.name === name);
  t.same(
    slots.map((slot) => [part(slot, 'state')?.valueCode, part(slot, 'start')?.valueDateTime?.slice(0, 10)]),
    [
      ['met', '2026-11-02'],
      ['missing', '2026-11-09'],
      ['due', '2026-11-16'],
      ['upcoming', '2026-11-23'],
    ],
  );
});

type Rejected = PromiseRejectedResult;

const tasksIn = (bundle: Bundle<Task | Flag>): Task[] =>
  (bundle.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === 'Task' ? [resource] : []));

async function weeklyForm(client: Client): Promise<Questionnaire> {
  const forms = await as<Bundle<Questionnaire>>(
    client.search({
      resourceType: 'Questionnaire',
      searchParams: { url: `${CANONICAL}/Questionnaire/pro-ctcae-weekly`, status: 'active' },
    }),
  );
  const form = forms.entry?.[0]?.resource;
  if (!form) throw new Error('the form is not there');
  return form;
}

/** The client types resources as bare JSON. */
const asJson = (resource: object) => resource as { resourceType: string };
