import type { CtcaeVersion } from '../finding.ts';
import {
  type Condition,
  CTCAE_DATA,
  type CtcaeEntry,
  type CtcaeInput,
  gradesOf,
  type MolarPair,
  type Role,
  type Steps,
  type UnitSteps,
} from './ctcae-data.ts';
import { amountIn, baseOf, unitOfSteps } from './ctcae-units.ts';
import { type Amount, compileCondition, type Test } from './ladder-condition.ts';

/** One grade and what it takes. */
export interface Step {
  grade: number;
  test: Test;
}

/** The steps of one sub-table, the highest first. */
export interface Table {
  steps: readonly Step[];
  /** What this table does not grade, although a number is there. */
  outside?: Test;
  opens: Opens;
}

/**
 * Of a table whose grade 1 runs from a limit of normal to a printed number: that number, in base units. No lower limit can lie below it, and
 * no upper limit above: there would be nothing between.
 */
export interface Opens {
  low?: number;
  high?: number;
}

/** Of any other table. */
export const NO_NUMBER: Opens = {};

/** The sub-tables as they stand for results of one dimension. */
export interface UnitTables {
  /** The unit that the steps are printed in; absent where they are multiples of a limit or baseline. */
  unit?: string;
  dimension: string;
  /** By name; the only table of an entry without sub-tables is named `''`. */
  tables: ReadonlyMap<string, Table>;
}

/** An entry in one version, ready to be climbed. */
export interface Ladder {
  entry: CtcaeEntry;
  version: CtcaeVersion;
  /** Names of the sub-tables. */
  tables: readonly string[];
  /** Whether being symptomatic or not decides between two grades. */
  bySymptoms: boolean;
  /** By the dimension of the result. */
  units: ReadonlyMap<string, UnitTables>;
  /** Factors of dimensionless units that are read; `1` always is where any is. */
  factors: readonly number[];
  usesBaseline: boolean;
  /** Whether limits of normal have a part in the grade: those of the result, those of the baseline. */
  usesLimits: boolean;
  usesBaselineLimits: boolean;
  /** Which limits of normal the steps compare with. */
  comparesWith: Readonly<Record<'low' | 'high', boolean>>;
  /** Whether the analyte is an ion of one charge. */
  monovalent: boolean;
  /** The inputs of each role, where the term is told by several measurements. */
  roles: ReadonlyMap<Role, readonly CtcaeInput[]>;
  molar?: MolarPair;
}

/** Grades that a step may have, the highest first; 5 is never told from data. */
const GRADES = ['4', '3', '2', '1'] as const;

/** The ladder of an entry in one version; undefined where data have no part in the grade, or the version has no such term. */
export function compileLadder(entry: CtcaeEntry, version: CtcaeVersion): Ladder | undefined {
  const tables = tablesOf(entry, version);
  const conditions = [...tables.values()].flatMap((steps) => Object.values(steps));
  if (!entry.inputs || !conditions.some(isNumeric)) return undefined;
  const units = new Map<string, UnitTables>();
  for (const set of unitSets(entry, version, tables)) units.set(set.dimension, set);
  const listed = entry.inputs.flatMap(({ ucum }) => ucum).map((unit) => baseOf({ value: 1, unit }));
  const molar = CTCAE_DATA.molar.find(({ entries }) => entries.includes(entry.id));
  const byNormal = NORMAL_BASELINE.some((table) => tables.has(table));
  const isLow = ({ baseline }: Condition) => baseline === 'belowLLN';
  const isBeside = (limit: 'LLN' | 'ULN') => conditions.some((one) => mentions(one, ({ ref }) => ref === limit));
  const comparesWith = { low: isBeside('LLN'), high: isBeside('ULN') };
  return {
    entry,
    version,
    tables: [...tables.keys()],
    bySymptoms: ['symptomatic', 'asymptomatic'].every((fact) =>
      conditions.some((one) => mentions(one, ({ flags }) => flags?.includes(fact) === true)),
    ),
    units,
    factors: listed.flatMap((one) => (one?.dimension === '1' ? [one.value] : [])),
    usesBaseline: conditions.some((one) => mentions(one, isOfBaseline)) || tables.has('baselineNormal'),
    usesLimits: comparesWith.low || comparesWith.high,
    usesBaselineLimits: byNormal || conditions.some((one) => mentions(one, isLow)),
    comparesWith,
    monovalent: entry.reading?.kind === 'monovalent',
    roles: rolesOf(entry.inputs),
    ...(molar ? { molar } : {}),
  };
}

/** Sub-tables that are chosen by whether the baseline lay within the limits of its own result. */
const NORMAL_BASELINE: readonly string[] = ['baselineNormal', 'baselineAtOrBelowULN'];

function rolesOf(inputs: readonly CtcaeInput[]): ReadonlyMap<Role, readonly CtcaeInput[]> {
  const roles = new Map<Role, CtcaeInput[]>();
  for (const input of inputs) {
    const { role } = input;
    if (role !== undefined && role !== 'panel') roles.set(role, [...(roles.get(role) ?? []), input]);
  }
  return roles;
}

/** The sub-tables of an entry by name, in the order of the table. */
export function tablesOf(entry: CtcaeEntry, version: CtcaeVersion): ReadonlyMap<string, Steps> {
  const grades = gradesOf(entry, version) ?? {};
  if (Object.keys(grades).every((key) => /^\d$/.test(key))) return new Map([['', grades as Steps]]); // keys are grades
  return new Map(Object.entries(grades as Readonly<Record<string, Steps>>)); // keys are names of sub-tables
}

