import { isDeepStrictEqual } from 'node:util';
import type { Flag, Period, Task } from '@medplum/fhirtypes';
import { EXTENSION } from '../resources/codes.ts';
import { priorityOf } from '../resources/flag.ts';
import { dueAfter, type RespondWithin, type Site } from '../site.ts';
import { statusConcept, TASK_PRIORITIES, type WorkStatus } from './codes.ts';
import { endOf, isCalledOverdue } from './overdue.ts';
import { respondWithinExtension } from './respond-within.ts';
import {
  identityOf,
  isOpen,
  levelOf,
  notBefore,
  taskPriority,
  withinOf,
  withOwnReason,
  withoutExtension,
  workItem,
  workStatusOf,
} from './work-item.ts';

/** A new version of a Flag. */
export interface FlagNow {
  flagId: string;
  flag: Flag;
  /** More urgent or certainly worse than the version before said, and no clinician expected it; or it has failed anew. */
  rises: boolean;
  /** The last report says more, or may say more, than the level up to which the work sleeps. */
  exceeds?: boolean;
  /** The version before was not active. */
  opens: boolean;
}

/** What else following it takes. */
export interface Around {
  site: Site;
  /** UTC instant. */
  now: string;
  patient: string;
  /** The rule engine, `Device/id`. */
  device: string;
  /** Times to respond of the policy actions that decided, one for each; of an action without one that of the site. */
  within: readonly RespondWithin[];
}

/** The work item that a version of a Flag makes or changes, and whether it is new. */
export interface Followed {
  task: Task;
  n: number;
  isNew: boolean;
}

/**
 * What a new version of a Flag makes of its work items, all of which are `held`: at most one of them is open, before and after. Undefined where
 * nothing changes. A Flag that calls nobody (PN) makes none.
 */
export function follow(held: readonly Task[], told: FlagNow, given: Around): Followed | undefined {
  const around = { ...given, now: notBefore(held, given.now) };
  const open = held.find(isOpen);
  const changed = open && (told.flag.status === 'active' ? carried(open, told, around) : ended(open, told, around));
  if (open && changed) {
    const task = changed === open || isDeepStrictEqual(changed, open) ? undefined : changed;
    return task && { task: { ...task, lastModified: around.now }, n: identityOf(open)?.n ?? 1, isNew: false };
  }
  const priority = priorityOf(told.flag);
  if (told.flag.status !== 'active' || priority === undefined || priority === 'PN') return undefined;
  if (held.length > 0 && !told.rises && !told.opens) return undefined;
  const n = Math.max(0, ...held.map((task) => identityOf(task)?.n ?? 0)) + 1;
  const { within, due } = soonest(around);
  const { patient, device, site, now } = around;
  const { flagId, flag } = told;
  return { task: workItem({ flagId, flag, n, patient, device, site, now, due, within }), n, isNew: true };
}

/** The earliest of the moments at which the actions want an answer. */
function soonest({ site, now, within }: Around): { within: RespondWithin; due: string } {
  const all = within.length > 0 ? within : [site.respondWithin];
  const [first, ...more] = all.map((one) => ({ within: one, due: dueAfter(site, now, one) }));
  if (!first) throw new Error('a list of something has a first');
  return more.reduce((best, one) => (one.due < best.due ? one : best), first);
}

/** The open work of a Flag that has not changed, where the last report says more than the level up to which it sleeps; undefined where none sleeps. */
export function wokenBy(held: readonly Task[], { site, now: given }: Omit<Around, 'within'>): Followed | undefined {
  const open = held.find(isOpen);
  if (open?.status !== 'on-hold') return undefined;
  const now = notBefore(held, given);
  const task = woken(open, { site, now, within: [withinOf(open, site)] }, WORSE);
  return { task: { ...task, lastModified: now }, n: identityOf(open)?.n ?? 1, isNew: false };
}

const WORSE = 'worse than expected';
const OVERDUE_AND_WORSE = 'worse while it was overdue';

