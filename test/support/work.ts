import type { Task } from '@medplum/fhirtypes';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { everyone } from '../../src/fhir/compartment.ts';
import { dueOfPatient } from '../../src/store/due.ts';
import { shardOfId } from '../../src/store/resources.ts';
import type { Answer, TestApp } from './app.ts';

/** The work items of a patient, the oldest first. */
export async function tasksOf(app: TestApp, patient: string): Promise<Task[]> {
  const { body } = await app.send('GET', `/Task?patient=${patient}&_count=100`);
  const tasks: Task[] = (body.entry ?? []).map(({ resource }: { resource: Task }) => resource);
  return tasks.sort((a, b) => (numberOf(a) < numberOf(b) ? -1 : 1));
}

const numberOf = ({ authoredOn = '', identifier }: Task): string => `${authoredOn} ${identifier?.[0]?.value}`;

/** Status, business status, priority, level and owner of a work item, as one text. */
export const said = ({ status, businessStatus, priority, performerType, owner }: Task): string =>
  [
    status,
    businessStatus?.coding?.[0]?.code,
    priority,
    performerType?.[0]?.coding?.[0]?.code,
    ...(owner?.reference ? [owner.reference] : []),
  ].join(' ');

/** The same of all work items of a patient. */
export const workOf = async (app: TestApp, patient: string): Promise<string[]> =>
  (await tasksOf(app, patient)).map(said);

/** When each work item of a patient is due, by its row. */
export async function dueOf(app: TestApp, patient: string): Promise<string[]> {
  const id = patient.slice('Patient/'.length);
  const rows = await dueOfPatient(app.deps.db, everyone(), shardOfId(id), id);
  return rows.filter(({ kind }) => kind === 'task-overdue').map(({ at }) => at);
}

/** The list of open work of a patient. */
export async function placesOf(app: TestApp, patient: string): Promise<string[]> {
  const { rows } = await app.deps.db.pool.query(
    'select state, level, owner, urgency from work where patient = $1 order by id',
    [patient.slice('Patient/'.length)],
  );
  return rows.map(({ state, level, owner, urgency }) => [state, level, owner ?? '-', urgency].join(' '));
}

/** A JSON Patch of a work item; a member that is undefined is removed. */
export function move(
  app: TestApp,
  task: Pick<Task, 'id'>,
  members: Partial<Record<keyof Task, unknown>>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const steps = Object.entries(members).map(([name, value]) =>
    value === undefined ? { op: 'remove', path: `/${name}` } : { op: 'add', path: `/${name}`, value },
  );
  return app.send('PATCH', `/Task/${task.id}`, JSON.stringify(steps), {
    'content-type': 'application/json-patch+json',
    ...headers,
  });
}

export const ANNA = { reference: 'Practitioner/anna' };
export const BILAL = { reference: 'Practitioner/bilal' };

/** The output of a work item that has come to something. */
export const outcome = (code: string, text?: string): Task['output'] => [
  {
    type: { coding: [{ system: `${CANONICAL}/CodeSystem/work-item`, code: 'outcome' }] },
    valueCodeableConcept: {
      coding: [{ system: `${CANONICAL}/CodeSystem/work-outcome`, code }],
      ...(text === undefined ? {} : { text }),
    },
  },
];
