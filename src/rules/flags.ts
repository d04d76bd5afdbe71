import type { Episode } from './episode.ts';
import { byStart, type FoldedEpisode } from './episodes.ts';
import { shownSignature, showsSignature } from './signature.ts';

/** What is kept of a Flag that an episode was given. Its identity, `origin` and `term`, never changes. */
export interface LedgerRow {
  flagId: string;
  version: number;
  term: string;
  /** `originOf` the resource that opened the episode when the Flag was made. */
  origin: string;
  start: string;
  end?: string;
  /** `shownSignature` of the episode as the present version of the Flag shows it. */
  signature: string;
  status: 'active' | 'inactive' | 'entered-in-error';
}

/** What to do about one Flag. `ledger-only`: start or end moved, which no Flag version depends on. */
export type FlagChange =
  | { kind: 'create'; episode: Candidate }
  | { kind: 'update' | 'ledger-only' | 'none'; row: LedgerRow; episode: Candidate }
  | { kind: 'retract'; row: LedgerRow };

/** An episode as a step or a fold gives it: members are known after a fold. */
type Candidate = Episode & Partial<Pick<FoldedEpisode, 'members' | 'shown'>>;

/**
 * After a refold: which Flag shows which episode. Give it every row and every episode of the terms concerned; a Flag that
 * no episode is left for is retracted. An episode finds, in this order, the Flag of its own origin, though retracted; a
 * Flag whose origin is one of its reports; a Flag that overlaps it in time; the earliest first. Else it gets a new one.
 */
export function reconcile(ledger: readonly LedgerRow[], episodes: readonly Candidate[]): FlagChange[] {
  const { changes, left } = match(ledger, episodes, says);
  const retracted = left.filter(({ status }) => status !== 'entered-in-error').sort(rowByStart);
  return [...changes, ...retracted.map((row): FlagChange => ({ kind: 'retract', row }))];
}

/**
 * After one step in order, for a resource received for the first time (so that no Flag can have its origin yet): the same
 * for the open rows and the episodes that the step touched. Retracts nothing.
 */
export function advance(openRows: readonly LedgerRow[], touched: readonly Candidate[]): FlagChange[] {
  return match(openRows, touched, showsStill).changes;
}

function match(
  ledger: readonly LedgerRow[],
  given: readonly Candidate[],
  upToDate: UpToDate,
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
  return { changes: episodes.map((episode) => changeOf(rowOf.get(episode), episode, upToDate)), left };
}

function changeOf(row: LedgerRow | undefined, episode: Candidate, upToDate: UpToDate): FlagChange {
  if (!row) return { kind: 'create', episode };
  if (!upToDate(row, episode) || row.status !== flagStatus(episode)) return { kind: 'update', row, episode };
  const moved = row.start !== episode.start || row.end !== episode.end;
  return { kind: moved ? 'ledger-only' : 'none', row, episode };
}

/** Whether the present version of a Flag still says what it has to. */
type UpToDate = (row: LedgerRow, episode: Candidate) => boolean;

/** After a refold: all that it says is what it would say, had every report come in order. */
const says: UpToDate = ({ signature }, { shown, ...episode }) => signature === shownSignature(shown ?? episode);

/** In order: status, grade and priority have not changed since it was written. */
const showsStill: UpToDate = ({ signature }, episode) => showsSignature(signature, episode);

const flagStatus = ({ status }: Episode): LedgerRow['status'] => (status === 'open' ? 'active' : 'inactive');

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
