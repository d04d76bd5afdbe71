import { any } from './completions.ts';
import { NUTRITION } from './nutrition-data.ts';
import { type NutritionFacts, over, type Readings, readings } from './nutrition-facts.ts';
import { muscleReduced } from './nutrition-muscle.ts';
import { bmiMissing, type Criterion, conclude, criterion, type Nutrition } from './nutrition-result.ts';

/**
 * HAS/FFN: 2019 from 18 to 69 years, 2021 from 70 years on, by the age on the day of the weight; one phenotypic and one aetiologic
 * criterion. Severity is a draft of both. Source: HAS/FFN, November 2019 and November 2021.
 */
export function has(facts: NutritionFacts): Nutrition {
  const read = readings(facts);
  const results = [...new Set(read.ages.map((age) => age >= 70))].map((old) =>
    old ? has2021(facts, read) : has2019(facts, read),
  );
  const [first, second] = results;
  if (!first) return conclude({ system: 'has' }, read, [], [], []);
  if (!second) return first;
  // Born in the year of the 70th birthday or without a birth date: only what both texts say stands.
  const { version: _, severeValues: __, ...common } = first;
  if (first.diagnosis === second.diagnosis) return { ...common, missing: first.missing };
  return {
    ...common,
    diagnosis: 'undecided',
    missing: ['birth-date', ...new Set([...first.missing, ...second.missing])],
  };
}

function has2019(facts: NutritionFacts, read: Readings): Nutrition {
  const { reduced, ...measures } = facts.muscle ?? {};
  const muscle = reduced ?? muscleReduced(measures, facts.sex, NUTRITION.hasAdult.phenotypic[2].anyOf);
  const phenotypic = [...hasPhenotypic(NUTRITION.hasAdult.phenotypic, read), criterion('muscle', muscle, ['muscle'])];
  const found = conclude({ system: 'has', version: '2019' }, read, phenotypic, hasAetiologic(facts), []);
  return { ...found, drafts: ['has-2019-severity'] };
}

function has2021(facts: NutritionFacts, read: Readings): Nutrition {
  const phenotypic = [
    ...hasPhenotypic(NUTRITION.hasElderly.phenotypic, read),
    criterion('sarcopenia', facts.sarcopenia, ['sarcopenia']),
  ];
  const found = conclude({ system: 'has', version: '2021' }, read, phenotypic, hasAetiologic(facts), []);
  const atLimit = facts.albumin === severe('albumin') ? ['has-2021-albumin-30'] : [];
  return {
    ...found,
    ...(found.diagnosis === 'undernutrition' ? { severeValues: severeValues(facts, read) } : {}),
    drafts: ['has-2021-severity', ...atLimit],
  };
}

function hasPhenotypic(
  [loss, low]: (typeof NUTRITION)['hasAdult' | 'hasElderly']['phenotypic'],
  read: Readings,
): Criterion[] {
  const [month, half, usual] = loss.anyOf;
  const { history, losses, bmi } = read;
  const loss1 = over(history.oneMonth, (pct) => pct >= month.pct, history.spansOneMonth);
  const loss6 = over(history.sixMonths, (pct) => pct >= half.pct, history.spansSixMonths);
  const lossUsual = over(losses.usual, (pct) => pct >= usual.pct, losses.usual !== undefined);
  return [
    criterion('weight-loss', any([loss1, loss6, lossUsual]), [
      ...(loss1 === undefined ? ['weights-of-1-month'] : []),
      ...(loss6 === undefined ? ['weights-of-6-months'] : []),
      ...(lossUsual === undefined ? ['usual-weight'] : []),
    ]),
    criterion('low-bmi', bmi === undefined ? undefined : bmi < low.value, bmiMissing(read)),
  ];
}

function hasAetiologic(facts: NutritionFacts): Criterion[] {
  return [
    criterion('intake-half', facts.intakeHalved, ['intake']),
    criterion('intake-any', facts.intakeReduced, ['intake']),
    criterion('absorption', facts.absorption, ['absorption']),
    criterion('aggression', any([facts.acuteIllness, facts.chronicDisease, facts.cancer]), ['disease']),
  ];
}

/** Values that HAS 2021 prints as severe; at exactly 30 g/L the two readings of albumin differ, and it is not named. */
function severeValues({ albumin }: NutritionFacts, { history, losses, bmi }: Readings): string[] {
  const met: [id: string, is: boolean][] = [
    ['low-bmi', bmi !== undefined && bmi < severe('low-bmi')],
    ['weight-loss-1m', (history.oneMonth?.pct ?? Number.NaN) >= severe('weight-loss-1m')],
    ['weight-loss-6m', (history.sixMonths?.pct ?? Number.NaN) >= severe('weight-loss-6m')],
    ['weight-loss-usual', (losses.usual?.pct ?? Number.NaN) >= severe('weight-loss-usual')],
    ['albumin', albumin !== undefined && albumin < severe('albumin')],
  ];
  return met.filter(([, is]) => is).map(([id]) => id);
}

function severe(id: string): number {
  const row = NUTRITION.hasElderly.severeValues.values.find((value) => value.id === id);
  return row?.value ?? row?.pct ?? Number.NaN;
}
