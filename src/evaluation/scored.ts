import type { Observation } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import type { Score } from '../rules/gradings/scores/score.ts';
import { scoreObservation } from '../rules/resources/score-observation.ts';
import { findResources } from '../store/resources.ts';
import type { NewVersion } from '../store/write.ts';
import type { Evaluating } from './evaluating.ts';
import { idOfDerived } from './identity.ts';
import { type StoredReport, tagsOf } from './stored-report.ts';
import type { Writer } from './writer.ts';

/**
 * The scores of a response as Observations; those that an amended response no longer gives, or of a withdrawn one, are entered in error.
 * Their identity is the response and the score. A score whose items the form does not ask is none.
 */
export async function scored(
  deps: Deps,
  within: Compartment,
  { source, patient, context, performer, amended }: Evaluating,
  write: Writer,
  { before, report }: { before: StoredReport | undefined; report: StoredReport | undefined },
): Promise<NewVersion[]> {
  const scores = report?.scores ?? [];
  const gone = (before?.scores ?? []).filter(({ code }) => !scores.some((score) => score.code === code));
  if (scores.length === 0 && gone.length === 0) return [];
  const idOf = ({ system, code }: Pick<Score, 'system' | 'code'>): string =>
    idOfDerived(source, `${system} ${code}`, context.shard);
  const ids = [...scores, ...gone].map(idOf);
  // Also when the version before this one was withdrawn, or could not be evaluated: its Observations are there.
  const held = source.version > 1 ? await findResources(deps.db, within, context.shard, 'Observation', ids) : [];
  const byId = new Map(held.map((one) => [one.id, one]));
  const next = (id: string): number => (byId.get(id)?.version ?? 0) + 1;
  const now = scores.map((score) => {
    const id = idOf(score);
    const observation = scoreObservation(score, {
      patient: `Patient/${patient}`,
      source: `QuestionnaireResponse/${source.id}`,
      device: deps.engine.device,
      effective: report?.report.authored ?? report?.report.at ?? '',
      status: amended || before !== undefined ? 'amended' : 'final',
      issued: deps.now().toISOString(),
      ...(performer === undefined ? {} : { performer }),
      tags: tagsOf(report),
    });
    return write('Observation', id, next(id), observation);
  });
  const withdrawn = gone.flatMap((score) => {
    const id = idOf(score);
    const content = byId.get(id)?.content;
    if (content === undefined) return [];
    const observation: Observation = JSON.parse(content);
    return observation.status === 'entered-in-error'
      ? []
      : [write('Observation', id, next(id), { ...observation, status: 'entered-in-error' })];
  });
  return [...now, ...withdrawn];
}
