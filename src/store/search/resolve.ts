import type { Compartment } from '../../fhir/compartment.ts';
import type { Filter } from '../../fhir/query/filter.ts';
import type { Query } from '../../fhir/query.ts';
import { resourceSpec } from '../../fhir/resources.ts';
import { keysOf, parseReference, type SearchParam } from '../../fhir/search-parameters.ts';
import type { Database } from '../database.ts';
import { namesOwner } from '../index-rows.ts';
import { canonicalsOf, fetchHits, namedBy } from './canonicals.ts';
import { condition, isDecided, rowsThat } from './condition.ts';
import { confirming } from './confirm.ts';
import { tooCostly } from './costly.ts';
import { run } from './run.ts';
import { type Condition, inner, outermost, type Scope, seen, specOf } from './scope.ts';
import { sql } from './sql.ts';

/** Up to so many resources at a step of a chain are asked for first; the search then names them, which the planner knows to be few. */
const FEW = 1000;
/** Candidates that are looked at where the index cannot decide a step. */
const MOST_CANDIDATES = 5000;

/**
 * A query with its chains turned into what they lead to, where that is little: `patient.identifier` becomes one patient, and the search goes
 * to one shard. A chain that leads to much stays a subquery. Throws 400 where a step cannot be decided by the index and leads to too much.
 */
export async function resolved(db: Database, within: Compartment, query: Query, baseUrl: string): Promise<Query> {
  const parts = [query, ...query.others];
  if (!parts.some(({ filters }) => filters.some(isStep))) return query;
  const [own = [], ...others] = await Promise.all(
    parts.map(({ type, filters }) =>
      Promise.all(filters.map((filter) => follow({ db, within, baseUrl }, type, filter))),
    ),
  );
  return {
    ...query,
    filters: own,
    others: query.others.map(({ type }, at) => ({ type, filters: others[at] ?? [] })),
  };
}

interface Asking {
  db: Database;
  within: Compartment;
  baseUrl: string;
}

const isStep = ({ kind }: Filter): boolean => kind === 'chain' || kind === 'has';

async function follow(asking: Asking, type: string, filter: Filter): Promise<Filter> {
  if (filter.kind === 'chain') return followChain(asking, filter);
  return filter.kind === 'has' ? followHas(asking, type, filter) : filter;
}

async function followChain(asking: Asking, filter: Filter & { kind: 'chain' }): Promise<Filter> {
  const targets: { type: string; filter: Filter }[] = [];
  const keys: string[] = [];
  const canonicals: string[] = [];
  let few = true;
  for (const target of filter.targets) {
    const step = { type: target.type, filter: await follow(asking, target.type, target.filter) };
    targets.push(step);
    const found = few ? await valuesOf(asking, step.type, step.filter, 'id') : undefined;
    if (found) {
      keys.push(...found.map((id) => `${step.type}/${id}`));
      if (resourceSpec(step.type)?.canonical) canonicals.push(...(await canonicalNames(asking, step.type, found)));
    } else {
      // A subquery follows references, and no canonicals.
      if (resourceSpec(step.type)?.canonical) throw tooCostly(`${step.type} as a step of a chain`);
      few = false;
    }
  }
  if (!few) return { ...filter, targets };
  if (keys.length === 0) return { kind: 'constant', holds: false };
  if (canonicals.length === 0) return { kind: 'keys', param: filter.param, keys, exact: true };
  return { kind: 'keys', param: filter.param, keys: [...keys, ...canonicals], exact: false, whole: true };
}

async function followHas(asking: Asking, type: string, filter: Filter & { kind: 'has' }): Promise<Filter> {
  const step = await follow(asking, filter.type, filter.filter);
  const { param } = filter;
  if (type !== 'Patient' || !namesOwner(specOf(filter.type), param)) {
    if (isDecided(step) && !resourceSpec(type)?.canonical) return { ...filter, filter: step };
    return { kind: 'id', ids: await referredIds(asking, type, { ...filter, filter: step }) };
  }
  const ids = await valuesOf(asking, filter.type, step, 'patient');
  return ids ? { kind: 'id', ids } : { ...filter, filter: step };
}

