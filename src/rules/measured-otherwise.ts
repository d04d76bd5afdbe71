import { LOINC } from '../fhir/canonical.ts';
import { ageYears } from './age.ts';
import type { CtcaeVersion, Finding, Measured } from './finding.ts';
import { gradeMeasured } from './gradings/ctcae.ts';
import type { ReviewedCodes } from './gradings/ctcae-codes.ts';
import type { MeasuredInput } from './gradings/ctcae-measured.ts';
import { feverOf } from './gradings/emergency-fever.ts';

/** Another value, and what would have been found by it. */
export interface OtherValue {
  value: number;
  finding: Finding;
}

/** Each step away from the value is this much larger; so many lead to twenty times and a twentieth of it. */
const STEP = 1.005;
const STEPS = 600;

/**
 * The nearest values, lower and higher, at which a measured term would have been graded otherwise by the very ladder that graded it, all
 * else being as it was; told to the digit to which it was measured, and to two digits at least. Nothing where the ladder was climbed with
 * what the finding does not hold.
 */
export function measuredOtherwise(finding: Finding, birthDate: string | undefined, day: string): readonly OtherValue[] {
  const { measured } = finding;
  if (!measured || measured.comparator !== undefined || measured.upTo !== undefined || measured.value <= 0) return [];
  const age = birthDate === undefined ? undefined : ageYears(birthDate, day);
  const grade = (value: number) => regraded(finding, { ...measured, value }, age);
  const same = grade(measured.value);
  if (!same || key(same) !== key(finding)) return [];
  const digits = Math.min(12, Math.max(decimalsOf(measured.value), 1 - Math.floor(Math.log10(measured.value))));
  const numberAt = (count: number): number => Number((count / 10 ** digits).toFixed(digits));
  const from = Math.round(measured.value * 10 ** digits);
  return [-1, 1].flatMap((direction) =>
    turns(from, direction, (count) => (count > 0 ? grade(numberAt(count)) : undefined))
      .filter(({ finding }) => isBelieved(finding))
      .map(({ count, finding }) => ({ value: numberAt(count), finding })),
  );
}

/** That a far higher or lower number would not have been believed tells nobody anything. */
const isBelieved = ({ outcome }: Finding): boolean =>
  outcome.kind !== 'not-gradable' || outcome.reason !== 'value-implausible';

/** Where the outcome turns on the way from a count in one direction: the first count of each other outcome. */
function turns(
  from: number,
  direction: number,
  grade: (count: number) => Finding | undefined,
): { count: number; finding: Finding }[] {
  const found: { count: number; finding: Finding }[] = [];
  let last = from;
  let known = keyAt(grade, from);
  for (let step = 1; step <= STEPS; step += 1) {
    const next = from + direction * Math.max(step, Math.round(Math.abs(from * STEP ** (direction * step) - from)));
    if (next === last) continue;
    if (keyAt(grade, next) !== known) {
      const count = firstOther(last, next, (one) => keyAt(grade, one) !== known);
      const finding = grade(count);
      if (finding) found.push({ count, finding });
      known = keyAt(grade, next);
    }
    last = next;
  }
  return found;
}

/** Of two counts between which something turns, the first one beyond the turn. */
function firstOther(before: number, beyond: number, isOther: (count: number) => boolean): number {
  let [near, far] = [before, beyond];
  while (Math.abs(far - near) > 1) {
    const middle = Math.trunc((near + far) / 2);
    if (isOther(middle)) far = middle;
    else near = middle;
  }
  return far;
}

const keyAt = (grade: (count: number) => Finding | undefined, count: number): string | undefined => {
  const finding = grade(count);
  return finding && key(finding);
};

const key = ({ outcome, dataQuality }: Finding): string =>
  JSON.stringify([outcome, dataQuality.filter((issue) => issue !== 'clock-ahead').sort()]);

const decimalsOf = (value: number): number => /\.(\d+)$/.exec(String(value))?.[1]?.length ?? 0;

function regraded(finding: Finding, measured: Measured, age: number | undefined): Finding | undefined {
  const again = finding.system === 'ctcae' ? climbed(finding, measured, age) : fevered(finding, measured);
  const clock = finding.dataQuality.filter((issue) => issue === 'clock-ahead');
  return again && { ...again, dataQuality: [...again.dataQuality, ...clock] };
}

function climbed({ term, version }: Finding, measured: Measured, age: number | undefined): Finding | undefined {
  const { loinc, value, unit, low, high, baseline, facts, beside = [] } = measured;
  const amount = (number: number) => ({ value: number, unit });
  const input: MeasuredInput = {
    codings: [{ system: LOINC, code: loinc }],
    status: 'final',
    value: amount(value),
    ...(low === undefined ? {} : { low: amount(low) }),
    ...(high === undefined ? {} : { high: amount(high) }),
    ...(age === undefined ? {} : { ageYears: age }),
    ...(facts ? { facts } : {}),
    baseline: () => baseline,
    beside: (codes) => beside.find((one) => codes.includes(one.loinc)),
  };
  // It was read by this code when it came in, or the site had said that it means this one.
  const read: ReviewedCodes = { size: 1, get: (code) => (code === `${LOINC}|${loinc}` ? loinc : undefined) };
  return gradeMeasured(input, [version as CtcaeVersion], read).find((one) => one.term === term);
}

/** Fever is the one emergency that is measured. */
function fevered(finding: Finding, measured: Measured): Finding | undefined {
  const { value, unit, loinc } = measured;
  const told = feverOf({ loinc: [loinc], value, unit });
  if (told.is === 'open') return undefined;
  return {
    ...finding,
    outcome: { kind: 'graded', grade: told.is === 'there' ? 1 : 0 },
    measured: told.measured ?? measured,
  };
}
