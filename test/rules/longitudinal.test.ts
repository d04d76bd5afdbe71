import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import {
  areaUnderCurve,
  average,
  baselineAdjusted,
  maximum,
  maximumPostBaseline,
  timeToFirst,
  toxicityIndex,
  toxicityIndexOf,
} from '../../src/rules/longitudinal.ts';
import { addPatient, emptyTally, type GroupSummary, groupArea, summaryOf } from '../../src/rules/longitudinal-group.ts';
import { type Course, isScored, type Visit } from '../../src/rules/longitudinal-series.ts';

const SHARED = '../shared/clinical/trials.json';

/** Visits of consecutive days: a score, `null` for none, `[min, max]` for a range; `B` before it for a recorded baseline. */
type Given = number | null | 'range 0-3' | `B${number}` | 'Bnull';

function visit(given: Given, day: number): Visit {
  const baseline = typeof given === 'string' && given.startsWith('B');
  const text = String(given).replace('B', '');
  return {
    at: new Date(Date.UTC(2026, 0, 1 + day, 8)).toISOString(),
    ...(given === 'range 0-3' ? { upTo: 3 } : text === 'null' ? {} : { score: Number(text) }),
    baseline,
    source: { type: 'QuestionnaireResponse', id: `r${day}`, version: 1 },
  };
}

function course(visits: readonly Visit[]): Course {
  const baseline = visits.filter(isScored).findLast(({ baseline }) => baseline);
  const baselineVisit = visits.findLast(({ baseline }) => baseline);
  return { visits, ...(baseline ? { baseline } : {}), ...(baselineVisit ? { baselineVisit } : {}) };
}

const daily = (...given: Given[]): Course => course(given.map(visit));
const weekly = (...given: Given[]): Course => course(given.map((one, week) => visit(one, 7 * week)));

function groupSummary(patients: readonly Course[]): GroupSummary {
  const tally = emptyTally();
  for (const one of patients) addPatient(tally, one);
  return summaryOf(tally);
}

/** A baseline with a score, and a later one with a range. */
const RANGED: Visit[] = [visit('B1', 0), { ...visit('range 0-3', 1), baseline: true }, visit(2, 2)];

const rounded = (value: number): number => Number(value.toFixed(6));

interface Vectors {
  toxicityIndex: { scores: (number | null)[]; toxicityIndex: number }[];
  groupAuc: { time: number[]; armMean: number[]; aucWorsening: number; aucImprovement: number }[];
}

/** The worked vectors of our table of trial measures, computed from the formulas of ProAE 1.0.4, to six digits. */
const VECTORS: Vectors = {
  toxicityIndex: [
    { scores: [0, 0, 0], toxicityIndex: 0 },
    { scores: [2, null, null], toxicityIndex: 2 },
    { scores: [1, 0, 0], toxicityIndex: 1 },
    { scores: [1, 1, 1], toxicityIndex: 1.75 },
    { scores: [2, 0, 1], toxicityIndex: 2.333333 },
    { scores: [3, 2, 2], toxicityIndex: 3.666667 },
    { scores: [4, 4, 4, 4], toxicityIndex: 4.992 },
    { scores: [3, 3, 2, 2, 1, 0, null], toxicityIndex: 3.923611 },
  ],
  groupAuc: [
    { time: [0, 1, 2, 3], armMean: [1.0, 2.0, 0.5, 1.5], aucWorsening: 0.958333, aucImprovement: -0.208333 },
    { time: [1, 2, 3], armMean: [2.0, 1.0, 1.0], aucWorsening: 0, aucImprovement: -1.5 },
    { time: [0, 2, 4], armMean: [0.5, 1.5, 1.5], aucWorsening: 3, aucImprovement: 0 },
  ],
};

t.test('the worked vectors are those of the table that they come from', { skip: !existsSync(SHARED) }, async (t) => {
  const { summaryMeasures } = JSON.parse(readFileSync(SHARED, 'utf8'));
  t.same(VECTORS.toxicityIndex, summaryMeasures.vectors.toxicityIndex);
  t.same(VECTORS.groupAuc, summaryMeasures.vectors.groupAuc);
});

