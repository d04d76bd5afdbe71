import type { Task } from '@medplum/fhirtypes';
import t from 'tap';
import { DEFAULT_SITE, endOfDay } from '../../../src/rules/site.ts';
import { dueOf, elapsed } from '../../../src/rules/work/escalate.ts';
import { moved } from '../../../src/rules/work/moves.ts';
import { workStatusOf } from '../../../src/rules/work/work-item.ts';
import { ANNA, BILAL, outcome } from '../../support/work.ts';
import { asleep, atPhysician, business, held, move, NOW, outcomeOf, waiting, why } from './moving.ts';

const calledFor = (more: Partial<Task> = {}): Task => atPhysician({ ...business('escalated'), ...more });
const ACKNOWLEDGED = business('acknowledged');
const TAKEN = 'accepted acknowledged routine physician';
const takeovers: [name: string, before: Task, change: Partial<Task>, comes: string | RegExp][] = [
  ['escalated, as taking it makes it', calledFor(), { owner: BILAL, ...ACKNOWLEDGED }, TAKEN],
  ['escalated, with nothing said of it', calledFor(), { owner: BILAL }, TAKEN],
  ['escalated, without a business status', calledFor(), { owner: BILAL, businessStatus: undefined }, TAKEN],
  ['overdue', atPhysician(), { owner: BILAL, ...ACKNOWLEDGED }, TAKEN],
  [
    'under way',
    calledFor({ status: 'in-progress' }),
    { owner: BILAL, ...ACKNOWLEDGED },
    'in-progress acknowledged routine physician',
  ],
  [
    'over',
    held(business('episode-ended')),
    { owner: BILAL, ...why('end of shift') },
    'accepted episode-ended routine nurse',
  ],
  ['neither, for a reason', held(), { owner: BILAL, ...why('end of shift') }, 'accepted acknowledged routine nurse'],
  ['neither, for no reason', held(), { owner: BILAL, ...ACKNOWLEDGED }, /^409 Task.owner: Practitioner.anna has/],
  ['escalated, by who has it', calledFor(), ACKNOWLEDGED, /^422 Task.businessStatus: .* no client makes it acknowl/],
  ['overdue, by who has it', atPhysician(), ACKNOWLEDGED, /^422 Task.businessStatus: .* no client makes it acknowl/],
  ['escalated, and only remarked upon', calledFor(), { note: [{ text: 'x' }] }, 'accepted escalated routine physician'],
  ['escalated, and called overdue', calledFor(), { owner: BILAL, ...business('overdue') }, /^422 Task.businessStatus/],
  [
    'escalated, by nobody',
    calledFor(),
    { owner: undefined, ...ACKNOWLEDGED },
    /^422 .*Task.owner: remark \(accepted to accepted\) needs who has it/,
  ],
];
for (const [name, before, change, comes] of takeovers) {
  t.test(`taken over: what is ${name}`, async (t) => {
    const came = outcomeOf(before, change);
    if (typeof comes === 'string') t.equal(came, comes);
    else t.match(came, comes);
  });
}

t.test(
  'who took over what was escalated is told when its time runs out; of what was overdue it has run out',
  async (t) => {
    const { task } = move(calledFor(), { owner: BILAL });
    t.equal(dueOf(task), '2026-11-24T13:00:00.000Z');
    const called = elapsed(calledFor(), { site: DEFAULT_SITE, at: '2026-11-24T13:00:00.000Z' });
    t.equal(called && workStatusOf(called), 'overdue');
    t.equal(called && dueOf(move(called, { owner: BILAL }).task), undefined);
  },
);

t.test('what was taken over is not taken over again without a reason', async (t) => {
  const { task } = move(calledFor(), { owner: BILAL });
  t.match(outcomeOf(task, { owner: { reference: 'Practitioner/chloe' } }), /^409 Task.owner: Practitioner.bilal has/);
});

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
