import type { Group, PlanDefinition } from '@medplum/fhirtypes';
import type { Stretch } from './simulation-differences.ts';

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
  within: Stretch;
  /** IANA name of the zone in which the site's clocks run. */
  timeZone: string;
  /** Codes of outcomes that say that a Flag mattered. */
  mattered: readonly string[];
}

/** Kind of the long work that a simulation is. */
export const SIMULATE = 'simulate';

/** Ids of the patients who are members of a Group now, each once, in one order. Other members, and those who have left, are none. */
export function patientsOf({ member = [] }: Group): string[] {
  const ids = member.flatMap(({ entity, inactive }) =>
    inactive ? [] : (/^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec(entity.reference ?? '')?.[1] ?? []),
  );
  return [...new Set(ids)].sort();
}