t.test('toxicity index', async (t) => {
  for (const { scores, toxicityIndex: expected } of VECTORS.toxicityIndex) {
    t.test(`of ${scores.join(', ')}`, async (t) => {
      const found = toxicityIndex(daily(...scores));
      t.ok('value' in found && rounded(found.value) === expected, JSON.stringify(found));
    });
  }
  t.equal(toxicityIndexOf([]), undefined, 'of nothing there is none');
  t.equal(toxicityIndexOf(Array(400).fill(4)), 4.9999, 'what comes above the highest score is capped');
  t.equal(toxicityIndexOf([0, 2, 1]), toxicityIndexOf([2, 1, 0]), 'whatever the order');
  t.same(toxicityIndex(daily(null, 'range 0-3')), { absent: 'no-score' });
});

t.test('areas of a group against its own baseline', async (t) => {
  for (const { time, armMean, aucWorsening, aucImprovement } of VECTORS.groupAuc) {
    t.test(`of means ${armMean.join(', ')}`, async (t) => {
      const area = groupArea(armMean.map((mean, index) => ({ time: time[index] ?? 0, mean })));
      t.equal(rounded(area?.worsening ?? Number.NaN), aucWorsening);
      t.equal(rounded(area?.improvement ?? Number.NaN), aucImprovement);
    });
  }
  const crossing = groupArea([
    { time: 0, mean: 1 },
    { time: 1, mean: 2 },
    { time: 2, mean: 0.5 },
  ]);
  t.same(crossing?.crossings.map(rounded), [1.666667], 'the line through two means crosses the first one');
  t.equal(groupArea([{ time: 0, mean: 1 }]), undefined, 'one visit has no area');
  const touching = groupArea([
    { time: 0, mean: 1 },
    { time: 1, mean: 1 },
    { time: 2, mean: 2 },
  ]);
  t.match(touching, { worsening: 0.5, improvement: 0, crossings: [] }, 'a mean that equals the first is no crossing');
});

t.test('measures of one patient', async (t) => {
  type Row = [name: string, measure: (given: Course) => object, given: Course, expected: object];
  const cases: Row[] = [
    ['the maximum counts the baseline', maximum, daily('B3', 1, null), { value: 3, from: [{ id: 'r0' }] }],
    ['every report that has it is told', maximum, daily(2, 1, 2), { value: 2, from: [{ id: 'r0' }, { id: 'r2' }] }],
    ['a missing score is not 0', maximum, daily(null, 'range 0-3'), { absent: 'no-score' }],
    ['of no report there is none', maximum, daily(), { absent: 'no-score' }],
    ['after the baseline', maximumPostBaseline, daily('B3', 1, 2), { value: 2, from: [{ id: 'r2' }] }],
    ['before the baseline does not count', maximumPostBaseline, daily(4, 'B0', 1), { value: 1 }],
    ['the first report is no baseline', maximumPostBaseline, daily(0, 2), { absent: 'no-baseline' }],
    ['after a baseline without a score', maximumPostBaseline, daily(4, 'Bnull', 2), { value: 2, from: [{ id: 'r2' }] }],
    ['nothing came after such a one', maximumPostBaseline, daily(4, 'Bnull'), { absent: 'no-score-after-baseline' }],
    ['after the last baseline, if without a score', maximumPostBaseline, daily('B1', 3, 'Bnull', 2), { value: 2 }],
    ['a baseline without a score is not compared with', baselineAdjusted, daily('Bnull', 2), { absent: 'no-baseline' }],
    ['nor an older one in its place', baselineAdjusted, daily('B1', 3, 'Bnull', 2), { absent: 'no-baseline' }],
    ['also where nothing is above that', baselineAdjusted, daily('B3', 'Bnull', 2), { absent: 'no-baseline' }],
    ['nor one whose score is a range', baselineAdjusted, course(RANGED), { absent: 'no-baseline' }],
    [
      'the last one is, with what came after it',
      baselineAdjusted,
      daily('B1', 'Bnull', 'B2', 3),
      { value: 3, from: [{ id: 'r2' }, { id: 'r3' }] },
    ],
    ['nothing came after', maximumPostBaseline, daily('B1', null), { absent: 'no-score-after-baseline' }],
    ['the last of two baselines stands', maximumPostBaseline, daily('B0', 3, 'B1', 2), { value: 2 }],
    ['equal to the baseline is 0', baselineAdjusted, daily('B2', 2, 1), { value: 0 }],
    ['below the baseline is 0', baselineAdjusted, daily('B2', 1), { value: 0 }],
    ['above it is the score, not the difference', baselineAdjusted, daily('B2', 3), { value: 3 }],
    ['above a baseline of 0', baselineAdjusted, daily('B0', 1), { value: 1, from: [{ id: 'r0' }, { id: 'r1' }] }],
    ['no baseline, no adjustment', baselineAdjusted, daily(0, 1), { absent: 'no-baseline' }],
    ['nothing to adjust', baselineAdjusted, daily('B0', null), { absent: 'no-score-after-baseline' }],
    ['a trapezoid', areaUnderCurve, daily(0, 2, 1), { value: 2.5, overDays: 2 }],
    ['a gap is bridged', areaUnderCurve, daily(1, null, 3), { value: 4, overDays: 2, from: [{}, { id: 'r2' }] }],
    ['a gap at the end is not', areaUnderCurve, daily(1, 1, null), { value: 1, overDays: 1 }],
    ['one score has no area', areaUnderCurve, daily(null, 2), { absent: 'one-moment' }],
    ['no score has none either', areaUnderCurve, daily(null), { absent: 'no-score' }],
    ['a mean of what is known', average, daily(3, null, 0), { value: 1.5 }],
    ['no mean of nothing', average, daily('range 0-3'), { absent: 'no-score' }],
  ];
  for (const [name, measure, given, expected] of cases) {
    t.test(name, async (t) => void t.match(measure(given), expected));
  }
});

