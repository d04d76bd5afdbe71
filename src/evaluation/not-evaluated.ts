import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { derivedId } from '../fhir/ids.ts';
import { notEvaluatedFlag } from '../rules/resources/flag.ts';
import { type KeptState, writeState } from '../rules/state-packed.ts';
import type { EpisodeRow } from '../store/write.ts';
import { type Consequence, type Evaluating, NOT_EVALUATED } from './evaluating.ts';
import { type StoredReport, writeReport } from './stored-report.ts';
import { writerOf } from './writer.ts';

/** What is known where grading or policy failed. */
export interface Unevaluated {
  state: KeptState;
  /** Symptom time, or when the response was withdrawn. */
  at: string;
  /** The Flag that an earlier failure of the same response left, open or not. */
  failed: EpisodeRow | undefined;
  /** What could be graded before the failure. */
  report: StoredReport | undefined;
}

/** The response is stored all the same; a Flag of high priority asks a person to read it. */
export function notEvaluated(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  { state, at, failed, report }: Unevaluated,
): Consequence {
  const { id, patient, context } = input;
  const write = writerOf(deps, within, input);
  const flagId = failed?.flagId ?? derivedId(id, NOT_EVALUATED, context.shard);
  const version = (failed?.version ?? 0) + 1;
  const flag = notEvaluatedFlag({
    patient: `Patient/${patient}`,
    identifier: `${id}.${NOT_EVALUATED}`,
    device: deps.engine.device,
    research: false,
    language: deps.language,
    source: `QuestionnaireResponse/${id}`,
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
      ...(report
        ? { report: { type: 'QuestionnaireResponse', id, at: report.report.at, content: writeReport(report) } }
        : {}),
      // What was withdrawn counts no longer, whatever failed.
      ...(input.response.status === 'entered-in-error' ? { retract: { type: 'QuestionnaireResponse', id } } : {}),
      episodes: [row],
    },
    changes: {
      flags: [{ event: 'not-evaluated', reference: `Flag/${flagId}/_history/${version}`, flag }],
      findings: [],
      undecided: [],
    },
  };
}
