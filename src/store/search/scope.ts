import type { Compartment } from '../../fhir/compartment.ts';
import { type ResourceSpec, resourceSpec } from '../../fhir/resources.ts';
import { visibleToken } from '../resources.ts';
import { type Sql, sql } from './sql.ts';

/** Where a condition stands: whose data it may see, and by which name the row of resource_current goes there. */
export interface Scope {
  within: Compartment;
  row: Sql;
  depth: number;
  /** The rows are at hand and looked at one by one: what only helps another index to find them is left out, and no token asks one. */
  walked?: boolean;
}

export type Condition = Sql;

export const outermost = (within: Compartment): Scope => ({ within, row: sql.raw('c'), depth: 0 });

/** One search further in. */
export const inner = ({ within, depth }: Scope): Scope => ({ within, row: sql.raw(`c${depth + 1}`), depth: depth + 1 });

/** What no search may do without: the tenant, and the patient's compartment where the caller sees only one. */
export function seen(scope: Scope): Condition {
  const { within, row } = scope;
  const visible = visibleToken(within);
  const tenant = sql`${row}.tenant = ${within.tenant} and not ${row}.deleted`;
  return visible === null ? tenant : sql`${tenant} and ${anyOf(scope, [visible])}`;
}

/** The row has one of these hashes. Of a row at hand they are asked in a way that leads to no index: merging two costs more than to look. */
export function anyOf({ row, walked }: Scope, hashes: readonly string[]): Condition {
  const [first, ...more] = hashes;
  if (first === undefined) return sql`false`;
  if (more.length === 0)
    return walked ? sql`${first}::bigint = any(${row}.tok)` : sql`${row}.tok @> array[${first}::bigint]`;
  const overlap = sql`${row}.tok && ${`{${hashes.join(',')}}`}::bigint[]`;
  return walked ? sql`(${overlap}) is true` : overlap;
}

export const either = (parts: readonly Condition[]): Condition =>
  parts.length === 0
    ? sql`false`
    : parts.length === 1 && parts[0]
      ? parts[0]
      : sql`(${sql.join([...parts], sql` or `)})`;

export const all = (parts: readonly Condition[]): Condition =>
  parts.length === 0 ? sql`true` : sql`${sql.join([...parts], sql` and `)}`;

/** The rows of an index table that belong to the resource, one parameter or several. */
export function rowsOf(
  scope: Scope,
  table: 'index_date' | 'index_number' | 'index_string',
  params: readonly string[],
): Condition {
  const { row } = scope;
  const [only, ...more] = params;
  return sql`from ${sql.raw(table)} i
    where i.tenant = ${row}.tenant and i.shard = ${row}.shard and i.type = ${row}.type and i.id = ${row}.id
      and i.param ${more.length === 0 ? sql`= ${only}` : sql`in (${sql.join([...params])})`}`;
}

/** Under which names a parameter is indexed. */
export const indexedAs = ({ code, union }: { code: string; union?: readonly string[] }): readonly string[] =>
  union ?? [code];

/** The row of a type that a query was checked against, so it is there. */
export function specOf(type: string): ResourceSpec {
  const spec = resourceSpec(type);
  if (!spec) throw new Error(`${type} is not served`);
  return spec;
}
