import type { Coding, ParametersParameter, Quantity } from '@medplum/fhirtypes';
import type { SourceRef } from './finding.ts';
import {
  areaUnderCurve,
  average,
  baselineAdjusted,
  type Measure,
  maximum,
  maximumPostBaseline,
  timeToFirst,
  toxicityIndex,
} from './longitudinal.ts';
import type { GroupSummary, GroupVisit } from './longitudinal-group.ts';
import { type Course, isScored, type Level, type Series, type Visit } from './longitudinal-series.ts';
import { TERMS } from './resources/codes.ts';
import type { Labels } from './resources/labels.ts';

/** Highest score of each scale. */
export const HIGHEST: Readonly<Record<Level, number>> = { item: 4, composite: 3, ctcae: 4 };

const SCALE: Readonly<Record<Level, string>> = {
  item: 'PRO-CTCAE item score 0-4',
  composite: 'PRO-CTCAE composite grade 0-3',
  ctcae: 'CTCAE grade 0-4, from data alone',
};

/** What the numbers of a summary are told with. */
export interface Telling {
  level: Level;
  labels: Labels;
  /** Grades of which the time to the first is told. */
  thresholds: readonly number[];
}

/**
 * One patient's term: its measures with their units, the reports that each rests on, and all visits. A measure that names no
 * `source` rests on every visit that has a score. Yes/no terms are told by their answers alone.
 */
export function patientTerm(series: Series, telling: Telling): ParametersParameter {
  const { visits, baseline } = series;
  if (series.presence) return presenceTerm(series, telling);
  const score = scoreUnit(telling.level);
  const area = areaUnderCurve(series);
  return {
    name: 'term',
    part: [
      { name: 'code', valueCoding: codingOf(series, telling.labels) },
      { name: 'scale', valueString: SCALE[telling.level] },
      ...countsOf(visits),
      ...(baseline ? [visitPart('baseline', baseline)] : []),
      measurePart('max', maximum(series), score),
      measurePart('max-post-baseline', maximumPostBaseline(series), score),
      measurePart('baseline-adjusted', baselineAdjusted(series), score),
      measurePart('toxicity-index', allOf(toxicityIndex(series)), { unit: 'toxicity index', code: '1' }),
      measurePart('average', allOf(average(series)), score),
      measurePart('auc', allOf(area), scoreDays(telling.level), overDays(area.overDays)),
      ...telling.thresholds.map((threshold) => timePart(series, threshold)),
      ...visits.map((visit) => visitPart('visit', visit)),
    ],
  };
}

/** A group's term: counts of patients, shares, the curve by weeks since each patient's own baseline, and its areas. */
export function groupTerm(
  series: Omit<Series, keyof Course>,
  summary: GroupSummary,
  telling: Telling,
): ParametersParameter {
  const { area } = summary;
  const unit = scoreDays(telling.level);
  const shareOf = (id: string, count: number): ParametersParameter =>
    summary.scored === 0
      ? measurePart(id, { absent: 'no-score' }, SHARE)
      : measurePart(id, { value: count / summary.scored, from: [] }, SHARE, [
          { name: 'patients', valueInteger: count },
        ]);
  const areaOf = (id: string, value: number | undefined): ParametersParameter =>
    value === undefined
      ? measurePart(id, { absent: summary.withBaseline === 0 ? 'no-baseline' : 'one-moment' }, unit)
      : measurePart(id, { value, from: [] }, unit, overDays(area?.overDays));
  return {
    name: 'term',
    part: [
      { name: 'code', valueCoding: codingOf(series, telling.labels) },
      { name: 'scale', valueString: series.presence ? YES_NO : SCALE[telling.level] },
      { name: 'patients', valueInteger: summary.patients },
      { name: 'scored', valueInteger: summary.scored },
      { name: 'withBaseline', valueInteger: summary.withBaseline },
      ...(summary.withPlan === 0 ? [] : [{ name: 'withPlan', valueInteger: summary.withPlan }]),
      shareOf('share-above-0', summary.everAbove0),
      ...(series.presence
        ? []
        : [
            shareOf('share-3-or-more', summary.ever3),
            areaOf('auc-worsening', area?.worsening),
            areaOf('auc-improvement', area?.improvement),
            ...(area?.crossings ?? []).map((day) => ({ name: 'crossing', valueQuantity: quantity(day, DAYS) })),
            ...summary.visits.map((visit) => groupVisit(visit, scoreUnit(telling.level))),
          ]),
    ],
  };
}

const YES_NO = 'yes (1) or no (0)';

