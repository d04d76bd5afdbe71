import type { Task } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import { workRows, workVersion } from '../evaluation/work-rows.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { businessRule, gone, notFound } from '../fhir/errors.ts';
import { resourceSpec } from '../fhir/resources.ts';
import { asked } from '../rules/work/escalate.ts';
import { isWorkItem } from '../rules/work/work-item.ts';
import { patientOf } from '../store/index-rows.ts';
import { readResource } from '../store/resources.ts';
import { commit } from '../store/write.ts';
import { attempts } from './attempts.ts';
import { contextOf } from './checks.ts';
import { findHeld } from './held.ts';
import { counted, outboxOf } from './writing.ts';

/**
 * A person asks the next level: the work item goes there at once. Gives its text. Throws FhirError: 404, 410, 422 for a Task that is no work item,
 * has ended, sleeps, or is at the last level, naming what can be done instead; 503 try again.
 */
export async function escalateWork(
  deps: Deps,
  within: Compartment,
  id: string,
  { author, reason }: { author: string; reason: string },
): Promise<string> {
  const spec = resourceSpec('Task');
  if (!spec) throw notFound('Task', id);
  const first = await readResource(deps.db, within, 'Task', id);
  const patient = patientOf(deps.registry, spec, JSON.parse(first.content), deps.baseUrl)?.id;
  return attempts(deps, within, { patient, key: `Task/${id}` }, async (deps) => {
    const stored = await findHeld(deps, within, spec, id);
    if (!stored) throw notFound('Task', id);
    if (stored.deleted) throw gone('Task', id);
    const task: Task = JSON.parse(stored.content);
    if (!isWorkItem(task) || patient === undefined) {
      throw businessRule('Only the work items of this service have levels: this Task is none', 'Task.code');
    }
    const context = await contextOf(deps, within, { id: patient, path: 'Task.for' });
    const after = asked(task, { site: deps.site, at: deps.now().toISOString(), by: author, reason });
    const place = { id, shard: stored.shard, patient };
    const version = workVersion(deps, within, place, after, stored);
    const { work, due } = workRows(after, place);
    const lastUpdated = await commit(deps.db, within, {
      versions: [version],
      work: [work],
      due: [due],
      outbox: outboxOf(deps, stored.shard),
      ...(context ? { patient: counted(patient, context) } : {}),
    });
    return version.head + lastUpdated + version.tail;
  });
}
