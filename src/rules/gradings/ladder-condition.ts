import type { MissingFact } from '../finding.ts';
import type { Condition, Op, Role } from './ctcae-data.ts';
import { ANY, compare, type Range, scaled, type Tri } from './ladder-range.ts';

/** A value and its recorded baseline, in base units. */
export interface Reading {
  value: Range;
  baseline: Range;
}

/** All that is known when a ladder is climbed. What is not known is a range, or a fact that is undefined. */
export interface Known {
  value: Range;
  baseline: Range;
  /** Of a term that is told by several measurements. */
  roles: Partial<Record<Role, Reading>>;
  low: Range;
  high: Range;
  /** Lower limit of the result that is the baseline. */
  baselineLow: Range;
  /** Clinical facts by the table's own words. */
  fact(name: string): Tri;
  /**
   * What a clinical fact that alone gives a grade may do: `none`, nothing; `stated`, what somebody has stated holds; `possible`, whatever
   * is not denied holds. The last tells whether a person could come to a higher grade.
   */
  raise: 'none' | 'stated' | 'possible';
  /** Whether numbers that are compared with nothing hold; a baseline may have taken their place. */
  plain: boolean;
  context?: 'rest' | 'exercise';
  /** Filled while climbing: what an undecided condition would need. */
  causes: Set<MissingFact>;
  /** Filled while climbing: whether any comparison of a number was true. */
  met: boolean;
}

/** One condition, ready to be asked. */
export type Test = (known: Known) => Tri;

/** A number of the table in base units: of `unit`, or of the unit that the steps are written in. */
export type Amount = (value: number, unit?: string) => number;

/**
 * Prepares a condition. `printed` is the number that stands for the step in the unit of the result, where NCI prints another set.
 * Throws on a condition that the grammar does not know: a step that is not understood is never taken for one that does not hold.
 */
export function compileCondition(condition: Condition, amount: Amount, printed?: number): Test {
  return compile(condition, { amount, printed, decides: false });
}

interface Setting {
  amount: Amount;
  printed: number | undefined;
  /** Flags that stand beside a number in one conjunction decide; alone or as an alternative they only raise. */
  decides: boolean;
}

function compile(condition: Condition, setting: Setting): Test {
  const { all, any, flags } = condition;
  if (all) return every(all.map((one) => compile(one, { ...setting, decides: onlyFlags(one) })));
  if (any) return some(any.map((one) => compile(one, { ...setting, decides: setting.decides && onlyFlags(one) })));
  if (flags) return compileFlags(flags, setting.decides);
  if (condition.durationLongerThan) return lasting;
  const number = compileNumber(condition, setting);
  const lasts = condition.sustainedLongerThan ?? condition.persistingOver;
  const test = lasts ? every([number, lasting]) : number;
  const { context } = condition;
  return context ? (known) => (known.context === context ? test(known) : false) : test;
}

function onlyFlags({ flags, all, any }: Condition): boolean {
  return flags !== undefined || (all ?? any)?.every(onlyFlags) === true;
}

const every =
  (tests: readonly Test[]): Test =>
  (known) => {
    let result: Tri = true;
    for (const test of tests) {
      const holds = test(known);
      if (holds === false) return false;
      if (holds === undefined) result = undefined;
    }
    return result;
  };

const some =
  (tests: readonly Test[]): Test =>
  (known) => {
    let result: Tri = false;
    for (const test of tests) {
      const holds = test(known);
      if (holds === true) return true;
      if (holds === undefined) result = undefined;
    }
    return result;
  };

/** That something lasted, which one reading does not tell. */
const lasting: Test = (known) => {
  const stated = known.fact('sustained');
  if (stated !== undefined || known.raise !== 'possible') return stated ?? unknown(known, 'clinical-fact');
  return true;
};

function compileFlags(flags: readonly string[], decides: boolean): Test {
  // The lowest grade of a ladder says "no intervention": were there one, the grade would be higher, never lower.
  if (flags.every((flag) => flag.startsWith('no_'))) return () => true;
  const negative = flags.includes('asymptomatic');
  return (known) => {
    let denied = true;
    for (const flag of flags) {
      const holds = known.fact(flag);
      if (holds === true && (decides || known.raise !== 'none')) return true;
      if (holds !== false) denied = false;
    }
    if (denied) return false;
    if (negative && decides) return true;
    if (known.raise === 'possible') return true;
    return decides ? unknown(known, 'clinical-fact') : false;
  };
}

