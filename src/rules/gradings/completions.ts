/** A grade, the range that missing inputs leave open, or none. Unknown is never zero. */
export type Completed =
  | { kind: 'graded'; grade: number }
  | { kind: 'at-least'; min: number; max: number; missing: readonly string[] }
  | { kind: 'not-gradable'; reason: 'no-value'; missing: readonly string[] };

/** One input: every value that it may still have, one where it is known; it says whether it was given at all. */
export interface Open<T> {
  name: string;
  values: readonly T[];
  given: boolean;
}

/**
 * The grade over every completion of the open inputs, by `grade` of complete ones: all equal is graded, else at-least. Nothing given at all is
 * not gradable. An input that is given and still open (a device without its flow) is missing too.
 */
export function overCompletions<T>(inputs: readonly Open<T>[], grade: (values: readonly T[]) => number): Completed {
  const missing = inputs.filter(({ values }) => values.length > 1).map(({ name }) => name);
  if (inputs.every(({ given }) => !given)) return { kind: 'not-gradable', reason: 'no-value', missing };
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const values of completions(inputs)) {
    const one = grade(values);
    min = Math.min(min, one);
    max = Math.max(max, one);
  }
  return min === max ? { kind: 'graded', grade: min } : { kind: 'at-least', min, max, missing };
}

function* completions<T>(inputs: readonly Open<T>[], head: readonly T[] = []): Generator<readonly T[]> {
  const [next, ...rest] = inputs;
  if (!next) {
    yield head;
    return;
  }
  for (const value of next.values) yield* completions(rest, [...head, value]);
}

/** True where any is, false where all are, else undefined. Source: Kleene's three-valued logic, as in FHIRPath 2.0.0, section 6.5. */
export function any(values: readonly (boolean | undefined)[]): boolean | undefined {
  if (values.includes(true)) return true;
  return values.every((value) => value === false) ? false : undefined;
}

/** False where any is, true where all are, else undefined. */
export function all(values: readonly (boolean | undefined)[]): boolean | undefined {
  if (values.includes(false)) return false;
  return values.every((value) => value === true) ? true : undefined;
}
