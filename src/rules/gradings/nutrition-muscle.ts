import { any } from './completions.ts';

/** What was measured of muscle; each is one of the ways that HAS/FFN 2019 names. */
export interface MuscleMeasures {
  gripKg?: number;
  gaitMetresPerSecond?: number;
  /** cm2/m2, by imaging at the third lumbar vertebra. */
  skeletalMuscleIndexL3?: number;
  /** kg/m2, by impedance. */
  muscleMassIndex?: number;
  /** kg/m2, by impedance. */
  fatFreeMassIndex?: number;
  /** kg/m2, by DEXA. */
  appendicularLeanMassIndex?: number;
}

/** One row of the table: below the limit is reduced. */
export interface MuscleLimit {
  id: keyof MuscleMeasures;
  women: number;
  men: number;
}

/**
 * Whether any measure is below its limit for the sex; without a sex only what holds for both is said. One that was not measured is unknown, so that
 * `false` needs all of them, or a clinician's word. Source: HAS/FFN, November 2019.
 */
export function muscleReduced(
  measures: MuscleMeasures,
  sex: 'female' | 'male' | undefined,
  limits: readonly MuscleLimit[],
): boolean | undefined {
  return any(
    limits.map(({ id, women, men }) => {
      const value = measures[id];
      if (value === undefined) return undefined;
      if (sex) return value < (sex === 'female' ? women : men);
      return value < women === value < men ? value < women : undefined;
    }),
  );
}
