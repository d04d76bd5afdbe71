import { isImplausible } from '../../../src/rules/gradings/ctcae-plausible.ts';
import { baseOf } from '../../../src/rules/gradings/ctcae-units.ts';

/** Whether a value is one that ladders climb with; both sides of every bound are in `ctcae-plausible.test.ts`. */
export function isBelieved(term: string, loinc: string, value: number, unit: string): boolean {
  const base = baseOf({ value, unit }, true);
  return base === undefined || !isImplausible(loinc, { value, unit }, base, term);
}

/** An amount that lies where patients' values lie, for ladders that compare with limits and baselines alone. */
export const usualIn = (unit: string): number => (unit === 'mg/dL' || unit === 'mmol/L' ? 2 : 40);