t.test('time to the first score of 2 or more', async (t) => {
  const origin = (kind: string, id: string) => ({ kind, source: { id } });
  const cases: [name: string, given: Course, expected: object][] = [
    ['from the recorded baseline', weekly('B0', 1, 2), { value: 14, origin: origin('recorded-baseline', 'r0') }],
    ['a report before the baseline does not count', weekly(3, 'B0', 2), { value: 7 }],
    ['a baseline that has it already does not reach it', weekly('B2', 1), { absent: 'not-reached', followedDays: 7 }],
    ['from the first report where none is recorded', weekly(0, 2), { value: 7, origin: origin('first-report', 'r0') }],
    ['which then counts itself', weekly(2, 0), { value: 0, from: [{ id: 'r0' }, { id: 'r0' }] }],
    ['also when it was not answered', weekly(null, 2), { value: 7, origin: origin('first-report', 'r0') }],
    [
      'from a recorded baseline without a score',
      weekly(2, 'Bnull', 1, 2),
      { value: 14, origin: origin('recorded-baseline', 'r7'), from: [{ id: 'r7' }, { id: 'r21' }] },
    ],
    ['after which nothing came', weekly(2, 'Bnull'), { absent: 'no-score-after-baseline' }],
    ['1 is below', weekly('B0', 1, 1), { absent: 'not-reached', followedDays: 14 }],
    ['followed up to the last score', weekly('B0', 1, null), { absent: 'not-reached', followedDays: 7 }],
    ['what could not exclude it is told', weekly('B0', 'range 0-3', 3), { value: 14, notExcluded: { id: 'r7' } }],
    [
      'also where it was not reached',
      weekly('B0', 'range 0-3', 1),
      { absent: 'not-reached', notExcluded: { id: 'r7' } },
    ],
    ['nothing after the baseline', weekly('B0', null), { absent: 'no-score-after-baseline' }],
    ['no report', daily(), { absent: 'no-score' }],
  ];
  for (const [name, given, expected] of cases) t.test(name, async (t) => void t.match(timeToFirst(given, 2), expected));
  t.equal('notExcluded' in timeToFirst(weekly('B0', 2, 'range 0-3'), 2), false, 'what came later does not matter');
});

