import type { SearchParameter, StructureDefinition } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { businessRule } from '../../fhir/errors.ts';
import { whyNotIndexed } from '../../fhir/search-parameters.ts';
import { refuse } from './refusals.ts';
import type { Change } from './type-rules.ts';

/** What cannot be compiled would never be enforced on those who claim it. */
export async function checkDefinition(deps: Deps, within: Compartment, { resource }: Change): Promise<undefined> {
  const { profiles } = await deps.catalog.at(within);
  refuse(profiles.check(resource as StructureDefinition)); // the row's type
}

/** An active parameter that cannot be indexed would be offered, and find nothing. */
export async function checkParameter(
  { registry }: Deps,
  _within: Compartment,
  { resource }: Change,
): Promise<undefined> {
  const parameter = resource as SearchParameter; // the row's type
  const why = parameter.status === 'active' ? whyNotIndexed(registry, parameter) : undefined;
  if (why === undefined) return;
  throw businessRule(
    `This search parameter cannot be active here: ${why}. With status draft it is stored, and not searched by`,
    'SearchParameter.expression',
  );
}
