import { elementOf } from '../definitions.ts';
import { ExpressionError, type Node } from './expression.ts';
import type { Element } from './param.ts';
import { isObject, refersTo } from './references.ts';

/** A walk from one element: adds to `out` what it finds. */
export type Step = (element: Element, out: Element[]) => void;

/** Where in the R4 definitions an element stands: a type, and the path within it (empty for the whole). */
export interface Place {
  type: string;
  path: string;
}

/** A compiled expression: what it walks, and where that leads; places are unknown beyond what R4 defines. */
export interface Walk {
  step: Step;
  places: readonly Place[] | undefined;
}

/** What the walk begins at: a resource of a type, or an element of a composite. */
export interface Start {
  /** The type by which an expression may begin; also Resource and DomainResource do. */
  type?: string;
  places: readonly Place[] | undefined;
}

/**
 * Alternatives of an expression that speak of a type: R4 writes one expression for all the types that share a parameter.
 * An expression in parentheses with a path behind them is divided too: `(A | B).x` is `A.x | B.x`.
 */
export function alternatives(node: Node, type: string): Node[] {
  return divided(node).filter((part) => {
    const root = rootOf(part);
    return root === undefined || root === type || root === 'Resource' || root === 'DomainResource';
  });
}

/** Compiles one alternative. Throws ExpressionError for elements that R4 does not define and for functions that are not walked here. */
export function compileWalk(node: Node, start: Start): Walk {
  switch (node.kind) {
    case 'name':
      return node.base ? named(node.name, compileWalk(node.base, start)) : rooted(node.name, start);
    case 'at':
      return indexed(compileWalk(node.base, start), node.index);
    case 'literal':
      throw new ExpressionError('a value stands where a path belongs');
    case 'operation':
      if (node.operator === 'as') return cast(node.left, typeName(node.right), start);
      if (node.operator === '|') return joined(divided(node).map((part) => compileWalk(part, start)));
      return truth(node, start);
    case 'call':
      return called(node, start);
  }
}

/** Whether a union, on whatever level: its parts, with what follows it on each. */
function divided(node: Node): Node[] {
  switch (node.kind) {
    case 'operation':
      if (node.operator === '|') return [...divided(node.left), ...divided(node.right)];
      if (node.operator === 'as') return divided(node.left).map((left) => ({ ...node, left }));
      return [node];
    case 'name':
    case 'call':
    case 'at':
      return node.base ? divided(node.base).map((base) => ({ ...node, base })) : [node];
    case 'literal':
      return [node];
  }
}

/** The type that a path begins with: names of types begin with a capital. */
function rootOf(node: Node): string | undefined {
  switch (node.kind) {
    case 'name':
      if (node.base) return rootOf(node.base);
      return /^[A-Z]/.test(node.name) ? node.name : undefined;
    case 'call':
    case 'at':
      return node.base && rootOf(node.base);
    case 'operation':
      return rootOf(node.left);
    case 'literal':
      return undefined;
  }
}

const SAME: Step = (element, out) => {
  out.push(element);
};

function rooted(name: string, { type, places }: Start): Walk {
  const itself = name === '$this' || (type !== undefined && ROOTS.has(name)) || name === type;
  return itself ? { step: SAME, places } : named(name, { step: SAME, places });
}

const ROOTS = new Set(['Resource', 'DomainResource']);

function named(name: string, base: Walk): Walk {
  const { choice, places } = below(base.places, name);
  const step: Step =
    choice === undefined
      ? ({ value }, out) => either(value, name, out)
      : choice
        ? ({ value }, out) => chosen(value, name, out)
        : ({ value }, out) => {
            if (isObject(value) && value[name] !== undefined) open(name, value[name], out);
          };
  return { step: after(base.step, step), places };
}

/** Whether an element is a choice (undefined where R4 does not say), and where it leads. */
function below(
  places: readonly Place[] | undefined,
  name: string,
): { choice?: boolean; places: readonly Place[] | undefined } {
  if (!places || places.some(({ type }) => OPEN.has(type))) return { places: undefined };
  const found: Place[] = [];
  let choice: boolean | undefined;
  for (const { type, path } of places) {
    const at = path ? `${path}.${name}` : name;
    const plain = elementOf(type, at);
    const row = plain ?? elementOf(type, `${at}[x]`);
    if (!row) continue;
    choice = !plain;
    const here = plain ? at : `${at}[x]`;
    if (row.same !== undefined) found.push({ type, path: row.same });
    for (const one of row.types) found.push(INLINE.has(one) ? { type, path: here } : { type: one, path: '' });
  }
  if (choice === undefined) {
    throw new ExpressionError(
      `${places.map(({ type, path }) => (path ? `${type}.${path}` : type)).join(', ')} has no element ${name}`,
    );
  }
  return { choice, places: found };
}

const INLINE = new Set(['BackboneElement', 'Element']);
/** Types whose content R4 does not fix. */
const OPEN = new Set(['Resource', 'DomainResource']);

