import { decideAgain } from './decide.ts';
import type { Episode, TermState } from './episode.ts';
import { rowOf } from './episode-machine.ts';
import { type AboutReport, contextOf, isExpected, sharedOf, stateAt, toldOf } from './episodes-term.ts';
import type { InForce, Report, Tick } from './finding.ts';
import type { TermStep } from './term-step.ts';
import { whatOf } from './tick.ts';

/**
 * A moment that asks a term again, folded in. The conditions are told what the report in force was told, at this moment; only what raises is
 * asked, so that silence neither lowers nor closes. Grade, past and calm are those of the reports, and stay. Undefined where no episode is open.
 */
export function stepTick(
  about: AboutReport,
  { report, tick, on }: { report: Report; tick: Tick; on: InForce },
): { after: TermState; made: TermStep } | undefined {
  const { policies, patient } = about;
  const { term } = tick;
  const before = about.before[term] ?? {};
  const { episode, expected, recent, burden, baseline } = before;
  if (!episode) return undefined;
  const { source, at, day } = report;
  const { finding, previous } = on;
  const shared = sharedOf(about, on);
  const told = about.told ? about.told(term) : toldOf(shared, { facts: on.facts }, recent, burden, expected);
  const context = contextOf({ finding, at, day, before: { previous, baseline }, episode }, patient, shared, told);
  const { conditions, effect, held } = decideAgain(policies, context, {
    raise: !isExpected(expected, finding, at),
    after: tick.why === 'ask-again' ? tick.after : undefined,
  });
  const { transition } = rowOf(stateAt(before, at), effect.kind === 'escalate' ? 'raises' : 'untold');
  const next: Episode = { ...episode };
  if (tick.why === 'ask-again' && episode.again) {
    const left = episode.again.after.filter((after) => after !== tick.after);
    next.again = left.length > 0 ? { ...episode.again, after: left } : undefined;
  }
  if (effect.kind === 'escalate') {
    next.priority = effect.priority;
    next.decidedBy = effect.by;
  }
  return {
    after: { ...before, episode: next },
    made: {
      term,
      source,
      at,
      day,
      finding,
      previous,
      baseline,
      told,
      episodeBefore: episode,
      conditions,
      transition,
      episodeAfter: next,
      held: held ? true : undefined,
      mergedInto: undefined,
      ended: undefined,
      tick: { what: whatOf(tick), on: on.source, at: on.at },
    },
  };
}
