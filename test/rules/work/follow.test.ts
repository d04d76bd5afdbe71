import type { Flag, Task } from '@medplum/fhirtypes';
import t from 'tap';
import { CANONICAL } from '../../../src/fhir/canonical.ts';
import type { Priority } from '../../../src/rules/episode.ts';
import { priorityConcept } from '../../../src/rules/resources/codes.ts';
import { DEFAULT_SITE, type RespondWithin } from '../../../src/rules/site.ts';
import { levelConcept, statusConcept } from '../../../src/rules/work/codes.ts';
import { type FlagNow, follow } from '../../../src/rules/work/follow.ts';
import { levelOf, workStatusOf } from '../../../src/rules/work/work-item.ts';

/** A Tuesday morning in Paris. */
const NOW = '2026-11-24T09:00:00.000Z';
const END = '2026-11-24T13:00:00.000Z';
const HALF_A_DAY: RespondWithin = { hours: 4, clock: 'service' };

const flag = (priority: Priority, status: Flag['status'] = 'active', text = 'Nausea: grade 2'): Flag => ({
  resourceType: 'Flag',
  status,
  code: { text },
  subject: { reference: 'Patient/p' },
  extension: [
    { url: 'http://hl7.org/fhir/StructureDefinition/flag-priority', valueCodeableConcept: priorityConcept(priority) },
  ],
});

const told = (one: Flag, more: Partial<FlagNow> = {}): FlagNow => ({
  flagId: 'f',
  flag: one,
  rises: false,
  opens: false,
  ...more,
});

const around = { site: DEFAULT_SITE, now: NOW, patient: 'Patient/p', device: 'Device/d', within: [HALF_A_DAY] };

/** The first work item of a Flag of this priority, as it was then changed. */
function item(priority: Priority, more: Partial<Task> = {}): Task {
  const made = follow([], told(flag(priority), { opens: true }), around)?.task;
  if (!made) throw new Error('none was made');
  return { ...made, id: 't', ...more };
}

const taken = {
  status: 'accepted',
  owner: { reference: 'Practitioner/anna' },
  businessStatus: statusConcept('acknowledged'),
} as const;
const done = { ...taken, status: 'completed' } as const;
const gone = { status: 'cancelled', businessStatus: statusConcept('episode-ended') } as const;
const asleep = {
  ...taken,
  status: 'on-hold',
  businessStatus: statusConcept('snoozed'),
  extension: [
    {
      url: `${CANONICAL}/StructureDefinition/expected-level`,
      extension: [
        { url: 'level', valueInteger: 2 },
        { url: 'until', valueDateTime: '2026-12-01T09:00:00Z' },
      ],
    },
  ],
} satisfies Partial<Task>;
const raised = { performerType: [levelConcept({ code: 'physician', display: 'Physician' })] };

type Case = [name: string, held: readonly Task[], now: FlagNow, said: string | undefined];

const cases: Case[] = [
  ['a Flag of low priority makes routine work', [], told(flag('PL'), { opens: true }), '1 requested new routine nurse'],
  ['of medium priority urgent work', [], told(flag('PM'), { opens: true }), '1 requested new urgent nurse'],
  ['of high priority work at once', [], told(flag('PH'), { opens: true }), '1 requested new stat nurse'],
  ['of no alarm none', [], told(flag('PN'), { opens: true }), undefined],
  ['what rises from no alarm makes the first', [], told(flag('PL'), { rises: true }), '1 requested new routine nurse'],
  ['a Flag that was there without work makes the first', [], told(flag('PL')), '1 requested new routine nurse'],
  ['one that is over makes none', [], told(flag('PH', 'inactive')), undefined],
  ['the same again changes nothing', [item('PM')], told(flag('PM')), undefined],
  ['another text is said', [item('PM')], told(flag('PM', 'active', 'Nausea: grade 1')), '1 requested new urgent nurse'],
  ['what rises is more urgent', [item('PM')], told(flag('PH'), { rises: true }), '1 requested new stat nurse'],
  ['what falls is less urgent', [item('PH')], told(flag('PM')), '1 requested new urgent nurse'],
  ['though to no alarm, it stays work', [item('PM')], told(flag('PN')), '1 requested new routine nurse'],
  ['what was escalated stays as urgent', [item('PH', raised)], told(flag('PM'), {}), undefined],
  [
    'and rises with its Flag',
    [item('PM', raised)],
    told(flag('PH'), { rises: true }),
    '1 requested new stat physician',
  ],
  [
    'what is overdue at the first and last level stays as urgent',
    [item('PH', { businessStatus: statusConcept('overdue') })],
    told(flag('PL')),
    undefined,
  ],
  [
    'what somebody has rises and stays with that person',
    [item('PM', taken)],
    told(flag('PH'), { rises: true }),
    '1 accepted acknowledged stat nurse Practitioner/anna',
  ],
  [
    'what sleeps wakes by what is worse',
    [item('PM', asleep)],
    told(flag('PH'), { rises: true }),
    '1 requested new stat nurse',
  ],
  [
    'and by what is more than the level that was expected, though it is no worse',
    [item('PM', asleep)],
    told(flag('PM'), { exceeds: true }),
    '1 requested new urgent nurse',
  ],
  ['and not by what is the same', [item('PM', asleep)], told(flag('PM')), undefined],
  [
    'nor by what is better',
    [item('PM', asleep)],
    told(flag('PL')),
    '1 on-hold snoozed routine nurse Practitioner/anna',
  ],
  [
    'what nobody has is cancelled at the end',
    [item('PM')],
    told(flag('PM', 'inactive')),
    '1 cancelled episode-ended urgent nurse',
  ],
  [
    'or when it was withdrawn',
    [item('PM')],
    told(flag('PM', 'entered-in-error')),
    '1 cancelled episode-ended urgent nurse',
  ],
  [
    'what somebody has stays',
    [item('PM', taken)],
    told(flag('PM', 'inactive')),
    '1 accepted episode-ended urgent nurse Practitioner/anna',
  ],
  [
    'what sleeps too',
    [item('PM', asleep)],
    told(flag('PM', 'inactive')),
    '1 on-hold episode-ended urgent nurse Practitioner/anna',
  ],
  ['what is over changes no more', [item('PM', gone)], told(flag('PM', 'inactive')), undefined],
  ['nor does what is done', [item('PM', done)], told(flag('PM', 'inactive')), undefined],
  [
    'an end that was none gives taken work back',
    [item('PM', { ...taken, businessStatus: statusConcept('episode-ended') })],
    told(flag('PM'), { opens: true }),
    '1 accepted acknowledged urgent nurse Practitioner/anna',
  ],
  [
    'and what was put back meanwhile waits again',
    [item('PM', { businessStatus: statusConcept('episode-ended') })],
    told(flag('PM'), { opens: true }),
    '1 requested new urgent nurse',
  ],
  [
    'sleeping work sleeps on',
    [item('PM', { ...asleep, businessStatus: statusConcept('episode-ended') })],
    told(flag('PM'), { opens: true }),
    '1 on-hold snoozed urgent nurse Practitioner/anna',
  ],
  [
    'cancelled work stays so, and another is made',
    [item('PM', gone)],
    told(flag('PM'), { opens: true }),
    '2 requested new urgent nurse',
  ],
  [
    'what is worse after the work was done is new work',
    [item('PM', done)],
    told(flag('PH'), { rises: true }),
    '2 requested new stat nurse',
  ],
  ['what is the same is none', [item('PM', done)], told(flag('PM')), undefined],
  [
    'what is the third is numbered so',
    [
      item('PM', done),
      item('PM', { ...done, identifier: [{ system: `${CANONICAL}/NamingSystem/work-item`, value: 'f.2' }] }),
    ],
    told(flag('PH'), { rises: true }),
    '3 requested new stat nurse',
  ],
  [
    'of several only the open one moves',
    [item('PM', done), item('PM', { identifier: [{ system: `${CANONICAL}/NamingSystem/work-item`, value: 'f.2' }] })],
    told(flag('PH'), { rises: true }),
    '2 requested new stat nurse',
  ],
];

