import fhirpath from 'fhirpath';
import { type Context, OBJECTS, type Property, type Scalar, VALUES } from '../policy-language.ts';
import type { ExpressionPart } from './check-expression.ts';

/** What a condition came to. `undecided` is neither yes nor no; `error` names the kind of an error that made it so. */
export interface Verdict {
  readonly value: boolean | 'undecided';
  readonly error?: string;
}

/** A condition ready to run, and the scalars that its verdict depends on. */
export interface RunnableExpression {
  run: (context: Context) => Verdict;
  inputs: readonly Input[];
  /** Whether a moment or a day is among the inputs: such verdicts are not worth remembering. */
  timed: boolean;
  /** Whether each input has few values: then verdicts of many conditions together are worth remembering. */
  few: boolean;
}

/** One scalar that an expression depends on. */
export type Input = (context: Context) => Scalar | undefined;

/**
 * Compiles a checked expression. `mentions` are those that checkExpression found: nothing else is given to it. The check has parsed it;
 * the library parses it once more when it is first asked, which is not at the start of the service.
 */
export function compileExpression(expression: string, mentions: readonly string[]): RunnableExpression {
  let compiled: Evaluate | undefined;
  const evaluate: Evaluate = (resource, variables) => {
    compiled ??= evaluatorOf(expression);
    return compiled(resource, variables);
  };
  const properties = mentions.flatMap((mention) => propertyOf(mention) ?? []);
  return {
    run: (context) => verdictOf(() => evaluate({}, variablesOf(mentions, context))),
    inputs: mentions.map(inputOf),
    timed: properties.some(isTimed),
    few: !mentions.some((mention) => mention.startsWith('%symptoms.')) && properties.every(hasFewValues),
  };
}

type Evaluate = (resource: object, variables: Record<string, unknown>) => unknown;

/** What the library makes of an expression keeps nothing of what it was asked, and versions of a policy share most of theirs. */
const EVALUATORS = new Map<string, Evaluate>();
const MOST_EVALUATORS = 2000;

function evaluatorOf(expression: string): Evaluate {
  const known = EVALUATORS.get(expression);
  if (known) return known;
  const made: Evaluate = fhirpath.compile(expression, undefined, { async: false });
  if (EVALUATORS.size >= MOST_EVALUATORS) EVALUATORS.clear();
  EVALUATORS.set(expression, made);
  return made;
}

/**
 * Compiles what `and` joins at the outermost of a condition, each part by itself: they are asked from left to right, and none after one
 * that is false. The verdict is that of the whole by the table of `and`; a part that fails leaves it undecided unless another is false.
 * Each part remembers its answers, so that one which is rarely the same is asked only where those before it leave it open.
 */
export function compileCondition(parts: readonly ExpressionPart[]): RunnableExpression {
  const compiled = parts.map(({ expression, mentions }) => {
    const part = compileExpression(expression, mentions);
    const free = part.timed || mentions.some((mention) => propertyOf(mention)?.type === 'decimal');
    return { ...part, run: free ? part.run : remember(part.inputs, part.run) };
  });
  const [only] = compiled;
  return {
    run: only && compiled.length === 1 ? only.run : (context) => allOf(compiled, context),
    inputs: [...new Set(compiled.flatMap(({ inputs }) => inputs))],
    timed: compiled.some(({ timed }) => timed),
    few: compiled.every(({ few }) => few),
  };
}

const YES: Verdict = { value: true };
const NO: Verdict = { value: false };
const UNDECIDED: Verdict = { value: 'undecided' };

function allOf(parts: readonly RunnableExpression[], context: Context): Verdict {
  let open: Verdict | undefined = parts.length === 0 ? UNDECIDED : undefined;
  for (const { run } of parts) {
    const verdict = run(context);
    if (verdict.value === false) return NO;
    if (verdict.value === 'undecided' && (open === undefined || (verdict.error && !open.error))) open = verdict;
  }
  return open ?? YES;
}

/**
 * Remembers up to `capacity` answers of a pure function by the values of its inputs, then starts anew: fhirpath costs
 * about 10 us a condition, and answers of 0-4 repeat.
 */
export function remember<T>(
  inputs: readonly Input[],
  compute: (context: Context) => T,
  capacity = 2000,
): (context: Context) => T {
  const places = placesOf(inputs);
  if (places) return rememberByNumber(places, compute, capacity);
  // A tree by one input after another: a third of the time that it takes to write all of them into one text.
  type Branch = Map<Scalar | undefined, Branch | T>;
  const [first, ...more] = inputs;
  if (!first) {
    let answer: T | undefined;
    return (context) => {
      answer ??= compute(context);
      return answer;
    };
  }
  const root: Branch = new Map();
  let size = 0;
  const learn = (context: Context): T => {
    const answer = compute(context);
    if (size >= capacity) root.clear();
    size = size >= capacity ? 1 : size + 1;
    let branch = root;
    let value = first(context);
    for (const input of more) {
      // Every level but the last holds branches.
      const known = branch.get(value) as Branch | undefined;
      const next: Branch = known ?? new Map();
      if (!known) branch.set(value, next);
      branch = next;
      value = input(context);
    }
    branch.set(value, answer);
    return answer;
  };
  return (context) => {
    let found = root.get(first(context));
    for (const input of more) {
      if (found === undefined) return learn(context);
      found = (found as Branch).get(input(context)); // as above
    }
    return found === undefined ? learn(context) : (found as T); // and the last level holds answers
  };
}

/** An input that has few values: how many, and which of them a value is, from 1; 0 where it is absent, not a number where it is none of them. */
interface Place {
  get: Input;
  size: number;
  of: (value: Scalar | undefined) => number;
}

