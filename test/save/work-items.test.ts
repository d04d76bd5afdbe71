import type { Task } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { everyone } from '../../src/fhir/compartment.ts';
import { KINDS } from '../../src/jobs/kinds.ts';
import { taskOverdue } from '../../src/jobs/task-overdue.ts';
import { takeDue } from '../../src/store/due.ts';
import { type Answer, type TestApp, testApp } from '../support/app.ts';
import { aPolicy, aResult, NEUTROPHILS, post } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';
import { ANNA, BILAL, dueOf, move, outcome, placesOf, said, tasksOf, workOf } from '../support/work.ts';

/** A Tuesday morning in Paris. */
const MORNING = '2026-11-24T09:00:00.000Z';

const POLICY = aPolicy('work', [
  ['open', "%finding.kind = 'ladder' and %finding.min >= 3", 'PH'],
  ['open', "%finding.kind = 'ladder' and %finding.min >= 1", 'PM'],
  ['close', "%finding.kind = 'ladder' and %finding.max = 0"],
]);

interface Story {
  app: TestApp;
  patient: string;
  task: Task;
  at(now: string): void;
  count(value: number, at: string): Promise<{ id: string }>;
  /** The work item as it is now. */
  now(): Promise<Task>;
  /** Does what is due at the service's time. */
  elapse(): Promise<number>;
}

/** A patient whose Flag has made one work item. */
async function story(t: Test): Promise<Story> {
  let now = MORNING;
  const app = await testApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  await post(app, POLICY);
  const patient = await aPatient(app);
  const count = (value: number, at: string) =>
    post(app, aResult(patient, { loinc: NEUTROPHILS, value, unit: '10*9/L', low: 1.8, high: 7, at }));
  await count(1.2, '2026-11-24T08:30:00Z');
  const [task] = await tasksOf(app, patient);
  if (!task) throw new Error('no work item was made');
  return {
    app,
    patient,
    task,
    at(moment) {
      now = moment;
    },
    count,
    now: async () => (await app.send('GET', `/Task/${task.id}`)).body,
    async elapse() {
      let done = 0;
      for (;;) {
        const due = await takeDue(app.deps.db, everyone(), { now, limit: 10, seconds: 60 });
        if (due.length === 0) return done;
        for (const one of due) await KINDS[one.kind]?.(app.deps, everyone(), one);
        done += due.length;
      }
    },
  };
}

const expected = (level: number, until: string) => ({
  url: `${CANONICAL}/StructureDefinition/expected-level`,
  extension: [
    { url: 'level', valueInteger: level },
    { url: 'until', valueDateTime: until },
  ],
});

const refused = ({ status, body }: Answer): string => `${status} ${body.issue?.[0]?.diagnostics}`;

const escalate = (app: TestApp, task: Task, parameter: object[]) =>
  app.send('POST', `/Task/${task.id}/$escalate`, { resourceType: 'Parameters', parameter });

const BY_ANNA = [
  { name: 'author', valueReference: ANNA },
  { name: 'reason', valueString: 'needs a physician' },
];

t.test('a nurse takes work, works on it and says what came of it', async (t) => {
  const { app, patient, task, at } = await story(t);
  at('2026-11-24T09:10:00.000Z');
  const taken = await move(app, task, { status: 'accepted', owner: ANNA }, { 'if-match': 'W/"1"' });
  t.equal(taken.status, 200);
  t.equal(said(taken.body), 'accepted acknowledged urgent nurse Practitioner/anna');
  t.same(taken.body.executionPeriod, { start: '2026-11-24T09:10:00.000Z' }, 'when it was acknowledged');
  t.same(await placesOf(app, patient), ['taken nurse Practitioner/anna 2']);
  t.same(await dueOf(app, patient), ['2026-11-24T13:00:00.000Z'], 'it is still due');
  t.equal(
    said((await move(app, task, { status: 'in-progress' })).body),
    'in-progress acknowledged urgent nurse Practitioner/anna',
  );
  at('2026-11-24T09:30:00.000Z');
  const done = await move(app, task, { status: 'completed', output: outcome('treatment-changed') });
  t.equal(done.status, 200);
  t.same(done.body.executionPeriod, { start: '2026-11-24T09:10:00.000Z', end: '2026-11-24T09:30:00.000Z' });
  t.equal(done.body.lastModified, '2026-11-24T09:30:00.000Z');
  t.same(await dueOf(app, patient), []);
  t.same(await placesOf(app, patient), []);
  const history = await app.send('GET', `/Task/${task.id}/_history`);
  t.same(
    history.body.entry.map(({ resource }: { resource: Task }) => resource.status),
    ['completed', 'in-progress', 'accepted', 'requested'],
    'each step is a version',
  );
});

