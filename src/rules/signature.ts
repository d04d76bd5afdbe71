import { canonicalJson, sha256 } from './canonical-json.ts';
import type { Episode } from './episode.ts';
import { originOf } from './finding.ts';

/** All that a Flag version depends on: status, grade and priority. A Flag gets a new version only when this changes. */
export function signature({ status, outcome, priority }: Episode): string {
  return [status === 'open' ? 'active' : 'inactive', gradeText(outcome), priority].join(' ');
}

/** Whether two episodes have one signature. */
export function sameSignature(one: Episode, other: Episode): boolean {
  if (one === other) return true;
  if (one.status !== other.status || one.priority !== other.priority) return false;
  return one.outcome === other.outcome || gradeText(one.outcome) === gradeText(other.outcome);
}

/**
 * The signature of an episode as a Flag shows it, and a digest of all that the Flag says of it. In order of arrival a Flag is
 * written when the signature changes, and says what was so then; after a refold it must say what it would have said, had every
 * report come in order.
 */
export function shownSignature(shown: Episode): string {
  const { start, startAuthored, end, endAuthored, opening, latest, said } = shown;
  const { previousGrade, baselineGrade, openedBy, decidedBy, raised } = shown;
  const says = {
    start: startAuthored ?? start,
    end: endAuthored ?? end,
    opening: originOf(opening),
    latest: originOf(latest),
    said,
    previousGrade,
    baselineGrade,
    openedBy,
    decidedBy,
    raised: raised && [originOf(raised.source), raised.why],
  };
  return `${signature(shown)} #${sha256(canonicalJson(says)).slice(0, 16)}`;
}

/** Whether a Flag of this kept signature shows the status, grade and priority that the episode has now. */
export const showsSignature = (kept: string, episode: Episode): boolean => {
  const now = signature(episode);
  return kept === now || kept.startsWith(`${now} #`);
};

/** What rose from one kept signature to the next: the priority, or the grade that is certain. A grade that was not known before counts. */
export function rise(before: string, after: string): { priority: boolean; grade: boolean } {
  const [was, is] = [partsOf(before), partsOf(after)];
  return {
    priority: PRIORITIES.indexOf(is.priority) > PRIORITIES.indexOf(was.priority),
    grade: is.least !== undefined && (was.least === undefined || is.least > was.least),
  };
}

const PRIORITIES: readonly string[] = ['PN', 'PL', 'PM', 'PH'];

function partsOf(kept: string): { priority: string; least?: number } {
  const [, kind, grade = '', last = ''] = (kept.split(' #', 1)[0] ?? '').split(' ');
  if (kind === 'not-gradable') return { priority: grade };
  return { priority: last, ...(grade === '' ? {} : { least: Number.parseInt(grade, 10) }) };
}

function gradeText(outcome: Episode['outcome']): string {
  if (outcome.kind === 'graded') return `graded ${outcome.grade}`;
  return outcome.kind === 'at-least' ? `at-least ${outcome.min}-${outcome.max}` : 'not-gradable';
}
