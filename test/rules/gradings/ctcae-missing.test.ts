import t from 'tap';
import { LOINC } from '../../../src/fhir/canonical.ts';
import type { Outcome } from '../../../src/rules/finding.ts';
import { gradeMeasured } from '../../../src/rules/gradings/ctcae.ts';
import type { MeasuredInput } from '../../../src/rules/gradings/ctcae-measured.ts';
import { ALL_CODES } from './all-codes.ts';
import { isBelieved, usualIn } from './believed.ts';
import {
  chosenByHand,
  gradeByHand,
  holds,
  leaves,
  type Raw,
  stepHolds,
  TABLE,
  tablesByHand,
  unitsByHand,
  VERSIONS,
  type Whole,
} from './ctcae-by-hand.ts';

/**
 * What a missing limit, baseline or fact leaves open, against every completion tried one by one: limits and baselines at, just below
 * and just above whatever would move a step, very small and very large.
 */
const NOT_HERE = ['febrile_neutropenia', 'hypertension', 'chronic_kidney_disease'];

const ENTRIES = TABLE.entries.filter(({ id, inputs }: Raw) => inputs && !NOT_HERE.includes(id));

interface Case {
  value: number;
  low?: number;
  high?: number;
  baseline?: number;
}

/** Ways in which the facts that choose or decide may be; each with the flags that are then true. */
function factsOf(entry: Raw, version: string): { facts: Record<string, boolean>; change?: Partial<Whole> }[] {
  const names = Object.keys(tablesByHand(entry, version));
  if (names.includes('moderateOrSevereSymptoms')) {
    return [{ facts: { moderate_or_severe_symptoms: true } }, { facts: { mild_symptoms: true } }, { facts: {} }];
  }
  if (names.includes('symptomatic')) return [{ facts: { symptomatic: true } }, { facts: {} }];
  if (names.includes('fasting')) return [{ facts: { fasting: true } }, { facts: { fasting: false } }];
  if (entry.id === 'hyponatremia') {
    return [
      { facts: {}, change: { flags: { symptomatic: true } } },
      { facts: {}, change: { flags: { asymptomatic: true } } },
    ];
  }
  if (entry.id === 'inr_increased') {
    return [{ facts: {}, change: { withoutPlain: true, flags: { on_anticoagulation: true } } }, { facts: {} }];
  }
  if (entry.id === 'hypoxia') {
    const flags = { asymptomatic: true };
    return [
      { facts: {}, change: { context: 'rest', flags } },
      { facts: {}, change: { context: 'exercise', flags } },
    ];
  }
  return [{ facts: {} }];
}

/** Flags that stand beside a number in one conjunction: they may be true or false. */
function decidingOf(entry: Raw, version: string): string[] {
  const found = new Set<string>();
  const walk = (one: Raw, beside: boolean): void => {
    const flagsOnly = leaves(one).every((leaf) => leaf.flags);
    for (const part of one.all ?? [])
      walk(
        part,
        leaves(part).every((leaf) => leaf.flags),
      );
    for (const part of one.any ?? []) walk(part, beside && flagsOnly);
    if (one.flags && beside) for (const flag of one.flags) found.add(flag);
  };
  for (const steps of Object.values(tablesByHand(entry, version))) {
    for (const step of Object.values(steps as Raw)) walk(step, false);
  }
  return [...found].filter((flag) => !/^no_|symptomatic$|on_anticoagulation/.test(flag) || entry.id === 'hypokalemia');
}

/** Amounts that something unknown may be: around whatever moves a step for this value. */
const around = (points: readonly number[]): number[] => [
  1e-6,
  1e7,
  ...points.flatMap((point) => [point * 0.9999, point, point * 1.0001]).filter((point) => point > 0),
];

