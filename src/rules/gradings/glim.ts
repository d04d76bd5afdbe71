import { any } from './completions.ts';
import { NUTRITION } from './nutrition-data.ts';
import { agreed, type NutritionFacts, over, type Readings, readings } from './nutrition-facts.ts';
import { bmiMissing, conclude, criterion, type Nutrition } from './nutrition-result.ts';

/**
 * GLIM 2019, from 18 years: at risk by screening, and one phenotypic and one aetiologic criterion, in three-valued logic; the stage where there is a
 * diagnosis. Exactly 5 % is no loss, exactly 10 % within 6 months is stage 1. Source: Cederholm et al., Clinical Nutrition 2019;38:1-9.
 */
export function glim(facts: NutritionFacts): Nutrition {
  const read = readings(facts);
  const { history, bmi, ages, losses } = read;
  const [within, beyond] = NUTRITION.glim.phenotypic[0].anyOf;
  const loss6 = over(history.sixMonths, (pct) => pct > within.pct, history.spansSixMonths);
  const lossOlder = over(losses.older, (pct) => pct > beyond.pct, losses.older !== undefined);
  const lowBmi = agreed(
    ages.flatMap((age) =>
      limits(facts.asian).map((table) => (bmi === undefined ? undefined : bmi < limitOf(table, age))),
    ),
  );
  const low = facts.muscleMass === undefined ? undefined : facts.muscleMass !== 'normal';
  const phenotypic = [
    criterion('weight-loss', any([loss6, lossOlder]), [
      ...(loss6 === undefined ? ['weights-of-6-months'] : []),
      ...(lossOlder === undefined ? ['weight-before-6-months'] : []),
    ]),
    criterion(
      'low-bmi',
      lowBmi,
      bmiMissing(read, facts.asian === undefined && bmi !== undefined ? ['population'] : []),
    ),
    criterion('low-muscle-mass', low, ['muscle-mass']),
  ];
  const aetiologic = [
    criterion('intake', any([facts.intakeHalved, facts.intakeReduced, facts.absorption]), ['intake']),
    criterion('inflammation', any([facts.acuteIllness, facts.chronicDisease, facts.cancer]), ['disease']),
  ];
  const found = conclude({ system: 'glim', version: '2019' }, read, phenotypic, aetiologic, [
    criterion('screening', facts.atRisk, ['screening']),
  ]);
  return found.diagnosis === 'undernutrition' ? { ...found, ...stage(facts, read) } : found;
}

/** Stage 2 by any severe criterion, 1 where each of them is known not to be met. No limits of severity are known for Asian populations. */
function stage(
  facts: NutritionFacts,
  { history, losses, bmi, ages }: Readings,
): Pick<Nutrition, 'severity' | 'drafts'> {
  const [six, beyond, low] = NUTRITION.glim.stage2;
  const loss6 = over(history.sixMonths, (pct) => pct > six.pct, history.spansSixMonths);
  const lossOlder = over(losses.older, (pct) => pct > beyond.pct, losses.older !== undefined);
  const below = agreed(ages.map((age) => (bmi === undefined ? undefined : bmi < limitOf(low.byAge, age))));
  const lowBmi = below === true && facts.asian !== false ? undefined : below;
  const muscle = facts.muscleMass === undefined ? undefined : facts.muscleMass === 'severe-deficit';
  const verdict = any([loss6, lossOlder, lowBmi, muscle]);
  const drafts = lowBmi === undefined && below === true ? ['asian-severity'] : [];
  if (verdict !== undefined) return { severity: { kind: 'graded', grade: verdict ? 2 : 1 }, drafts };
  const missing = [
    ...(loss6 === undefined ? ['weights-of-6-months'] : []),
    ...(lossOlder === undefined ? ['weight-before-6-months'] : []),
    ...(lowBmi === undefined ? [below ? 'population' : 'bmi'] : []),
    ...(muscle === undefined ? ['muscle-mass'] : []),
  ];
  return { severity: { kind: 'at-least', min: 1, max: 2, missing }, drafts };
}

const limits = (asian: boolean | undefined) => {
  const [, { byAge, asia }] = NUTRITION.glim.phenotypic;
  return asian === undefined ? [byAge, asia] : [asian ? asia : byAge];
};
const limitOf = ([young, old]: readonly [{ value: number }, { value: number }], age: number) =>
  (age >= 70 ? old : young).value;
