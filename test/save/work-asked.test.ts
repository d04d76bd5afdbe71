import type { Task } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { statusConcept } from '../../src/rules/work/codes.ts';
import type { Answer } from '../support/app.ts';
import { type ClockStory, clockStory, MORNING } from '../support/clock.ts';
import { aPolicy } from '../support/observations.ts';
import { ANNA, BILAL, dueOf, move, outcome, placesOf, said, tasksOf, workOf } from '../support/work.ts';

const POLICY = aPolicy('work', [
  ['open', "%finding.kind = 'ladder' and %finding.min >= 3", 'PH'],
  ['open', "%finding.kind = 'ladder' and %finding.min >= 1", 'PM'],
  ['close', "%finding.kind = 'ladder' and %finding.max = 0"],
]);

interface Story extends ClockStory {
  task: Task;
  /** The work item as it is now. */
  read(): Promise<Task>;
  /** The same as an EHR changes it. */
  put(change: Partial<Task>, held?: Task): Promise<Answer>;
}

/** A patient whose Flag has made one work item. */
async function story(t: Test): Promise<Story> {
  const clock = await clockStory(t, POLICY);
  await clock.count(1.2, '2026-11-24T08:30:00Z');
  const [task] = await tasksOf(clock.app, clock.patient);
  if (!task) throw new Error('no work item was made');
  const read = async (): Promise<Task> => (await clock.app.send('GET', `/Task/${task.id}`)).body;
  const put = async (change: Partial<Task>, held?: Task) =>
    clock.app.send('PUT', `/Task/${task.id}`, { ...(held ?? (await read())), ...change });
  return { ...clock, task, read, put };
}

const refused = ({ status, body }: Answer): string => `${status} ${body.issue?.[0]?.diagnostics}`;
const ESCALATED = { businessStatus: statusConcept('escalated') };
const WHY = { statusReason: { text: 'needs a physician' } };
const LAST = '422 This work is at the last level of the site (nurse, physician) already';

t.test('the next level is asked by PATCH, as by $escalate', async (t) => {
  const { app, patient, task } = await story(t);
  await move(app, task, { status: 'accepted', owner: ANNA });
  t.match(refused(await move(app, task, ESCALATED)), /^422 Task.statusReason: escalate \(accepted to accepted\) needs/);
  const { status, body } = await move(app, task, { ...ESCALATED, ...WHY });
  t.equal(status, 200);
  t.equal(said(body), 'accepted escalated asap physician Practitioner/anna');
  t.same(body.note, [{ authorReference: ANNA, time: MORNING, text: 'needs a physician' }]);
  t.same(body.restriction.period, { start: MORNING, end: '2026-11-24T13:00:00.000Z' });
  t.same(await placesOf(app, patient), ['taken physician Practitioner/anna 1']);
  t.equal(
    refused(await move(app, task, { status: 'in-progress', ...ESCALATED, ...WHY })),
    '200 undefined',
    'held by now',
  );
  const started = await tasksOf(app, patient);
  t.equal(started[0] && said(started[0]), 'in-progress acknowledged asap physician Practitioner/anna');
  t.equal(refused(await move(app, task, { ...ESCALATED, statusReason: { text: 'nobody comes' } })), LAST);
});

t.test('by PUT, with the move that takes it', async (t) => {
  const { app, patient, put } = await story(t);
  const { status, body } = await put({ status: 'accepted', owner: BILAL, ...ESCALATED, ...WHY });
  t.equal(status, 200);
  t.equal(said(body), 'accepted escalated asap physician Practitioner/bilal');
  t.same(body.executionPeriod, { start: MORNING });
  t.same(body.statusReason, WHY.statusReason);
  t.same(await dueOf(app, patient), ['2026-11-24T13:00:00.000Z']);
});

t.test('and within a transaction, of what nobody has', async (t) => {
  const { app, task, read } = await story(t);
  const resource = { ...(await read()), ...ESCALATED, ...WHY };
  const entry = [{ request: { method: 'PUT', url: `Task/${task.id}` }, resource }];
  t.equal((await app.send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })).status, 200);
  const now = await read();
  t.equal(said(now), 'requested escalated asap physician');
  t.same(now.note, [{ time: MORNING, text: 'needs a physician' }]);
});

t.test('an EHR that puts back what it has read asks for nothing, and is not refused for it', async (t) => {
  const { app, patient, task, read, put, count } = await story(t);
  await move(app, task, { status: 'accepted', owner: ANNA });
  await move(app, task, { ...ESCALATED, ...WHY });
  const copy = await read();
  t.equal((await put({}, copy)).status, 200, 'as it is held');
  t.equal((await read()).note?.length, 1);
  await count(3, '2026-11-24T08:40:00Z');
  t.same(await workOf(app, patient), ['accepted episode-ended asap physician Practitioner/anna']);
  const back = await put({ status: 'completed', output: outcome('no-action') }, copy);
  t.equal(back.status, 200, refused(back));
  t.equal(said(back.body), 'completed episode-ended asap physician Practitioner/anna');
});

