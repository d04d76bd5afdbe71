import { isDeepStrictEqual } from 'node:util';
import type { Flag, Task } from '@medplum/fhirtypes';
import type { ActionRef, Priority } from '../episode.ts';
import { EXTENSION } from '../resources/codes.ts';
import { priorityOf } from '../resources/flag.ts';
import type { RespondWithin, Site } from '../site.ts';
import {
  codeIn,
  itemConcept,
  levelConcept,
  statusConcept,
  TASK_PRIORITIES,
  type TaskPriority,
  WORK,
  WORK_NAMING,
  type WorkStatus,
} from './codes.ts';
import { readRespondWithin, respondWithinExtension } from './respond-within.ts';

/** What a new work item is made from. References are relative, `Type/id`. */
export interface WorkItemFacts {
  flagId: string;
  flag: Flag;
  /** Which of the Flag's work items it is, from 1. */
  n: number;
  patient: string;
  /** The rule engine. */
  device: string;
  site: Site;
  /** UTC instants: when it is made, and when it is due by `within`. */
  now: string;
  due: string;
  within: RespondWithin;
}

/** A new work item: somebody of the first level looks at the Flag. Source: HL7 FHIR R4 4.0.1, Task; shape in docs/work-items.md. */
export function workItem({ flagId, flag, n, patient, device, site, now, due, within }: WorkItemFacts): Task {
  const [level] = site.levels;
  return {
    resourceType: 'Task',
    ...(flag.language === undefined ? {} : { language: flag.language }),
    extension: [respondWithinExtension(within)],
    identifier: [{ system: WORK_NAMING, value: `${flagId}.${n}` }],
    status: 'requested',
    businessStatus: statusConcept('new'),
    intent: 'order',
    priority: taskPriority(priorityOf(flag)),
    code: itemConcept('triage'),
    ...(flag.code.text === undefined ? {} : { description: flag.code.text }),
    focus: { reference: `Flag/${flagId}` },
    for: { reference: patient },
    authoredOn: now,
    lastModified: now,
    requester: { reference: device },
    ...(level ? { performerType: [levelConcept(level)] } : {}),
    restriction: { period: { start: now, end: due } },
  };
}

/** Whether a Task is a work item of the engine, or claims to be one. */
export const isWorkItem = ({ identifier, code }: Pick<Task, 'identifier' | 'code'>): boolean =>
  identifier?.some(({ system }) => system === WORK_NAMING) === true || codeIn(WORK.item, code) !== undefined;

/** The Flag that a work item is about, and which of the Flag's it is. */
export function identityOf({ identifier }: Pick<Task, 'identifier'>): { flagId: string; n: number } | undefined {
  const value = identifier?.find(({ system }) => system === WORK_NAMING)?.value ?? '';
  const dot = value.lastIndexOf('.');
  const n = Number(value.slice(dot + 1));
  return dot > 0 && Number.isSafeInteger(n) ? { flagId: value.slice(0, dot), n } : undefined;
}

/** Whether nobody has ended it yet. */
export const isOpen = ({ status }: Task): boolean => status !== 'completed' && status !== 'cancelled';

export const workStatusOf = ({ businessStatus }: Task): WorkStatus =>
  (codeIn(WORK.status, businessStatus) as WorkStatus | undefined) ?? 'new'; // written by us alone

/** Code of the level whose turn it is. */
export const levelOf = ({ performerType }: Task): string => codeIn(WORK.level, performerType?.[0]) ?? '';

/** A UTC instant, or the later one at which the last of these work items was changed: what is made up for late comes after what was done meanwhile. */
export const notBefore = (tasks: readonly Task[], now: string): string =>
  tasks.reduce((latest, { lastModified = '' }) => (lastModified > latest ? lastModified : latest), now);

/**
 * The next version of a work item without the reason that the one before gave: that was why of that version. What sleeps on sleeps for the reason
 * that it had.
 */
export function withOwnReason(before: Task, next: Task): Task {
  const { statusReason, ...rest } = next;
  if (statusReason === undefined || !isDeepStrictEqual(statusReason, before.statusReason)) return next;
  return before.status === 'on-hold' && next.status === 'on-hold' ? next : rest;
}

/** A statusReason as text: its own, or what its first code is called; undefined where it says nothing. */
export function reasonOf({ statusReason }: Task): string | undefined {
  const { text, coding = [] } = statusReason ?? {};
  return [text, ...coding.flatMap(({ display, code }) => [display, code])].find((said) => said?.trim());
}

/** By what an owner is told from another: a reference, else an identifier, else a name. */
export function ownerOf({ owner }: Task): string | undefined {
  const { system, value } = owner?.identifier ?? {};
  return owner?.reference ?? (value === undefined ? owner?.display : `${system ?? ''}|${value}`);
}

/** Within which time it is to be answered. */
export function withinOf({ extension }: Task, site: Site): RespondWithin {
  return readRespondWithin(extension?.find(({ url }) => url === EXTENSION.respondWithin)) ?? site.respondWithin;
}

/** How urgent the work on a Flag is. */
export function taskPriority(priority: Priority | undefined): TaskPriority {
  return priority === 'PH' ? 'stat' : priority === 'PM' ? 'urgent' : 'routine';
}

/** 0 is the most urgent. */
export const urgencyOf = ({ priority = 'routine' }: Task): number =>
  TASK_PRIORITIES.length - 1 - TASK_PRIORITIES.indexOf(priority);

/** The policy actions that a Flag says it was last decided by. */
export const decidedBy = ({ extension }: Flag): ActionRef[] =>
  (extension?.find(({ url }) => url === EXTENSION.gradedFinding)?.extension ?? [])
    .filter(({ url }) => url === 'decided-by')
    .map(({ extension: parts }) => ({
      policy: parts?.find(({ url }) => url === 'policy')?.valueCanonical ?? '',
      action: parts?.find(({ url }) => url === 'action')?.valueString ?? '',
    }));

/** Until when a snoozed work item sleeps: UTC instant. */
export function snoozedUntil(task: Task): string | undefined {
  const until = expectedOf(task)?.until;
  const at = until === undefined ? Number.NaN : Date.parse(until);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** The level that a snooze expects, and until when, as it was written. */
export function expectedOf({ extension }: Task): { level?: number; until?: string } | undefined {
  const parts = extension?.find(({ url }) => url === EXTENSION.expectedLevel)?.extension;
  if (!parts) return undefined;
  const level = parts.find(({ url }) => url === 'level')?.valueInteger;
  const until = parts.find(({ url }) => url === 'until')?.valueDateTime;
  return { ...(level === undefined ? {} : { level }), ...(until === undefined ? {} : { until }) };
}

/** A work item whose extension of one url is gone. */
export function withoutExtension(task: Task, url: string): Task {
  const { extension, ...rest } = task;
  const left = extension?.filter((one) => one.url !== url) ?? [];
  return { ...rest, ...(left.length > 0 ? { extension: left } : {}) };
}
