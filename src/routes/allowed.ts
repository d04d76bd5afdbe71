/** One route as it was added: `/fhir/Patient/:id`. */
export interface RouteOf {
  method: string;
  url: string;
}

/**
 * The methods that are served at the path of a URL, for `Allow`; none where nothing is. Asked only when no route took the request, so it
 * may look at each of them. Source: RFC 9110, section 10.2.1 and 15.5.6.
 */
export function allowedAt(routes: readonly RouteOf[], url: string): string[] {
  const path = url.replace(/[?#].*$/s, '').replace(/(?<=.)\/$/, '');
  const methods = new Set<string>();
  for (const route of routes) if (covers(route.url, path)) methods.add(route.method);
  return ORDER.filter((method) => methods.has(method));
}

const ORDER = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** A parameter stands for an id: operations and `_history` have routes of their own. */
function covers(pattern: string, path: string): boolean {
  const wanted = pattern.replace(/(?<=.)\/$/, '').split('/');
  const parts = path.split('/');
  return (
    wanted.length === parts.length &&
    wanted.every((word, at) =>
      word.startsWith(':') ? patternOf(word).test(parts[at] ?? '') : word.replaceAll('::', ':') === parts[at],
    )
  );
}

/** An id, unless the route says what else stands there, as in `:all(^\\*$)`. */
const patternOf = (word: string): RegExp => {
  const said = /\((.+)\)$/.exec(word)?.[1];
  return said === undefined ? /^[A-Za-z0-9.-]{1,64}$/ : new RegExp(said);
};
