import { badRequest } from '../errors.ts';
import { resourceSpec } from '../resources.ts';
import type { SearchParam, SearchRegistry } from '../search-parameters.ts';

/** One key of an order. `date` is the type's principal date, `param` another parameter's value. */
export type SortBy = { descending: boolean } & (
  | { by: '_id' | '_lastUpdated' | 'date' }
  | { by: 'param'; param: SearchParam }
);

export const MOST_SORT_KEYS = 5;

/** The newest first. */
export const DEFAULT_SORT: readonly SortBy[] = [{ by: '_id', descending: true }];

/** `_sort=status,-date`. What has no value comes last, whichever way is sorted. Throws 400. Source: FHIR R4, section 3.1.1.5.2. */
export function sortOf(registry: SearchRegistry, types: readonly string[], value: string): SortBy[] {
  const keys = value.split(',').filter((key) => key !== '');
  if (keys.length > MOST_SORT_KEYS) throw badRequest(`_sort: at most ${MOST_SORT_KEYS} keys can be sorted by`);
  return keys.map((key) => {
    const descending = key.startsWith('-');
    const name = descending ? key.slice(1) : key;
    if (name === '_id' || name === '_lastUpdated') return { by: name, descending };
    const [type = '', ...others] = types;
    const param = others.length === 0 ? registry.get(type)?.get(name) : undefined;
    if (param && resourceSpec(type)?.date === name) return { by: 'date', descending };
    if (param && sortable(param)) return { by: 'param', param, descending };
    throw badRequest(
      `_sort: ${others.length === 0 ? type : 'a search of several types'} is sorted by one of ${known(registry, types)}`,
    );
  });
}

/** Those that have a value to compare in a table of their own. */
const sortable = ({ kind, union }: SearchParam): boolean =>
  union === undefined &&
  (kind === 'date' || kind === 'string' || kind === 'number' || kind === 'quantity' || kind === 'uri');

/** What a search of these types is sorted by, for refusals and the CapabilityStatement. */
const known = (registry: SearchRegistry, types: readonly string[]): string => {
  const [type = '', ...others] = types;
  const own = others.length === 0 ? [...(registry.get(type)?.values() ?? [])].filter(sortable) : [];
  return ['_lastUpdated', '_id', ...own.map(({ code }) => code).filter((code) => !code.startsWith('_'))].join(', ');
};
