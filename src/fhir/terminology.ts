import type {
  CodeSystem,
  Extension,
  ValueSet,
  ValueSetComposeInclude,
  ValueSetExpansionContains,
} from '@medplum/fhirtypes';
import { splitCanonical } from './canonical.ts';
import { filterTest } from './terminology/filters.ts';
import type { Concept } from './terminology/model.ts';
import { ordinalOf } from './terminology/ordinal.ts';
import { type System, systemOf } from './terminology/system.ts';

export type { Concept } from './terminology/model.ts';
export { ordinalOf, ordinalsOf } from './terminology/ordinal.ts';
export { readSystem, type System } from './terminology/system.ts';

/** What value sets and code systems we hold; pure look-ups over data loaded before. */
export interface Terminology {
  /**
   * Members of a ValueSet (canonical, maybe |version), or undefined when we do not hold or cannot enumerate it.
   * The url of a CodeSystem that we hold is answered too, with all its concepts, as its implicit value set would be.
   */
  expand(valueSet: string): readonly Concept[] | undefined;
  /** One concept of a CodeSystem we hold. */
  concept(system: string, code: string): Concept | undefined;
}

/**
 * Members that may be looked at to enumerate one value set: far more than a person can choose from. A set that includes a large system
 * a thousand times would otherwise fill the memory of the process.
 */
const MOST_MEMBERS = 100_000;

/** Terminology over resources that we hold: also answers of one ValueSet or CodeSystem itself. */
export interface HeldTerminology extends Terminology {
  /** Members of this very ValueSet, which need not be stored; undefined when it cannot be enumerated. */
  members(set: ValueSet): readonly Concept[] | undefined;
  /** A CodeSystem that we hold, made ready for look-ups: the version asked for, else the first that was given. */
  system(url: string, version?: string): System | undefined;
  /** A ValueSet that we hold. */
  valueSet(canonical: string): ValueSet | undefined;
}

/** Holds nothing. */
export const NO_TERMINOLOGY: Terminology = { expand: () => undefined, concept: () => undefined };

/** Where definitions are found that are not among those given. */
export interface Definitions {
  codeSystem(canonical: string): CodeSystem | undefined;
  valueSet(canonical: string): ValueSet | undefined;
}

const NO_DEFINITIONS: Definitions = { codeSystem: () => undefined, valueSet: () => undefined };

/**
 * Look-ups over what is given; what is not found there is asked of `beyond`. Value sets are enumerated when first asked.
 * Of several versions of one url the first given answers an unversioned question, so give the newest first.
 * What cannot be enumerated surely, or only at great length, is undefined rather than short: a CodeSystem that is not complete, a filter that
 * is not understood, a value set that rests on itself or on one that we do not hold.
 * Source: FHIR R4, ValueSet, sections 4.9.5 (compose) and 4.9.8 (expansion).
 */
export function buildTerminology(
  codeSystems: readonly CodeSystem[],
  valueSets: readonly ValueSet[],
  beyond: Terminology = NO_TERMINOLOGY,
  definitions: Definitions = NO_DEFINITIONS,
): HeldTerminology {
  const systems = byCanonical(codeSystems.map((resource) => [resource, systemOf(resource)]));
  const sets = byCanonical(valueSets.map((resource) => [resource, resource]));
  const expanded = new Map<ValueSet, readonly Concept[] | undefined>();
  const systemNamed = (canonical: string): System | undefined => {
    const held = systems.get(canonical);
    if (held) return held;
    const defined = definitions.codeSystem(canonical);
    return defined && systemOf(defined);
  };
  const setNamed = (canonical: string): ValueSet | undefined => sets.get(canonical) ?? definitions.valueSet(canonical);

  let left = MOST_MEMBERS;
  const lookUp: Lookup = {
    affords(members) {
      left -= members;
      return left >= 0;
    },
    system: (url, version) => systemNamed(canonicalOf(url, version)),
    concept: (system, code) => systemNamed(system)?.concepts.get(code) ?? beyond.concept(system, code),
    expand(canonical, within) {
      if (within.length === 0) left = MOST_MEMBERS;
      const key = keyOfCanonical(canonical);
      const set = setNamed(key);
      if (!set) return wholeSystem(systemNamed(key)) ?? beyond.expand(canonical);
      return lookUp.members(set, within);
    },
    members(set, within) {
      if (within.length === 0) left = MOST_MEMBERS;
      if (expanded.has(set)) return expanded.get(set);
      if (within.includes(set)) return undefined;
      const members = enumerate(set, lookUp, [...within, set]);
      // Only what does not depend on where the question came from may be remembered: a cycle is seen from its first set.
      if (members !== undefined || within.length === 0) expanded.set(set, members);
      return members;
    },
  };
  return {
    expand: (canonical) => lookUp.expand(canonical, []),
    concept: lookUp.concept,
    members: (set) => lookUp.members(set, []),
    system: lookUp.system,
    valueSet: (canonical) => setNamed(keyOfCanonical(canonical)),
  };
}

interface Lookup {
  /** Takes members off what one question may look at; false when that is spent, and the set cannot be enumerated. */
  affords(members: number): boolean;
  system(url: string, version?: string): System | undefined;
  concept(system: string, code: string): Concept | undefined;
  /** `within` are the value sets being enumerated, the guard against cycles. */
  expand(canonical: string, within: readonly ValueSet[]): readonly Concept[] | undefined;
  members(set: ValueSet, within: readonly ValueSet[]): readonly Concept[] | undefined;
}

