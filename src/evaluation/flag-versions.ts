import type { Flag } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { derivedId } from '../fhir/ids.ts';
import type { Episode } from '../rules/episode.ts';
import type { TermStep } from '../rules/episodes.ts';
import { type Finding, termKey } from '../rules/finding.ts';
import type { FlagChange, LedgerRow } from '../rules/flags.ts';
import { flagOf, withStatus } from '../rules/resources/flag.ts';
import type { Changes, FlagEvent } from '../rules/resources/outcome.ts';
import { shownSignature } from '../rules/signature.ts';
import { findResources } from '../store/resources.ts';
import type { EpisodeRow, NewVersion } from '../store/write.ts';
import { type Evaluating, isOf } from './evaluating.ts';
import { findingsOf, type StoredReport, tagsOf } from './stored-report.ts';
import type { Writer } from './writer.ts';

/** What the Flags of one evaluation are made from. */
export interface FlagFacts {
  changes: readonly FlagChange[];
  steps: readonly TermStep[];
  reports: readonly StoredReport[];
  failed: EpisodeRow | undefined;
}

/** Flags whose grade, status or priority changed, their rows in the ledger, and what to tell of them. */
export async function flagVersions(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  write: Writer,
  { changes, steps, reports, failed }: FlagFacts,
): Promise<{ versions: NewVersion[]; ledger: EpisodeRow[]; events: Changes['flags'][number][] }> {
  const versions: NewVersion[] = [];
  const ledger: EpisodeRow[] = [];
  const events: Changes['flags'][number][] = [];
  const put = (row: EpisodeRow, flag: Flag, event: FlagEvent): void => {
    versions.push(write('Flag', row.flagId, row.version, flag));
    ledger.push(row);
    events.push({ event, reference: `Flag/${row.flagId}/_history/${row.version}`, flag });
  };

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
        const flagId = held?.flagId ?? derivedId(origin, episode.term, input.context.shard);
        const row = rowOf(episode, { flagId, origin, version: (held?.version ?? 0) + 1 });
        put(
          row,
          flagNow(deps, input, episode.shown ?? episode, `${origin}.${episode.term}`, reports),
          eventOf(change, steps),
        );
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
  if (failed) {
    const stored = await currentFlag(deps, within, input, failed.flagId);
    const ended = deps.now().toISOString();
    const retracted = input.asks === 'retraction';
    put(
      { ...failed, version: failed.version + 1, status: retracted ? 'entered-in-error' : 'inactive', ended },
      withStatus(stored, retracted ? 'entered-in-error' : 'inactive', ended),
      retracted ? 'retracted' : 'closed',
    );
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
  identifier: string,
  reports: readonly StoredReport[],
): Flag {
  const latest = reports.find((stored) => isOf(episode.latest, stored));
  const finding = latest && findingsOf(latest).find((one) => termKey(one) === episode.term);
  return flagOf(episode, {
    patient: `Patient/${patient}`,
    identifier,
    device: deps.engine.device,
    research: false,
    language: deps.language,
    observations: [episode.opening, episode.latest].map(
      ({ id }) => `Observation/${derivedId(id, episode.term, context.shard)}`,
    ),
    labels: deps.labels,
    dataQuality: finding?.dataQuality ?? [],
    severity: severityOf(finding),
    measured: finding?.measured,
    // Where the latest informative report is not at hand, this one is of the same form or at least of the same kind.
    tags: tagsOf(latest ?? reports.at(-1)),
  });
}

function severityOf(finding: Finding | undefined): number | undefined {
  const severity = finding?.attributes.severity;
  return severity?.state === 'answered' ? severity.value : undefined;
}

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
