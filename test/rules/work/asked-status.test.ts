import type { Task } from '@medplum/fhirtypes';
import t from 'tap';
import { DEFAULT_SITE, type Site } from '../../../src/rules/site.ts';
import { statusConcept, WORK } from '../../../src/rules/work/codes.ts';
import { ANNA, BILAL, outcome } from '../../support/work.ts';
import { asleep, atPhysician, business, held, level, move, NOW, outcomeOf, waiting, why } from './moving.ts';

const THREE: Site = {
  ...DEFAULT_SITE,
  levels: ['nurse', 'physician', 'head'].map((code) => ({ code, display: code })),
};
const ESCALATED = { ...business('escalated'), ...why('needs a physician') };
const OLD = { meta: { versionId: '2' } };
const NO_META = { meta: undefined };
const UP = 'accepted escalated urgent physician';
const AS_IT_WAS = 'accepted overdue routine physician';
const LAST = '422 This work is at the last level of the site (nurse, physician) already';

const asking: [name: string, before: Task, change: Partial<Task>, comes: string | RegExp, site?: Site][] = [
  ['what somebody has', held(), ESCALATED, UP],
  ['what waits', waiting(), ESCALATED, 'requested escalated urgent physician'],
  ['what is under way', held({ status: 'in-progress' }), ESCALATED, 'in-progress escalated urgent physician'],
  ['with taking it', waiting(), { ...ESCALATED, status: 'accepted', owner: ANNA }, UP],
  [
    'with putting it back',
    held(),
    { ...ESCALATED, status: 'requested', owner: undefined },
    'requested escalated urgent physician',
  ],
  ['with taking it over', held(), { ...ESCALATED, owner: BILAL }, UP],
  [
    'by a text beside the code',
    held(),
    { businessStatus: { ...statusConcept('escalated'), text: 'up' }, ...why('w') },
    UP,
  ],
  ['by a coded reason', held(), { ...business('escalated'), statusReason: { coding: [{ code: 'x' }] } }, UP],
  [
    'without a reason',
    held(),
    business('escalated'),
    '422 Task.statusReason: escalate (accepted to accepted) needs a statusReason of its own that says why',
  ],
  [
    'with a reason that says nothing',
    held(),
    { ...business('escalated'), statusReason: { text: ' ', coding: [{ system: 'https://hospital.example/why' }] } },
    /^422 Task.statusReason: escalate/,
  ],
  [
    'with the reason of before',
    held(why('end of shift')),
    { ...business('escalated') },
    /^422 Task.statusReason: escalate/,
  ],
  ['at the last level', atPhysician(), ESCALATED, LAST],
  ['at the one before', atPhysician(), ESCALATED, 'accepted escalated urgent head', THREE],
  [
    'what is to sleep',
    held(),
    { ...ESCALATED, status: 'on-hold', ...asleep('2026-11-25') },
    /^422 A work item that is on-hold is not escalated; from on-hold it can become on-hold/,
  ],
  [
    'what is done',
    held(),
    { ...ESCALATED, status: 'completed', output: outcome('visit') },
    '422 A work item that is completed is not escalated; from completed it can become completed (correct, owner, outcome, reason)',
  ],
  ['what is escalated already', atPhysician(business('escalated')), ESCALATED, 'accepted escalated routine physician'],
  ['of the first level, read without its version', held(), { ...ESCALATED, ...NO_META }, UP],
  ['of the first level, read as an earlier version', held(), { ...ESCALATED, ...OLD }, UP],
  ['of a further level, read as an earlier version', atPhysician(), { ...ESCALATED, ...OLD }, AS_IT_WAS],
  ['of a further level, read without its version', atPhysician(), { ...ESCALATED, ...NO_META }, AS_IT_WAS],
  [
    'of a further level, not the last, read as an earlier version',
    atPhysician(),
    { ...ESCALATED, ...OLD },
    AS_IT_WAS,
    THREE,
  ],
  [
    'done by who read it while it was escalated',
    atPhysician(),
    { ...business('escalated'), ...OLD, status: 'completed', output: outcome('visit') },
    'completed acknowledged routine physician',
  ],
];
for (const [name, before, change, comes, site] of asking) {
  t.test(`the next level is asked by the business status: ${name}`, async (t) => {
    const came = outcomeOf(before, change, site);
    if (typeof comes === 'string') t.equal(came, comes);
    else t.match(came, comes);
  });
}

