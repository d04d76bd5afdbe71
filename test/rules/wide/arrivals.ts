import type { CtcaeVersion, Finding, Report } from '../../../src/rules/finding.ts';
import type { MeasuredInput } from '../../../src/rules/gradings/measured.ts';
import { findingFrom } from '../../../src/rules/gradings/pro-ctcae.ts';
import { answers, notGradable, other, presence, type Score, TERM } from '../builders.ts';
import { shuffled } from '../clinic.ts';
import { CANONICALS } from './policies.ts';

export type Next = (below: number) => number;

/** What arrives of a patient: a report, new or amended, or the withdrawal of one. */
export type Arrival = { put: Report } | { retract: string };

export const keyOf = ({ source }: Report): string => `${source.type}/${source.id}`;

/**
 * A season of a patient as it arrives: in any order, much of it said otherwise first, sent twice, amended, withdrawn and sent again; days of several
 * time zones around a change of the clocks, many reports of one moment.
 */
export function arrivals(next: Next): Arrival[] {
  const season = new Map<string, Report>();
  const size = 3 + next(8);
  for (let place = 0; place < size; place++) {
    const one = content(next, next(2) ? 'QuestionnaireResponse' : 'Observation', `r${next(size * 2)}`);
    season.set(keyOf(one), one);
  }
  const versions = new Map<string, number>();
  const all: Arrival[] = [];
  const put = (report: Report): void => {
    const version = (versions.get(keyOf(report)) ?? 0) + 1;
    versions.set(keyOf(report), version);
    all.push({ put: { ...report, source: { ...report.source, version } } });
  };
  for (const one of shuffled([...season.values()], next)) {
    const { type, id } = one.source;
    if (next(3) === 0) put(content(next, type, id));
    put(one);
    if (next(4) === 0) {
      put({ ...one, findings: one.findings.map((finding) => (finding.term === TERM ? proCtcae(next) : finding)) });
      put(one);
    }
    if (next(5) === 0) put(one);
    if (next(5) === 0) {
      all.push({ retract: keyOf(one) });
      put(one);
    }
    if (next(4) === 0) put(content(next, next(2) ? 'Observation' : 'QuestionnaireResponse', `ghost${next(2)}`));
    if (next(6) === 0) all.push({ retract: `Observation/ghost${next(2)}` });
  }
  return all;
}

const FIRST_DAY = Date.UTC(2026, 2, 26);
const DAY = 86_400_000;
const HOURS = [0, 8, 8, 8, 23] as const;
/** Minutes from UTC. */
const OFFSETS = [0, 60, 120, -300, 540, 840, -720] as const;

const pick = <T>(next: Next, list: readonly [T, ...T[]]): T => list[next(list.length)] ?? list[0];

function moment(next: Next): Pick<Report, 'at' | 'day' | 'authored'> {
  const ms = FIRST_DAY + next(14) * DAY + pick(next, HOURS) * 3_600_000;
  const offset = pick(next, OFFSETS);
  const at = new Date(ms).toISOString();
  const day = new Date(ms + offset * 60_000).toISOString().slice(0, 10);
  return next(4) ? { at, day, authored: at.replace('.000Z', `.00${offset}`) } : { at, day };
}

const SCORES: readonly [Score, ...Score[]] = [0, 1, 2, 3, 4, 'missing', 'opted-out', 'not-asked'];

function proCtcae(next: Next, term = TERM): Finding {
  const frequency = pick(next, SCORES);
  const severity = frequency === 0 && next(2) ? 'hidden' : pick(next, SCORES);
  return findingFrom(term, answers({ frequency, severity })) ?? notGradable();
}

