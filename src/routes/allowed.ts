/** One route as it was added: `/fhir/Patient/:id`. */
export interface RouteOf {
  method: string;
  url: string;
}

/** No parameter of a path may be longer. */
export const MOST_CHARACTERS = 128;

/**
 * The methods that are served at the path of a URL, for `Allow`; none where nothing is. Asked only when no route took the request, so it
 * may look at each of them. Source: RFC 9110, section 10.2.1 and 15.5.6.
 */
export function allowedAt(routes: readonly RouteOf[], url: string): string[] {
  const parts = partsOf(url);
  const methods = new Set<string>();
  for (const route of routes) {
    const words = wordsOf(route.url);
    if (words.length === parts.length && begin(words, parts)) methods.add(route.method);
  }
  return ORDER.filter((method) => methods.has(method));
}

/** Whether no route took the request since a part of its path, where an id stands, is longer than any id. */
export function isTooLong(routes: readonly RouteOf[], method: string, url: string): boolean {
  const parts = partsOf(url);
  const at = parts.findIndex((part) => part.length > MOST_CHARACTERS);
  if (at < 0) return false;
  return routes.some((route) => {
    const words = wordsOf(route.url);
    return route.method === method && PLAIN.test(words[at] ?? '') && begin(words.slice(0, at), parts);
  });
}

const ORDER = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

const wordsOf = (path: string): string[] => path.replace(/(?<=.)\/$/, '').split('/');

const partsOf = (url: string): string[] => wordsOf(url.replace(/[?#].*$/s, ''));

/** Whether a path begins with these words. A parameter stands for an id: operations and `_history` have routes of their own. */
const begin = (words: readonly string[], parts: readonly string[]): boolean =>
  words.every((word, at) =>
    word.startsWith(':') ? patternOf(word).test(parts[at] ?? '') : word.replaceAll('::', ':') === parts[at],
  );

/** A parameter of which the route says nothing more. */
const PLAIN = /^:\w+$/;

/** An id, unless the route says what else stands there, as in `:type(^(?:Flag|Task)$)`. */
const patternOf = (word: string): RegExp => {
  const said = /\((.+)\)$/.exec(word)?.[1];
  return said === undefined ? /^[A-Za-z0-9.-]{1,64}$/ : new RegExp(said);
};
