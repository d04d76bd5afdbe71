import { DEFINITIONS } from '../generated/definitions.js';

/** Where the children of an element are defined: a path within a type, empty for the type itself. */
export interface Scope {
  readonly type: string;
  readonly path: string;
}

/** One child element as the base definition has it. */
export interface Child {
  /** As the definition names it: `value[x]`. */
  readonly name: string;
  /** As JSON (without a type) and FHIRPath name it: `value`. */
  readonly stem: string;
  readonly types: readonly string[];
  readonly list: boolean;
  readonly scope: Scope;
}

/** A JSON member of an object: which element it is, and its type where the member's name tells it. */
export interface JsonMember {
  readonly child: Child;
  readonly type: string;
}

/** What every element has, primitives too. Source: FHIR R4, Element. */
const ELEMENT: ReadonlyMap<string, Child> = new Map(
  [
    { name: 'id', types: ['string'], list: false },
    { name: 'extension', types: ['Extension'], list: true },
  ].map(({ name, types, list }) => [
    name,
    { name, stem: name, types, list, scope: { type: types[0] ?? '', path: '' } } satisfies Child,
  ]),
);

/** Whether the elements of this resource or complex data type are known here. */
export const isKnownType = (type: string): boolean => Object.hasOwn(DEFINITIONS.elements, type);

/** The child of this name (`code`, `value[x]`), or undefined. A primitive has `id` and `extension`. */
export const childOf = (scope: Scope, name: string): Child | undefined => tableOf(scope).children.get(name);

/** Every JSON name that an object of this scope may have. */
export const membersOf = (scope: Scope): ReadonlyMap<string, JsonMember> => tableOf(scope).members;

/** Where the children of a value are defined, given its type: a choice is a scope of its type. */
export const scopeOfValue = (child: Child, type: string): Scope =>
  child.name.endsWith('[x]') || child.types.length > 1 || type !== child.types[0] ? { type, path: '' } : child.scope;

/** The JSON name of a choice of one type: `value[x]`, `Quantity` -> `valueQuantity`. */
export const jsonName = ({ name, stem }: Pick<Child, 'name' | 'stem'>, type: string): string =>
  name.endsWith('[x]') ? stem + type.charAt(0).toUpperCase() + type.slice(1) : name;

interface Table {
  readonly children: ReadonlyMap<string, Child>;
  readonly members: ReadonlyMap<string, JsonMember>;
}

/** As many as the definitions have elements with children: a few hundred. */
const tables = new Map<string, Table>();

function tableOf(scope: Scope): Table {
  const key = `${scope.type}.${scope.path}`;
  const known = tables.get(key);
  if (known) return known;
  const children = readChildren(scope);
  const members = new Map<string, JsonMember>();
  for (const child of children.values()) {
    for (const type of child.types) members.set(jsonName(child, type), { child, type });
  }
  const table = { children, members };
  // Scopes come from definitions that clients post too; only those that exist are kept.
  if (children !== ELEMENT) tables.set(key, table);
  return table;
}

function readChildren({ type, path }: Scope): ReadonlyMap<string, Child> {
  const rows = isKnownType(type) ? DEFINITIONS.elements[type] : undefined;
  if (!rows) return ELEMENT;
  const prefix = path === '' ? '' : `${path}.`;
  const children = new Map<string, Child>();
  for (const [key, row] of Object.entries(rows)) {
    if (!key.startsWith(prefix) || key.indexOf('.', prefix.length) >= 0) continue;
    const name = key.slice(prefix.length);
    const [only] = row.types;
    const isBackbone = row.types.length === 1 && (only === 'BackboneElement' || only === 'Element');
    children.set(name, {
      name,
      stem: name.replace('[x]', ''),
      // Content that is defined elsewhere in the type is a backbone element.
      types: row.same === undefined ? row.types : ['BackboneElement'],
      list: row.list === true,
      scope:
        row.same !== undefined
          ? { type, path: row.same }
          : isBackbone
            ? { type, path: key }
            : { type: only ?? '', path: '' },
    });
  }
  return children.size === 0 ? ELEMENT : children;
}
