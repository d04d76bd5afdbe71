import type {
  Coding,
  ConceptMap,
  ConceptMapGroup,
  ConceptMapGroupElement,
  Parameters,
  ParametersParameter,
} from '@medplum/fhirtypes';
import { splitCanonical } from '../canonical.ts';
import type { Holdings } from './holdings.ts';

/** What is to be translated. Source: FHIR R4, operation ConceptMap/$translate. */
export interface Translation {
  codings: readonly Coding[];
  /** Only into this code system. */
  targetSystem?: string;
  /** From target to source. */
  reverse?: boolean;
}

interface Match {
  equivalence: string;
  concept?: Coding;
  product: readonly { element?: string; concept: Coding }[];
  /** Canonical of the map that it comes from. */
  source?: string;
}

/**
 * What the maps make of the codes, as Parameters: `result` is true where one match is neither unmatched nor disjoint. A code that a group
 * does not list goes by the group's unmapped mode. Source: FHIR R4, ConceptMap and its operation $translate.
 */
export function translate(maps: readonly ConceptMap[], holdings: Holdings, asked: Translation): Parameters {
  const found = asked.codings.flatMap((coding) =>
    maps.flatMap((map) => (asked.reverse ? backwards(map, coding, asked) : forwards(map, coding, asked, holdings, []))),
  );
  const seen = new Set<string>();
  const matches = found.filter((match) => !seen.has(JSON.stringify(match)) && seen.add(JSON.stringify(match)));
  const result = matches.some(({ equivalence, concept }) => concept && !NO_MATCH.has(equivalence));
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'result', valueBoolean: result },
      ...(result ? [] : [{ name: 'message', valueString: 'No map that is held here leads from this code to another' }]),
      ...matches.map(told),
    ],
  };
}

const NO_MATCH = new Set(['unmatched', 'disjoint']);

function forwards(
  map: ConceptMap,
  coding: Coding,
  asked: Translation,
  holdings: Holdings,
  through: readonly ConceptMap[],
): Match[] {
  return (map.group ?? []).flatMap((group): Match[] => {
    if (!isOf(coding, group.source, group.sourceVersion)) return [];
    if (asked.targetSystem !== undefined && group.target !== undefined && group.target !== asked.targetSystem)
      return [];
    const elements = group.element.filter(({ code }) => code === coding.code);
    const listed = elements.flatMap((element) => targetsOf(map, group, element));
    if (elements.length > 0) return listed;
    return unmapped(map, group, coding, asked, holdings, [...through, map]);
  });
}

function targetsOf(map: ConceptMap, group: ConceptMapGroup, element: ConceptMapGroupElement): Match[] {
  // An element without targets says that there is none. Source: FHIR R4, ConceptMap.group.element.target.
  const targets = element.target ?? [{ equivalence: 'unmatched' as const }];
  return targets.map(({ equivalence, code, display, product = [] }) => ({
    equivalence,
    ...(code === undefined ? {} : { concept: codingOf(group.target, group.targetVersion, code, display) }),
    product: product.map(({ property, system, value, display: shown }) => ({
      ...(property === undefined ? {} : { element: property }),
      concept: codingOf(system, undefined, value, shown),
    })),
    ...sourceOf(map),
  }));
}

/** Source: FHIR R4, ConceptMap.group.unmapped, ValueSet conceptmap-unmapped-mode. */
function unmapped(
  map: ConceptMap,
  group: ConceptMapGroup,
  coding: Coding,
  asked: Translation,
  holdings: Holdings,
  through: readonly ConceptMap[],
): Match[] {
  const { mode, code, display, url } = group.unmapped ?? {};
  const own = (equivalence: string, to: string | undefined, shown: string | undefined): Match[] =>
    to === undefined
      ? []
      : [
          {
            equivalence,
            concept: codingOf(group.target, group.targetVersion, to, shown),
            product: [],
            ...sourceOf(map),
          },
        ];
  switch (mode) {
    case 'provided':
      return own('equal', coding.code, coding.display);
    case 'fixed':
      // The map does not say how the fixed code stands to this one.
      return own('inexact', code, display);
    case 'other-map': {
      const other = url === undefined ? undefined : mapOf(holdings, url);
      return other && !through.includes(other) ? forwards(other, coding, asked, holdings, through) : [];
    }
    default:
      return [];
  }
}

/** From target to source; "wider" seen from the other side is "narrower". */
function backwards(map: ConceptMap, coding: Coding, asked: Translation): Match[] {
  return (map.group ?? []).flatMap((group): Match[] => {
    if (!isOf(coding, group.target, group.targetVersion)) return [];
    if (asked.targetSystem !== undefined && group.source !== undefined && group.source !== asked.targetSystem)
      return [];
    return group.element.flatMap(({ code, display, target = [] }) =>
      target
        .filter((one) => one.code === coding.code && code !== undefined)
        .map(({ equivalence }) => ({
          equivalence: INVERSE[equivalence] ?? equivalence,
          concept: codingOf(group.source, group.sourceVersion, code, display),
          product: [],
          ...sourceOf(map),
        })),
    );
  });
}

const INVERSE: Readonly<Record<string, string>> = {
  wider: 'narrower',
  narrower: 'wider',
  subsumes: 'specializes',
  specializes: 'subsumes',
};

/** A group that names no system takes any; a version counts only where both sides have one. */
const isOf = (coding: Coding, system: string | undefined, version: string | undefined): boolean =>
  (system === undefined || system === coding.system) &&
  (version === undefined || coding.version === undefined || version === coding.version);

/** The map of a canonical, the first that is held where it names no version. */
export function mapOf({ conceptMaps }: Holdings, canonical: string): ConceptMap | undefined {
  const { url, version } = splitCanonical(canonical);
  return conceptMaps.find((map) => map.url === url && (version === undefined || map.version === version));
}

const sourceOf = ({ url, version }: ConceptMap): { source?: string } =>
  url === undefined ? {} : { source: version === undefined ? url : `${url}|${version}` };

const codingOf = (
  system: string | undefined,
  version: string | undefined,
  code: string | undefined,
  display: string | undefined,
): Coding => ({
  ...(system === undefined ? {} : { system }),
  ...(version === undefined ? {} : { version }),
  ...(code === undefined ? {} : { code }),
  ...(display === undefined ? {} : { display }),
});

const told = ({ equivalence, concept, product, source }: Match): ParametersParameter => ({
  name: 'match',
  part: [
    { name: 'equivalence', valueCode: equivalence },
    ...(concept ? [{ name: 'concept', valueCoding: concept }] : []),
    ...product.map(({ element, concept: made }) => ({
      name: 'product',
      part: [
        ...(element === undefined ? [] : [{ name: 'element', valueUri: element }]),
        { name: 'concept', valueCoding: made },
      ],
    })),
    ...(source === undefined ? [] : [{ name: 'source', valueUri: source }]),
  ],
});
