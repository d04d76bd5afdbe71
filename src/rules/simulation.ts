import type { PatientFacts } from './episode.ts';
import type { TermStep } from './episodes.ts';
import { originOf, type Report } from './finding.ts';
import { foldWithMoments } from './fold-moments.ts';
import { isOverrun, type Policy } from './policy.ts';
import { type Compared, compareTracks, isIn, type Stretch } from './simulation-differences.ts';
import { type Judged, judge, type RealFlag } from './simulation-judged.ts';
import { type Track, tracksOf } from './simulation-track.ts';

/** What is asked of the past: what these policies would have said of it, and what those. */
export interface Question {
  /** In force now, and with the candidate in the place of the one that it is compared with. */
  before: readonly Policy[];
  after: readonly Policy[];
  candidate: Policy;
  /** Versions of CTCAE that the candidate names: see ctcaeVersionsNamed. */
  ctcae: ReadonlySet<string>;
  /** Symptom time that is looked at. What lies before it is folded too, so that it begins as it would have; what lies after it is not. */
  within: Stretch;
  /** IANA name of the zone in which the site's clocks run: by it a moment without news is found. */
  timeZone: string;
  /** Codes of outcomes of work that say that a Flag mattered. */
  mattered: ReadonlySet<string>;
}

/** One patient as stored. */
export interface PatientPast {
  reports: readonly Report[];
  facts: PatientFacts;
  /** Flags that were really opened. */
  flags: readonly RealFlag[];
}

/** What one patient's past comes to on both sides. */
export interface PatientSimulation extends Compared {
  flags: readonly RealFlag[];
  before: readonly Track[];
  after: readonly Track[];
  /** Reports within the stretch, by type of their source. */
  reports: Readonly<Record<string, number>>;
  /** Symptom times of the first and the last of them. */
  first?: string;
  last?: string;
  /** Reports that the candidate asks for facts (treatment, studies, conditions) that were not known when they came in. */
  withoutFacts: number;
  /** Reports that the candidate asks for gender or birth date, and that did not keep them: those of the Patient as it is now are told. */
  withoutPerson: number;
  /** Reports with measured values, or answers, that are not graded by a version of CTCAE that the candidate names. */
  withoutVersion: number;
  /** Reports on which the policies took more steps than one report is given. */
  overran: { before: number; after: number };
  /** How often an action of the candidate could not be decided though the term was graded, by its id. */
  undecided: Readonly<Record<string, number>>;
  judged: Judged;
}

/**
 * What a candidate would have said of a patient's past, against what is in force. Both sides judge every report, whatever was in force when it
 * came in; what was known then (facts, versions of CTCAE, baselines) is as it was. Moments at which something is asked again are those that each
 * side wants. Changes nothing. Throws as `fold` does.
 */
export function simulate(past: PatientPast, question: Question): PatientSimulation {
  const { within, candidate } = question;
  const { end } = within;
  const reports = past.reports.filter(({ at, tick }) => tick === undefined && (end === undefined || at < end));
  const inside = reports.filter(({ at }) => isIn(at, within));
  const times = inside.map(({ at }) => at).sort();
  const [first, last] = [times[0], times.at(-1)];
  const clock = { until: end === undefined ? (last ?? '') : justBefore(end), timeZone: question.timeZone };
  const one = foldWithMoments(reports, question.before, past.facts, clock);
  const other = foldWithMoments(reports, question.after, past.facts, clock);
  const before = tracksOf(one.steps);
  const after = tracksOf(other.steps);
  return {
    ...compareTracks(before, after, within, end ?? last ?? ''),
    before,
    after,
    flags: past.flags,
    reports: countBy(inside.map(({ source }) => source.type)),
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    withoutFacts: candidate.needs.has('facts') ? woken(inside, other.steps, candidate, 'facts') : 0,
    withoutPerson: candidate.needs.has('patient') ? woken(inside, other.steps, candidate, 'person') : 0,
    withoutVersion: inside.filter((report) => isByCtcae(report) && lacks(question.ctcae, report.ctcae)).length,
    overran: { before: overran(one.steps, question), after: overran(other.steps, question) },
    undecided: countBy(undecided(other.steps, question)),
    judged: judge(past.flags, { before, after }, question),
  };
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Measured values, and answers to structured questions, are graded by versions of CTCAE. */
const isByCtcae = ({ measured, findings }: Report): boolean =>
  measured !== undefined || findings.some(({ system }) => system === 'ctcae');

const lacks = (named: ReadonlySet<string>, graded: readonly string[] = []): boolean =>
  [...named].some((version) => !graded.includes(version));

/** Reports that wake the candidate and do not carry what it asks for. */
function woken(
  reports: readonly Report[],
  steps: readonly TermStep[],
  candidate: Policy,
  lacking: 'facts' | 'person',
): number {
  const unknown = new Map(
    reports.filter((report) => report[lacking] === undefined).map((report) => [originOf(report.source), report]),
  );
  const found = new Set<string>();
  for (const { source, finding, tick } of steps) {
    const origin = originOf(source);
    const report = tick ? undefined : unknown.get(origin);
    if (report && candidate.wakes({ finding, source: { type: source.type, form: report.form } })) found.add(origin);
  }
  return found.size;
}

const justBefore = (instant: string): string => new Date(Date.parse(instant) - 1).toISOString();

/** Actions of the candidate that could not be decided, as often as that was so. */
function undecided(steps: readonly TermStep[], question: Question): string[] {
  const found: string[] = [];
  for (const { at, finding, conditions } of steps) {
    const actions = looked(conditions, question).undecided;
    if (actions.length > 0 && finding.outcome.kind !== 'not-gradable' && isIn(at, question.within))
      found.push(...actions);
  }
  return found;
}

function overran(steps: readonly TermStep[], question: Question): number {
  const found = new Set<string>();
  for (const { at, source, conditions } of steps) {
    if (looked(conditions, question).overran && isIn(at, question.within)) found.add(originOf(source));
  }
  return found.size;
}

/** What a list of conditions tells; the same answers have the same list, which is looked through once for a question. */
function looked(conditions: Conditions, question: Question): Looked {
  const lists = LOOKED.get(question) ?? new WeakMap<Conditions, Looked>();
  if (!LOOKED.has(question)) LOOKED.set(question, lists);
  const known = lists.get(conditions);
  if (known) return known;
  const { canonical } = question.candidate;
  const made: Looked = {
    overran: isOverrun(conditions),
    undecided: conditions
      .filter(({ policy, value }) => value === 'undecided' && policy === canonical)
      .map(({ action }) => action),
  };
  lists.set(conditions, made);
  return made;
}

type Conditions = TermStep['conditions'];

interface Looked {
  overran: boolean;
  /** Actions of the candidate. */
  undecided: readonly string[];
}

const LOOKED = new WeakMap<Question, WeakMap<Conditions, Looked>>();
