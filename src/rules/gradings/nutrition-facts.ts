import { NUTRITION } from './nutrition-data.ts';
import type { MuscleMeasures } from './nutrition-muscle.ts';
import {
  bodyMassIndex,
  dayNumber,
  type Loss,
  lossPct,
  type Weight,
  type WeightIssue,
  weightHistory,
} from './weights.ts';

/** What is known of a patient on one day; absent is unknown, and every weight is in kg, the height in cm. */
export interface NutritionFacts {
  /** Day of the weight that is judged, `YYYY-MM-DD`. */
  day: string;
  /** FHIR date, also `YYYY` or `YYYY-MM`; the age on `day` decides which text applies. */
  birthDate?: string;
  sex?: 'female' | 'male';
  weights: readonly Weight[];
  heightCm?: number;
  /** Declared weight before the disease, with its day where it is known. */
  usual?: { kg: number; day?: string };
  /** GLIM: a population to which the Asian limits of BMI apply. */
  asian?: boolean;
  /** GLIM: the screening that comes first found a risk. */
  atRisk?: boolean;
  /** GLIM: by a validated method of body composition. */
  muscleMass?: 'normal' | 'mild-to-moderate-deficit' | 'severe-deficit';
  /** HAS 18-69 years: what was measured of muscle, or a clinician's word on it. */
  muscle?: MuscleMeasures & { reduced?: boolean };
  /** HAS 70 years and over: confirmed by EWGSOP2. */
  sarcopenia?: boolean;
  /** Intake cut to half or less for more than one week; of any cut for more than two; malabsorption or maldigestion. */
  intakeHalved?: boolean;
  intakeReduced?: boolean;
  absorption?: boolean;
  /** Acute illness or injury; a chronic, progressive disease; a progressive cancer. */
  acuteIllness?: boolean;
  chronicDisease?: boolean;
  cancer?: boolean;
  /** In g/L, serum or plasma: for severity only. */
  albumin?: number;
}

/** Losses by the weight that they are measured against; absent without such a weight. */
export interface Losses {
  oneMonth?: Loss;
  sixMonths?: Loss;
  /** Of what lies more than 183 days back. */
  older?: Loss;
  /** The declared weight before the disease. */
  usual?: Loss;
}

/** What all texts read from the facts. */
export interface Readings {
  history: ReturnType<typeof weightHistory>;
  losses: Losses;
  bmi?: number;
  heightIssue: readonly WeightIssue[];
  /** The ages from 18 that the patient may have on the day: one, two around a partial birth date, none without any. */
  ages: readonly number[];
  /** Under 18, where it is known for sure. */
  minor: boolean | undefined;
}

/** Reads the facts of one day, once for all texts. */
export function readings({ day, birthDate, weights, heightCm, usual }: NutritionFacts): Readings {
  const history = weightHistory(weights, day);
  const { current } = history;
  const [lowest, highest] = NUTRITION.plausibility.heightCm;
  const height = heightCm !== undefined && heightCm >= lowest && heightCm <= highest ? heightCm : undefined;
  const bmi = current && height !== undefined ? bodyMassIndex(current.kg, height) : undefined;
  const declared = current && usual && usual.kg > 0 ? { kg: usual.kg, day: usual.day ?? '' } : undefined;
  const ofUsual = current && declared ? { pct: lossPct(declared.kg, current.kg), reference: declared } : undefined;
  const longAgo = declared && dayNumber(day) - dayNumber(declared.day) > NUTRITION.windows.sixMonthsDays;
  const older = [history.older, longAgo ? ofUsual : undefined].reduce(heavier, undefined);
  const ages = agesOn(day, birthDate);
  return {
    history,
    ...(bmi === undefined ? {} : { bmi }),
    heightIssue: heightCm !== undefined && height === undefined ? ['height-implausible'] : [],
    losses: {
      ...(history.oneMonth ? { oneMonth: history.oneMonth } : {}),
      ...(history.sixMonths ? { sixMonths: history.sixMonths } : {}),
      ...(older ? { older } : {}),
      ...(ofUsual ? { usual: ofUsual } : {}),
    },
    ages: ages.filter((age) => age >= 18),
    minor: agreed(ages.map((age) => age < 18)),
  };
}

function heavier(one: Loss | undefined, other: Loss | undefined): Loss | undefined {
  if (!one || !other) return one ?? other;
  return other.reference.kg > one.reference.kg ? other : one;
}

/** Whole years on `day`, the least and the most that the birth date allows; none without one. */
function agesOn(day: string, birthDate?: string): readonly number[] {
  const parts = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(birthDate ?? '');
  if (!parts) return [];
  const [, year, month, date] = parts;
  const years = Number(day.slice(0, 4)) - Number(year);
  const after = (from: string) => day.slice(5) >= from;
  const oldest = years - (after(`${month ?? '01'}-${date ?? '01'}`) ? 0 : 1);
  const youngest = years - (after(`${month ?? '12'}-${date ?? '31'}`) ? 0 : 1);
  return [...new Set([youngest, oldest])];
}

/** Met, not met, or undecided; a loss that is too small counts as none only where the record spans the window. */
export function over(loss: Loss | undefined, meets: (pct: number) => boolean, spans: boolean): boolean | undefined {
  if (!loss) return undefined;
  return meets(loss.pct) ? true : spans ? false : undefined;
}

/** What all agree on, else undefined. */
export function agreed(values: readonly (boolean | undefined)[]): boolean | undefined {
  const [first] = values;
  return values.every((value) => value === first) ? first : undefined;
}