t.test('who names by If-Match the version that was read asks by a body without one', async (t) => {
  const { app, task, read } = await story(t);
  await move(app, task, { status: 'accepted', owner: ANNA });
  await move(app, task, { ...ESCALATED, ...WHY });
  await move(app, task, { status: 'in-progress' });
  const { meta: _meta, ...body } = await read();
  const nobody = { ...body, ...ESCALATED, statusReason: { text: 'nobody comes' } };
  const send = (ifMatch: string) => app.send('PUT', `/Task/${task.id}`, nobody, { 'if-match': ifMatch });
  t.equal(refused(await send('W/"4"')), LAST);
  const entry = (ifMatch: string) => [
    { request: { method: 'PUT', url: `Task/${task.id}`, ifMatch }, resource: nobody },
  ];
  const bundle = (ifMatch: string) =>
    app.send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry: entry(ifMatch) });
  t.match(refused(await bundle('W/"4"')), /This work is at the last level/);
  t.equal((await send('W/"3"')).status, 412);
  const { status, body: kept } = await send('W/"3", W/"4"');
  t.equal(status, 200, 'which of them was read is not said');
  t.equal(said(kept), 'in-progress acknowledged asap physician Practitioner/anna');
});

t.test('who was called takes it over by the code that taking it gives, and of two who do one has it', async (t) => {
  const { app, patient, task } = await story(t);
  await move(app, task, { status: 'accepted', owner: ANNA });
  await move(app, task, { ...ESCALATED, ...WHY });
  const acknowledged = { status: 'accepted', businessStatus: statusConcept('acknowledged') };
  t.match(refused(await move(app, task, acknowledged)), /^422 Task.businessStatus/, 'who had it was not called');
  const chloe = { reference: 'Practitioner/chloe' };
  const both = await Promise.all([BILAL, chloe].map((owner) => move(app, task, { ...acknowledged, owner })));
  t.same(both.map(({ status }) => status).sort(), [200, 409]);
  t.equal(
    both.filter(({ status }) => status === 200).map(({ body }) => said({ ...body, owner: undefined }))[0],
    'accepted acknowledged asap physician',
  );
  t.same(await dueOf(app, patient), ['2026-11-24T13:00:00.000Z'], 'it is still due');
});

t.test('any other status of ours that is no move is refused, and how the next level is asked is named', async (t) => {
  const { app, task, put } = await story(t);
  const says =
    /^422 Task.businessStatus: .* no client makes it snoozed; from requested it can become .* by \$escalate$/;
  t.match(refused(await move(app, task, { businessStatus: statusConcept('snoozed') })), says);
  t.match(refused(await put({ businessStatus: statusConcept('snoozed') })), says);
  t.match(refused(await put({ performerType: [{ text: 'physician' }] })), /^422 Task.performerType .*\$escalate$/);
  t.equal((await put({ businessStatus: { text: 'seen' } })).status, 200);
});

t.test('a snooze until a day lasts to its end, where the site is', async (t) => {
  const { app, patient, task, until, read } = await story(t);
  const snooze = (day: string) => ({
    status: 'on-hold',
    owner: ANNA,
    extension: [
      ...(task.extension ?? []),
      {
        url: `${CANONICAL}/StructureDefinition/expected-level`,
        extension: [
          { url: 'level', valueInteger: 2 },
          { url: 'until', valueDateTime: day },
        ],
      },
    ],
  });
  t.match(refused(await move(app, task, snooze('2026-11'))), /^422 Task.extension: .* a day or a moment/);
  t.match(refused(await move(app, task, snooze('2026-11-23'))), /^422 Task.extension/);
  const asleep = await move(app, task, snooze('2026-11-25'));
  t.equal(asleep.status, 200, refused(asleep));
  t.match(JSON.stringify(asleep.body.extension), /"valueDateTime":"2026-11-25T23:59:59.999\+01:00"/);
  t.same(await dueOf(app, patient), ['2026-11-25T22:59:59.999Z']);
  await until('2026-11-25T22:59:59.998Z');
  t.equal((await read()).status, 'on-hold');
  await until('2026-11-25T22:59:59.999Z');
  t.match(await read(), { status: 'requested', statusReason: { text: 'the snooze has ended' } });
  await until('2026-11-26T12:00:00.000Z');
  const escalated = await read();
  t.equal(said(escalated), 'requested escalated asap physician');
  t.equal(escalated.statusReason, undefined, 'that it woke is not why it was escalated');
});

t.test('what is overdue at the last level and gets worse has a new time, and is called for once more', async (t) => {
  const { app, patient, until, at, count, read } = await story(t);
  await until('2026-11-25T20:00:00.000Z');
  t.same(await workOf(app, patient), ['requested overdue asap physician']);
  t.same(await dueOf(app, patient), []);
  at('2026-11-26T08:00:00.000Z');
  await count(1.1, '2026-11-26T07:50:00Z');
  t.same(await workOf(app, patient), ['requested overdue asap physician'], 'no worse');
  await count(0.8, '2026-11-26T07:59:00Z');
  const anew = await read();
  t.equal(said(anew), 'requested escalated stat physician');
  t.same(anew.restriction?.period, { start: '2026-11-26T08:00:00.000Z', end: '2026-11-26T12:00:00.000Z' });
  t.same(anew.statusReason, { text: 'worse while it was overdue' });
  t.same(await dueOf(app, patient), ['2026-11-26T12:00:00.000Z']);
  await until('2026-11-26T12:00:00.000Z');
  const called = await read();
  t.equal(said(called), 'requested overdue stat physician');
  t.equal(called.note?.at(-1)?.text, 'overdue since 2026-11-26T12:00:00.000Z');
  t.equal(called.statusReason, undefined);
});
