import json from '../../../profiles/gradings/nutrition.json' with { type: 'json' };
import type { MuscleLimit } from './nutrition-muscle.ts';
import type { ScoreData } from './scores/score.ts';

/** The data of GLIM 2019, HAS/FFN 2019 and HAS/FFN 2021. */
// The compiler reads every string of the file as `string`; that it is whole is checked at start.
export const NUTRITION = json as unknown as NutritionData;

interface Cut {
  op: '>' | '>=' | '<';
  pct: number;
}

export interface NutritionData extends ScoreData {
  glim: {
    phenotypic: readonly [
      { id: 'weight-loss'; anyOf: readonly [Cut, Cut] },
      { id: 'low-bmi'; byAge: readonly [Bmi, Bmi]; asia: readonly [Bmi, Bmi] },
      unknown,
    ];
    stage2: readonly [Pct, Pct, { id: 'low-bmi'; byAge: readonly [Bmi, Bmi] }];
  };
  hasAdult: Has & { phenotypic: readonly [HasLoss, HasBmi, { id: 'muscle'; anyOf: readonly MuscleLimit[] }] };
  hasElderly: Has & {
    phenotypic: readonly [HasLoss, HasBmi, unknown];
    severeValues: { values: readonly { id: string; op: string; value?: number; pct?: number }[] };
  };
  windows: { oneMonthDays: number; sixMonthsDays: number };
  plausibility: {
    heightCm: readonly [number, number];
    changePct: number;
    changeDays: number;
    fluidGainKg: number;
    fluidDays: number;
  };
}

interface Pct {
  id: string;
  op: '>';
  pct: number;
}
interface Bmi {
  age: '<70' | '>=70';
  op: '<';
  value: number;
}
interface Has {
  ages: string;
}
interface HasLoss {
  id: 'weight-loss';
  anyOf: readonly [Cut, Cut, Cut];
}
interface HasBmi {
  id: 'low-bmi';
  op: '<';
  value: number;
}
