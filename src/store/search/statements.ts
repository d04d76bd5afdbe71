import type { Compartment } from '../../fhir/compartment.ts';
import type { Cursor } from '../../fhir/query/cursor.ts';
import type { Query } from '../../fhir/query.ts';
import { type ContentKeys, type Order, orderOf } from './order.ts';
import { outermost } from './scope.ts';
import { type Sql, sql } from './sql.ts';
import { type Walk, walkFor, walkOf } from './walks.ts';
import { hasDate, isWalked, shardOf, whereOf } from './where.ts';

/** The rows of one statement: at most `size`, those after a place. */
export interface Reading {
  within: Compartment;
  query: Query;
  after: Cursor | undefined;
  size: number;
  held?: ContentKeys;
}

/** A statement of a page. Without a name it is planned for its values. */
export interface Prepared {
  text: string;
  values: unknown[];
  name: string | undefined;
  valuesOf: Order['valuesOf'];
}

/** A statement that looks at the first rows of an index only. */
export interface PreparedWalk extends Prepared, Pick<Walk, 'most' | 'tellsAll'> {}

interface Statements {
  /** Asked first. */
  walk: PreparedWalk | undefined;
  page: () => Prepared;
}

/** Searches that are asked again come as the same query: the statements of its first page are put together once. */
const firstPages = new WeakMap<Query, { within: Compartment; statements: Statements }>();

export function preparedFor(reading: Reading): Statements {
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
  const { within, query, after, held } = reading;
  const walk = held ? undefined : walkFor(within, query, after);
  let made: Prepared | undefined;
  return {
    walk: walk && preparedWalk(reading, walk),
    page: () => {
      made ??= pageOf(reading, walk !== undefined);
      return made;
    },
  };
}

function preparedWalk({ within, query, after, size }: Reading, walk: Walk): PreparedWalk {
  const { statement, order } = walkOf(within, query, { after, size }, walk);
  return { ...prepared(statement, order, true), most: walk.most, tellsAll: walk.tellsAll };
}

/**
 * One page of all that is found. After a walk that found too few, all is found before it is put in order: a planner that hopes to come upon the
 * page early walks again, and to the end.
 */
function pageOf({ within, query, after, size, held }: Reading, walked: boolean): Prepared {
  const scope = { ...outermost(within), walked: isWalked(query) };
  const order = orderOf(scope, query.sort, { dated: hasDate(query), held });
  const toOneShard = shardOf(query) !== undefined;
  const found = sql`
        select c.tenant, c.shard, c.type, c.id, c.version, c.ts${order.columns}
        from resource_current c
        where ${whereOf(scope, query)} and ${order.after(after)}`;
  const page =
    walked && !toOneShard
      ? sql`found as materialized (${found}
      ), page as (
        select p.* from found p
        order by ${order.outside}
        limit ${size}
      )`
      : sql`page as (${found}
        order by ${order.inside}
        limit ${size}
      )`;
  const statement = sql`
      with ${order.before}${page}
      select p.type, p.id, p.version, p.ts::text as ts, ${order.values}v.content
      from page p join resource_version v using (tenant, shard, type, id, version)
      order by ${order.outside}`;
  return prepared(statement, order, toOneShard);
}

function prepared(statement: Sql, { valuesOf }: Order, isNamed: boolean): Prepared {
  const { text, values } = statement.compile();
  return { ...(isNamed ? named(text) : { text, name: undefined }), values, valuesOf };
}

/**
 * Names of the statements that go to one shard, and of walks. There a plan that fits any values is a good one, and planning cost more than the
 * search itself; what is found over all patients is not (a named statement was measured at 100 ms against 2.5), so that is planned each time.
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
