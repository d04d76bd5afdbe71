import type { Subscription } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { FhirError, fault } from '../../fhir/errors.ts';
import type { Change } from './type-rules.ts';

/** Nothing is delivered yet: a subscription that waits for news would wait for ever. Source: FHIR R4, Subscription.status. */
export async function refuseListening(_deps: Deps, _within: Compartment, { resource }: Change): Promise<undefined> {
  const { status } = resource as Subscription; // the row's type
  if (status === 'off') return undefined;
  throw new FhirError(
    [
      fault(
        'not-supported',
        'Subscription.status: no channel is served here yet, so nothing would be sent: expected off; poll with _lastUpdated=gt instead',
        'Subscription.status',
      ),
    ],
    { status: 422 },
  );
}
