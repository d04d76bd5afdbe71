import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { derivedId } from '../fhir/ids.ts';
import { notEvaluatedFlag } from '../rules/resources/flag.ts';
import { type KeptState, writeState } from '../rules/state-packed.ts';
import type { EpisodeRow } from '../store/write.ts';
import { type Consequence, type Evaluating, NOT_EVALUATED } from './evaluating.ts';
import { rowOf, type StoredReport } from './stored-report.ts';
import { writerOf } from './writer.ts';

/** What is known where grading or policy failed. */
export interface Unevaluated {
  state: KeptState;
  /** Symptom time, or when the resource was withdrawn. */
  at: string;
  /** The Flag that an earlier failure of the same resource left, open or not. */
  failed: EpisodeRow | undefined;
  /** What could be graded before the failure. */
  report: StoredReport | undefined;
}

/** The resource is stored all the same; a Flag of high priority asks a person to read it. */
export function notEvaluated(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  { state, at, failed, report }: Unevaluated,
): Consequence {
  const { source, patient, context } = input;
  const { type, id } = source;
  const write = writerOf(deps, within, input);
  const flagId = failed?.flagId ?? derivedId(id, NOT_EVALUATED, context.shard);
  const version = (failed?.version ?? 0) + 1;
  const flag = notEvaluatedFlag({
    patient: `Patient/${patient}`,
    identifier: `${id}.${NOT_EVALUATED}`,
    device: deps.engine.device,
    research: false,
    language: deps.language,
    source: `${type}/${id}`,
    at,
  });
  const row: EpisodeRow = {
    flagId,
    version,
    term: NOT_EVALUATED,
    origin: id,
    status: 'active',
    started: at,
    ended: null,
    signature: NOT_EVALUATED,
  };
  return {
    versions: [write('Flag', flagId, version, flag)],
    patient: {
      id: patient,
      shard: context.shard,
      n: context.n,
      state: writeState({ ...state, stale: true }),
      // What could be graded is kept for the next fold.
      ...(report ? { reports: [rowOf(report)] } : {}),
      // What was withdrawn counts no longer, whatever failed.
      ...(input.asks === 'retraction' ? { retract: { type, id } } : {}),
      episodes: [row],
    },
    changes: {
      flags: [{ event: 'not-evaluated', reference: `Flag/${flagId}/_history/${version}`, flag }],
      findings: [],
      undecided: [],
    },
  };
}
