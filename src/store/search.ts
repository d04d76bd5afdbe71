import { type RawBuilder, sql } from 'kysely';
import type { Compartment } from '../fhir/compartment.ts';
import { badCursor, type Cursor, type DateRange, type Filter, MAX_COUNT, type Query } from '../fhir/query.ts';
import { type ResourceSpec, resourceSpec } from '../fhir/resources.ts';
import { keysOf, type SearchParam } from '../fhir/search-parameters.ts';
import type { Database } from './database.ts';
import { isUnreadableMoment, outage } from './errors.ts';
import { knownShard } from './homes.ts';
import { indexed, instant, namesOwner, searchToken } from './index-rows.ts';
import { shardOfId, visibleToken } from './resources.ts';

/** A hit, as it is stored. */
export interface Hit {
  type: string;
  id: string;
  version: number;
  lastUpdated: string;
  content: string;
}

export interface Found {
  matches: Hit[];
  included: Hit[];
  /** Where the next page begins; undefined on the last page. */
  next?: Cursor;
  total?: number;
}

interface Row extends Record<string, unknown> {
  type: string;
  id: string;
  shard: number;
  version: number;
  ts: Date;
  content: string;
  sortkey: string | null;
}

/**
 * One page of a search. The order is by a key and then by id, and the next page begins after the last key: a resource that does
 * not change while a client pages appears exactly once, whatever is written meanwhile.
 */
export async function search(db: Database, within: Compartment, query: Query, baseUrl: string): Promise<Found> {
  const where = whereOf(within, query);
  const total = query.total ? await totalOf(db, within, query, where, baseUrl) : undefined;
  if (query.countOnly) return { matches: [], included: [], ...(total === undefined ? {} : { total }) };

  const key = SORT[query.sort.by];
  const direction = query.sort.descending ? sql`desc` : sql`asc`;
  const statement = sql<Row>`
      with page as (
        select c.tenant, c.shard, c.type, c.id, c.version, c.ts, ${key} as sortkey
        from resource_current c
        where ${where} and ${afterCursor(query)}
        order by ${key} ${direction} nulls last, c.id ${direction}
        limit ${query.count + 1}
      )
      select p.type, p.id, p.shard, p.version, p.ts, p.sortkey::text as sortkey, v.content
      from page p join resource_version v using (tenant, shard, type, id, version)
      order by p.sortkey ${direction} nulls last, p.id ${direction}`.compile(db.kysely);
  const name = shardOfQuery(query) === undefined ? undefined : nameOf(statement.sql);
  const rows = await run(async () =>
    name === undefined
      ? (await db.kysely.executeQuery(statement)).rows
      : db.named<Row>(name, statement.sql, [...statement.parameters]),
  );
  const page = rows.slice(0, query.count);
  const matches = page.filter(({ content }) => confirmed(content, query, baseUrl)).map(hit);
  const included = await includes(db, within, query, matches, baseUrl);
  const last = page.at(-1);
  return {
    matches,
    included,
    ...(rows.length > query.count && last ? { next: { value: last.sortkey, id: last.id } } : {}),
    ...(total === undefined ? {} : { total }),
  };
}

/**
 * Names of the statements that go to one shard. There a plan that fits any values is a good one, and planning cost more than the search
 * itself; over all patients it is not (a named statement was measured at 100 ms against 2.5), so those are planned each time.
 */
const names = new Map<string, string>();
const MOST_NAMES = 200;

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MOST_NAMES) return known;
  const name = `search-${names.size + 1}`;
  names.set(text, name);
  return name;
}

const SORT = {
  _id: sql`c.id`,
  _lastUpdated: sql`c.ts`,
  date: sql`c.lo`,
} as const;

function whereOf(within: Compartment, query: Query): RawBuilder<boolean> {
  const parts: RawBuilder<unknown>[] = [
    sql`c.tenant = ${within.tenant} and c.type = ${query.type} and not c.deleted`,
    ...query.filters.map((filter) => condition(within.tenant, query.type, filter)),
  ];
  const shard = shardOfQuery(query);
  if (shard !== undefined) parts.push(sql`c.shard = ${shard}`);
  const visible = visibleToken(within);
  if (visible !== null) parts.push(sql`c.tok @> array[${visible}::bigint]`);
  return sql<boolean>`${sql.join(parts, sql` and `)}`;
}

/** A search that names one patient, or one id of ours, goes to one shard. */
function shardOfQuery(query: Query): number | undefined {
  for (const filter of query.filters) {
    if (filter.kind === 'id' && filter.ids.length === 1) return knownShard(query.type, filter.ids[0] ?? '');
    if (filter.kind !== 'keys' || filter.keys.length !== 1) continue;
    const [type, id] = filter.keys[0]?.split('/') ?? [];
    if (type === 'Patient' && id && namesOwner(specOf(query.type), filter.param)) return shardOfId(id);
  }
  return undefined;
}

/** The row of a type that a query was checked against, so it is there. */
function specOf(type: string): ResourceSpec {
  const spec = resourceSpec(type);
  if (!spec) throw new Error(`${type} is not served`);
  return spec;
}

function condition(tenant: number, type: string, filter: Filter): RawBuilder<unknown> {
  switch (filter.kind) {
    case 'id':
      return filter.ids.length === 0 ? sql`false` : sql`c.id in (${sql.join(filter.ids)})`;
    case 'lastUpdated':
      return either(
        filter.ranges.map((range) => dateCondition(range, sql`c.ts`, sql`c.ts + interval '1 millisecond'`)),
      );
    case 'date':
      return sql`c.lo is not null and ${either(filter.ranges.map((range) => dateCondition(range, sql`c.lo`, sql`c.hi`)))}`;
    case 'keys': {
      const hashes = filter.keys.map((key) => searchToken(tenant, specOf(type), filter.param, key));
      const list = sql`array[${sql.join(hashes.map((hash) => sql`${hash}::bigint`))}]`;
      if (hashes.length === 0) return sql`false`;
      return hashes.length === 1 ? sql`c.tok @> ${list}` : sql`c.tok && ${list}`;
    }
  }
}