t.test('of two nurses who take the same work one has it, and the other is told who', async (t) => {
  const { app, task, now } = await story(t);
  const both = await Promise.all([ANNA, BILAL].map((owner) => move(app, task, { status: 'accepted', owner })));
  t.same(both.map(({ status }) => status).sort(), [200, 409]);
  const owner = (await now()).owner?.reference;
  const lost = both.find(({ status }) => status === 409);
  t.match(lost && refused(lost), `409 Task.owner: ${owner} has this work item (accepted)`);
  t.equal(lost?.body.issue[0].code, 'conflict');
  t.equal((await now()).meta?.versionId, '2');
  const stale = await move(app, task, { status: 'accepted', owner: BILAL }, { 'if-match': 'W/"1"' });
  t.equal(stale.status, 412);
});

t.test('work changes hands when somebody says why', async (t) => {
  const { app, task } = await story(t);
  await move(app, task, { status: 'accepted', owner: ANNA });
  const reason = { statusReason: { text: 'end of shift' } };
  t.equal((await move(app, task, { owner: BILAL, ...reason })).status, 200);
  t.equal((await move(app, task, { owner: ANNA, ...reason })).status, 409, 'the reason of another takeover is none');
  t.equal((await move(app, task, { owner: BILAL })).status, 200, 'who has it may say so again');
  const back = await move(app, task, { status: 'requested', owner: undefined, statusReason: { text: 'called away' } });
  t.equal(said(back.body), 'requested new urgent nurse');
  t.equal((await move(app, task, { status: 'accepted', owner: ANNA })).status, 200);
});

t.test('the same by PUT, by a conditional update, by a conditional patch and within a transaction', async (t) => {
  const { app, task, now } = await story(t);
  const value = task.identifier?.[0]?.value;
  const criteria = `identifier=${CANONICAL}/NamingSystem/work-item|${value}`;
  const put = await app.send('PUT', `/Task/${task.id}`, { ...(await now()), status: 'accepted', owner: ANNA });
  t.equal(said(put.body), 'accepted acknowledged urgent nurse Practitioner/anna');
  const conditional = await app.send('PUT', `/Task?${criteria}`, { ...(await now()), status: 'in-progress' });
  t.equal(said(conditional.body), 'in-progress acknowledged urgent nurse Practitioner/anna');
  const patched = await app.send(
    'PATCH',
    `/Task?${criteria}`,
    JSON.stringify([{ op: 'replace', path: '/status', value: 'accepted' }]),
    {
      'content-type': 'application/json-patch+json',
    },
  );
  t.equal(said(patched.body), 'accepted acknowledged urgent nurse Practitioner/anna');
  const transaction = (status: string, owner: object) => async () =>
    app.send('POST', '', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          request: { method: 'POST', url: 'Communication' },
          resource: {
            resourceType: 'Communication',
            status: 'completed',
            subject: task.for,
            about: [{ reference: `Task/${task.id}` }],
          },
        },
        {
          request: { method: 'PUT', url: `Task/${task.id}` },
          resource: { ...(await now()), status, owner, output: outcome('visit') },
        },
      ],
    });
  t.equal((await transaction('completed', BILAL)()).status, 409);
  t.equal(
    (await app.send('GET', `/Communication?patient=${task.for?.reference}&_summary=count`)).body.total,
    0,
    'all or nothing',
  );
  t.equal((await transaction('completed', ANNA)()).status, 200);
  t.equal((await now()).status, 'completed');
});

