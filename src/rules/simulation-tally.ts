import type { Priority } from './episode.ts';
import type { PatientSimulation } from './simulation.ts';
import { type Difference, isIn, type Moved, opensIn, overlaps, type Stretch } from './simulation-differences.ts';
import type { Judged, JudgedSide, RealFlag } from './simulation-judged.ts';
import type { Track } from './simulation-track.ts';

/** What the patients seen so far come to. Plain JSON, of a size that does not grow with them: it is kept between pages. */
export interface Tally {
  patients: number;
  /** Patients whose past could not be gone over. */
  failed: number;
  /** Reports by type of their source. */
  reports: Record<string, number>;
  first?: string;
  last?: string;
  before: SideTally;
  after: SideTally;
  same: number;
  /** By system, `termKey` and, with spaces between, the grade at which the Flag opens: of the one that was there before, where both are. */
  terms: Record<string, TermTally>;
  moved: Partial<Record<Moved, number>>;
  withoutFacts: number;
  withoutPerson: number;
  withoutVersion: number;
  undecided: Record<string, number>;
  judged: Judged;
  /** At most LARGEST, the largest first. */
  largest: Disagreement[];
}

export interface SideTally {
  /** Flags that open, by the priority at which they do. */
  opened: Record<Priority, number>;
  /** Times that a priority rises after that. */
  raised: number;
  overran: number;
}

export interface TermTally {
  before: number;
  after: number;
  added: number;
  removed: number;
  moved: number;
}

/** A difference with whose it is. Shortened to what is told. */
export interface Disagreement extends Omit<Difference, 'before' | 'after'> {
  patient: string;
  term: string;
  before?: Shown;
  after?: Shown;
  /** Ids of the Flags of the term that are really there in its time. */
  flags: readonly string[];
}

export type Shown = Omit<Track, 'members' | 'term'>;

export const LARGEST = 20;

const NO_SIDE: SideTally = { opened: { PN: 0, PL: 0, PM: 0, PH: 0 }, raised: 0, overran: 0 };
const NO_JUDGED_SIDE: JudgedSide = { caught: 0, caughtLater: 0, needless: 0, unjudged: 0 };

/** Before the first patient. */
export const NO_TALLY: Tally = {
  patients: 0,
  failed: 0,
  reports: {},
  before: NO_SIDE,
  after: NO_SIDE,
  same: 0,
  terms: {},
  moved: {},
  withoutFacts: 0,
  withoutPerson: 0,
  withoutVersion: 0,
  undecided: {},
  judged: { mattered: 0, notMattered: 0, before: NO_JUDGED_SIDE, after: NO_JUDGED_SIDE },
  largest: [],
};

/** One patient. */
export function tallyOf(patient: string, simulation: PatientSimulation, within: Stretch): Tally {
  const { first, last, differences, before, after, overran } = simulation;
  const terms: Record<string, TermTally> = {};
  const count = ({ system, term, grade }: Track, what: keyof TermTally): void => {
    const key = `${system} ${term} ${grade}`;
    terms[key] ??= { before: 0, after: 0, added: 0, removed: 0, moved: 0 };
    terms[key][what] += 1;
  };
  for (const track of before) if (opensIn(track, within)) count(track, 'before');
  for (const track of after) if (opensIn(track, within)) count(track, 'after');
  const moved: Partial<Record<Moved, number>> = {};
  for (const difference of differences) {
    const track = difference.before ?? difference.after;
    if (track) count(track, difference.kind);
    for (const how of difference.moved) moved[how] = (moved[how] ?? 0) + 1;
  }
  return {
    patients: 1,
    failed: 0,
    reports: { ...simulation.reports },
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    before: sideOf(before, within, overran.before),
    after: sideOf(after, within, overran.after),
    same: simulation.same.length,
    terms,
    moved,
    withoutFacts: simulation.withoutFacts,
    withoutPerson: simulation.withoutPerson,
    withoutVersion: simulation.withoutVersion,
    undecided: { ...simulation.undecided },
    judged: simulation.judged,
    largest: largestOf(differences.map((difference) => disagreement(patient, difference, simulation.flags))),
  };
}

