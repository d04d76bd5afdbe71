import type { SearchParam } from '../search-parameters.ts';
import type { Filter } from './filter.ts';
import { noModifier, unescaped } from './values.ts';

/**
 * A URI parameter: the whole of it, or with `:below` all that continue its path, with `:above` all whose path it continues.
 * Throws 400. Source: FHIR R4, section 3.1.1.4.13 uri.
 */
export function uriFilter(param: SearchParam, modifier: string | undefined, raws: readonly string[]): Filter {
  const uris = raws.map(unescaped);
  switch (modifier) {
    case undefined:
      return { kind: 'keys', param, keys: uris, exact: true };
    case 'below':
      return { kind: 'uri-below', param, uris };
    case 'above':
      return { kind: 'keys', param, keys: uris.flatMap(pathsOf), exact: true };
    default:
      throw noModifier(param.code, modifier, ['missing', 'above', 'below']);
  }
}

/** `http://a/b/c` and what it lies below: `http://a/b/`, `http://a/b`, `http://a/`, `http://a`. */
function pathsOf(uri: string): string[] {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(uri)?.[0];
  const paths = [uri];
  if (authority === undefined) return paths;
  for (let end = uri.lastIndexOf('/', uri.length - 2); end >= authority.length; end = uri.lastIndexOf('/', end - 1)) {
    paths.push(uri.slice(0, end + 1), uri.slice(0, end));
    if (paths.length > MOST_PATHS || end === 0) break;
  }
  return paths;
}

const MOST_PATHS = 100;

/** True when `uri` is `above`, of whatever version, or continues its path. */
export const isBelow = (uri: string, above: string): boolean =>
  uri === above || uri.startsWith(`${above}|`) || uri.startsWith(above.endsWith('/') ? above : `${above}/`);
