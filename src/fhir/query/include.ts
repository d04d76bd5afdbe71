import { badRequest } from '../errors.ts';
import type { SearchParam, SearchRegistry } from '../search-parameters.ts';
import { pointsTo } from './chain.ts';
import { SERVED } from './reference.ts';

/** What is to come along with the matches: what they point to, or (`reverse`) what points to them. */
export interface Include {
  reverse: boolean;
  /** Type that holds the reference. */
  type: string;
  param: SearchParam;
  /** Only what is of this type; in reverse: only what points to this type. */
  target?: string;
  /** Also of what has been included. */
  iterate: boolean;
}

/**
 * `_include` and `_revinclude`: `Type:parameter[:Target]`, `Type:*` or `*`. `types` are those that are searched. Throws 400.
 * Source: FHIR R4, section 3.1.1.5.4.
 */
export function includesOf(
  registry: SearchRegistry,
  types: readonly string[],
  name: string,
  modifier: string | undefined,
  value: string,
): Include[] {
  if (modifier !== undefined && modifier !== 'iterate' && modifier !== 'recurse') {
    throw badRequest(`${name}: the modifier is :iterate or none`);
  }
  const reverse = name === '_revinclude';
  const iterate = modifier !== undefined;
  const [source = '', code = '', target] = value.split(':');
  const of = (type: string, params: Iterable<SearchParam>): Include[] =>
    [...params]
      .filter(({ kind }) => kind === 'reference')
      .map((param) => ({ reverse, type, param, iterate, ...(target ? { target } : {}) }));

  if (source === '*' && code === '') {
    const sources = reverse ? [...registry.keys()] : iterate ? [...registry.keys()] : types;
    const all = sources.flatMap((type) => of(type, registry.get(type)?.values() ?? []));
    return reverse && !iterate ? all.filter(({ param }) => types.some((type) => pointsTo(param, type))) : all;
  }
  const params = registry.get(source);
  if (params && code === '*') return of(source, params.values());
  const param = params?.get(code);
  if (param?.kind !== 'reference' || (target !== undefined && (!SERVED.has(target) || !pointsTo(param, target)))) {
    throw badRequest(
      `${name}: expected Type:parameter, a reference parameter of a served type, perhaps with the type that it points to, e.g. ` +
        (reverse ? 'Provenance:target' : 'Observation:subject:Patient'),
    );
  }
  return of(source, [param]);
}
