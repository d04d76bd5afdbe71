import type { Group, PlanDefinition } from '@medplum/fhirtypes';
import { ownReference } from '../fhir/search-parameters.ts';
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
 * Ids of the patients of this server who are members of a Group now, each once, in one order. Other members, and those who have left, are none.
 */
export function patientsOf({ member = [] }: Group, baseUrl: string): string[] {
  const ids = member.flatMap(({ entity, inactive }) => {
    const own = inactive ? undefined : ownReference(entity.reference ?? '', baseUrl);
    return own?.type === 'Patient' ? own.id : [];
  });
  return [...new Set(ids)].sort();
}
