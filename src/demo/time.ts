import type { Bundle, CarePlan, Flag, Parameters, ParametersParameter, Resource, Task } from '@medplum/fhirtypes';
import type { Client } from 'fhir-kit-client';
import { CANONICAL } from '../fhir/canonical.ts';
import { WORK } from '../rules/work/codes.ts';

/** What time did, as it was read over HTTP. */
export interface TimeRead {
  /** Versions of the work item that nobody answered in time, the oldest first. */
  late: readonly Task[];
  /** The expected report that did not come, as `Patient/$schedule` tells it. */
  slot?: ParametersParameter;
  /** The Flag that was opened of it, and its work item. */
  missing?: Flag;
  work?: Task;
}

/** The clock of the service: moves it to that moment. What is due then the service does by itself, soon after. */
export type MoveClock = (to: Date) => Promise<void>;

const FORM = `${CANONICAL}/Questionnaire/pro-ctcae-weekly`;
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const HOUR_MILLIS = 3_600_000;
const NURSE = { display: 'the coordinating nurse' };
/** How long what the service does by itself is waited for: it looks each second. */
const PATIENCE_MILLIS = 20_000;

/**
 * Lets some days pass: a report is expected each week, and none comes; the patient's most urgent work item is left alone until its time to respond
 * ends, and is then ended by the nurse. The clock is `now` at first.
 */
export async function passTime(client: Client, patient: string, now: Date, move: MoveClock): Promise<TimeRead> {
  await client.create({ resourceType: 'CarePlan', body: { ...weekly(`Patient/${patient}`, now) } });
  const [task] = tasksIn(
    await read<Bundle>(
      client.operation({ name: 'worklist', resourceType: 'Task', method: 'GET', input: asJson({ patient }) }),
    ),
  );
  const late = task ? await leftAlone(client, task, move) : [];

  const due = dateOf(await slotOf(client, patient, now, ['due', 'upcoming']), 'due');
  if (!due) return { late };
  await move(new Date(due.getTime() + 1000));
  const missing = await eventually(async () => {
    const found = await flagsOf(client, patient);
    return found.find(({ code }) => code.coding?.some(({ code: term }) => term === 'missing-report'));
  });
  const [work] = tasksIn(
    await read<Bundle>(
      client.search({ resourceType: 'Task', searchParams: { focus: `Flag/${missing.id}`, _count: 10 } }),
    ),
  );
  const slot = await slotOf(client, patient, now, ['missing']);
  return { late, missing, ...(slot ? { slot } : {}), ...(work ? { work } : {}) };
}

/** Nobody answers; an hour after it was escalated the nurse does, and says what came of it. Gives all versions. */
async function leftAlone(client: Client, task: Task, move: MoveClock): Promise<Task[]> {
  const id = task.id ?? '';
  const end = new Date(task.restriction?.period?.end ?? '');
  await move(new Date(end.getTime() + 1000));
  const escalated = await eventually(async () => {
    const current = await read<Task>(client.read({ resourceType: 'Task', id }));
    return current.meta?.versionId === task.meta?.versionId ? undefined : current;
  });
  await move(new Date(end.getTime() + HOUR_MILLIS));
  await client.patch({
    resourceType: 'Task',
    id,
    jsonPatch: [
      { op: 'add', path: '/status', value: 'completed' },
      { op: 'add', path: '/owner', value: NURSE },
      {
        op: 'add',
        path: '/output',
        value: [
          {
            type: { coding: [{ system: WORK.item, code: 'outcome' }] },
            valueCodeableConcept: { coding: [{ system: WORK.outcome, code: 'advice-given', display: 'Advice given' }] },
          },
        ],
      },
    ],
    options: { headers: { 'If-Match': `W/"${escalated.meta?.versionId}"` } },
  });
  return tasksIn(await read<Bundle>(client.history({ resourceType: 'Task', id }))).reverse();
}

/** The weekly form each week, from this day of the week on. */
const weekly = (subject: string, now: Date): CarePlan => ({
  resourceType: 'CarePlan',
  status: 'active',
  intent: 'plan',
  subject: { reference: subject },
  activity: [
    {
      detail: {
        status: 'scheduled',
        instantiatesCanonical: [FORM],
        scheduledTiming: {
          repeat: {
            boundsPeriod: { start: now.toISOString().slice(0, 10) },
            frequency: 1,
            period: 1,
            periodUnit: 'wk',
            dayOfWeek: [DAYS[now.getUTCDay()] ?? 'mon'],
            timeOfDay: ['00:00:00'],
          },
        },
      },
    },
  ],
});

/** The first slot since then that stands in one of these states. */
async function slotOf(
  client: Client,
  id: string,
  from: Date,
  states: readonly string[],
): Promise<ParametersParameter | undefined> {
  const input = asJson({ from: from.toISOString() });
  const schedule = await read<Parameters>(
    client.operation({ name: 'schedule', resourceType: 'Patient', id, method: 'GET', input }),
  );
  return schedule.parameter?.find(
    ({ name, part }) =>
      name === 'slot' && part?.some((one) => one.name === 'state' && states.includes(one.valueCode ?? '')),
  );
}

const dateOf = (slot: ParametersParameter | undefined, name: string): Date | undefined => {
  const text = slot?.part?.find((one) => one.name === name)?.valueDateTime;
  return text === undefined ? undefined : new Date(text);
};

async function flagsOf(client: Client, patient: string): Promise<Flag[]> {
  const bundle = await read<Bundle<Flag>>(client.search({ resourceType: 'Flag', searchParams: { patient } }));
  return (bundle.entry ?? []).flatMap(({ resource }) => (resource ? [resource] : []));
}

/** What is found once it is there. Throws when it does not come. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const until = Date.now() + PATIENCE_MILLIS; ; ) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error('The service did not do by itself what was due');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const tasksIn = ({ entry = [] }: Bundle): Task[] =>
  entry.flatMap(({ resource }) => (resource?.resourceType === 'Task' ? [resource] : []));

/** The client types what is sent and answered as bare JSON; the service has validated what it serves. */
const asJson = (input: object) => input as { resourceType: string };
const read = async <T extends Resource>(request: Promise<object>): Promise<T> => (await request) as T;
