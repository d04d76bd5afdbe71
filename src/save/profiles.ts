import type { Deps } from '../deps.ts';
import type { Compartment } from '../fhir/compartment.ts';
import { FhirError } from '../fhir/errors.ts';
import { claimsProfile, profileErrors } from '../fhir/validate.ts';
import type { Change } from './rules/type-rules.ts';

/**
 * Holds a resource that claims profiles to these, and to the definitions of its extensions, as far as we hold them. Costs nothing where it claims none.
 * Throws FhirError 422 with every error, each with its element and the profile.
 */
export async function refuseNonconforming(
  deps: Deps,
  within: Compartment,
  { resource, current, context }: Pick<Change, 'resource' | 'current' | 'context'>,
): Promise<void> {
  if (!claimsProfile(resource)) return;
  // What is withdrawn need not be right.
  if (current && 'status' in resource && resource.status === 'entered-in-error') return;
  const snapshot = await deps.catalog.at(within, context?.generation);
  const [first, ...more] = profileErrors(resource, snapshot);
  if (first) throw new FhirError([first, ...more], { status: 422 });
}
