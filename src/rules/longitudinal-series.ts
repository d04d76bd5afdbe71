import type { Attribute, Finding, Report, SourceRef } from './finding.ts';
import { highest, termKey } from './finding.ts';
import { DATA } from './gradings/pro-ctcae-data.ts';

/** Which scores are followed: PRO-CTCAE items 0-4, PRO-CTCAE composites 0-3, or CTCAE grades 0-4. Three scales, never mixed. */
export type Level = 'item' | 'composite' | 'ctcae';

/** What one report said of one term. */
export interface Visit {
  /** Symptom time: UTC instant. */
  at: string;
  /** Absent where the report has no certain score: never 0 in its place. */
  score?: number;
  /** Highest score that is not excluded, where `score` is absent and a range is known. */
  upTo?: number;
  /** The report is a recorded baseline. */
  baseline: boolean;
  source: SourceRef;
}

/** A visit that has a certain score. */
export type Scored = Visit & { score: number };

export const isScored = (visit: Visit): visit is Scored => visit.score !== undefined;

/** What was reported of one term, or of one of its items. */
export interface Course {
  /** In symptom-time order. */
  visits: readonly Visit[];
  /**
   * The recorded baseline in force at the end, as the episodes use it: the last of the reports recorded as one that has a certain score, or the
   * grade that a clinician recorded, which is no visit. The first report is never assumed to be one.
   */
  baseline?: Scored;
  /**
   * The last of the reports recorded as a baseline, with a certain score or without, or the grade that a clinician recorded: what comes strictly after it is after the
   * baseline. A report that does not ask the term is no visit, and no baseline of it either.
   */
  baselineVisit?: Visit;
}

/** The recorded baseline that scores are compared with: the last one, where that has a certain score. An older one does not stand in for it. */
export const comparedWith = ({ baselineVisit }: Course): Scored | undefined =>
  baselineVisit && isScored(baselineVisit) ? baselineVisit : undefined;

/** A course with what it is of. */
export interface Series extends Course {
  /** The term as it is followed; an item is followed under its own code. */
  key: string;
  term: string;
  system: Finding['system'];
  version: string;
  /** Code of the item, e.g. `PROCTCAE_9A_SCL`; absent where the term itself is scored. */
  item?: string;
  /** True of yes/no answers, write-ins and emergencies: 0 or 1, and summarised apart. */
  presence: boolean;
}

/**
 * The series of each term that the reports speak of at this level, sorted by key; yes/no terms and write-ins as well, marked `presence`,
 * where PRO-CTCAE is asked for. A finding that contradicts itself has no score at the level of composites: its grade 0 is not relied on.
 * What a report does not ask is no visit.
 */
export function seriesOf(reports: readonly Report[], level: Level): Series[] {
  const series = new Map<string, Omit<Series, 'visits'> & { visits: Visit[] }>();
  const recorded = new Map<string, Scored>();
  const baselineVisits = new Map<string, Visit>();
  const ordered = [...reports].sort((a, b) => compare(a.at, b.at) || compare(a.source.id, b.source.id));
  for (const report of ordered) {
    const { at, baseline, source } = report;
    for (const finding of report.findings) {
      for (const { key, item, presence, ...score } of scoresOf(finding, level)) {
        const { term, system, version } = finding;
        const held = series.get(key) ?? { key, term, system, version, ...(item ? { item } : {}), presence, visits: [] };
        const visit: Visit = { at, ...score, baseline, source };
        held.visits.push(visit);
        series.set(key, held);
        if (!baseline) continue;
        baselineVisits.set(key, visit);
        if (isScored(visit)) recorded.set(key, visit);
      }
    }
    for (const { term, grade } of report.baselines ?? []) {
      const visit = { at, score: grade, baseline: true, source };
      baselineVisits.set(term, visit);
      recorded.set(term, visit);
    }
  }
  return [...series.values()]
    .map((one): Series => {
      const [baseline, baselineVisit] = [recorded.get(one.key), baselineVisits.get(one.key)];
      return { ...one, ...(baseline ? { baseline } : {}), ...(baselineVisit ? { baselineVisit } : {}) };
    })
    .sort((a, b) => compare(a.key, b.key));
}

interface Score {
  key: string;
  item?: string;
  presence: boolean;
  score?: number;
  upTo?: number;
}

function scoresOf(finding: Finding, level: Level): Score[] {
  if (finding.outcome.kind === 'not-gradable' && finding.outcome.reason === 'not-asked') return [];
  if ((finding.system === 'ctcae') !== (level === 'ctcae')) return [];
  if (finding.kind !== 'composite' && finding.kind !== 'ladder') return [gradeOf(finding, true)];
  return level === 'item' ? itemsOf(finding) : [gradeOf(finding, false)];
}

function gradeOf(finding: Finding, presence: boolean): Score {
  const { outcome } = finding;
  const key = termKey(finding);
  if (finding.dataQuality.includes('contradictory')) return { key, presence };
  if (outcome.kind === 'graded') return { key, presence, score: outcome.grade };
  const upTo = highest(outcome);
  return { key, presence, ...(upTo === undefined ? {} : { upTo }) };
}

function itemsOf(finding: Finding): Score[] {
  const ambiguous = finding.outcome.kind === 'not-gradable' && finding.outcome.reason === 'ambiguous-item';
  return Object.entries(finding.attributes).flatMap(([attribute, answer]): Score[] => {
    if (answer.state === 'not-asked') return [];
    const item = ITEM.get(`${finding.term} ${attribute as Attribute}`) ?? `${finding.term} ${attribute}`;
    const known = !ambiguous && (answer.state === 'answered' || answer.state === 'hidden');
    return [{ key: item, item, presence: false, ...(known ? { score: answer.value } : {}) }];
  });
}

/** Item of each attribute, by term and attribute. */
const ITEM: ReadonlyMap<string, string> = new Map(
  DATA.items.terms.flatMap(({ number, items }) =>
    items.map(({ itemId, attribute }) => [`PROCTCAE_${number}_COMP ${attribute}`, itemId] as const),
  ),
);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
