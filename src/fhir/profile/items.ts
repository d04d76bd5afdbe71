import { type Child, type JsonMember, jsonName, membersOf, type Scope, scopeOfValue } from './elements.ts';

/** One value of an element in a resource. */
export interface Item {
  /** Undefined for a primitive that has extensions only. */
  readonly value: unknown;
  /** Its type by the name of its JSON member, or by `resourceType`. */
  readonly type: string;
  /** Where what it holds is defined. */
  readonly scope: Scope;
  /** What stands in `_name` beside a primitive. */
  readonly sibling?: unknown;
  /** FHIRPath, choices without their type: `Observation.component[1].value`. */
  readonly path: string;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The values that one child element has in an object, in order. What is malformed is left to the structure's check. */
export function itemsOf({ value, sibling, path }: Item, child: Child): Item[] {
  const found: Item[] = [];
  // The extensions of a primitive stand in its sibling.
  for (const holder of [value, sibling]) {
    if (!isObject(holder)) continue;
    const types = child.name.endsWith('[x]') ? child.types : child.types.slice(0, 1);
    for (const type of types) addItems(found, holder, { child, type }, `${path}.${child.stem}`);
  }
  return found;
}

/** All values of all elements of an object, each with its element's definition. */
export function allItemsOf(item: Item): { child: Child; item: Item }[] {
  const found: { child: Child; item: Item }[] = [];
  for (const holder of [item.value, item.sibling]) {
    if (!isObject(holder)) continue;
    const members = membersOf(item.scope);
    for (const key of Object.keys(holder)) {
      const name = key.startsWith('_') ? key.slice(1) : key;
      const member = members.get(name);
      // A primitive and its sibling are one item, met at the primitive where it is there.
      if (!member || (key !== name && Object.hasOwn(holder, name))) continue;
      const items: Item[] = [];
      addItems(items, holder, member, `${item.path}.${member.child.stem}`);
      for (const one of items) found.push({ child: member.child, item: one });
    }
  }
  return found;
}

function addItems(into: Item[], holder: Readonly<Record<string, unknown>>, member: JsonMember, path: string): void {
  const name = jsonName(member.child, member.type);
  const value = Object.hasOwn(holder, name) ? holder[name] : undefined;
  const beside = Object.hasOwn(holder, `_${name}`) ? holder[`_${name}`] : undefined;
  if (Array.isArray(value) || Array.isArray(beside)) {
    const values: unknown[] = Array.isArray(value) ? value : [];
    const siblings: unknown[] = Array.isArray(beside) ? beside : [];
    for (let i = 0; i < Math.max(values.length, siblings.length); i += 1) {
      into.push(itemOf(values[i], siblings[i], member, `${path}[${i}]`));
    }
  } else if (value !== undefined || beside !== undefined) {
    into.push(itemOf(value, beside, member, path));
  }
}

function itemOf(value: unknown, sibling: unknown, { child, type }: JsonMember, path: string): Item {
  // null pads a list of primitives.
  const beside = sibling === undefined || sibling === null ? {} : { sibling };
  const resource = type === 'Resource' ? resourceItem(value, path) : undefined;
  return resource ?? { value: value ?? undefined, type, scope: scopeOfValue(child, type), path, ...beside };
}

/** A resource as a value; undefined when it does not say which type it is. */
export function resourceItem(value: unknown, path: string): Item | undefined {
  if (!isObject(value) || typeof value.resourceType !== 'string') return undefined;
  return { value, type: value.resourceType, scope: { type: value.resourceType, path: '' }, path };
}
