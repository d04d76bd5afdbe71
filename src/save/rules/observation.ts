import type { Observation, Resource } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Consequence } from '../../evaluation/evaluating.ts';
import { GRADED, ofObservation } from '../../evaluation/of-observation.ts';
import { evaluate, isGraded } from '../../evaluation.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { businessRule } from '../../fhir/errors.ts';
import type { ReviewedCodes } from '../../rules/gradings/ctcae-codes.ts';
import { isObserved, observedIssues } from '../../rules/observed.ts';
import { inUse, refuse } from './refusals.ts';
import type { Change, Removal } from './type-rules.ts';

/** Whether anything follows from an Observation: most only have to be stored, and several of them go into one statement. */
export const concernsObservation = (resource: Resource, { labCodes }: Pick<Deps, 'labCodes'>): boolean => {
  const observation = resource as Observation; // the row's type
  return isObserved(observation, labCodes) || observedIssues(observation, labCodes).length > 0;
};

/** A result that grades, a recorded baseline or an expected level of a patient that we know is evaluated; the others are stored. */
export async function checkObservation(
  deps: Deps,
  within: Compartment,
  change: Change,
): Promise<{ consequence?: Consequence } | undefined> {
  const observation = change.resource as Observation; // the row's type
  const { id, version, patient, context, current } = change;
  const before: Observation | undefined = current && JSON.parse(current.content);
  const codes = deps.labCodes;
  if (!concernsObservation(observation, deps) && !(before && isObserved(before, codes))) return undefined;
  // Of a group, a device or a place nothing follows.
  if (patient === undefined || !context) return undefined;
  if (GRADED.includes(observation.status)) refuse(observedIssues(observation, codes));
  if (before) refuseReopening(before, observation, codes);
  const snapshot = await deps.catalog.at(within, context.generation);
  const consequence = await evaluate(
    deps,
    within,
    ofObservation({ id, version, observation, snapshot, patient, context, codes }),
  );
  return consequence ? { consequence } : {};
}

/** What was final stays so, or is withdrawn; it does not become preliminary again. */
function refuseReopening(before: Observation, after: Observation, codes: ReviewedCodes): void {
  const open: readonly Observation['status'][] = ['registered', 'preliminary', 'unknown'];
  if (!isObserved(before, codes) || !GRADED.includes(before.status) || !open.includes(after.status)) return;
  throw businessRule(
    `Observation.status: a ${before.status} result that was graded can become amended, corrected, cancelled or entered-in-error, not ${after.status}`,
    'Observation.status',
  );
}

/** What has been graded can only be withdrawn. */
export async function refuseMeasured(
  deps: Deps,
  within: Compartment,
  { current, patient, context }: Removal,
): Promise<void> {
  if (patient === undefined || !context || !isObserved(JSON.parse(current.content), deps.labCodes)) return;
  if (!(await isGraded(deps, within, patient, context, current))) return;
  throw inUse(
    `Observation/${current.id} has been graded and cannot be deleted: update it with status entered-in-error, which retracts what rests on it`,
  );
}
