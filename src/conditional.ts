import type { Deps } from './deps.ts';
import type { Compartment } from './fhir/compartment.ts';
import { badRequest, multipleMatches } from './fhir/errors.ts';
import { MAX_COUNT, parseQuery, type Query } from './fhir/query.ts';
import type { ResourceSpec } from './fhir/resources.ts';
import { claimOwner, claimShard } from './store/claims.ts';
import { type Hit, search } from './store/search.ts';
import type { Claim } from './store/write.ts';

/** What a conditional create finds, or the claim that keeps it single. The owner of the claim is asked for before the search, so
 * that a search that begins later sees whatever that owner has committed. */
export async function conditionOf(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  criteria: string,
): Promise<{ existing: Hit; claim?: undefined } | { existing?: undefined; claim: Omit<Claim, 'id'> }> {
  const query = parseQuery(deps.registry, spec.type, new URLSearchParams(criteria.replace(/^[^?]*\?/, '')), {
    strict: true,
    baseUrl: deps.baseUrl,
  });
  if (query.filters.length === 0)
    throw badRequest('If-None-Exist: expected search criteria, e.g. identifier=system|value');
  const wanted = query.used.map(([name, value]) => `${name}=${value}`).sort();
  const key = `If-None-Exist ${spec.type}?${wanted.join('&')}`;
  const owner = await claimOwner(deps.db, within, key);
  const [hit, second] = await firstTwo(deps, within, query);
  if (second) throw multipleMatches('If-None-Exist');
  if (hit) return { existing: hit };
  return {
    claim: { key, shard: claimShard(key), type: spec.type, ...(owner ? { stale: owner.id } : {}) },
  };
}

/**
 * Two matches, or all when there are fewer, whatever else the query asks for. A page may hold none and not be the last, since what
 * the index finds is checked on the content.
 */
async function firstTwo(deps: Deps, within: Compartment, query: Query): Promise<Hit[]> {
  const found: Hit[] = [];
  let page: Query = { ...query, count: 2, countOnly: false, total: false, after: undefined, revincludes: [] };
  for (;;) {
    const { matches: hits, next } = await search(deps.db, within, page, deps.baseUrl);
    found.push(...hits);
    if (!next || found.length >= 2) return found;
    page = { ...page, count: MAX_COUNT, after: next };
  }
}