const illegal: [name: string, members: Partial<Record<keyof Task, unknown>>, says: string][] = [
  [
    'a status that is none of work',
    { status: 'draft' },
    '422 Task.status: a work item that is requested does not become draft; from requested it can become requested (remark, no owner); accepted (take, owner); in-progress (start, owner); on-hold (snooze, owner, expected level); completed (complete, owner, outcome)',
  ],
  [
    'a person does not cancel',
    { status: 'cancelled' },
    '422 Task.status: a work item that is requested does not become cancelled',
  ],
  ['nor does it fail', { status: 'failed' }, '422 Task.status: a work item that is requested does not become failed'],
  [
    'nor is it an error',
    { status: 'entered-in-error' },
    '422 Task.status: a work item that is requested does not become entered-in-error',
  ],
  ['nobody has it', { status: 'accepted' }, '422 Task.owner: take (requested to accepted) needs who has it'],
  [
    'somebody has what waits',
    { owner: ANNA },
    '422 Task.owner: remark (requested to requested) needs that nobody has it',
  ],
  [
    'done without an outcome',
    { status: 'completed', owner: ANNA },
    '422 Task.output: complete (requested to completed) needs one output',
  ],
  [
    'an outcome that is none',
    { status: 'completed', owner: ANNA, output: outcome('cured') },
    '422 Task.output: complete',
  ],
  [
    'two outcomes',
    { status: 'completed', owner: ANNA, output: [...(outcome('visit') ?? []), ...(outcome('admission') ?? [])] },
    '422 Task.output: complete',
  ],
  [
    'another outcome that is not told',
    { status: 'completed', owner: ANNA, output: outcome('other') },
    '422 Task.output: complete (requested to completed) needs a text',
  ],
  [
    'asleep without a level',
    { status: 'on-hold', owner: ANNA },
    '422 Task.extension: snooze (requested to on-hold) needs the extension',
  ],
  ['another priority', { priority: 'routine' }, '422 Task.priority of a work item'],
  ['another level', { performerType: [{ text: 'physician' }] }, '422 Task.performerType of a work item'],
  [
    'another time to respond',
    { restriction: { period: { start: MORNING, end: '2027-01-01T00:00:00Z' } } },
    '422 Task.restriction of a work item',
  ],
  ['another Flag', { focus: { reference: 'Flag/other' } }, '422 Task.focus of a work item'],
  [
    'another identity',
    { identifier: [{ system: 'https://hospital.example', value: '1' }] },
    '422 Task.identifier of a work item',
  ],
  ['another text', { description: 'fine' }, '422 Task.description of a work item'],
  [
    'no time to respond of its own',
    { extension: [{ url: `${CANONICAL}/StructureDefinition/respond-within`, valueString: 'soon' }] },
    '422 The extension respond-within',
  ],
];

t.test('what is no move is refused, and the legal ones are named', async (t) => {
  const { app, task, now } = await story(t);
  for (const [name, members, says] of illegal) {
    const answer = await move(app, task, members);
    t.ok(refused(answer).startsWith(says), `${name}: ${refused(answer)}`);
  }
  t.equal((await now()).meta?.versionId, '1', 'nothing was written');
  await move(app, task, { status: 'completed', owner: ANNA, output: outcome('visit') });
  const after = await move(app, task, { status: 'accepted' });
  t.match(
    refused(after),
    '422 Task.status: a work item that is completed does not become accepted; from completed it can become completed (correct, owner, outcome, reason)',
  );
  t.equal((await move(app, task, { output: outcome('admission') })).status, 422, 'a correction says why');
  const corrected = await move(app, task, { output: outcome('admission'), statusReason: { text: 'wrong button' } });
  t.equal(corrected.status, 200);
});

