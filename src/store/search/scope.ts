import { type RawBuilder, sql } from 'kysely';
import type { Compartment } from '../../fhir/compartment.ts';
import { type ResourceSpec, resourceSpec } from '../../fhir/resources.ts';
import { visibleToken } from '../resources.ts';

/** Where a condition stands: whose data it may see, and by which name the row of resource_current goes there. */
export interface Scope {
  within: Compartment;
  row: RawBuilder<unknown>;
  depth: number;
  /** The rows are at hand and looked at one by one: what only helps an index to find them is left out. */
  walked?: boolean;
}

export type Condition = RawBuilder<unknown>;

export const outermost = (within: Compartment): Scope => ({ within, row: sql.raw('c'), depth: 0 });

/** One search further in. */
export const inner = ({ within, depth }: Scope): Scope => ({ within, row: sql.raw(`c${depth + 1}`), depth: depth + 1 });

/** What no search may do without: the tenant, and the patient's compartment where the caller sees only one. */
export function seen({ within, row }: Scope): Condition {
  const visible = visibleToken(within);
  const tenant = sql`${row}.tenant = ${within.tenant} and not ${row}.deleted`;
  return visible === null ? tenant : sql`${tenant} and ${row}.tok @> array[${visible}::bigint]`;
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
