import type { CodeSystem, ConceptMap, ValueSet } from '@medplum/fhirtypes';
import { splitCanonical } from '../canonical.ts';
import { buildTerminology, type HeldTerminology, NO_TERMINOLOGY } from '../terminology.ts';
import { R4 } from './r4.ts';

/** The terminology resources that the operations answer from. */
export interface Holdings extends HeldTerminology {
  /**
   * The ValueSet of a canonical; that of all codes of a CodeSystem too, by its `valueSet` or by `url?fhir_vs`.
   * Source: FHIR R4, CodeSystem.valueSet, and section 4.8.5 (implicit value sets).
   */
  valueSet(canonical: string): ValueSet | undefined;
  valueSetById(id: string): ValueSet | undefined;
  codeSystemById(id: string): CodeSystem | undefined;
  conceptMapById(id: string): ConceptMap | undefined;
  conceptMaps: readonly ConceptMap[];
  /** Versions that are held of each CodeSystem, by url; that which answers an unversioned question first. */
  systems: ReadonlyMap<string, readonly string[]>;
}

/**
 * Of several versions of one url, the first given answers an unversioned question. What is not given is sought among R4's own value sets and
 * code systems.
 */
export function holdingsOf(
  codeSystems: readonly CodeSystem[],
  valueSets: readonly ValueSet[],
  conceptMaps: readonly ConceptMap[],
): Holdings {
  const terminology = buildTerminology(codeSystems, valueSets, NO_TERMINOLOGY, R4);
  const systems = new Map<string, string[]>();
  const implicit = new Map<string, ValueSet>();
  for (const system of codeSystems) {
    const { url, version, valueSet } = system;
    if (url === undefined) continue;
    systems.set(url, [...(systems.get(url) ?? []), ...(version === undefined ? [] : [version])]);
    for (const name of [`${url}?fhir_vs`, ...(valueSet === undefined ? [] : [splitCanonical(valueSet).url])]) {
      const set = allOf(system, name);
      if (!implicit.has(name)) implicit.set(name, set);
      if (version !== undefined) implicit.set(`${name}|${version}`, set);
    }
  }
  const ofId = <R extends { id?: string }>(list: readonly R[]) => new Map(list.map((one) => [one.id ?? '', one]));
  const [setsById, systemsById, mapsById] = [ofId(valueSets), ofId(codeSystems), ofId(conceptMaps)];
  return {
    ...terminology,
    valueSet: (canonical) => implicit.get(canonical) ?? terminology.valueSet(canonical) ?? implicitOfR4(canonical),
    valueSetById: (id) => setsById.get(id),
    codeSystemById: (id) => systemsById.get(id),
    conceptMapById: (id) => mapsById.get(id),
    conceptMaps,
    systems,
  };
}

/** `url?fhir_vs` of a code system that R4 publishes. */
function implicitOfR4(canonical: string): ValueSet | undefined {
  const [, url = '', version = ''] = /^([^?]+)\?fhir_vs(\|.+)?$/.exec(canonical) ?? [];
  const system = url === '' ? undefined : R4.codeSystem(url + version);
  return system && allOf(system, `${url}?fhir_vs`);
}

const allOf = ({ url, version, status }: CodeSystem, name: string): ValueSet => ({
  resourceType: 'ValueSet',
  url: name,
  ...(version === undefined ? {} : { version }),
  status,
  compose: { include: [{ system: url, ...(version === undefined ? {} : { version }) }] },
});
