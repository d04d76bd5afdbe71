import { type Context, OBJECTS, type Property, type Scalar, VALUES } from '../../../src/rules/policy-language.ts';

export type Next = (below: number) => number;

/** A value that may be absent. */
export type Value = Scalar | undefined;

/** An expression, what it comes to by the tables of docs/policies.md, and the conditions that it is made of. */
export interface Made<V extends Value = Value> {
  text: string;
  run: (context: Context) => V | undefined;
  parts: readonly Made<boolean>[];
}

const PROPERTIES: readonly (readonly [string, Property])[] = [
  ...Object.entries(OBJECTS).flatMap(([name, { properties }]) =>
    Object.entries(properties)
      .filter(
        ([property]) => name !== 'symptoms' || ['PROCTCAE_9_COMP', 'PROCTCAE_5_COMP', 'anemia_5_0'].includes(property),
      )
      .map(([property, spec]) => [`%${name}.${property}`, spec] as const),
  ),
  ...Object.entries(VALUES).map(([name, spec]) => [`%${name}`, spec] as const),
];

const COMPARISONS = ['=', '!=', '<', '>', '<=', '>='] as const;
const NUMBERS = [0, 1, 2, 3, 4, 0.5, 1.5, 7] as const;

/** One of a list that is not empty. */
export function pick<T>(next: Next, list: readonly T[]): T {
  const found = list[next(list.length)];
  if (found === undefined) throw new RangeError('nothing to pick from');
  return found;
}

const of = (...types: Property['type'][]) => PROPERTIES.filter(([, { type }]) => types.includes(type));
const NUMERIC = of('integer', 'decimal');
const BOOLEAN = of('boolean');
const DATES = of('date').filter(([name]) => name !== '%patient.birthDate'); // it may be a year or a month
const NAMED = of('string').filter(([, { values }]) => values !== undefined);

/** A condition at most `depth` deep, over every variable there is. */
export function condition(next: Next, depth: number): Made<boolean> {
  const kind = next(depth > 0 ? 12 : 7);
  if (kind < 3) return comparison(next);
  if (kind === 3) {
    const [text, { get }] = pick(next, BOOLEAN);
    const run = (context: Context) => truth(get(context));
    return next(2)
      ? { text: `${text}.not()`, run: (context) => not(run(context)), parts: [] }
      : { text, run, parts: [] };
  }
  if (kind === 4) return presence(next);
  if (kind === 5) {
    const [text, { get, values = [] }] = pick(next, NAMED);
    const [value, operator] = [pick(next, values), pick(next, ['=', '!='] as const)];
    return {
      text: `${text} ${operator} '${value}'`,
      run: (context) => compare(operator, get(context), value),
      parts: [],
    };
  }
  if (kind === 6) {
    const [[one, a], [other, b]] = [pick(next, DATES), pick(next, DATES)];
    const [days, operator] = [next(20), pick(next, ['=', '<', '>='] as const)];
    return {
      text: `${one} + ${days} days ${operator} ${other}`,
      run: (context) => compare(operator, later(a.get(context), days), b.get(context)),
      parts: [],
    };
  }
  const a = condition(next, depth - 1);
  if (kind === 7) return { text: `(${a.text}).not()`, run: (context) => not(a.run(context)), parts: [a] };
  const b = condition(next, depth - 1);
  const operator = pick(next, ['and', 'and', 'or', 'xor', 'implies'] as const);
  return {
    text: `(${a.text}) ${operator} (${b.text})`,
    run: (context) => TABLES[operator](a.run(context), b.run(context)),
    parts: [a, b],
  };
}

/** The tables of three values. Source: FHIRPath N1 (v2.0.0), boolean logic. */
export const TABLES: Readonly<
  Record<'and' | 'or' | 'xor' | 'implies', (a?: boolean, b?: boolean) => boolean | undefined>
> = {
  and: (a, b) => (a === false || b === false ? false : a && b),
  or: (a, b) => (a || b ? true : a === undefined || b === undefined ? undefined : false),
  xor: (a, b) => (a === undefined || b === undefined ? undefined : a !== b),
  implies: (a, b) => (a === false || b === true ? true : a === undefined ? undefined : b),
};

const not = (value: boolean | undefined): boolean | undefined => (value === undefined ? undefined : !value);
const truth = (value: Value): boolean | undefined => (typeof value === 'boolean' ? value : undefined);
const number = (value: Value): number | undefined => (typeof value === 'number' ? value : undefined);

function comparison(next: Next): Made<boolean> {
  const [a, b, operator] = [arithmetic(next, 1), arithmetic(next, 1), pick(next, COMPARISONS)];
  return {
    text: `${a.text} ${operator} ${b.text}`,
    run: (context) => compare(operator, a.run(context), b.run(context)),
    parts: [],
  };
}

function presence(next: Next): Made<boolean> {
  const called = pick(next, ['exists', 'empty'] as const);
  const wanted = called === 'exists';
  if (next(2)) {
    const [name, { present }] = pick(next, Object.entries(OBJECTS));
    return { text: `%${name}.${called}()`, run: (context) => present(context) === wanted, parts: [] };
  }
  const [text, { get }] = pick(next, PROPERTIES);
  return { text: `${text}.${called}()`, run: (context) => (get(context) !== undefined) === wanted, parts: [] };
}

function arithmetic(next: Next, depth: number): Made<number> {
  const kind = next(depth > 0 ? 8 : 4);
  if (kind < 3) {
    const [text, { get }] = pick(next, NUMERIC);
    return { text, run: (context) => number(get(context)), parts: [] };
  }
  if (kind === 3) {
    const value = pick(next, NUMBERS);
    return { text: String(value), run: () => value, parts: [] };
  }
  const a = arithmetic(next, depth - 1);
  if (kind === 7) {
    const negative = (value: number | undefined) => (value === undefined ? undefined : 0 - value);
    return { text: `(0 - ${a.text})`, run: (context) => negative(a.run(context)), parts: [] };
  }
  const b = arithmetic(next, depth - 1);
  const operator = pick(next, ['+', '-', '*', '/'] as const);
  return {
    text: `(${a.text} ${operator} ${b.text})`,
    run: (context) => calculate(operator, a.run(context), b.run(context)),
    parts: [],
  };
}

function calculate(operator: '+' | '-' | '*' | '/', a?: number, b?: number): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? undefined : a / b;
  }
}

function compare(operator: (typeof COMPARISONS)[number], a: Value, b: Value): boolean | undefined {
  if (a === undefined || b === undefined) return undefined;
  // Decimals are the same to 8 digits after the point. Source: FHIRPath N1 (v2.0.0), Decimal.
  const same = typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) < 1e-8 : a === b;
  switch (operator) {
    case '=':
      return same;
    case '!=':
      return !same;
    case '<':
      return !same && a < b;
    case '>':
      return !same && a > b;
    case '<=':
      return same || a < b;
    case '>=':
      return same || a > b;
  }
}

const later = (day: Value, days: number): string | undefined =>
  typeof day === 'string' ? new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10) : undefined;
