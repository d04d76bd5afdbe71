import type { StructureDefinition } from '@medplum/fhirtypes';
import { splitCanonical } from './canonical.ts';
import type { Issue } from './errors.ts';
import { R4_TYPES } from './loose.ts';
import { compileProfile } from './profile/compile.ts';
import { isKnownType } from './profile/elements.ts';
import type { FindDefinition } from './profile/layers.ts';
import type { CompiledProfile } from './profile/model.ts';
import { published } from './profile/published.ts';

export type { CompiledProfile } from './profile/model.ts';

/** The profiles and extension definitions that are held. */
export interface Profiles {
  /** The compiled definition of a canonical, or undefined when it is not held or cannot be compiled. */
  get(canonical: string): CompiledProfile | undefined;
  /** Why a held definition cannot be checked; empty when it can, undefined when it is not held. */
  faultsOf(canonical: string): readonly Issue[] | undefined;
  /** What is wrong with a definition that is to be held; empty when it can be compiled. */
  check(definition: StructureDefinition): readonly Issue[];
}

/**
 * Look-ups over the StructureDefinitions given, newest version of a url first, and beyond them over the profiles and extensions that R4
 * itself publishes. Each is compiled when it is first asked for. Of several versions of a url the newest that is not retired
 * answers a question without a version.
 */
export function buildProfiles(definitions: readonly StructureDefinition[]): Profiles {
  const byUrl = new Map<string, StructureDefinition[]>();
  for (const definition of definitions) {
    const { url } = definition;
    if (url === undefined || !isProfile(definition)) continue;
    byUrl.set(url, [...(byUrl.get(url) ?? []), definition]);
  }
  for (const versions of byUrl.values()) versions.sort(newestFirst);
  const find: FindDefinition = (canonical) => {
    const { url, version } = splitCanonical(canonical);
    const held = byUrl.get(url);
    const found = version === undefined ? held?.[0] : held?.find((one) => one.version === version);
    if (found) return found;
    const own = published().definition(url);
    return own && (version === undefined || version === own.version) ? own : undefined;
  };
  const compiled = new Map<StructureDefinition, ReturnType<typeof compileProfile>>();
  const compile = (canonical: string): ReturnType<typeof compileProfile> | undefined => {
    const definition = find(canonical);
    if (!definition) return undefined;
    const known = compiled.get(definition) ?? compileProfile(definition, find);
    compiled.set(definition, known);
    return known;
  };
  return {
    get: (canonical) => compile(canonical)?.profile,
    faultsOf: (canonical) => compile(canonical)?.faults,
    check: (definition) =>
      isProfile(definition) && isServed(definition)
        ? compileProfile(definition, (canonical) => {
            const { url, version } = splitCanonical(canonical);
            const isItself = url === definition.url && (version === undefined || version === definition.version);
            return isItself ? definition : find(canonical);
          }).faults
        : [],
  };
}

/** A profile or an extension; a logical model or a type of its own is stored and checks nothing. */
const isProfile = ({ derivation, kind }: StructureDefinition): boolean =>
  derivation === 'constraint' && kind !== 'logical' && kind !== 'primitive-type';

/** A profile of a type that is not served here is kept for others to read. */
const isServed = ({ type = '' }: StructureDefinition): boolean => isKnownType(type) || !R4_TYPES.has(type);

/** What is retired last; else by version (numbers within it compared as numbers), date and last change. */
function newestFirst(a: StructureDefinition, b: StructureDefinition): number {
  const retired = (one: StructureDefinition) => (one.status === 'retired' ? 1 : 0);
  const by = (x: string | undefined, y: string | undefined) =>
    (y ?? '').localeCompare(x ?? '', 'en', { numeric: true });
  return (
    retired(a) - retired(b) ||
    by(a.version, b.version) ||
    by(a.date, b.date) ||
    by(a.meta?.lastUpdated, b.meta?.lastUpdated)
  );
}
