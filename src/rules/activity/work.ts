import type { Task } from '@medplum/fhirtypes';
import { type Site, serviceHoursBetween } from '../site.ts';
import { codeIn, OUTCOMES, type OutcomeCode, WORK } from '../work/codes.ts';
import { wasOverdue } from '../work/overdue.ts';
import { identityOf, isOpen, isWorkItem } from '../work/work-item.ts';
import { isWithin, type Month } from './month.ts';

/** What is told of one work item. UTC instants. */
export interface WorkDone {
  /** When the service asked for a person: with the Flag, or when it rose so far. */
  opened: string;
  /** When a person first acted on it: took, started, snoozed or completed it. */
  acted?: string;
  completed?: { at: string; outcome?: OutcomeCode };
  /** It ended with its episode before anybody had acted. */
  endedUnseen: boolean;
  isOpen: boolean;
  overdue: boolean;
  escalated: boolean;
}

/** Work of a month. Hours are given one by one, so that those of several patients can be told together. */
export interface WorkOfMonth {
  /** Work items that were opened in the month; the next ones are of these, whenever it came to it. */
  opened: number;
  acknowledged: number;
  overdue: number;
  escalated: number;
  endedUnseen: number;
  stillOpen: number;
  /** From opening to the first act of a person: hours of the clock, and of the site's service. */
  hours: readonly number[];
  serviceHours: readonly number[];
  /** Work items that were completed in the month, whenever they were opened, by their outcome. */
  outcomes: Readonly<Record<OutcomeCode, number>>;
}

/** What a Task tells, with every business status that its versions had; undefined where it is no work item. */
export function workDone(task: Task, statuses: readonly string[]): WorkDone | undefined {
  const { status, authoredOn, executionPeriod, output } = task;
  if (!isWorkItem(task) || !identityOf(task) || authoredOn === undefined) return undefined;
  const { start: acted, end } = executionPeriod ?? {};
  const told = output?.find(({ type }) => codeIn(WORK.item, type) === 'outcome')?.valueCodeableConcept;
  const outcome = OUTCOMES.find((code) => code === codeIn(WORK.outcome, told));
  return {
    opened: authoredOn,
    ...(acted === undefined ? {} : { acted }),
    ...(status === 'completed' && end !== undefined ? { completed: { at: end, ...(outcome ? { outcome } : {}) } } : {}),
    endedUnseen: status === 'cancelled' && acted === undefined,
    isOpen: isOpen(task),
    overdue: wasOverdue(task),
    escalated: statuses.includes('escalated'),
  };
}

/** The work of a month. An item belongs to the month in which it was opened, also where somebody acts on it in the next one. */
export function workOf(items: readonly WorkDone[], month: Month, site: Site): WorkOfMonth {
  const own = items.filter(({ opened }) => isWithin(month, opened));
  const acted = own.flatMap(({ opened, acted }) => (acted === undefined ? [] : [{ opened, acted }]));
  const completed = items.flatMap(({ completed }) => (completed && isWithin(month, completed.at) ? [completed] : []));
  return {
    opened: own.length,
    acknowledged: acted.length,
    overdue: own.filter(({ overdue }) => overdue).length,
    escalated: own.filter(({ escalated }) => escalated).length,
    endedUnseen: own.filter(({ endedUnseen }) => endedUnseen).length,
    stillOpen: own.filter(({ isOpen }) => isOpen).length,
    hours: acted.map(({ opened, acted }) => (Date.parse(acted) - Date.parse(opened)) / HOUR),
    serviceHours: acted.map(({ opened, acted }) => serviceHoursBetween(site, opened, acted)),
    outcomes: countsOf((code) => completed.filter(({ outcome }) => outcome === code).length),
  };
}

/** A number for each outcome. */
export const countsOf = (count: (code: OutcomeCode) => number): Record<OutcomeCode, number> =>
  Object.fromEntries(OUTCOMES.map((code) => [code, count(code)])) as Record<OutcomeCode, number>; // every code is there

const HOUR = 3_600_000;
