import type { Task } from '@medplum/fhirtypes';
import { fault, type Issue } from '../../fhir/errors.ts';
import type { Site } from '../site.ts';
import { codeIn, WORK } from './codes.ts';
import { legalMoves, type Move } from './task-machine.ts';
import { levelOf } from './work-item.ts';

/**
 * The business status is kept by the service. A client that says another one than is held either wants something, or puts back what it read before the service
 * changed it. Which of them is told by the version that it says it has read: `isUponCurrent` where that was by If-Match, else by the body.
 */

/**
 * Whether a person asks the next level by the business status `escalated`, which is not that of `before`. At the first level no version can have been escalated, so
 * whoever says so asks; at a further one who has read this very version.
 */
export function asksNextLevel(
  before: Task,
  after: Task,
  { site: { levels }, isUponCurrent }: { site: Site; isUponCurrent: boolean },
): boolean {
  if (saidOf(after) !== 'escalated' || saidOf(before) === 'escalated') return false;
  return isUponCurrent || isOfVersion(before, after) || levelOf(before) === levels[0]?.code;
}

/** A business status of ours that neither is held nor comes of the move, said by who has read this very version: to keep the held one in silence would mislead them. */
export function askedInVain(
  before: Task,
  after: Task,
  { move: { business, from }, isUponCurrent }: { move: Move; isUponCurrent: boolean },
): Issue[] {
  const said = saidOf(after);
  const isKept = said === undefined || said === saidOf(before) || said === business;
  if (isKept || said === 'escalated' || !(isUponCurrent || isOfVersion(before, after))) return [];
  const legal = `from ${from} it can become ${legalMoves(from)}`;
  return [
    fault(
      'business-rule',
      `Task.businessStatus: the service keeps it, and no client makes it ${said}; ${legal}`,
      'Task.businessStatus',
    ),
  ];
}

const saidOf = ({ businessStatus }: Task): string | undefined => codeIn(WORK.status, businessStatus);

/** What comes of a patch always is; what is put back is where its body has the version that is held. */
const isOfVersion = (before: Task, after: Task): boolean =>
  before.meta?.versionId !== undefined && after.meta?.versionId === before.meta.versionId;
