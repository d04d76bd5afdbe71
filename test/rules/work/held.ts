import type { Flag, Task } from '@medplum/fhirtypes';
import { CANONICAL } from '../../../src/fhir/canonical.ts';
import type { Priority } from '../../../src/rules/episode.ts';
import { priorityConcept } from '../../../src/rules/resources/codes.ts';
import { DEFAULT_SITE, type RespondWithin } from '../../../src/rules/site.ts';
import { levelConcept, statusConcept } from '../../../src/rules/work/codes.ts';
import { type FlagNow, follow } from '../../../src/rules/work/follow.ts';

/** A Tuesday morning in Paris. */
export const NOW = '2026-11-24T09:00:00.000Z';
export const END = '2026-11-24T13:00:00.000Z';
export const HALF_A_DAY: RespondWithin = { hours: 4, clock: 'service' };

export const flag = (priority: Priority, status: Flag['status'] = 'active', text = 'Nausea: grade 2'): Flag => ({
  resourceType: 'Flag',
  status,
  code: { text },
  subject: { reference: 'Patient/p' },
  extension: [
    { url: 'http://hl7.org/fhir/StructureDefinition/flag-priority', valueCodeableConcept: priorityConcept(priority) },
  ],
});

export const told = (one: Flag, more: Partial<FlagNow> = {}): FlagNow => ({
  flagId: 'f',
  flag: one,
  rises: false,
  opens: false,
  ...more,
});

export const around = { site: DEFAULT_SITE, now: NOW, patient: 'Patient/p', device: 'Device/d', within: [HALF_A_DAY] };

/** The first work item of a Flag of this priority, as it was then changed. */
export function item(priority: Priority, more: Partial<Task> = {}): Task {
  const made = follow([], told(flag(priority), { opens: true }), around)?.task;
  if (!made) throw new Error('none was made');
  return { ...made, id: 't', ...more };
}

export const taken = {
  status: 'accepted',
  owner: { reference: 'Practitioner/anna' },
  businessStatus: statusConcept('acknowledged'),
} as const;
export const done = { ...taken, status: 'completed' } as const;
export const gone = { status: 'cancelled', businessStatus: statusConcept('episode-ended') } as const;
export const asleep = {
  ...taken,
  status: 'on-hold',
  businessStatus: statusConcept('snoozed'),
  extension: [
    {
      url: `${CANONICAL}/StructureDefinition/expected-level`,
      extension: [
        { url: 'level', valueInteger: 2 },
        { url: 'until', valueDateTime: '2026-12-01T09:00:00Z' },
      ],
    },
  ],
} satisfies Partial<Task>;
export const raised = { performerType: [levelConcept({ code: 'physician', display: 'Physician' })] };
