import { sortText } from '../../fhir/match/sort.ts';
import type { Cursor } from '../../fhir/query/cursor.ts';
import { DEFAULT_SORT } from '../../fhir/query/sort.ts';
import type { Query } from '../../fhir/query.ts';
import { tooCostly } from './costly.ts';
import type { ContentKeys } from './order.ts';
import type { Hit } from './row.ts';

/** Resources that are ordered by what only they have: each is read for every page. */
export const MOST_SORTED = 10_000;
const AT_ONCE = 2000;
const MOST_PAGES = 10;

/**
 * What each match has for the keys of the order that no index keeps (tokens, references); undefined where the order has none. Throws 400
 * where too many match. `page` reads some of the matches, and says where the next begin.
 */
export async function contentKeys(
  query: Query,
  baseUrl: string,
  page: (query: Query) => Promise<{ matches: Hit[]; next?: Cursor }>,
): Promise<ContentKeys | undefined> {
  const keys = query.sort.flatMap((key) => (key.by === 'content' ? [key] : []));
  if (keys.length === 0) return undefined;
  const held: Record<string, (string | null)[]> = {};
  let seen = 0;
  let after: Cursor | undefined;
  for (let pages = 1; ; pages += 1) {
    const { matches, next } = await page({ ...query, sort: DEFAULT_SORT, count: AT_ONCE, after });
    seen += matches.length;
    // A page that only the contents decide may hold few of those that were read for it.
    if (seen > MOST_SORTED || pages > MOST_PAGES) throw tooCostly('_sort by a token or a reference');
    for (const { type, id, content } of matches) {
      const resource: object = JSON.parse(content);
      held[`${type}/${id}`] = keys.map(({ params, descending }) => {
        const param = params.get(type);
        return param ? sortText(param, resource, descending, baseUrl) : null;
      });
    }
    if (!next) return held;
    after = next;
  }
}