const either = (parts: readonly RawBuilder<unknown>[]): RawBuilder<unknown> =>
  parts.length === 0 ? sql`false` : sql`(${sql.join([...parts], sql` or `)})`;

/**
 * [lo, hi) of the resource against [start, end) of the search. Source: FHIR R4, section 3.1.1.4.5 Prefixes: eq the search contains the
 * resource, gt the resource reaches above the search, lt below it, sa begins after its end, eb ends before its start.
 */
function dateCondition(range: DateRange, lo: RawBuilder<unknown>, hi: RawBuilder<unknown>): RawBuilder<unknown> {
  const start = sql`${instant(range.start)}::timestamptz`;
  const end = sql`${instant(range.end)}::timestamptz`;
  const inside = sql`(${lo} >= ${start} and ${hi} <= ${end})`;
  switch (range.prefix) {
    case 'eq':
      return inside;
    case 'ne':
      return sql`not ${inside}`;
    case 'gt':
      return sql`${hi} > ${end}`;
    case 'lt':
      return sql`${lo} < ${start}`;
    case 'ge':
      return sql`(${hi} > ${end} or ${inside})`;
    case 'le':
      return sql`(${lo} < ${start} or ${inside})`;
    case 'sa':
      return sql`${lo} >= ${end}`;
    case 'eb':
      return sql`${hi} <= ${start}`;
  }
}

/** What comes after the cursor in the order of the query; resources without the sort value come last, by id. */
function afterCursor({ after, sort }: Query): RawBuilder<unknown> {
  if (!after) return sql`true`;
  const beyond = sort.descending ? sql`<` : sql`>`;
  if (sort.by === '_id') return sql`c.id ${beyond} ${after.id}`;
  const key = SORT[sort.by];
  if (after.value === null) return sql`(${key} is null and c.id ${beyond} ${after.id})`;
  const value = sql`${after.value}::timestamptz`;
  return sql`(${key} ${beyond} ${value} or (${key} = ${value} and c.id ${beyond} ${after.id}) or ${key} is null)`;
}

/** How many match: by the index alone where it knows, else by the content of all that it finds. */
async function totalOf(
  db: Database,
  within: Compartment,
  query: Query,
  where: RawBuilder<boolean>,
  baseUrl: string,
): Promise<number> {
  if (query.filters.every(isExact)) return countOf(db, where);
  let page: Query = { ...query, count: MAX_COUNT, total: false, countOnly: false, after: undefined, revincludes: [] };
  for (let total = 0; ; ) {
    const { matches, next } = await search(db, within, page, baseUrl);
    total += matches.length;
    if (!next) return total;
    page = { ...page, after: next };
  }
}

const isExact = (filter: Filter): boolean => filter.kind !== 'keys' || filter.keys.every((key) => indexed(key) === key);

async function countOf(db: Database, where: RawBuilder<boolean>): Promise<number> {
  const { rows } = await run(() =>
    sql<{ n: string }>`select count(*) as n from resource_current c where ${where}`.execute(db.kysely),
  );
  return Number(rows[0]?.n ?? 0);
}

/** Resources of another type that refer to the matches of this page; the current ones, each once. */
async function includes(
  db: Database,
  within: Compartment,
  query: Query,
  matches: readonly Hit[],
  baseUrl: string,
): Promise<Hit[]> {
  const found: Hit[] = [];
  if (matches.length === 0) return found;
  const visible = visibleToken(within);
  for (const { type, param } of query.revincludes) {
    const keys = matches.map((match) => `${match.type}/${match.id}`);
    const hashes = keys.map((key) => sql`${searchToken(within.tenant, specOf(type), param, key)}::bigint`);
    const { rows } = await run(() =>
      sql<Row>`
        select c.type, c.id, c.shard, c.version, c.ts, null as sortkey, v.content
        from resource_current c join resource_version v using (tenant, shard, type, id, version)
        where c.tenant = ${within.tenant} and c.type = ${type} and not c.deleted
          and c.tok && array[${sql.join(hashes)}]
          ${visible === null ? sql`` : sql`and c.tok @> array[${visible}::bigint]`}
        order by c.id desc`.execute(db.kysely),
    );
    for (const row of rows) {
      if (matchesKeys(JSON.parse(row.content), param, new Set(keys), baseUrl)) found.push(hit(row));
    }
  }
  return found;
}

/** Two values may share a hash: what the index found is checked on the content before anyone sees it. */
function confirmed(content: string, query: Query, baseUrl: string): boolean {
  const filters = query.filters.filter((filter) => filter.kind === 'keys');
  if (filters.length === 0) return true;
  const resource: object = JSON.parse(content);
  return filters.every(({ param, keys }) => matchesKeys(resource, param, new Set(keys), baseUrl));
}

const matchesKeys = (resource: object, param: SearchParam, wanted: ReadonlySet<string>, baseUrl: string): boolean =>
  param.elements(resource).some((element) => keysOf(param, element, baseUrl).some((key) => wanted.has(key)));

async function run<T>(statement: () => Promise<T>): Promise<T> {
  try {
    return await statement();
  } catch (error) {
    if (isUnreadableMoment(error)) throw badCursor();
    throw outage(error) ?? error;
  }
}

const hit = (row: Row): Hit => ({
  type: row.type,
  id: row.id,
  version: row.version,
  lastUpdated: row.ts.toISOString(),
  content: row.content,
});
