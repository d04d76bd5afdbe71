import type { Compartment } from '../../fhir/compartment.ts';
import type { Cursor } from '../../fhir/query/cursor.ts';
import type { Filter } from '../../fhir/query/filter.ts';
import type { Query } from '../../fhir/query.ts';
import { codeKey, SEVERAL } from '../code-key.ts';
import { type Order, orderOf } from './order.ts';
import { all, outermost, specOf } from './scope.ts';
import { type Sql, sql } from './sql.ts';
import { hasDate, shardOf, whereOf } from './where.ts';

/**
 * The rows of an index in the order that is asked for, from a place on, as far as the page needs and at most so many. What is common and new
 * is found after a few; when a walk does not fill the page, what is asked for is rare or long ago, and the tokens find it.
 */
export interface Walk {
  /** Of one shard; else of all patients. */
  shard: number | undefined;
  /** Rows that are looked at. */
  most: number;
  /** Rows without a principal date are left out: they come last, so a page that is filled needs none. */
  dated: boolean;
  /** A walk that came to its end saw all that there is. */
  tellsAll: boolean;
}

/** Rows of a shard that are walked before the tokens are asked instead. */
const MOST_OF_PATIENT = 2000;
/** Of all patients: enough for what one in two hundred rows is. */
const MOST_OF_EVERYONE = 4000;

/** The walk for a page; none where the planner knows better, or where no index has the order. */
export function walkFor(within: Compartment, query: Query, after: Cursor | undefined): Walk | undefined {
  const { others, sort } = query;
  const [key] = sort;
  if (others.length > 0 || sort.length !== 1 || !key) return undefined;
  const shard = shardOf(query);
  const byDate = key.by === 'date';
  if (byDate && after && after.values[0] === null) return undefined;
  if (shard !== undefined) {
    if (query.type !== 'Observation' || !byDate || !key.descending) return undefined;
    // From the newest on the index has also what has no date; a place in it has to be a date's.
    const dated = hasDate(query) || after !== undefined;
    return { shard, most: MOST_OF_PATIENT, dated, tellsAll: !dated || hasDate(query) };
  }
  if (within.patient !== 'everyone' || !(byDate || key.by === '_id' || key.by === '_lastUpdated')) return undefined;
  if (!query.filters.every((filter) => isCommon(filter) || isWhen(query.type, filter))) return undefined;
  const tellsAll = !byDate || hasDate(query);
  return { shard, most: MOST_OF_EVERYONE, dated: byDate, tellsAll };
}

/** What many resources have: a code, and whether there is a value. Identifiers and references find few, and the planner knows where. */
function isCommon(filter: Filter): boolean {
  if (filter.kind === 'missing') return true;
  if (filter.kind !== 'keys' || filter.variant !== undefined) return false;
  return filter.param.kind === 'token' && filter.param.code !== 'identifier';
}

const isWhen = (type: string, filter: Filter): boolean =>
  filter.kind === 'lastUpdated' || (filter.kind === 'date' && specOf(type).date === filter.param.code);

/**
 * The statement of a walk. It ends where the page is full, so nothing is kept of the rows on the way; only of a page that is not full is it
 * asked how far it went. In a shard the index itself knows the codes, so that of a patient with tens of thousands only those rows are looked
 * at that may be meant.
 */
export function walkOf(
  within: Compartment,
  query: Query,
  { after, size }: { after: Cursor | undefined; size: number },
  { shard, most, dated }: Walk,
): { statement: Sql; order: Order } {
  const scope = { ...outermost(within), walked: true };
  const order = orderOf(scope, query.sort, { dated, nullsLast: shard !== undefined });
  const codes = shard === undefined ? undefined : codeKeysOf(within.tenant, query);
  const conditions = [
    sql`c.tenant = ${within.tenant}`,
    ...(shard === undefined ? [] : [sql`c.shard = ${shard}`]),
    sql`c.type = ${inText(query.type)}`,
    ...(shard === undefined && dated ? [sql`c.lo is not null`] : []),
    // Named one by one the planner knows how few they are, and keeps one plan for all.
    ...(codes ? [sql`c.code1 in (${sql.join(codes.map((code) => sql`${code}::int4`))})`] : []),
    order.after(after),
  ];
  const recent = sql`
          from resource_current c
          where ${all(conditions)}`;
  const limit = sql.raw(String(most));
  const statement = sql`
      with page as materialized (
        select c.tenant, c.shard, c.type, c.id, c.version, c.ts${order.columns}
        from (
          select c.* ${recent}
          order by ${order.inside}
          limit ${limit}
        ) c
        where ${whereOf(scope, query)}
        order by ${order.inside}
        limit ${size}
      )
      select p.type, p.id, p.version, p.ts::text as ts, ${order.values}v.content,
        case when (select count(*) from page) < ${size} then (select count(*) from (select ${recent} limit ${limit}) w) end as walked
      from page p join resource_version v using (tenant, shard, type, id, version)
      order by ${order.outside}`;
  return { statement, order };
}

/** The name of a type we serve, as text: an index of one type alone is found by it. */
const inText = (type: string): Sql => sql.raw(`'${specOf(type).type}'`);

/** Codes asked for at once; more are left to the tokens. */
const MOST_CODES = 8;

/** What `code1` of a row that is meant may be; undefined where the query does not tell. */
function codeKeysOf(tenant: number, { type, filters }: Query): readonly number[] | undefined {
  const principal = specOf(type).key1;
  for (const filter of filters) {
    if (filter.kind !== 'keys' || filter.not || filter.variant || filter.param.code !== principal) continue;
    const { keys, param } = filter;
    if (param.union || param.kind !== 'token' || keys.length > MOST_CODES) continue;
    const codes = keys.map((key) => codeKey(tenant, type, param.code, key));
    if (codes.every((code) => code !== undefined)) return [...new Set([...codes, SEVERAL])];
  }
  return undefined;
}
