import type { Compartment } from '../fhir/compartment.ts';
import type { Cursor } from '../fhir/query/cursor.ts';
import { DEFAULT_SORT } from '../fhir/query/sort.ts';
import { MAX_COUNT, type Query } from '../fhir/query.ts';
import { resourceSpec } from '../fhir/resources.ts';
import type { Database } from './database.ts';
import { confirming } from './search/confirm.ts';
import { contentKeys } from './search/content-keys.ts';
import { tooCostly } from './search/costly.ts';
import { type Included, includesOf } from './search/includes.ts';
import { type ContentKeys, type Order, orderOf } from './search/order.ts';
import { resolved } from './search/resolve.ts';
import { type Hit, type Row, toHit } from './search/row.ts';
import { run } from './search/run.ts';
import { outermost } from './search/scope.ts';
import { executed, type Sql, sql } from './search/sql.ts';
import { isAnswered, isWalked, shardOf, whereOf } from './search/where.ts';

export type { Hit } from './search/row.ts';

export interface Found {
  matches: Hit[];
  included: Hit[];
  /** More would have been included than may. */
  cut?: boolean;
  /** Where the next page begins; undefined on the last page. */
  next?: Cursor;
  total?: number;
}

/** Rows that one page looks at where the index alone cannot answer: the page may then hold less than was asked, and none, and not be the last. */
const MOST_LOOKED_AT = 2000;
/** Rows of one statement then. */
const LOOKED_AT = 200;

/**
 * One page of a search. The order is by its keys and then by id, and the next page begins after the last entry: a resource that does
 * not change while a client pages appears exactly once, whatever is written meanwhile.
 */
export async function search(db: Database, within: Compartment, query: Query, baseUrl: string): Promise<Found> {
  const asked = await resolved(db, within, query, baseUrl);
  const total = asked.total === false ? undefined : await totalOf(db, within, asked, baseUrl);
  const counted = total === undefined ? {} : { total };
  if (asked.countOnly) return { matches: [], included: [], ...counted };
  const held = await contentKeys(asked, baseUrl, (some) => page(db, within, some, baseUrl));
  const { matches, next } = await page(db, within, asked, baseUrl, held);
  const { hits, cut }: Included =
    asked.includes.length === 0
      ? { hits: [], cut: false }
      : await includesOf(db, within, asked.includes, matches, baseUrl);
  return { matches, included: hits, ...(cut ? { cut } : {}), ...(next ? { next } : {}), ...counted };
}

/** Rows are read until the page is full, there are no more, or enough were looked at. */
async function page(
  db: Database,
  within: Compartment,
  query: Query,
  baseUrl: string,
  held?: ContentKeys,
): Promise<{ matches: Hit[]; next?: Cursor }> {
  const size = isAnswered(query) ? query.count + 1 : Math.max(query.count + 1, LOOKED_AT);
  const isMeant = meaning(query, baseUrl);
  const matches: Hit[] = [];
  let last: Cursor | undefined = query.after;
  for (let seen = 0; ; seen += size) {
    const { rows, placeOf } = await read(db, { within, query, after: last, size, ...(held ? { held } : {}) });
    let latest: Row | undefined;
    for (const row of rows) {
      if (matches.length === query.count) {
        const place = latest ? placeOf(latest) : last;
        return { matches, ...(place ? { next: place } : {}) };
      }
      if (isMeant(row)) matches.push(toHit(row));
      latest = row;
    }
    if (latest) last = placeOf(latest);
    if (rows.length < size) return { matches };
    if (seen + size >= Math.max(MOST_LOOKED_AT, query.count + 1)) return { matches, ...(last ? { next: last } : {}) };
  }
}

/** The rows of one statement: at most `size`, those after a place. */
interface Reading {
  within: Compartment;
  query: Query;
  after: Cursor | undefined;
  size: number;
  held?: ContentKeys;
}

interface Rows<R extends Row = Row> {
  rows: R[];
  placeOf: (row: Row) => Cursor;
}

async function read(db: Database, reading: Reading): Promise<Rows> {
  const { walk, page } = preparedFor(reading);
  if (walk) {
    const { rows, placeOf } = await answered<Row & { walked: string | null }>(db, walk);
    const [first] = rows;
    // A walk that found nothing does not tell how far it went.
    if (first && (rows.length === reading.size || Number(first.walked) < MOST_WALKED)) return { rows, placeOf };
  }
  return answered(db, page());
}

async function answered<R extends Row>(db: Database, { text, values, name, valuesOf }: Prepared): Promise<Rows<R>> {
  const rows = await run(async () =>
    name === undefined ? (await executed<R>(db, text, values)).rows : db.read<R>(name, text, values),
  );
  return { rows, placeOf: (row) => ({ values: valuesOf(row), id: row.id }) };
}

/** A statement of a page. Without a name it is planned for its values. */
interface Prepared {
  text: string;
  values: unknown[];
  name: string | undefined;
  valuesOf: Order['valuesOf'];
}

interface Statements {
  /** Asked first, where the rows of a shard are walked from the newest on. */
  walk: Prepared | undefined;
  page: () => Prepared;
}

/** Searches that are asked again come as the same query: the statements of its first page are put together once. */
const firstPages = new WeakMap<Query, { within: Compartment; statements: Statements }>();

function preparedFor(reading: Reading): Statements {
  const { within, query, after, held } = reading;
  if (after || held) return statementsOf(reading);
  const known = firstPages.get(query);
  if (known && isSame(known.within, within)) return known.statements;
  const statements = statementsOf(reading);
  firstPages.set(query, { within, statements });
  return statements;
}

function isSame(one: Compartment, other: Compartment): boolean {
  if (one.tenant !== other.tenant) return false;
  if (one.patient === 'everyone' || other.patient === 'everyone') return one.patient === other.patient;
  return one.patient.id === other.patient.id;
}

