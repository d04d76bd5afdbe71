import type { ValueSet, ValueSetExpansionContains, ValueSetExpansionParameter } from '@medplum/fhirtypes';
import { FhirError, fault } from '../errors.ts';
import type { Concept } from '../terminology.ts';
import type { Holdings } from './holdings.ts';
import { obstaclesTo } from './obstacles.ts';
import { type Designations, designationsOf, folded, wordingIn } from './words.ts';

/** What an expansion is asked for with. Source: FHIR R4, operation ValueSet/$expand. */
export interface Expansion {
  filter?: string;
  offset?: number;
  count?: number;
  includeDesignations?: boolean;
  includeDefinition?: boolean;
  activeOnly?: boolean;
  displayLanguage?: string;
  /** Codes of these systems (`url`, or `url|version` of the one held) are left out. */
  excludeSystems?: readonly string[];
}

/** More codes than this are given page by page only. */
export const MOST_AT_ONCE = 10_000;

/**
 * The ValueSet with its expansion. Concepts that only group others are not in it. Throws FhirError 422: `not-supported` when it cannot be
 * enumerated from what we hold, with the causes; `too-costly` for a long one that was asked for without `count`.
 * Source: FHIR R4, section 4.9.8 Value Set Expansion.
 */
export function expandValueSet(
  set: ValueSet,
  holdings: Holdings,
  asked: Expansion,
  stamp: { identifier: string; timestamp: string },
): ValueSet {
  const members = holdings.members(set);
  if (!members) throw notEnumerable(set, holdings);
  const designations = designationsOf(set, holdings);
  const excluded = new Set(asked.excludeSystems?.map((system) => system.split('|', 1)[0]));
  const wanted = members.filter(
    (concept) =>
      !excluded.has(concept.system) &&
      (!asked.activeOnly || !concept.inactive) &&
      matches(concept, asked.filter, designations),
  );
  const offset = asked.offset ?? 0;
  if (asked.count === undefined && wanted.length - offset > MOST_AT_ONCE) {
    throw new FhirError(
      [
        fault(
          'too-costly',
          `The expansion has ${wanted.length} codes: ask with count, up to ${MOST_AT_ONCE} at a time`,
        ),
      ],
      { status: 422 },
    );
  }
  const page = wanted.slice(offset, offset + Math.min(asked.count ?? MOST_AT_ONCE, MOST_AT_ONCE));
  const contains = page.map((concept) => member(concept, asked, designations));
  return {
    ...head(set, asked.includeDefinition === true),
    expansion: {
      identifier: stamp.identifier,
      timestamp: stamp.timestamp,
      total: wanted.length,
      ...(asked.offset !== undefined || asked.count !== undefined ? { offset } : {}),
      ...list('parameter', [...parametersOf(asked), ...versionsOf(page, holdings)]),
      ...list('contains', contains),
    },
  };
}

/** 422 that says why. */
export const notEnumerable = (set: ValueSet, holdings: Holdings): FhirError => {
  const [first = '', ...rest] = obstaclesTo(set, holdings);
  const issue = (cause: string) => fault('not-supported', `The ValueSet cannot be enumerated: ${cause}`);
  return new FhirError([issue(first), ...rest.map(issue)], { status: 422 });
};

/** Every word of the filter is found in the code or in one wording. */
function matches(concept: Concept, filter: string | undefined, designations: Designations): boolean {
  if (filter === undefined) return true;
  const texts = [concept.code, concept.display ?? '', ...designations(concept).map(({ value }) => value)].map(folded);
  const words = folded(filter).split(' ');
  return texts.some((text) => words.every((word) => text.includes(word)));
}

function member(concept: Concept, asked: Expansion, designations: Designations): ValueSetExpansionContains {
  const { system, version, code, display, inactive } = concept;
  const words = asked.includeDesignations || asked.displayLanguage !== undefined ? designations(concept) : [];
  const shown = (asked.displayLanguage === undefined ? undefined : wordingIn(asked.displayLanguage, words)) ?? display;
  return {
    system,
    ...(version === undefined ? {} : { version }),
    code,
    ...(shown === undefined ? {} : { display: shown }),
    ...(inactive ? { inactive: true } : {}),
    ...(asked.includeDesignations ? list('designation', words) : {}),
  };
}

/** FHIR has no empty arrays. */
const list = <K extends string, T>(key: K, items: readonly T[]): { [key in K]?: T[] } =>
  (items.length === 0 ? {} : { [key]: [...items] }) as { [key in K]?: T[] }; // a computed key widens

function head(set: ValueSet, definition: boolean): ValueSet {
  const { text: _text, expansion: _expansion, ...whole } = set;
  if (definition) return whole;
  const { resourceType, id, url, version, name, title, status, experimental, date } = set;
  return JSON.parse(
    JSON.stringify({ resourceType, id, url, version, name, title, status, experimental, date }), // leaves out what is undefined
  );
}

function parametersOf(asked: Expansion): ValueSetExpansionParameter[] {
  const { filter, offset, count, displayLanguage, excludeSystems = [] } = asked;
  const flags = ['includeDesignations', 'includeDefinition', 'activeOnly'] as const;
  return [
    ...(filter === undefined ? [] : [{ name: 'filter', valueString: filter }]),
    ...(offset === undefined ? [] : [{ name: 'offset', valueInteger: offset }]),
    ...(count === undefined ? [] : [{ name: 'count', valueInteger: count }]),
    ...flags.flatMap((name) => (asked[name] === undefined ? [] : [{ name, valueBoolean: asked[name] }])),
    ...(displayLanguage === undefined ? [] : [{ name: 'displayLanguage', valueCode: displayLanguage }]),
    ...excludeSystems.map((system) => ({ name: 'exclude-system', valueUri: system })),
  ];
}

/** The version of each CodeSystem that was used, where it has one. */
function versionsOf(page: readonly Concept[], holdings: Holdings): ValueSetExpansionParameter[] {
  const used = new Set<string>();
  const asked = new Set<string>();
  for (const { system, version } of page) {
    const key = `${system}|${version ?? ''}`;
    if (asked.has(key)) continue;
    asked.add(key);
    const held = version ?? holdings.system(system)?.resource.version;
    if (held !== undefined) used.add(`${system}|${held}`);
  }
  return [...used].map((valueUri) => ({ name: 'version', valueUri }));
}
