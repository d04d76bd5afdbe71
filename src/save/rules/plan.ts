import type { PlanDefinition } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { businessRule, type FhirError } from '../../fhir/errors.ts';
import { isPolicy, policyDigest, refuseFaulty } from '../../rules/policy.ts';
import { claimOwner, claimShard } from '../../store/claims.ts';
import { findResource } from '../../store/resources.ts';
import type { Claim } from '../../store/write.ts';
import { inUse } from './refusals.ts';
import type { Change, Removal } from './type-rules.ts';

/**
 * What comes in has no fault; and what has been released under a url|version is never another. That was looked at when it came: it can be retired whatever is
 * refused by now.
 */
export async function checkPlan(
  deps: Deps,
  within: Compartment,
  { resource, id, current }: Change,
): Promise<{ claims?: Claim[] }> {
  const plan = resource as PlanDefinition; // the row's type
  const before: PlanDefinition | undefined = current && JSON.parse(current.content);
  if (before) refuseOtherContent(before, plan);
  if (!isPolicy(plan)) return {};
  if (!before || !isReleased(before)) refuseFaulty(plan);
  if (before && plan.status === 'active') refuseSilent(before, id);
  if (plan.status === 'draft') return {};
  return { claims: await claimRelease(deps, within, plan, id) };
}

/**
 * What a policy of this status claims: the content of its url|version, for good. None where it holds that already. Throws 422 where another content
 * does.
 */
export async function claimRelease(
  deps: Deps,
  within: Compartment,
  plan: PlanDefinition,
  id: string,
): Promise<Claim[]> {
  const key = `released PlanDefinition ${plan.url}|${plan.version}`;
  const owner = await claimOwner(deps.db, within, key, { hold: deps.holds });
  if (owner?.id === id) return [];
  const held = owner && (await findResource(deps.db, within, 'PlanDefinition', owner.id));
  if (held && !held.deleted) {
    const other: PlanDefinition = JSON.parse(held.content);
    if (policyDigest(other) !== policyDigest(plan)) throw released(plan);
    return [];
  }
  return [{ key, shard: claimShard(key), type: 'PlanDefinition', id, ...(owner ? { stale: owner.id } : {}) }];
}

/** A stored policy becomes active by $activate alone, which asks what it was tried on and by whom. */
function refuseSilent(before: PlanDefinition, id: string): void {
  if (before.status === 'active' && isPolicy(before)) return;
  throw businessRule(
    `PlanDefinition.status: a stored policy becomes active by POST PlanDefinition/${id}/$activate, with a simulation or a reason`,
    'PlanDefinition.status',
  );
}

function refuseOtherContent(before: PlanDefinition, after: PlanDefinition): void {
  if (!isReleased(before)) return;
  if (policyDigest(before) !== policyDigest(after)) throw released(before);
  // To anything else it would cease to judge without being retired.
  if (after.status !== 'active' && after.status !== 'retired') {
    throw businessRule(
      'PlanDefinition.status: a released policy is active or retired; it does not become a draft again, nor of unknown status',
      'PlanDefinition.status',
    );
  }
}

/** Its content is frozen. */
const isReleased = (plan: PlanDefinition): boolean => plan.status !== 'draft' && isPolicy(plan);

const released = ({ url, version }: PlanDefinition): FhirError =>
  businessRule(
    `The content of ${url}|${version} has been released and never changes: give the changed policy another version`,
    'PlanDefinition.version',
  );

/** A released policy can only be retired. */
export async function refuseReleased(_deps: Deps, _within: Compartment, { current }: Removal): Promise<void> {
  const plan: PlanDefinition = JSON.parse(current.content);
  if (!isReleased(plan)) return;
  throw inUse(
    `PlanDefinition/${current.id} has been released: decisions refer to it. Update it with status retired instead`,
  );
}
