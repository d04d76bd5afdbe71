import { badRequest } from '../errors.ts';
import { resourceSpec } from '../resources.ts';
import { keepsTexts, type SearchParam, type SearchRegistry } from '../search-parameters.ts';

/**
 * One key of an order. `date` is the type's principal date, `param` another parameter whose values the index keeps, `content` one whose
 * values only the resources have: the parameter of each type that is searched.
 */
export type SortBy = { descending: boolean } & (
  | { by: '_id' | '_lastUpdated' | 'date' }
  | { by: 'param'; param: SearchParam }
  | { by: 'content'; params: ReadonlyMap<string, SearchParam> }
);

export const MOST_SORT_KEYS = 5;

/** The newest first. */
export const DEFAULT_SORT: readonly SortBy[] = [{ by: '_id', descending: true }];

/** `_sort=status,-date`. What has no value comes last, whichever way is sorted. Throws 400. Source: FHIR R4, section 3.1.1.5.2. */
export function sortOf(registry: SearchRegistry, types: readonly string[], value: string): SortBy[] {
  const keys = value.split(',').filter((key) => key !== '');
  if (keys.length === 0) throw badRequest('_sort: expected what to sort by, e.g. -_lastUpdated');
  if (keys.length > MOST_SORT_KEYS) throw badRequest(`_sort: at most ${MOST_SORT_KEYS} keys can be sorted by`);
  return keys.map((key) => {
    const descending = key.startsWith('-');
    const name = descending ? key.slice(1) : key;
    if (name === '_id' || name === '_lastUpdated') return { by: name, descending };
    const params = new Map(
      types.flatMap((type): [string, SearchParam][] => {
        const param = registry.get(type)?.get(name);
        return param && sortable(param, types) ? [[type, param]] : [];
      }),
    );
    if (params.size < types.length) {
      const what = types.length === 1 ? types[0] : 'a search of several types';
      throw badRequest(`_sort: ${what} is sorted by one of ${known(registry, types)}`);
    }
    const [[type, param] = []] = params;
    if (types.length > 1 || !type || !param || !inTable(param)) return { by: 'content', params, descending };
    return resourceSpec(type)?.date === name ? { by: 'date', descending } : { by: 'param', param, descending };
  });
}

/** Those that have a value to compare in a table of their own. */
const inTable = (param: SearchParam): boolean => IN_TABLES.has(param.kind) || keepsTexts(param);

const IN_TABLES: ReadonlySet<SearchParam['kind']> = new Set(['date', 'string', 'number', 'quantity']);

/** A pair has no order; and numbers are compared in their table, which one type has. */
const sortable = ({ kind }: SearchParam, types: readonly string[]): boolean =>
  kind !== 'composite' && (types.length === 1 || (kind !== 'number' && kind !== 'quantity'));

/** What a search of these types is sorted by, for refusals. */
const known = (registry: SearchRegistry, types: readonly string[]): string => {
  const [first = '', ...others] = types;
  const codes = [...(registry.get(first)?.values() ?? [])]
    .filter((param) => sortable(param, types) && others.every((type) => registry.get(type)?.has(param.code)))
    .map(({ code }) => code);
  return [...new Set(['_id', '_lastUpdated', ...codes])].join(', ');
};
