import type { Bundle, BundleEntry, Flag, Task } from '@medplum/fhirtypes';
import { randomOf } from '../../src/cohort/random.ts';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { codeIn, OUTCOMES, WORK } from '../../src/rules/work/codes.ts';
import { identityOf, levelOf, workStatusOf } from '../../src/rules/work/work-item.ts';
import { outcome } from '../support/work.ts';
import type { Field } from './field.ts';

/** Work on the list, with a name that is the same in every run. */
export interface Work {
  task: Task;
  /** Id of the Patient. */
  patient: string;
  name: string;
  /** Whether its Flag is about a graded term. */
  isGraded: boolean;
}

/** A move: the members of the Task that it sets, or takes away where they are undefined. */
export interface Move {
  name: string;
  members: Partial<Record<keyof Task, unknown>>;
}

const OWNERS: Readonly<Record<string, readonly string[]>> = {
  nurse: ['Practitioner/anna', 'Practitioner/bilal'],
  physician: ['Practitioner/dr-chen'],
};

/** The list as nurses and physicians read it: what waits, what is taken and what sleeps, page by page. */
export async function readWork(field: Field, nameOf: (patient: string) => string): Promise<Work[]> {
  const work: Work[] = [];
  for (let next: string | undefined = '/Task/$worklist?state=waiting,taken,snoozed&_count=200'; next; ) {
    const { status, text } = await field.ask('worklist', 'GET', next);
    if (status !== 200) throw new Error(`The list of work was answered ${status}: ${text}`);
    const bundle: Bundle<Task | Flag> = JSON.parse(text);
    work.push(...workIn(bundle.entry ?? [], nameOf));
    const url = bundle.link?.find(({ relation }) => relation === 'next')?.url;
    next = url === undefined ? undefined : url.slice(url.indexOf('/fhir/') + '/fhir'.length);
  }
  return work.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function workIn(entries: readonly BundleEntry<Task | Flag>[], nameOf: (patient: string) => string): Work[] {
  const flags = new Map(
    entries.flatMap(({ resource }) => (resource?.resourceType === 'Flag' ? [[resource.id, resource]] : [])),
  );
  return entries.flatMap(({ resource: task }): Work[] => {
    if (task?.resourceType !== 'Task') return [];
    const { flagId, n } = identityOf(task) ?? {};
    const coding = flags.get(flagId)?.code.coding?.[0];
    const patient = task.for?.reference?.slice('Patient/'.length) ?? '';
    return [
      {
        task,
        patient,
        name: [nameOf(patient), coding?.system?.split('/').at(-1), coding?.code, task.authoredOn, n].join(' '),
        isGraded: /\/(pro-ctcae|ctcae)$/.test(coding?.system ?? ''),
      },
    ];
  });
}

/** What somebody does with this work now; undefined where it is left as it is. The seed, the work and the moment decide. */
export function moveOf({ task, name, isGraded }: Work, now: string, seed: number): Move | undefined {
  const random = randomOf(`${seed}/${name}/${now}/${task.status}`);
  const level = levelOf(task) ?? 'nurse';
  const owners = OWNERS[level] ?? OWNERS.nurse ?? [];
  const owner = { reference: owners[random.below(owners.length)] };
  const chance = random.next();
  const complete: Move = {
    name: 'complete',
    members: {
      status: 'completed',
      owner: task.owner ?? owner,
      output: outcome(OUTCOMES[random.below(OUTCOMES.length - 1)] ?? 'visit'),
    },
  };
  const snooze: Move = {
    name: 'snooze',
    members: {
      status: 'on-hold',
      owner: task.owner ?? owner,
      extension: [
        ...(task.extension ?? []).filter(({ url }) => !url.endsWith('/expected-level')),
        expected(1 + random.below(3), new Date(Date.parse(now) + (20 + random.below(80)) * 3_600_000).toISOString()),
      ],
    },
  };
  const moves = ((): (Move | undefined)[] => {
    // Somebody of the next level was called, and takes it over.
    if (
      task.owner?.reference &&
      !owners.includes(task.owner.reference) &&
      /escalated|overdue/.test(workStatusOf(task) ?? '')
    ) {
      return [undefined, { name: 'take over', members: { status: 'in-progress', owner } }];
    }
    switch (task.status) {
      case 'requested':
        return [
          undefined,
          { name: 'take', members: { status: 'accepted', owner } },
          { name: 'start', members: { status: 'in-progress', owner } },
          snooze,
          complete,
        ];
      case 'accepted':
        return [
          undefined,
          { name: 'start', members: { status: 'in-progress' } },
          snooze,
          putBack(random.below(1000)),
          complete,
        ];
      case 'in-progress':
        return [undefined, { name: 'pause', members: { status: 'accepted' } }, snooze, complete, complete];
      case 'on-hold':
        return [undefined, undefined, undefined, undefined, { name: 'resume', members: { status: 'in-progress' } }];
      default:
        return [];
    }
  })();
  const move = moves[Math.floor(chance * moves.length)];
  // Nobody expects a level of what is not graded.
  return move === snooze && !isGraded ? undefined : move;
}

const putBack = (shift: number): Move => ({
  name: 'put back',
  members: { status: 'requested', owner: undefined, statusReason: { text: `end of shift ${shift}` } },
});

const expected = (level: number, until: string) => ({
  url: `${CANONICAL}/StructureDefinition/expected-level`,
  extension: [
    { url: 'level', valueInteger: level },
    { url: 'until', valueDateTime: until },
  ],
});

/**
 * Makes a move by JSON Patch and If-Match. What was not answered goes out again, and a 412 then means that it had been done. Gives what came of
 * it in a word.
 */
export async function make(
  field: Field,
  { task, name, patient }: Work,
  { name: move, members }: Move,
): Promise<string> {
  const steps = Object.entries(members).map(([member, value]) =>
    value === undefined ? { op: 'remove', path: `/${member}` } : { op: 'add', path: `/${member}`, value },
  );
  const version = Number(task.meta?.versionId);
  const answer = await field.ask(patient, 'PATCH', `/Task/${task.id}`, steps, {
    'content-type': 'application/json-patch+json',
    'if-match': `W/"${version}"`,
  });
  if (answer.status === 412 && answer.attempts > 1) {
    const read: Task = JSON.parse((await field.ask(patient, 'GET', `/Task/${task.id}`)).text);
    const done = read.status === members.status && Number(read.meta?.versionId) === version + 1;
    return `${name}: ${move} ${done ? 200 : `412, and it is ${read.status} ${read.meta?.versionId}`}`;
  }
  const why = answer.status === 200 ? '' : ` ${JSON.parse(answer.text).issue?.[0]?.diagnostics}`;
  return `${name}: ${move} ${answer.status}${why}`;
}

/** What came of work that has ended. */
export const outcomeOf = ({ output }: Task): string | undefined =>
  codeIn(WORK.outcome, output?.[0]?.valueCodeableConcept);
