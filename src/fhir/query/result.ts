import { badRequest } from '../errors.ts';
import type { SearchRegistry } from '../search-parameters.ts';
import { type Include, includesOf } from './include.ts';
import { DEFAULT_SORT, type SortBy, sortOf } from './sort.ts';
import { noModifier } from './values.ts';

/** What a search says about its answer, not about what is found. */
export interface Result {
  sort: readonly SortBy[];
  count: number;
  total: boolean | 'estimate';
  countOnly: boolean;
  includes: readonly Include[];
  summary?: 'true' | 'text' | 'data' | 'count';
  elements?: readonly string[];
  /** The `_cursor` of a link, still sealed. */
  cursor?: string;
}

export const DEFAULT_COUNT = 50;
export const MAX_COUNT = 1000;

export const DEFAULT_RESULT: Result = {
  sort: DEFAULT_SORT,
  count: DEFAULT_COUNT,
  total: false,
  countOnly: false,
  includes: [],
};

/** Names of the parameters that say how the answer looks. Source: FHIR R4, section 3.1.1.5. */
export const RESULT_PARAMETERS = ['_sort', '_count', '_include', '_revinclude', '_total', '_summary', '_elements'];

/** Whether a parameter says one thing, and only the last one counts where it comes again. */
export const isSingle = (name: string): boolean => name === '_sort' || name === '_count' || name === '_total';

/** `result` with what one parameter adds; undefined for a parameter of another kind. Throws 400. */
export function withParameter(
  result: Result,
  registry: SearchRegistry,
  types: readonly string[],
  name: string,
  value: string,
): Result | undefined {
  const [code = '', modifier] = name.split(':', 2);
  if (code === '_cursor') return { ...result, cursor: value };
  if (!RESULT_PARAMETERS.includes(code)) return undefined;
  if (code === '_include' || code === '_revinclude') {
    const includes = [...result.includes, ...includesOf(registry, types, code, modifier, value)];
    return { ...result, includes };
  }
  if (modifier !== undefined) throw noModifier(code, modifier, []);
  switch (code) {
    case '_sort':
      return { ...result, sort: sortOf(registry, types, value) };
    case '_count':
      return { ...result, ...counted(result, value) };
    case '_total':
      if (value !== 'none' && value !== 'estimate' && value !== 'accurate') {
        throw badRequest('_total: expected none, estimate or accurate');
      }
      return { ...result, total: result.countOnly || (value === 'estimate' ? 'estimate' : value === 'accurate') };
    case '_summary':
      return { ...result, ...summarised(value) };
    default:
      return { ...result, elements: [...(result.elements ?? []), ...value.split(',').filter((one) => one !== '')] };
  }
}

/** _count=0 asks for the same as _summary=count. Source: FHIR R4, section 3.1.1.5.5. */
function counted({ total, summary }: Result, value: string): Partial<Result> {
  if (!/^\d{1,9}$/.test(value)) throw badRequest('_count: expected a whole number from 0');
  const count = Math.min(Number(value), MAX_COUNT);
  return { count, total: total || count === 0, countOnly: summary === 'count' || count === 0 };
}

function summarised(value: string): Partial<Result> {
  switch (value) {
    case 'count':
      return { summary: value, total: true, countOnly: true };
    case 'true':
    case 'text':
    case 'data':
      return { summary: value };
    case 'false':
      return {};
    default:
      throw badRequest('_summary: expected true, text, data, count or false');
  }
}
