import type { ScalarType } from '../policy-language.ts';
import { nearMatch } from './near-match.ts';
import type { ExpressionFault, Node } from './syntax.ts';

/** What is known of a part of an expression before it runs. */
export interface Checked {
  type: ScalarType | 'decimal' | 'duration' | 'object';
  /** Of an object variable: its name without the percent sign. */
  name?: string;
  /** Of a variable or property: how it is written. */
  path?: string;
  literal?: boolean;
  /** All strings that it can be. */
  values?: readonly string[];
  /** Lowest and highest number that it can be. */
  range?: readonly [number, number];
}

/** Notes a fault; gives `undefined` so that a check can end with it. `runs`: it keeps no condition from running. */
export type Judge = (
  node: Node,
  code: ExpressionFault['code'],
  message: string,
  more?: Pick<ExpressionFault, 'runs'>,
) => undefined;

const RUNS = { runs: true } as const;

/** The type of `a operator b`, or a fault: wrong types, or a comparison that can only come out one way. */
export function compare(node: Node, a: Checked, b: Checked, judge: Judge): Checked | undefined {
  const sign = node.text ?? '';
  switch (node.type) {
    case 'AdditiveExpression':
    case 'MultiplicativeExpression':
      return arithmetic(node, sign, a, b, judge);
    case 'EqualityExpression':
      if (!comparable(a, b) || a.type === 'object') return mismatch(node, sign, a, b, judge);
      return constant(node, sign, a, b, judge);
    case 'InequalityExpression':
      if (!comparable(a, b) || !ORDERED.has(a.type)) return mismatch(node, sign, a, b, judge);
      return constant(node, sign, a, b, judge);
    default:
      return a.type === 'boolean' && b.type === 'boolean' ? { type: 'boolean' } : mismatch(node, sign, a, b, judge);
  }
}

/** A number as it is written. */
export function numberLiteral(text: string): Checked {
  const value = Number(text);
  return { type: /^\d+$/.test(text) ? 'integer' : 'decimal', literal: true, range: [value, value] };
}

/**
 * A whole date, or a date-time to the second with a zone. A partial one, or one that does not exist, would make the
 * condition undecided for ever; one without a zone would mean another moment on another machine.
 */
export function dateLiteral(node: Node, type: string, text: string, judge: Judge): Checked | undefined {
  const day = text.slice(1, 11);
  const exists = new Date(`${day}T00:00:00Z`);
  const real = !Number.isNaN(exists.getTime()) && exists.toISOString().startsWith(day);
  if (type === 'DateLiteral') {
    if (!/^@\d{4}-\d\d-\d\d$/.test(text))
      return judge(node, 'value', `"${text}": write a whole date, as in @2026-01-31`);
    return real ? { type: 'date', literal: true } : judge(node, 'value', `"${text}" is no date of the calendar`);
  }
  if (!/^@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) {
    return judge(node, 'value', `"${text}": write a date-time to the second with a zone, as in @2026-01-31T08:00:00Z`);
  }
  if (real && !Number.isNaN(Date.parse(text.slice(1)))) return { type: 'dateTime', literal: true };
  return judge(node, 'value', `"${text}" is no moment of the calendar`);
}

const ORDERED = new Set<Checked['type']>(['integer', 'decimal', 'date', 'dateTime']);

const isNumber = ({ type }: Checked): boolean => type === 'integer' || type === 'decimal';

const comparable = (a: Checked, b: Checked): boolean => (isNumber(a) && isNumber(b)) || a.type === b.type;

function mismatch(node: Node, sign: string, a: Checked, b: Checked, judge: Judge): undefined {
  return judge(node, 'value', `"${sign}" cannot join ${described(a)} and ${described(b)}`);
}

function described({ type, path, name }: Checked): string {
  if (name) return `%${name}, which has properties but no value`;
  return path ? `${path} (${type})` : `a value of type ${type}`;
}

/**
 * Numbers, or a date with a duration. Not a date-time with a duration: the evaluator's answer depends there on the time
 * zone of the machine (fhirpath 5.2.0, over a change to summer time).
 */
