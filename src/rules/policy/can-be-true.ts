import type { Finding } from '../finding.ts';
import { functionName } from './check-expression.ts';
import { between, comparedWith, type Interval, isAbove, isEmpty, ofWholes, overlap, span } from './intervals.ts';
import { narrowed, numberOf, pathOf, propertyAmong, stringOf } from './narrowing.ts';
import { propertyOf } from './run-expression.ts';
import type { Scale } from './scales.ts';
import type { Node } from './syntax.ts';

/** What has to be so where a part of a condition is true. Of what is not in it nothing is known. */
interface Known {
  /** The scales that the finding can be on. */
  among: readonly Scale[];
  /** By path: the numbers that it can be. */
  numbers: ReadonlyMap<string, Interval>;
  /** By path: the strings that it can be. */
  words: ReadonlyMap<string, readonly string[]>;
}

/** Or the part by which nothing is left. */
type Told = Known | { fails: Node };

/**
 * The part by which a condition can never be true of a finding on one of these scales; undefined where it may be. Of a comparison it is looked
 * at which terms have what it asks, and which values it leaves beside what else has to be so; what is negated, and what stands in an `xor` or an
 * `implies`, is taken for possible. So a condition that can be true is never told.
 */
export function neverTrue(condition: Node, among: readonly Scale[]): Node | undefined {
  const told: Told =
    among.length === 0 ? { fails: condition } : whenTrue(condition, { among, numbers: new Map(), words: new Map() });
  return 'fails' in told ? told.fails : undefined;
}

function whenTrue(node: Node, known: Known): Told {
  const [first, second] = node.children ?? [];
  if (!first) return known;
  switch (node.type) {
    case 'EntireExpression':
    case 'TermExpression':
    case 'ParenthesizedTerm':
      return whenTrue(first, known);
    case 'AndExpression': {
      const told = whenTrue(first, known);
      return 'fails' in told || !second ? told : whenTrue(second, told);
    }
    case 'OrExpression':
      return second && node.text === 'or' ? eitherTrue(node, whenTrue(first, known), whenTrue(second, known)) : known;
    case 'EqualityExpression':
    case 'InequalityExpression':
      return second ? whenCompared(node, [first, second], known) : known;
    case 'InvocationExpression':
      return functionName(second) === 'exists' ? whenThere(node, needed(first), known) : known;
    default:
      return known;
  }
}

function eitherTrue(node: Node, one: Told, other: Told): Told {
  if ('fails' in one) return 'fails' in other ? { fails: node } : other;
  if ('fails' in other) return one;
  const scales = new Set([...one.among, ...other.among]);
  return {
    among: [...scales],
    numbers: inBoth(one.numbers, other.numbers, span),
    words: inBoth(one.words, other.words, (a, b) => [...new Set([...a, ...b])]),
  };
}

function inBoth<T>(one: ReadonlyMap<string, T>, other: ReadonlyMap<string, T>, join: (a: T, b: T) => T) {
  const joined = new Map<string, T>();
  for (const [path, a] of one) {
    const b = other.get(path);
    if (b !== undefined) joined.set(path, join(a, b));
  }
  return joined;
}

/** A comparison with an absent side is undecided: both are there, and compare so. */
function whenCompared(node: Node, [left, right]: readonly [Node, Node], known: Known): Told {
  const there = whenThere(node, [...needed(left), ...needed(right)], known);
  if ('fails' in there) return there;
  const among = narrowed(node, there.among);
  if (among.length === 0) return { fails: node };
  const told: Known = { ...there, among };
  const sign = node.text ?? '';
  const [a, b] = [pathOf(left), pathOf(right)];
  if (a !== undefined && b === undefined) return whenBeside(node, { path: a, sign, constant: right }, told);
  if (b !== undefined && a === undefined)
    return whenBeside(node, { path: b, sign: TURNED[sign] ?? sign, constant: left }, told);
  return told;
}

