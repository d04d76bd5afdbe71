import type { Interval } from '../dates.ts';
import type { DateRange } from '../query/filter.ts';

/**
 * The stretch of a resource against that of a search. Source: FHIR R4, section 3.1.1.4.5 Prefixes: eq the search contains the resource,
 * gt the resource reaches above the search, lt below it, sa begins after its end, eb ends before its start, ap they overlap.
 */
export function dateInRange(range: DateRange, { start, end }: Interval): boolean {
  const inside = start >= range.start && end <= range.end;
  switch (range.prefix) {
    case 'eq':
      return inside;
    case 'ne':
      return !inside;
    case 'gt':
      return end > range.end;
    case 'lt':
      return start < range.start;
    case 'ge':
      return end > range.end || inside;
    case 'le':
      return start < range.start || inside;
    case 'sa':
      return start >= range.end;
    case 'eb':
      return end <= range.start;
    case 'ap':
      return start < range.end && end > range.start;
  }
}
