import type { TerminologyCapabilities } from '@medplum/fhirtypes';
import { describing, type Server } from '../capability.ts';
import type { Holdings } from './holdings.ts';

/** Parameters of $expand that are heeded. */
const EXPANSION = [
  'filter',
  'offset',
  'count',
  'includeDesignations',
  'includeDefinition',
  'activeOnly',
  'displayLanguage',
  'exclude-system',
];

/** What the terminology operations answer from at this moment. Source: FHIR R4, TerminologyCapabilities. */
export function terminologyCapabilities(holdings: Holdings, server: Server): TerminologyCapabilities {
  return {
    resourceType: 'TerminologyCapabilities',
    ...describing(server),
    lockedDate: false,
    ...(holdings.systems.size > 0
      ? { codeSystem: [...holdings.systems].map(([uri, versions]) => ({ uri, ...list(versions) })) }
      : {}),
    expansion: {
      hierarchical: false,
      paging: true,
      incomplete: false,
      parameter: EXPANSION.map((name) => ({ name })),
      textFilter:
        'Every word of the filter is found in the code, the display or one designation, whatever capitals and accents.',
    },
    codeSearch: 'all',
    validateCode: { translations: true },
    translation: { needsMap: true },
    closure: { translation: false },
  };
}

/** The first version that is held answers an unversioned question. */
const list = (versions: readonly string[]): { version?: { code: string; isDefault: boolean }[] } =>
  versions.length === 0 ? {} : { version: versions.map((code, index) => ({ code, isDefault: index === 0 })) };
