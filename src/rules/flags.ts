import type { Episode } from './episode.ts';
import { byStart, type FoldedEpisode } from './episodes.ts';

/** What is kept of a Flag that an episode was given. Its identity, `origin` and `term`, never changes. */
export interface LedgerRow {
  flagId: string;
  version: number;
  term: string;
  /** Id of the resource that opened the episode when the Flag was made. */
  origin: string;
  start: string;
  end?: string;
  /** `signature` of the episode that the present version of the Flag shows. */
  signature: string;
  status: 'active' | 'inactive' | 'entered-in-error';
}

/** What to do about one Flag. `ledger-only`: start or end moved, which no Flag version depends on. */
export type FlagChange =
  | { kind: 'create'; episode: Episode }
  | { kind: 'update' | 'ledger-only' | 'none'; row: LedgerRow; episode: Episode }
  | { kind: 'retract'; row: LedgerRow };

/** An episode as a step or a fold gives it: members are known after a fold. */
type Candidate = Episode & Partial<Pick<FoldedEpisode, 'members'>>;

/** All that a Flag version depends on: status, grade and priority. A Flag gets a new version only when this changes. */
export function signature({ status, outcome, priority }: Episode): string {
  return [status === 'open' ? 'active' : 'inactive', gradeText(outcome), priority].join(' ');
}

/**
 * After a refold: which Flag shows which episode. Give it every row and every episode of the terms concerned; a Flag that
 * no episode is left for is retracted. An episode finds, in this order, the Flag of its own origin, though retracted; a
 * Flag whose origin is one of its reports; a Flag that overlaps it in time; the earliest first. Else it gets a new one.
 */
export function reconcile(ledger: readonly LedgerRow[], episodes: readonly Candidate[]): FlagChange[] {
  const { changes, left } = match(ledger, episodes);
  const retracted = left.filter(({ status }) => status !== 'entered-in-error').sort(rowByStart);
  return [...changes, ...retracted.map((row): FlagChange => ({ kind: 'retract', row }))];
}

/**
 * After one step in order, for a resource received for the first time (so that no Flag can have its origin yet): the same
 * for the open rows and the episodes that the step touched. Retracts nothing.
 */
export function advance(openRows: readonly LedgerRow[], touched: readonly Candidate[]): FlagChange[] {
  return match(openRows, touched).changes;
}

function match(
  ledger: readonly LedgerRow[],
  given: readonly Candidate[],
): { changes: FlagChange[]; left: LedgerRow[] } {
  const episodes = [...given].sort(byStart);
  const left = [...ledger].sort(rowByStart);
  const rowOf = new Map<Candidate, LedgerRow>();
  for (const fits of [sameOrigin, originWithin, overlaps]) {
    for (const episode of episodes) {
      if (rowOf.has(episode)) continue;
      const index = left.findIndex((row) => row.term === episode.term && fits(row, episode));
      const [row] = index < 0 ? [] : left.splice(index, 1);
      if (row) rowOf.set(episode, row);
    }
  }
  return { changes: episodes.map((episode) => changeOf(rowOf.get(episode), episode)), left };
}

function changeOf(row: LedgerRow | undefined, episode: Candidate): FlagChange {
  if (!row) return { kind: 'create', episode };
  if (row.signature !== signature(episode) || row.status !== flagStatus(episode))
    return { kind: 'update', row, episode };
  const moved = row.start !== episode.start || row.end !== episode.end;
  return { kind: moved ? 'ledger-only' : 'none', row, episode };
}

const flagStatus = ({ status }: Episode): LedgerRow['status'] => (status === 'open' ? 'active' : 'inactive');

function gradeText(outcome: Episode['outcome']): string {
  if (outcome.kind === 'graded') return `graded ${outcome.grade}`;
  return outcome.kind === 'at-least' ? `at-least ${outcome.min}-${outcome.max}` : 'not-gradable';
}

const sameOrigin = (row: LedgerRow, { origin }: Candidate): boolean => row.origin === origin;

const originWithin = (row: LedgerRow, { members }: Candidate): boolean =>
  row.status !== 'entered-in-error' && members?.includes(row.origin) === true;

const overlaps = (row: LedgerRow, { start, end }: Candidate): boolean =>
  row.status !== 'entered-in-error' &&
  (end === undefined || row.start <= end) &&
  (row.end === undefined || start <= row.end);

function rowByStart(a: LedgerRow, b: LedgerRow): number {
  if (a.start !== b.start) return a.start < b.start ? -1 : 1;
  return a.flagId < b.flagId ? -1 : 1;
}
