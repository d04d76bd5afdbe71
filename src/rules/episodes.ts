import { inOrder } from './decide.ts';
import type { Episode, FoldState, PatientFacts, TermState } from './episode.ts';
import { baselinesWith, findingsOf } from './episodes-measured.ts';
import { askedOnce } from './episodes-merge.ts';
import { type AboutReport, stepTerm } from './episodes-term.ts';
import { originOf, type Report, type Tick } from './finding.ts';
import { reportingOf } from './gradings/monitoring.ts';
import type { Policy } from './policy.ts';
import { sameSignature } from './signature.ts';
import type { TermStep } from './term-step.ts';
import { InForceOfTerms, isTick } from './tick.ts';
import { stepTick } from './tick-step.ts';

export type { Transition } from './episode-machine.ts';
export type { TermStep, Told } from './term-step.ts';

export interface StepResult {
  state: FoldState;
  steps: readonly TermStep[];
}

/** An episode with `originOf` the reports that fell into it, the opening and the closing one included. */
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
  if (upTo === undefined || at > upTo.at) return true;
  if (at < upTo.at || source.id < upTo.id) return false;
  return source.id > upTo.id || source.type > (upTo.type ?? 'QuestionnaireResponse');
}

/**
 * Folds one report into the state: terms are independent, a term that the report does not ask is left as it is, and
 * nothing ever happens by silence. Changes none of its arguments. With `told` the conditions are told that, whatever the state holds of
 * the past. Throws a RangeError when the report is not next.
 */
export function step(
  state: FoldState,
  report: Report,
  policies: readonly Policy[],
  patient: PatientFacts,
  told?: AboutReport['told'],
): StepResult {
  if (!isNext(state, report))
    throw new RangeError('The report lies before the end of the fold: fold all reports again');
  const { tick } = report;
  if (tick) return stepMoment(state, report, tick, { policies: inOrder(policies), patient, told });
  const terms = { ...state.terms };
  for (const { term, level, until } of report.expected ?? []) {
    terms[term] = { ...terms[term], expected: { level, until, at: report.at, source: report.source } };
  }
  for (const { term, grade } of report.baselines ?? []) {
    terms[term] = { ...terms[term], baseline: { grade, at: report.at, source: report.source } };
  }
  const baselines = baselinesWith(state.baselines, report);
  const reporting = reportingOf(report, state.met);
  const asked = askedOnce([...findingsOf(report, baselines ?? {}), ...reporting.findings], terms);
  const about: AboutReport = { report, asked, before: terms, policies: inOrder(policies), patient, told };
  const made: TermStep[] = new Array(asked.length);
  const after: TermState[] = new Array(asked.length);
  const take = (place: number): TermStep => {
    const one = asked[place];
    const known = made[place];
    if (known || !one) return known as TermStep; // places come from the list itself
    const lead = one.after === undefined ? undefined : take(one.after);
    const taken = stepTerm(about, one, lead);
    after[place] = taken.after;
    made[place] = taken.made;
    return taken.made;
  };
  for (let place = 0; place < asked.length; place++) take(place);
  for (let place = 0; place < asked.length; place++) {
    const [one, next] = [asked[place], after[place]];
    if (one && next) terms[one.key] = next;
  }
  const upTo = positionOf(report);
  const { met } = reporting;
  return { state: { upTo, terms, ...(baselines ? { baselines } : {}), ...(met ? { met } : {}) }, steps: made };
}

/** A moment folded in, with what it asks again: nothing but its term has a part in it. */
function stepMoment(
  state: FoldState,
  report: Report,
  tick: Tick,
  about: Pick<AboutReport, 'policies' | 'patient' | 'told'>,
): StepResult {
  const { on, term } = tick;
  if (!on) throw new RangeError('What a moment asks again is found by the fold');
  const asked = [{ key: term, finding: on.finding }];
  const taken = stepTick({ ...about, report, asked, before: state.terms }, { report, tick, on });
  if (!taken) return { state, steps: [] };
  const terms = { ...state.terms, [term]: taken.after };
  return { state: { ...state, upTo: positionOf(report), terms }, steps: [taken.made] };
}

function positionOf({ at, source: { type, id } }: Report): NonNullable<FoldState['upTo']> {
  return type === 'QuestionnaireResponse' ? { at, id } : { at, id, type };
}

/**
 * Folds reports in the order of symptom time, then id and type of their source, whatever their order here. `policiesOf` gives those
 * that a report is judged by: the ones that were active when it came in, so that a new policy never rewrites the past. Throws when
 * two reports share a position.
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
  const moments = reports.some(isTick) ? new InForceOfTerms() : undefined;
  let state = from;
  for (const given of [...reports].sort(byPosition)) {
    const report = moments && isTick(given) ? moments.asked(given, state) : given;
    if (!report) continue; // a moment that means nothing any more
    const next = step(state, report, asked(given), patient);
    state = next.state;
    moments?.note(report, next.steps);
    for (const made of next.steps) {
      steps.push(made);
      const { episodeAfter } = made;
      if (!episodeAfter) continue;
      let tracked = open.get(made.term);
      if (made.transition === 'open' || !tracked) {
        tracked = track(episodeAfter);
        open.set(made.term, tracked);
        episodes.push(tracked);
      }
      tracked.episode = episodeAfter;
      if (!sameSignature(tracked.shown, episodeAfter)) tracked.shown = episodeAfter;
      const member = originOf(report.source);
      if (!made.tick && tracked.members.at(-1) !== member) tracked.members.push(member);
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
  members: string[];
}

const track = (episode: Episode): Tracked => ({ episode, shown: episode, members: [episode.origin] });

const finished = ({ episode, shown, members }: Tracked): FoldedEpisode => ({ ...episode, members, shown });

function byPosition(a: Report, b: Report): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  if (a.source.id !== b.source.id) return a.source.id < b.source.id ? -1 : 1;
  return a.source.type < b.source.type ? -1 : 1;
}

/** Earliest start first; the origin, then the term, decides between equals. */
export function byStart(a: Episode, b: Episode): number {
  for (const key of ['start', 'origin', 'term'] as const) {
    if (a[key] !== b[key]) return a[key] < b[key] ? -1 : 1;
  }
  return 0;
}
