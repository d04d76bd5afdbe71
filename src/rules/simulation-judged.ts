import { isIn, opensIn, overlaps, type Stretch } from './simulation-differences.ts';
import type { Track } from './simulation-track.ts';

/** A Flag that is really there, and what came of the work on it. */
export interface RealFlag {
  flagId: string;
  /** `termKey`. */
  term: string;
  /** Symptom times; without an end it is open. */
  start: string;
  end?: string;
  /** Codes of CodeSystem `work-outcome`, of every completed work item on it; none where nobody has judged it. */
  outcomes: readonly string[];
}

/** What one side says of the Flags that people have judged. */
export interface JudgedSide {
  /** Of the Flags that mattered: those in whose time it has a Flag of the term, and those of them whose Flag it opens later. */
  caught: number;
  caughtLater: number;
  /** The same of the Flags that did not matter. */
  needless: number;
  /** Its own Flags in whose time nobody has judged any of the term. */
  unjudged: number;
}

export interface Judged {
  mattered: number;
  notMattered: number;
  before: JudgedSide;
  after: JudgedSide;
}

/**
 * Outcomes that say that a Flag mattered, where none are named: something was done. They are those of CodeSystem `work-outcome` whose property
 * `acted` is true.
 */
export const MATTERED: readonly string[] = ['advice-given', 'visit', 'admission', 'treatment-changed'];

/** Outcomes that say neither. */
const UNTOLD: ReadonlySet<string> = new Set(['other']);

/** A Flag mattered when one of its outcomes says so; it did not when it has an outcome that says otherwise, and none that says so. */
export function judge(
  flags: readonly RealFlag[],
  sides: { before: readonly Track[]; after: readonly Track[] },
  { within, mattered }: { within: Stretch; mattered: ReadonlySet<string> },
): Judged {
  const told = flags.filter(
    ({ start, outcomes }) => isIn(start, within) && outcomes.some((code) => mattered.has(code) || !UNTOLD.has(code)),
  );
  const isGood = ({ outcomes }: RealFlag): boolean => outcomes.some((code) => mattered.has(code));
  const good = told.filter(isGood);
  const bad = told.filter((flag) => !isGood(flag));
  const side = (tracks: readonly Track[]): JudgedSide => {
    const found = (flag: RealFlag): Track | undefined =>
      tracks.find((track) => track.term === flag.term && overlaps(track, flag));
    const caught = good.flatMap((flag) => {
      const track = found(flag);
      return track ? [{ flag, track }] : [];
    });
    return {
      caught: caught.length,
      caughtLater: caught.filter(({ flag, track }) => track.start > flag.start).length,
      needless: bad.filter(found).length,
      unjudged: tracks.filter(
        (track) => opensIn(track, within) && !told.some((flag) => track.term === flag.term && overlaps(track, flag)),
      ).length,
    };
  };
  return {
    mattered: good.length,
    notMattered: bad.length,
    before: side(sides.before),
    after: side(sides.after),
  };
}
