import type { Task } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { derivedId } from '../fhir/ids.ts';
import { resourceSpec } from '../fhir/resources.ts';
import { splice, spliceOwn } from '../fhir/text.ts';
import { rewritten } from '../fhir/text-members.ts';
import { dueOf } from '../rules/work/escalate.ts';
import { endOf } from '../rules/work/overdue.ts';
import { identityOf, isOpen, levelOf, ownerOf, urgencyOf } from '../rules/work/work-item.ts';
import type { DueChange } from '../store/due.ts';
import { indexRow } from '../store/index-rows.ts';
import type { WorkChange } from '../store/work.ts';
import type { NewVersion } from '../store/write.ts';

/** Where a work item lies. */
export interface WorkPlace {
  id: string;
  shard: number;
  /** Id of the Patient. */
  patient: string;
}

/** The id of the n-th work item of a Flag: never calculated otherwise. */
export const idOfWork = (flagId: string, n: number, shard: number): string =>
  derivedId(flagId, `work-item ${n}`, shard);

/** The kind of what is due of a work item. */
export const WORK_DUE = 'task-overdue';

/** The next version of a work item. `before` is the stored text of the one that it replaces: what it does not change keeps its text. */
export function workVersion(
  deps: Deps,
  within: Compartment,
  { id, shard, patient }: WorkPlace,
  task: Task,
  before?: { version: number; content: string },
): NewVersion {
  const spec = resourceSpec('Task');
  if (!spec) throw new Error('Task is not served');
  const version = (before?.version ?? 0) + 1;
  const stamp = { id, versionId: String(version) };
  return {
    type: 'Task',
    id,
    shard,
    version,
    ...(before ? splice(rewritten(before.content, JSON.parse(before.content), task), stamp) : spliceOwn(task, stamp)),
    index: indexRow(deps.registry, spec, within.tenant, task, { baseUrl: deps.baseUrl, patient }),
  };
}

/** The place of a work item in the list of work, and what is due of it: written with each of its versions. */
export function workRows(task: Task, { id, shard, patient }: WorkPlace): { work: WorkChange; due: DueChange } {
  const at = dueOf(task);
  const due: DueChange = {
    shard,
    id: `overdue/${id}`,
    ...(at === undefined ? { at: null } : { at, patient, kind: WORK_DUE, content: JSON.stringify({ task: id }) }),
  };
  if (!isOpen(task)) return { work: { shard, id, state: 'ended' }, due };
  const opened = task.authoredOn ?? '';
  const work: WorkChange = {
    shard,
    id,
    patient,
    flag: identityOf(task)?.flagId ?? '',
    state: task.status === 'requested' ? 'waiting' : task.status === 'on-hold' ? 'snoozed' : 'taken',
    level: levelOf(task),
    owner: ownerOf(task) ?? null,
    urgency: urgencyOf(task),
    due: at ?? endOf(task) ?? opened,
    opened,
  };
  return { work, due };
}
