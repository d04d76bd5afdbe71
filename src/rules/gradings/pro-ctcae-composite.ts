import { type CompositeRow, type CompositeTable, DATA, type Measure } from './pro-ctcae-data.ts';

const STEPS = 5;

/**
 * Composite grade 0-3 of complete scores, in the order of the group's attributes.
 * A score of 0 for frequency (in a group without frequency: severity; amount alone: amount) gives 0 whatever the others
 * are. Throws when the table has no such row. Source: Basch et al., Clin Trials 2021;18(1):104-114, by way of ProAE 1.0.4.
 */
export function compositeGrade(group: string, scores: readonly number[]): number {
  const grid = GRIDS.get(group);
  const grade = grid?.[scores.reduce((index, score) => index * STEPS + score, 0)];
  if (grade === undefined || scores.length !== SIZES.get(group))
    throw new RangeError(`no row ${scores.join()} in group ${group}`);
  return grade;
}

/**
 * Lowest and highest composite grade over every completion of the scores that are `undefined`. A completion with a
 * leading 0 counts as the grade 0 that it would be given, so the true grade lies in the range whatever the missing answer is.
 */
export function compositeRange(group: string, scores: readonly (number | undefined)[]): { min: number; max: number } {
  const open = scores.indexOf(undefined);
  if (open < 0) {
    const grade = compositeGrade(group, scores as readonly number[]); // nothing is undefined: just looked
    return { min: grade, max: grade };
  }
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let score = 0; score < STEPS; score++) {
    const range = compositeRange(group, scores.with(open, score));
    min = Math.min(min, range.min);
    max = Math.max(max, range.max);
  }
  return { min, max };
}

/** The grade of every combination of scores of one table, `undefined` where the published rows and the zero rules say nothing. */
export function gradesOf({ attributes, rows }: CompositeTable['tables'][string]): readonly (number | undefined)[] {
  const byScores = new Map(
    rows.map((row) => [attributes.map((attribute) => row[letter(attribute)]).join(), row.grade]),
  );
  return combinations(attributes.length).map((scores) => (scores[0] === 0 ? 0 : byScores.get(scores.join())));
}

/** Every combination of `length` scores 0-4, in the order of the grid. */
export function combinations(length: number): readonly (readonly number[])[] {
  if (length === 0) return [[]];
  return combinations(length - 1).flatMap((head) => Array.from({ length: STEPS }, (_, score) => [...head, score]));
}

/** Key of an attribute in the rows of the table. */
export function letter(attribute: Measure): Exclude<keyof CompositeRow, 'grade'> {
  return attribute.charAt(0) as Exclude<keyof CompositeRow, 'grade'>; // f, s, i or a; a presence term has no table
}

const GRIDS = new Map(Object.entries(DATA.composite.tables).map(([group, table]) => [group, gradesOf(table)]));
const SIZES = new Map(Object.entries(DATA.composite.tables).map(([group, table]) => [group, table.attributes.length]));
