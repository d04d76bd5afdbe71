import type { Property } from './property.ts';
import type { Scale } from './scales.ts';
import type { Node } from './syntax.ts';

/**
 * What a part of a condition leaves of what the finding can be: `%finding.system = 'pro-ctcae'` leaves the terms of that system, so that
 * `%finding.grade >= 4` beside it can be told to be always false. What it says of anything else leaves all.
 */
export function narrowed(node: Node, among: readonly Scale[]): readonly Scale[] {
  const [first, second] = node.children ?? [];
  if (!first) return among;
  switch (node.type) {
    case 'EntireExpression':
    case 'TermExpression':
    case 'ParenthesizedTerm':
      return narrowed(first, among);
    case 'AndExpression':
      return second ? narrowed(second, narrowed(first, among)) : among;
    case 'OrExpression': {
      if (!second || node.text !== 'or') return among;
      const either = new Set([...narrowed(first, among), ...narrowed(second, among)]);
      return either.size === among.length ? among : among.filter((scale) => either.has(scale));
    }
    case 'EqualityExpression': {
      const told = second && (equality(first, second) ?? equality(second, first));
      if (!told) return among;
      return among.filter((scale) => (scale[told.of] === told.value) === (node.text === '='));
    }
    default:
      return among;
  }
}

/** The values or the range that a property can have of what is left; as they are where it depends on nothing of it. */
export function propertyAmong(
  path: string,
  { values, range, least }: Property,
  among: readonly Scale[],
): Pick<Property, 'values' | 'range'> {
  const of = identity(path);
  if (of) return { values: [...new Set(among.map((scale) => scale[of]))] };
  if (range && GRADES.has(path) && among.length > 0) {
    const highest = among.reduce((most, scale) => Math.max(most, scale.highest), 0);
    return { range: [range[0], Math.min(range[1], highest)] };
  }
  return { values, range: range ?? (least === undefined ? undefined : [least, Number.POSITIVE_INFINITY]) };
}

/** Grades of the term of the finding, on its scale. */
const GRADES = new Set([
  ...['%finding.grade', '%finding.min', '%finding.max'],
  ...['%episode.grade', '%episode.min', '%episode.max', '%episode.openingLevel'],
  ...['%previous.grade', '%baseline.grade', '%expected.level'],
  ...[2, 3, 4, 5, 6].map((m) => `%last${m}.worst`),
]);

type Identity = 'system' | 'version' | 'kind' | 'term';

function identity(path: string): Identity | undefined {
  const name = path.startsWith('%finding.') ? path.slice('%finding.'.length) : '';
  return IDENTITY.find((one) => one === name);
}

const IDENTITY: readonly Identity[] = ['system', 'version', 'kind', 'term'];

/** `%finding.kind` beside a string, and which. */
function equality(path: Node, literal: Node): { of: Identity; value: string } | undefined {
  const of = identity(pathOf(path) ?? '');
  const value = stringOf(literal);
  return of && value !== undefined ? { of, value } : undefined;
}

/** A variable or property as it is written, `%finding.grade`; undefined for anything else. */
export function pathOf(node: Node): string | undefined {
  const [first, second] = node.children ?? [];
  if (node.type === 'TermExpression' && first) return pathOf(first);
  if (node.type === 'ExternalConstantTerm') return `%${node.text}`;
  if (node.type !== 'InvocationExpression' || !first || second?.type !== 'MemberInvocation') return undefined;
  return `${pathOf(first) ?? ''}.${second.text}`;
}

/** The string, or the number, that stands there by itself; undefined for anything else. */
export function stringOf(node: Node): string | undefined {
  const [first] = node.children ?? [];
  if (node.type === 'TermExpression' && first) return stringOf(first);
  const text = first?.text ?? node.text;
  return node.type === 'LiteralTerm' && first?.type === 'StringLiteral' ? text?.slice(1, -1) : undefined;
}

export function numberOf(node: Node): number | undefined {
  const [first] = node.children ?? [];
  if ((node.type === 'TermExpression' || node.type === 'ParenthesizedTerm') && first) return numberOf(first);
  if (node.type === 'PolarityExpression' && first) {
    const number = numberOf(first);
    return number !== undefined && node.text === '-' ? 0 - number : number;
  }
  return node.type === 'LiteralTerm' && first?.type === 'NumberLiteral' ? Number(first.text ?? node.text) : undefined;
}
