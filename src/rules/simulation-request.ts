import type { Group, PlanDefinition } from '@medplum/fhirtypes';
import { membersOf } from './group-members.ts';
import type { Stretch } from './simulation-differences.ts';
import type { Site } from './site.ts';

/** What a simulation was asked, frozen when it was: what changes afterwards changes nothing of it but the past that is read. */
export interface SimulationRequest {
  /** As it was then: a draft may change later. */
  candidate: PlanDefinition;
  /** SHA-256 of what it decides by. */
  digest: string;
  /** `url|version` of the policy that it is compared with; null for none. */
  against: string | null;
  /** `url|version` of the policies that stand beside it on both sides. */
  beside: readonly string[];
  /** `Group/id/_history/n`; everyone without. */
  cohort?: string;
  /** Symptom time that is looked at. Its end is not after the moment of asking, so that it is over whenever the work is done. */
  within: Stretch;
  /** An end was asked for: without one, hours of service are counted up to the last report. */
  endAsked: boolean;
  /** As it was then: its clocks, and its hours of service. */
  site: Site;
  /** The service's FHIR base then: what a cohort names behind it is of this server. */
  baseUrl: string;
  /** Codes of outcomes that say that a Flag mattered. */
  mattered: readonly string[];
}

/** Kind of the long work that a simulation is. */
export const SIMULATE = 'simulate';

/**
 * Ids of the patients of this server who were members of a Group at some moment of what is looked at, each once, in one order: without a beginning, at any moment
 * up to its end. Other members are none.
 */
export function patientsOf(group: Group, { within: { start, end }, baseUrl }: Asked): string[] {
  const time = {
    start: start === undefined ? Number.NEGATIVE_INFINITY : Date.parse(start),
    end: end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end),
  };
  return [...membersOf(group, time, baseUrl).patients].sort();
}

type Asked = Pick<SimulationRequest, 'within' | 'baseUrl'>;