t.test('a baseline that a clinician recorded is compared with, and is no visit', async (t) => {
  const baseline = { ...visit('B1', 3), score: 1, source: { type: 'Observation', id: 'recorded', version: 1 } };
  const given: Course = { visits: [visit(0, 0), visit(1, 7), visit(2, 14)], baseline, baselineVisit: baseline };
  t.match(maximum(given), { value: 2, from: [{ id: 'r14' }] });
  t.match(baselineAdjusted(given), { value: 2, from: [{ id: 'recorded' }, { id: 'r14' }] });
  t.match(timeToFirst(given, 2), { value: 11, origin: { kind: 'recorded-baseline', source: { id: 'recorded' } } });
  t.match(groupSummary([given]).visits, [
    { day: 0, mean: 1 },
    { day: 7, mean: 1 },
    { day: 14, mean: 2 },
  ]);
});

t.test('a group', async (t) => {
  const summary = groupSummary([weekly('B0', 1, 2), weekly('B2', null, 1), weekly(3), weekly(null), daily()]);
  t.match(summary, { patients: 4, scored: 3, everAbove0: 3, ever3: 1, withBaseline: 2 });
  t.same(summary.visits, [
    { day: 0, answered: 2, asked: 2, mean: 1, above0: 0.5, from3: 0 },
    { day: 7, answered: 1, asked: 2, mean: 1, above0: 1, from3: 0 },
    { day: 14, answered: 2, asked: 2, mean: 1.5, above0: 1, from3: 0 },
  ]);
  t.match(summary.area, { worsening: 1.75, improvement: 0, overDays: 14 });
  t.test('the highest of a week stands, and a day after the baseline is the first week', async (t) => {
    const days: Visit[] = [visit('B0', 0), visit(3, 1), visit(1, 8), visit(2, 10), visit(0, 11)];
    t.match(groupSummary([course(days)]).visits, [
      { day: 0, mean: 0 },
      { day: 7, mean: 3 },
      { day: 14, mean: 0 },
    ]);
  });
  t.test('of whom a plan expected a form is counted by visit, each once', async (t) => {
    const at = (day: number) => visit(null, day).at;
    const expectedOf = (...patients: [course: Course, expected: readonly string[] | undefined][]) => {
      const tally = emptyTally();
      for (const [course, expected] of patients) addPatient(tally, course, expected);
      const { withPlan, visits } = summaryOf(tally);
      return { withPlan, visits: visits.map(({ day, asked, expected }) => [day, asked, expected]) };
    };
    const none = expectedOf([weekly('B0', 1), undefined]);
    t.same(none, {
      withPlan: 0,
      visits: [
        [0, 1, undefined],
        [7, 1, undefined],
      ],
    });
    const some = expectedOf(
      // 3 days and 10 are nearest to a week, 18 to three; what comes before the baseline is none of its visits.
      [weekly('B0', 1), [at(-1), at(0), at(3), at(10), at(18)]],
      [weekly('B0', 1), []],
      [weekly('B0', null, 2), undefined],
      [weekly(2), [at(7)]],
    );
    t.same(some, {
      withPlan: 2,
      visits: [
        [0, 3, 1],
        [7, 3, 1],
        [14, 1, 0],
        [21, 0, 1],
      ],
    });
  });
  t.test('a baseline without a score has no curve, and an older one does not stand in for it', async (t) => {
    t.match(groupSummary([weekly('Bnull', 2, 3)]), { scored: 1, ever3: 1, withBaseline: 0, visits: [] });
    t.match(groupSummary([weekly('B1', 'Bnull', 3)]), { scored: 1, ever3: 1, withBaseline: 0, visits: [] });
    t.match(groupSummary([course(RANGED)]), { scored: 1, withBaseline: 0, visits: [] });
    t.match(groupSummary([weekly('Bnull', 'B1', 3)]), {
      withBaseline: 1,
      visits: [
        { day: 0, mean: 1 },
        { day: 7, mean: 3 },
      ],
    });
  });
  t.test('a visit that nobody answered has no mean, and is bridged', async (t) => {
    const [first, second] = groupSummary([weekly('B0', null, 2)]).visits;
    t.equal(first?.mean, 0);
    t.same(second, { day: 7, answered: 0, asked: 1 });
    t.equal(groupSummary([weekly('B0', null, 2)]).area?.worsening, 14);
  });
  t.same(groupSummary([]), {
    patients: 0,
    scored: 0,
    everAbove0: 0,
    ever3: 0,
    withBaseline: 0,
    withPlan: 0,
    visits: [],
  });
});
