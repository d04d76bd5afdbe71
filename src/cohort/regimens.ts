/**
 * Treatments of nobody. The numbers shape a plausible course and state nothing about any medicine; none is taken from a publication.
 */
export interface Regimen {
  name: string;
  /** Days of a cycle, and the day of it on which symptoms peak. */
  cycleDays: number;
  peakDay: number;
  /** Terms, by the linkId of their group in the weekly form, that follow the cycle most. */
  marked: readonly string[];
  /** How far neutrophils and platelets fall at mid-cycle, as a share. */
  nadir: number;
}

export const REGIMENS: readonly [Regimen, ...Regimen[]] = [
  {
    name: 'Synthetic regimen A, every 21 days',
    cycleDays: 21,
    peakDay: 4,
    marked: ['PROCTCAE_8', 'PROCTCAE_9', 'PROCTCAE_10', 'PROCTCAE_53'],
    nadir: 0.55,
  },
  {
    name: 'Synthetic regimen B, every 14 days',
    cycleDays: 14,
    peakDay: 3,
    marked: ['PROCTCAE_9', 'PROCTCAE_16', 'PROCTCAE_39', 'PROCTCAE_53'],
    nadir: 0.4,
  },
  {
    name: 'Synthetic regimen C, continuous',
    cycleDays: 28,
    peakDay: 14,
    marked: ['PROCTCAE_16', 'PROCTCAE_20', 'PROCTCAE_53'],
    nadir: 0.15,
  },
];

/** 1 at the peak of a cycle, falling in straight lines to 0 half a cycle away; 0 before the first dose. `day` counts from it. */
export function rhythm({ cycleDays, peakDay }: Regimen, day: number): number {
  if (day < 0) return 0;
  const away = Math.abs((day % cycleDays) - peakDay);
  return Math.max(0, 1 - Math.min(away, cycleDays - away) / (cycleDays / 2));
}