function called({ name, args, base }: Extract<Node, { kind: 'call' }>, start: Start): Walk {
  const [argument] = args;
  if (name === 'exists' && base && !argument) return truth({ kind: 'call', name, args, base }, start);
  if ((name === 'as' || name === 'ofType') && base && argument) return cast(base, typeName(argument), start);
  const under: Walk = base ? compileWalk(base, start) : { step: SAME, places: start.places };
  if (name === 'where' && argument) {
    const holds = predicate(argument, { places: under.places });
    return { step: after(under.step, keep(holds)), places: under.places };
  }
  if (name === 'extension' && argument?.kind === 'literal') {
    const extension = named('extension', under);
    const url = argument.value;
    return {
      ...extension,
      step: after(
        extension.step,
        keep(({ value }) => isObject(value) && value.url === url),
      ),
    };
  }
  if (name === 'first' && !argument) return indexed(under, 0);
  throw new ExpressionError(`the function ${name}() is not one that search parameters are indexed by here`);
}

function indexed(walk: Walk, index: number): Walk {
  return {
    places: walk.places,
    step: (element, out) => {
      const all: Element[] = [];
      walk.step(element, all);
      const one = all[index];
      if (one) out.push(one);
    },
  };
}

function joined(walks: readonly Walk[]): Walk {
  const places = walks.flatMap((walk) => walk.places ?? []);
  return {
    places: walks.every((walk) => walk.places) ? places : undefined,
    step: (element, out) => {
      for (const { step } of walks) step(element, out);
    },
  };
}

/** Keeps those of a type. A choice has it in its JSON name; what is of that type anyway stays. */
function cast(base: Node, type: string, start: Start): Walk {
  const walk = compileWalk(base, start);
  const wanted = type.charAt(0).toLowerCase() + type.slice(1);
  const places = walk.places?.filter((place) => place.path === '' && sameType(place.type, type));
  if (walk.places && places?.length === 0) {
    throw new ExpressionError(`nothing there is a ${type}`);
  }
  if (walk.places && places?.length === walk.places.length) return walk;
  const suffix = wanted.charAt(0).toUpperCase() + wanted.slice(1);
  const choice = base.kind === 'name' ? base.name + suffix : undefined;
  const fits = (name: string): boolean => (choice === undefined ? name.endsWith(suffix) : name === choice);
  return {
    places,
    step: after(
      walk.step,
      keep(({ name }) => fits(name)),
    ),
  };
}

/** R4's own expressions write DateTime for dateTime. */
const sameType = (one: string, other: string): boolean =>
  one.charAt(0).toLowerCase() + one.slice(1) === other.charAt(0).toLowerCase() + other.slice(1);

function typeName(node: Node): string {
  if (node.kind === 'name' && (!node.base || (node.base.kind === 'name' && /^(?:FHIR|System)$/.test(node.base.name)))) {
    return node.name;
  }
  throw new ExpressionError('the name of a type belongs behind as, is and ofType');
}

/** A condition as one element, true or false. */
function truth(node: Node, start: Start): Walk {
  const holds = predicate(node, start);
  return {
    places: [{ type: 'boolean', path: '' }],
    step: (element, out) => {
      out.push({ name: 'valueBoolean', value: holds(element) });
    },
  };
}

function predicate(node: Node, start: Start): (element: Element) => boolean {
  if (node.kind === 'operation') {
    const { operator, left, right } = node;
    if (operator === 'and' || operator === 'or') {
      const [a, b] = [predicate(left, start), predicate(right, start)];
      return operator === 'and' ? (element) => a(element) && b(element) : (element) => a(element) || b(element);
    }
    if (operator === 'is' && left.kind === 'call' && left.name === 'resolve') {
      const type = typeName(right);
      const of = left.base ? compileWalk(left.base, start).step : SAME;
      return (element) => found(of, element).some(({ value }) => refersTo(value, type));
    }
    if ((operator === '=' || operator === '!=') && right.kind === 'literal') {
      const { step } = compileWalk(left, start);
      const wanted = right.value;
      return (element) => found(step, element).some(({ value }) => (value === wanted) === (operator === '='));
    }
  }
  if (node.kind === 'call' && node.name === 'exists' && node.base) {
    const { step } = compileWalk(node.base, start);
    const holds = node.args[0] ? predicate(node.args[0], { places: undefined }) : () => true;
    return (element) => found(step, element).some(holds);
  }
  throw new ExpressionError('a condition compares an element with a value, asks exists() or what resolve() is');
}

function found(step: Step, element: Element): Element[] {
  const out: Element[] = [];
  step(element, out);
  return out;
}

const keep =
  (wanted: (element: Element) => boolean): Step =>
  (element, out) => {
    if (wanted(element)) out.push(element);
  };

function after(first: Step, second: Step): Step {
  if (first === SAME) return second;
  return (element, out) => {
    const middle: Element[] = [];
    first(element, middle);
    for (const one of middle) second(one, out);
  };
}

/** What R4 does not define may be either. */
function either(value: unknown, key: string, out: Element[]): void {
  if (!isObject(value)) return;
  if (value[key] !== undefined) open(key, value[key], out);
  else chosen(value, key, out);
}

const TYPED = /^[A-Z][A-Za-z]+$/;

/** The value of a choice: under the name with a type behind it. */
function chosen(value: unknown, key: string, out: Element[]): void {
  if (!isObject(value)) return;
  for (const name in value) {
    if (name.length > key.length && name.startsWith(key) && TYPED.test(name.slice(key.length))) {
      open(name, value[name], out);
      return;
    }
  }
}

function open(name: string, value: unknown, out: Element[]): void {
  if (!Array.isArray(value)) out.push({ name, value });
  else for (const item of value) if (item !== null) out.push({ name, value: item });
}
