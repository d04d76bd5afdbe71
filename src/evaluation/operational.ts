import type { Flag } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import { derivedId } from '../fhir/ids.ts';
import { type OperationalCode, operationalFlag } from '../rules/resources/flag.ts';
import type { EpisodeRow } from '../store/write.ts';
import type { Evaluating } from './evaluating.ts';

/** The next version of the Flag that says what went wrong with a report, and its row; `held` is the one of an earlier version of the report. */
export function operationalVersion(
  deps: Deps,
  { source, patient, context }: Evaluating,
  code: OperationalCode,
  held: EpisodeRow | undefined,
  at = deps.now().toISOString(),
): { row: EpisodeRow; flag: Flag } {
  const { type, id } = source;
  const flag = operationalFlag(code, {
    patient: `Patient/${patient}`,
    identifier: `${id}.${code}`,
    device: deps.engine.device,
    research: false,
    language: deps.language,
    source: `${type}/${id}`,
    at,
  });
  const row: EpisodeRow = {
    flagId: held?.flagId ?? derivedId(id, code, context.shard),
    version: (held?.version ?? 0) + 1,
    term: code,
    origin: id,
    status: 'active',
    started: at,
    ended: null,
    signature: code,
  };
  return { row, flag };
}
