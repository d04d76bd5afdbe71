import type { StructureDefinition } from '@medplum/fhirtypes';
import { PUBLISHED } from '../generated/profiles.js';
import type { Concept, Terminology } from '../terminology.ts';

/** What the generator writes: R4's own profiles and extensions, and value sets as codes by system. */
export interface PublishedDefinitions {
  definitions: StructureDefinition[];
  valueSets: Record<string, Record<string, string[]>>;
}

export interface Published {
  definition(url: string): StructureDefinition | undefined;
  /** Members of R4's value sets; it knows no concepts by themselves. */
  readonly terminology: Terminology;
}

let read: Published | undefined;

/**
 * The profiles and extensions that R4 itself publishes, for the types that are served, with the value sets that its elements are bound to.
 * Read at the first question and kept. Source: FHIR R4 (4.0.1), profiles-others, extension-definitions and valuesets.
 */
export function published(): Published {
  if (read) return read;
  const { definitions, valueSets }: PublishedDefinitions = JSON.parse(PUBLISHED);
  const byUrl = new Map(definitions.map((definition) => [definition.url ?? '', definition]));
  const sets = new Map(Object.entries(valueSets));
  const expanded = new Map<string, readonly Concept[]>();
  read = {
    definition: (url) => byUrl.get(url),
    terminology: {
      concept: () => undefined,
      expand(valueSet) {
        const url = valueSet.replace(/\|4\.0\.1$/, '');
        const systems = sets.get(url);
        if (!systems) return undefined;
        const members =
          expanded.get(url) ??
          Object.entries(systems).flatMap(([system, codes]) => codes.map((code): Concept => ({ system, code })));
        expanded.set(url, members);
        return members;
      },
    },
  };
  return read;
}

/** The value sets that are held, and beyond them those of R4. */
export const withPublished = ({ expand, concept }: Terminology): Terminology => ({
  expand: (valueSet) => expand(valueSet) ?? published().terminology.expand(valueSet),
  concept,
});
