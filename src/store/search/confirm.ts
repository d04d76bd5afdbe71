import { matches } from '../../fhir/match.ts';
import type { Filter, KeysFilter } from '../../fhir/query/filter.ts';
import { isDecided } from './condition.ts';
import { ownerOf } from './keys.ts';

/**
 * Whether what the index found is really meant, before anyone sees it. Two values may share a hash: for what the index decides it is enough
 * that the parts of a key stand somewhere in the text, which takes no parsing. The rest is looked at.
 */
export function confirmed(content: string, type: string, filters: readonly Filter[], baseUrl: string): boolean {
  const doubtful = filters.filter(
    (filter) => !isDecided(filter) || (filter.kind === 'keys' && !stands(content, type, filter)),
  );
  if (doubtful.length === 0) return true;
  const resource: object = JSON.parse(content);
  return doubtful.every((filter) => matches(filter, resource, baseUrl) !== false);
}

/** Escapes may hide a part that is there: then the content is parsed. */
function stands(content: string, type: string, { param, keys, not }: KeysFilter): boolean {
  if (not === true) return true;
  return keys.some(
    (key) =>
      ownerOf(type, param, key) !== undefined || key.split('|').every((part) => part === '' || content.includes(part)),
  );
}
