import { type Item, TERMS } from './form.ts';
import type { Random } from './random.ts';
import { type Regimen, rhythm } from './regimens.ts';

/** Scores 0-4 of each term's items in the order of the form, by the linkId of its group. */
export type Scores = ReadonlyMap<string, readonly number[]>;

/** How each term answers to what drives it: its own level, the burden of the patient, the cycle, and time under treatment. */
interface Loading {
  base: number;
  burden: number;
  cycle: number;
  perWeek: number;
}

const USUAL: Loading = { base: 0.35, burden: 0.6, cycle: 0.4, perWeek: 0 };
const LOADINGS: Readonly<Record<string, Loading>> = {
  PROCTCAE_8: { base: 0.4, burden: 0.8, cycle: 0.6, perWeek: 0 },
  PROCTCAE_9: { base: 0.3, burden: 0.6, cycle: 0.9, perWeek: 0 },
  PROCTCAE_10: { base: -0.2, burden: 0.5, cycle: 0.7, perWeek: 0 },
  PROCTCAE_39: { base: 0.1, burden: 0.3, cycle: 0.1, perWeek: 0.035 },
  PROCTCAE_52: { base: 0.5, burden: 0.7, cycle: 0.2, perWeek: 0 },
  PROCTCAE_53: { base: 0.8, burden: 0.9, cycle: 0.6, perWeek: 0.01 },
  PROCTCAE_56: { base: 0.2, burden: 0.8, cycle: 0, perWeek: 0 },
};

/** Where an item stands against its term: interference is felt less than the symptom, its frequency more. */
const OFFSET: Readonly<Record<string, number>> = { frequency: 0.2, severity: 0, interference: -0.2 };

/**
 * The course of one patient, week by week from the one before the first dose. One latent burden drives all terms together, one rhythm
 * those that follow the cycle; each term and each item has a share of its own. Our own model: it stands for no population.
 */
export function* course(random: Random, regimen: Regimen, weeks: number): Generator<Scores> {
  const level = 0.8 * random.normal();
  const own = TERMS.map(() => 0);
  let wave = 0;
  for (let week = 0; week < weeks; week += 1) {
    wave = 0.7 * wave + 0.45 * random.normal();
    const cycle = rhythm(regimen, 7 * week - 3);
    const scores = new Map<string, number[]>();
    for (const [index, { group, items }] of TERMS.entries()) {
      own[index] = 0.6 * (own[index] ?? 0) + 0.45 * random.normal();
      const { base, burden, cycle: follows, perWeek } = LOADINGS[group] ?? USUAL;
      const marked = regimen.marked.includes(group) ? 1.5 : 0.5;
      const latent = base + burden * (level + wave) + follows * marked * cycle + perWeek * week + (own[index] ?? 0);
      scores.set(
        group,
        items.map(({ attribute }) => score(latent + (OFFSET[attribute] ?? 0) + 0.35 * random.normal())),
      );
    }
    yield scores;
  }
}

/** The highest score that every item of a term can have. */
export const worst = (items: readonly Item[]): number[] => items.map(() => 4);

const score = (latent: number): number => Math.max(0, Math.min(4, Math.floor(latent)));
