import { Temporal } from 'temporal-polyfill';
import type { AskedAgain, Episode } from './episode.ts';
import type { Report, Tick } from './finding.ts';
import { timeOf } from './policy/ask-again.ts';
import type { TermStep } from './term-step.ts';
import { whatOf } from './tick.ts';

/** A moment at which a term is asked again. */
export interface Moment {
  tick: Tick;
  /** UTC instant. */
  at: string;
  /** Its calendar day where the patient is. */
  day: string;
}

/** What names a moment of a patient: asked for twice it is one. */
export const momentName = ({ term, since, ...what }: Tick): string =>
  `${term}/${whatOf({ term, since, ...what })}/${since}`;

/**
 * When an action wants to be asked again, counted from a report: hours of 60 minutes, or days and weeks of the calendar of `timeZone`, so that the
 * clock shows there what it showed then. The day is counted from the day of the report, which its author's place gave it.
 */
export function momentAfter(
  term: string,
  { at, day }: Pick<AskedAgain, 'at' | 'day'>,
  after: string,
  timeZone: string,
): Moment {
  const { value, unit } = timeOf(after);
  const tick: Tick = { term, why: 'ask-again', since: at, after };
  const from = Temporal.Instant.from(at);
  if (unit === 'h') return { tick, ...dayAt(from.add({ hours: value }), timeZone, day) };
  const days = unit === 'wk' ? value * 7 : value;
  const then = from.toZonedDateTimeISO(timeZone).add({ days });
  return {
    tick,
    at: then.toInstant().toString({ fractionalSecondDigits: 3 }),
    day: Temporal.PlainDate.from(day).add({ days }).toString(),
  };
}

/** The first moment at which a level that was expected up to `until` (UTC instant) is so no longer. */
export function momentOfWaking(term: string, until: string, timeZone: string): Moment {
  const tick: Tick = { term, why: 'snooze-ended', since: until };
  return { tick, ...dayAt(Temporal.Instant.from(until).add({ milliseconds: 1 }), timeZone) };
}

function dayAt(instant: Temporal.Instant, timeZone: string, notBefore = ''): { at: string; day: string } {
  const day = instant.toZonedDateTimeISO(timeZone).toPlainDate().toString();
  return { at: instant.toString({ fractionalSecondDigits: 3 }), day: day < notBefore ? notBefore : day };
}

/** What the moments of a patient rest on: what was folded, in order. */
export interface Folded {
  /** Of which the steps were made. */
  reports: readonly Report[];
  steps: readonly TermStep[];
}

/**
 * After all reports of a patient: every moment, past or to come, at which something is asked again and that is not among the reports yet. The same
 * reports give the same moments, so those that a refold brings to light are caught up, whatever the clock says.
 */
export function momentsOf({ reports, steps }: Folded, timeZone: string): Moment[] {
  if (!steps.some(({ episodeAfter }) => episodeAfter?.again) && !reports.some(({ expected }) => expected)) return [];
  const told = new Set(reports.flatMap(({ tick }) => (tick ? momentName(tick) : [])));
  const byTerm = new Map<string, TermStep[]>();
  for (const step of steps) {
    const list = byTerm.get(step.term);
    if (list) list.push(step);
    else byTerm.set(step.term, [step]);
  }
  const moments = [...byTerm].flatMap(([term, list]) => [
    ...list.flatMap((step, place) =>
      begunBy(step).flatMap((again) => waited(term, again, list.slice(place + 1), timeZone)),
    ),
    ...wakings(term, reports, list, timeZone),
  ]);
  return moments.filter(({ tick }) => !told.has(momentName(tick)));
}

/** What a report has newly asked for. */
function begunBy({ at, tick, episodeAfter }: TermStep): AskedAgain[] {
  const again = episodeAfter?.again;
  return again && !tick && again.at === at ? [again] : [];
}

/** Those of its moments before which nothing else was heard. */
function waited(term: string, again: AskedAgain, later: readonly TermStep[], timeZone: string): Moment[] {
  const news = later.find(({ episodeAfter }) => episodeAfter?.status !== 'open' || episodeAfter.again?.at !== again.at);
  const moments = again.after.map((after) => momentAfter(term, again, after, timeZone));
  return moments.filter(({ at }) => news === undefined || at <= news.at);
}

function wakings(term: string, reports: readonly Report[], steps: readonly TermStep[], timeZone: string): Moment[] {
  const said = reports.flatMap(({ at, expected = [] }) =>
    expected.flatMap((one) => (one.term === term && one.until >= at ? [{ at, until: one.until }] : [])),
  );
  return said.flatMap(({ at, until }) => {
    const isReplaced = said.some((other) => other.at > at && other.at <= until);
    const last = steps.findLast((step) => step.at <= until);
    return isReplaced || last?.episodeAfter?.status !== 'open' ? [] : [momentOfWaking(term, until, timeZone)];
  });
}

/** What one report in order does to the moments to come. */
export interface MomentChanges {
  set: Moment[];
  /** No longer wanted: each lies after the report. */
  gone: Moment[];
}

/**
 * After one report in order: the moments that it asks for, and those after it that it makes meaningless. A moment before it stays, though it has not
 * happened yet: the report has come before the clock was heard.
 */
export function momentsMoved(
  report: Pick<Report, 'at' | 'expected'>,
  steps: readonly TermStep[],
  before: (term: string) => { episode?: Episode; expected?: { until: string } } | undefined,
  timeZone: string,
): MomentChanges {
  const changes: MomentChanges = { set: [], gone: [] };
  for (const { term, tick, episodeBefore, episodeAfter } of steps) {
    if (tick) continue;
    const [was, is] = [episodeBefore?.again, episodeAfter?.again];
    if (was && was.at !== is?.at)
      changes.gone.push(...was.after.map((after) => momentAfter(term, was, after, timeZone)));
    if (is && is.at !== was?.at) changes.set.push(...is.after.map((after) => momentAfter(term, is, after, timeZone)));
    const until = before(term)?.expected?.until;
    if (until === undefined || until < report.at) continue;
    if (episodeAfter?.status === 'open' && !episodeBefore) changes.set.push(momentOfWaking(term, until, timeZone));
    if (episodeAfter?.status === 'closed') changes.gone.push(momentOfWaking(term, until, timeZone));
  }
  for (const { term, until } of report.expected ?? []) {
    const held = before(term);
    if (!held?.episode) continue;
    if (held.expected && held.expected.until !== until)
      changes.gone.push(momentOfWaking(term, held.expected.until, timeZone));
    if (until >= report.at) changes.set.push(momentOfWaking(term, until, timeZone));
  }
  return { set: changes.set, gone: changes.gone.filter(({ at }) => at > report.at) };
}

/** A moment as the fold takes it: a report without findings. `source` names what stands for it. */
export const reportOfMoment = (
  { tick, at, day }: Moment,
  source: Report['source'],
  policies: readonly string[],
): Report => ({
  source,
  at,
  day,
  baseline: false,
  findings: [],
  tick,
  policies,
});
