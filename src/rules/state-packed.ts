import type { ActionRef, Episode, FoldState, PastEpisode, Priority, Raised, TermState } from './episode.ts';
import { type Outcome, originOf, type Report } from './finding.ts';
import { type PackedOutcome, packOutcome, readOutcome } from './finding-packed.ts';

/**
 * The fold state of a patient as it is kept between two reports. It is written anew with every response, so what repeats is said
 * once (most terms point to the same few reports, days and actions) and what is as it mostly is is left out: about 5 kB for 14 terms,
 * however many years.
 */
interface Packed {
  /** Absent in the first format, which had no past of terms: what it holds is read, and not to be gone on from. */
  format?: 2;
  upTo?: FoldState['upTo'];
  /** An evaluation failed since: the state is not to be gone on from. */
  stale?: true;
  /** [type, id, version]. */
  reports: [Report['source']['type'], string, number][];
  /** [symptom time, day]. */
  times: string[][];
  /** [policy, action]; the policy by its place in `policies`, in the first format itself. */
  actions: [string | number, string][];
  policies?: string[];
  /** Ids of the reports that opened what has ended since. */
  origins?: string[];
  terms: Record<string, PackedTerm>;
  baselines?: FoldState['baselines'];
  met?: FoldState['met'];
}

interface PackedTerm {
  /** [grade, time, report]. */
  p?: [number, number, number];
  b?: [number, number, number];
  e?: PackedEpisode;
  /** Recent grades, one digit each, and their times. */
  r?: [string, number[]];
  /** Days since when at grade 1, 2, 3 or above; 0 where not. Left out where at none. */
  s?: (string | 0)[];
  /** Burden: [area, days at grade 1 or above, time]. */
  d?: [number, number, number];
  /** Expected: [level, until, time, report]. */
  x?: [number, string, number, number];
  /** The last episode that ended: [origin, start, end, priority]. */
  c?: readonly [...PackedPast, priority?: Priority];
}

type PackedPast = [origin: number, start: number, end: number];

type Replaced =
  | 'term'
  | 'opening'
  | 'latest'
  | 'openedBy'
  | 'decidedBy'
  | 'reopens'
  | 'raised'
  | 'again'
  | 'start'
  | 'outcome'
  | keyof Usual;

/** What is left out of an episode where it is so. */
type Usual = Pick<Episode, 'origin' | 'status' | 'kind' | 'system' | 'systemVersion'>;

interface PackedEpisode extends Omit<Episode, Replaced>, Partial<Usual> {
  opening: number;
  latest: number;
  /** In the first format the moment itself. */
  start: number | string;
  /** In the first format the outcome itself. */
  outcome: PackedOutcome | Outcome;
  openedBy: number[];
  decidedBy: number[];
  /** [report, why]. */
  raised?: [number, Raised['why']];
  /** [symptom time and day that it is counted from, times to ask again after]. */
  again?: [number, readonly string[]];
  /** 1: the last one that ended. */
  reopens?: 1 | PackedPast;
}

/** A fold state, and whether one step does not suffice from it: an evaluation has failed since, or an older version wrote it. */
export type KeptState = FoldState & { stale?: true };

const USUAL = { status: 'open', kind: 'composite', system: 'pro-ctcae', systemVersion: '1.0' } as const;

/** The state as JSON text. */
export function writeState({ upTo, terms, stale, baselines, met }: KeptState): string {
  const policies: string[] = [];
  const origins: string[] = [];
  const packed: Packed = {
    format: 2,
    upTo,
    ...(stale ? { stale } : {}),
    reports: [],
    times: [],
    actions: [],
    policies,
    origins,
    terms: {},
    baselines,
    met,
  };
  const report = placed(packed.reports);
  const time = placed(packed.times);
  const action = placed(packed.actions);
  const policy = placed(policies);
  const origin = placed(origins);
  const sourceOf = ({ type, id, version }: Report['source']): number =>
    report(`${type}/${id}/${version}`, [type, id, version]);
  const actionOf = (ref: ActionRef): number =>
    action(`${ref.policy}#${ref.action}`, [policy(ref.policy, ref.policy), ref.action]);
  const momentOf = (at: string): number => time(at, [at]);
  const dayOf = (at: string, day: string): number => time(`${at} ${day}`, [at, day]);
  const pastOf = ({ origin: id, start, end }: PastEpisode): PackedPast => [
    origin(id, id),
    momentOf(start),
    momentOf(end),
  ];
  // Members one by one: the same state is the same text, whatever way it came about.
  const packEpisode = (episode: Episode, closed: PastEpisode | undefined): PackedEpisode => {
    const { status, origin, kind, system, systemVersion, reopens } = episode;
    return {
      ...(status === USUAL.status ? {} : { status }),
      ...(origin === originOf(episode.opening) ? {} : { origin }),
      ...(kind === USUAL.kind ? {} : { kind }),
      ...(system === USUAL.system ? {} : { system }),
      ...(systemVersion === USUAL.systemVersion ? {} : { systemVersion }),
      start: momentOf(episode.start),
      end: episode.end,
      startAuthored: episode.startAuthored,
      endAuthored: episode.endAuthored,
      opening: sourceOf(episode.opening),
      latest: sourceOf(episode.latest),
      outcome: packOutcome(episode.outcome),
      said: episode.said,
      openingLevel: episode.openingLevel,
      previousGrade: episode.previousGrade,
      baselineGrade: episode.baselineGrade,
      priority: episode.priority,
      raised: episode.raised && [sourceOf(episode.raised.source), episode.raised.why],
      openedBy: episode.openedBy.map(actionOf),
      decidedBy: episode.decidedBy.map(actionOf),
      again: episode.again && [dayOf(episode.again.at, episode.again.day), episode.again.after],
      calmDays: episode.calmDays,
      lastCalmDay: episode.lastCalmDay,
      reports: episode.reports,
      reopens: reopens && (isSame(reopens, closed) ? 1 : pastOf(reopens)),
    };
  };
  for (const [term, state] of Object.entries(terms)) {
    const { previous, baseline, episode, recent, burden, expected, closed } = state;
    const kept: PackedTerm = {};
    if (previous) kept.p = [previous.grade, dayOf(previous.at, previous.day), sourceOf(previous.source)];
    if (baseline) kept.b = [baseline.grade, momentOf(baseline.at), sourceOf(baseline.source)];
    if (episode) kept.e = packEpisode(episode, closed);
    if (recent) {
      const { grades, since } = recent;
      kept.r = [grades.map(({ grade }) => grade).join(''), grades.map(({ at, day }) => dayOf(at, day))];
      if (since.some((day) => day !== undefined)) kept.s = since.map((day) => day ?? 0);
    }
    if (burden) kept.d = [burden.area, burden.days1, momentOf(burden.since)];
    if (expected) kept.x = [expected.level, expected.until, momentOf(expected.at), sourceOf(expected.source)];
    if (closed) kept.c = closed.priority === undefined ? pastOf(closed) : [...pastOf(closed), closed.priority];
    packed.terms[term] = kept;
  }
  return JSON.stringify(packed);
}

