import { identifierKeys, keysOf } from '../search-parameters/keys.ts';
import { isObject } from '../search-parameters/references.ts';
import { intervalOf, normalised, textsOf } from '../search-parameters/values.ts';
import type { Element, SearchParam } from '../search-parameters.ts';

/** An order needs no more of a text. */
const LONGEST = 200;

/**
 * What a resource is sorted by for a parameter, as text that is compared by code points; null where it has no value. Of several values
 * the least, or the greatest where the greatest come first. A token goes by its code, then its system, and without a code by its words; a
 * reference by what it refers to, and a logical one by its identifier. Source: FHIR R4, section 3.1.1.5.2 Sorting.
 */
export function sortText(param: SearchParam, resource: object, descending: boolean, baseUrl: string): string | null {
  let chosen: string | null = null;
  for (const element of param.elements(resource)) {
    for (const text of textsToSort(param, element, baseUrl)) {
      if (chosen === null || (descending ? text > chosen : text < chosen)) chosen = text;
    }
  }
  // The database has no NUL and no half of a surrogate pair in a text.
  return chosen === null ? null : chosen.slice(0, LONGEST).replace(/[\0\ud800-\udfff]/gu, '');
}

function textsToSort(param: SearchParam, element: Element, baseUrl: string): string[] {
  switch (param.kind) {
    case 'date': {
      const interval = intervalOf(element);
      return interval ? [Number.isFinite(interval.start) ? new Date(interval.start).toISOString() : ''] : [];
    }
    case 'string':
      return textsOf(element).map(normalised);
    case 'reference': {
      const [key = identifierKeys(element)[0]] = keysOf(param, element, baseUrl);
      return key === undefined ? wordsOf(element.value) : [key];
    }
    default:
      return codesOf(element.value);
  }
}

function codesOf(value: unknown): string[] {
  if (!isObject(value)) return [String(value)];
  const codings = Array.isArray(value.coding) ? value.coding.filter(isObject) : [value];
  const codes = codings.flatMap(({ system, value: identified, code = identified }) =>
    typeof code === 'string' ? [typeof system === 'string' ? `${code}${BETWEEN}${system}` : code] : [],
  );
  return codes.length > 0 ? codes : [value, ...codings].flatMap(wordsOf);
}

/** Before any sign that a code may have: `a` of any system comes before `a-b`. */
const BETWEEN = '\u0001';

function wordsOf(value: unknown): string[] {
  if (!isObject(value)) return [];
  return [value.text, value.display].filter((one): one is string => typeof one === 'string');
}
