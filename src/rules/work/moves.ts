import { isDeepStrictEqual } from 'node:util';
import type { Task } from '@medplum/fhirtypes';
import { dateInterval } from '../../fhir/dates.ts';
import { FhirError, fault, type Issue } from '../../fhir/errors.ts';
import { EXTENSION } from '../resources/codes.ts';
import { dueAfter, type Site } from '../site.ts';
import { askedInVain, asksNextLevel } from './asked-status.ts';
import { codeIn, OUTCOMES, statusConcept, WORK } from './codes.ts';
import { asked } from './escalate.ts';
import { isOverdueNote } from './overdue.ts';
import { untilEndOfDay } from './snooze.ts';
import { canEscalate, legalMoves, type Move, moveOf, type Need, TO_NEXT_LEVEL } from './task-machine.ts';
import {
  expectedOf,
  notBefore,
  ownerOf,
  reasonOf,
  withinOf,
  withOwnReason,
  withoutExtension,
  workStatusOf,
} from './work-item.ts';

/** A move that a person has made. */
export interface Moved {
  move: Move;
  /** The Task with what the service itself says of it: business status, when it was first and last acted on, its time to respond. */
  task: Task;
  /** A level that is expected from now on. */
  snooze?: { level: number; until: string };
}

interface Moving {
  site: Site;
  /** UTC instant. */
  now: string;
  /** If-Match has said that the version before was read, whatever version the new one names. */
  isUponCurrent?: boolean;
}

/** Elements that a work item keeps as the engine wrote them. */
const KEPT = [
  'identifier',
  'intent',
  'code',
  'focus',
  'for',
  'authoredOn',
  'requester',
  'performerType',
  'priority',
  'restriction',
  'description',
] as const satisfies readonly (keyof Task)[];

/**
 * A person's new version of a work item. Throws FhirError: 409 where somebody else has it and no reason is given why it is taken over; 422 for a move that is none, naming the
 * legal ones, for one that lacks what it needs, for an element of the engine that changed, and where the next level is asked and there is none.
 */
export function moved(before: Task, sent: Task, { site, now, isUponCurrent = false }: Moving): Moved {
  const move = moveOf(before.status, sent.status, { isTakenOver: isTakenOver(before, sent) });
  if (!move) {
    throw refusal(
      `Task.status: a work item that is ${before.status} does not become ${sent.status}; from ${before.status} it can become ${legalMoves(before.status)}`,
      'Task.status',
    );
  }
  const isSnooze = move.needs.includes('expected level');
  const after = isSnooze ? untilEndOfDay(sent, site) : sent;
  const isAsked = asksNextLevel(before, after, { site, isUponCurrent });
  const whyAsked = isAsked && canEscalate(move.to) && !move.needs.includes('reason');
  const issues = [
    ...changedIssues(before, after),
    ...askedInVain(before, after, { move, isUponCurrent }),
    ...(whyAsked ? lacking('reason', { ...move, name: 'escalate' }, before, after, now) : []),
    ...move.needs.flatMap((need) => lacking(need, move, before, after, now)),
  ];
  const [first, ...more] = issues;
  if (first) throw new FhirError([first, ...more], { status: 422 });
  refuseTakeover(before, after);
  const { level, until } = expectedOf(after) ?? {};
  const isNew = isSnooze && !isDeepStrictEqual(expectedOf(before), expectedOf(after));
  const told = isSnooze ? after : withoutExtension(after, EXTENSION.expectedLevel);
  const task = stamped(told, move, before, { site, now: notBefore([before], now) });
  return {
    move,
    task: isAsked ? atNextLevel(task, before, { site, now }) : task,
    ...(isNew && level !== undefined && until !== undefined ? { snooze: { level, until } } : {}),
  };
}

/** The move, and then the next level: whoever has it asks, or had it until now. */
function atNextLevel(task: Task, before: Task, { site, now }: { site: Site; now: string }): Task {
  const { statusReason } = task;
  const by = nameOf(task) ?? nameOf(before);
  return { ...asked(task, { site, at: now, by, reason: reasonOf(task) ?? '' }), statusReason };
}

/** An owner as the author of a note: a reference, else what they are called, else known by. */
const nameOf = ({ owner }: Task): string | undefined => owner?.reference ?? owner?.display ?? owner?.identifier?.value;

const refusal = (diagnostics: string, expression?: string): FhirError =>
  new FhirError([fault('business-rule', diagnostics, expression)], { status: 422 });

function changedIssues(before: Task, after: Task): Issue[] {
  const issues = KEPT.filter((name) => !isDeepStrictEqual(before[name], after[name])).map((name) =>
    fault(
      'business-rule',
      `Task.${name} of a work item is the engine's and stays as it is${name === 'performerType' ? `; ${TO_NEXT_LEVEL}` : ''}`,
      `Task.${name}`,
    ),
  );
  const within = ({ extension }: Task) => extension?.filter(({ url }) => url === EXTENSION.respondWithin) ?? [];
  if (!isDeepStrictEqual(within(before), within(after))) {
    issues.push(
      fault(
        'business-rule',
        'The extension respond-within of a work item is the engine’s and stays as it is',
        'Task.extension',
      ),
    );
  }
  const notes = before.note ?? [];
  if (!isDeepStrictEqual(notes, (after.note ?? []).slice(0, notes.length))) {
    issues.push(fault('business-rule', 'Task.note: what was noted stays; add another note after it', 'Task.note'));
  }
  // By that note the service knows what it has called overdue.
  if ((after.note ?? []).slice(notes.length).some(isOverdueNote)) {
    issues.push(
      fault(
        'business-rule',
        'Task.note: that work is overdue is noted by the service; say it in other words',
        'Task.note',
      ),
    );
  }
  return issues;
}

