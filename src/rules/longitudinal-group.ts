import { days } from './longitudinal.ts';
import { type Course, comparedWith, isScored } from './longitudinal-series.ts';

/** Days between two visits of a group: a visit is a week, counted from each patient's own recorded baseline. */
export const VISIT_DAYS = 7;

/** What a group scored at one visit. */
export interface GroupVisit {
  /** Days since the recorded baseline; 0 is the baseline itself. */
  day: number;
  /** Patients with a certain score; the share and mean are of these. */
  answered: number;
  /** Patients who were asked, with or without a certain score. */
  asked: number;
  /** Patients of whom a plan expected a form that asks it; absent where no patient of the curve has such a plan. */
  expected?: number;
  mean?: number;
  /** Shares, 0 to 1. */
  above0?: number;
  from3?: number;
}

/** A group's curve over its visits, and how it compares with the baseline. */
export interface GroupSummary {
  /** Patients of whom anything was reported. */
  patients: number;
  /** Those with a certain score, and how many of them ever scored above 0, and 3 or more. */
  scored: number;
  everAbove0: number;
  ever3: number;
  /** Those whose last recorded baseline has a certain score: the curve is of these alone. */
  withBaseline: number;
  /** Those of the curve of whom a plan asks for a form that asks the term. */
  withPlan: number;
  visits: readonly GroupVisit[];
  /** Undefined where fewer than two visits have a score. */
  area?: GroupArea;
}

/** Areas in score × days, with the moments at which the curve crosses its own baseline. */
export interface GroupArea {
  worsening: number;
  /** 0 or less. */
  improvement: number;
  crossings: readonly number[];
  overDays: number;
}

/** What is kept of a group while its patients are read one after the other: counts, and no patient. */
export interface GroupTally extends Omit<GroupSummary, 'visits' | 'area'> {
  visits: Map<number, VisitCounts>;
}

interface VisitCounts {
  answered: number;
  asked: number;
  expected: number;
  sum: number;
  above0: number;
  from3: number;
}

export const emptyTally = (): GroupTally => ({
  patients: 0,
  scored: 0,
  everAbove0: 0,
  ever3: 0,
  withBaseline: 0,
  withPlan: 0,
  visits: new Map(),
});

/**
 * Counts one patient's visits of one term. A visit is a whole week since the patient's own recorded baseline, rounded, at least one;
 * where a patient reported more than once in it, the highest certain score stands. A patient whose last recorded baseline has no certain score, or who has none, has a
 * share in `scored` and in what was ever reached, and none in the curve. `expected` are the moments (UTC instants) at which plans of the patient expected forms that ask
 * the term; undefined where none of them does.
 * Source of the shares and areas: ProAE 1.0.4 (R), toxSummary; that a visit is a week is our own choice.
 */
export function addPatient(tally: GroupTally, course: Course, expected?: readonly string[]): void {
  const { visits } = course;
  if (visits.length === 0) return;
  tally.patients += 1;
  const scores = visits.filter(isScored).map(({ score }) => score);
  if (scores.length > 0) tally.scored += 1;
  if (scores.some((score) => score > 0)) tally.everAbove0 += 1;
  if (scores.some((score) => score >= 3)) tally.ever3 += 1;
  const curve = curveOf(course);
  if (!curve) return;
  tally.withBaseline += 1;
  if (expected) tally.withPlan += 1;
  for (const number of visitsExpected(course, expected)) countsAt(tally, number).expected += 1;
  for (const [number, score] of curve) {
    const counts = countsAt(tally, number);
    counts.asked += 1;
    if (score === undefined) continue;
    counts.answered += 1;
    counts.sum += score;
    if (score > 0) counts.above0 += 1;
    if (score >= 3) counts.from3 += 1;
  }
}

/** The counts of a visit of the group: a whole number of weeks since the baseline. */
function countsAt({ visits }: GroupTally, number: number): VisitCounts {
  const counts = visits.get(number) ?? { answered: 0, asked: 0, expected: 0, sum: 0, above0: 0, from3: 0 };
  visits.set(number, counts);
  return counts;
}

/** The curve of what was counted, and its areas. */
export function summaryOf({ visits: counted, ...counts }: GroupTally): GroupSummary {
  const visits = [...counted]
    .sort(([a], [b]) => a - b)
    .map(
      ([number, { answered, asked, expected, sum, above0, from3 }]): GroupVisit => ({
        day: number * VISIT_DAYS,
        answered,
        asked,
        ...(counts.withPlan === 0 ? {} : { expected }),
        ...(answered === 0 ? {} : { mean: sum / answered, above0: above0 / answered, from3: from3 / answered }),
      }),
    );
  const area = groupArea(visits.flatMap(({ day, mean }) => (mean === undefined ? [] : [{ time: day, mean }])));
  return { ...counts, visits, ...(area ? { area } : {}) };
}

/**
 * Areas above and below the first mean: worsening is the area of what lies above it, improvement of what lies below, with a point where the
 * line through two means crosses it. In score × the unit of `time`. Undefined of fewer than two points.
 * Source: Langlais group AUC as in ProAE 1.0.4 (R), toxSummary.
 */
export function groupArea(points: readonly { time: number; mean: number }[]): GroupArea | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 2) return undefined;
  const curve: { time: number; y: number }[] = [];
  const crossings: number[] = [];
  for (const { time, mean } of points) {
    const y = mean - first.mean;
    const before = curve.at(-1);
    if (before && before.y * y < 0) {
      const crossing = before.time + ((time - before.time) * before.y) / (before.y - y);
      crossings.push(crossing);
      curve.push({ time: crossing, y: 0 });
    }
    curve.push({ time, y });
  }
  const areaOf = (side: (y: number) => number): number =>
    curve.reduce((sum, { time, y }, index) => {
      const next = curve[index + 1];
      return next ? sum + ((next.time - time) * (side(y) + side(next.y))) / 2 : sum;
    }, 0);
  return {
    worsening: areaOf((y) => Math.max(y, 0)),
    improvement: areaOf((y) => Math.min(y, 0)),
    crossings,
    overDays: last.time - first.time,
  };
}

/** Highest certain score of each visit of one patient; undefined of a visit that has none. Nothing before the baseline. */
type Curve = ReadonlyMap<number, number | undefined>;

function curveOf(course: Course): Curve | undefined {
  const baseline = comparedWith(course);
  if (!baseline) return undefined;
  const curve = new Map<number, number | undefined>([[0, baseline.score]]);
  for (const visit of course.visits) {
    if (visit.at <= baseline.at) continue;
    const number = visitAt(baseline.at, visit.at);
    const held = curve.get(number);
    curve.set(number, visit.score === undefined ? held : Math.max(held ?? visit.score, visit.score));
  }
  return curve;
}

/** The visits in which a form was expected, each once; the baseline is one where a form was expected at that very moment. */
function visitsExpected(course: Course, expected: readonly string[] = []): ReadonlySet<number> {
  const baseline = comparedWith(course);
  if (!baseline) return new Set();
  const since = expected.filter((at) => at >= baseline.at);
  return new Set(since.map((at) => (at === baseline.at ? 0 : visitAt(baseline.at, at))));
}

/** The visit of a moment after the baseline: the whole number of weeks since then, at least one. */
const visitAt = (baseline: string, at: string): number => Math.max(1, Math.round(days(baseline, at) / VISIT_DAYS));
