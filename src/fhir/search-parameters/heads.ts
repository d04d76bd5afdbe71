import type { Node } from './expression.ts';

/** A member of a resource that an expression begins at. `typed`: it may be a choice, with the name of a type behind it in the JSON. */
export interface Head {
  name: string;
  typed: boolean;
}

/**
 * The members of a resource of a type that an expression begins at: where it has none of them the expression finds nothing. Undefined where
 * that cannot be said: of what looks at the whole resource, and of conditions, which are false where nothing is.
 */
export function headsOf(node: Node, type: string): readonly Head[] | undefined {
  switch (node.kind) {
    case 'name':
      if (node.base && !isRoot(node.base, type)) return headsOf(node.base, type);
      return isRoot(node, type) ? undefined : [{ name: node.name, typed: true }];
    case 'at':
      return headsOf(node.base, type);
    case 'literal':
      return undefined;
    case 'operation':
      if (node.operator === 'as') return cast(node.left, node.right, type);
      return node.operator === '|' ? both(headsOf(node.left, type), headsOf(node.right, type)) : undefined;
    case 'call': {
      const { name, args, base } = node;
      const [argument] = args;
      if (!base) return undefined;
      if (argument && (name === 'as' || name === 'ofType')) return cast(base, argument, type);
      if (name === 'extension') return isRoot(base, type) ? [{ name, typed: false }] : headsOf(base, type);
      return name === 'where' || name === 'first' ? headsOf(base, type) : undefined;
    }
  }
}

/** Whether a member of a resource is one that an expression begins at. */
export const isHead = ({ name, typed }: Head, member: string): boolean =>
  name === member || (typed && member.startsWith(name) && TYPED.test(member.slice(name.length)));

const TYPED = /^[A-Z][A-Za-z]+$/;

/** Of a choice at the top the one member that has this type in its name; and the name itself, where it is no choice. */
function cast(base: Node, wanted: Node, type: string): readonly Head[] | undefined {
  const heads = headsOf(base, type);
  const isTop = base.kind === 'name' && (!base.base || isRoot(base.base, type));
  if (!isTop || wanted.kind !== 'name') return heads;
  const suffix = wanted.name.charAt(0).toUpperCase() + wanted.name.slice(1);
  return heads?.flatMap(({ name }) => [
    { name, typed: false },
    { name: name + suffix, typed: false },
  ]);
}

const both = (left: readonly Head[] | undefined, right: readonly Head[] | undefined): readonly Head[] | undefined =>
  left && right && [...left, ...right];

/** What stands for the resource itself. */
const isRoot = (node: Node, type: string): boolean =>
  node.kind === 'name' && !node.base && (node.name === type || ROOTS.has(node.name));

const ROOTS = new Set(['$this', 'Resource', 'DomainResource']);
