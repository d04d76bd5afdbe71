import type { PlanDefinitionAction } from '@medplum/fhirtypes';
import type { Finding } from '../finding.ts';
import type { ActionCode } from '../policy-language.ts';
import { isWokenByTermsOf } from './triggers.ts';

/** What an action names, by its condition or by each of its triggers. */
export interface Naming {
  /** Emergencies: else it closes or lowers none. */
  namesEmergency: boolean;
  /** The reporting itself: else it has no part in it. */
  namesMonitoring: boolean;
}

export const namingOf = (action: PlanDefinitionAction, expression: string): Naming => ({
  namesEmergency: expression.includes(`'emergency'`) || isWokenByTermsOf(action, 'emergency'),
  namesMonitoring: expression.includes(`'monitoring'`) || isWokenByTermsOf(action, 'monitoring'),
});

/**
 * An emergency is neither closed nor lowered by a policy that speaks of findings in general; and what is told of the reporting itself is none of
 * its business: a report that is missing is no symptom.
 */
export function mayAct(
  code: ActionCode,
  { namesEmergency, namesMonitoring }: Naming,
  system: Finding['system'],
): boolean {
  if (system === 'monitoring') return namesMonitoring;
  return system !== 'emergency' || namesEmergency || (code !== 'close' && code !== 'de-escalate');
}
