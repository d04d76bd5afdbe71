import type { Effect } from './decide.ts';
import type { Episode, Said, TermState } from './episode.ts';
import type { State } from './episode-machine.ts';
import type { Asked } from './episodes-merge.ts';
import { type Finding, highest, lowest, originOf, type Report } from './finding.ts';
import type { Policy } from './policy.ts';
import { type Context, isComplete, isContradictory } from './policy-language.ts';
import { raisedBy } from './raised.ts';

/** The episode that a report opens. */
export function begun(
  { key, finding }: Asked,
  report: Report,
  effect: Effect & { kind: 'open' | 'de-escalate' },
  { before }: Context,
  closed: TermState['closed'],
): Episode {
  const { source, at, authored } = report;
  return {
    term: key,
    status: 'open',
    origin: originOf(source),
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
    said: saidOf(finding, report),
    openingLevel: Math.max(1, highest(finding.outcome) ?? 1),
    previousGrade: before.previous?.grade,
    baselineGrade: before.baseline?.grade,
    priority: effect.priority,
    raised: undefined,
    openedBy: effect.by,
    decidedBy: effect.by,
    calmDays: 0,
    lastCalmDay: undefined,
    reports: 1,
    reopens: closed && { origin: closed.origin, start: closed.start, end: closed.end },
    again: undefined,
  };
}

/** An open episode after a report. `counting` is the one before, with this report's calm already counted. */
export function carriedOn(
  counting: Episode,
  finding: Finding,
  report: Report,
  effect: Effect,
  { before }: Context,
  informed: boolean,
  to: State,
): Episode {
  if (!informed && effect.kind === 'none') return counting;
  const { source, at, authored } = report;
  const next = { ...counting };
  if (informed) {
    next.previousGrade = before.previous?.grade;
    next.baselineGrade = before.baseline?.grade;
    next.outcome = finding.outcome;
    next.said = saidOf(finding, report);
    next.latest = source;
  }
  if (effect.kind !== 'none' && effect.by.length > 0) next.decidedBy = effect.by;
  if (effect.kind === 'escalate' || effect.kind === 'de-escalate') next.priority = effect.priority;
  if (informed || effect.kind === 'de-escalate') next.raised = undefined;
  else if (next.priority !== counting.priority) next.raised = raisedBy(report, finding) ?? counting.raised;
  if (to === 'closed') {
    next.status = 'closed';
    next.end = at;
    next.endAuthored = authored;
  }
  return next;
}

/** What is asked again when nothing more is heard, each time once; undefined where nothing is. */
export function againOf(policies: readonly Policy[], { finding, source, at, day }: Context): Episode['again'] {
  const asks = policies.flatMap(({ asksAgain }) => asksAgain.filter(({ wakes }) => wakes({ finding, source })));
  const after = [...new Set(asks.map((one) => one.after))].sort();
  return after.length > 0 ? { at, day, after } : undefined;
}

/** What a Flag says of a finding beside its grade. Members in one order: the same is the same text. */
export function saidOf(
  { attributes: { severity }, dataQuality, measured, monitored }: Finding,
  report: Pick<Report, 'clockAhead' | 'unvalidatedWording'>,
): Said | undefined {
  const { clockAhead, unvalidatedWording } = report;
  const worst = severity?.state === 'answered' && severity.value === WORST_SEVERITY;
  // What a ladder made of a measured value is told of the clock by nobody else.
  const late = clockAhead && !dataQuality.includes('clock-ahead');
  if (!worst && !measured && !monitored && dataQuality.length === 0 && !late && !unvalidatedWording) return undefined;
  const said: Said = {};
  if (worst) said.worst = true;
  if (late) said.dataQuality = [...dataQuality, 'clock-ahead'];
  else if (dataQuality.length > 0) said.dataQuality = dataQuality;
  if (measured) {
    const { value, unit, comparator, upTo } = measured;
    said.measured = comparator === undefined ? { value, unit } : { value, unit, comparator };
    if (upTo !== undefined) said.measured.upTo = upTo;
  }
  if (monitored) said.monitored = monitored;
  if (unvalidatedWording) said.unvalidatedWording = true;
  return said;
}

const WORST_SEVERITY = 4;

/** The grade of a finding that later ones are measured against: graded, and not against itself. */
export function certainGrade(finding: Finding): number | undefined {
  return finding.outcome.kind === 'graded' && !isContradictory(finding) ? finding.outcome.grade : undefined;
}

/** The episode with the calm of this report counted, and the report itself when it can be graded. */
export function counted(episode: Episode, finding: Finding, day: string): Episode {
  const { openingLevel, lastCalmDay, calmDays } = episode;
  const reports = episode.reports + (finding.outcome.kind === 'not-gradable' ? 0 : 1);
  if (isStirred(finding, openingLevel)) return { ...episode, calmDays: 0, lastCalmDay: undefined, reports };
  const counts = isComplete(finding) && (lastCalmDay === undefined || day > lastCalmDay);
  if (counts) return { ...episode, calmDays: calmDays + 1, lastCalmDay: day, reports };
  return reports === episode.reports ? episode : { ...episode, reports };
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
export function replaces(finding: Finding, episode: Episode): boolean {
  if (finding.outcome.kind === 'at-least') return finding.outcome.min > (lowest(episode.outcome) ?? -1);
  return certainGrade(finding) !== undefined;
}

/** Against the grade that the episode had. A range that replaces has a higher floor; ranges that overlap otherwise are the same. */
export function compared(episode: Episode, { outcome }: Finding): 'above' | 'equal' | 'below' {
  const [oldLow, oldHigh] = [lowest(episode.outcome), highest(episode.outcome)];
  const grade = lowest(outcome);
  if (grade === undefined || oldLow === undefined || oldHigh === undefined) return 'equal';
  if (outcome.kind === 'at-least') return 'above';
  return grade > oldHigh ? 'above' : grade < oldLow ? 'below' : 'equal';
}
