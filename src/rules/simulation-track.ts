import { isAsUrgent } from './decide.ts';
import type { Priority } from './episode.ts';
import type { TermStep } from './episodes.ts';
import { type Finding, originOf, type Report } from './finding.ts';

/** One episode as a fold made it, told as what a person would have been told, and when. */
export interface Track {
  /** `termKey` of its findings. */
  term: string;
  system: Finding['system'];
  version: string;
  opening: Report['source'];
  /** `originOf` the reports that fell into it, in order. */
  members: readonly string[];
  /** Symptom times; without an end it is open. */
  start: string;
  end?: string;
  /** What the opening report measured: see gradeText. */
  grade: string;
  /** In order of time; the first is `opens`. */
  changes: readonly TrackChange[];
}

export interface TrackChange {
  kind: 'opens' | 'raises' | 'lowers' | 'closes';
  at: string;
  /** The priority from then on; of a close the one that it had. */
  priority: Priority;
}

/** The episodes that the steps of one fold from the first report on made, by term in the order of opening. */
export function tracksOf(steps: readonly TermStep[]): Track[] {
  const tracks: Growing[] = [];
  const open = new Map<string, Growing>();
  for (const { term, at, source, finding, transition, episodeAfter, tick } of steps) {
    if (!episodeAfter) continue;
    const { priority } = episodeAfter;
    const member = originOf(source);
    const track = open.get(term);
    if (transition === 'open' || !track) {
      const { system, version } = finding;
      const begun: Growing = {
        term,
        system,
        version,
        opening: source,
        members: [member],
        start: at,
        grade: gradeText(finding),
        changes: [{ kind: 'opens', at, priority }],
      };
      tracks.push(begun);
      open.set(term, begun);
      continue;
    }
    if (!tick) track.members.push(member);
    const before = track.changes.at(-1)?.priority ?? priority;
    if (priority !== before)
      track.changes.push({ kind: isAsUrgent(priority, before) ? 'raises' : 'lowers', at, priority });
    if (episodeAfter.status === 'closed') {
      track.changes.push({ kind: 'closes', at, priority });
      track.end = at;
      open.delete(term);
    }
  }
  return tracks;
}

type Growing = Omit<Track, 'members' | 'changes'> & { members: string[]; changes: TrackChange[] };

/** `2`; `1-3` where the grade is known within bounds; `unknown` where it is not known. */
export function gradeText({ outcome }: Pick<Finding, 'outcome'>): string {
  if (outcome.kind === 'graded') return String(outcome.grade);
  return outcome.kind === 'at-least' ? `${outcome.min}-${outcome.max}` : 'unknown';
}
