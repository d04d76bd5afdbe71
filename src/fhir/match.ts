import { dateInterval } from './dates.ts';
import { dateInRange } from './match/date.ts';
import { componentMatches, elementMatches } from './match/element.ts';
import type { Filter } from './query/filter.ts';

/**
 * Whether a resource fulfils a filter: the meaning of a search without any index. Undefined where the resource alone cannot tell, because
 * the filter asks about other resources or about a compartment.
 * Source: FHIR R4, section 3.1.1.4.
 */
export function matches(filter: Filter, resource: object, baseUrl: string): boolean | undefined {
  switch (filter.kind) {
    case 'constant':
      return filter.holds;
    case 'id': {
      const id = 'id' in resource && typeof resource.id === 'string' ? resource.id : '';
      return filter.ids.includes(id) !== (filter.not === true);
    }
    case 'lastUpdated': {
      const interval = lastUpdated(resource);
      return interval !== undefined && filter.ranges.some((range) => dateInRange(range, interval));
    }
    case 'missing':
      return (filter.param.elements(resource).length === 0) === filter.missing;
    case 'compartment':
    case 'chain':
    case 'has':
      return undefined;
    case 'keys': {
      const found = filter.param.elements(resource).some((element) => elementMatches(filter, element, baseUrl));
      return found !== (filter.not === true);
    }
    case 'composite':
      return filter.param
        .elements(resource)
        .some((element) =>
          filter.alternatives.some((parts) => componentMatches(filter.param.components ?? [], parts, element, baseUrl)),
        );
    default:
      return filter.param.elements(resource).some((element) => elementMatches(filter, element, baseUrl));
  }
}

function lastUpdated(resource: object) {
  if (!('meta' in resource) || typeof resource.meta !== 'object' || resource.meta === null) return undefined;
  const { meta } = resource;
  return 'lastUpdated' in meta && typeof meta.lastUpdated === 'string' ? dateInterval(meta.lastUpdated) : undefined;
}
