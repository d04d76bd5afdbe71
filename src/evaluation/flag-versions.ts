import type { Flag } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import type { Episode } from '../rules/episode.ts';
import type { TermStep } from '../rules/episodes.ts';
import type { FlagChange, LedgerRow } from '../rules/flags.ts';
import { flagOf, withStatus } from '../rules/resources/flag.ts';
import type { Changes, FlagEvent } from '../rules/resources/outcome.ts';
import { shownSignature } from '../rules/signature.ts';
import { findResources } from '../store/resources.ts';
import type { EpisodeRow, NewVersion } from '../store/write.ts';
import { type Evaluating, momentOf, type Partly } from './evaluating.ts';
import { takesPart } from './facts.ts';
import { idOfDerived } from './identity.ts';
import { operationalVersion } from './operational.ts';
import { type StoredReport, tagsOf } from './stored-report.ts';
import type { Writer } from './writer.ts';

/** What the Flags of one evaluation are made from. */
export interface FlagFacts {
  changes: readonly FlagChange[];
  steps: readonly TermStep[];
  reports: readonly StoredReport[];
  /** The open Flag of an earlier version that was not evaluated. */
  failed: EpisodeRow | undefined;
  /** Flags of an earlier version on which policies were not wholly evaluated, open or not; and what keeps them from it on this one. */
  partly: { held: readonly EpisodeRow[]; now: readonly Partly[] };
}

/** Flags whose grade, status or priority changed, their rows in the ledger, and what to tell of them. */
export async function flagVersions(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  write: Writer,
  { changes, steps, reports, failed, partly }: FlagFacts,
): Promise<{ versions: NewVersion[]; ledger: EpisodeRow[]; events: Changes['flags'][number][] }> {
  const versions: NewVersion[] = [];
  const ledger: EpisodeRow[] = [];
  const events: Changes['flags'][number][] = [];
  const put = (row: EpisodeRow, flag: Flag, event: FlagEvent): void => {
    versions.push(write('Flag', row.flagId, row.version, flag));
    ledger.push(row);
    events.push({ event, reference: `Flag/${row.flagId}/_history/${row.version}`, flag });
  };

  const open = partly.held.filter(({ status }) => status === 'active');
  const told = partly.now.filter((code) => !open.some(({ term }) => term === code));
  const makes = told.length > 0 || changes.some(({ kind }) => kind === 'create' || kind === 'update');
  const research = makes && takesPart(input.context);
  for (const change of changes) {
    switch (change.kind) {
      case 'none':
        break;
      case 'ledger-only':
        ledger.push({ ...rowOf(change.episode, change.row), signature: change.row.signature });
        break;
      case 'create':
      case 'update': {
        const { episode } = change;
        const held = change.kind === 'update' ? change.row : undefined;
        const origin = held?.origin ?? episode.origin;
        const flagId = held?.flagId ?? idOfDerived(episode.opening, episode.term, input.context.shard);
        const row = rowOf(episode, { flagId, origin, version: (held?.version ?? 0) + 1 });
        const identifier = `${origin}.${episode.term}`;
        put(row, flagNow(deps, input, episode.shown ?? episode, { identifier, research }), eventOf(change, steps));
        break;
      }
      case 'retract': {
        const stored = await currentFlag(deps, within, input, change.row.flagId);
        const row: EpisodeRow = {
          flagId: change.row.flagId,
          version: change.row.version + 1,
          term: change.row.term,
          origin: change.row.origin,
          status: 'entered-in-error',
          started: change.row.start,
          ended: change.row.end ?? null,
          signature: '',
        };
        put(row, withStatus(stored, 'entered-in-error'), 'retracted');
      }
    }
  }
  const settled = [failed, ...open.filter(({ term }) => !partly.now.some((code) => code === term))];
  for (const row of settled) {
    if (!row) continue;
    const stored = await currentFlag(deps, within, input, row.flagId);
    const ended = momentOf(deps, input);
    const retracted = input.asks === 'retraction';
    put(
      { ...row, version: row.version + 1, status: retracted ? 'entered-in-error' : 'inactive', ended },
      withStatus(stored, retracted ? 'entered-in-error' : 'inactive', ended),
      retracted ? 'retracted' : 'closed',
    );
  }
  for (const code of told) {
    const at = reports.at(-1)?.report.at ?? momentOf(deps, input);
    const held = partly.held.find(({ term }) => term === code);
    const { row, flag } = operationalVersion(deps, input, code, { held, at, research });
    put(row, flag, 'opened');
  }
  return { versions, ledger, events };
}

async function currentFlag(deps: Deps, within: Compartment, { context }: Evaluating, id: string): Promise<Flag> {
  const [stored] = await findResources(deps.db, within, context.shard, 'Flag', [id]);
  if (!stored) throw new Error('the ledger names a Flag that is not there');
  return JSON.parse(stored.content);
}

function flagNow(
  deps: Deps,
  { patient, context }: Evaluating,
  episode: Episode,
  { identifier, research }: { identifier: string; research: boolean },
): Flag {
  return flagOf(episode, {
    patient: `Patient/${patient}`,
    identifier,
    device: deps.engine.device,
    research,
    language: deps.language,
    // What is told of the reporting itself has no Observation: nothing was observed.
    observations: episode.system === 'monitoring' ? [] : observationsOf(episode, context.shard),
    labels: deps.labels,
    tags: tagsOf(episode.said),
  });
}

const observationsOf = ({ opening, latest, raised, term }: Episode, shard: number): string[] =>
  [opening, latest, ...(raised ? [raised.source] : [])].map(
    (source) => `Observation/${idOfDerived(source, term, shard)}`,
  );

function eventOf(change: { kind: string; episode: Episode }, steps: readonly TermStep[]): FlagEvent {
  const { episode } = change;
  if (change.kind === 'create') return 'opened';
  if (episode.status === 'closed') return 'closed';
  const last = steps.findLast(({ term }) => term === episode.term)?.transition;
  return last === 'worse' || last === 'better' ? last : 'changed';
}

const rowOf = (episode: Shown, identity: Pick<EpisodeRow, 'flagId' | 'origin' | 'version'>): EpisodeRow => ({
  flagId: identity.flagId,
  version: identity.version,
  term: episode.term,
  origin: identity.origin,
  status: episode.status === 'open' ? 'active' : 'inactive',
  started: episode.start,
  ended: episode.end ?? null,
  signature: shownSignature(episode.shown ?? episode),
});

type Shown = Episode & { shown?: Episode };

/** A row of the ledger as the pure matching takes it. */
export const ledgerRow = (row: EpisodeRow): LedgerRow => ({
  flagId: row.flagId,
  version: row.version,
  term: row.term,
  origin: row.origin,
  start: row.started,
  ...(row.ended === null ? {} : { end: row.ended }),
  signature: row.signature,
  status: row.status,
});
