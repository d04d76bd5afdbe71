import { FhirError, fault } from '../errors.ts';
import type { Concept, System } from '../terminology.ts';
import type { Holdings } from './holdings.ts';

/** A CodeSystem that we hold. Throws FhirError 404 when we hold none of that url, or not that version. */
export function systemOf(holdings: Holdings, url: string, version?: string): System {
  const system = holdings.system(url, version);
  if (system) return system;
  const other = version === undefined ? undefined : holdings.system(url);
  throw new FhirError([
    fault(
      'not-found',
      other
        ? `The CodeSystem ${url} is held here in other versions only, e.g. ${other.resource.version ?? 'without a version'}`
        : `The CodeSystem ${url} is not held here`,
    ),
  ]);
}

/** A concept by its code, in any capitals where the system says that case does not matter. */
export function conceptOf(system: System, code: string): Concept | undefined {
  const exact = system.concepts.get(code);
  if (exact || system.resource.caseSensitive !== false) return exact;
  const lower = code.toLowerCase();
  return [...system.concepts.values()].find((concept) => concept.code.toLowerCase() === lower);
}

/** The concept, or FhirError 404. */
export function mustHave(system: System, code: string): Concept {
  const concept = conceptOf(system, code);
  if (concept) return concept;
  const part = system.complete ? '' : `, of which only a part is held (content "${system.resource.content}")`;
  throw new FhirError([fault('not-found', `The code is not known in ${system.url}${part}`)]);
}
