import type { PlanDefinition, Provenance } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import { splitCanonical } from '../fhir/canonical.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { businessRule, type FhirError, gone, notFound } from '../fhir/errors.ts';
import { newId } from '../fhir/ids.ts';
import { type ResourceSpec, resourceSpec } from '../fhir/resources.ts';
import { splice, spliceOwn } from '../fhir/text.ts';
import { rewritten } from '../fhir/text-members.ts';
import { isPolicy, policyDigest, refuseFaulty } from '../rules/policy.ts';
import { type Activation, activationProvenance } from '../rules/resources/activation.ts';
import { contentsOf, versionsOfType } from '../store/catalog.ts';
import { StaleRead } from '../store/errors.ts';
import { indexRow } from '../store/index-rows.ts';
import { lockResource } from '../store/locks.ts';
import { findResource, type Stored } from '../store/resources.ts';
import { type Claim, commit, type NewVersion } from '../store/write.ts';
import { attempts } from './attempts.ts';
import { refuseReadOnly } from './checks.ts';
import { insideOf } from './inside.ts';
import { claimRelease } from './rules/plan.ts';
import { outboxOf } from './writing.ts';

/** What an activation rests on, and who answers for it. */
export interface Activating extends Pick<Activation, 'author' | 'reason'> {
  /** Throws where nothing allows this content to be activated; gives the simulation that does, unless it is overridden. */
  ground(digest: string): Promise<Activation['simulation']>;
  /** Other active versions of its url are retired with it. */
  retirePrevious: boolean;
}

/** Activations take turns within a process: what the one makes active the next may have to retire. Across processes the later one begins anew. */
const TURN = 'PlanDefinition/$activate';

/**
 * Makes a stored policy active, in one transaction with its Provenance and with the retirement of the versions before, where that is asked for; gives its
 * text. Throws FhirError: 404, 410, 422 where it cannot be released, is active already, or would not be the one that judges; 503 try again.
 */
export async function activate(deps: Deps, within: Compartment, id: string, activating: Activating): Promise<string> {
  return attempts(deps, within, { key: TURN }, (deps) =>
    deps.db.transaction(async (tx) => activateInside(insideOf(deps, tx), within, id, activating)),
  );
}

async function activateInside(
  deps: Deps,
  within: Compartment,
  id: string,
  { ground, retirePrevious, author, reason }: Activating,
): Promise<string> {
  const current = await currentOf(deps, within, id);
  const plan: PlanDefinition = JSON.parse(current.content);
  if (!isPolicy(plan))
    throw businessRule('This PlanDefinition is no policy: its type is not eca-rule', 'PlanDefinition.type');
  const canonical = `${plan.url}|${plan.version}`;
  if (plan.status === 'active') throw businessRule(`${canonical} is active already`, 'PlanDefinition.status');
  const released: PlanDefinition = { ...plan, status: 'active' };
  refuseFaulty(released);
  const simulation = await ground(policyDigest(plan));
  const others = retirePrevious ? await heldOthers(deps, within, plan) : [];
  const retired = others.map((stored) => versionOf(deps, within, stored, { status: 'retired' }));
  const version = versionOf(deps, within, current, { status: 'active' });
  const provenance = activationProvenance({
    target: `PlanDefinition/${id}/_history/${version.version}`,
    before: `PlanDefinition/${id}/_history/${current.version}`,
    retired: retired.map((one) => `PlanDefinition/${one.id}/_history/${one.version}`),
    policy: canonical,
    recorded: deps.now().toISOString(),
    author,
    reason,
    ...(simulation ? { simulation } : {}),
  });
  const claims: Claim[] = await claimRelease(deps, within, released, id);
  const lastUpdated = await commit(deps.db, within, {
    versions: [version, ...retired, provenanceVersion(deps, within, current.shard, provenance)],
    outbox: outboxOf(deps, current.shard),
    claims,
    bumpCatalog: true,
  });
  // From here to the end no other policy becomes active or is retired: whoever would raises the number that this transaction has just raised.
  if (retirePrevious && (await othersOf(deps, within, plan)).length > 0) throw new StaleRead();
  await refuseWithout(deps, within, canonical);
  return version.head + lastUpdated + version.tail;
}

