import type { Task } from '@medplum/fhirtypes';
import t from 'tap';
import { CANONICAL } from '../../../src/fhir/canonical.ts';
import { DEFAULT_SITE, type RespondWithin } from '../../../src/rules/site.ts';
import { statusConcept } from '../../../src/rules/work/codes.ts';
import { dueOf, elapsed } from '../../../src/rules/work/escalate.ts';
import { type FlagNow, follow, wokenBy } from '../../../src/rules/work/follow.ts';
import { levelOf, workStatusOf } from '../../../src/rules/work/work-item.ts';
import { around, asleep, done, END, flag, gone, HALF_A_DAY, item, NOW, raised, taken, told } from './held.ts';

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

const times: [name: string, now: string, rises: boolean, within: readonly RespondWithin[], end: string, held?: Task][] =
  [
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
    [
      'without any that of the site does',
      '2026-11-24T10:00:00.000Z',
      true,
      [],
      '2026-11-24T14:00:00.000Z',
      item('PL', { restriction: { period: { start: NOW, end: '2026-11-24T16:00:00.000Z' } } }),
    ],
  ];
for (const [name, now, rises, within, end, held = item('PL')] of times) {
  t.test(name, async (t) => {
    const { task } = follow([held], told(flag('PM'), { rises }), { ...around, now, within }) ?? {};
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
    'what nobody answers at the last level has a new time when it is worse',
    item('PM', { ...CALLED, businessStatus: statusConcept('overdue') }),
    told(flag('PH'), { rises: true }),
    LATER,
    NEXT,
  ],
  [
    'and none when it is not',
    item('PM', { ...CALLED, businessStatus: statusConcept('overdue') }),
    told(flag('PM', 'active', 'Nausea: grade 1')),
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

const overdue = { ...CALLED, businessStatus: statusConcept('overdue') };
const ONLY = { ...DEFAULT_SITE, levels: [{ code: 'nurse', display: 'Nurse' }] };
const anew: [name: string, held: Task, site: typeof DEFAULT_SITE, said: string][] = [
  [
    'what nobody has is called for again, of the same level',
    item('PM', { ...raised, ...overdue }),
    DEFAULT_SITE,
    'requested escalated stat physician',
  ],
  [
    'what somebody has and does not answer too',
    item('PM', { ...taken, ...raised, ...overdue }),
    DEFAULT_SITE,
    'accepted escalated stat physician',
  ],
  [
    'and what is under way',
    item('PM', { ...taken, ...raised, ...overdue, status: 'in-progress' }),
    DEFAULT_SITE,
    'in-progress escalated stat physician',
  ],
  ['at the only level it is as it was', item('PM', overdue), ONLY, 'requested new stat nurse'],
  ['also when somebody has it', item('PM', { ...taken, ...overdue }), ONLY, 'accepted acknowledged stat nurse'],
];
for (const [name, held, site, expected] of anew) {
  t.test(`worse when overdue: ${name}`, async (t) => {
    const { task } = follow([held], told(flag('PH'), { rises: true }), { ...around, site, now: LATER }) ?? {};
    t.equal(task && [task.status, workStatusOf(task), task.priority, levelOf(task)].join(' '), expected);
    t.same(task?.statusReason, { text: 'worse while it was overdue' });
    t.equal(task && dueOf(task), NEXT, 'it can become overdue again');
    const again = task && elapsed(task, { site, at: NEXT, by: 'vigie' });
    t.equal(again && workStatusOf(again), 'overdue');
    t.same(
      again?.note?.map(({ text }) => text),
      [`overdue since ${END}`, `overdue since ${NEXT}`],
    );
    t.equal(again?.statusReason, undefined, 'that it was worse is why of the version before');
  });
}

const WHY = { statusReason: { text: 'the snooze has ended' } };
const reasons: [name: string, held: Task, now: FlagNow, why: string | undefined | 'no version'][] = [
  ['of the version before is dropped', item('PM', WHY), told(flag('PH'), { rises: true }), undefined],
  ['alone changes nothing', item('PM', WHY), told(flag('PM')), 'no version'],
  [
    'for which it sleeps stays while it does',
    item('PM', { ...asleep, ...WHY }),
    told(flag('PL')),
    WHY.statusReason.text,
  ],
  [
    'for which it slept does not',
    item('PM', { ...asleep, ...WHY }),
    told(flag('PH'), { rises: true }),
    'worse than expected',
  ],
  ['of the end is its own', item('PM', WHY), told(flag('PM', 'inactive')), 'the episode ended'],
];
for (const [name, held, now, why] of reasons) {
  t.test(`a reason ${name}`, async (t) => {
    const followed = follow([held], now, { ...around, now: LATER });
    t.equal(followed ? followed.task.statusReason?.text : 'no version', why);
  });
}

t.test('what is made up for late comes after what was done meanwhile', async (t) => {
  const then = { ...around, now: NOW };
  const rose = told(flag('PH'), { rises: true });
  const held = item('PM', { ...taken, lastModified: LATER, restriction: { period: { start: NOW, end: NEXT } } });
  const { task } = follow([held], rose, { ...then, within: [{ hours: 1, clock: 'always' }] }) ?? {};
  t.equal(task?.lastModified, LATER);
  t.equal(task?.restriction?.period?.end, '2026-11-24T16:00:00.000Z', 'an hour from then on');
  const next = follow([{ ...item('PM', done), lastModified: LATER }], rose, then)?.task;
  t.match(next, { authoredOn: LATER, lastModified: LATER, restriction: { period: { start: LATER, end: NEXT } } });
  const awake = wokenBy([{ ...item('PM', asleep), lastModified: LATER }], then)?.task;
  t.match(awake, { lastModified: LATER, restriction: { period: { start: LATER, end: NEXT } } });
  t.equal(follow([item('PM')], rose, { ...then, now: LATER })?.task.lastModified, LATER, 'else as of its moment');
});