function byCanonical<T>(entries: readonly (readonly [{ url?: string; version?: string }, T])[]): Map<string, T> {
  const map = new Map<string, T>();
  for (const [{ url, version }, value] of entries) {
    if (url === undefined) continue;
    if (!map.has(url)) map.set(url, value);
    if (version !== undefined && !map.has(`${url}|${version}`)) map.set(`${url}|${version}`, value);
  }
  return map;
}

function wholeSystem(system: System | undefined): readonly Concept[] | undefined {
  if (!system?.complete) return undefined;
  return [...system.concepts.values()].filter(({ code }) => !system.abstract.has(code));
}

function enumerate(set: ValueSet, lookUp: Lookup, within: readonly ValueSet[]): readonly Concept[] | undefined {
  if (!set.compose) return fromExpansion(set, lookUp);
  const members = new Map<string, Concept>();
  for (const include of set.compose.include) {
    const found = included(include, lookUp, within);
    // A server that could enumerate what we cannot may have left its expansion in the resource.
    if (!found) return fromExpansion(set, lookUp);
    for (const concept of found) if (!members.has(keyOf(concept))) members.set(keyOf(concept), concept);
  }
  for (const exclude of set.compose.exclude ?? []) {
    const found = included(exclude, lookUp, within);
    if (!found) return fromExpansion(set, lookUp);
    for (const concept of found) members.delete(keyOf(concept));
  }
  const all = [...members.values()];
  return set.compose.inactive === false ? all.filter(({ inactive }) => !inactive) : all;
}

/** What one include (or exclude) selects: within it system and every value set must all agree. */
function included(
  include: ValueSetComposeInclude,
  lookUp: Lookup,
  within: readonly ValueSet[],
): readonly Concept[] | undefined {
  const lists: (readonly Concept[])[] = [];
  if (include.system !== undefined) {
    const list = fromSystem(include, include.system, lookUp, within);
    if (!list || !lookUp.affords(list.length)) return undefined;
    lists.push(list);
  }
  for (const canonical of include.valueSet ?? []) {
    const list = lookUp.expand(canonical, within);
    if (!list || !lookUp.affords(list.length)) return undefined;
    lists.push(list);
  }
  const [first, ...others] = lists;
  if (!first) return undefined;
  const keys = others.map((list) => new Set(list.map(keyOf)));
  return first.filter((concept) => keys.every((set) => set.has(keyOf(concept))));
}

function fromSystem(
  include: ValueSetComposeInclude,
  url: string,
  lookUp: Lookup,
  within: readonly ValueSet[],
): readonly Concept[] | undefined {
  const system = lookUp.system(url, include.version);
  const pinned = include.version === undefined ? {} : { version: include.version };
  if (include.concept) {
    return include.concept.map(({ code, display, extension }) => {
      const known = system?.concepts.get(code) ?? lookUp.concept(url, code);
      const shown = display === undefined ? {} : { display };
      return weighed({ ...known, system: url, code, ...shown, ...pinned }, extension);
    });
  }
  if (!system) return include.filter ? undefined : lookUp.expand(canonicalOf(url, include.version), within);
  const whole = wholeSystem(system);
  const all = include.version === undefined ? whole : whole?.map((concept) => ({ ...concept, ...pinned }));
  if (!all || !include.filter) return all;
  const tests: ((code: string) => boolean)[] = [];
  for (const filter of include.filter) {
    const test = filterTest(filter, system);
    if (!test) return undefined;
    tests.push(test);
  }
  return all.filter(({ code }) => tests.every((test) => test(code)));
}

/** An expansion cut off by paging is not the set. */
function fromExpansion(set: ValueSet, lookUp: Lookup): readonly Concept[] | undefined {
  if (!set.expansion?.contains) return undefined;
  const members: Concept[] = [];
  let entries = 0;
  const read = (list: readonly ValueSetExpansionContains[]): void => {
    for (const { system, code, display, abstract, inactive, extension, contains } of list) {
      entries += 1;
      if (system !== undefined && code !== undefined && !abstract) {
        const known = lookUp.concept(system, code);
        const concept: Concept = { ...known, system, code, ...(display === undefined ? {} : { display }) };
        members.push(weighed(inactive ? { ...concept, inactive: true } : concept, extension));
      }
      if (contains) read(contains);
    }
  };
  read(set.expansion.contains);
  return set.expansion.total !== undefined && set.expansion.total > entries ? undefined : members;
}

/** The ValueSet's own weight goes before the CodeSystem's. */
function weighed(concept: Concept, extension: readonly Extension[] | undefined): Concept {
  const ordinal = ordinalOf(extension);
  return ordinal === undefined ? concept : { ...concept, ordinal };
}

/** A contained resource is named by its fragment alone; elsewhere a fragment points into the resource that is meant. */
function keyOfCanonical(canonical: string): string {
  if (canonical.startsWith('#')) return canonical;
  const { url, version } = splitCanonical(canonical);
  return canonicalOf(url, version);
}

const canonicalOf = (url: string, version: string | undefined): string => (version ? `${url}|${version}` : url);
const keyOf = ({ system, code }: Concept): string => `${system}|${code}`;
