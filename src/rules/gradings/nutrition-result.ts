import { all, any } from './completions.ts';
import type { Losses, Readings } from './nutrition-facts.ts';
import type { WeightIssue } from './weights.ts';

/** One criterion of a text. */
export interface Criterion {
  id: string;
  /** Undefined: undecided, for want of what `missing` names. */
  met: boolean | undefined;
  missing: readonly string[];
}

/** What one text says of one day. */
export interface Nutrition {
  system: 'glim' | 'has';
  /** `2019`, or `2021` of HAS from 70 years on; absent where the age is open. */
  version?: string;
  diagnosis: 'undernutrition' | 'none' | 'undecided' | 'not-applicable';
  phenotypic: readonly Criterion[];
  aetiologic: readonly Criterion[];
  /** What would decide it, empty when it is decided. */
  missing: readonly string[];
  /** GLIM stage of a diagnosis: 1 moderate, 2 severe. HAS gives none: its rules are drafts. */
  severity?: { kind: 'graded'; grade: 1 | 2 } | { kind: 'at-least'; min: 1; max: 2; missing: readonly string[] };
  /** HAS 2021: severe values that are met, told without a verdict. */
  severeValues?: readonly string[];
  /** Drafts of the data that keep this from saying more. */
  drafts: readonly string[];
  bmi?: number;
  losses: Losses;
  issues: readonly WeightIssue[];
}

/** The diagnosis: everything in `first`, one phenotypic and one aetiologic criterion. No text is for patients under 18, or of unknown age. */
export function conclude(
  stamp: Pick<Nutrition, 'system' | 'version'>,
  { history, losses, bmi, heightIssue, minor }: Readings,
  phenotypic: readonly Criterion[],
  aetiologic: readonly Criterion[],
  first: readonly Criterion[],
): Nutrition {
  const one = any(phenotypic.map(({ met }) => met));
  const two = any(aetiologic.map(({ met }) => met));
  const verdict = all([...first.map(({ met }) => met), one, two]);
  const open = [...first, ...(one === undefined ? phenotypic : []), ...(two === undefined ? aetiologic : [])];
  const missing = verdict === undefined ? [...new Set(open.flatMap((criterion) => criterion.missing))] : [];
  const result = {
    ...stamp,
    phenotypic,
    aetiologic,
    ...(bmi === undefined ? {} : { bmi }),
    losses,
    issues: [...history.issues, ...heightIssue],
    drafts: [],
  };
  if (minor) return { ...result, diagnosis: 'not-applicable', missing: [] };
  if (minor === undefined) return { ...result, diagnosis: 'undecided', missing: ['birth-date', ...missing] };
  return { ...result, diagnosis: verdict === undefined ? 'undecided' : verdict ? 'undernutrition' : 'none', missing };
}

/** A criterion; what is missing is told only where it is undecided. */
export const criterion = (id: string, met: boolean | undefined, missing: readonly string[]): Criterion => ({
  id,
  met,
  missing: met === undefined ? missing : [],
});

/** What BMI lacks for a verdict. */
export function bmiMissing({ history, bmi, ages }: Readings, more: readonly string[] = []): string[] {
  if (bmi !== undefined) return [...more, ...(ages.length > 1 ? ['birth-date'] : [])];
  return [...(history.current ? [] : ['weight']), 'height'];
}
