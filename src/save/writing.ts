import type { Resource } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Consequence } from '../evaluation/evaluating.ts';
import type { Compartment } from '../fhir/compartment.ts';
import type { Issue } from '../fhir/errors.ts';
import { newId } from '../fhir/ids.ts';
import type { ResourceSpec } from '../fhir/resources.ts';
import { type ReceivedText, splice } from '../fhir/text.ts';
import { rewritten } from '../fhir/text-members.ts';
import { EMPTY } from '../rules/episodes.ts';
import { writeState } from '../rules/state-packed.ts';
import type { PatientContext } from '../store/context.ts';
import { indexRow } from '../store/index-rows.ts';
import type { Stored } from '../store/resources.ts';
import { type Claim, commit, type NewVersion, type Write } from '../store/write.ts';
import { rulesOf } from './checks.ts';
import { refuseNonconforming } from './profiles.ts';

/** What a write came to, built from what was committed. */
export interface Saved {
  type: string;
  id: string;
  version: number;
  lastUpdated: string;
  content: string;
  /** `existing`: a conditional create found what it asks for, and nothing was changed. What was deleted and comes back is created. */
  outcome: 'created' | 'existing' | 'updated';
  /** What followed from it; absent where nothing was evaluated. */
  changes?: Consequence['changes'];
  /** What was written all the same. */
  warnings?: readonly Issue[];
}

/** One version to be written, and what it rests on. */
export interface Writing {
  resource: Resource;
  id: string;
  shard: number;
  version: number;
  /** The version that it replaces; absent for what is created, or comes back. */
  current?: Stored;
  /** The client has named that version, and no other, by If-Match. */
  isUponCurrent?: boolean;
  patient?: string;
  context: PatientContext | undefined;
  claims: readonly Omit<Claim, 'id'>[];
}

/** One statement: the resource, what follows from it, and what both rest on. The answer is built from what was committed. */
export async function write(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  received: ReceivedText,
  writing: Writing,
): Promise<Saved> {
  const { id, shard, version, context, patient } = writing;
  await refuseNonconforming(deps, within, writing);
  const ruled = await rulesOf(spec).check?.(deps, within, { ...writing, spec });
  const consequence = ruled?.consequence;
  const resource = ruled?.instead ?? writing.resource;
  const text = ruled?.instead ? rewritten(received.text, writing.resource, ruled.instead) : received;
  const { head, tail } = splice(text, { id, versionId: String(version) });
  const main: NewVersion = {
    type: spec.type,
    id,
    shard,
    version,
    head,
    tail,
    index: indexRow(deps.registry, spec, within.tenant, resource, {
      baseUrl: deps.baseUrl,
      // A Patient lies in its own compartment.
      ...(spec.type === 'Patient' ? { patient: id } : patient === undefined ? {} : { patient }),
    }),
  };
  const lastUpdated = await commit(deps.db, within, {
    versions: [main, ...(consequence?.versions ?? [])],
    outbox: outboxOf(deps, shard),
    ...patientPart(consequence, patient, context, ruled?.expected),
    due: [...(ruled?.due ?? []), ...(consequence?.due ?? [])],
    work: [...(ruled?.work ?? []), ...(consequence?.work ?? [])],
    ...(spec.type === 'Patient' && version === 1 ? { newPatient: { id, shard, state: writeState(EMPTY) } } : {}),
    claims: [...writing.claims.map((claim) => ({ ...claim, id })), ...(ruled?.claims ?? [])],
    bumpCatalog: spec.canonical === true,
  });
  if (consequence) tellEvaluated(deps, within, consequence.changes);
  return {
    type: spec.type,
    id,
    version,
    lastUpdated,
    content: head + lastUpdated + tail,
    outcome: writing.current ? 'updated' : 'created',
    ...(consequence ? { changes: consequence.changes } : {}),
    ...(ruled?.warnings ? { warnings: ruled.warnings } : {}),
  };
}

/** Counts what came of a report when it is committed. */
export function tellEvaluated(deps: Deps, within: Compartment, changes: Consequence['changes']): void {
  const active = (): string[] => deps.catalog.loaded(within)?.policies.map(({ canonical }) => canonical) ?? [];
  deps.db.afterCommit(() => deps.metrics.evaluated(changes, active));
}

function patientPart(
  consequence: Consequence | undefined,
  patient: string | undefined,
  context: PatientContext | undefined,
  expected: string | undefined,
): Pick<Write, 'patient'> {
  if (consequence) return { patient: consequence.patient };
  if (!context || patient === undefined) return {};
  return { patient: { ...counted(patient, context), ...(expected === undefined ? {} : { expected }) } };
}

/** Every write of a patient's data advances the counter: it orders delivery, and no Patient is deleted under a write. */
export const counted = (
  id: string,
  { shard, n }: Pick<PatientContext, 'shard' | 'n'>,
): NonNullable<Write['patient']> => ({ id, shard, n });

/** The row of the outbox that announces a write. */
export const outboxOf = (deps: Deps, shard: number): Write['outbox'] => ({
  id: newId(shard, deps.now().getTime()),
  shard,
});
