import type { MissingFact } from '../finding.ts';
import type { CtcaeInput } from './ctcae-data.ts';
import type { Ladder, UnitTables } from './ctcae-ladder.ts';
import type { Limits } from './ctcae-limits.ts';
import type { Known } from './ladder-condition.ts';
import { ANY, common, type Range, type Tri } from './ladder-range.ts';

/** One way that things may be: which sub-table is climbed, and what is then known. */
export interface Scenario {
  table: string;
  known: Known;
  /** In this case the term is not there at all, whatever the numbers. */
  absent?: boolean;
  /** In this case a number above the upper limit that reaches no step has no grade. */
  random?: boolean;
}

export interface Scenarios {
  list: readonly Scenario[];
  /** What would tell which of them it is. */
  cause: MissingFact;
}

/** What a sub-table is chosen by, beside what is known of numbers. */
export interface Choice {
  input: CtcaeInput;
  /** Limits of normal as they count in a sub-table. */
  limits(table: string): Limits;
  /** Limits of the result that is the baseline; absent where none is recorded. */
  baselineLimits?: Limits | undefined;
  fact(name: string): Tri;
  ageYears?: number;
}

/**
 * Every way that things may be, given what is known. One is left where all facts are known; none where the table does not grade such a
 * result (total calcium, a child's blood pressure).
 */
export function scenariosOf(ladder: Ladder, { tables }: UnitTables, known: Known, choice: Choice): Scenarios {
  const { entry } = ladder;
  const { fact, limits, baselineLimits } = choice;
  const one = (table: string, change: Partial<Known> = {}): Scenario => {
    const { low, high } = limits(table);
    // Without a recorded baseline each that could have been is judged by the limits of this result.
    return { table, known: { ...known, low, high, baselineLow: baselineLimits?.low ?? low, ...change } };
  };
  const clinical = (list: readonly Scenario[]): Scenarios => ({
    list: list.filter(({ table }) => tables.has(table)),
    cause: 'clinical-fact',
  });
  const [first = ''] = ladder.tables;
  switch (first) {
    case 'baselineNormal':
    case 'baselineAtOrBelowULN':
      return byBaseline(ladder, known.baseline, (baselineLimits ?? limits(first)).high, one);
    case 'symptomatic':
      return clinical(chosen(fact('symptomatic'), [one('symptomatic')], [one('asymptomatic')]));
    case 'moderateOrSevereSymptoms':
      return clinical(bySymptoms(fact, one));
    case 'corrected': {
      const { state } = choice.input;
      if (state === 'ionised') return clinical([one('ionised')]);
      return clinical(state === 'corrected' || fact('corrected') ? [one('corrected')] : []);
    }
    case 'fasting': {
      const fasting = choice.input.state === 'fasting' ? true : fact('fasting');
      return clinical(chosen(fasting, [one('fasting')], [{ ...one('nonFasting'), random: true }]));
    }
    case 'adult':
      // Percentiles grade a child's pressure, which the table does not hold.
      return clinical(choice.ageYears !== undefined && choice.ageYears < ADULT ? [] : [one('adult')]);
  }
  if (entry.reading?.kind === 'chronicity') {
    return clinical(chosen(fact('chronic'), [one(first)], [{ ...one(first), absent: true }]));
  }
  if (entry.reading?.kind === 'anticoagulation') {
    const on = stating(fact, { on_anticoagulation: true });
    const off = stating(fact, { on_anticoagulation: false });
    return clinical(
      chosen(fact('on_anticoagulation'), [one(first, { fact: on, plain: false })], [one(first, { fact: off })]),
    );
  }
  if (ladder.bySymptoms) {
    const with_ = stating(fact, { symptomatic: true, asymptomatic: false });
    const without = stating(fact, { symptomatic: false, asymptomatic: true });
    return clinical(chosen(fact('symptomatic'), [one(first, { fact: with_ })], [one(first, { fact: without })]));
  }
  if (entry.inputs?.some(({ role }) => role === 'spo2')) {
    return clinical(chosen(fact('resting'), [one(first, { context: 'rest' })], [one(first, { context: 'exercise' })]));
  }
  return clinical([one(first)]);
}

/** Age from which the adult table holds. Source: CTCAE says adult, paediatric and adolescent without an age; ours is 18 years. */
const ADULT = 18;

const chosen = <T>(holds: Tri, yes: readonly T[], no: readonly T[]): readonly T[] =>
  holds === undefined ? [...yes, ...no] : holds ? yes : no;

const stating =
  (fact: (name: string) => Tri, stated: Readonly<Record<string, boolean>>) =>
  (name: string): Tri =>
    stated[name] ?? fact(name);

function bySymptoms(fact: (name: string) => Tri, one: (table: string) => Scenario): readonly Scenario[] {
  if (fact('moderate_or_severe_symptoms')) return [one('moderateOrSevereSymptoms')];
  if (fact('mild_symptoms')) return [one('mildSymptoms')];
  return chosen(fact('symptomatic'), [one('moderateOrSevereSymptoms'), one('mildSymptoms')], [one('asymptomatic')]);
}

/**
 * By whether the baseline lay above the upper limit of its own result. Where no baseline is recorded, every baseline is considered, each
 * against the limit of this result.
 */
function byBaseline(
  { tables }: Ladder,
  recorded: Range,
  { lo, hi, hiOpen }: Range,
  one: (table: string, change: Partial<Known>) => Scenario,
): Scenarios {
  const [normal = '', abnormal = ''] = tables;
  const list: Scenario[] = [];
  const below = common(recorded, { ...ANY, hi, hiOpen });
  if (below) list.push(one(normal, { baseline: below }));
  const above = common(recorded, { ...ANY, lo, loOpen: true });
  if (above) list.push(one(abnormal, { baseline: above }));
  return { list, cause: recorded.lo === recorded.hi ? 'upper-limit' : 'baseline' };
}
