import type { TermState } from './episode.ts';
import type { Burden, RecentPast } from './policy-language.ts';

/** How many gradable reports of a term are kept for "n of the last m". */
export const RECENT = 12;

/** The past of a term with one more certain grade counted: bounded, so that the state of a patient stays small for years. */
export function pastWith(
  { recent, burden }: TermState,
  grade: number,
  at: string,
  day: string,
): { recent: RecentPast; burden: Burden } {
  return {
    recent: recentWith(recent, { grade, at, day }),
    burden: burdenWith(burden, recent?.grades.at(-1), grade, at, day),
  };
}

type Grade = RecentPast['grades'][number];

function recentWith(recent: RecentPast | undefined, last: Grade): RecentPast {
  if (!recent) return { grades: [last], since: sinceWith([undefined, undefined, undefined], last) };
  const { grades, since } = recent;
  const kept = grades.length < RECENT ? grades.slice() : grades.slice(grades.length - RECENT + 1);
  kept.push(last);
  return { grades: kept, since: sinceWith(since, last) };
}

function sinceWith(since: RecentPast['since'], { grade, day }: Grade): RecentPast['since'] {
  const [one, two, three] = since;
  if (grade === 0 && one === undefined) return since;
  return [
    grade >= 1 ? (one ?? day) : undefined,
    grade >= 2 ? (two ?? day) : undefined,
    grade >= 3 ? (three ?? day) : undefined,
  ];
}

/**
 * Between two reports the grade is taken to lie on the line between them (the trapezoidal rule). Days are those of the patient's
 * calendar: sums of halves and wholes, which are exact whatever their order. A calendar that goes back adds nothing.
 */
function burdenWith(
  burden: Burden | undefined,
  last: Grade | undefined,
  grade: number,
  at: string,
  day: string,
): Burden {
  if (!burden || !last) return { area: 0, days1: 0, since: at };
  if (grade === 0 && last.grade === 0) return burden;
  const days = Math.max(0, numberOf(day) - numberOf(last.day));
  if (days === 0) return burden;
  return {
    area: burden.area + ((last.grade + grade) / 2) * days,
    days1: burden.days1 + (grade >= 1 && last.grade >= 1 ? days : 0),
    since: burden.since,
  };
}

const DAY = 86_400_000;

/** Days since 1970 of a calendar day. */
function numberOf(day: string): number {
  const known = NUMBERS.get(day);
  if (known !== undefined) return known;
  const number = Date.parse(`${day}T00:00:00Z`) / DAY;
  if (NUMBERS.size >= 5000) NUMBERS.clear();
  NUMBERS.set(day, number);
  return number;
}

/** All patients report on the same days: reading a date anew took a twentieth of a fold. */
const NUMBERS = new Map<string, number>();
