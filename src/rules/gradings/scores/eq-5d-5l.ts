import json from '../../../../profiles/gradings/eq-5d-5l.json' with { type: 'json' };
import { instrument, type Scorer, sum, whyNot } from './instrument.ts';
import type { ScoreData, ScoreGrading } from './score.ts';

/** The profile: the five levels as digits, in the order of the dimensions; none with a digit missing. */
const profileOrScale: Scorer = (spec, answers, data) => {
  if (spec.kind !== 'profile') return sum(spec, answers, data);
  const missing = spec.items.filter((code) => answers.get(code)?.state !== 'answered');
  if (missing.length > 0) return { missing, reason: whyNot(spec.items, answers) };
  const digits = spec.items.map((code) => {
    const answer = answers.get(code);
    return answer?.state === 'answered' ? answer.value : '';
  });
  return { profile: digits.join(''), missing };
};

/**
 * EQ-5D-5L: the profile of five digits, and the visual analogue scale 0-100. No index: see `eq5dIndex`.
 * Source: EuroQol EQ-5D-5L user material; order of the dimensions by the German MII guide.
 */
// The compiler reads every string of the file as `string`; that it is whole is checked at start.
export const eq5d5l: ScoreGrading = instrument(json as unknown as ScoreData, profileOrScale);

/** A country value set: what each of the 3125 profiles is worth there. None ships with the service. */
export interface ValueSet {
  country: string;
  version: string;
  source: string;
  values: Readonly<Record<string, number>>;
}

export type Index =
  | { kind: 'index'; value: number; country: string; version: string; source: string }
  | { kind: 'refused'; reason: 'no-value-set' | 'no-profile' | 'value-set-incomplete' };

/** The index of a profile in a value set, looked up and never computed from the digits; refused without a whole value set. */
export function eq5dIndex(profile: string | undefined, valueSet?: ValueSet): Index {
  if (!valueSet) return { kind: 'refused', reason: 'no-value-set' };
  const { country, version, source, values } = valueSet;
  if (!isWhole(values)) return { kind: 'refused', reason: 'value-set-incomplete' };
  const value = profile !== undefined && PROFILE.test(profile) ? values[profile] : undefined;
  if (value === undefined) return { kind: 'refused', reason: 'no-profile' };
  return { kind: 'index', value, country, version, source };
}

const PROFILE = /^[1-5]{5}$/;
const PROFILES = 5 ** 5;

function isWhole(values: ValueSet['values']): boolean {
  const known = Object.entries(values).filter(([profile, value]) => PROFILE.test(profile) && Number.isFinite(value));
  return known.length === PROFILES;
}
