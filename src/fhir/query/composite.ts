import { badRequest } from '../errors.ts';
import type { SearchParam } from '../search-parameters.ts';
import type { Filter } from './filter.ts';
import { noModifier, splitRaw } from './values.ts';

/**
 * A composite parameter, `value$value`: `read` reads one value of one component's parameter. Throws 400.
 * Source: FHIR R4, section 3.1.1.4.14 Composite Search Parameters.
 */
export function compositeFilter(
  param: SearchParam,
  modifier: string | undefined,
  raws: readonly string[],
  read: (component: SearchParam, raw: string) => Filter,
): Filter {
  if (modifier !== undefined) throw noModifier(param.code, modifier, ['missing']);
  const components = param.components ?? [];
  const alternatives = raws.map((raw) => {
    const parts = splitRaw(raw, '$');
    if (parts.length !== components.length || parts.includes('')) {
      throw badRequest(`${param.code}: expected ${components.map((one) => one.param.code).join('$')}`);
    }
    return components.map((component, at) => read(component.param, parts[at] ?? ''));
  });
  return { kind: 'composite', param, alternatives };
}
