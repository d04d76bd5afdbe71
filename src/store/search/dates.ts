import type { DateRange, Filter } from '../../fhir/query/filter.ts';
import { instant } from '../index-rows.ts';
import { type Condition, either, indexedAs, rowsOf, type Scope, specOf } from './scope.ts';
import { sql } from './sql.ts';

/** A date parameter: the principal one lies in the row itself, others in a table of their own. */
export function dateFilter(scope: Scope, type: string, { param, ranges }: Filter & { kind: 'date' }): Condition {
  const { row } = scope;
  if (specOf(type).date === param.code) {
    return sql`${row}.lo is not null and ${either(ranges.map((range) => dateCondition(range, sql`${row}.lo`, sql`${row}.hi`)))}`;
  }
  return sql`exists (select 1 ${rowsOf(scope, 'index_date', indexedAs(param))}
    and ${either(ranges.map((range) => dateCondition(range, sql`i.lo`, sql`i.hi`)))})`;
}

/** When the resource was last changed: an instant of a millisecond, so that its end says nothing that its beginning does not, which has an index. */
export const lastUpdatedFilter = ({ row }: Scope, ranges: readonly DateRange[]): Condition =>
  either(ranges.map((range) => instantCondition(range, sql`${row}.ts`)));

/** As `dateCondition`, of [at, at + 1 ms); what is searched is never shorter. */
function instantCondition({ prefix, start, end }: DateRange, at: Condition): Condition {
  const moment = (milliseconds: number): Condition => sql`${instant(milliseconds)}::timestamptz`;
  const inside = sql`(${at} >= ${moment(start)} and ${at} <= ${moment(end - 1)})`;
  switch (prefix) {
    case 'eq':
      return inside;
    case 'ne':
      return sql`not ${inside}`;
    case 'gt':
      return sql`${at} > ${moment(end - 1)}`;
    case 'lt':
      return sql`${at} < ${moment(start)}`;
    case 'ge':
      return sql`${at} >= ${moment(start)}`;
    case 'le':
      return sql`${at} <= ${moment(end - 1)}`;
    case 'sa':
      return sql`${at} >= ${moment(end)}`;
    case 'eb':
      return sql`${at} <= ${moment(start - 1)}`;
    case 'ap':
      return sql`(${at} > ${moment(start - 1)} and ${at} < ${moment(end)})`;
  }
}

/** [lo, hi) of the resource against [start, end) of the search, as `dateInRange` of src/fhir/match says it. */
function dateCondition(range: DateRange, lo: Condition, hi: Condition): Condition {
  const start = sql`${instant(range.start)}::timestamptz`;
  const end = sql`${instant(range.end)}::timestamptz`;
  // That it begins before the end follows; said, it bounds the walk through an index on the beginning.
  const inside = sql`(${lo} >= ${start} and ${lo} < ${end} and ${hi} <= ${end})`;
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
      return sql`(${lo} < ${start} and ${hi} <= ${start})`;
    case 'ap':
      return sql`(${lo} < ${end} and ${hi} > ${start})`;
  }
}
