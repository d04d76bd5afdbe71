import type { Task } from '@medplum/fhirtypes';
import t from 'tap';
import { CANONICAL } from '../../../src/fhir/canonical.ts';
import { FhirError } from '../../../src/fhir/errors.ts';
import { DEFAULT_SITE, endOfDay, type Site } from '../../../src/rules/site.ts';
import { itemConcept, levelConcept, statusConcept, WORK } from '../../../src/rules/work/codes.ts';
import { type Moved, moved } from '../../../src/rules/work/moves.ts';
import { levelOf, workStatusOf } from '../../../src/rules/work/work-item.ts';
import { ANNA, BILAL, outcome } from '../../support/work.ts';

/** A Tuesday morning in Paris. */
const START = '2026-11-24T09:00:00.000Z';
const NOW = '2026-11-24T10:00:00.000Z';
const THREE: Site = {
  ...DEFAULT_SITE,
  levels: ['nurse', 'physician', 'head'].map((code) => ({ code, display: code })),
};
const level = (code: string): Partial<Task> => ({ performerType: [levelConcept({ code, display: code })] });
const why = (text: string): Partial<Task> => ({ statusReason: { text } });
const business = (code: Parameters<typeof statusConcept>[0]): Partial<Task> => ({
  businessStatus: statusConcept(code),
});

/** The third version of a work item: Anna has it, at the first level. */
const held = (more: Partial<Task> = {}): Task => ({
  resourceType: 'Task',
  meta: { versionId: '3' },
  identifier: [{ system: `${CANONICAL}/NamingSystem/work-item`, value: 'f.1' }],
  status: 'accepted',
  ...business('acknowledged'),
  intent: 'order',
  priority: 'routine',
  code: itemConcept('triage'),
  owner: ANNA,
  ...level('nurse'),
  restriction: { period: { start: START, end: '2026-11-24T13:00:00.000Z' } },
  lastModified: START,
  ...more,
});
const waiting = (more: Partial<Task> = {}): Task =>
  held({ status: 'requested', ...business('new'), ...more, owner: undefined });

const move = (before: Task, change: Partial<Task>, { site = DEFAULT_SITE, now = NOW } = {}): Moved =>
  moved(before, { ...before, ...change }, { site, now });

/** What comes of a move: where the work is then; or the status and words of the refusal. */
function outcomeOf(before: Task, change: Partial<Task>, site = DEFAULT_SITE): string {
  try {
    const { task } = move(before, change, { site });
    return [task.status, workStatusOf(task), task.priority, levelOf(task)].join(' ');
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    return `${error.status} ${error.issues.map(({ diagnostics }) => diagnostics).join(' | ')}`;
  }
}

const ESCALATED = { ...business('escalated'), ...why('needs a physician') };
const OLD = { meta: { versionId: '2' } };
const NO_META = { meta: undefined };
const atPhysician = (more: Partial<Task> = {}): Task =>
  held({ ...level('physician'), ...business('overdue'), ...more });
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

function asleep(until: string): Pick<Task, 'extension'> {
  return {
    extension: [
      {
        url: `${CANONICAL}/StructureDefinition/expected-level`,
        extension: [
          { url: 'level', valueInteger: 2 },
          { url: 'until', valueDateTime: until },
        ],
      },
    ],
  };
}

