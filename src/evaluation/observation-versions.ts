import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { derivedId } from '../fhir/ids.ts';
import type { Finding } from '../rules/finding.ts';
import { findResources } from '../store/resources.ts';
import type { NewVersion } from '../store/write.ts';
import type { Evaluating } from './evaluating.ts';
import { type MakeVersion, observationMaker, type Shared } from './observation-template.ts';
import { type StoredReport, tagsOf } from './stored-report.ts';

/** One Observation per asked term; those of terms that an amended response no longer asks, or of a retracted one, are entered in error. */
export async function observationVersions(
  deps: Deps,
  within: Compartment,
  { id, version, patient, context, response }: Evaluating,
  before: StoredReport | undefined,
  report: StoredReport | undefined,
): Promise<NewVersion[]> {
  const now = report?.report.findings ?? [];
  const asked = new Set(now.map(({ term }) => term));
  const gone = before?.report.findings.filter(({ term }) => !asked.has(term)) ?? [];
  const held = await versionsOf(
    deps,
    within,
    context.shard,
    // Also when the version before this one was withdrawn, or could not be evaluated: its Observations are there.
    version > 1 ? [...now, ...gone].map(({ term }) => derivedId(id, term, context.shard)) : [],
  );
  const issued = deps.now().toISOString();
  const makerOf = (stored: StoredReport): MakeVersion =>
    observationMaker(deps, within.tenant, {
      shard: context.shard,
      patient,
      response: id,
      end: stored.report.authored ?? stored.report.at,
      issued,
      ...(response.source?.reference ? { performer: response.source.reference } : {}),
    });
  const makeAll = (findings: readonly Finding[], stored: StoredReport, status: Shared['status']): NewVersion[] => {
    const make = makerOf(stored);
    return findings.map((finding) => {
      const observationId = derivedId(id, finding.term, context.shard);
      return make({ finding, status, tags: tagsOf(stored) }, observationId, (held.get(observationId) ?? 0) + 1);
    });
  };
  const amended = response.status === 'amended' || before !== undefined;
  return [
    ...(report ? makeAll(now, report, amended ? 'amended' : 'final') : []),
    ...(before ? makeAll(gone, before, 'entered-in-error') : []),
  ];
}

async function versionsOf(
  deps: Deps,
  within: Compartment,
  shard: number,
  ids: readonly string[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const held = await findResources(deps.db, within, shard, 'Observation', ids);
  return new Map(held.map(({ id, version }) => [id, version]));
}
