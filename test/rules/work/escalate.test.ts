import type { Task } from '@medplum/fhirtypes';
import t from 'tap';
import { CANONICAL } from '../../../src/fhir/canonical.ts';
import { DEFAULT_SITE } from '../../../src/rules/site.ts';
import { levelConcept, statusConcept, type WorkStatus } from '../../../src/rules/work/codes.ts';
import { asked, dueOf, elapsed, escalated } from '../../../src/rules/work/escalate.ts';
import { workStatusOf } from '../../../src/rules/work/work-item.ts';

const END = '2026-11-24T13:00:00.000Z';
const by = 'vigie';

function work(status: Task['status'], then: WorkStatus, more: Partial<Task> = {}): Task {
  return {
    resourceType: 'Task',
    status,
    intent: 'order',
    priority: 'routine',
    businessStatus: statusConcept(then),
    performerType: [levelConcept({ code: 'nurse', display: 'Nurse' })],
    restriction: { period: { start: '2026-11-24T09:00:00.000Z', end: END } },
    ...more,
  };
}

const MORNING = '2026-11-24T09:00:00.000Z';
const NOON = '2026-11-24T12:00:00.000Z';
const called = (at: string): Partial<Task> => ({ note: [{ authorString: by, text: `overdue since ${at}` }] });

const asleep = (until: string): Partial<Task> => ({
  owner: { reference: 'Practitioner/anna' },
  extension: [
    {
      url: `${CANONICAL}/StructureDefinition/expected-level`,
      extension: [
        { url: 'level', valueInteger: 2 },
        { url: 'until', valueDateTime: until },
      ],
    },
  ],
});

const dues: [name: string, task: Task, due: string | undefined][] = [
  ['what waits is due at its end', work('requested', 'new'), END],
  ['what is accepted too', work('accepted', 'acknowledged'), END],
  ['what is under way too', work('in-progress', 'acknowledged'), END],
  ['what was escalated too', work('requested', 'escalated'), END],
  ['what is overdue at the last level is called for once', work('accepted', 'overdue'), undefined],
  ['nor when somebody has taken it since', work('accepted', 'acknowledged', called(END)), undefined],
  ['unless it is put back', work('requested', 'new', called(END)), END],
  [
    'what was called overdue at an earlier level is due at its end',
    work('accepted', 'acknowledged', called(NOON)),
    END,
  ],
  ['what is over is not called for', work('accepted', 'episode-ended'), undefined],
  ['what is done is not', work('completed', 'acknowledged'), undefined],
  ['what is cancelled is not', work('cancelled', 'episode-ended'), undefined],
  ['what sleeps wakes', work('on-hold', 'snoozed', asleep('2026-12-01T10:00:00+01:00')), '2026-12-01T09:00:00.000Z'],
  [
    'what sleeps wakes, though its episode is over',
    work('on-hold', 'episode-ended', asleep('2026-12-01T10:00:00+01:00')),
    '2026-12-01T09:00:00.000Z',
  ],
  [
    'an end that is said otherwise is the same moment',
    work('requested', 'new', { restriction: { period: { end: '2026-11-24T14:00:00+01:00' } } }),
    END,
  ],
];
for (const [name, task, due] of dues) t.test(name, async (t) => t.equal(dueOf(task), due));

t.test('another moment than its own changes nothing', async (t) => {
  t.equal(elapsed(work('requested', 'new'), { site: DEFAULT_SITE, at: '2026-11-24T12:59:59.999Z', by }), undefined);
  t.ok(elapsed(work('requested', 'new'), { site: DEFAULT_SITE, at: END, by }));
});

t.test('each escalation is one more urgent, until nothing is', async (t) => {
  const levels = ['a', 'b', 'c', 'd', 'e'].map((code) => ({ code, display: code }));
  const site = { ...DEFAULT_SITE, levels };
  let task: Task | undefined = work('requested', 'new', { performerType: [levelConcept({ code: 'a', display: 'a' })] });
  const seen: (string | undefined)[] = [];
  while (task) {
    seen.push(`${task.performerType?.[0]?.coding?.[0]?.code} ${task.priority}`);
    task = escalated(task, { site, at: END, by, reason: 'why' });
  }
  t.same(seen, ['a routine', 'b urgent', 'c asap', 'd stat', 'e stat']);
});