function statementsOf(reading: Reading): Statements {
  const shard = shardOf(reading.query);
  let made: Prepared | undefined;
  return {
    walk: shard !== undefined && !reading.held && isNewestFirst(reading.query) ? newest(reading, shard) : undefined,
    page: () => {
      made ??= pageOf(reading, shard !== undefined);
      return made;
    },
  };
}

function pageOf({ within, query, after, size, held }: Reading, toOneShard: boolean): Prepared {
  const scope = { ...outermost(within), walked: isWalked(query) };
  const order = orderOf(scope, query.sort, { dated: hasDate(query), held });
  const statement = sql`
      with ${order.before}page as (
        select c.tenant, c.shard, c.type, c.id, c.version, c.ts${order.columns}
        from resource_current c
        where ${whereOf(scope, query)} and ${order.after(after)}
        order by ${order.inside}
        limit ${size}
      )
      select p.type, p.id, p.version, p.ts::text as ts, ${order.values}v.content
      from page p join resource_version v using (tenant, shard, type, id, version)
      order by ${order.outside}`;
  return prepared(statement, order, toOneShard);
}

function prepared(statement: Sql, { valuesOf }: Order, toOneShard: boolean): Prepared {
  const { text, values } = statement.compile();
  return { ...(toOneShard ? named(text) : { text, name: undefined }), values, valuesOf };
}

/** The newest Observations of one patient: what charts and tables ask for, of patients who may have tens of thousands. */
const isNewestFirst = ({ type, sort, others }: Query): boolean =>
  type === 'Observation' && others.length === 0 && sort.length === 1 && sort[0]?.by === 'date' && sort[0].descending;

/** Rows of a shard that are walked, the newest first, before the tokens are asked instead. */
const MOST_WALKED = 2000;

/**
 * Walks the Observations of a shard from the newest on until the page is full. When that does not tell, what is asked for is rare or
 * long ago. The tokens alone would find all that a patient ever had, and sort it: 95 ms of processor time where there are 50,000.
 * The walk ends where the page is full, so nothing is kept of the rows on the way; only of a page that is not full is it asked how far it went.
 */
function newest({ within, query, after, size }: Reading, shard: number): Prepared {
  const scope = outermost(within);
  const order = orderOf(scope, query.sort);
  const recent = sql`
          from resource_current c
          where c.tenant = ${within.tenant} and c.shard = ${shard} and c.type = 'Observation' and ${order.after(after)}`;
  const most = sql.raw(String(MOST_WALKED));
  const statement = sql`
      with page as materialized (
        select c.tenant, c.shard, c.type, c.id, c.version, c.ts${order.columns}
        from (
          select c.* ${recent}
          order by ${order.inside}
          limit ${most}
        ) c
        where ${whereOf({ ...scope, walked: true }, query)}
        order by ${order.inside}
        limit ${size}
      )
      select p.type, p.id, p.version, p.ts::text as ts, ${order.values}v.content,
        case when (select count(*) from page) < ${size} then (select count(*) from (select ${recent} limit ${most}) w) end as walked
      from page p join resource_version v using (tenant, shard, type, id, version)
      order by ${order.outside}`;
  return prepared(statement, order, true);
}

/** A condition on the principal date leaves nothing without one. */
const hasDate = ({ type, filters, others }: Query): boolean =>
  others.length === 0 &&
  filters.some((filter) => filter.kind === 'date' && filter.param.code === resourceSpec(type)?.date);

/** Whether a row is meant, by its content. */
function meaning(query: Query, baseUrl: string): (row: Row) => boolean {
  const tests = new Map(
    [...query.others, query].map(({ type, filters }) => [type, confirming(type, filters, baseUrl)]),
  );
  return ({ type, content }) => tests.get(type)?.(content) ?? false;
}

/**
 * Names of the statements that go to one shard. There a plan that fits any values is a good one, and planning cost more than the search
 * itself; over all patients it is not (a named statement was measured at 100 ms against 2.5), so those are planned each time.
 */
const names = new Map<string, { text: string; name: string }>();
const MOST_NAMES = 200;

/** A text under its name; of equal texts one is kept. */
function named(text: string): { text: string; name: string | undefined } {
  const known = names.get(text);
  if (known) return known;
  if (names.size >= MOST_NAMES) return { text, name: undefined };
  const made = { text, name: `search-${names.size + 1}` };
  names.set(text, made);
  return made;
}

/** Pages that are read to be counted: of a thousand matches each, or of the two thousand resources among which fewer match. */
const MOST_COUNTED = 10;

/**
 * How many match: by the index alone where it knows or an estimate will do, else by the content of all that it finds. Throws 400 where that is
 * too many.
 */
async function totalOf(db: Database, within: Compartment, query: Query, baseUrl: string): Promise<number> {
  if (query.total === 'estimate' || isAnswered(query)) return countOf(db, within, query);
  let rest: Query = {
    ...query,
    sort: DEFAULT_SORT,
    count: MAX_COUNT,
    total: false,
    countOnly: false,
    after: undefined,
    includes: [],
  };
  let total = 0;
  for (let pages = 0; pages < MOST_COUNTED; pages += 1) {
    const { matches, next } = await page(db, within, rest, baseUrl);
    total += matches.length;
    if (!next) return total;
    rest = { ...rest, after: next };
  }
  throw tooCostly('_total=accurate with what only the content of resources can answer');
}

async function countOf(db: Database, within: Compartment, query: Query): Promise<number> {
  const { rows } = await run(() =>
    sql`select count(*) as n from resource_current c where ${whereOf(outermost(within), query)}`.execute<{ n: string }>(
      db,
    ),
  );
  return Number(rows[0]?.n ?? 0);
}
