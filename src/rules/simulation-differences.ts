import { PRIORITIES } from './policy-language.ts';
import type { Track, TrackChange } from './simulation-track.ts';

/** A stretch of symptom time: from `start` on, up to but not at `end`. UTC instants as reports have them; open where absent. */
export interface Stretch {
  start?: string;
  end?: string;
}

/** In what a Flag of the one side differs from that of the other. */
export type Moved =
  | 'opens-earlier'
  | 'opens-later'
  | 'priority-higher'
  | 'priority-lower'
  /** The highest priority is the same, and is reached or left at another time. */
  | 'priority-otherwise'
  | 'closes-earlier'
  | 'closes-later';

/** One Flag that only one side has, or that both have and that is not the same. */
export interface Difference {
  kind: 'added' | 'removed' | 'moved';
  before?: Track;
  after?: Track;
  moved: readonly Moved[];
  /** Most steps of priority (none, PN, PL, PM, PH) that lay between the two at any moment, and for how many hours they did. */
  steps: number;
  hours: number;
}

/** The Flags of one patient on two sides, compared. */
export interface Compared {
  same: readonly Track[];
  differences: readonly Difference[];
}

/**
 * Which Flags of one side are those of the other, and what differs within `within`; what lies outside it is not looked at. A Flag finds, in this
 * order, the one of the same opening report; one that has its opening report among its reports; one that overlaps it in time; the earliest
 * first. What is so after the last change lasts up to `until`, a UTC instant: silence ends nothing.
 */
export function compareTracks(
  before: readonly Track[],
  after: readonly Track[],
  within: Stretch,
  until: string,
): Compared {
  const pairs = paired(before, after);
  const same: Track[] = [];
  const differences: Difference[] = [];
  const tell = (kind: Difference['kind'], one: Track | undefined, other: Track | undefined): void => {
    const moved = kind === 'moved' && one && other ? movedOf(one, other, within) : [];
    const { steps, hours } = sizeOf(one, other, within, until);
    differences.push({
      kind,
      ...(one ? { before: one } : {}),
      ...(other ? { after: other } : {}),
      moved,
      steps,
      hours,
    });
  };
  for (const one of before) {
    const other = pairs.get(one);
    if (other) {
      if (!isTouched(one, within) && !isTouched(other, within)) continue;
      if (sameChanges(one, other, within)) same.push(one);
      else tell('moved', one, other);
    } else if (opensIn(one, within)) tell('removed', one, undefined);
  }
  const found = new Set(pairs.values());
  for (const other of after) if (!found.has(other) && opensIn(other, within)) tell('added', undefined, other);
  return { same, differences };
}

export const isIn = (at: string, { start, end }: Stretch): boolean =>
  (start === undefined || at >= start) && (end === undefined || at < end);

export const opensIn = (track: Track, within: Stretch): boolean => isIn(track.start, within);

const isTouched = ({ changes }: Track, within: Stretch): boolean => changes.some(({ at }) => isIn(at, within));

function paired(before: readonly Track[], after: readonly Track[]): Map<Track, Track> {
  const pairs = new Map<Track, Track>();
  const left = [...after];
  for (const fits of [sameOpening, openingWithin, overlaps]) {
    for (const one of before) {
      if (pairs.has(one)) continue;
      const index = left.findIndex((other) => other.term === one.term && fits(one, other));
      const [other] = index < 0 ? [] : left.splice(index, 1);
      if (other) pairs.set(one, other);
    }
  }
  return pairs;
}

const sameOpening = (one: Track, other: Track): boolean => one.members[0] === other.members[0];

const openingWithin = (one: Track, other: Track): boolean =>
  other.members.includes(one.members[0] ?? '') || one.members.includes(other.members[0] ?? '');

/** A Flag that closes in the moment in which another opens does not overlap it: no report is in both. */
export const overlaps = (one: Pick<Track, 'start' | 'end'>, other: Pick<Track, 'start' | 'end'>): boolean =>
  (one.end === undefined || other.start < one.end) && (other.end === undefined || one.start < other.end);

function sameChanges(one: Track, other: Track, within: Stretch): boolean {
  const [a, b] = [changesIn(one, within), changesIn(other, within)];
  return (
    a.length === b.length &&
    a.every(({ kind, at, priority }, n) => kind === b[n]?.kind && at === b[n]?.at && priority === b[n]?.priority)
  );
}

const changesIn = ({ changes }: Track, within: Stretch): TrackChange[] => changes.filter(({ at }) => isIn(at, within));

function movedOf(one: Track, other: Track, within: Stretch): Moved[] {
  const moved: Moved[] = [];
  if (one.start !== other.start) moved.push(other.start < one.start ? 'opens-earlier' : 'opens-later');
  const [a, b] = [highestIn(one, within), highestIn(other, within)];
  if (a !== b) moved.push(b > a ? 'priority-higher' : 'priority-lower');
  if (one.end !== other.end) moved.push((other.end ?? LAST) < (one.end ?? LAST) ? 'closes-earlier' : 'closes-later');
  return moved.length > 0 ? moved : ['priority-otherwise'];
}

/** After every instant that a report may have. */
const LAST = '~';

/** Rank of the highest priority that a Flag has within a stretch; what it had when the stretch began counts too. */
function highestIn({ changes }: Track, within: Stretch): number {
  let highest = 0;
  changes.forEach(({ kind, at, priority }, n) => {
    const until = changes[n + 1]?.at;
    const reaches =
      isIn(at, within) || (at < (within.start ?? '') && (until === undefined || until > (within.start ?? '')));
    if (kind !== 'closes' && reaches) highest = Math.max(highest, rankOf(priority));
  });
  return highest;
}

const rankOf = (priority: TrackChange['priority']): number => PRIORITIES.indexOf(priority) + 1;

const HOUR = 3_600_000;

/** The largest distance of two lines of priority, and how long it was so. Two changes of one moment leave the later. */
function sizeOf(
  one: Track | undefined,
  other: Track | undefined,
  within: Stretch,
  until: string,
): { steps: number; hours: number } {
  const moments = [...(one?.changes ?? []), ...(other?.changes ?? [])].map(({ at }) => at);
  const bounds = [...new Set([...moments, ...(within.start === undefined ? [] : [within.start])])]
    .filter((at) => isIn(at, within))
    .sort();
  const lasts = new Map<number, number>();
  bounds.forEach((at, n) => {
    const steps = Math.abs(rankAt(one, at) - rankAt(other, at));
    const millis = Math.max(0, Date.parse(bounds[n + 1] ?? until) - Date.parse(at));
    lasts.set(steps, (lasts.get(steps) ?? 0) + millis);
  });
  // What is so in one moment alone counts only where nothing else is.
  const lasting = [...lasts].flatMap(([steps, millis]) => (millis > 0 ? [steps] : []));
  const steps = Math.max(0, ...(lasting.some((one) => one > 0) ? lasting : lasts.keys()));
  return { steps, hours: Math.round((lasts.get(steps) ?? 0) / HOUR) };
}

/** Rank of the priority that a Flag has from a moment on; 0 where it is not open. */
function rankAt(track: Track | undefined, at: string): number {
  const change = track?.changes.findLast((one) => one.at <= at);
  return !change || change.kind === 'closes' ? 0 : rankOf(change.priority);
}