/** Two tallies of different patients as one: the same whatever their order. */
export function mergeTallies(a: Tally, b: Tally): Tally {
  const first = [a.first, b.first].filter((at) => at !== undefined).sort()[0];
  const last = [a.last, b.last]
    .filter((at) => at !== undefined)
    .sort()
    .at(-1);
  return {
    patients: a.patients + b.patients,
    failed: a.failed + b.failed,
    reports: sums(a.reports, b.reports),
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    before: mergeSides(a.before, b.before),
    after: mergeSides(a.after, b.after),
    same: a.same + b.same,
    terms: mergeTerms(a.terms, b.terms),
    moved: sums(a.moved, b.moved),
    withoutFacts: a.withoutFacts + b.withoutFacts,
    withoutPerson: a.withoutPerson + b.withoutPerson,
    withoutVersion: a.withoutVersion + b.withoutVersion,
    undecided: sums(a.undecided, b.undecided),
    judged: {
      mattered: a.judged.mattered + b.judged.mattered,
      notMattered: a.judged.notMattered + b.judged.notMattered,
      before: sums(a.judged.before, b.judged.before),
      after: sums(a.judged.after, b.judged.after),
    },
    largest: a.largest.length + b.largest.length === 0 ? a.largest : largestOf([...a.largest, ...b.largest]),
  };
}

function sideOf(tracks: readonly Track[], within: Stretch, overran: number): SideTally {
  const side: SideTally = { opened: { ...NO_SIDE.opened }, raised: 0, overran };
  for (const { changes } of tracks) {
    for (const { kind, at, priority } of changes) {
      if (!isIn(at, within)) continue;
      if (kind === 'opens') side.opened[priority] += 1;
      if (kind === 'raises') side.raised += 1;
    }
  }
  return side;
}

const mergeSides = (a: SideTally, b: SideTally): SideTally => ({
  opened: sums(a.opened, b.opened),
  raised: a.raised + b.raised,
  overran: a.overran + b.overran,
});

function mergeTerms(a: Tally['terms'], b: Tally['terms']): Tally['terms'] {
  const terms = { ...a };
  for (const [key, counts] of Object.entries(b)) {
    const held = terms[key];
    terms[key] = held ? sums(held, counts) : counts;
  }
  return terms;
}

function sums<T extends { [Key in keyof T]?: number }>(a: T, b: T): T {
  const all: Record<string, number | undefined> = { ...a };
  for (const [key, value] of Object.entries<number | undefined>(b)) all[key] = (all[key] ?? 0) + (value ?? 0);
  return all as T; // the members of both, which are numbers
}

function disagreement(patient: string, difference: Difference, flags: readonly RealFlag[]): Disagreement {
  const { kind, before, after, moved, steps, hours } = difference;
  const term = (before ?? after)?.term ?? '';
  const isThere = (flag: RealFlag): boolean =>
    flag.term === term && [before, after].some((track) => track !== undefined && overlaps(track, flag));
  return {
    patient,
    kind,
    term,
    ...(before ? { before: shown(before) } : {}),
    ...(after ? { after: shown(after) } : {}),
    moved,
    steps,
    hours,
    flags: flags.filter(isThere).map(({ flagId }) => flagId),
  };
}

const shown = ({ members: _members, term: _term, ...track }: Track): Shown => track;

const largestOf = (all: readonly Disagreement[]): Disagreement[] => [...all].sort(largestFirst).slice(0, LARGEST);

/** More steps of priority, then for longer; then by time, patient and term, so that the order is one. */
function largestFirst(a: Disagreement, b: Disagreement): number {
  if (a.steps !== b.steps) return b.steps - a.steps;
  if (a.hours !== b.hours) return b.hours - a.hours;
  const [one, other] = [nameOf(a), nameOf(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

const nameOf = ({ before, after, patient, term }: Disagreement): string =>
  `${(before ?? after)?.start} ${patient} ${term}`;