const uponCurrent: [name: string, before: Task, change: Partial<Task>, comes: string | RegExp, otherwise: string][] = [
  [
    'asks the next level, without a version',
    atPhysician(),
    { ...ESCALATED, ...NO_META },
    'accepted escalated urgent head',
    AS_IT_WAS,
  ],
  [
    'asks the next level, with an earlier version',
    atPhysician(),
    { ...ESCALATED, ...OLD },
    'accepted escalated urgent head',
    AS_IT_WAS,
  ],
  [
    'asks the next level, without a reason',
    atPhysician(),
    { ...business('escalated'), ...NO_META },
    /^422 Task.statusReason: escalate/,
    AS_IT_WAS,
  ],
  [
    'wants what is no move',
    held(),
    { ...business('overdue'), ...NO_META },
    /^422 Task.businessStatus: the service keeps it, and no client makes it overdue/,
    'accepted acknowledged routine nurse',
  ],
  ['says what is held', atPhysician(), { ...business('overdue'), ...NO_META }, AS_IT_WAS, AS_IT_WAS],
];
for (const [name, before, change, comes, otherwise] of uponCurrent) {
  t.test(`who says by If-Match what was read ${name}`, async (t) => {
    const came = outcomeOf(before, change, THREE, true);
    if (typeof comes === 'string') t.equal(came, comes);
    else t.match(came, comes);
    t.equal(outcomeOf(before, change, THREE, false), otherwise, 'without If-Match');
  });
}

const notes: [name: string, before: Task, change: Partial<Task>, author: object][] = [
  ['who has it', held(), ESCALATED, { authorReference: ANNA }],
  ['who takes it', waiting(), { ...ESCALATED, status: 'accepted', owner: BILAL }, { authorReference: BILAL }],
  ['who had it', held(), { ...ESCALATED, status: 'requested', owner: undefined }, { authorReference: ANNA }],
  ['a name', held({ owner: { display: 'Anna' } }), ESCALATED, { authorString: 'Anna' }],
  ['an identifier', held({ owner: { identifier: { value: '7' } } }), ESCALATED, { authorString: '7' }],
  ['nobody', waiting(), ESCALATED, {}],
];
for (const [name, before, change, author] of notes) {
  t.test(`the note of it names ${name}, and the reason is that of this version`, async (t) => {
    const { task } = move(before, change);
    t.same(task.note, [{ ...author, time: NOW, text: 'needs a physician' }]);
    t.same(task.statusReason, ESCALATED.statusReason);
    t.same(task.restriction?.period, { start: NOW, end: '2026-11-24T14:00:00.000Z' });
    t.equal(task.lastModified, NOW);
  });
}

const other = { businessStatus: { coding: [{ system: 'https://hospital.example/status', code: 'done' }] } };
const statuses: [name: string, before: Task, change: Partial<Task>, comes: string | RegExp][] = [
  ['what is held', held(), business('acknowledged'), 'accepted acknowledged routine nurse'],
  [
    'what comes of the move',
    waiting(),
    { ...business('acknowledged'), status: 'accepted', owner: ANNA },
    'accepted acknowledged routine nurse',
  ],
  [
    'what would, were the episode not over',
    held(business('episode-ended')),
    { ...business('acknowledged'), status: 'in-progress' },
    'in-progress episode-ended routine nurse',
  ],
  ['none', held(), { businessStatus: undefined }, 'accepted acknowledged routine nurse'],
  ['that of another system', held(), other, 'accepted acknowledged routine nurse'],
  ['a text', held(), { businessStatus: { text: 'overdue' } }, 'accepted acknowledged routine nurse'],
  [
    'what was read before',
    held(business('episode-ended')),
    { ...business('new'), ...OLD },
    'accepted episode-ended routine nurse',
  ],
  [
    'what was read without its version',
    held(),
    { ...business('new'), ...NO_META },
    'accepted acknowledged routine nurse',
  ],
  [
    'asleep, and is not put to sleep',
    held(),
    business('snoozed'),
    /^422 Task.businessStatus: the service keeps it, and no client makes it snoozed; from accepted it can become accepted \(remark, owner\); .*; and it goes to the next level by businessStatus escalated \(escalate, reason\) or by \$escalate$/,
  ],
  ['overdue', held(), business('overdue'), /^422 Task.businessStatus/],
  ['over', held(), business('episode-ended'), /^422 Task.businessStatus/],
  ['no longer over', held(business('episode-ended')), business('acknowledged'), /^422 Task.businessStatus/],
  [
    'a code that is none',
    held(),
    { businessStatus: { coding: [{ system: WORK.status, code: 'done' }] } },
    /^422 Task.businessStatus/,
  ],
];
for (const [name, before, change, comes] of statuses) {
  t.test(`a client says of the business status: ${name}`, async (t) => {
    const came = outcomeOf(before, change);
    if (typeof comes === 'string') t.equal(came, comes);
    else t.match(came, comes);
  });
}

t.test('another level is refused, and how it is asked is named', async (t) => {
  t.equal(
    outcomeOf(held(), level('physician')),
    "422 Task.performerType of a work item is the engine's and stays as it is; it goes to the next level by businessStatus escalated (escalate, reason) or by $escalate",
  );
  t.equal(
    outcomeOf(held(), { priority: 'stat' }),
    "422 Task.priority of a work item is the engine's and stays as it is",
  );
});
