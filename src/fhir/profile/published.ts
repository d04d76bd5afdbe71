import type { StructureDefinition } from '@medplum/fhirtypes';
import { PUBLISHED } from '../generated/profiles.js';

/** What the generator writes: R4's own profiles and extensions, and value sets as codes by system. */
export interface PublishedDefinitions {
  definitions: StructureDefinition[];
  valueSets: Record<string, Record<string, string[]>>;
}

export interface Published {
  definition(url: string): StructureDefinition | undefined;
  /** R4's value sets by url, each as codes by system. */
  readonly valueSets: ReadonlyMap<string, Readonly<Record<string, readonly string[]>>>;
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
  read = { definition: (url) => byUrl.get(url), valueSets: new Map(Object.entries(valueSets)) };
  return read;
}