function presenceTerm(series: Series, { labels }: Telling): ParametersParameter {
  const yes = series.visits.filter(({ score }) => score === 1);
  return {
    name: 'term',
    part: [
      { name: 'code', valueCoding: codingOf(series, labels) },
      { name: 'scale', valueString: YES_NO },
      ...countsOf(series.visits),
      { name: 'yes', valueInteger: yes.length },
      ...(yes[0] ? [visitPart('firstYes', yes[0])] : []),
      ...series.visits.map((visit) => visitPart('visit', visit)),
    ],
  };
}

const countsOf = (visits: readonly Visit[]): ParametersParameter[] => [
  { name: 'reports', valueInteger: visits.length },
  { name: 'scored', valueInteger: visits.filter(isScored).length },
];

/** A score is absent where none is certain; `notExcluded` is then the highest that the answers leave open. */
const visitPart = (name: string, { at, score, upTo, baseline, source }: Visit): ParametersParameter => ({
  name,
  part: [
    { name: 'at', valueInstant: at },
    ...(score === undefined ? [] : [{ name: 'score', valueInteger: score }]),
    ...(upTo === undefined ? [] : [{ name: 'notExcluded', valueInteger: upTo }]),
    ...(baseline ? [{ name: 'recordedBaseline', valueBoolean: true }] : []),
    sourcePart(source),
  ],
});

function groupVisit(
  { day, answered, asked, expected, mean, above0, from3 }: GroupVisit,
  unit: Unit,
): ParametersParameter {
  const share = (name: string, value: number | undefined): ParametersParameter[] =>
    value === undefined ? [] : [{ name, valueQuantity: quantity(value, SHARE) }];
  return {
    name: 'visit',
    part: [
      { name: 'day', valueInteger: day },
      { name: 'answered', valueInteger: answered },
      { name: 'asked', valueInteger: asked },
      ...(expected === undefined ? [] : [{ name: 'expected', valueInteger: expected }]),
      ...(mean === undefined ? [] : [{ name: 'mean', valueQuantity: quantity(mean, unit) }]),
      ...share('shareAbove0', above0),
      ...share('share3OrMore', from3),
    ],
  };
}

function timePart(course: Course, threshold: number): ParametersParameter {
  const { origin, followedDays, notExcluded, ...measure } = timeToFirst(course, threshold);
  return measurePart('time-to-first', measure, DAYS, [
    { name: 'threshold', valueInteger: threshold },
    ...(origin ? [{ name: 'countedFrom', valueCode: origin.kind }] : []),
    ...(followedDays === undefined ? [] : [{ name: 'followed', valueQuantity: quantity(followedDays, DAYS) }]),
    ...(notExcluded ? [{ name: 'notExcludedBy', valueReference: { reference: referenceTo(notExcluded) } }] : []),
  ]);
}

function measurePart(
  id: string,
  measure: Measure,
  unit: Unit,
  more: readonly ParametersParameter[] = [],
): ParametersParameter {
  return {
    name: 'measure',
    part: [
      { name: 'id', valueCode: id },
      ...('absent' in measure
        ? [{ name: 'absent', valueCode: measure.absent }]
        : [{ name: 'value', valueQuantity: quantity(measure.value, unit) }, ...measure.from.map(sourcePart)]),
      ...more,
    ],
  };
}

/** Of a measure over all visits, the visits are listed once for all of them. */
const allOf = (measure: Measure): Measure => ('absent' in measure ? measure : { value: measure.value, from: [] });

const overDays = (days: number | undefined): ParametersParameter[] =>
  days === undefined ? [] : [{ name: 'over', valueQuantity: quantity(days, DAYS) }];

const sourcePart = (source: SourceRef): ParametersParameter => ({
  name: 'source',
  valueReference: { reference: referenceTo(source) },
});

const referenceTo = ({ type, id, version }: SourceRef): string => `${type}/${id}/_history/${version}`;

function codingOf({ term, system, version, item }: Omit<Series, keyof Course>, labels: Labels): Coding {
  const display = item === undefined ? labels.term(term).en : labels.item(item)?.en;
  return {
    system: TERMS[system],
    ...(system === 'ctcae' ? { version } : {}),
    code: item ?? term,
    ...(display === undefined ? {} : { display }),
  };
}

/** A unit in words, with its UCUM code. */
interface Unit {
  unit: string;
  code: string;
}

const DAYS: Unit = { unit: 'days', code: 'd' };
const SHARE: Unit = { unit: 'share of patients', code: '1' };
const scoreUnit = (level: Level): Unit => ({ unit: SCALE[level], code: '{score}' });
const scoreDays = (level: Level): Unit => ({ unit: `${SCALE[level]} × days`, code: '{score}.d' });

/** Six digits after the point tell a second in a day count, and no more than the worked vectors do. */
const quantity = (value: number, { unit, code }: Unit): Quantity => ({
  value: Number(value.toFixed(6)),
  unit,
  system: 'http://unitsofmeasure.org',
  code,
});
