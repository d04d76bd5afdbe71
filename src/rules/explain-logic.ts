import { type Comparison, madeOf } from './policy/comparisons.ts';
import { type Node, parse } from './policy/syntax.ts';

/** True, false, or what cannot be told. */
export type Truth = boolean | 'undecided';

/** A comparison as its condition asks for it. */
export interface Reason {
  comparison: Comparison;
  /** It stands under a `not()`, or before an `implies`: the condition asks for its opposite. */
  negated: boolean;
  /** What is asked for, the opposite where it is negated. */
  value: Truth;
}

/** What a condition joins, with every `not()` brought down to the comparisons and `implies` written as an `or`. */
export type Logic =
  | ({ kind: 'leaf' } & Reason)
  | { kind: 'all' | 'any' | 'one'; of: readonly [Logic, Logic]; value: Truth };

/**
 * How a checked condition joins its comparisons, which are given in the order in which they are written; undefined where they are not those
 * of the condition. Source: FHIRPath N1 (v2.0.0), grammar and boolean logic.
 */
export function logicOf(condition: string, comparisons: readonly Comparison[]): Logic | undefined {
  const parsed = parse(condition);
  if ('fault' in parsed) return undefined;
  const left = [...comparisons];
  const logic = joined(parsed.tree, false, left);
  return left.length === 0 ? logic : undefined;
}

/**
 * The comparisons that make a condition what it is: of what `and` joins all where it is true, else those that fail; of what `or` joins those
 * that hold, with what cannot be told beside them, or all where none does. Where one that `isFilter` keeps an `and` from being true, it alone:
 * the rest is about something else.
 */
export function reasonsOf(logic: Logic, isFilter: (reason: Reason) => boolean): readonly Reason[] {
  if (logic.kind === 'leaf') return [logic];
  const { kind, of, value } = logic;
  const parts = of.filter((part) => speaks(kind, value, part)).map((part) => reasonsOf(part, isFilter));
  const elsewhere = kind === 'all' && value === false ? parts.find((reasons) => reasons.every(isFilter)) : undefined;
  return elsewhere ?? parts.flat();
}

function speaks(kind: Exclude<Logic['kind'], 'leaf'>, whole: Truth, { value }: Logic): boolean {
  if (kind === 'one' && whole !== 'undecided') return true;
  return value === whole || (kind === 'any' && whole === true && value === 'undecided');
}

/** Takes the comparisons of a node from the front of what is left of them. */
function joined(node: Node, negated: boolean, left: Comparison[]): Logic | undefined {
  const made = madeOf(node);
  switch (made.kind) {
    case 'around':
      return joined(made.of[0], negated, left);
    case 'negation':
      return joined(made.of[0], !negated, left);
    case 'joined':
      return pair(node, made.of, negated, left);
    case 'comparison': {
      const comparison = left.shift();
      return comparison && { kind: 'leaf', comparison, negated, value: turned(comparison.value, negated) };
    }
  }
}

function pair(
  { type, text }: Node,
  [first, second]: readonly [Node, Node],
  negated: boolean,
  left: Comparison[],
): Logic | undefined {
  const isOne = text === 'xor';
  const one = joined(first, !isOne && negated !== (type === 'ImpliesExpression'), left);
  const other = joined(second, !isOne && negated, left);
  if (!one || !other) return undefined;
  const of = [one, other] as const;
  if (isOne) return { kind: 'one', of, value: turned(either(one.value, other.value), negated) };
  const kind = (type === 'AndExpression') === negated ? 'any' : 'all';
  return { kind, of, value: deciding(kind === 'any', of) };
}

const turned = (value: Truth, negated: boolean): Truth => (negated && value !== 'undecided' ? !value : value);

const either = (one: Truth, other: Truth): Truth =>
  one === 'undecided' || other === 'undecided' ? 'undecided' : one !== other;

/** One part that decides is enough (`decides`: true of `or`, false of `and`); else one that cannot be told leaves the whole so. */
function deciding(decides: boolean, of: readonly Logic[]): Truth {
  if (of.some(({ value }) => value === decides)) return decides;
  return of.some(({ value }) => value === 'undecided') ? 'undecided' : !decides;
}