t.test('a snooze up to beyond the last year of the calendar is refused', async (t) => {
  const { app, task } = await story(t);
  const extension = [...(task.extension ?? []), expected(2, '9999-12-31T23:59:59-12:00')];
  t.match(refused(await move(app, task, { status: 'on-hold', owner: ANNA, extension })), /^422 Task.extension/);
});

t.test('what was noted stays', async (t) => {
  const { app, task } = await story(t);
  t.equal((await move(app, task, { note: [{ text: 'called, no answer' }] })).status, 200);
  t.equal((await move(app, task, { note: [{ text: 'called' }] })).status, 422);
  t.equal((await move(app, task, { note: [{ text: 'called, no answer' }, { text: 'called again' }] })).status, 200);
});

t.test('work items are made by the service, and not deleted; other Tasks are as their clients want them', async (t) => {
  const { app, patient, task, now } = await story(t);
  const { id: _id, ...copy } = await now();
  t.match(refused(await app.send('POST', '/Task', copy)), '422 Task: work items are made by this service');
  t.equal((await app.send('PUT', '/Task/mine', { ...copy, id: 'mine' })).status, 422);
  const other = {
    resourceType: 'Task',
    status: 'draft',
    intent: 'plan',
    for: { reference: patient },
    focus: task.focus,
  };
  const plain = await post(app, other);
  t.equal(
    (await app.send('PUT', `/Task/${plain.id}`, { ...copy, id: plain.id })).status,
    422,
    'nor made of another Task',
  );
  t.equal((await app.send('PUT', `/Task/${plain.id}`, { ...other, id: plain.id, status: 'failed' })).status, 200);
  t.match(refused(await app.send('DELETE', `/Task/${task.id}`)), '409 Task/');
  t.equal((await app.send('DELETE', `/Task/${plain.id}`)).status, 204);
  t.equal((await app.send('PUT', `/Task/${task.id}`, { ...other, id: task.id })).status, 422, 'a work item stays one');
});

t.test('a snooze says which level is expected, in the same write, and holds a later rise back', async (t) => {
  const { app, patient, task, at, count, now } = await story(t);
  const snooze = (level: number, until: string, more = {}) =>
    move(app, task, {
      status: 'on-hold',
      owner: ANNA,
      statusReason: { text: 'nadir of the cycle' },
      extension: [...(task.extension ?? []), expected(level, until)],
      ...more,
    });
  t.equal((await snooze(5, '2026-12-01T09:00:00Z')).status, 422, 'the term has no grade 5 from data');
  t.equal((await snooze(2, MORNING)).status, 422, 'a moment that has passed');
  t.equal((await snooze(2, '2026-12')).status, 422, 'a month is no day');
  const asleep = await snooze(3, '2026-12-01T09:00:00Z');
  t.equal(asleep.status, 200);
  t.equal(said(asleep.body), 'on-hold snoozed urgent nurse Practitioner/anna');
  t.same(await placesOf(app, patient), ['snoozed nurse Practitioner/anna 2']);
  t.same(await dueOf(app, patient), ['2026-12-01T09:00:00.000Z'], 'it wakes then');
  const level = await app.send(
    'GET',
    `/Observation?patient=${patient}&_has:Provenance:target:patient=${patient}&_count=50`,
  );
  const observations = await app.send('GET', `/Observation?subject=${patient}&_count=50`);
  const held = observations.body.entry.find(({ resource }: { resource: { extension?: { url: string }[] } }) =>
    resource.extension?.some(({ url }) => url.endsWith('/expected-level')),
  )?.resource;
  t.match(held, { performer: [ANNA], note: [{ text: 'nadir of the cycle' }], focus: [task.focus] });
  t.ok(level.status < 500);
  at('2026-11-25T09:00:00.000Z');
  await count(0.8, '2026-11-25T08:30:00Z');
  t.same(await workOf(app, patient), ['on-hold snoozed urgent nurse Practitioner/anna'], 'as expected');
  await count(0.3, '2026-11-25T08:40:00Z');
  t.same(await workOf(app, patient), ['requested new stat nurse'], 'worse than expected: it is work again');
  t.same((await now()).statusReason, { text: 'worse than expected' });
  t.notOk(JSON.stringify((await now()).extension).includes('expected-level'));
  t.same(await dueOf(app, patient), ['2026-11-25T13:00:00.000Z']);
});

