import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { derivedId } from '../fhir/ids.ts';
import type { Finding } from '../rules/finding.ts';
import { findResources } from '../store/resources.ts';
import type { NewVersion } from '../store/write.ts';
import type { Evaluating } from './evaluating.ts';
import { observationVersion } from './observation-template.ts';
import { type StoredReport, tagsOf } from './stored-report.ts';

/** One Observation per asked term; those of terms that an amended response no longer asks, or of a retracted one, are entered in error. */
export async function observationVersions(
  deps: Deps,
  within: Compartment,
  { id, patient, context, response }: Evaluating,
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
    before ? [...now, ...gone].map(({ term }) => derivedId(id, term)) : [],
  );
  const issued = deps.now().toISOString();
  const make = (
    finding: Finding,
    stored: StoredReport,
    status: 'final' | 'amended' | 'entered-in-error',
  ): NewVersion => {
    const observationId = derivedId(id, finding.term);
    return observationVersion(
      deps,
      within.tenant,
      { finding, status, tags: tagsOf(stored) },
      {
        id: observationId,
        version: (held.get(observationId) ?? 0) + 1,
        shard: context.shard,
        patient,
        response: id,
        end: stored.report.authored ?? stored.report.at,
        issued,
        ...(response.source?.reference ? { performer: response.source.reference } : {}),
      },
    );
  };
  const amended = response.status === 'amended' || before !== undefined;
  return [
    ...(report ? now.map((finding) => make(finding, report, amended ? 'amended' : 'final')) : []),
    ...(before ? gone.map((finding) => make(finding, before, 'entered-in-error')) : []),
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