function lacking(need: Need, { name, from, to }: Move, before: Task, after: Task, now: string): Issue[] {
  const say = (what: string, expression: string): Issue[] => [
    fault('business-rule', `${expression}: ${name} (${from} to ${to}) needs ${what}`, expression),
  ];
  switch (need) {
    case 'owner':
      return ownerOf(after) === undefined
        ? say('who has it from now on, by reference, identifier or name', 'Task.owner')
        : [];
    case 'other than before':
      return isTakenOver(before, after) ? [] : say('another owner than it had', 'Task.owner');
    case 'no owner':
      return after.owner === undefined
        ? []
        : say('that nobody has it: leave the owner out, or accept it', 'Task.owner');
    case 'reason': {
      return reasonOf(after) !== undefined && !isDeepStrictEqual(after.statusReason, before.statusReason)
        ? []
        : say('a statusReason of its own that says why', 'Task.statusReason');
    }
    case 'outcome':
      return outcomeIssues(after, say);
    case 'expected level':
      return snoozeIssues(after, now, say);
  }
}

type Say = (what: string, expression: string) => Issue[];

function outcomeIssues({ output }: Task, say: Say): Issue[] {
  const outcomes = (output ?? []).filter(({ type }) => codeIn(WORK.item, type) === 'outcome');
  const [only] = outcomes;
  const concept = only?.valueCodeableConcept;
  const code = codeIn(WORK.outcome, concept);
  if (outcomes.length !== 1 || !OUTCOMES.some((known) => known === code)) {
    return say(
      `one output of type ${WORK.item}#outcome whose valueCodeableConcept has a code of ${WORK.outcome}: ${OUTCOMES.join(', ')}`,
      'Task.output',
    );
  }
  return code === 'other' && !concept?.text?.trim() ? say('a text beside the outcome other', 'Task.output') : [];
}

function snoozeIssues(task: Task, now: string, say: Say): Issue[] {
  const { level, until } = expectedOf(task) ?? {};
  const moment = until === undefined || !ZONED.test(until) ? undefined : dateInterval(until)?.start;
  const isToCome = moment !== undefined && moment > Date.parse(now) && moment < LAST_YEAR_OVER;
  if (level === undefined || level < 0 || !isToCome) {
    return say(
      `the extension ${EXTENSION.expectedLevel}: level, a grade from 0, and until, a day or a moment with a time zone that is not over yet`,
      'Task.extension',
    );
  }
  return [];
}

/** No instant of FHIR lies beyond the year 9999 by any clock. */
const LAST_YEAR_OVER = Date.UTC(10_000, 0, 1);

/** With seconds and a zone; days were made moments before. */
const ZONED = /T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Whether somebody had it, and from now on somebody else has. */
function isTakenOver(before: Task, after: Task): boolean {
  const [had, has] = [ownerOf(before), ownerOf(after)];
  return had !== undefined && has !== undefined && had !== has;
}

/** Two people never have the same work without knowing. What was escalated asks for somebody else, so there no reason is needed. */
function refuseTakeover(before: Task, after: Task): void {
  if (!isTakenOver(before, after)) return;
  const status = workStatusOf(before);
  if (status === 'escalated' || status === 'overdue') return;
  const { statusReason } = after;
  if (statusReason !== undefined && !isDeepStrictEqual(statusReason, before.statusReason)) return;
  throw new FhirError(
    [
      fault(
        'conflict',
        `Task.owner: ${ownerOf(before)} has this work item (${before.status}); to take it over, say why in a statusReason of its own`,
        'Task.owner',
      ),
    ],
    { status: 409 },
  );
}

function stamped(
  after: Task,
  { business, from, to }: Move,
  before: Task,
  { site, now }: { site: Site; now: string },
): Task {
  const first = before.executionPeriod?.start ?? (to === 'requested' ? undefined : now);
  const hasEnded = workStatusOf(before) === 'episode-ended';
  const { executionPeriod: _period, businessStatus: _status, ...rest } = withOwnReason(before, after);
  const status = business === undefined || hasEnded ? before.businessStatus : statusConcept(business);
  const end = to !== 'completed' ? undefined : (before.executionPeriod?.end ?? now);
  return {
    ...rest,
    ...(status ? { businessStatus: status } : {}),
    ...(first === undefined ? {} : { executionPeriod: { start: first, ...(end === undefined ? {} : { end }) } }),
    lastModified: now,
    // What slept has its time to respond before it.
    ...(from === 'on-hold' && to !== 'on-hold' && to !== 'completed'
      ? {
          restriction: {
            ...before.restriction,
            period: { start: now, end: dueAfter(site, now, withinOf(before, site)) },
          },
        }
      : {}),
  };
}
