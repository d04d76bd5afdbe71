/** Reading FHIR JSON as FHIRPath sees it: a primitive is there when its value or its `_` sibling is. */

/** One JSON object: a resource or an element. */
export type Node = Readonly<Record<string, unknown>>;

/**
 * Whether one invariant holds for `node`. Holds too where FHIRPath answers empty: undecided is no violation.
 * `root` is the resource that was received; `parent` the object or array that the node stands in.
 */
export type Invariant = (node: Node, root: Node, parent: unknown) => boolean;

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `name.exists()` */
export const has = (node: Node, name: string): boolean => node[name] !== undefined || node[`_${name}`] !== undefined;

/** `name.exists()` for a choice element such as value[x]. */
export function hasChoice(node: Node, name: string): boolean {
  for (const key in node) {
    const start = key.charCodeAt(0) === 0x5f ? 1 : 0;
    const next = key.charCodeAt(start + name.length);
    if (next >= 0x41 && next <= 0x5a && key.startsWith(name, start)) return true;
  }
  return false;
}

/** The objects of a repeating (or single) element. */
export function nodes(node: Node | undefined, name: string): readonly Node[] {
  const value = node?.[name];
  if (Array.isArray(value)) return value.filter(isNode);
  return isNode(value) ? [value] : [];
}

/** The object of an element that comes once. */
export const child = (node: Node | undefined, name: string): Node | undefined => {
  const value = node?.[name];
  return isNode(value) ? value : undefined;
};

/** The text of an element, or undefined. */
export const text = (node: Node | undefined, name: string): string | undefined => {
  const value = node?.[name];
  return typeof value === 'string' ? value : undefined;
};

/** `name.count()` of a repeating element; its primitives may have extensions only. */
export function size(node: Node, name: string): number {
  const value = node[name] ?? node[`_${name}`];
  return Array.isArray(value) ? value.length : value === undefined ? 0 : 1;
}

/** `isDistinct()` of texts; absent ones are not in the collection. */
export function distinct(values: Iterable<string | undefined>): boolean {
  const seen = new Set<string>();
  for (const value of values) {
    if (value === undefined) continue;
    if (seen.has(value)) return false;
    seen.add(value);
  }
  return true;
}

/** `descendants()`, objects only. Nesting was bounded when the text was read. */
export function* descendants(node: Node): Generator<Node> {
  for (const key in node) {
    const value = node[key];
    for (const item of Array.isArray(value) ? value : [value]) {
      if (!isNode(item)) continue;
      yield item;
      yield* descendants(item);
    }
  }
}

/** FHIRPath `=` of two JSON values: the order of properties does not matter. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (!isNode(a) || !isNode(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}