t.test('a snooze ends at its moment: it is work again, for whoever is there', async (t) => {
  const { app, patient, task, at, elapse, now } = await story(t);
  await move(app, task, {
    status: 'on-hold',
    owner: ANNA,
    extension: [...(task.extension ?? []), expected(2, '2026-12-01T09:00:00Z')],
  });
  at('2026-12-01T08:59:59.999Z');
  t.equal(await elapse(), 0);
  at('2026-12-01T09:30:00.000Z');
  t.ok((await elapse()) > 0);
  t.same(await workOf(app, patient), ['requested new urgent nurse']);
  t.same((await now()).restriction?.period, { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T13:00:00.000Z' });
});

t.test('what a snooze held back is judged again when it ends', async (t) => {
  const { app, patient, task, at, count, elapse } = await story(t);
  await move(app, task, {
    status: 'on-hold',
    owner: ANNA,
    extension: [...(task.extension ?? []), expected(3, '2026-12-01T09:00:00Z')],
  });
  at('2026-11-30T09:00:00.000Z');
  await count(0.8, '2026-11-30T08:30:00Z');
  t.same(await workOf(app, patient), ['on-hold snoozed urgent nurse Practitioner/anna'], 'held back');
  at('2026-12-01T09:00:00.001Z');
  await elapse();
  t.same(await workOf(app, patient), ['requested new stat nurse'], 'the moment after the last that counts');
});

t.test('a snooze that is resumed has its time to respond before it', async (t) => {
  const { app, patient, task, at } = await story(t);
  await move(app, task, {
    status: 'on-hold',
    owner: ANNA,
    extension: [...(task.extension ?? []), expected(2, '2026-12-01T09:00:00Z')],
  });
  at('2026-11-27T09:00:00.000Z');
  const resumed = await move(app, task, { status: 'in-progress' });
  t.equal(resumed.status, 200);
  t.notOk(JSON.stringify(resumed.body.extension).includes('expected-level'));
  t.same(await dueOf(app, patient), ['2026-11-27T13:00:00.000Z']);
});

t.test('overdue work goes on to the next level, and at the last is called overdue once', async (t) => {
  const { app, patient, task, at, elapse, now } = await story(t);
  await move(app, task, { status: 'accepted', owner: ANNA });
  at('2026-11-24T12:59:59.999Z');
  t.equal(await elapse(), 0);
  at('2026-11-25T20:00:00.000Z');
  t.equal(await elapse(), 2, 'a day later both steps are made up for, each as of its own moment');
  t.same(await workOf(app, patient), ['accepted overdue asap physician Practitioner/anna']);
  const { note, restriction, meta } = await now();
  t.same(
    note?.map(({ text, time }) => `${time} ${text}`),
    [
      '2026-11-24T13:00:00.000Z overdue since 2026-11-24T13:00:00.000Z',
      '2026-11-25T09:00:00.000Z overdue since 2026-11-25T09:00:00.000Z',
    ],
  );
  t.same(restriction?.period, { start: '2026-11-24T13:00:00.000Z', end: '2026-11-25T09:00:00.000Z' });
  t.equal(meta?.versionId, '4');
  t.same(await dueOf(app, patient), []);
  const taken = await move(app, task, { owner: BILAL, status: 'in-progress' });
  t.equal(taken.status, 200, `who answers the call needs no reason: ${refused(taken)}`);
  t.equal(said(taken.body), 'in-progress acknowledged asap physician Practitioner/bilal');
  t.same(await dueOf(app, patient), [], 'the same time does not run out twice');
  t.equal(await elapse(), 0);
  t.match(
    refused(await move(app, task, { owner: ANNA, status: 'accepted' })),
    /^409 Task.owner: Practitioner.bilal has/,
  );
  const back = await move(app, task, {
    status: 'requested',
    owner: undefined,
    statusReason: { text: 'end of my shift' },
  });
  t.equal(back.status, 200);
  await elapse();
  t.same(await workOf(app, patient), ['requested overdue asap physician'], 'what nobody has is called for again');
});

t.test('that work is overdue is noted by the service alone', async (t) => {
  const { app, task } = await story(t);
  const text = 'overdue since 2026-11-24T13:00:00.000Z';
  const forged = await move(app, task, { status: 'accepted', owner: ANNA, note: [{ authorString: 'vigie', text }] });
  t.match(refused(forged), /^422 Task.note: that work is overdue is noted by the service/);
});

t.test('several processes that find it overdue move it once', async (t) => {
  const { app, patient, at } = await story(t);
  at('2026-11-24T13:00:00.000Z');
  const due = await takeDue(app.deps.db, everyone(), { now: '2026-11-24T13:00:00.000Z', limit: 10, seconds: 0 });
  t.equal(due.length, 1);
  await Promise.all([...due, ...due, ...due, ...due].map((one) => taskOverdue(app.deps, everyone(), one)));
  t.same(await workOf(app, patient), ['requested escalated asap physician']);
  t.same(await dueOf(app, patient), ['2026-11-25T09:00:00.000Z']);
});

t.test('a nurse asks the physician', async (t) => {
  const { app, patient, task } = await story(t);
  await move(app, task, { status: 'accepted', owner: ANNA });
  t.match(refused(await escalate(app, task, BY_ANNA.slice(0, 1))), '400 reason');
  t.match(refused(await escalate(app, task, BY_ANNA.slice(1))), '400 author');
  const { status, body } = await escalate(app, task, BY_ANNA);
  t.equal(status, 200);
  t.equal(said(body), 'accepted escalated asap physician Practitioner/anna');
  t.match(body.note, [{ text: 'needs a physician', authorReference: ANNA, time: MORNING }]);
  t.equal(body.meta.versionId, '3');
  t.same(await placesOf(app, patient), ['taken physician Practitioner/anna 1']);
  t.match(
    refused(await escalate(app, task, BY_ANNA)),
    '422 This work is at the last level of the site (nurse, physician)',
  );
  await move(app, task, { status: 'completed', owner: BILAL, output: outcome('visit') });
  t.match(refused(await escalate(app, task, BY_ANNA)), '422 A work item that is completed is not escalated');
  t.equal((await escalate(app, { ...task, id: 'nobody' }, BY_ANNA)).status, 404);
  const plain = await post(app, { resourceType: 'Task', status: 'draft', intent: 'plan', for: { reference: patient } });
  t.match(refused(await escalate(app, plain, BY_ANNA)), '422 Only the work items');
});

t.test('work that sleeps up to a level below what is reported wakes with the next report of it', async (t) => {
  const { app, patient, task, at, count } = await story(t);
  const asleep = { status: 'on-hold', owner: ANNA, extension: [...(task.extension ?? []), expected(1, SNOOZED)] };
  t.equal((await move(app, task, asleep)).status, 200);
  at('2026-11-25T09:00:00.000Z');
  await count(1.6, '2026-11-25T08:30:00Z');
  t.match(await workOf(app, patient), [/^on-hold snoozed/], 'grade 1 is what was expected');
  at('2026-11-26T09:00:00.000Z');
  await count(1.2, '2026-11-26T08:30:00Z');
  t.match(await workOf(app, patient), [/^requested new/], 'grade 2 is not');
  t.equal((await move(app, task, asleep)).status, 200);
  at('2026-11-27T09:00:00.000Z');
  await count(1.2, '2026-11-27T08:30:00Z');
  t.match(await workOf(app, patient), [/^requested new/], 'though the Flag is as it was');
  t.same(await placesOf(app, patient), ['waiting nurse - 2']);
  t.equal((await tasksOf(app, patient))[0]?.statusReason?.text, 'worse than expected');
  t.same(await dueOf(app, patient), ['2026-11-27T13:00:00.000Z']);
});

const SNOOZED = '2026-12-10T09:00:00Z';
