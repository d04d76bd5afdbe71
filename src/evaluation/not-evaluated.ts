import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { type KeptState, writeState } from '../rules/state-packed.ts';
import type { EpisodeRow } from '../store/write.ts';
import { type Consequence, type Evaluating, NOT_EVALUATED } from './evaluating.ts';
import { takesPart } from './facts.ts';
import { operationalVersion } from './operational.ts';
import { rowOf, type StoredReport } from './stored-report.ts';
import { workVersions } from './work-versions.ts';
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
  /** Flags as they were before: those that are open at least. */
  ledger: readonly EpisodeRow[];
}

/** The resource is stored all the same; a Flag of high priority asks a person to read it. */
export async function notEvaluated(
  deps: Deps,
  within: Compartment,
  input: Evaluating,
  { state, at, failed, report, ledger }: Unevaluated,
): Promise<Consequence> {
  const { source, patient, context } = input;
  const { type, id } = source;
  const { row, flag } = operationalVersion(deps, input, NOT_EVALUATED, {
    held: failed,
    at,
    research: takesPart(input.context),
  });
  const { flagId, version } = row;
  const events = [{ event: 'not-evaluated', reference: `Flag/${flagId}/_history/${version}`, flag }] as const;
  const work = await workVersions(deps, within, input, { events, written: [row], ledger, steps: [] });
  return {
    versions: [writerOf(deps, within, input)('Flag', flagId, version, flag), ...work.versions],
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
    work: work.work,
    due: work.due,
    changes: {
      flags: events,
      findings: [],
      undecided: [],
    },
  };
}
