import type { Deps } from './deps.ts';
import type { Compartment } from './fhir/compartment.ts';
import { badRequest, multipleMatches } from './fhir/errors.ts';
import type { SearchTerminology } from './fhir/query/token.ts';
import { asksTerminology, MAX_COUNT, parseQuery, type Query } from './fhir/query.ts';
import type { ResourceSpec } from './fhir/resources.ts';
import { claimOwner, claimShard } from './store/claims.ts';
import { byToken } from './store/conditions.ts';
import { type Hit, search } from './store/search.ts';
import type { Claim } from './store/write.ts';

/** What a conditional interaction looks for, checked. */
export interface Criteria {
  type: string;
  /** What is searched; read when it is needed, since a value set that the criteria name may have to be looked up. */
  query(deps: Deps, within: Compartment): Promise<Query>;
  /** The same for criteria that ask the same, however they are written: in another order, encoded, with parameters of the result. */
  key: string;
  /** How refusals name them: the header, or where else they came from. */
  name: string;
}

/**
 * Search criteria of a conditional interaction, with or without the type and a question mark before them. Whatever is not understood is
 * refused, since leaving it aside would change another resource than the one that is meant. Throws FhirError 400.
 * Source: FHIR R4, sections 3.1.0.8.1, 3.1.0.4.3 and 3.1.0.7.1.
 */
export function criteriaOf(deps: Deps, spec: ResourceSpec, text: string, name: string): Criteria {
  const { type } = spec;
  const pairs = [...new URLSearchParams(text.replace(/^[^?=&]*\?/, ''))];
  if (asksTerminology(pairs)) {
    const key = pairs.map((pair) => JSON.stringify(pair)).sort();
    return {
      type,
      name,
      key: `criteria ${type}?${key.join('&')}`,
      async query(asking, within) {
        const { holdings } = await asking.catalog.at(within);
        return readCriteria(asking, spec, pairs, { name, terminology: holdings });
      },
    };
  }
  const query = readCriteria(deps, spec, pairs, { name });
  const filters = query.filters.map((filter) => JSON.stringify(filter, plain)).sort();
  return { type, name, key: `criteria ${type}?${filters.join('&')}`, query: async () => query };
}

function readCriteria(
  { registry, baseUrl }: Deps,
  { type }: ResourceSpec,
  pairs: readonly (readonly [string, string])[],
  { name, ...terminology }: { name: string; terminology?: SearchTerminology },
): Query {
  const query = parseQuery(registry, type, pairs, { strict: true, baseUrl, ...terminology });
  if (query.filters.length === 0) throw badRequest(`${name}: expected search criteria, e.g. identifier=system|value`);
  return query;
}

/** A filter as text: a parameter by its code, alternatives in one order, open ends of intervals kept apart from null. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return [...value].sort();
  if (typeof value === 'object' && value !== null && 'elements' in value && 'code' in value) return value.code;
  return value;
}

/** What a conditional create or update finds, or the claim that keeps it single. Throws 412 when several match. */
export async function conditionOf(
  deps: Deps,
  within: Compartment,
  criteria: Criteria,
): Promise<{ existing: Hit; claim?: undefined } | { existing?: undefined; claim: Omit<Claim, 'id'> }> {
  const { key, type } = criteria;
  const { owner, hits } = await ownerAndHits(deps, within, criteria);
  const [existing, second] = hits;
  if (second) throw multipleMatches(criteria.name);
  if (existing) return { existing };
  return { claim: { key, shard: claimShard(key), type, ...(owner === undefined ? {} : { stale: owner }) } };
}

async function ownerAndHits(
  deps: Deps,
  within: Compartment,
  criteria: Criteria,
): Promise<{ owner?: string; hits: Hit[] }> {
  const { type, key } = criteria;
  const query = await criteria.query(deps, within);
  const [filter, ...more] = query.filters;
  if (filter?.kind === 'keys' && more.length === 0 && !deps.holds) {
    const found = await byToken(deps.db, within, type, filter, key, deps.baseUrl);
    if (found) return found;
  }
  // The owner is asked for before the search, so that a search that begins later sees whatever that owner has committed.
  const owner = await claimOwner(deps.db, within, key, { hold: deps.holds });
  const hits = await firstTwo(deps, within, query);
  return { hits, ...(owner ? { owner: owner.id } : {}) };
}

/** The one resource that matches, or none. Throws 412 when several do. */
export async function onlyMatch(deps: Deps, within: Compartment, criteria: Criteria): Promise<Hit | undefined> {
  const [hit, second] = await firstTwo(deps, within, await criteria.query(deps, within));
  if (second) throw multipleMatches(criteria.name);
  return hit;
}

/**
 * Two matches, or all when there are fewer, whatever else the query asks for. A page may hold none and not be the last, since what
 * the index finds is checked on the content.
 */
async function firstTwo(deps: Deps, within: Compartment, query: Query): Promise<Hit[]> {
  const found: Hit[] = [];
  let page: Query = { ...query, count: 2, countOnly: false, total: false, after: undefined, includes: [] };
  for (;;) {
    const { matches: hits, next } = await search(deps.db, within, page, deps.baseUrl);
    found.push(...hits);
    if (!next || found.length >= 2) return found;
    page = { ...page, count: MAX_COUNT, after: next };
  }
}