/** Whether a number has a part in a condition. */
export function isNumeric(condition: Condition): boolean {
  return mentions(condition, (one) => !one.flags && !one.durationLongerThan);
}

function isOfBaseline(condition: Condition): boolean {
  const { ref, baseline, changeFromBaseline, dropFromBaseline, pctLossFromBaseline, pctGainFromBaseline } = condition;
  const change = changeFromBaseline ?? dropFromBaseline ?? pctLossFromBaseline ?? pctGainFromBaseline;
  return ref === 'baseline' || baseline !== undefined || change !== undefined;
}

/** Whether any leaf of a condition is such. */
const mentions = (condition: Condition, such: (leaf: Condition) => boolean): boolean => leavesOf(condition).some(such);

function leavesOf(condition: Condition): readonly Condition[] {
  const parts = condition.all ?? condition.any;
  return parts ? parts.flatMap(leavesOf) : [condition];
}

/** The steps in every unit that they are printed in. */
function* unitSets(
  entry: CtcaeEntry,
  version: CtcaeVersion,
  tables: ReadonlyMap<string, Steps>,
): Generator<UnitTables> {
  const unit = unitOfSteps(entry);
  const printed = [...tables.values()].some((steps) => Object.values(steps).some(isPlain));
  if (!printed && !entry.inputs?.some(({ role }) => role)) {
    // Multiples of a limit or baseline hold in any unit of the analyte.
    const units = [unit ?? [], entry.inputs?.flatMap(({ ucum }) => ucum) ?? [], Object.keys(entry.unitSteps ?? {})];
    const free = unitSet(entry, version, tables, undefined, () => undefined);
    for (const code of units.flat()) yield { ...free, dimension: dimensionOf(code) };
    return;
  }
  yield unitSet(entry, version, tables, unit, () => undefined);
  for (const [code, steps] of Object.entries(entry.unitSteps ?? {})) {
    yield unitSet(entry, version, tables, code, (table, grade) => printedFor(steps, version, table, grade), true);
  }
}

function unitSet(
  entry: CtcaeEntry,
  version: CtcaeVersion,
  tables: ReadonlyMap<string, Steps>,
  unit: string | undefined,
  printed: (table: string, grade: string) => number | undefined,
  replaces = false,
): UnitTables {
  const compiled = new Map<string, Table>();
  const amount: Amount = (value, own = unit) => (own === undefined ? value : amountIn(own)(value));
  const elsewhere = entry.notGradableHere?.[version];
  for (const [name, steps] of tables) {
    const present = GRADES.filter((grade) => steps[grade] !== undefined);
    // In another unit only what is printed for that unit is known: a table with a number that is not has no place there.
    const known = (grade: string, one: Condition) => !replaces || !isPlain(one) || printed(name, grade) !== undefined;
    if (!present.every((grade) => known(grade, steps[grade] ?? {}))) continue;
    compiled.set(name, {
      steps: present.map((grade) => ({
        grade: Number(grade),
        test: compileCondition(steps[grade] ?? {}, amount, printed(name, grade)),
      })),
      ...(elsewhere ? { outside: compileCondition(elsewhere, amount) } : {}),
      opens: opensOf(steps, amount, (grade) => printed(name, grade)),
    });
  }
  return { ...(unit ? { unit } : {}), dimension: unit ? dimensionOf(unit) : '', tables: compiled };
}

/** The printed number that is nearest to each limit that the table compares with. */
function opensOf(steps: Steps, amount: Amount, printed: (grade: string) => number | undefined): Opens {
  const leaves = Object.entries(steps).flatMap(([grade, one]) => leavesOf(one).map((leaf) => ({ grade, leaf })));
  const numbers = (op: '<' | '>', ref: 'LLN' | 'ULN'): readonly number[] => {
    const limit = leaves.find(({ leaf }) => leaf.op === op && leaf.ref === ref)?.leaf;
    if (!limit) return [];
    return leaves.flatMap(({ grade, leaf }) => {
      const number =
        leaf.op === op && !leaf.ref && leaf.input === limit.input ? (printed(grade) ?? leaf.value) : undefined;
      return number === undefined ? [] : [amount(number, leaf.unit)];
    });
  };
  const [low, high] = [numbers('<', 'LLN'), numbers('>', 'ULN')];
  if (low.length === 0 && high.length === 0) return NO_NUMBER;
  return {
    ...(low.length > 0 ? { low: Math.max(...low) } : {}),
    ...(high.length > 0 ? { high: Math.min(...high) } : {}),
  };
}

const dimensionOf = (unit: string): string => baseOf({ value: 1, unit })?.dimension ?? '';

/** Whether a condition compares the result with a number that is printed, in the unit of the steps. */
function isPlain(condition: Condition): boolean {
  return mentions(condition, ({ op, value, ref, input }) => op !== undefined && value !== undefined && !ref && !input);
}

/** Numbers stand under the grade, or under the sub-table or version first. */
function printedFor(steps: UnitSteps, version: CtcaeVersion, table: string, grade: string): number | undefined {
  const own = steps[table] ?? steps[version] ?? steps;
  const number = typeof own === 'number' ? own : own[grade];
  return typeof number === 'number' ? number : undefined;
}
