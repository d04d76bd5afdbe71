import { decide, type Effect, inOrder } from './decide.ts';
import type { Episode, FoldState, PatientFacts, TermState } from './episode.ts';
import { type Finding, highest, lowest, type Report, termKey } from './finding.ts';
import type { ConditionResult, Policy } from './policy.ts';
import { type Context, isComplete, isContradictory, type PolicyNeed } from './policy-language.ts';
import { signature } from './signature.ts';

/**
 * What a report did to the episode of its term. `none`: none is open. `kept`: one is open and the report could not
 * tell its grade. `worse`, `same`, `better`: against the grade that the episode had.
 */
export type Transition = 'none' | 'open' | 'worse' | 'same' | 'better' | 'close' | 'kept';

/** One report folded into one term: all that the decision record says of it. */
export interface TermStep {
  /** `termKey` of the finding. */
  term: string;
  source: Report['source'];
  at: string;
  day: string;
  finding: Finding;
  /** What the conditions were told: the baseline is this report's own where it records one. */
  previous?: TermState['previous'];
  baseline?: TermState['baseline'];
  /** What else the conditions were told: the groups that the policies asked need. */
  told?: Told;
  episodeBefore?: Episode;
  conditions: readonly ConditionResult[];
  transition: Transition;
  episodeAfter?: Episode;
}

/** The optional groups of a Context. */
export type Told = Pick<Context, PolicyNeed>;

export interface StepResult {
  state: FoldState;
  steps: readonly TermStep[];
}

/** An episode with the ids of the reports that fell into it, the opening and the closing one included. */
export interface FoldedEpisode extends Episode {
  members: readonly string[];
  /** The episode as it was when its signature last changed: what its Flag says. */
  shown: Episode;
}

export interface FoldResult extends StepResult {
  /** Those open in `from` and all opened since, by start, then origin, then term. Of the former, only members since are known. */
  episodes: readonly FoldedEpisode[];
}

/** Before the first report of a patient. */
export const EMPTY: FoldState = { terms: {} };

/** Whether a report comes after all that a state has seen, so that one step suffices. Otherwise the patient is folded again. */
export function isNext({ upTo }: FoldState, { at, source }: Report): boolean {
  return upTo === undefined || at > upTo.at || (at === upTo.at && source.id > upTo.id);
}

/**
 * Folds one report into the state: terms are independent, a term that the report does not ask is left as it is, and
 * nothing ever happens by silence. Changes none of its arguments. Throws a RangeError when the report is not next.
 */
export function step(state: FoldState, report: Report, policies: readonly Policy[], patient: PatientFacts): StepResult {
  if (!isNext(state, report))
    throw new RangeError('The report lies before the end of the fold: fold all reports again');
  const asked = inOrder(policies);
  const terms = { ...state.terms };
  const steps = report.findings.map((finding) => {
    const key = termKey(finding);
    const { after, made } = stepTerm(key, terms[key] ?? {}, finding, report, asked, patient);
    terms[key] = after;
    return made;
  });
  return { state: { upTo: { at: report.at, id: report.source.id }, terms }, steps };
}

/**
 * Folds reports in the order of symptom time, then source id, whatever their order here. `policiesOf` gives those that a report is
 * judged by: the ones that were active when it came in, so that a new policy never rewrites the past. Throws when two reports share
 * a position.
 */
export function fold<R extends Report>(
  reports: readonly R[],
  policiesOf: readonly Policy[] | ((report: R) => readonly Policy[]),
  patient: PatientFacts,
  from: FoldState = EMPTY,
): FoldResult {
  const asked = typeof policiesOf === 'function' ? policiesOf : always(inOrder(policiesOf));
  const episodes = Object.values(from.terms).flatMap(({ episode }) => (episode ? [track(episode)] : []));
  const open = new Map(episodes.map((tracked) => [tracked.episode.term, tracked]));
  const steps: TermStep[] = [];
  let state = from;
  for (const report of [...reports].sort(byPosition)) {
    const next = step(state, report, asked(report), patient);
    state = next.state;
    for (const made of next.steps) {
      steps.push(made);
      if (!made.episodeAfter) continue;
      let tracked = open.get(made.term);
      if (made.transition === 'open' || !tracked) {
        tracked = track(made.episodeAfter);
        open.set(made.term, tracked);
        episodes.push(tracked);
      }
      tracked.episode = made.episodeAfter;
      if (signature(tracked.shown) !== signature(tracked.episode)) tracked.shown = tracked.episode;
      tracked.members.add(report.source.id);
    }
  }
  return { state, steps, episodes: episodes.map(finished).sort(byStart) };
}

const always =
  <T>(value: T) =>
  (): T =>
    value;

interface Tracked {
  episode: Episode;
  shown: Episode;
  members: Set<string>;
}

const track = (episode: Episode): Tracked => ({ episode, shown: episode, members: new Set([episode.origin]) });

const finished = ({ episode, shown, members }: Tracked): FoldedEpisode => ({
  ...episode,
  members: [...members],
  shown,
});

function byPosition(a: Report, b: Report): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.source.id < b.source.id ? -1 : 1;
}

/** Earliest start first; the origin, then the term, decides between equals. */
export function byStart(a: Episode, b: Episode): number {
  for (const key of ['start', 'origin', 'term'] as const) {
    if (a[key] !== b[key]) return a[key] < b[key] ? -1 : 1;
  }
  return 0;
}

