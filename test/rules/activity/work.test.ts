import type { Task } from '@medplum/fhirtypes';
import t from 'tap';
import { longestOf, medianOf } from '../../../src/rules/activity/activity.ts';
import { monthsBetween } from '../../../src/rules/activity/month.ts';
import { type WorkDone, workDone, workOf } from '../../../src/rules/activity/work.ts';
import { DEFAULT_SITE } from '../../../src/rules/site.ts';
import { statusConcept, type WorkStatus } from '../../../src/rules/work/codes.ts';
import { elapsed, escalated } from '../../../src/rules/work/escalate.ts';
import { workItem } from '../../../src/rules/work/work-item.ts';
import { outcome } from '../../support/work.ts';
import { PARIS } from './builders.ts';

/** A Friday, an hour before service ends in Paris. */
const FRIDAY = '2026-11-27T15:00:00.000Z';
const [NOVEMBER, DECEMBER] = monthsBetween('2026-11', '2026-12', PARIS);
if (!NOVEMBER || !DECEMBER) throw new Error('two months');

const task = (extra: Partial<Task> = {}): Task => ({
  ...workItem({
    flagId: 'flag',
    flag: {
      resourceType: 'Flag',
      status: 'active',
      code: { text: 'Diarrhoea' },
      subject: { reference: 'Patient/p' },
    },
    n: 1,
    patient: 'Patient/p',
    device: 'Device/d',
    site: DEFAULT_SITE,
    now: FRIDAY,
    due: '2026-11-30T11:00:00.000Z',
    within: DEFAULT_SITE.respondWithin,
  }),
  ...extra,
});

const done = (extra: Partial<Task> = {}, statuses: readonly WorkStatus[] = ['new']): WorkDone => {
  const told = workDone(task(extra), statuses);
  if (!told) throw new Error('a work item');
  return told;
};

const ACTED = { start: '2026-11-30T08:30:00.000Z' };

const cases: [name: string, items: readonly WorkDone[], november: object, december?: object][] = [
  ['nothing', [], { opened: 0, acknowledged: 0, hours: [], serviceHours: [] }],
  ['what nobody has acted on has no time', [done()], { opened: 1, acknowledged: 0, stillOpen: 1, hours: [] }],
  [
    'over a week-end the clock runs, service does not',
    [done({ status: 'accepted', executionPeriod: ACTED })],
    { opened: 1, acknowledged: 1, stillOpen: 1, hours: [65.5], serviceHours: [1.5] },
  ],
  [
    'what is acted on in the next month counts in the month of its opening',
    [done({ authoredOn: '2026-11-30T22:00:00.000Z', executionPeriod: { start: '2026-12-01T09:00:00.000Z' } })],
    { opened: 1, acknowledged: 1, hours: [11], serviceHours: [1] },
    { opened: 0, acknowledged: 0, hours: [] },
  ],
  [
    'the last moment of a month is in it',
    [done({ authoredOn: '2026-11-30T22:59:59.999Z' })],
    { opened: 1 },
    { opened: 0 },
  ],
  [
    'the first moment after it is not',
    [done({ authoredOn: '2026-11-30T23:00:00.000Z' })],
    { opened: 0 },
    { opened: 1 },
  ],
  [
    'what ended with its episode before anybody acted',
    [done({ status: 'cancelled', executionPeriod: { end: '2026-11-28T10:00:00.000Z' } })],
    { opened: 1, acknowledged: 0, endedUnseen: 1, stillOpen: 0 },
  ],
  [
    'an outcome counts in the month of its completion',
    [
      done({
        status: 'completed',
        executionPeriod: { ...ACTED, end: '2026-11-30T22:59:59.999Z' },
        output: outcome('visit'),
      }),
      done({
        status: 'completed',
        executionPeriod: { ...ACTED, end: '2026-11-30T23:00:00.000Z' },
        output: outcome('visit'),
      }),
    ],
    { opened: 2, acknowledged: 2, stillOpen: 0, outcomes: { visit: 1, admission: 0 } },
    { opened: 0, outcomes: { visit: 1 } },
  ],
];

for (const [name, items, november, december] of cases) {
  t.test(name, async (t) => {
    t.match(workOf(items, NOVEMBER, DEFAULT_SITE), november);
    if (december) t.match(workOf(items, DECEMBER, DEFAULT_SITE), december);
  });
}

t.test('what was overdue, and what went to a further level, is told of its versions', async (t) => {
  const at = '2026-11-30T11:00:00.000Z';
  const late = elapsed(task(), { site: DEFAULT_SITE, at, by: 'vigie' });
  const asked = escalated(task(), {
    site: DEFAULT_SITE,
    at,
    by: 'Practitioner/anna',
    reason: 'overdue since noon, she says',
  });
  if (!late || !asked) throw new Error('two levels');
  t.match(workDone(late, ['new', 'escalated']), { overdue: true, escalated: true });
  const taken = { ...late, status: 'accepted' as const, businessStatus: statusConcept('acknowledged') };
  t.match(workDone(taken, ['new', 'escalated', 'acknowledged']), { overdue: true, escalated: true }, 'also later on');
  t.match(workDone(asked, ['new', 'escalated']), { overdue: false, escalated: true }, 'a person asked for it');
  const last = elapsed(task(), {
    site: { ...DEFAULT_SITE, levels: DEFAULT_SITE.levels.slice(0, 1) },
    at,
    by: 'vigie',
  });
  if (!last) throw new Error('it is overdue');
  t.match(workDone(last, ['new', 'overdue']), { overdue: true, escalated: false }, 'at the last level');
  t.match(workDone(task(), ['new', 'acknowledged']), { overdue: false, escalated: false });
});

t.test('other Tasks are no work items', async (t) => {
  const { identifier: _, code: __, ...other } = task();
  t.equal(workDone(other, []), undefined);
});

t.test('the middle and the longest of some hours', async (t) => {
  t.equal(medianOf([]), undefined, 'nothing is not 0');
  t.equal(medianOf([3]), 3);
  t.equal(medianOf([5, 1]), 3);
  t.equal(medianOf([10, 1, 2]), 2);
  t.equal(medianOf([10, 1, 2, 3]), 2.5);
  t.equal(longestOf([]), undefined);
  t.equal(longestOf([1, 10, 2]), 10);
});