function gridsOf(entry: Raw, version: string, { value, low, high, baseline }: Case): Whole[] {
  const all = Object.values(tablesByHand(entry, version)).flatMap((steps) =>
    Object.values(steps as Raw).flatMap(leaves),
  );
  const limits = (ref: string) => all.filter((leaf) => leaf.ref === ref).map(({ multiple = 1 }) => value / multiple);
  const usesLow = all.some((leaf) => leaf.ref === 'LLN' || leaf.baseline === 'belowLLN');
  const usesBaseline = all.some(
    (leaf) =>
      leaf.ref === 'baseline' ||
      leaf.baseline ||
      leaf.dropFromBaseline ||
      leaf.pctLossFromBaseline ||
      leaf.pctGainFromBaseline,
  );
  const usesHigh = all.some((leaf) => leaf.ref === 'ULN');
  const lows = low !== undefined ? [low] : usesLow ? around([...limits('LLN'), high ?? value]) : [1e-9];
  const highs = high !== undefined ? [high] : usesHigh ? around([...limits('ULN'), low ?? value]) : [1e9];
  const edges = all.flatMap((leaf) => {
    if (leaf.ref === 'baseline') return [(value - (leaf.delta ?? 0)) / (leaf.multiple ?? 1)];
    if (leaf.dropFromBaseline) return [value + leaf.dropFromBaseline.value];
    if (leaf.pctLossFromBaseline) return [value / (1 - leaf.pctLossFromBaseline.value / 100)];
    if (leaf.pctGainFromBaseline) return [value / (1 + leaf.pctGainFromBaseline.value / 100)];
    return [];
  });
  const wholes: Whole[] = [];
  for (const lower of lows) {
    for (const upper of highs) {
      if (lower > upper) continue;
      const baselines =
        baseline !== undefined ? [baseline] : usesBaseline ? around([...edges, upper, lower]) : [(lower + upper) / 2];
      for (const own of baselines) {
        const roles = { spo2: { value, baseline: own } };
        // A recorded baseline is judged by the limits of its own result; one that is not recorded, by those of this one.
        const ownHighs = baseline !== undefined && high === undefined ? around([baseline]) : [upper];
        const ownLows = baseline !== undefined && low === undefined && usesLow ? around([baseline]) : [lower];
        for (const baselineHigh of usesBaseline ? ownHighs : [upper]) {
          for (const baselineLow of usesBaseline ? ownLows : [lower]) {
            wholes.push({ value, low: lower, high: upper, baseline: own, baselineLow, baselineHigh, roles, flags: {} });
          }
        }
      }
    }
  }
  return wholes;
}

interface Open {
  min: number;
  max: number;
  /** Some completion has no grade. */
  none: boolean;
}

/** The grades that some completion has. */
function openByHand(entry: Raw, version: string, given: Case, stated: Record<string, boolean>): Open {
  const cap = entry.maxGradeFromDataAlone;
  const deciding = decidingOf(entry, version);
  const open: Open = { min: 9, max: -1, none: false };
  const add = (min: number, max: number): void => {
    open.min = Math.min(open.min, min);
    open.max = Math.max(open.max, max);
  };
  for (const whole of gridsOf(entry, version, given)) {
    for (const { facts, change } of factsOf(entry, version)) {
      if (Object.entries(stated).some(([name, holds]) => facts[name] !== undefined && facts[name] !== holds)) continue;
      const now = { ...whole, ...change };
      const name = chosenByHand(entry, version, now, facts);
      const table = tablesByHand(entry, version)[name];
      for (const decided of deciding.length > 0 ? [true, false] : [false]) {
        const flags = { ...now.flags, ...Object.fromEntries(deciding.map((flag) => [flag, decided])) };
        let grade = gradeByHand(table, { ...now, flags }, false);
        // What only a clinician can tell does not go beyond the highest grade from data.
        if (grade > cap) grade = Math.max(Math.min(grade, cap), gradeByHand(table, now, false));
        if (name === 'nonFasting' && grade === 0 && holds('>', whole.value, whole.high)) {
          open.none = true;
          add(0, 0);
        } else if (entry.reading?.kind === 'new' && version === '6.0' && given.baseline === undefined && grade === 3) {
          add(0, 3);
        } else if (grade > cap && stepHolds(table[grade], { ...now, flags: {} }, String(grade), false)) add(cap, grade);
        else add(grade, grade);
      }
    }
  }
  return open;
}

const told = (outcome: Outcome | undefined): string => JSON.stringify(outcome);

