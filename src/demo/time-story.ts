import type { CodeableConcept, Task } from '@medplum/fhirtypes';
import { day, wrapped } from './lines.ts';
import type { TimeRead } from './time.ts';

/** What happened without a request, and what somebody did then. Says nothing that was not read. */
export function tellTime({ late, slot, missing, work }: TimeRead): string[] {
  const last = late.at(-1);
  return [
    'What time does by itself: the clock of this service moves on by some days (times are UTC)',
    ...(last
      ? ['', ...titled(`Work on "${last.description}"`, `Task/${last.id}`), ...stepsOf(late).flatMap(workStory)]
      : []),
    ...(missing
      ? [
          '',
          ...titled(missing.code.text ?? '', `Flag/${missing.id}`),
          `    ${at(slotAt('start'))}  a report is expected`,
          `    ${at(slotAt('due'))}  none has come: ${stateOf()}; the Flag is ${missing.status}`,
          ...(work ? [`    ${at(work.authoredOn)}  Task/${work.id}`, ...standing(work)] : []),
        ]
      : []),
  ];

  function slotAt(name: string): string | undefined {
    return slot?.part?.find((one) => one.name === name)?.valueDateTime;
  }
  function stateOf(): string {
    return slot?.part?.find(({ name }) => name === 'state')?.valueCode ?? '';
  }
}

const titled = (text: string, reference: string): string[] => [...wrapped(text, 96, '  '), `    ${reference}`];

/** The last version of each step. */
const stepsOf = (all: readonly Task[]): Task[] =>
  all.filter((task, place) => {
    const next = all[place + 1];
    return !next || stepOf(next) !== stepOf(task);
  });

/** A step of work, with what was noted in it. */
function workStory(task: Task, place: number, steps: readonly Task[]): string[] {
  const note = task.note?.[steps[place - 1]?.note?.length ?? 0]?.text;
  const outcome = task.output?.[0]?.valueCodeableConcept;
  return [
    `    ${at(task.lastModified)}  ${stepOf(task)}${note ? `: ${note}` : ''}`,
    ...(task.status === 'completed'
      ? [`${' '.repeat(18)}by ${task.owner?.display}: ${nameOf(outcome)}`]
      : standing(task)),
  ];
}

const stepOf = ({ status, businessStatus }: Task): string => `${status}, ${nameOf(businessStatus).toLowerCase()}`;

const standing = ({ performerType, priority, restriction }: Task): string[] => [
  `${' '.repeat(18)}for the ${nameOf(performerType?.[0]).toLowerCase()}, ${priority}, by ${at(restriction?.period?.end)}`,
];

const nameOf = (concept: CodeableConcept | undefined): string =>
  concept?.coding?.[0]?.display ?? concept?.coding?.[0]?.code ?? concept?.text ?? '';

/** Day and time of an instant, e.g. `03 Oct 09:30`. */
const at = (moment: string | undefined): string => `${day(moment)} ${moment?.slice(11, 16) ?? ''}`;
