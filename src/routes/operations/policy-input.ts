import type { PlanDefinition } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { badRequest, businessRule } from '../../fhir/errors.ts';
import { compilePolicy, isPolicy, type Policy, refuseFaulty } from '../../rules/policy.ts';
import { readResource } from '../../store/resources.ts';
import { onlyOne, received } from './held.ts';
import type { Inputs } from './input.ts';

/**
 * The policy that an operation is about: the instance, or the one that came along as `policy`. Throws 400 without any or with both, 404 for one
 * that is not held, 422 for a PlanDefinition that is no policy.
 */
export async function policyOf(
  deps: Deps,
  within: Compartment,
  inputs: Inputs,
  id: string | undefined,
): Promise<PlanDefinition> {
  const sent = inputs.resource('policy');
  onlyOne({ 'the instance': id, policy: sent });
  const plan =
    id === undefined ? sent && received<PlanDefinition>(sent, 'PlanDefinition') : await policyOfId(deps, within, id);
  if (!plan) throw badRequest('Expected a PlanDefinition');
  refuseOther(plan);
  return plan;
}

/** A stored policy. Throws as a read does, and 422 for a PlanDefinition that is none. */
export async function policyOfId(deps: Deps, within: Compartment, id: string): Promise<PlanDefinition> {
  const plan: PlanDefinition = JSON.parse((await readResource(deps.db, within, 'PlanDefinition', id)).content);
  refuseOther(plan);
  return plan;
}

/**
 * Compiles the policy that an operation is about. Throws 422 with all that is wrong with one that came along or is a draft; one that is `held` as
 * released has only to run, as it does there.
 */
export function compileGiven(plan: PlanDefinition, { held }: { held: boolean }): Policy {
  if (!held || plan.status === 'draft') refuseFaulty(plan);
  return compilePolicy(plan);
}

function refuseOther(plan: PlanDefinition): void {
  if (!isPolicy(plan))
    throw businessRule('This PlanDefinition is no policy: its type is not eca-rule', 'PlanDefinition.type');
}
