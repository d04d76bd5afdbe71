import type { Query } from '../query.ts';
import type { SearchRegistry } from '../search-parameters.ts';

/** Searches that are kept for each registry, and the longest of them. */
const MOST_KEPT = 2000;
const LONGEST = 2000;

const kept = new WeakMap<SearchRegistry, Map<string, Query>>();

/**
 * The same search is asked again and again, by boards and charts that look for what is new: its parameters are then not read again, and it
 * is the same object, by which others keep what they made of it. `asked` says all that `parse` depends on besides the registry. What looks
 * from the moment of the request is not kept, nor is a page further on. Throws what `parse` throws.
 */
export function keptQuery(registry: SearchRegistry, asked: string, parse: () => Query): Query {
  const held = kept.get(registry) ?? new Map<string, Query>();
  kept.set(registry, held);
  const known = held.get(asked);
  if (known) return known;
  const query = parse();
  if (asked.length > LONGEST || query.cursor !== undefined || looksFromNow(query)) return query;
  if (held.size >= MOST_KEPT)
    for (const [oldest] of held) {
      held.delete(oldest);
      break;
    }
  held.set(asked, query);
  return query;
}

/** The prefix `ap` of a date measures from now. */
export const looksFromNow = ({ used }: Query): boolean => used.some(([, value]) => /(?:^|[,$])ap\d{4}/.test(value));
