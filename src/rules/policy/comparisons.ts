import fhirpath from 'fhirpath';
import type { Context, Scalar } from '../policy-language.ts';
import { compileExpression, variablesOf } from './run-expression.ts';
import { type Node, parse } from './syntax.ts';

/** One comparison of a condition, with what stood on both sides of it. */
export interface Comparison {
  /** As a policy writes it: `%finding.grade >= %previous.grade + 2`. */
  expression: string;
  /** Absent where it is no comparison: `%previous.exists()`, `%finding.complete`. */
  operator?: string;
  /** One, or both sides of the operator. */
  operands: readonly Operand[];
  /** What it comes to by itself, whatever negates it. */
  value: boolean | 'undecided';
}

/** One side of a comparison. */
export interface Operand {
  expression: string;
  /** Absent where it is unknown. Dates and moments are texts. */
  value?: Scalar;
  /** The expression cut at its variables. */
  parts: readonly (string | Mentioned)[];
}

/** A variable or property, such as `%finding.grade`; `value` is absent where it is unknown. */
export interface Mentioned {
  mention: string;
  value?: Scalar;
}

/**
 * The comparisons of a checked condition in the order in which they are written, each with its own verdict: what `and`, `or`, `xor`,
 * `implies` and `not()` join is taken apart, what is compared is not. Empty for what cannot be parsed. Source: FHIRPath N1 (v2.0.0), grammar.
 */
export function comparisonsOf(condition: string, context: Context): readonly Comparison[] {
  const parsed = parse(condition);
  return 'fault' in parsed ? [] : leaves(parsed.tree).map((leaf) => comparison(leaf, context));
}

const LOGIC = new Set(['AndExpression', 'OrExpression', 'ImpliesExpression']);
const COMPARING = new Set(['EqualityExpression', 'InequalityExpression']);
const WRAPPERS = new Set(['EntireExpression', 'TermExpression', 'ParenthesizedTerm']);

/**
 * What a node of a condition is: something that stands around another, what is joined of two, what negates another, or a comparison. This alone says where a
 * comparison begins.
 */
export type Made =
  | { kind: 'around' | 'negation'; of: readonly [Node] }
  | { kind: 'joined'; of: readonly [Node, Node] }
  | { kind: 'comparison' };

export function madeOf(node: Node): Made {
  const [first, second] = node.children ?? [];
  if (!first) return { kind: 'comparison' };
  if (WRAPPERS.has(node.type)) return { kind: 'around', of: [first] };
  if (LOGIC.has(node.type) && second) return { kind: 'joined', of: [first, second] };
  const negates = node.type === 'InvocationExpression' && isNegation(second) && !isPath(first);
  return negates ? { kind: 'negation', of: [first] } : { kind: 'comparison' };
}

function leaves(node: Node): Node[] {
  const made = madeOf(node);
  return made.kind === 'comparison' ? [node] : made.of.flatMap(leaves);
}

const isNegation = (node: Node | undefined): boolean => node?.type === 'FunctionInvocation' && nameOf(node) === 'not';

const nameOf = (node: Node): string => node.text ?? node.children?.[0]?.text ?? '';

/** Whether a node is a variable or a property of one: then `not()` belongs to what is asked. */
function isPath(node: Node): boolean {
  const [first, second] = node.children ?? [];
  if (WRAPPERS.has(node.type) && first) return isPath(first);
  return node.type === 'ExternalConstantTerm' || second?.type === 'MemberInvocation';
}

function comparison(node: Node, context: Context): Comparison {
  const expression = written(node);
  const compares = COMPARING.has(node.type);
  const sides = compares ? (node.children ?? []) : [node];
  const { value } = compileExpression(expression, mentionsOf(node)).run(context);
  return {
    expression,
    ...(compares && node.text ? { operator: node.text } : {}),
    operands: sides.map((side) => operand(side, context)),
    value,
  };
}

function operand(node: Node, context: Context): Operand {
  const expression = written(node);
  const value = valueIn(expression, mentionsOf(node), context);
  return {
    expression,
    ...(value === undefined ? {} : { value }),
    parts: cut(node).map((part) => {
      if (!part.startsWith('%')) return part;
      const known = valueIn(part, [part], context);
      return { mention: part, ...(known === undefined ? {} : { value: known }) };
    }),
  };
}

/** The one value of an expression; undefined where there is none, or where it cannot be told. */
function valueIn(expression: string, mentions: readonly string[], context: Context): Scalar | undefined {
  try {
    const [value]: unknown[] = fhirpath.evaluate({}, expression, variablesOf(mentions, context), undefined, {
      async: false,
    });
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
  } catch {
    return undefined; // as in the condition itself, where it then is undecided
  }
}

const mentionsOf = (node: Node): string[] => [...new Set(cut(node).filter((part) => part.startsWith('%')))];

const written = (node: Node): string => cut(node).join('');

/** The text of a node, cut so that each variable with its property is a piece of its own. */
function cut(node: Node): string[] {
  const [first, second] = node.children ?? [];
  switch (node.type) {
    case 'ParenthesizedTerm':
      return first ? joined(['(', ...cut(first), ')']) : [];
    case 'ExternalConstantTerm':
      return [`%${node.text}`];
    case 'LiteralTerm':
      // The tree leaves out the space between a number and its unit.
      return [first?.unit === undefined ? (node.text ?? first?.text ?? '') : `${first.value} ${first.unit}`];
    case 'PolarityExpression':
      return first ? joined([node.text ?? '', ...cut(first)]) : [];
    case 'InvocationExpression':
      return first && second ? invoked(cut(first), second) : [];
    default:
      if (!first || !second) return first ? cut(first) : [node.text ?? ''];
      return joined([...cut(first), ` ${node.text} `, ...cut(second)]);
  }
}

function invoked(target: string[], invocation: Node): string[] {
  const name = nameOf(invocation);
  if (invocation.type === 'FunctionInvocation') return joined([...target, `.${name}()`]);
  return [...target.slice(0, -1), `${target.at(-1) ?? ''}.${name}`];
}

/** Neighbouring pieces that are no variables become one. */
function joined(parts: readonly string[]): string[] {
  const all: string[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (last !== undefined && !last.startsWith('%') && !part.startsWith('%')) all[all.length - 1] = last + part;
    else all.push(part);
  }
  return all;
}