for (const [name, held, now, expected] of cases) {
  t.test(name, async (t) => {
    const followed = follow(held, now, { ...around, now: '2026-11-24T10:00:00.000Z' });
    const { task, n = 0 } = followed ?? {};
    const owner = task?.owner?.reference;
    t.equal(
      task && [n, task.status, workStatusOf(task), task.priority, levelOf(task), ...(owner ? [owner] : [])].join(' '),
      expected,
    );
    if (followed) t.equal(followed.isNew, !held.some(({ status }) => status !== 'completed' && status !== 'cancelled'));
  });
}

const times: [name: string, now: string, rises: boolean, within: readonly RespondWithin[], end: string][] = [
  ['a rise is never due later', '2026-11-24T12:00:00.000Z', true, [HALF_A_DAY], END],
  [
    'a rise may be due earlier',
    '2026-11-24T12:00:00.000Z',
    true,
    [{ hours: 0.5, clock: 'always' }],
    '2026-11-24T12:30:00.000Z',
  ],
  ['what does not rise is not', '2026-11-24T12:00:00.000Z', false, [{ hours: 0.5, clock: 'always' }], END],
  [
    'the shortest of several holds',
    '2026-11-24T10:00:00.000Z',
    true,
    [HALF_A_DAY, { hours: 2, clock: 'always' }, { hours: 3, clock: 'service' }],
    '2026-11-24T12:00:00.000Z',
  ],
  ['without any that of the site does', '2026-11-24T08:00:00.000Z', true, [], '2026-11-24T12:00:00.000Z'],
];
for (const [name, now, rises, within, end] of times) {
  t.test(name, async (t) => {
    const { task } = follow([item('PL')], told(flag('PM'), { rises }), { ...around, now, within }) ?? {};
    t.equal(task?.restriction?.period?.end, end);
    t.equal(task?.restriction?.period?.start, NOW);
  });
}

const CALLED = { note: [{ authorString: 'vigie', text: `overdue since ${END}` }] };
const LATER = '2026-11-24T15:00:00.000Z';
const NEXT = '2026-11-25T11:00:00.000Z';
const spent: [name: string, held: Task, now: FlagNow, start: string, end: string][] = [
  [
    'what was taken after it was called overdue has a new time when it is worse',
    item('PM', { ...taken, ...CALLED }),
    told(flag('PH'), { rises: true }),
    LATER,
    NEXT,
  ],
  ['and none when it is not', item('PM', { ...taken, ...CALLED }), told(flag('PL')), NOW, END],
  [
    'what nobody answers is overdue as it was',
    item('PM', { ...CALLED, businessStatus: statusConcept('overdue') }),
    told(flag('PH'), { rises: true }),
    NOW,
    END,
  ],
  [
    'what is about to be called overdue keeps its moment',
    item('PM', taken),
    told(flag('PH'), { rises: true }),
    NOW,
    END,
  ],
  [
    'time in which the episode was over does not count',
    item('PM', { ...taken, businessStatus: statusConcept('episode-ended') }),
    told(flag('PM'), { opens: true }),
    LATER,
    NEXT,
  ],
];
for (const [name, held, now, start, end] of spent) {
  t.test(name, async (t) => {
    const { task = held } = follow([held], now, { ...around, now: LATER }) ?? {};
    t.same(task.restriction?.period, { start, end });
  });
}
