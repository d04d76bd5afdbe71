import type { Task } from '@medplum/fhirtypes';
import { CANONICAL } from '../../../src/fhir/canonical.ts';
import { FhirError } from '../../../src/fhir/errors.ts';
import { DEFAULT_SITE } from '../../../src/rules/site.ts';
import { itemConcept, levelConcept, statusConcept } from '../../../src/rules/work/codes.ts';
import { type Moved, moved } from '../../../src/rules/work/moves.ts';
import { levelOf, workStatusOf } from '../../../src/rules/work/work-item.ts';
import { ANNA } from '../../support/work.ts';

/** A Tuesday morning in Paris. */
export const START = '2026-11-24T09:00:00.000Z';
export const NOW = '2026-11-24T10:00:00.000Z';
export const level = (code: string): Partial<Task> => ({ performerType: [levelConcept({ code, display: code })] });
export const why = (text: string): Partial<Task> => ({ statusReason: { text } });
export const business = (code: Parameters<typeof statusConcept>[0]): Partial<Task> => ({
  businessStatus: statusConcept(code),
});

/** The third version of a work item: Anna has it, at the first level. */
export const held = (more: Partial<Task> = {}): Task => ({
  resourceType: 'Task',
  meta: { versionId: '3' },
  identifier: [{ system: `${CANONICAL}/NamingSystem/work-item`, value: 'f.1' }],
  status: 'accepted',
  ...business('acknowledged'),
  intent: 'order',
  priority: 'routine',
  code: itemConcept('triage'),
  owner: ANNA,
  ...level('nurse'),
  restriction: { period: { start: START, end: '2026-11-24T13:00:00.000Z' } },
  lastModified: START,
  ...more,
});
export const waiting = (more: Partial<Task> = {}): Task =>
  held({ status: 'requested', ...business('new'), ...more, owner: undefined });

export const move = (
  before: Task,
  change: Partial<Task>,
  { site = DEFAULT_SITE, now = NOW, isUponCurrent = false } = {},
): Moved => moved(before, { ...before, ...change }, { site, now, isUponCurrent });

/** What comes of a move: where the work is then; or the status and words of the refusal. */
export function outcomeOf(before: Task, change: Partial<Task>, site = DEFAULT_SITE, isUponCurrent = false): string {
  try {
    const { task } = move(before, change, { site, isUponCurrent });
    return [task.status, workStatusOf(task), task.priority, levelOf(task)].join(' ');
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    return `${error.status} ${error.issues.map(({ diagnostics }) => diagnostics).join(' | ')}`;
  }
}

export const atPhysician = (more: Partial<Task> = {}): Task =>
  held({ ...level('physician'), ...business('overdue'), ...more });

/** Until when it sleeps, at grade 2. */
export function asleep(until: string): Pick<Task, 'extension'> {
  return {
    extension: [
      {
        url: `${CANONICAL}/StructureDefinition/expected-level`,
        extension: [
          { url: 'level', valueInteger: 2 },
          { url: 'until', valueDateTime: until },
        ],
      },
    ],
  };
}
