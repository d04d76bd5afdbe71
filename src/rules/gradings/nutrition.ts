import { NUTRITION, type NutritionData } from './nutrition-data.ts';
import { scoreFaults } from './scores/faults.ts';
import type { ScoreGrading } from './scores/score.ts';

export { glim } from './glim.ts';
export { has } from './has.ts';
export type { NutritionFacts } from './nutrition-facts.ts';
export type { Criterion, Nutrition } from './nutrition-result.ts';

/** The texts on undernutrition. They have no form of their own; their Library stands beside those of the questionnaires. */
export const nutrition: ScoreGrading = {
  data: NUTRITION,
  sources: NUTRITION.source,
  faults: () => [...scoreFaults(NUTRITION), ...nutritionFaults(NUTRITION)],
  check: () => [],
  scoresOf: () => [],
};

/** The numbers that the code reads out of the data are there. */
function nutritionFaults({ glim, hasAdult, hasElderly, windows, plausibility }: NutritionData): string[] {
  const [loss, low] = glim.phenotypic;
  const numbers: [what: string, value: number | undefined][] = [
    ...loss.anyOf.map(({ pct }): [string, number] => ['GLIM weight loss', pct]),
    ...[...low.byAge, ...low.asia].map(({ value }): [string, number] => ['GLIM BMI', value]),
    ...glim.stage2
      .slice(0, 2)
      .map((row): [string, number | undefined] => ['GLIM stage 2', 'pct' in row ? row.pct : undefined]),
    ...glim.stage2[2].byAge.map(({ value }): [string, number] => ['GLIM stage 2', value]),
    ...[hasAdult, hasElderly].flatMap(({ phenotypic: [loss, low] }): [string, number][] => [
      ...loss.anyOf.map(({ pct }): [string, number] => ['HAS weight loss', pct]),
      ['HAS BMI', low.value],
    ]),
    ...hasAdult.phenotypic[2].anyOf.flatMap(({ id, women, men }): [string, number][] => [
      [id, women],
      [id, men],
    ]),
    ...['low-bmi', 'weight-loss-1m', 'weight-loss-6m', 'weight-loss-usual', 'albumin'].map(
      (id): [string, number | undefined] => {
        const row = hasElderly.severeValues.values.find((value) => value.id === id);
        return [`severe ${id}`, row?.value ?? row?.pct];
      },
    ),
    ...(Object.entries(windows).slice(0, 2) as [string, number][]),
    ...plausibility.heightCm.map((value): [string, number] => ['height', value]),
    ['change', plausibility.changePct],
    ['change', plausibility.changeDays],
    ['fluid', plausibility.fluidGainKg],
    ['fluid', plausibility.fluidDays],
  ];
  return numbers
    .filter(([, value]) => !(typeof value === 'number' && value > 0))
    .map(([what]) => `${what} is no number`);
}