/** The episode goes on: what is said of it and how urgent it is follow; the work is never due later than it was. */
function carried(open: Task, told: FlagNow, around: Around): Task {
  const { flag, rises, exceeds } = told;
  const now = taskPriority(priorityOf(flag));
  const before = open.priority ?? 'routine';
  const priority = isRaised(open, around.site) && isAbove(before, now) ? before : now;
  const task: Task = { ...open, priority, ...(flag.code.text === undefined ? {} : { description: flag.code.text }) };
  if ((rises || exceeds) && open.status === 'on-hold') return woken(task, around, WORSE);
  if (workStatusOf(open) === 'episode-ended') {
    task.businessStatus = statusConcept(RESUMED[open.status] ?? 'acknowledged');
    delete task.statusReason;
    // Meanwhile nobody was called for it.
    const end = endOf(open);
    if (end !== undefined && end <= around.now) return renewed(task, around);
  }
  const next = rises ? hastened(task, around) : task;
  return isDeepStrictEqual(next, open) ? open : withOwnReason(open, next);
}

/** What work is whose episode goes on after all. */
const RESUMED: Readonly<Partial<Record<string, WorkStatus>>> = { requested: 'new', 'on-hold': 'snoozed' };

/** A person of a further level was asked, or it was overdue: then it is not less urgent because the patient is better. */
const isRaised = (task: Task, { levels }: Site): boolean =>
  levelOf(task) !== levels[0]?.code || workStatusOf(task) === 'overdue';

const isAbove = (one: (typeof TASK_PRIORITIES)[number], other: (typeof TASK_PRIORITIES)[number]): boolean =>
  TASK_PRIORITIES.indexOf(one) > TASK_PRIORITIES.indexOf(other);

function hastened(task: Task, around: Around): Task {
  // Of what was called overdue the time begins anew: nothing would call for it again.
  if (workStatusOf(task) === 'overdue') return calledAnew(task, around);
  if (isCalledOverdue(task)) return renewed(task, around);
  const { within, due } = soonest(around);
  const period = task.restriction?.period;
  if (period?.end !== undefined && Date.parse(period.end) <= Date.parse(due)) return task;
  return timed(task, within, { ...period, end: due });
}

/**
 * What nobody answers at the last level, and is worse: that level is called again, and once more when that time has passed. Where it was the turn of
 * another level before, who has it is still not the one who was called.
 */
function calledAnew(task: Task, around: Around): Task {
  const isRaised = levelOf(task) !== around.site.levels[0]?.code;
  const status = isRaised ? 'escalated' : (RESUMED[task.status] ?? 'acknowledged');
  return { ...renewed(task, around), businessStatus: statusConcept(status), statusReason: { text: OVERDUE_AND_WORSE } };
}

/** With a time to respond that begins now. */
function renewed(task: Task, around: Around): Task {
  const { within, due } = soonest(around);
  return timed(task, within, { start: around.now, end: due });
}

const timed = (task: Task, within: RespondWithin, period: Period): Task => ({
  ...task,
  extension: [
    ...(task.extension ?? []).filter(({ url }) => url !== EXTENSION.respondWithin),
    respondWithinExtension(within),
  ],
  restriction: { ...task.restriction, period },
});

/** A snoozed one that is work again, for whoever is there. */
export function woken(
  task: Task,
  { site, now, within }: Pick<Around, 'site' | 'now' | 'within'>,
  reason: string,
): Task {
  const soon = soonest({ site, now, within, patient: '', device: '' });
  const { owner: _owner, ...rest } = withoutExtension(task, EXTENSION.expectedLevel);
  return {
    ...rest,
    status: 'requested',
    businessStatus: statusConcept('new'),
    statusReason: { text: reason },
    restriction: { ...task.restriction, period: { start: now, end: soon.due } },
  };
}

/** The episode is over, or what it rested on was withdrawn: what nobody has taken is cancelled, what somebody has waits for that person to end it. */
function ended(open: Task, { flag }: FlagNow, { now }: Around): Task {
  const reason = { text: flag.status === 'entered-in-error' ? 'what it rested on was withdrawn' : 'the episode ended' };
  const task: Task = { ...open, businessStatus: statusConcept('episode-ended'), statusReason: reason };
  if (open.status !== 'requested') return task;
  return { ...task, status: 'cancelled', executionPeriod: { ...open.executionPeriod, end: now } };
}
