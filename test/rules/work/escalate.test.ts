import type { Task } from '@medplum/fhirtypes';
import t from 'tap';
import { CANONICAL } from '../../../src/fhir/canonical.ts';
import { DEFAULT_SITE } from '../../../src/rules/site.ts';
import { levelConcept, statusConcept, type WorkStatus } from '../../../src/rules/work/codes.ts';
import { dueOf, elapsed, escalated } from '../../../src/rules/work/escalate.ts';
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