/** Analytes of the published table: unit, limits of normal, and values on both sides of them. */
const ANALYTES: readonly [Analyte, ...Analyte[]] = [
  { loinc: '2160-0', unit: 'mg/dL', low: 0.6, high: 1.1, value: (next) => 0.5 + next(60) / 10 },
  { loinc: '718-7', unit: 'g/dL', low: 13.5, high: 17, value: (next) => 6 + next(80) / 10 },
  { loinc: '2823-3', unit: 'mmol/L', low: 3.5, high: 5, value: (next) => 2 + next(50) / 10 },
  { loinc: '1742-6', unit: 'U/L', low: 5, high: 40, value: (next) => 10 + next(900) },
  { loinc: '26499-4', unit: '10*9/L', low: 1.8, high: 7.5, value: (next) => next(30) / 10 },
  { loinc: '8310-5', unit: 'Cel', value: (next) => 36 + next(50) / 10 },
];

interface Analyte {
  loinc: string;
  unit: string;
  low?: number;
  high?: number;
  value: (next: Next) => number;
}

function measured(next: Next): MeasuredInput {
  const { loinc, unit, low, high, value } = pick(next, ANALYTES);
  return {
    loinc: [loinc],
    value: value(next),
    unit: next(12) ? unit : 'foo',
    ...(next(4) && high !== undefined ? { high } : {}),
    ...(next(4) && low !== undefined ? { low } : {}),
    ...(next(10) ? {} : { comparator: '<' as const }),
    ...(next(6) ? {} : { ageYears: 40 }),
  };
}

const VERSIONS: readonly [readonly CtcaeVersion[], ...(readonly CtcaeVersion[])[]] = [['5.0'], ['6.0'], ['5.0', '6.0']];

function content(next: Next, type: Report['source']['type'], id: string): Report {
  const systemic = next(2) === 0;
  const base: Report = {
    source: { type, id, version: 1 },
    ...moment(next),
    baseline: next(9) === 0,
    findings: [],
    policies: CANONICALS.filter(() => next(2) === 0),
    ...(next(2) ? { facts: { treatments: { systemic, codes: [] }, studies: [], conditions: [] } } : {}),
    ...(next(2) ? { person: next(3) ? { gender: pick(next, ['female', 'male']) } : {} } : {}),
  };
  return type === 'Observation' ? observation(next, base) : response(next, base);
}

function observation(next: Next, base: Report): Report {
  const kind = next(9);
  if (kind < 3) {
    const term = pick(next, [TERM, TERM, 'creatinine_increased@5.0', 'PROCTCAE_5_COMP', 'PROCTCAE_55_COMP']);
    const until = new Date(FIRST_DAY + (4 + next(12)) * DAY + 8 * 3_600_000).toISOString();
    return { ...base, baseline: false, expected: [{ term, level: 1 + next(4), until }] };
  }
  if (kind === 3) {
    const term = pick(next, [TERM, 'PROCTCAE_55_COMP']);
    return { ...base, baseline: false, baselines: [{ term, grade: next(4) }] };
  }
  const values = Array.from({ length: 1 + next(2) }, () => measured(next));
  return { ...base, measured: values, ctcae: pick(next, VERSIONS) };
}

const atRest = (grade: number): Finding => ({
  term: 'dyspnoea-at-rest',
  system: 'emergency',
  version: '1',
  kind: 'emergency',
  outcome: { kind: 'graded', grade },
  attributes: {},
  dataQuality: [],
});

function response(next: Next, base: Report): Report {
  const findings = [
    proCtcae(next),
    ...(next(2) ? [presence(next(2) ? 1 : 0)] : []),
    ...(next(3) === 0 ? [proCtcae(next, 'PROCTCAE_55_COMP'), proCtcae(next, 'PROCTCAE_56_COMP')] : []),
    ...(next(4) === 0 ? [other(next(2) === 0)] : []),
    ...(next(4) === 0 ? [atRest(next(2))] : []),
  ];
  const ahead = next(8) === 0;
  return {
    ...base,
    findings: ahead ? findings.map((one) => ({ ...one, dataQuality: [...one.dataQuality, 'clock-ahead'] })) : findings,
    ...(ahead ? { clockAhead: true } : {}),
    ...(next(5) ? {} : { unvalidatedWording: true }),
    ...(next(4) ? {} : { measured: [measured(next)], ctcae: ['5.0'] }),
    form: 'https://example.org/Questionnaire/weekly|1',
  };
}
