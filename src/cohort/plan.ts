import type { Planted } from './entry.ts';
import { type FormTerm, TERMS } from './form.ts';
import { type ANALYTES, PLANTABLE } from './measurements.ts';
import type { Random } from './random.ts';

/** The severe events of one patient, by the week in which they happen. */
export interface Plan {
  symptom?: { week: number; term: FormTerm; how: Planted['how'] };
  lab?: { week: number; analyte: (typeof ANALYTES)[number] };
  fever?: { week: number };
}

const WAYS = ['on-time', 'late', 'amended', 'duplicated'] as const;

/**
 * What is planted in patient `index`: a symptom in every third, in turn on time, late, by a correction and sent twice; a laboratory result
 * in every fourth; a fever in every tenth. So a cohort of eight has some of each. Nothing in the first two weeks or the last.
 */
export function planOf(index: number, weeks: number, random: Random): Plan {
  const weekOf = (): number => 2 + random.below(Math.max(1, weeks - 3));
  const [symptom, lab, fever] = [weekOf(), weekOf(), weekOf()];
  const term = TERMS[random.below(TERMS.length)];
  const way = WAYS[Math.floor(index / 3) % WAYS.length];
  const analyte = PLANTABLE[Math.floor(index / 4) % PLANTABLE.length];
  return {
    ...(index % 3 === 0 && term && way ? { symptom: { week: symptom, term, how: way } } : {}),
    ...(index % 4 === 1 && analyte ? { lab: { week: lab, analyte } } : {}),
    ...(index % 10 === 2 ? { fever: { week: fever } } : {}),
  };
}
