import type { Resource } from '@medplum/fhirtypes';
import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { FhirError, fault, type Issue } from '../fhir/errors.ts';
import type { ResourceSpec } from '../fhir/resources.ts';
import { patientContext } from '../store/context.ts';
import { findResource, type Stored } from '../store/resources.ts';
import { contextOf, ownerOf, refuseReadOnly, rulesOf, samePatient } from './checks.ts';
import { homeOfNew, newIdFor } from './new-id.ts';

/** A write as it would be; nothing is written. */
export type Rehearsal =
  | { mode: 'create'; resource: Resource }
  | { mode: 'update'; resource: Resource; id: string }
  | { mode: 'delete'; current: Stored };

/**
 * What the rules of this service would refuse a write for, beyond structure and profiles: each reason that can be told without the others. The
 * resource is well formed. Source: FHIR R4, Resource operation $validate, mode.
 */
export async function rehearse(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  rehearsal: Rehearsal,
): Promise<Issue[]> {
  const { mode } = rehearsal;
  if (!spec.interactions.includes(mode)) {
    return [fault('not-supported', `${spec.type} is read-only to clients: ${mode} is not offered`, spec.type)];
  }
  return mode === 'delete'
    ? rehearseRemoval(deps, within, spec, rehearsal.current)
    : rehearseWrite(deps, within, spec, rehearsal);
}

async function rehearseWrite(
  deps: Deps,
  within: Compartment,
  spec: ResourceSpec,
  rehearsal: Exclude<Rehearsal, { mode: 'delete' }>,
): Promise<Issue[]> {
  const { resource } = rehearsal;
  const issues: Issue[] = [];
  const owner = await unlessRefused(issues, async () => ownerOf(deps, spec, resource));
  const context = await unlessRefused(issues, () => contextOf(deps, within, owner));
  let held: Stored | undefined;
  if (rehearsal.mode === 'update') {
    const { id } = rehearsal;
    if (resource.id !== id) {
      issues.push(fault('invalid', `${spec.type}.id: expected the id of the URL in the body`, `${spec.type}.id`));
    }
    held = await findResource(deps.db, within, spec.type, id);
    await unlessRefused(issues, async () => {
      if (held && !held.deleted) refuseReadOnly(deps, held);
      if (held) await samePatient(deps, within, spec, held, owner);
      else homeOfNew(spec, id, context?.shard);
    });
  }
  // Rules look at the patient's data; without the patient they would refuse for that alone.
  if (issues.length > 0) return issues;
  const current = held?.deleted ? undefined : held;
  const ruled = await unlessRefused(issues, async () =>
    rulesOf(spec).check?.(deps, within, {
      spec,
      resource,
      id: rehearsal.mode === 'update' ? rehearsal.id : newIdFor(deps, spec, resource),
      version: (held?.version ?? 0) + 1,
      context,
      ...(current ? { current } : {}),
      ...(owner ? { patient: owner.id } : {}),
    }),
  );
  issues.push(...(ruled?.warnings ?? []));
  return issues;
}

async function rehearseRemoval(deps: Deps, within: Compartment, spec: ResourceSpec, current: Stored): Promise<Issue[]> {
  const issues: Issue[] = [];
  await unlessRefused(issues, async () => refuseReadOnly(deps, current));
  await unlessRefused(issues, async () => {
    const patient = spec.type === 'Patient' ? current.id : ownerOf(deps, spec, JSON.parse(current.content))?.id;
    const context = patient === undefined ? undefined : await patientContext(deps.db, within, patient);
    await rulesOf(spec).refuseRemoval?.(deps, within, { current, patient, context });
  });
  return issues;
}

/** Keeps a refusal as issues; anything else that is thrown is thrown on. */
async function unlessRefused<T>(issues: Issue[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FhirError) || error.status >= 500) throw error;
    issues.push(...error.issues);
    return undefined;
  }
}
