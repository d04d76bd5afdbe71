import { readFileSync } from 'node:fs';

/**
 * CTCAE read a second time, for tests: plain true and false, every fact given, numbers in the unit of the step. It shares nothing with
 * the code that it is compared with but the data file.
 */
// biome-ignore lint/suspicious/noExplicitAny: the data are read as they are written
export type Raw = any;

export const TABLE: Raw = JSON.parse(readFileSync('profiles/gradings/ctcae.json', 'utf8'));

export const VERSIONS = ['5.0', '6.0'] as const;

/** The sub-tables of an entry in one version: `''` for the only one. */
export function tablesByHand(entry: Raw, version: string): Record<string, Raw> {
  if (!entry.editions[version]) return {};
  const own = entry.grades[version];
  const grades = own === 'same as 5.0' ? entry.grades['5.0'] : own;
  const keys = Object.keys(grades);
  if (keys.length === 0) return {};
  return keys[0] && /^\d$/.test(keys[0]) ? { '': grades } : grades;
}

/** Every leaf of a condition. */
export function leaves(condition: Raw): Raw[] {
  return [...(condition.all ?? []), ...(condition.any ?? [])]
    .flatMap(leaves)
    .concat(condition.all || condition.any ? [] : [condition]);
}

export interface Whole {
  value: number;
  low: number;
  high: number;
  baseline: number;
  baselineLow: number;
  baselineHigh: number;
  /** Values and baselines by role. */
  roles: Record<string, { value: number; baseline: number }>;
  flags: Record<string, boolean>;
  context?: string;
  sustained?: boolean;
  /** On anticoagulation plain numbers do not count. */
  withoutPlain?: boolean;
  /** Numbers of this unit stand for those of the step, by grade. */
  printed?: Record<string, number>;
}

const CLOSE = 1e-9;

export function holds(op: string, left: number, right: number): boolean {
  const same = Math.abs(left - right) <= CLOSE * Math.max(Math.abs(left), Math.abs(right));
  if (op === '<') return !same && left < right;
  if (op === '<=') return same || left < right;
  if (op === '>') return !same && left > right;
  return same || left > right;
}

const onlyFlags = (one: Raw): boolean =>
  one.flags !== undefined || ((one.all ?? one.any) !== undefined && (one.all ?? one.any).every(onlyFlags));

/** Whether one step holds; `raise` says whether flags that alone give a grade count. */
export function stepHolds(one: Raw, whole: Whole, grade: string, raise: boolean, decides = false): boolean {
  if (one.all) return one.all.every((part: Raw) => stepHolds(part, whole, grade, raise, onlyFlags(part)));
  if (one.any) {
    return one.any.some((part: Raw) => stepHolds(part, whole, grade, raise, decides && onlyFlags(part)));
  }
  if (one.flags) {
    if (one.flags.some((flag: string) => flag.startsWith('no_'))) return true;
    return (raise || decides) && one.flags.some((flag: string) => whole.flags[flag]);
  }
  if (one.durationLongerThan) return whole.sustained === true;
  if ((one.sustainedLongerThan || one.persistingOver) && !whole.sustained) return false;
  if (one.context && one.context !== whole.context) return false;
  if (['pao2', 'urine_protein_creatinine'].includes(one.input)) return false;
  const { value, baseline } = one.input
    ? (whole.roles[one.input] ?? { value: Number.NaN, baseline: Number.NaN })
    : whole;
  if (one.baseline === 'belowLLN') return holds('<', baseline, whole.baselineLow);
  if (one.changeFromBaseline) return holds(one.changeFromBaseline.op, value - baseline, one.changeFromBaseline.value);
  if (one.dropFromBaseline) return holds(one.dropFromBaseline.op, baseline - value, one.dropFromBaseline.value);
  if (one.pctLossFromBaseline) {
    return holds(one.pctLossFromBaseline.op, ((baseline - value) / baseline) * 100, one.pctLossFromBaseline.value);
  }
  if (one.pctGainFromBaseline) {
    return holds(one.pctGainFromBaseline.op, ((value - baseline) / baseline) * 100, one.pctGainFromBaseline.value);
  }
  const { op, ref, multiple = 1, delta = 0 } = one;
  if (ref === 'ULN') return holds(op, value, multiple * whole.high);
  if (ref === 'LLN') return holds(op, value, multiple * whole.low);
  if (ref === 'baseline') return holds(op, value, multiple * baseline + delta);
  if (whole.withoutPlain) return false;
  return holds(op, value, whole.printed?.[grade] ?? one.value);
}

/** The grade of one sub-table, from the top. */
export function gradeByHand(table: Raw, whole: Whole, raise: boolean): number {
  for (const grade of ['4', '3', '2', '1']) {
    if (table[grade] && stepHolds(table[grade], whole, grade, raise)) return Number(grade);
  }
  return 0;
}

/** The sub-table that the facts choose. */
export function chosenByHand(entry: Raw, version: string, whole: Whole, facts: Record<string, boolean>): string {
  const names = Object.keys(tablesByHand(entry, version));
  const [first = ''] = names;
  if (first === 'baselineNormal' || first === 'baselineAtOrBelowULN') {
    return (whole.baseline > whole.baselineHigh ? names[1] : first) ?? '';
  }
  if (first === 'symptomatic') return facts.symptomatic ? 'symptomatic' : 'asymptomatic';
  if (first === 'moderateOrSevereSymptoms') {
    if (facts.moderate_or_severe_symptoms) return first;
    return facts.mild_symptoms ? 'mildSymptoms' : 'asymptomatic';
  }
  if (first === 'corrected') return facts.ionised ? 'ionised' : 'corrected';
  if (first === 'fasting') return facts.fasting ? 'fasting' : 'nonFasting';
  return first;
}

export type Expected = { graded: number } | { from: number; to: number } | 'none';

/** What the table, its pitfalls and the highest grade from data alone come to, where nothing is missing. */
export function expectedByHand(entry: Raw, version: string, whole: Whole, facts: Record<string, boolean>): Expected {
  const name = chosenByHand(entry, version, whole, facts);
  const table = tablesByHand(entry, version)[name];
  const elsewhere = entry.notGradableHere?.[version];
  if (elsewhere && holds(elsewhere.op, whole.value, elsewhere.value)) return 'none';
  const plain = gradeByHand(table, whole, false);
  if (name === 'nonFasting' && plain === 0 && holds('>', whole.value, whole.high)) return 'none';
  const grade = entry.kind === 'lab' && plain === 0 ? 0 : gradeByHand(table, whole, true);
  const cap = entry.maxGradeFromDataAlone;
  const unstated = { ...whole, flags: {}, sustained: false };
  if (grade > cap && stepHolds(table[grade], unstated, String(grade), false)) return { from: cap, to: grade };
  return { graded: grade };
}

/** The units that the steps of a sub-table are printed in, each with the numbers that stand for those of the grades. */
export function unitsByHand(entry: Raw, version: string, table: string): { unit: string; printed?: Raw }[] {
  const { canonicalUnit = '', unitSteps = {}, inputs = [] } = entry;
  const free = canonicalUnit.startsWith('ratio') || canonicalUnit.includes('% of');
  const sets = Object.entries(unitSteps).flatMap(([unit, steps]: [string, Raw]) => {
    const printed = steps[table] ?? steps[version] ?? steps;
    return Object.values(printed).every((number) => typeof number === 'number') ? [{ unit, printed }] : [];
  });
  if (free) return inputs.slice(0, 1).map(({ ucum }: Raw) => ({ unit: ucum[0] }));
  return [{ unit: canonicalUnit.replace(' (albumin-corrected)', '') }, ...sets];
}
