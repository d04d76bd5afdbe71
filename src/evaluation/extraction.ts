import type { Observation } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { EXTRACTED, vitalObservations } from '../rules/resources/vital-observation.ts';
import { findResources } from '../store/resources.ts';
import type { NewVersion } from '../store/write.ts';
import type { Evaluating } from './evaluating.ts';
import { idOfDerived } from './identity.ts';
import { type StoredReport, tagsOf } from './stored-report.ts';
import type { Writer } from './writer.ts';

/**
 * The vital signs that a response measured, as Observations of their own; those that an amended response no longer says, or of a withdrawn
 * one, are entered in error. Their identity is the response and the LOINC code. Nothing for a report of an Observation: that is one already.
 */
export async function extracted(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  write: Writer,
  { before, report }: { before: StoredReport | undefined; report: StoredReport | undefined },
): Promise<NewVersion[]> {
  const { source, patient, context, performer, amended } = input;
  if (source.type !== 'QuestionnaireResponse') return [];
  const measured = report?.report.measured ?? [];
  const idOf = (loinc: string): string => idOfDerived(source, loinc, context.shard);
  // Also when the version before this one was withdrawn, or could not be evaluated: its Observations are there.
  const held =
    source.version > 1 ? await findResources(deps.db, within, context.shard, 'Observation', EXTRACTED.map(idOf)) : [];
  const versions = new Map(held.map(({ id, version }) => [id, version]));
  const now = report
    ? vitalObservations(measured, {
        patient: `Patient/${patient}`,
        source: `QuestionnaireResponse/${source.id}`,
        effective: report.report.authored ?? report.report.at,
        status: amended || before !== undefined ? 'amended' : 'final',
        issued: deps.now().toISOString(),
        ...(performer === undefined ? {} : { performer }),
        tags: tagsOf(report),
      })
    : [];
  const said = new Set(now.map(({ loinc }) => idOf(loinc)));
  return [
    ...now.map(({ loinc, observation }) => {
      const id = idOf(loinc);
      return write('Observation', id, (versions.get(id) ?? 0) + 1, observation);
    }),
    ...held.flatMap(({ id, version, content }) => {
      if (said.has(id)) return [];
      const observation: Observation = JSON.parse(content);
      if (observation.status === 'entered-in-error') return [];
      return [write('Observation', id, version + 1, { ...observation, status: 'entered-in-error' })];
    }),
  ];
}
