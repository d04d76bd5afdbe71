import { matches } from '../../fhir/match.ts';
import type { Filter, KeysFilter } from '../../fhir/query/filter.ts';
import { isDecided } from './condition.ts';
import { ownerOf } from './keys.ts';

/**
 * Whether what the index found is really meant, before anyone sees it. Two values may share a hash: for what the index decides it is enough
 * that the parts of a key stand somewhere in the text, which takes no parsing. The rest is looked at. Gives a test for the contents of a page.
 */
export function confirming(type: string, filters: readonly Filter[], baseUrl: string): (content: string) => boolean {
  const tests = filters.flatMap((filter) => {
    const stands = isDecided(filter) ? (filter.kind === 'keys' ? standing(type, filter) : always) : never;
    return stands === always ? [] : [{ filter, stands }];
  });
  if (tests.length === 0) return always;
  return (content) => {
    const doubtful = tests.filter(({ stands }) => !stands(content));
    if (doubtful.length === 0) return true;
    const resource: object = JSON.parse(content);
    return doubtful.every(({ filter }) => matches(filter, resource, baseUrl) !== false);
  };
}

const always = (): boolean => true;
const never = (): boolean => false;

/** Escapes may hide a part that is there: then the content is parsed. */
function standing(type: string, { param, keys, not }: KeysFilter): (content: string) => boolean {
  if (not === true || keys.some((key) => ownerOf(type, param, key) !== undefined)) return always;
  const wanted = keys.map((key) => key.split('|').filter((part) => part !== ''));
  return (content) => wanted.some((parts) => parts.every((part) => content.includes(part)));
}