for (const entry of ENTRIES) {
  for (const version of VERSIONS) {
    const tables = Object.entries(tablesByHand(entry, version));
    const numeric = tables
      .flatMap(([, steps]) => Object.values(steps as Raw).flatMap(leaves))
      .filter((leaf) => !leaf.flags);
    if (numeric.length === 0) continue;
    t.test(
      `${entry.id} in v${version}: a missing limit, baseline or fact leaves open what completions tell`,
      async (t) => {
        const code = entry.id.includes('calcemia') ? '29265-6' : entry.inputs[0].loinc;
        const [{ unit } = { unit: '' }] = unitsByHand(entry, version, tables[0]?.[0] ?? '');
        const numbers = numeric.flatMap(({ op, value, ref }) => (op && value !== undefined && !ref ? [value] : []));
        const middle = numbers.length > 0 ? numbers.reduce((sum, one) => sum + one, 0) / numbers.length : usualIn(unit);
        const percent = unit === '%';
        const low = percent
          ? 92
          : entry.direction === 'high'
            ? Math.min(middle, ...numbers) * 0.5
            : Math.max(middle, ...numbers) * 1.2;
        const high = percent ? 99 : entry.direction === 'high' ? Math.min(middle, ...numbers) * 0.9 : low * 1.8;
        const values = [
          ...new Set([
            ...numbers.flatMap((one) => [one * 0.99, one * 1.01]),
            low * 0.9,
            low * 1.1,
            high,
            high * 1.1,
            high * 2.2,
            high * 6,
          ]),
        ].filter((value) => (unit !== 'Cel' || value < 45) && isBelieved(entry.id, code, value, unit));
        t.ok(values.length >= 4, `${values.length} values`);
        const wrong: string[] = [];
        let open = 0;
        for (const value of values) {
          for (const hidden of [
            ['low'],
            ['high'],
            ['baseline'],
            ['low', 'high'],
            ['high', 'baseline'],
            ['low', 'baseline'],
            ['low', 'high', 'baseline'],
          ]) {
            for (const baseline of [(low + high) / 2, percent ? 95 : high * 1.5]) {
              if (!isBelieved(entry.id, code, baseline, unit)) continue;
              const given: Case = { value };
              if (!hidden.includes('low')) given.low = low;
              if (!hidden.includes('high')) given.high = high;
              if (!hidden.includes('baseline')) given.baseline = baseline;
              const fasting: Record<string, boolean> =
                entry.id === 'hyperglycemia' && version === '6.0' && baseline > high ? { fasting: false } : {};
              const input: MeasuredInput = {
                codings: [{ system: LOINC, code }],
                status: 'final',
                value: { value, unit },
                ...(given.low === undefined ? {} : { low: { value: given.low, unit } }),
                ...(given.high === undefined ? {} : { high: { value: given.high, unit } }),
                facts: fasting,
                baseline: () =>
                  given.baseline === undefined
                    ? undefined
                    : {
                        value: given.baseline,
                        unit,
                        at: '2026-01-01T00:00:00.000Z',
                        source: { type: 'Observation', id: 'b', version: 1 },
                        ...(given.low === undefined ? {} : { low: { value: given.low, unit } }),
                        ...(given.high === undefined ? {} : { high: { value: given.high, unit } }),
                      },
              };
              const outcome = gradeMeasured(input, [version], ALL_CODES).find(({ term }) => term === entry.id)?.outcome;
              const expected = openByHand(entry, version, given, fasting);
              const elsewhere = entry.notGradableHere?.[version];
              const fits =
                elsewhere && value < elsewhere.value
                  ? outcome?.kind === 'not-gradable'
                  : outcome?.kind === 'graded'
                    ? expected.min === outcome.grade && expected.max === outcome.grade && !expected.none
                    : outcome?.kind === 'at-least'
                      ? expected.min === outcome.min && expected.max === outcome.max && outcome.missing.length > 0
                      : expected.min === 0 && (expected.none || expected.max >= topOf(entry, version));
              if (outcome?.kind !== 'graded') open++;
              if (!fits)
                wrong.push(
                  `${told(outcome)} but ${JSON.stringify(expected)} of ${JSON.stringify({ ...given, ...fasting })}`,
                );
            }
          }
        }
        t.strictSame(wrong.slice(0, 4), [], `${wrong.length} of ${values.length * 14}, ${open} open`);
      },
    );
  }
}

/** The highest grade that a number has a part in. */
function topOf(entry: Raw, version: string): number {
  const tops = Object.values(tablesByHand(entry, version)).map((steps) =>
    Math.max(
      ...Object.entries(steps as Raw).map(([grade, step]) =>
        leaves(step).some((leaf) => !leaf.flags && !leaf.durationLongerThan) ? cappedBy(entry, step, Number(grade)) : 0,
      ),
    ),
  );
  return Math.max(...tops);
}

/** A step beside whose number a clinical fact stands is not reached above the highest grade from data. */
const cappedBy = (entry: Raw, step: Raw, grade: number): number =>
  grade > entry.maxGradeFromDataAlone && step.all ? 0 : grade;
