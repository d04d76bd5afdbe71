import type { SourceRef } from './finding.ts';
import { type Course, comparedWith, isScored, type Scored, type Visit } from './longitudinal-series.ts';

const DAY_MILLIS = 86_400_000;

/** A number with the reports that it rests on, or the reason why there is none. */
export type Measure = { value: number; from: readonly SourceRef[] } | { absent: Absent };

export type Absent =
  /** No report of this term has a certain score. */
  | 'no-score'
  /**
   * No report of this term is a recorded baseline, or the last that is has no certain score where one is needed; the first report is not assumed to be one.
   */
  | 'no-baseline'
  /** No certain score after the recorded baseline. */
  | 'no-score-after-baseline'
  /** A curve needs certain scores at two moments. */
  | 'one-moment'
  | 'not-reached';

/**
 * `max`: highest certain score of all visits, the baseline included where it is one. Visits are in symptom-time order, here and below.
 * Source: ProAE 1.0.4 (R), toxSummary, as read in our table of trial measures.
 */
export const maximum = ({ visits }: Course): Measure => highestOf(visits.filter(isScored), 'no-score');

/** `max_post_bl`: highest certain score strictly after the recorded baseline, whether that has a score or not. Source: ProAE 1.0.4, toxSummary. */
export function maximumPostBaseline({ visits, baselineVisit }: Course): Measure {
  if (!baselineVisit) return { absent: 'no-baseline' };
  return highestOf(after(visits, baselineVisit), 'no-score-after-baseline');
}

/**
 * `bl_adjusted`: 0 where nothing after the baseline is above it, else the highest score after the baseline (not the difference).
 * Absent where the score of the last recorded baseline, or one after it, is missing. Source: ProAE 1.0.4, toxSummary.
 */
export function baselineAdjusted(course: Course): Measure {
  const baseline = comparedWith(course);
  const highest = maximumPostBaseline(course);
  if (!baseline) return { absent: 'no-baseline' };
  if ('absent' in highest) return highest;
  const from = [baseline.source, ...highest.from];
  return { value: highest.value <= baseline.score ? 0 : highest.value, from };
}

/**
 * `toxicity_index` of all certain scores, the baseline included: sorted so that x1 >= x2 >= … >= xn, it is x1 plus the sum over i of
 * x(i+1) divided by the product of (1 + xj) for j = 1…i; what comes above x1 is at most 0.9999, so its whole part is the highest score.
 * Source: ProAE 1.0.4, toxSummary.
 */
export function toxicityIndex({ visits }: Course): Measure {
  const scored = visits.filter(isScored);
  const value = toxicityIndexOf(scored.map(({ score }) => score));
  return value === undefined ? { absent: 'no-score' } : { value, from: scored.map(({ source }) => source) };
}

/** The index of bare scores, in any order; undefined of none. */
export function toxicityIndexOf(scores: readonly number[]): number | undefined {
  const [first, ...rest] = [...scores].sort((a, b) => b - a);
  if (first === undefined) return undefined;
  let above = 0;
  let product = 1 + first;
  for (const score of rest) {
    above += score / product;
    product *= 1 + score;
  }
  return first + Math.min(above, 0.9999);
}

/** Days until a grade was reached, and from which report they are counted. */
export type TimeToFirst = Measure & {
  /** The recorded baseline, or the first report where none is recorded; absent without any report. */
  origin?: { kind: 'recorded-baseline' | 'first-report'; at: string; source: SourceRef };
  /** Of `not-reached`: days from the origin to the last certain score. */
  followedDays?: number;
  /** A report before the one that reached it, or any where none did, that could not exclude it: the time may be shorter. */
  notExcluded?: SourceRef;
};

/**
 * Days, with their fraction, from the origin to the first report whose score is certainly `threshold` or more. The origin is the recorded
 * baseline, with a score or without, and only reports strictly after it count; where no baseline is recorded it is the first report in which the term was asked,
 * which then counts as well (0 days). A report without a certain score reaches nothing; where its range does not exclude the
 * threshold it is named as `notExcluded`. Our own definition.
 */
export function timeToFirst({ visits, baselineVisit }: Course, threshold: number): TimeToFirst {
  const start = baselineVisit ?? visits[0];
  if (!start) return { absent: 'no-score' };
  const counted = baselineVisit ? visits.filter(({ at }) => at > baselineVisit.at) : visits;
  const origin = {
    kind: baselineVisit ? ('recorded-baseline' as const) : ('first-report' as const),
    at: start.at,
    source: start.source,
  };
  const index = counted.findIndex(({ score }) => score !== undefined && score >= threshold);
  const before = index < 0 ? counted : counted.slice(0, index);
  const doubtful = before.find(({ score, upTo }) => score === undefined && upTo !== undefined && upTo >= threshold);
  const shared = { origin, ...(doubtful ? { notExcluded: doubtful.source } : {}) };
  const reached = counted[index];
  if (reached) return { value: days(start.at, reached.at), from: [start.source, reached.source], ...shared };
  const last = counted.filter(isScored).at(-1);
  if (!last) return { absent: baselineVisit ? 'no-score-after-baseline' : 'no-score', ...shared };
  return { absent: 'not-reached', followedDays: days(start.at, last.at), ...shared };
}

/** The area with the stretch of time that it lies over. */
export type Area = Measure & { overDays?: number };

/**
 * Area under a patient's curve of certain scores by the trapezoidal rule, in score × days, from the first to the last certain score. A
 * report without one is bridged by the straight line between its neighbours. Absent unless there are scores at two moments.
 * Source: the trapezoidal rule of ProAE 1.0.4 (toxSummary), applied to one patient: our own choice.
 */
export function areaUnderCurve({ visits }: Course): Area {
  const scored = visits.filter(isScored);
  const [first, last] = [scored[0], scored.at(-1)];
  if (!first || !last) return { absent: 'no-score' };
  if (first.at === last.at) return { absent: 'one-moment' };
  let value = 0;
  for (const [index, visit] of scored.entries()) {
    const next = scored[index + 1];
    if (next) value += (days(visit.at, next.at) * (visit.score + next.score)) / 2;
  }
  return { value, from: scored.map(({ source }) => source), overDays: days(first.at, last.at) };
}

/**
 * Mean of the scores that are certain; what was opted out of or is missing is left out. Of composites it is the average composite score.
 * Source: MII (German medical informatics initiative), oncology PRO-CTCAE FHIR module, average composite score.
 */
export function average({ visits }: Course): Measure {
  const scored = visits.filter(isScored);
  if (scored.length === 0) return { absent: 'no-score' };
  const sum = scored.reduce((total, { score }) => total + score, 0);
  return { value: sum / scored.length, from: scored.map(({ source }) => source) };
}

/** Days with their fraction between two instants. */
export const days = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / DAY_MILLIS;

/** The scored visits strictly after another. */
const after = (visits: readonly Visit[], { at }: Visit): Scored[] =>
  visits.filter(isScored).filter((visit) => visit.at > at);

/** The highest score, with every report that has it. */
function highestOf(scored: readonly Scored[], none: Absent): Measure {
  if (scored.length === 0) return { absent: none };
  const value = Math.max(...scored.map(({ score }) => score));
  return { value, from: scored.filter(({ score }) => score === value).map(({ source }) => source) };
}
