import type { Filter } from '../../fhir/query/filter.ts';
import { keepsTexts } from '../../fhir/search-parameters.ts';
import { namesOwner } from '../index-rows.ts';
import { compartmentToken } from '../tokens.ts';
import { dateFilter, lastUpdatedFilter } from './dates.ts';
import { isExact, keysFilter, tokenInSql } from './keys.ts';
import { numberFilter, quantityFilter } from './numbers.ts';
import { all, anyOf, type Condition, either, indexedAs, inner, type Scope, seen, specOf } from './scope.ts';
import { sql } from './sql.ts';
import { stringFilter, uriBelowFilter } from './strings.ts';

/** What a filter asks of a row of resource_current. It may let more through than was asked, never less: see `isDecided`. */
export function condition(scope: Scope, type: string, filter: Filter): Condition {
  const { row, within } = scope;
  switch (filter.kind) {
    case 'constant':
      return filter.holds ? sql`true` : sql`false`;
    case 'id':
      if (filter.ids.length === 0) return filter.not ? sql`true` : sql`false`;
      return sql`${row}.id ${filter.not ? sql`not in` : sql`in`} (${sql.join([...filter.ids])})`;
    case 'lastUpdated':
      return lastUpdatedFilter(scope, filter.ranges);
    case 'compartment':
      return anyOf(scope, [compartmentToken(within.tenant, filter.patient)]);
    case 'missing':
      return present(scope, filter.param.bit, !filter.missing);
    case 'keys':
      return keysFilter(scope, type, filter);
    case 'date':
      return dateFilter(scope, type, filter);
    case 'number':
      return numberFilter(scope, filter);
    case 'quantity':
      return quantityFilter(scope, filter);
    case 'string':
      return stringFilter(scope, filter);
    case 'uri-below':
      return keepsTexts(filter.param) ? uriBelowFilter(scope, filter) : present(scope, filter.param.bit, true);
    case 'text':
      return present(scope, filter.param.bit, true);
    case 'composite':
      return either(
        filter.alternatives.map((parts) => sql`(${all(parts.map((part) => componentCondition(scope, type, part)))})`),
      );
    case 'chain':
      return either(filter.targets.map((target) => pointsTo(scope, type, filter.param, target)));
    case 'has':
      return pointedAt(scope, type, filter);
  }
}

/** Whether the index alone answers a filter; else each hit is looked at. A hash is taken for the value: `confirmed` sees to that. */
export function isDecided(filter: Filter): boolean {
  switch (filter.kind) {
    case 'keys':
      return isExact(filter);
    case 'missing':
      return filter.param.bit !== undefined;
    case 'uri-below':
      return keepsTexts(filter.param);
    case 'text':
    case 'composite':
      return false;
    case 'chain':
      return filter.targets.every((target) => isDecided(target.filter));
    case 'has':
      return isDecided(filter.filter);
    default:
      return true;
  }
}

/** The bit that says whether a parameter has a value; without a bit the content has to tell. */
function present({ row }: Scope, bit: number | undefined, wanted: boolean): Condition {
  if (bit === undefined) return sql`true`;
  const mask = sql`${(1n << BigInt(bit)).toString()}::bigint`;
  return wanted ? sql`${row}.present & ${mask} <> 0` : sql`${row}.present & ${mask} = 0`;
}

/** A component narrows by its own parameter, where that is indexed at all. */
const componentCondition = (scope: Scope, type: string, part: Filter): Condition =>
  part.kind === 'keys' && part.not === true ? sql`true` : condition(scope, type, part);

/** The resources of one type that fulfil a filter, as the inside of a subquery. */
export function rowsThat(scope: Scope, type: string, filter: Filter): Condition {
  return sql`from resource_current ${scope.row} where ${seen(scope)} and ${scope.row}.type = ${type} and ${condition(scope, type, filter)}`;
}

/** The reference leads to one of the resources that fulfil the rest of the chain. */
function pointsTo(
  scope: Scope,
  type: string,
  param: (Filter & { kind: 'chain' })['param'],
  target: { type: string; filter: Filter },
): Condition {
  const { row, within } = scope;
  const deeper = inner(scope);
  const found = rowsThat(deeper, target.type, target.filter);
  if (target.type === 'Patient' && namesOwner(specOf(type), param)) {
    return sql`${row}.patient in (select ${deeper.row}.id ${found})`;
  }
  const hashes = indexedAs(param).map((code) =>
    tokenInSql(within.tenant, type, code, sql`${`${target.type}/`} || ${deeper.row}.id`),
  );
  return either(hashes.map((hash) => sql`${row}.tok && (select array_agg(${hash}) ${found})`));
}

/** One of the resources that fulfil the rest of `_has` refers here. */
function pointedAt(scope: Scope, type: string, { type: source, param, filter }: Filter & { kind: 'has' }): Condition {
  const { row, within } = scope;
  const deeper = inner(scope);
  const found = rowsThat(deeper, source, filter);
  if (type === 'Patient' && namesOwner(specOf(source), param)) {
    return sql`${row}.id in (select ${deeper.row}.patient ${found})`;
  }
  const hashes = indexedAs(param).map((code) =>
    tokenInSql(within.tenant, source, code, sql`${`${type}/`} || ${row}.id`),
  );
  return either(hashes.map((hash) => sql`${hash} in (select unnest(${deeper.row}.tok) ${found})`));
}
