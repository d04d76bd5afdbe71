import type { Cursor } from '../../fhir/query/cursor.ts';
import type { SortBy } from '../../fhir/query/sort.ts';
import type { SearchParam } from '../../fhir/search-parameters.ts';
import { type Condition, indexedAs, rowsOf, type Scope } from './scope.ts';
import { sql } from './sql.ts';

/** An order in SQL: its keys, what comes after a position in it, and the order itself by the keys' names in a page. */
export interface Order {
  /** What stands before the page: the values of keys that only the resources have. Empty where there are none. */
  before: Condition;
  /** `<expression> as s1, …`; empty where the id alone decides. */
  columns: Condition;
  after(cursor: Cursor | undefined): Condition;
  /** By the expressions, inside the page. */
  inside: Condition;
  /** By the page's columns. */
  outside: Condition;
  /** The page's columns once more as text, each with a comma after it. */
  values: Condition;
  /** What a cursor keeps of a row. */
  valuesOf(row: Record<string, unknown>): (string | null)[];
}

interface Key {
  expression: Condition;
  name: Condition;
  type: Condition;
  descending: boolean;
  /** Every row that is looked at has a value. */
  always: boolean;
}

/** By type and id, what a resource has for each key of an order that only the resources have. */
export type ContentKeys = Readonly<Record<string, readonly (string | null)[]>>;

/**
 * By each key, what has no value last, and at last by id: the order of what does not change is fixed, so a page can begin after any entry.
 * `dated`: what is searched has a principal date. A key that nothing is without leaves no place for nulls, so that an index walked backwards,
 * which puts them first, gives the order too; `nullsLast` names that place all the same, for an index that has it.
 * `held`: what `contentKeys` has found; nothing else is in the page then.
 */
export function orderOf(
  scope: Scope,
  sort: readonly SortBy[],
  {
    dated = false,
    nullsLast = false,
    held,
  }: { dated?: boolean; nullsLast?: boolean; held?: ContentKeys | undefined } = {},
): Order {
  const idAt = sort.findIndex(({ by }) => by === '_id');
  const byId = idAt < 0 ? sort.at(-1) : sort[idAt];
  const idDescending = byId?.descending ?? true;
  const byContent = sort.filter(({ by }) => by === 'content');
  const keys = (idAt < 0 ? sort : sort.slice(0, idAt)).map((key, at) => ({
    ...keyOf(scope, key, at, byContent.indexOf(key)),
    always: key.by === '_lastUpdated' || (dated && key.by === 'date'),
  }));
  const id = sql`${scope.row}.id`;
  const way = (descending: boolean): Condition => (descending ? sql`desc` : sql`asc`);
  const list = (parts: readonly Condition[]): Condition => sql.join([...parts]);
  return {
    before: held ? sql`held as (select ${JSON.stringify(held)}::jsonb as keys), ` : sql``,
    columns:
      keys.length === 0 ? sql`` : sql`, ${list(keys.map(({ expression, name }) => sql`${expression} as ${name}`))}`,
    values: sql.join(
      keys.map(({ name }) => sql`p.${name}::text as ${name}, `),
      sql``,
    ),
    // Texts, as the columns say.
    valuesOf: (row) => keys.map((_, at) => (row[`s${at + 1}`] ?? null) as string | null),
    inside: list([
      ...keys.map(
        ({ expression, descending, always }) =>
          sql`${expression} ${way(descending)}${always && !nullsLast ? sql`` : sql` nulls last`}`,
      ),
      sql`${id} ${way(idDescending)}`,
    ]),
    outside: list([
      ...keys.map(({ name, descending }) => sql`p.${name} ${way(descending)} nulls last`),
      sql`p.id ${way(idDescending)}`,
    ]),
    after: (cursor) => {
      const after = cursor ? beyond({ keys, id, idDescending }, cursor) : sql`true`;
      return held ? sql`(select keys from held) ? ${nameIn(scope.row)} and ${after}` : after;
    },
  };
}

/** What comes after a position. One key that everything has is compared as a row with the id, which is a place in an index. */
function beyond({ keys, id, idDescending }: Place, cursor: Cursor): Condition {
  const [first] = keys;
  const value = cursor.values[0] ?? null;
  if (first?.always && keys.length === 1 && first.descending === idDescending && value !== null) {
    return sql`(${first.expression}, ${id}) ${idDescending ? sql`<` : sql`>`} (${value}::${first.type}, ${cursor.id})`;
  }
  return beyondKey(keys, 0, cursor, sql`${id} ${idDescending ? sql`<` : sql`>`} ${cursor.id}`);
}

interface Place {
  keys: readonly Key[];
  id: Condition;
  idDescending: boolean;
}

/** Beyond a position by this key, or equal to it and after it by the next ones. */
function beyondKey(keys: readonly Key[], at: number, cursor: Cursor, byId: Condition): Condition {
  const key = keys[at];
  if (!key) return byId;
  const rest = beyondKey(keys, at + 1, cursor, byId);
  const { expression, type, descending, always } = key;
  const value = cursor.values[at] ?? null;
  if (value === null) return sql`(${expression} is null and ${rest})`;
  const there = sql`${value}::${type}`;
  const further = sql`${expression} ${descending ? sql`<` : sql`>`} ${there} or (${expression} = ${there} and ${rest})`;
  return always ? sql`(${further})` : sql`(${further} or ${expression} is null)`;
}

function keyOf(scope: Scope, key: SortBy, at: number, place: number): Omit<Key, 'always'> {
  const { expression, type } =
    key.by === 'param'
      ? sortValue(scope, key.param, key.descending)
      : key.by === 'content'
        ? heldValue(place)
        : COLUMN[key.by];
  return { expression: expression(scope.row), type, name: sql.raw(`s${at + 1}`), descending: key.descending };
}

const MOMENT = sql.raw('timestamptz');

const COLUMN = {
  _id: { expression: (row: Condition) => sql`${row}.id`, type: sql.raw('text collate "C"') },
  _lastUpdated: { expression: (row: Condition) => sql`${row}.ts`, type: MOMENT },
  date: { expression: (row: Condition) => sql`${row}.lo`, type: MOMENT },
} as const;

/** As `nameOf` of a hit. */
const nameIn = (row: Condition): Condition => sql`(${row}.type || '/' || ${row}.id)`;

const heldValue = (place: number) => ({
  expression: (row: Condition) =>
    sql`((select keys from held) -> ${nameIn(row)} ->> ${sql.raw(String(place))}) collate "C"`,
  type: sql.raw('text collate "C"'),
});

/** Of several values the least, or the greatest where the greatest come first. */
function sortValue(scope: Scope, param: SearchParam, descending: boolean) {
  const [table, column, type] = TABLE[param.kind] ?? TABLE.string;
  const value = sql`(select ${sql.raw(descending ? 'max' : 'min')}(${sql.raw(column)}) ${rowsOf(scope, table, indexedAs(param))})`;
  return { expression: () => value, type: sql.raw(type) };
}

const TABLE: Partial<
  Record<SearchParam['kind'], readonly ['index_date' | 'index_number' | 'index_string', string, string]>
> & { string: readonly ['index_string', string, string] } = {
  date: ['index_date', 'i.lo', 'timestamptz'],
  number: ['index_number', 'coalesce(i.lo, i.hi)', 'numeric'],
  // Amounts of different units compare in base units.
  quantity: ['index_number', 'coalesce(i.clo, i.chi, i.lo, i.hi)', 'numeric'],
  string: ['index_string', 'left(i.norm, 200)', 'text collate "C"'],
  uri: ['index_string', 'left(i.norm, 200)', 'text collate "C"'],
};
