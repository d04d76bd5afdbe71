import type { CodeableConcept, Task } from '@medplum/fhirtypes';
import { CANONICAL } from '../../fhir/canonical.ts';
import type { Level } from '../site.ts';

/** Our CodeSystems of work items. */
export const WORK = {
  item: `${CANONICAL}/CodeSystem/work-item`,
  status: `${CANONICAL}/CodeSystem/work-status`,
  outcome: `${CANONICAL}/CodeSystem/work-outcome`,
  /** Nurse and physician; a site has levels of its own. */
  level: `${CANONICAL}/CodeSystem/work-level`,
} as const;

/** Identity of a work item: id of its Flag, a dot, and which of that Flag's it is. */
export const WORK_NAMING = `${CANONICAL}/NamingSystem/work-item`;

/** Kinds of work item, and of what comes of one. */
const ITEMS = { triage: 'Triage of a Flag', outcome: 'Outcome' } as const;

/** Displays of CodeSystem `work-status`. */
const STATUSES = {
  new: 'New',
  acknowledged: 'Acknowledged',
  snoozed: 'Snoozed',
  escalated: 'Escalated',
  overdue: 'Overdue',
  'episode-ended': 'Episode ended',
} as const;

/** What a work item is at beside its FHIR status. */
export type WorkStatus = keyof typeof STATUSES;

export const statusConcept = (code: WorkStatus): CodeableConcept => ({
  coding: [{ system: WORK.status, code, display: STATUSES[code] }],
});

export const itemConcept = (code: keyof typeof ITEMS): CodeableConcept => ({
  coding: [{ system: WORK.item, code, display: ITEMS[code] }],
});

export const levelConcept = ({ code, display }: Level): CodeableConcept => ({
  coding: [{ system: WORK.level, code, display }],
});

/** What came of work. The codes of CodeSystem `work-outcome`; `other` needs a text. */
export const OUTCOMES = [
  'advice-given',
  'visit',
  'admission',
  'treatment-changed',
  'no-action',
  'false-alert',
  'other',
] as const;

export type OutcomeCode = (typeof OUTCOMES)[number];

/** Code of a concept in one of our systems. */
export const codeIn = (system: string, concept: CodeableConcept | undefined): string | undefined =>
  concept?.coding?.find((coding) => coding.system === system)?.code;

/** Urgency of a Task, the least first. Source: HL7 FHIR R4, CodeSystem request-priority. */
export const TASK_PRIORITIES = ['routine', 'urgent', 'asap', 'stat'] as const satisfies readonly Task['priority'][];

export type TaskPriority = (typeof TASK_PRIORITIES)[number];
