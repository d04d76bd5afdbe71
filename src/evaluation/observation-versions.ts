import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { type Finding, termKey } from '../rules/finding.ts';
import { gradedObservation } from '../rules/resources/graded-observation.ts';
import { findResources } from '../store/resources.ts';
import type { NewVersion } from '../store/write.ts';
import type { Evaluating, Regraded } from './evaluating.ts';
import { idOfDerived } from './identity.ts';
import { observationMaker, type Shared } from './observation-template.ts';
import { findingsOf, type StoredReport, tagsOf } from './stored-report.ts';
import type { Writer } from './writer.ts';

/** What the Observations of one evaluation are made from. */
export interface ObservationFacts {
  before: StoredReport | undefined;
  report: StoredReport | undefined;
  regraded: readonly Regraded[];
}

/** Observations of one report that are to be written. */
interface Sheet {
  stored: StoredReport;
  status: Shared['status'];
  findings: readonly Finding[];
  /** Earlier versions may be there. */
  again: boolean;
}

/**
 * One Observation per asked term; those of terms that an amended report no longer says, or of a retracted one, are entered in error. What a
 * changed baseline makes of earlier reports is amended.
 */
export async function observationVersions(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  write: Writer,
  { before, report, regraded }: ObservationFacts,
): Promise<NewVersion[]> {
  const now = report ? findingsOf(report) : [];
  const said = new Set(now.map(termKey));
  const gone = before ? findingsOf(before).filter((finding) => !said.has(termKey(finding))) : [];
  const amended = input.amended || before !== undefined;
  // Also when the version before this one was withdrawn, or could not be evaluated: its Observations are there.
  const again = input.source.version > 1;
  const sheets: Sheet[] = [
    ...(report ? [{ stored: report, status: amended ? 'amended' : 'final', findings: now, again } as const] : []),
    ...(before ? [{ stored: before, status: 'entered-in-error', findings: gone, again } as const] : []),
    ...regraded.flatMap(({ stored, findings, gone }): Sheet[] => [
      { stored, status: 'amended', findings, again: true },
      { stored, status: 'entered-in-error', findings: gone, again: true },
    ]),
  ];
  const held = await versionsOf(deps, within, input.context.shard, sheets);
  return sheets.flatMap((sheet) => versionsOfSheet(deps, within, input, write, sheet, held));
}

function versionsOfSheet(
  deps: Deps,
  within: Compartment,
  { patient, context, source, performer }: Evaluating,
  write: Writer,
  { stored, status, findings }: Sheet,
  held: ReadonlyMap<string, number>,
): NewVersion[] {
  if (findings.length === 0) return [];
  const { report } = stored;
  const isOwn = report.source.id === source.id && report.source.type === source.type;
  const who = isOwn ? performer : stored.performer;
  const particulars = {
    patient,
    end: report.authored ?? report.at,
    issued: deps.now().toISOString(),
    ...(who === undefined ? {} : { performer: who }),
  };
  const tags = tagsOf(stored);
  const make = observationMaker(deps, within.tenant, {
    ...particulars,
    shard: context.shard,
    response: report.source.id,
  });
  return findings.map((finding) => {
    const id = idOfDerived(report.source, termKey(finding), context.shard);
    const version = (held.get(id) ?? 0) + 1;
    if (finding.system === 'pro-ctcae') return make({ finding, status, tags }, id, version);
    const observation = gradedObservation(finding, {
      patient: `Patient/${patient}`,
      source: `${report.source.type}/${report.source.id}`,
      device: deps.engine.device,
      effective: { end: particulars.end },
      status,
      issued: particulars.issued,
      ...(who === undefined ? {} : { performer: who }),
      tags,
      labels: deps.labels,
      language: deps.language,
    });
    return write('Observation', id, version, observation);
  });
}

async function versionsOf(
  deps: Deps,
  within: Compartment,
  shard: number,
  sheets: readonly Sheet[],
): Promise<Map<string, number>> {
  const ids = sheets.flatMap(({ stored, findings, again }) =>
    again ? findings.map((finding) => idOfDerived(stored.report.source, termKey(finding), shard)) : [],
  );
  if (ids.length === 0) return new Map();
  const held = await findResources(deps.db, within, shard, 'Observation', ids);
  return new Map(held.map(({ id, version }) => [id, version]));
}
