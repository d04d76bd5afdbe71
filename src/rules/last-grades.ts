import type { FoldState, TermState } from './episode.ts';
import type { GradingSystem } from './finding.ts';
import { EMERGENCY_TERMS } from './gradings/emergency-data.ts';

/** What is last known of one term of a patient. */
export interface LastGrade {
  /** `termKey` of its findings. */
  term: string;
  /** The last certain grade, and the symptom time of its report (UTC instant); absent where no report was certain. */
  grade?: number;
  at?: string;
  /** Of an open episode whose grade the missing answers leave open: the lowest that it can be. */
  atLeast?: number;
}

/** The grades of a patient as they are last known: what stands above 0 or in an open episode, the highest first. */
export interface LastGrades {
  grades: readonly LastGrade[];
  /** How many terms were last certainly 0, and have no open episode. */
  zero: number;
}

/**
 * The last grades as a short text, which is kept beside the state so that a list of many patients reads no state: `[zero, [times], [[term, grade,
 * place of its time, at least], …]]`; of a PRO-CTCAE composite the number alone. Empty where nothing was graded yet.
 */
export function writeLastGrades({ terms }: FoldState): string {
  const known: LastGrade[] = [];
  let zero = 0;
  for (const [term, state] of Object.entries(terms)) {
    if (systemOf(term) === undefined) continue;
    const isOpen = state.episode?.status === 'open';
    if (isOpen || (state.previous && state.previous.grade > 0)) known.push(lastOf(term, state, isOpen));
    else if (state.previous) zero += 1;
  }
  if (known.length === 0 && zero === 0) return '';
  const times: string[] = [];
  const placeOf = (at: string): number => {
    const place = times.indexOf(at);
    return place < 0 ? times.push(at) - 1 : place;
  };
  const kept = known.sort(byGrade).map(({ term, grade, at, atLeast }): Kept => {
    const number = COMPOSITE.exec(term)?.[1];
    const short = number === undefined ? term : Number(number);
    const certain: Kept = grade === undefined || at === undefined ? [short] : [short, grade, placeOf(at)];
    return atLeast === undefined ? certain : [short, grade ?? null, certain[2] ?? null, atLeast];
  });
  return JSON.stringify([zero, times, kept]);
}

/** The last grades that `writeLastGrades` was given. Throws for a text that it never gives. */
export function readLastGrades(text: string): LastGrades {
  if (text === '') return { grades: [], zero: 0 };
  const [zero, times, kept]: [number, string[], Kept[]] = JSON.parse(text);
  return {
    grades: kept.map(([short, grade, place, atLeast]) => {
      const at = typeof place === 'number' ? times[place] : undefined;
      return {
        term: typeof short === 'number' ? `PROCTCAE_${short}_COMP` : short,
        ...(typeof grade === 'number' && at !== undefined ? { grade, at } : {}),
        ...(atLeast === undefined ? {} : { atLeast }),
      };
    }),
    zero,
  };
}

/** The text of the last grades after a step; undefined where it is what it was before. */
export function newLastGrades(before: FoldState, after: FoldState): string | undefined {
  const text = writeLastGrades(after);
  return text === writeLastGrades(before) ? undefined : text;
}

/** The scale that a term is graded by; undefined for what is followed like a term and is no grade of the patient. */
export function systemOf(term: string): GradingSystem | undefined {
  if (term.startsWith('PROCTCAE_')) return 'pro-ctcae';
  if (term.includes('@')) return 'ctcae';
  return EMERGENCIES.has(term) ? 'emergency' : undefined;
}

const EMERGENCIES: ReadonlySet<string> = new Set(EMERGENCY_TERMS.map(({ code }) => code));

const COMPOSITE = /^PROCTCAE_(\d+)_COMP$/;

type Kept = [term: string | number, grade?: number | null, place?: number | null, atLeast?: number];

function lastOf(term: string, { previous, episode }: TermState, isOpen: boolean): LastGrade {
  const outcome = isOpen ? episode?.outcome : undefined;
  return {
    term,
    ...(previous ? { grade: previous.grade, at: previous.at } : {}),
    ...(outcome?.kind === 'at-least' ? { atLeast: outcome.min } : {}),
  };
}

/** The highest first, then the latest; the same list is the same text. */
function byGrade(a: LastGrade, b: LastGrade): number {
  const [one, other] = [worst(a), worst(b)];
  if (one !== other) return other - one;
  if (a.at !== b.at) return (a.at ?? '') > (b.at ?? '') ? -1 : 1;
  return a.term < b.term ? -1 : 1;
}

const worst = ({ grade = 0, atLeast = 0 }: LastGrade): number => Math.max(grade, atLeast);
