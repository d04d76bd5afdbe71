import type { Group, GroupMember } from '@medplum/fhirtypes';
import { type Interval, periodInterval } from '../fhir/dates.ts';
import { ownReference } from '../fhir/search-parameters.ts';

/** The members of a Group that were in it at some time. */
export interface Members {
  /** Ids of those that are named as Patients, each once. */
  patients: readonly string[];
  /** How many there are that name no Patient of this base. */
  others: number;
}

/**
 * The members of a Group that were in it at some moment of a time (Unix milliseconds): by their `period`, both ends as precise as they are said; without one, always.
 * None that is `inactive`. Source: HL7 FHIR R4 4.0.1, Group.member.period and Group.member.inactive.
 */
export function membersOf({ member = [] }: Pick<Group, 'member'>, time: Interval, baseUrl: string): Members {
  const there = member.filter((one) => wasThere(one, time));
  const ids = there.flatMap(({ entity: { reference = '' } }) => {
    const own = ownReference(reference, baseUrl);
    return own?.type === 'Patient' ? own.id : [];
  });
  return { patients: [...new Set(ids)], others: there.length - ids.length };
}

function wasThere({ inactive, period }: GroupMember, { start, end }: Interval): boolean {
  if (inactive === true) return false;
  const was = period && periodInterval(period);
  return !was || (was.start < end && was.end > start);
}

/**
 * The time of which members are told (Unix milliseconds), where reports from `start` to just before `end` are asked for: without both it is now, without an end it goes
 * up to now.
 */
export function askedTime({ start, end }: Interval, now: number): Interval {
  if (end !== Number.POSITIVE_INFINITY) return { start, end };
  const from = start === Number.NEGATIVE_INFINITY ? now : start;
  return { start: from, end: Math.max(from, now) + 1 };
}
