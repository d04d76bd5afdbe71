import { normalised } from '../search-parameters/values.ts';
import type { SearchParam } from '../search-parameters.ts';
import type { Filter } from './filter.ts';
import { noModifier, unescaped } from './values.ts';

/**
 * A string parameter: begins with the text, whatever its case and accents; `:contains` has it anywhere, `:exact` is it, letter by letter.
 * Throws 400. Source: FHIR R4, section 3.1.1.4.8 string.
 */
export function stringFilter(param: SearchParam, modifier: string | undefined, raws: readonly string[]): Filter {
  const texts = raws.map(unescaped);
  if (modifier === 'exact') return { kind: 'string', param, how: 'exact', texts };
  if (modifier !== undefined && modifier !== 'contains') {
    throw noModifier(param.code, modifier, ['missing', 'exact', 'contains']);
  }
  return { kind: 'string', param, how: modifier ?? 'starts', texts: texts.map(normalised) };
}
