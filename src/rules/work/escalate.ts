import type { Annotation, Task } from '@medplum/fhirtypes';
import { businessRule } from '../../fhir/errors.ts';
import { dueAfter, type Level, type Site } from '../site.ts';
import { levelConcept, statusConcept, TASK_PRIORITIES } from './codes.ts';
import { woken } from './follow.ts';
import { endOf, isCalledOverdue, overdueSince } from './overdue.ts';
import { canEscalate, legalMoves } from './task-machine.ts';
import { levelOf, notBefore, snoozedUntil, withinOf, withOwnReason, workStatusOf } from './work-item.ts';

/** Who moves a work item on, and why. */
export interface Escalation {
  site: Site;
  /** The moment of it, UTC instant: the new time to respond begins there. */
  at: string;
  /** Who wrote the note: a reference to a person, or a name. Nobody is named where nobody said who they are. */
  by?: string | undefined;
  reason: string;
}

/** The level after that of a work item; undefined at the last one. A level that the site no longer has is before all. */
export const nextLevel = (task: Task, { levels }: Site): Level | undefined =>
  levels[levels.findIndex(({ code }) => code === levelOf(task)) + 1];

/**
 * A work item at the next level: one more urgent, with a new time to respond that begins at `at`, and a note that says who wanted it and why. Who
 * has it keeps it until somebody of that level takes over. Undefined at the last level.
 */
export function escalated(task: Task, escalation: Escalation): Task | undefined {
  const { site, at } = escalation;
  const level = nextLevel(task, site);
  if (!level) return undefined;
  const { priority = 'routine' } = task;
  return {
    ...withOwnReason(task, noted(task, escalation)),
    priority: TASK_PRIORITIES[TASK_PRIORITIES.indexOf(priority) + 1] ?? priority,
    performerType: [levelConcept(level)],
    businessStatus: statusConcept('escalated'),
    restriction: { ...task.restriction, period: { start: at, end: dueAfter(site, at, withinOf(task, site)) } },
  };
}

/**
 * A work item that a person wants at the next level, at once. Throws FhirError 422 where it has ended, sleeps, or is at the last level, naming what can be
 * done instead.
 */
export function asked(task: Task, { site, at, by, reason }: Escalation): Task {
  const { status } = task;
  if (!canEscalate(status)) {
    throw businessRule(
      `A work item that is ${status} is not escalated; from ${status} it can become ${legalMoves(status)}`,
      'Task.status',
    );
  }
  const now = notBefore([task], at);
  const next = escalated(task, { site, at: now, by, reason });
  if (!next) {
    const levels = site.levels.map(({ code }) => code).join(', ');
    throw businessRule(`This work is at the last level of the site (${levels}) already`, 'Task.performerType');
  }
  return { ...next, lastModified: now };
}

/**
 * What becomes of a work item at the moment for which `dueOf` has it: a snoozed one is work again; another one goes to the next level, and at the
 * last one is called overdue, once. Undefined where nothing does: it has ended, or that moment is no longer its own.
 */
export function elapsed(task: Task, { site, at, by }: Pick<Escalation, 'site' | 'at' | 'by'>): Task | undefined {
  if (dueOf(task) !== at) return undefined;
  const changed = { lastModified: notBefore([task], at) };
  if (task.status === 'on-hold') {
    const awake = woken(task, { site, now: at, within: [withinOf(task, site)] }, 'the snooze has ended');
    const ended = workStatusOf(task) === 'episode-ended' && { businessStatus: task.businessStatus };
    return { ...awake, ...ended, ...changed };
  }
  const escalation = { site, at, by, reason: overdueSince(at) };
  const next = escalated(task, escalation) ?? {
    ...withOwnReason(task, noted(task, escalation)),
    businessStatus: statusConcept('overdue'),
  };
  return { ...next, ...changed };
}

/** When something happens to a work item if nobody does anything: UTC instant. Undefined where nothing does. */
export function dueOf(task: Task): string | undefined {
  if (task.status === 'on-hold') return snoozedUntil(task);
  if (!canEscalate(task.status)) return undefined;
  const status = workStatusOf(task);
  if (status === 'overdue' || status === 'episode-ended') return undefined;
  // Who takes what is overdue at the last level is not called for again by the time that has run out; what nobody has is.
  return task.status !== 'requested' && isCalledOverdue(task) ? undefined : endOf(task);
}

function noted(task: Task, { at, by, reason }: Escalation): Task {
  const note: Annotation = { ...authorOf(by), time: at, text: reason };
  return { ...task, note: [...(task.note ?? []), note] };
}

function authorOf(by: string | undefined): Pick<Annotation, 'authorReference' | 'authorString'> {
  if (by === undefined) return {};
  return NOTERS.test(by) ? { authorReference: { reference: by } } : { authorString: by };
}

/** Whom a note may refer to. Source: HL7 FHIR R4 4.0.1, Annotation.author[x]. */
const NOTERS = /(?:^|\/)(?:Practitioner|Patient|RelatedPerson|Organization)\/[^/]+$/;