t.test('a level that the site no longer has is before all others', async (t) => {
  const task = work('requested', 'new', { performerType: [levelConcept({ code: 'intern', display: 'Intern' })] });
  const next = escalated(task, { site: DEFAULT_SITE, at: END, by, reason: 'why' });
  t.equal(next?.performerType?.[0]?.coding?.[0]?.code, 'nurse');
});

t.test('what wakes though its episode is over says so', async (t) => {
  const task = work('on-hold', 'episode-ended', asleep('2026-12-01T09:00:00Z'));
  const awake = elapsed(task, { site: DEFAULT_SITE, at: '2026-12-01T09:00:00.000Z', by });
  t.equal(awake?.status, 'requested');
  t.equal(awake && workStatusOf(awake), 'episode-ended');
});

t.test('who noted is referred to where a note can, else named', async (t) => {
  const note = (who: string) =>
    escalated(work('requested', 'new'), { site: DEFAULT_SITE, at: END, by: who, reason: 'why' })?.note?.at(-1);
  t.match(note('Practitioner/anna'), { authorReference: { reference: 'Practitioner/anna' }, time: END, text: 'why' });
  t.match(note('PractitionerRole/anna'), { authorString: 'PractitionerRole/anna' });
});

t.test('a note names nobody where nobody said who they are', async (t) => {
  const next = escalated(work('requested', 'new'), { site: DEFAULT_SITE, at: END, reason: 'why' });
  t.same(next?.note, [{ time: END, text: 'why' }]);
});

const PHYSICIAN = { performerType: [levelConcept({ code: 'physician', display: 'Physician' })] };
const STALE = { statusReason: { text: 'the snooze has ended' } };
const stale: [name: string, task: Task, then: WorkStatus][] = [
  ['escalated', work('requested', 'new', STALE), 'escalated'],
  ['overdue', work('requested', 'escalated', { ...STALE, ...PHYSICIAN }), 'overdue'],
];
for (const [name, task, then] of stale) {
  t.test(`the reason of an earlier version is not why it is ${name}`, async (t) => {
    const next = elapsed(task, { site: DEFAULT_SITE, at: END, by });
    t.equal(next && workStatusOf(next), then);
    t.equal(next?.statusReason, undefined);
    t.equal(next?.note?.at(-1)?.text, `overdue since ${END}`, 'that is in the note');
  });
}

t.test('what sleeps wakes for a reason of its own, also where a person had used the same words', async (t) => {
  const task = work('on-hold', 'snoozed', { ...asleep('2026-12-01T09:00:00Z'), ...STALE });
  t.same(elapsed(task, { site: DEFAULT_SITE, at: '2026-12-01T09:00:00.000Z', by })?.statusReason, STALE.statusReason);
});

const LATER = '2026-11-27T08:00:00.000Z';
for (const [name, task, at] of [
  ['escalated', work('accepted', 'acknowledged', { lastModified: LATER }), END],
  ['overdue', work('accepted', 'acknowledged', { lastModified: LATER, ...PHYSICIAN }), END],
  ['woken', work('on-hold', 'snoozed', { ...asleep(NOON), lastModified: LATER }), NOON],
] as const) {
  t.test(`what is ${name} late is not dated before what was done meanwhile`, async (t) => {
    t.equal(elapsed(task, { site: DEFAULT_SITE, at, by })?.lastModified, LATER);
    t.equal(elapsed({ ...task, lastModified: MORNING }, { site: DEFAULT_SITE, at, by })?.lastModified, at);
  });
}

t.test('what a person wants at the next level goes there, with no reason of before', async (t) => {
  const given = { site: DEFAULT_SITE, at: NOON, by: 'Practitioner/anna', reason: 'needs a physician' };
  const next = asked(work('accepted', 'acknowledged', { ...STALE, lastModified: MORNING }), given);
  t.match(next, { ...PHYSICIAN, lastModified: NOON, note: [{ text: 'needs a physician', time: NOON }] });
  t.equal(next.statusReason, undefined);
  const skewed = asked(work('accepted', 'acknowledged', { lastModified: LATER }), given);
  t.match(skewed, { lastModified: LATER, restriction: { period: { start: LATER } } });
  t.throws(() => asked(next, given), { message: /at the last level of the site \(nurse, physician\) already/ });
  for (const status of ['on-hold', 'completed', 'cancelled'] as const) {
    t.throws(() => asked(work(status, 'acknowledged'), given), { message: /is not escalated; from/ }, status);
  }
});