function stepTerm(
  key: string,
  before: TermState,
  finding: Finding,
  report: Report,
  policies: readonly Policy[],
  patient: PatientFacts,
): { after: TermState; made: TermStep } {
  const { source, at, day } = report;
  const { previous } = before;
  const grade = certainGrade(finding);
  const baseline = report.baseline && grade !== undefined ? { grade, at, source } : before.baseline;
  const counting = before.episode && counted(before.episode, finding, day);
  const context: Context = {
    finding,
    at,
    day,
    before: { previous, baseline },
    episode: counting,
    patient,
  };
  const { conditions, effect } = decide(policies, context);
  const { transition, episode } = counting
    ? carriedOn(counting, finding, report, effect, context)
    : begun(finding, report, effect, context);
  // Members that do not apply are there and undefined, here and below: objects of one shape are twice as fast to make.
  return {
    after: {
      previous: grade === undefined ? previous : { grade, at, day, source },
      baseline,
      episode: episode?.status === 'open' ? episode : undefined,
    },
    made: {
      term: key,
      source,
      at,
      day,
      finding,
      previous,
      baseline,
      episodeBefore: before.episode,
      conditions,
      transition,
      episodeAfter: episode,
    },
  };
}

interface Moved {
  transition: Transition;
  episode?: Episode;
}

function begun(finding: Finding, { source, at, authored }: Report, effect: Effect, { before }: Context): Moved {
  if (effect.kind !== 'open') return { transition: 'none' };
  const episode: Episode = {
    term: termKey(finding),
    status: 'open',
    origin: source.id,
    start: at,
    end: undefined,
    startAuthored: authored,
    endAuthored: undefined,
    opening: source,
    latest: source,
    kind: finding.kind,
    system: finding.system,
    systemVersion: finding.version,
    outcome: finding.outcome,
    openingLevel: Math.max(1, highest(finding.outcome) ?? 1),
    previousGrade: before.previous?.grade,
    baselineGrade: before.baseline?.grade,
    priority: effect.priority,
    openedBy: effect.by,
    decidedBy: effect.by,
    calmDays: 0,
    lastCalmDay: undefined,
    reports: 1,
  };
  return { transition: 'open', episode };
}

/** `counting` is the open episode with this report's calm already counted. */
function carriedOn(counting: Episode, finding: Finding, report: Report, effect: Effect, { before }: Context): Moved {
  const informed = replaces(finding, counting);
  const told: Episode = informed
    ? {
        ...counting,
        previousGrade: before.previous?.grade,
        baselineGrade: before.baseline?.grade,
        outcome: finding.outcome,
        latest: report.source,
      }
    : counting;
  const byGrade = informed ? compared(counting, finding) : 'kept';
  switch (effect.kind) {
    case 'escalate': {
      const decidedBy = effect.by.length > 0 ? effect.by : told.decidedBy;
      return { transition: 'worse', episode: { ...told, priority: effect.priority, decidedBy } };
    }
    case 'close':
      return {
        transition: 'close',
        episode: { ...told, status: 'closed', end: report.at, endAuthored: report.authored, decidedBy: effect.by },
      };
    case 'de-escalate':
      return { transition: byGrade, episode: { ...told, priority: effect.priority, decidedBy: effect.by } };
    default:
      return { transition: byGrade, episode: told };
  }
}

/** The grade of a finding that later ones are measured against: graded, and not against itself. */
function certainGrade(finding: Finding): number | undefined {
  return finding.outcome.kind === 'graded' && !isContradictory(finding) ? finding.outcome.grade : undefined;
}

/** The episode with the calm of this report counted, and the report itself when it can be graded. */
function counted(episode: Episode, finding: Finding, day: string): Episode {
  const { openingLevel, lastCalmDay } = episode;
  const reports = episode.reports + (finding.outcome.kind === 'not-gradable' ? 0 : 1);
  if (isStirred(finding, openingLevel)) return { ...episode, calmDays: 0, lastCalmDay: undefined, reports };
  const counts = isComplete(finding) && (lastCalmDay === undefined || day > lastCalmDay);
  return counts ? { ...episode, calmDays: episode.calmDays + 1, lastCalmDay: day, reports } : { ...episode, reports };
}

/**
 * Certainly not calm, whatever is missing: at the opening level or above, or above grade 1. Of the rest only what is complete
 * counts; what leaves calm open, or contradicts itself (and so is graded 0), neither counts nor resets.
 */
function isStirred(finding: Finding, openingLevel: number): boolean {
  const least = lowest(finding.outcome);
  return least !== undefined && (least >= openingLevel || least > 1);
}

/** Whether a finding tells the grade of the episode anew: a certain grade does, a range only when its floor is higher. */
function replaces(finding: Finding, episode: Episode): boolean {
  if (finding.outcome.kind === 'at-least') return finding.outcome.min > (lowest(episode.outcome) ?? -1);
  return certainGrade(finding) !== undefined;
}

/** Against the grade that the episode had. A range that replaces has a higher floor; ranges that overlap otherwise are the same. */
function compared(episode: Episode, { outcome }: Finding): Transition {
  const [oldLow, oldHigh] = [lowest(episode.outcome), highest(episode.outcome)];
  const grade = lowest(outcome);
  if (grade === undefined || oldLow === undefined || oldHigh === undefined) return 'same';
  if (outcome.kind === 'at-least') return 'worse';
  return grade > oldHigh ? 'worse' : grade < oldLow ? 'better' : 'same';
}