const SITES = { paris: DEFAULT_SITE, auckland: { ...DEFAULT_SITE, timeZone: 'Pacific/Auckland' } };
const snoozes: [until: string, now: string, site: keyof typeof SITES, slept: string | undefined][] = [
  ['2026-11-25', NOW, 'paris', '2026-11-25T23:59:59.999+01:00'],
  ['2026-11-24', NOW, 'paris', '2026-11-24T23:59:59.999+01:00'],
  ['2026-11-24', '2026-11-24T22:59:59.998Z', 'paris', '2026-11-24T23:59:59.999+01:00'],
  ['2026-11-24', '2026-11-24T22:59:59.999Z', 'paris', undefined],
  ['2026-11-23', NOW, 'paris', undefined],
  ['2026-07-14', '2026-07-01T10:00:00.000Z', 'paris', '2026-07-14T23:59:59.999+02:00'],
  ['2028-02-29', NOW, 'paris', '2028-02-29T23:59:59.999+01:00'],
  ['2027-02-29', NOW, 'paris', undefined],
  ['2026-11-24', '2026-11-24T10:59:59.998Z', 'auckland', '2026-11-24T23:59:59.999+13:00'],
  ['2026-11-24', '2026-11-24T10:59:59.999Z', 'auckland', undefined],
  ['9999-12-31', NOW, 'paris', '9999-12-31T23:59:59.999+01:00'],
  ['2026-12', NOW, 'paris', undefined],
  ['2027', NOW, 'paris', undefined],
  ['2026-11-25T10:00', NOW, 'paris', undefined],
  ['2026-11-25T10:00:00', NOW, 'paris', undefined],
  ['2026-11-25T10:00:00+01:00', NOW, 'paris', '2026-11-25T10:00:00+01:00'],
  ['2026-11-24T10:00:00.001Z', NOW, 'paris', '2026-11-24T10:00:00.001Z'],
  ['2026-11-24T10:00:00.000Z', NOW, 'paris', undefined],
];
for (const [until, now, site, slept] of snoozes) {
  t.test(`a snooze until ${until}, at ${now} in ${site}`, async (t) => {
    const snooze = () => move(held(), { status: 'on-hold', ...asleep(until) }, { site: SITES[site], now });
    if (slept === undefined)
      return void t.throws(snooze, { status: 422, message: /a day or a moment with a time zone/ });
    const { task, snooze: told } = snooze();
    t.same(told, { level: 2, until: slept });
    t.same(task.extension, asleep(slept).extension, 'the moment is kept');
  });
}

t.test('a day that is said again is the same snooze', async (t) => {
  const { task } = move(held(), { status: 'on-hold', ...asleep('2026-11-25') });
  t.equal(moved(task, { ...task, ...asleep('2026-11-25') }, { site: DEFAULT_SITE, now: NOW }).snooze, undefined);
  t.match(moved(task, { ...task, ...asleep('2026-11-26') }, { site: DEFAULT_SITE, now: NOW }).snooze, { level: 2 });
});

t.test('a day ends by the clocks of the zone, also where midnight is passed over', async (t) => {
  t.equal(endOfDay({ timeZone: 'Europe/Paris' }, '2026-10-25'), '2026-10-25T23:59:59.999+01:00');
  t.equal(endOfDay({ timeZone: 'Europe/Paris' }, '2026-03-28'), '2026-03-28T23:59:59.999+01:00');
  // On 26 April 2024 the clocks of Cairo went from 00:00 to 01:00.
  t.equal(endOfDay({ timeZone: 'Africa/Cairo' }, '2024-04-25'), '2024-04-25T23:59:59.999+02:00');
});

const STALE = why('the snooze has ended');
const reasons: [name: string, before: Task, change: Partial<Task>, text: string | undefined][] = [
  ['taken', waiting(STALE), { status: 'accepted', owner: ANNA }, undefined],
  ['remarked upon', held(STALE), { note: [{ text: 'called' }] }, undefined],
  ['completed', held(STALE), { status: 'completed', output: outcome('visit') }, undefined],
  [
    'completed, for a reason of its own',
    held(STALE),
    { status: 'completed', output: outcome('visit'), ...why('seen') },
    'seen',
  ],
  ['put to sleep', held(STALE), { status: 'on-hold', ...asleep('2026-11-25') }, undefined],
  [
    'asleep and snoozed anew',
    held({ status: 'on-hold', ...asleep('2026-11-25'), ...why('nadir') }),
    asleep('2026-11-26'),
    'nadir',
  ],
  ['put back', held(STALE), { status: 'requested', owner: undefined, ...why('called away') }, 'called away'],
];
for (const [name, before, change, text] of reasons) {
  t.test(`a reason is why of its own version: what is ${name}`, async (t) => {
    t.equal(move(before, change).task.statusReason?.text, text);
  });
}

t.test('a step is never dated before the one before it', async (t) => {
  const later = '2026-11-24T10:00:00.500Z';
  t.equal(move(held({ lastModified: later }), { status: 'in-progress' }).task.lastModified, later);
  t.equal(move(held(), { status: 'in-progress' }).task.lastModified, NOW);
});