/** The state that `writeState` was given. Throws when the text holds what it never writes. */
export function readState(text: string): KeptState {
  const packed: Packed = JSON.parse(text);
  const { format, upTo, stale, reports, times, actions, policies = [], origins = [], baselines, met } = packed;
  const sourceOf = (place: number): Report['source'] => {
    const [type, id, version] = at(reports, place);
    return { type, id, version };
  };
  const actionOf = (place: number): ActionRef => {
    const [policy, action] = at(actions, place);
    return { policy: typeof policy === 'number' ? at(policies, policy) : policy, action };
  };
  const momentOf = (place: number): string => at(at(times, place), 0);
  const dayOf = (place: number) => ({ at: momentOf(place), day: at(at(times, place), 1) });
  const pastOf = ([origin, start, end]: PackedPast): PastEpisode => ({
    origin: at(origins, origin),
    start: momentOf(start),
    end: momentOf(end),
  });
  const readEpisode = (term: string, episode: PackedEpisode, closed: PastEpisode | undefined): Episode => {
    const { start, outcome, raised, again, reopens, ...rest } = episode;
    const opening = sourceOf(rest.opening);
    return {
      ...USUAL,
      origin: originOf(opening),
      ...rest,
      term,
      start: typeof start === 'number' ? momentOf(start) : start,
      outcome: isPacked(outcome) ? readOutcome(outcome) : outcome,
      opening,
      latest: sourceOf(rest.latest),
      openedBy: rest.openedBy.map(actionOf),
      decidedBy: rest.decidedBy.map(actionOf),
      ...(raised ? { raised: { source: sourceOf(raised[0]), why: raised[1] } } : {}),
      ...(again ? { again: { ...dayOf(again[0]), after: again[1] } } : {}),
      ...(reopens ? { reopens: reopens === 1 ? closed : pastOf(reopens) } : {}),
    };
  };
  const readTerm = (term: string, { p, b, e, r, s, d, x, c }: PackedTerm): TermState => {
    const closed = c && pastOf([c[0], c[1], c[2]]);
    return {
      ...(p ? { previous: { grade: p[0], ...dayOf(p[1]), source: sourceOf(p[2]) } } : {}),
      ...(b ? { baseline: { grade: b[0], at: momentOf(b[1]), source: sourceOf(b[2]) } } : {}),
      ...(e ? { episode: readEpisode(term, e, closed) } : {}),
      ...(closed ? { closed: c?.[3] === undefined ? closed : { ...closed, priority: c[3] } } : {}),
      ...(r
        ? {
            recent: {
              grades: r[1].map((place, index) => ({ grade: Number(r[0][index]), ...dayOf(place) })),
              since: [s?.[0] || undefined, s?.[1] || undefined, s?.[2] || undefined],
            },
          }
        : {}),
      ...(d ? { burden: { area: d[0], days1: d[1], since: momentOf(d[2]) } } : {}),
      ...(x ? { expected: { level: x[0], until: x[1], at: momentOf(x[2]), source: sourceOf(x[3]) } } : {}),
    };
  };
  const terms = Object.entries(packed.terms).map(([term, kept]) => [term, readTerm(term, kept)] as const);
  return {
    ...(upTo ? { upTo } : {}),
    ...(stale || (format !== 2 && terms.length > 0) ? { stale: true } : {}),
    terms: Object.fromEntries(terms),
    ...(baselines ? { baselines } : {}),
    ...(met ? { met } : {}),
  };
}

const isPacked = (outcome: PackedOutcome | Outcome): outcome is PackedOutcome =>
  typeof outcome === 'number' || Array.isArray(outcome);

const isSame = (one: PastEpisode, other: PastEpisode | undefined): boolean =>
  one.origin === other?.origin && one.start === other.start && one.end === other.end;

/** Gives the place of a value in `list`, where it is put when its key is new. */
function placed<T>(list: T[]): (key: string, value: T) => number {
  const places = new Map<string, number>();
  return (key, value) => {
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, list.length);
    return list.push(value) - 1;
  };
}

function at<T>(list: readonly T[], place: number): T {
  const value = list[place];
  if (value === undefined) throw new RangeError('a kept state points beyond its tables');
  return value;
}