function arithmetic(node: Node, sign: string, a: Checked, b: Checked, judge: Judge): Checked | undefined {
  if (isNumber(a) && isNumber(b)) {
    if (sign === '/' && b.range?.[0] === 0 && b.range[1] === 0) {
      judge(node, 'value', 'nothing can be divided by 0: the condition would never be true', RUNS);
      return { type: 'decimal' };
    }
    const type = a.type === 'integer' && b.type === 'integer' && sign !== '/' ? 'integer' : 'decimal';
    return { type, range: rangeOf(sign, a.range, b.range), literal: a.literal === true && b.literal === true };
  }
  if (node.type === 'AdditiveExpression' && a.type === 'date' && b.type === 'duration')
    return { type: 'date', literal: a.literal };
  return mismatch(node, sign, a, b, judge);
}

/** What two ranges make: each operation falls or rises with each side, so that the ends of the outcome are those of the ends. */
function rangeOf(sign: string, a: Checked['range'], b: Checked['range']): Checked['range'] {
  if (!a || !b) return undefined;
  if (sign === '+') return [a[0] + b[0], a[1] + b[1]];
  if (sign === '-') return [a[0] - b[1], a[1] - b[0]];
  // Around 0 a quotient has no ends.
  if (sign === '/' && b[0] !== b[1]) return undefined;
  const ends = a.flatMap((one) => b.map((other) => (sign === '/' ? one / other : times(one, other))));
  return [Math.min(...ends), Math.max(...ends)];
}

/** Nothing times however much is nothing. */
const times = (one: number, other: number): number => (one === 0 || other === 0 ? 0 : one * other);

/** A comparison that is true, or false, whatever a patient answers is a mistake: `%finding.grade >= 4` would never fire. It runs all the same. */
function constant(node: Node, sign: string, a: Checked, b: Checked, judge: Judge): Checked {
  const message = sameAlways(node, sign, a, b);
  if (message !== undefined) judge(node, 'value', message, RUNS);
  return { type: 'boolean' };
}

/** Why a comparison comes out the same whatever a patient answers; undefined where it may come out both ways. */
function sameAlways(node: Node, sign: string, a: Checked, b: Checked): string | undefined {
  if (a.literal && b.literal) {
    return `"${sign}" compares two constants, which come out the same whatever a patient answers`;
  }
  if (a.values && b.values && !a.values.some((value) => b.values?.includes(value))) {
    const [known, given] = b.literal ? [a, b] : [b, a];
    const near = nearMatch(given.values?.[0] ?? '', known.values ?? []);
    const hint = near ? `did you mean '${near}'?` : `it is one of ${known.values?.slice(0, 8).join(', ')}`;
    return `${known.path} is never '${given.values?.join("' or '")}'; ${hint}`;
  }
  const never = node.type === 'EqualityExpression' && (isBetween(a, b) || isBetween(b, a));
  const always = never ? sign === '!=' : a.range && b.range && settled(sign, a.range, b.range);
  return always === undefined ? undefined : `"${sign}" is always ${always} here: ${bounds(a)}, ${bounds(b)}`;
}

/** Whether one side is a whole number, and the other one that lies between two. */
function isBetween(whole: Checked, { range }: Checked): boolean {
  const [low = Number.NaN, high] = range ?? [];
  return whole.type === 'integer' && low === high && asCompared(low) !== asCompared(Math.round(low));
}

/**
 * A number as the evaluator (fhirpath 5.2.0) compares it: to 8 digits after the point, in units of the last. It calculates as we do, so that
 * ends which were rounded on the way are those that it comes to.
 */
const asCompared = (number: number): number => Math.round(number / 1e-8);

function settled(sign: string, one: readonly number[], other: readonly number[]): boolean | undefined {
  const [low = Number.NaN, high = Number.NaN] = one.map(asCompared);
  const [least = Number.NaN, most = Number.NaN] = other.map(asCompared);
  switch (sign) {
    case '<':
      return high < least ? true : low >= most ? false : undefined;
    case '<=':
      return high <= least ? true : low > most ? false : undefined;
    case '>':
      return settled('<', other, one);
    case '>=':
      return settled('<=', other, one);
    default:
      return high < least || most < low ? sign === '!=' : undefined;
  }
}

function bounds({ path, range, literal }: Checked): string {
  const what = path ?? (literal ? 'the number' : 'the other side');
  const [low, high] = range ?? [];
  if (range === undefined) return `${what} is a whole number`;
  if (high === Number.POSITIVE_INFINITY) return `${what} is at least ${low}`;
  return low === high ? `${what} is ${low}` : `${what} is ${low} to ${high}`;
}
