import type { Episode, FoldState } from './episode.ts';
import { type InForce, originOf, type Report, type Tick } from './finding.ts';
import type { TermStep } from './term-step.ts';

/** What the tick asks again, as records name it: the end of a snooze, or the time since the last news. */
export const whatOf = ({ why, after }: Tick): string => (why === 'ask-again' ? (after ?? '') : why);

/** What `whatOf` named. */
export const namedAs = (what: string): Pick<Tick, 'why' | 'after'> =>
  what === 'snooze-ended' ? { why: what } : { why: 'ask-again', after: what };

/**
 * What is in force of each term while a patient's reports are gone over: the last that told a grade, and what an expected level has held back
 * since. A moment asks that again; what it means nothing to it leaves alone.
 */
export class InForceOfTerms {
  readonly #told = new Map<string, InForce>();
  readonly #held = new Map<string, InForce>();

  /** Takes note of what one report did. */
  note(report: Report, steps: readonly TermStep[]): void {
    for (const step of steps) {
      const { term, episodeAfter, transition, held } = step;
      if (step.tick) continue;
      if (!episodeAfter) this.#told.delete(term);
      else if (transition === 'open' || isSame(episodeAfter.latest, report.source)) {
        this.#told.set(term, inForce(report, step));
        this.#held.delete(term);
      }
      if (held) this.#held.set(term, inForce(report, step));
    }
  }

  /**
   * The moment with the finding that it asks again; undefined where it means nothing: no episode is open, something has been heard since, or
   * another level is expected. Throws a RangeError where what is in force is not known: then the patient's reports have to be gone over from the
   * first one.
   */
  asked(report: Report & { tick: Tick }, { terms }: FoldState): Report | undefined {
    const { tick } = report;
    const { episode, expected } = terms[tick.term] ?? {};
    if (!episode) return undefined;
    const means = tick.why === 'ask-again' ? isWanted(tick, episode) : expected?.until === tick.since;
    if (!means) return undefined;
    const told = this.#told.get(tick.term);
    const on = (tick.why === 'ask-again' ? undefined : this.#held.get(tick.term)) ?? told;
    if (!on) throw new RangeError('What a moment asks again lies before the beginning of the fold: fold all reports');
    return { ...report, findings: [on.finding], tick: { ...tick, on } };
  }
}

/**
 * Whether a moment at `at` means nothing, as far as the state tells that has seen no report since: false where it may mean something, or only all
 * reports can tell.
 */
export function meansNothing({ upTo, terms, stale }: FoldState & { stale?: true }, tick: Tick, at: string): boolean {
  if (stale || (upTo !== undefined && upTo.at >= at)) return false;
  const { episode, expected } = terms[tick.term] ?? {};
  if (!episode) return true;
  return tick.why === 'ask-again' ? !isWanted(tick, episode) : expected?.until !== tick.since;
}

const isWanted = ({ since, after = '' }: Tick, { again }: Episode): boolean =>
  again?.at === since && again.after.includes(after);

const isSame = (one: Report['source'], other: Report['source']): boolean =>
  one === other || (originOf(one) === originOf(other) && one.version === other.version);

const inForce = ({ source, at, form, facts, person }: Report, { finding, previous }: TermStep): InForce => ({
  source,
  at,
  finding,
  form,
  facts,
  person,
  previous,
});

/** Whether a report is a moment that has come. */
export const isTick = (report: Report): report is Report & { tick: Tick } => report.tick !== undefined;
