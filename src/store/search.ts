import type { Compartment } from '../fhir/compartment.ts';
import type { Cursor } from '../fhir/query/cursor.ts';
import { DEFAULT_SORT } from '../fhir/query/sort.ts';
import { MAX_COUNT, type Query } from '../fhir/query.ts';
import type { Database } from './database.ts';
import { confirming } from './search/confirm.ts';
import { contentKeys } from './search/content-keys.ts';
import { tooCostly } from './search/costly.ts';
import { type Included, includesOf } from './search/includes.ts';
import type { ContentKeys } from './search/order.ts';
import { resolved } from './search/resolve.ts';
import { type Hit, type Row, toHit } from './search/row.ts';
import { run } from './search/run.ts';
import { outermost } from './search/scope.ts';
import { executed, sql } from './search/sql.ts';
import { type Prepared, preparedFor, type Reading } from './search/statements.ts';
import { isAnswered, whereOf } from './search/where.ts';

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
  if (asked.countOnly || total === 0) return { matches: [], included: [], ...counted };
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

interface Rows<R extends Row = Row> {
  rows: R[];
  placeOf: (row: Row) => Cursor;
}

/** The rows of one page: of a walk that tells, else of all that is found. */
async function read(db: Database, reading: Reading): Promise<Rows> {
  const { walk, page } = preparedFor(reading);
  if (walk) {
    const { rows, placeOf } = await answered<Row & { walked: string | null }>(db, walk);
    const [first] = rows;
    const isFull = rows.length === reading.size;
    // A walk that found nothing does not tell how far it went.
    if (first && (isFull || (walk.tellsAll && Number(first.walked) < walk.most))) return { rows, placeOf };
  }
  return answered(db, page());
}

async function answered<R extends Row>(db: Database, { text, values, name, valuesOf }: Prepared): Promise<Rows<R>> {
  const rows = await run(async () =>
    name === undefined ? (await executed<R>(db, text, values)).rows : db.read<R>(name, text, values),
  );
  return { rows, placeOf: (row) => ({ values: valuesOf(row), id: row.id }) };
}

/** Whether a row is meant, by its content. */
function meaning(query: Query, baseUrl: string): (row: Row) => boolean {
  const tests = new Map(
    [...query.others, query].map(({ type, filters }) => [type, confirming(type, filters, baseUrl)]),
  );
  return ({ type, content }) => tests.get(type)?.(content) ?? false;
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
