import type { Device } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { FhirError, fault } from '../../fhir/errors.ts';
import { NAMING } from '../../rules/resources/codes.ts';
import type { Change } from './type-rules.ts';

/** The Device of the rule engine is written by the engine: Flags, Observations and Provenances name it as their author. */
export async function refuseEngine(
  _deps: Deps,
  _within: Compartment,
  { current }: Pick<Change, 'current'>,
): Promise<undefined> {
  const { identifier }: Device = current ? JSON.parse(current.content) : { resourceType: 'Device' };
  if (!identifier?.some(({ system }) => system === NAMING.engine)) return undefined;
  throw new FhirError([fault('forbidden', `Device/${current?.id} is the rule engine of this service and read-only`)]);
}
