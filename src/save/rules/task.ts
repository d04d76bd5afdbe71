import type { Resource, Task } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Consequence } from '../../evaluation/evaluating.ts';
import { workRows } from '../../evaluation/work-rows.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { businessRule } from '../../fhir/errors.ts';
import { newId } from '../../fhir/ids.ts';
import { resourceSpec } from '../../fhir/resources.ts';
import { spliceOwn } from '../../fhir/text.ts';
import { type Moved, moved } from '../../rules/work/moves.ts';
import { expectedLevel } from '../../rules/work/snooze.ts';
import { identityOf, isWorkItem } from '../../rules/work/work-item.ts';
import { indexRow } from '../../store/index-rows.ts';
import { readResource } from '../../store/resources.ts';
import type { NewVersion } from '../../store/write.ts';
import { checkObservation } from './observation.ts';
import { inUse } from './refusals.ts';
import type { Change, Removal, Ruled } from './type-rules.ts';

/** Whether a Task is work of the engine: others are only stored. */
export const concernsTask = (resource: Resource): boolean => isWorkItem(resource as Task); // the row's type

/** Work items are made by the engine; a client moves them, as the table of task-machine.ts says. Other Tasks are as their clients want them. */
export async function checkTask(deps: Deps, within: Compartment, change: Change): Promise<Ruled | undefined> {
  const task = change.resource as Task; // the row's type
  const before: Task | undefined = change.current && JSON.parse(change.current.content);
  if (!before || !isWorkItem(before)) {
    if (!isWorkItem(task)) return undefined;
    throw businessRule(
      'Task: work items are made by this service, when a Flag needs a person; leave out our identifier and our code, or move the work item that is there',
      'Task.identifier',
    );
  }
  const { id, patient, context, isUponCurrent = false } = change;
  if (patient === undefined || !context) throw businessRule('Task.for of a work item is its patient', 'Task.for');
  const now = deps.now().toISOString();
  const result = moved(before, task, { site: deps.site, now, isUponCurrent });
  const { work, due } = workRows(result.task, { id, shard: context.shard, patient });
  const snoozed = await snoozedBy(deps, within, change, result, now);
  return {
    instead: result.task,
    ...(snoozed ? { consequence: snoozed } : {}),
    work: [work],
    due: [due],
  };
}

/** A snooze says which level is expected: that is an Observation like that of `Flag/$expect`, and what follows from it. */
async function snoozedBy(
  deps: Deps,
  within: Compartment,
  { id, patient, context }: Change,
  { task, snooze }: Moved,
  now: string,
): Promise<Consequence | undefined> {
  const spec = resourceSpec('Observation');
  if (!snooze || !spec || patient === undefined || !context) return undefined;
  const flag = await readResource(deps.db, within, 'Flag', identityOf(task)?.flagId ?? '');
  const resource = expectedLevel(JSON.parse(flag.content), task, { ...snooze, now });
  const own = newId(context.shard, Date.parse(now));
  const observation: NewVersion = {
    type: 'Observation',
    id: own,
    shard: context.shard,
    version: 1,
    ...spliceOwn(resource, { id: own, versionId: '1' }),
    index: indexRow(deps.registry, spec, within.tenant, resource, { baseUrl: deps.baseUrl, patient }),
  };
  const ruled = await checkObservation(deps, within, { spec, resource, id: own, version: 1, patient, context });
  const consequence = ruled?.consequence;
  if (!consequence) throw new Error('a level that is expected is always kept for the next report');
  // Whatever it makes of this very work item, the person's move stands.
  const isOther = (one: { id: string }): boolean => !one.id.endsWith(id);
  return {
    ...consequence,
    versions: [observation, ...consequence.versions.filter((one) => one.type !== 'Task' || isOther(one))],
    work: consequence.work?.filter(isOther) ?? [],
    due: consequence.due?.filter(isOther) ?? [],
  };
}

/** Work stays: it tells what became of a Flag. */
export async function refuseWork(_deps: Deps, _within: Compartment, { current }: Removal): Promise<void> {
  if (!isWorkItem(JSON.parse(current.content))) return;
  throw inUse(
    `Task/${current.id} is a work item of this service and is not deleted: complete it, and say what came of it`,
  );
}