const TURNED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** A property stands beside something else: a number, a word, or what nothing is known of. */
function whenBeside(
  node: Node,
  { path, sign, constant }: { path: string; sign: string; constant: Node },
  known: Known,
): Told {
  const number = numberOf(constant);
  if (number !== undefined) return withNumber(node, path, comparedWith(sign, number), known);
  const word = stringOf(constant);
  return word === undefined ? known : withWord(node, { path, sign, word }, known);
}

function withNumber(node: Node, path: string, given: Interval, known: Known): Told {
  const property = propertyOf(path);
  if (!property) return known;
  const narrower = overlap(known.numbers.get(path) ?? between(undefined), given);
  const left = property.type === 'integer' ? ofWholes(narrower) : narrower;
  const among = known.among.filter(
    (scale) => !isEmpty(overlap(left, between(propertyAmong(path, property, [scale]).range))),
  );
  const numbers = new Map(known.numbers).set(path, left);
  const isAgainst = ORDERED.some(([low, high]) => {
    const [one, other] = [numbers.get(low), numbers.get(high)];
    return one !== undefined && other !== undefined && isAbove(one, other);
  });
  return among.length === 0 || isEmpty(left) || isAgainst ? { fails: node } : { ...known, among, numbers };
}

/** Of two properties that are both there the first is never above the second: where a grade is known, it is the lowest and the highest too. */
const ORDERED: readonly (readonly [string, string])[] = ['%finding', '%episode'].flatMap((of) => {
  const [grade, min, max] = [`${of}.grade`, `${of}.min`, `${of}.max`] as const;
  return [
    [min, max] as const,
    [min, grade] as const,
    [grade, min] as const,
    [grade, max] as const,
    [max, grade] as const,
  ];
});

function withWord(node: Node, { path, sign, word }: { path: string; sign: string; word: string }, known: Known): Told {
  const before = known.words.get(path) ?? propertyOf(path)?.values;
  const left = sign === '=' ? (before?.includes(word) === false ? [] : [word]) : before?.filter((one) => one !== word);
  if (left?.length === 0) return { fails: node };
  return left === undefined ? known : { ...known, words: new Map(known.words).set(path, left) };
}

/** Terms that have none of what has to be there are left out. */
function whenThere(node: Node, paths: readonly string[], known: Known): Told {
  const among = known.among.filter((scale) => paths.every((path) => HAD_BY[path]?.(scale) ?? true));
  return among.length === 0 ? { fails: node } : { ...known, among };
}

/** What a value cannot be told without: variables and properties, also within a sum or a product, and not within a call. */
function needed(node: Node): readonly string[] {
  const path = pathOf(node);
  if (path !== undefined) return [path];
  return CALCULATES.has(node.type) ? (node.children ?? []).flatMap(needed) : [];
}

const CALCULATES = new Set([
  'TermExpression',
  'ParenthesizedTerm',
  'AdditiveExpression',
  'MultiplicativeExpression',
  'PolarityExpression',
]);

type Had = (scale: Scale) => boolean;

const asked =
  (attribute: Scale['attributes'][number]): Had =>
  ({ attributes }) =>
    attributes.includes(attribute);
const ofSystem =
  (...systems: Finding['system'][]): Had =>
  ({ system }) =>
    systems.includes(system);
const ofTerm =
  (...terms: string[]): Had =>
  ({ term, system }) =>
    system === 'monitoring' && terms.includes(term);

/** Of which terms a property can be there at all; of every term where none is named. See Finding. */
const HAD_BY: Readonly<Record<string, Had>> = {
  '%finding.frequency': asked('frequency'),
  '%finding.severity': asked('severity'),
  '%finding.interference': asked('interference'),
  '%finding.amount': asked('amount'),
  '%finding.presence': asked('presence'),
  ...Object.fromEntries(
    ['value', 'unit', 'loinc', 'timesUpperLimit', 'timesLowerLimit', 'timesBaseline'].map((name) => [
      `%finding.${name}`,
      ofSystem('ctcae', 'emergency'),
    ]),
  ),
  '%finding.answeringTime': ofTerm('implausibly-fast'),
  ...Object.fromEntries(
    ['items', 'distinctAnswers', 'highestAnswer'].map((name) => [
      `%finding.${name}`,
      ofTerm('implausibly-fast', 'straight-lined'),
    ]),
  ),
};