async function currentOf(deps: Deps, within: Compartment, id: string): Promise<Stored> {
  const seen = await findResource(deps.db, within, 'PlanDefinition', id);
  if (!seen) throw notFound('PlanDefinition', id);
  await lockResource(deps.db, within, seen);
  const current = (await findResource(deps.db, within, 'PlanDefinition', id)) ?? seen;
  if (current.deleted) throw gone('PlanDefinition', id);
  refuseReadOnly(deps, current);
  return current;
}

/** The other active versions of its url, held until the end of the transaction. One that was retired before it was held is none. */
async function heldOthers(deps: Deps, within: Compartment, plan: PlanDefinition): Promise<Stored[]> {
  const held: Stored[] = [];
  for (const id of await othersOf(deps, within, plan)) {
    const other = await currentOf(deps, within, id);
    if (isActive(JSON.parse(other.content))) held.push(other);
  }
  return held;
}

/** Ids of the other active versions of its url. */
async function othersOf(deps: Deps, within: Compartment, { url, id }: PlanDefinition): Promise<string[]> {
  const all = await versionsOfType(deps.db, within, 'PlanDefinition');
  const texts = await contentsOf(
    deps.db,
    within,
    'PlanDefinition',
    all.map((one) => one.id),
  );
  return texts.flatMap((one) => {
    const plan: PlanDefinition = JSON.parse(one.content);
    return one.id !== id && plan.url === url && isActive(plan) ? one.id : [];
  });
}

const isActive = (plan: PlanDefinition): boolean => plan.status === 'active' && isPolicy(plan);

/** The next version of a policy with another status; all else keeps its text. */
function versionOf(
  deps: Deps,
  within: Compartment,
  current: Stored,
  { status }: Pick<PlanDefinition, 'status'>,
): NewVersion {
  const plan: PlanDefinition = JSON.parse(current.content);
  const next: PlanDefinition = { ...plan, status };
  const { id, shard, version } = current;
  return {
    type: 'PlanDefinition',
    id,
    shard,
    version: version + 1,
    ...splice(rewritten(current.content, plan, next), { id, versionId: String(version + 1) }),
    index: indexRow(deps.registry, specOf('PlanDefinition'), within.tenant, next, { baseUrl: deps.baseUrl }),
  };
}

/** Written by the service, and read-only as all such Provenance is. */
function provenanceVersion(deps: Deps, within: Compartment, shard: number, provenance: Provenance): NewVersion {
  const id = newId(shard, deps.now().getTime());
  return {
    type: 'Provenance',
    id,
    shard,
    version: 1,
    ...spliceOwn(provenance, { id, versionId: '1' }),
    derived: true,
    index: indexRow(deps.registry, specOf('Provenance'), within.tenant, provenance, { baseUrl: deps.baseUrl }),
  };
}

function specOf(type: string): ResourceSpec {
  const spec = resourceSpec(type);
  if (!spec) throw new Error(`${type} is not served`);
  return spec;
}

/** Of several active versions the newest judges: to activate an older one beside it would do nothing, and say that it did. */
async function refuseWithout(deps: Deps, within: Compartment, canonical: string): Promise<void> {
  const { policies } = await deps.catalog.at(within);
  if (policies.some((policy) => policy.canonical === canonical)) return;
  const { url } = splitCanonical(canonical);
  const newer = policies.find((policy) => splitCanonical(policy.canonical).url === url)?.canonical;
  throw outdone(canonical, newer ?? url);
}

const outdone = (canonical: string, newer: string): FhirError =>
  businessRule(
    `${newer} is newer than ${canonical} and active: it would go on to judge. Ask for retirePrevious, or retire it first`,
    'PlanDefinition.version',
  );
