import type { Filter, NumberRange, QuantityRange } from '../../fhir/query/filter.ts';
import { type Condition, either, indexedAs, rowsOf, type Scope } from './scope.ts';
import { sql } from './sql.ts';

/** A number parameter. */
export const numberFilter = (scope: Scope, { param, ranges }: Filter & { kind: 'number' }): Condition =>
  sql`exists (select 1 ${rowsOf(scope, 'index_number', indexedAs(param))}
    and ${either(ranges.map((range) => numberCondition(range, sql`i.lo`, sql`i.hi`)))})`;

/** A quantity parameter: in the unit that was written where the resource has it, else in base units. */
export const quantityFilter = (scope: Scope, { param, ranges }: Filter & { kind: 'quantity' }): Condition =>
  sql`exists (select 1 ${rowsOf(scope, 'index_number', indexedAs(param))}
    and ${either(ranges.map(quantityCondition))})`;

function quantityCondition(range: QuantityRange): Condition {
  const written = numberCondition(range, sql`i.lo`, sql`i.hi`);
  if (range.unit === undefined) return written;
  const same = sql`coalesce(i.unit @> array[${range.unit}]::text[], false)`;
  if (!range.base) return sql`(${same} and ${written})`;
  const based = numberCondition(range.base, sql`i.clo`, sql`i.chi`);
  return sql`((${same} and ${written}) or (not ${same} and i.cunit = ${range.base.unit} and ${based}))`;
}

/** Bounds of the resource against those of the search, as `numberInRange` of src/fhir/match says it; a bound that is null has no limit, and of an open one there is no other. */
function numberCondition(range: NumberRange, lo: Condition, hi: Condition): Condition {
  const value = sql`${range.value}::numeric`;
  const low = sql`${range.low}::numeric`;
  const high = sql`${range.high}::numeric`;
  const inside = sql`coalesce(${lo} >= ${low} and ${hi} < ${high}, false)`;
  switch (range.prefix) {
    case 'eq':
      return inside;
    case 'ne':
      return sql`not ${inside}`;
    case 'gt':
      return sql`coalesce(${hi} > ${value}, true)`;
    case 'lt':
      return sql`coalesce(${lo} < ${value}, true)`;
    case 'ge':
      return sql`coalesce(${hi} > ${value} or (${hi} = ${value} and not i.open), true)`;
    case 'le':
      return sql`coalesce(${lo} < ${value} or (${lo} = ${value} and not i.open), true)`;
    case 'sa':
      return sql`coalesce(${lo} > ${value} or (${lo} = ${value} and i.open), false)`;
    case 'eb':
      return sql`coalesce(${hi} < ${value} or (${hi} = ${value} and i.open), false)`;
    case 'ap':
      return sql`(coalesce(${lo} < ${high} or (${lo} = ${high} and not i.open), true) and coalesce(${hi} > ${low} or (${hi} = ${low} and not i.open), true))`;
  }
}
