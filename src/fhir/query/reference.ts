import { RESOURCES } from '../resources.ts';
import { parseReference, type SearchParam } from '../search-parameters.ts';
import type { Filter } from './filter.ts';
import { byIdentifier } from './token.ts';
import { noModifier, unescaped } from './values.ts';

/**
 * A reference parameter: `Type/id`, `id` (any target type, or the one that the modifier names), a URL of ours, or any other URI.
 * Throws 400. Source: FHIR R4, section 3.1.1.4.12 reference.
 */
export function referenceFilter(
  param: SearchParam,
  modifier: string | undefined,
  raws: readonly string[],
  baseUrl: string,
): Filter {
  if (modifier === 'identifier') return byIdentifier(param, raws);
  if (modifier !== undefined && !param.target.includes(modifier)) {
    throw noModifier(param.code, modifier, [
      'missing',
      'identifier',
      ...param.target.filter((type) => SERVED.has(type)),
    ]);
  }
  const keys = raws.flatMap((raw) => referenceKeys(param, modifier, unescaped(raw), baseUrl));
  // A reference to one version is kept under the unversioned one, and looked at.
  return { kind: 'keys', param, keys, exact: keys.every((key) => !key.includes('/_history/')) };
}

function referenceKeys(param: SearchParam, modifier: string | undefined, text: string, baseUrl: string): string[] {
  const local = parseReference(text);
  if (local) {
    if (modifier !== undefined && local.type !== modifier) return [];
    if (local.base !== undefined && local.base !== baseUrl) return [text];
    const key = `${local.type}/${local.id}${local.version === undefined ? '' : `/_history/${local.version}`}`;
    // A canonical under our own base is kept as it is written, being a name and not a place.
    return local.base !== undefined && CANONICAL.has(local.type) ? [key, text] : [key];
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(text) || text.includes('/')) return [text];
  if (modifier !== undefined) return [`${modifier}/${text}`];
  const types = param.target.filter((type) => SERVED.has(type));
  return types.length > 0 ? types.map((type) => `${type}/${text}`) : [text];
}

export const SERVED: ReadonlySet<string> = new Set(RESOURCES.map(({ type }) => type));
const CANONICAL = new Set(RESOURCES.filter(({ canonical }) => canonical).map(({ type }) => type));
