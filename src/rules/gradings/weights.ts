import { NUTRITION } from './nutrition-data.ts';

/** A weight on a calendar day, `YYYY-MM-DD`. */
export interface Weight {
  kg: number;
  day: string;
  /** A person has confirmed a change that looked like a mistake. */
  confirmed?: boolean;
}

export type WeightIssue =
  /** The current weight changed by more than 15 % in 7 days, or is no weight at all: not used until confirmed. */
  | 'weight-implausible'
  /** An earlier one did; it is left out of every reference. */
  | 'earlier-weight-implausible'
  | 'height-implausible'
  /** More than 2 kg up in a week: oedema, ascites or effusion, not a recovery. */
  | 'fluid-gain';

/** A weight loss in percent of the heaviest credible weight of a window. */
export interface Loss {
  pct: number;
  reference: Weight;
}

export interface WeightHistory {
  /** The last weight that may be used, undefined where the one of the day may not. */
  current?: Weight;
  issues: readonly WeightIssue[];
  /** Against the heaviest of the last 30 days, of the last 183 days, and of what is older than that; each absent without such a weight. */
  oneMonth?: Loss;
  sixMonths?: Loss;
  older?: Loss;
  /** The record reaches back to the start of the window, so that no loss in it can have gone unseen. */
  spansOneMonth: boolean;
  spansSixMonths: boolean;
}

/**
 * What the weights up to and with `day` say of that day's weight. Windows end on `day` and hold the day that is exactly 30 (183) days before.
 * Source: formulas and pitfalls of the table of facts, our own analysis.
 */
export function weightHistory(weights: readonly Weight[], day: string): WeightHistory {
  const { oneMonthDays, sixMonthsDays } = NUTRITION.windows;
  const sorted = weights
    .filter((weight) => dayNumber(weight.day) <= dayNumber(day))
    .sort((a, b) => dayNumber(a.day) - dayNumber(b.day));
  const credible: Weight[] = [];
  const refused: Weight[] = [];
  for (const weight of sorted) (isCredible(weight, credible) ? credible : refused).push(weight);
  const last = sorted.at(-1);
  const usable = last !== undefined && last.day === day && credible.at(-1) === last;
  const issues: WeightIssue[] = [];
  if (last?.day === day && !usable) issues.push('weight-implausible');
  if (refused.some((weight) => weight !== last)) issues.push('earlier-weight-implausible');
  if (!usable) return { issues, spansOneMonth: false, spansSixMonths: false };
  const earlier = credible.slice(0, -1).map((weight) => ({ weight, ago: dayNumber(day) - dayNumber(weight.day) }));
  const within = (from: number, to: number) =>
    lossFrom(
      earlier.filter(({ ago }) => ago >= from && ago <= to).map(({ weight }) => weight),
      last,
    );
  const { fluidDays, fluidGainKg } = NUTRITION.plausibility;
  if (earlier.some(({ weight, ago }) => ago <= fluidDays && tidy(last.kg - weight.kg) > fluidGainKg))
    issues.push('fluid-gain');
  const [oneMonth, sixMonths] = [within(0, oneMonthDays), within(0, sixMonthsDays)];
  const older = within(sixMonthsDays + 1, Number.POSITIVE_INFINITY);
  return {
    current: last,
    issues,
    ...(oneMonth ? { oneMonth } : {}),
    ...(sixMonths ? { sixMonths } : {}),
    ...(older ? { older } : {}),
    spansOneMonth: earlier.some(({ ago }) => ago >= oneMonthDays),
    spansSixMonths: earlier.some(({ ago }) => ago >= sixMonthsDays),
  };
}

/** Loss in percent of `reference`, negative for a gain. Source: formula lossPct. */
export function lossPct(reference: number, current: number): number {
  return tidy(((reference - current) / reference) * 100);
}

/** Body mass index in kg/m2. Source: formula bmi. */
export function bodyMassIndex(kg: number, cm: number): number {
  return tidy((kg / (cm * cm)) * 10_000);
}

/** Days since 1970-01-01 of a calendar day; NaN for what is none. */
export function dayNumber(day: string): number {
  return /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) / 86_400_000 : Number.NaN;
}

/** Takes away what binary fractions add in the last digits, so that exactly 5 % is 5. */
export function tidy(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}

function lossFrom(references: readonly Weight[], current: Weight): Loss | undefined {
  const [first, ...rest] = references;
  if (!first) return undefined;
  const reference = rest.reduce((heaviest, weight) => (weight.kg > heaviest.kg ? weight : heaviest), first);
  return { pct: lossPct(reference.kg, current.kg), reference };
}

function isCredible(weight: Weight, before: readonly Weight[]): boolean {
  if (!Number.isFinite(weight.kg) || weight.kg <= 0) return false;
  if (weight.confirmed) return true;
  const { changeDays, changePct } = NUTRITION.plausibility;
  return before.every(
    ({ kg, day }) =>
      dayNumber(weight.day) - dayNumber(day) > changeDays || Math.abs(lossPct(kg, weight.kg)) <= changePct,
  );
}
