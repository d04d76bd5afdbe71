import { FhirError, fault } from '../errors.ts';
import type { System } from '../terminology.ts';
import { mustHave } from './concept.ts';
import { descends } from './filters.ts';

/** Source: FHIR R4, ValueSet concept-subsumption-outcome. */
export type Subsumption = 'equivalent' | 'subsumes' | 'subsumed-by' | 'not-subsumed';

/**
 * How code A stands to code B. Throws FhirError 404 for a code that the system does not have, and 422 where it has no hierarchy that says
 * "is a", or where only a part of it is held and that part does not show it. Source: FHIR R4, operation CodeSystem/$subsumes.
 */
export function subsumption(system: System, codeA: string, codeB: string): Subsumption {
  const a = mustHave(system, codeA).code;
  const b = mustHave(system, codeB).code;
  if (a === b) return 'equivalent';
  const { hierarchyMeaning = 'is-a', content } = system.resource;
  if (hierarchyMeaning !== 'is-a' || [...system.parents.values()].every((parents) => parents.length === 0)) {
    throw undecided(`The CodeSystem ${system.url} has no hierarchy of kinds (is-a)`);
  }
  if (descends(b, a, system)) return 'subsumes';
  if (descends(a, b, system)) return 'subsumed-by';
  if (!system.complete) throw undecided(`Only a part of ${system.url} is held here (content "${content}")`);
  return 'not-subsumed';
}

const undecided = (cause: string): FhirError => new FhirError([fault('not-supported', cause)], { status: 422 });