/** All that the inputs can be together is one number: one look instead of one for each. */
function rememberByNumber<T>(
  places: readonly Place[],
  compute: (context: Context) => T,
  capacity: number,
): (context: Context) => T {
  const answers = new Map<number, T>();
  return (context) => {
    let key = 0;
    for (const { get, size, of } of places) key = key * size + of(get(context));
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = compute(context);
    if (Number.isNaN(key)) return answer;
    if (answers.size >= capacity) answers.clear();
    answers.set(key, answer);
    return answer;
  };
}

/** None where an input has many values, or all together have more than a number can tell apart. */
function placesOf(inputs: readonly Input[]): readonly Place[] | undefined {
  const places = inputs.flatMap((get) => {
    const property = PROPERTIES.get(get);
    const counted = property && countedOf(property);
    return counted ? [{ get, ...counted }] : [];
  });
  if (places.length < inputs.length) return undefined;
  return places.reduce((product, { size }) => product * size, 1) <= Number.MAX_SAFE_INTEGER ? places : undefined;
}

function countedOf({
  type,
  values,
  range,
}: Pick<Property, 'type' | 'values' | 'range'>): Omit<Place, 'get'> | undefined {
  if (type === 'boolean') return BOOLEAN;
  if (type === 'integer' && range) {
    const [low, high] = range;
    const of = (value: Scalar | undefined): number => {
      if (value === undefined) return 0;
      return Number.isInteger(value) && Number(value) >= low && Number(value) <= high
        ? Number(value) - low + 1
        : Number.NaN;
    };
    return { size: high - low + 2, of };
  }
  if (type !== 'string' || !values || values.length > FEW) return undefined;
  const of = (value: Scalar | undefined): number => {
    if (value === undefined) return 0;
    const place = values.indexOf(String(value));
    return place < 0 ? Number.NaN : place + 1;
  };
  return { size: values.length + 1, of };
}

/** Longer lists are not searched from their beginning. */
const FEW = 8;

const BOOLEAN: Omit<Place, 'get'> = {
  size: 3,
  of: (value) => (value === undefined ? 0 : value === true ? 1 : value === false ? 2 : Number.NaN),
};

/** An error at run time must not lose the response, so it makes the condition undecided; its text may quote an answer and is dropped. */
function verdictOf(evaluate: () => unknown): Verdict {
  try {
    const result = evaluate();
    if (!Array.isArray(result)) return { value: 'undecided', error: 'not-a-collection' };
    const [value, ...more] = result as unknown[];
    if (value === undefined) return UNDECIDED;
    if (typeof value === 'boolean' && more.length === 0) return value ? YES : NO;
    return { value: 'undecided', error: 'not-boolean' };
  } catch (error) {
    return { value: 'undecided', error: error instanceof Error ? error.name : 'unknown' };
  }
}

/** The variables by name, holding only the properties that are mentioned: what the evaluator is given. */
export function variablesOf(mentions: readonly string[], context: Context): Record<string, unknown> {
  const variables: Record<string, unknown> = {};
  for (const mention of mentions) {
    const { name, property } = split(mention);
    const value = own(VALUES, name);
    if (value) {
      variables[name] = internal(value, context);
      continue;
    }
    variables[name] ??= OBJECTS[name]?.present(context) ? {} : [];
    const spec = propertyOf(mention);
    const holder = variables[name];
    if (!spec || property === undefined || Array.isArray(holder)) continue;
    const given = internal(spec, context);
    if (given !== undefined) Object.assign(holder as object, { [property]: given });
  }
  return variables;
}

/** Without a FHIR model a date is a mere string to the evaluator: moments and days are given as what a literal would be. */
function internal(property: Property, context: Context): unknown {
  const value = property.get(context);
  if (value === undefined || !isTimed(property)) return value;
  // A date keeps its form; a date-time is told from a date by its T.
  const [given] = fhirpath.evaluate({}, `@${value}`, undefined, undefined, {
    resolveInternalTypes: false,
    async: false,
  });
  return given;
}

/** One function for each mention, whatever the expression: by it inputs are known to be the same. */
function inputOf(mention: string): Input {
  const known = INPUTS.get(mention);
  if (known) return known;
  const { name } = split(mention);
  const property = propertyOf(mention);
  const input: Input = property ? property.get : (context) => OBJECTS[name]?.present(context);
  PROPERTIES.set(input, property ?? { type: 'boolean' });
  INPUTS.set(mention, input);
  return input;
}

/** The input of what a mention names; such as those that a situation has settled already. */
export const inputNamed = (mention: string): Input => inputOf(mention);

const INPUTS = new Map<string, Input>();
const PROPERTIES = new Map<Input, Pick<Property, 'type' | 'values' | 'range'>>();

/** What a mention such as `%finding.grade` names; undefined of an object variable, and of what is not known. */
export function propertyOf(mention: string): Property | undefined {
  const { name, property } = split(mention);
  return property === undefined ? own(VALUES, name) : own(OBJECTS[name]?.properties ?? {}, property);
}

function split(mention: string): { name: string; property?: string } {
  const [name = '', property] = mention.slice(1).split('.');
  return { name, ...(property === undefined ? {} : { property }) };
}

/** Grades, scores, counts of a few, words of a list, yes or no. */
const hasFewValues = ({ type, values, range }: Property): boolean =>
  type === 'boolean' || values !== undefined || range !== undefined;

const isTimed = ({ type }: Property): boolean => type === 'date' || type === 'dateTime';

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
