import type { RecordedTerm } from './decision-record.ts';
import type { TermState } from './episode.ts';
import type { Told } from './episodes.ts';
import { pastWith } from './episodes-past.ts';
import { type Finding, termKey } from './finding.ts';
import { isContradictory, type RecentPast } from './policy-language.ts';

/** What the conditions of a recorded step would have been told, had its report said `finding` of the term. */
export function toldOtherwise({ told = {}, finding: was, previous, at, day }: RecordedTerm, finding: Finding): Told {
  const grade = certain(finding);
  const before = pastBefore(told, certain(was), day);
  const past = grade === undefined ? before : pastWith(before, grade, at, day);
  const known = grade ?? previous?.grade;
  const { [termKey(finding)]: _own, ...others } = told.symptoms ?? {};
  const { recent: _recent, burden: _burden, ...rest } = told;
  return {
    ...rest,
    // Of a first report that could not be graded nothing was told: what a policy does not name does no harm.
    ...(past.recent ? { recent: past.recent } : {}),
    ...(past.burden ? { burden: past.burden } : {}),
    ...(told.symptoms ? { symptoms: known === undefined ? others : { ...others, [termKey(finding)]: known } } : {}),
  };
}

const certain = (finding: Finding): number | undefined =>
  finding.outcome.kind === 'graded' && !isContradictory(finding) ? finding.outcome.grade : undefined;

/** The past without the report whose grade was counted into it. */
function pastBefore(
  { recent, burden }: Told,
  grade: number | undefined,
  day: string,
): Pick<TermState, 'recent' | 'burden'> {
  if (grade === undefined || !recent) return { recent, burden };
  const grades = recent.grades.slice(0, -1);
  const last = grades.at(-1);
  if (!last) return {};
  const days = Math.max(0, (Date.parse(day) - Date.parse(last.day)) / 86_400_000);
  return {
    recent: {
      grades,
      since: [
        sinceBefore(recent, grades, grade, 1),
        sinceBefore(recent, grades, grade, 2),
        sinceBefore(recent, grades, grade, 3),
      ],
    },
    burden: burden && {
      area: burden.area - ((last.grade + grade) / 2) * days,
      days1: burden.days1 - (last.grade >= 1 && grade >= 1 ? days : 0),
      since: burden.since,
    },
  };
}

/** Where the report ended a stretch, its beginning is known as far back as the kept grades go. */
function sinceBefore(
  recent: RecentPast,
  grades: RecentPast['grades'],
  grade: number,
  level: 1 | 2 | 3,
): string | undefined {
  if ((grades.at(-1)?.grade ?? 0) < level) return undefined;
  if (grade >= level) return recent.since[level - 1];
  const below = grades.findLastIndex((one) => one.grade < level);
  return grades[below + 1]?.day;
}