/** How canonical resources of these ids are referred to. */
async function canonicalNames({ db, within }: Asking, type: string, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const scope = outermost(within);
  const condition = sql`${seen(scope)} and ${scope.row}.type = ${type} and ${scope.row}.id in (${sql.join([...ids])})`;
  return (await fetchHits(db, condition, ids.length)).flatMap(canonicalsOf);
}

/**
 * Ids of all that resources refer to which fulfil a filter, read from what they say: by type and id, and by canonical, which no index can
 * follow backwards. Throws 400 where these are too many.
 */
async function referredIds(
  { db, within, baseUrl }: Asking,
  type: string,
  { type: source, param, filter }: Filter & { kind: 'has' },
): Promise<string[]> {
  const scope = outermost(within);
  const pointing = condition(scope, source, { kind: 'missing', param, missing: false });
  const where = sql`${seen(scope)} and ${scope.row}.type = ${source} and ${pointing}
    and ${condition(scope, source, filter)} and ${unlike(scope, source, param, filter)}`;
  const hits = await fetchHits(db, where, MOST_CANDIDATES + 1);
  if (hits.length > MOST_CANDIDATES) throw tooCostly(`_has:${source}:${param.code}`);
  const ids = new Set<string>();
  const canonicals = new Set<string>();
  const isMeant = confirming(source, [filter], baseUrl);
  for (const { content } of hits) {
    if (!isMeant(content)) continue;
    for (const element of param.elements(JSON.parse(content))) {
      if (typeof element.value === 'string') canonicals.add(element.value);
      const local = parseReference(keysOf(param, element, baseUrl)[0] ?? '');
      if (local?.type === type && local.base === undefined) ids.add(local.id);
    }
  }
  const named = resourceSpec(type)?.canonical ? await namedBy(db, within, type, canonicals, MOST_CANDIDATES) : [];
  return [...ids, ...named.map(({ hit }) => hit.id)];
}

/** Of those that refer to the same by their principal code one is enough, where no content has to be looked at. */
function unlike(scope: Scope, type: string, { code }: SearchParam, filter: Filter): Condition {
  if (specOf(type).key1 !== code || !isDecided(filter)) return sql`true`;
  const deeper = inner(scope);
  const one = sql`select min(${deeper.row}.id) ${rowsThat(deeper, type, filter)} group by ${deeper.row}.key1`;
  return sql`(${scope.row}.key1 is null or ${scope.row}.id in (${one}))`;
}

/** Ids (or patients) of all resources that fulfil a filter, each once; undefined when they are many. */
async function valuesOf(
  { db, within, baseUrl }: Asking,
  type: string,
  filter: Filter,
  column: 'id' | 'patient',
): Promise<string[] | undefined> {
  const scope = inner(outermost(within));
  const value = sql`${scope.row}.${sql.raw(column)}`;
  if (isDecided(filter)) {
    const { rows } = await run(() =>
      sql`select distinct ${value} as value ${rowsThat(scope, type, filter)} and ${value} is not null limit ${FEW + 1}`.execute<{
        value: string;
      }>(db),
    );
    return rows.length > FEW ? undefined : rows.map((row) => row.value);
  }
  const { rows } = await run(() =>
    sql`
      select f.value, v.content
      from (select ${scope.row}.*, ${value} as value ${rowsThat(scope, type, filter)} and ${value} is not null limit ${MOST_CANDIDATES + 1}) f
      join resource_version v using (tenant, shard, type, id, version)`.execute<{ value: string; content: string }>(db),
  );
  if (rows.length > MOST_CANDIDATES) throw tooCostly(`${type} as a step of a chain`);
  const isMeant = confirming(type, [filter], baseUrl);
  const found = new Set(rows.filter(({ content }) => isMeant(content)).map((row) => row.value));
  if (found.size > FEW) throw tooCostly(`${type} as a step of a chain`);
  return [...found];
}
