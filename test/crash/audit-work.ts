import type { Flag, Task } from '@medplum/fhirtypes';
import { WORK_DUE } from '../../src/evaluation/work-rows.ts';
import { priorityOf } from '../../src/rules/resources/flag.ts';
import { endOf } from '../../src/rules/work/overdue.ts';
import { identityOf, isOpen, taskPriority, urgencyOf } from '../../src/rules/work/work-item.ts';
import type { Stored } from './stored.ts';

/**
 * Each Flag that calls a person has one open Task that says what the Flag says, with its place in the list of work and its moment; none where the
 * Flag is over, and no Task without its Flag. A Flag without its Task would be a half. Nobody moves Tasks while responses are posted.
 */
export function auditWork(
  stored: Stored,
  { count, say }: { count: (what: string, by?: number) => void; say: (what: string) => void },
): void {
  const tasks = currentOf<Task>(stored, 'Task');
  const numbers = new Set<string>();
  for (const { id, resource } of tasks) {
    const { flagId = '', n } = identityOf(resource) ?? {};
    const name = `${flagId}.${n}`;
    if (numbers.has(name)) say(`Task/${id}: ${name} is there twice`);
    numbers.add(name);
    if (!stored.current.has(`Flag/${flagId}`)) say(`Task/${id}: its Flag/${flagId} is not there`);
  }
  for (const { id, resource: flag } of currentOf<Flag>(stored, 'Flag')) {
    const open = tasks.filter(({ resource }) => identityOf(resource)?.flagId === id && isOpen(resource));
    const priority = priorityOf(flag);
    const calls = flag.status === 'active' && priority !== undefined && priority !== 'PN';
    if (open.length !== (calls ? 1 : 0)) {
      say(`Flag/${id}: is ${flag.status} ${priority}, and has ${open.length} open Tasks`);
      continue;
    }
    const [task] = open;
    if (!task) continue;
    const { resource } = task;
    if (resource.priority !== taskPriority(priority) || resource.description !== flag.code.text)
      say(`Task/${task.id}: does not say what Flag/${id} says`);
    count('Tasks');
  }
  const open = tasks.filter(({ resource }) => isOpen(resource));
  same(
    'the list of work',
    stored.work.map(({ id, flag, state, urgency, due }) => `${id} ${flag} ${state} ${urgency} ${due.toISOString()}`),
    open.map(
      ({ id, resource }) => `${id} ${identityOf(resource)?.flagId} waiting ${urgencyOf(resource)} ${endOf(resource)}`,
    ),
    say,
  );
  same(
    'what is due',
    stored.due.filter(({ kind }) => kind === WORK_DUE).map(({ id, at }) => `${id} ${at.toISOString()}`),
    open.map(({ id, resource }) => `overdue/${id} ${endOf(resource)}`),
    say,
  );
}

function currentOf<R>(stored: Stored, wanted: string): { id: string; resource: R }[] {
  return [...stored.current.values()].flatMap(({ type, id, version }) => {
    const resource: R | undefined = stored.versions.get(`${type}/${id}/_history/${version}`)?.resource;
    return type === wanted && resource ? [{ id, resource }] : [];
  });
}

function same(what: string, there: readonly string[], wanted: readonly string[], say: (what: string) => void): void {
  const [is, should] = [[...there].sort().join('\n'), [...wanted].sort().join('\n')];
  if (is !== should) say(`${what} is\n${is}\nand should be\n${should}`);
}
