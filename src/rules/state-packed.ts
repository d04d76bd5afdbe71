import type { ActionRef, Episode, FoldState, TermState } from './episode.ts';
import type { Report } from './finding.ts';

/**
 * The fold state of a patient as it is kept between two reports. It is written anew with every response, so what repeats is said
 * once: most terms point to the same few reports, and the same few actions.
 */
interface Packed {
  upTo?: FoldState['upTo'];
  /** An evaluation failed since: the state is not to be gone on from. */
  stale?: true;
  /** [type, id, version]. */
  reports: [Report['source']['type'], string, number][];
  /** [symptom time, day]. */
  times: string[][];
  /** [policy, action]. */
  actions: [string, string][];
  terms: Record<string, PackedTerm>;
}

interface PackedTerm {
  /** [grade, time, report]. */
  p?: [number, number, number];
  b?: [number, number, number];
  e?: PackedEpisode;
}

interface PackedEpisode extends Omit<Episode, 'term' | 'opening' | 'latest' | 'openedBy' | 'decidedBy'> {
  opening: number;
  latest: number;
  openedBy: number[];
  decidedBy: number[];
}

/** A fold state, and whether an evaluation has failed since: then one step does not suffice, all is folded again. */
export type KeptState = FoldState & { stale?: true };

/** The state as JSON text. */
export function writeState({ upTo, terms, stale }: KeptState): string {
  const packed: Packed = { upTo, ...(stale ? { stale } : {}), reports: [], times: [], actions: [], terms: {} };
  const report = placed(packed.reports);
  const time = placed(packed.times);
  const action = placed(packed.actions);
  const sourceOf = ({ type, id, version }: Report['source']): number =>
    report(`${type}/${id}/${version}`, [type, id, version]);
  const actionOf = (ref: ActionRef): number => action(`${ref.policy}#${ref.action}`, [ref.policy, ref.action]);
  for (const [term, { previous, baseline, episode }] of Object.entries(terms)) {
    const kept: PackedTerm = {};
    if (previous)
      kept.p = [
        previous.grade,
        time(`${previous.at} ${previous.day}`, [previous.at, previous.day]),
        sourceOf(previous.source),
      ];
    if (baseline) kept.b = [baseline.grade, time(baseline.at, [baseline.at]), sourceOf(baseline.source)];
    if (episode) {
      const { term: _term, opening, latest, openedBy, decidedBy, ...rest } = episode;
      kept.e = {
        ...rest,
        opening: sourceOf(opening),
        latest: sourceOf(latest),
        openedBy: openedBy.map(actionOf),
        decidedBy: decidedBy.map(actionOf),
      };
    }
    packed.terms[term] = kept;
  }
  return JSON.stringify(packed);
}

/** The state that `writeState` was given. Throws when the text holds what it never writes. */
export function readState(text: string): KeptState {
  const { upTo, stale, reports, times, actions, terms }: Packed = JSON.parse(text);
  const sourceOf = (place: number): Report['source'] => {
    const [type, id, version] = at(reports, place);
    return { type, id, version };
  };
  const actionOf = (place: number): ActionRef => {
    const [policy, action] = at(actions, place);
    return { policy, action };
  };
  const read = (term: string, { p, b, e }: PackedTerm): TermState => ({
    ...(p
      ? { previous: { grade: p[0], at: at(at(times, p[1]), 0), day: at(at(times, p[1]), 1), source: sourceOf(p[2]) } }
      : {}),
    ...(b ? { baseline: { grade: b[0], at: at(at(times, b[1]), 0), source: sourceOf(b[2]) } } : {}),
    ...(e
      ? {
          episode: {
            ...e,
            term,
            opening: sourceOf(e.opening),
            latest: sourceOf(e.latest),
            openedBy: e.openedBy.map(actionOf),
            decidedBy: e.decidedBy.map(actionOf),
          },
        }
      : {}),
  });
  return {
    ...(upTo ? { upTo } : {}),
    ...(stale ? { stale } : {}),
    terms: Object.fromEntries(Object.entries(terms).map(([term, kept]) => [term, read(term, kept)])),
  };
}

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
