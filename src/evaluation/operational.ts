import type { Flag } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import { originOf, resourceId } from '../rules/finding.ts';
import { type OperationalCode, operationalFlag } from '../rules/resources/flag.ts';
import type { EpisodeRow } from '../store/write.ts';
import type { Evaluating } from './evaluating.ts';
import { idOfDerived } from './identity.ts';

/** What is known of a Flag that says what went wrong. */
export interface Operational {
  /** The row of such a Flag of an earlier version of the report. */
  held: EpisodeRow | undefined;
  /** Symptom time, or when the resource was withdrawn; UTC instant. */
  at: string;
  /** The patient takes part in a trial. */
  research: boolean;
}

/** The next version of the Flag that says what went wrong with a report, and its row. */
export function operationalVersion(
  deps: Deps,
  { source, patient, context }: Evaluating,
  code: OperationalCode,
  { held, at, research }: Operational,
): { row: EpisodeRow; flag: Flag } {
  const { type, id } = source;
  const flag = operationalFlag(code, {
    patient: `Patient/${patient}`,
    identifier: `${originOf(source)}.${code}`,
    device: deps.engine.device,
    research,
    language: deps.language,
    source: `${type}/${resourceId(id)}`,
    at,
  });
  const row: EpisodeRow = {
    flagId: held?.flagId ?? idOfDerived(source, code, context.shard),
    version: (held?.version ?? 0) + 1,
    term: code,
    origin: originOf(source),
    status: 'active',
    started: at,
    ended: null,
    signature: code,
  };
  return { row, flag };
}
