import type { Task } from '@medplum/fhirtypes';
import { workRows, workVersion } from '../evaluation/work-rows.ts';
import { elapsed } from '../rules/work/escalate.ts';
import { happen } from '../save/moment.ts';
import { findResource } from '../store/resources.ts';
import type { RunDue } from './scheduler.ts';

/**
 * The time to respond to a work item has passed, or its snooze has ended: it goes to the next level, is called overdue at the last one, or is work
 * again. What is found late counts from the moment at which it was due, as if somebody had looked then.
 */
export const taskOverdue: RunDue = (deps, within, due) =>
  happen(deps, within, due, async (deps) => {
    const { task: id }: { task: string } = JSON.parse(due.content);
    const stored = await findResource(deps.db, within, 'Task', id);
    if (!stored || stored.deleted) return undefined;
    const task: Task = JSON.parse(stored.content);
    const next = elapsed(task, { site: deps.site, at: due.at, by: deps.engine.name });
    if (!next) return undefined;
    const place = { id, shard: due.shard, patient: due.patient };
    const rows = workRows(next, place);
    return { versions: [workVersion(deps, within, place, next, stored)], work: [rows.work], due: [rows.due] };
  });
