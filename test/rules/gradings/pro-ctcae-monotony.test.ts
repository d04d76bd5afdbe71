import t from 'tap';
import { compositeGrade, compositeRange } from '../../../src/rules/gradings/pro-ctcae-composite.ts';
import { DATA } from '../../../src/rules/gradings/pro-ctcae-data.ts';

/** Every combination of scores 0-4 of a number of attributes. */
const combinations = (size: number): number[][] =>
  Array.from({ length: 5 ** size }, (_, place) =>
    Array.from({ length: size }, (_, digit) => Math.floor(place / 5 ** (size - 1 - digit)) % 5),
  );

/** The same answers with one of them a step worse, in each way. */
const worse = (scores: readonly number[]): number[][] =>
  scores.flatMap((score, place) => (score < 4 ? [scores.with(place, score + 1)] : []));

/** Pairs of answers of which the worse have the lower grade in the published table: by name, so that a new one is looked at. There is none. */
const EXCEPTIONS: readonly string[] = [];

t.test('worse answers never give a lower composite grade', async (t) => {
  const lower: string[] = [];
  let pairs = 0;
  for (const [group, { attributes }] of Object.entries(DATA.composite.tables)) {
    for (const scores of combinations(attributes.length)) {
      for (const more of worse(scores)) {
        pairs += 1;
        if (compositeGrade(group, more) < compositeGrade(group, scores)) lower.push(`${group} ${scores} to ${more}`);
      }
    }
  }
  t.same(lower, EXCEPTIONS);
  t.equal(pairs, 300 + 3 * 40 + 3 * 4, 'every pair of the seven groups');
});

t.test(
  'a missing answer leaves a range that holds the grade of every answer, and that worse answers never lower',
  async (t) => {
    const faults: string[] = [];
    for (const [group, { attributes }] of Object.entries(DATA.composite.tables)) {
      for (const scores of combinations(attributes.length)) {
        const grade = compositeGrade(group, scores);
        for (const place of scores.keys()) {
          const open = (list: readonly number[]) =>
            compositeRange(
              group,
              list.map((score, at) => (at === place ? undefined : score)),
            );
          const { min, max } = open(scores);
          if (grade < min || grade > max) faults.push(`${group} ${scores} lies outside`);
          for (const more of worse(scores)) {
            if (more[place] !== scores[place]) continue;
            const other = open(more);
            if (other.min < min || other.max < max) faults.push(`${group} ${scores} to ${more}`);
          }
        }
      }
    }
    t.same(faults, []);
  },
);