function unknown(known: Known, cause: MissingFact): undefined {
  known.causes.add(cause);
  return undefined;
}

/** Measurements that no result of ours carries: another way to the same grade, for a clinician to look at. */
const ELSEWHERE: readonly string[] = ['pao2', 'urine_protein_creatinine'];

const raised: Test = (known) => known.raise === 'possible';

function compileNumber(condition: Condition, { amount, printed }: Setting): Test {
  const { input, op, ref, multiple = 1, delta, value, unit } = condition;
  if (input !== undefined && ELSEWHERE.includes(input)) return raised;
  const read = reader(input as Role | undefined);
  if (condition.baseline === 'belowLLN') {
    return (known) => told(known, read(known).baseline, '<', known.baselineLow, 'lower-limit', true);
  }
  const change = changeOf(condition);
  if (change) {
    const { by, factor, plus } = change;
    const shift = plus === 0 ? 0 : Math.sign(plus) * size(amount, Math.abs(plus));
    return (known) => {
      const { value: now, baseline } = read(known);
      return told(known, now, by, scaled(baseline, factor, shift), 'baseline', !exact(baseline));
    };
  }
  if (op === undefined) throw new Error(`A condition of the table is not understood: ${JSON.stringify(condition)}`);
  if (ref === undefined) {
    const number = printed ?? value;
    if (number === undefined) throw new Error(`A condition of the table has no number: ${JSON.stringify(condition)}`);
    const threshold = amount(number, unit);
    const limit: Range = { lo: threshold, hi: threshold, loOpen: false, hiOpen: false };
    return (known) => (known.plain ? told(known, read(known).value, op, limit, 'value', true) : false);
  }
  const plus = delta === undefined ? 0 : size(amount, delta);
  if (ref === 'baseline') {
    return (known) => {
      const { value: now, baseline } = read(known);
      return told(known, now, op, scaled(baseline, multiple, plus), 'baseline', !exact(baseline));
    };
  }
  const cause = ref === 'ULN' ? 'upper-limit' : 'lower-limit';
  return (known) => {
    const limit = ref === 'ULN' ? known.high : known.low;
    return told(known, read(known).value, op, scaled(limit, multiple, plus), cause, !exact(limit));
  };
}

function reader(role: Role | undefined): (known: Known) => Reading {
  return role === undefined ? (known) => known : (known) => known.roles[role] ?? UNREAD;
}

const UNREAD: Reading = { value: ANY, baseline: ANY };

const exact = ({ lo, hi }: Range): boolean => lo === hi;

/** The size of a difference in base units, also on a scale whose zero is not that of the base. */
const size = (amount: Amount, difference: number): number => amount(difference) - amount(0);

/** The comparison, and where it is undecided, what would decide it. */
function told(known: Known, left: Range, op: Op, right: Range, cause: MissingFact, blame: boolean): Tri {
  const holds = compare(left, op, right);
  if (holds === true) known.met = true;
  if (holds === undefined) {
    if (!exact(left)) known.causes.add(cause === 'lower-limit' && left === known.baseline ? 'baseline' : 'value');
    if (blame && !exact(right)) known.causes.add(cause);
  }
  return holds;
}

/** A change from the baseline as a comparison of the value with a multiple of the baseline, plus a constant. */
function changeOf(condition: Condition): { by: Op; factor: number; plus: number } | undefined {
  const { changeFromBaseline, dropFromBaseline, pctLossFromBaseline, pctGainFromBaseline } = condition;
  if (changeFromBaseline) return { by: changeFromBaseline.op, factor: 1, plus: changeFromBaseline.value };
  if (dropFromBaseline) return { by: turned(dropFromBaseline.op), factor: 1, plus: -dropFromBaseline.value };
  if (pctLossFromBaseline) {
    return { by: turned(pctLossFromBaseline.op), factor: 1 - pctLossFromBaseline.value / 100, plus: 0 };
  }
  if (pctGainFromBaseline) {
    return { by: pctGainFromBaseline.op, factor: 1 + pctGainFromBaseline.value / 100, plus: 0 };
  }
  return undefined;
}

const turned = (op: Op): Op => TURNED[op];
const TURNED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;
