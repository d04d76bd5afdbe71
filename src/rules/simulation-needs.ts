import type { PlanDefinition } from '@medplum/fhirtypes';
import { TERMS } from './resources/codes.ts';

/** Versions of CTCAE that a policy names: in the filters of its triggers, and where a condition compares the version of a finding. */
export function ctcaeVersionsNamed({ action = [] }: PlanDefinition): ReadonlySet<string> {
  const filtered = action
    .flatMap(({ trigger = [] }) => trigger)
    .flatMap(({ data = [] }) => data)
    .flatMap(({ codeFilter = [] }) => codeFilter)
    .flatMap(({ code = [] }) => code)
    .flatMap(({ system, version }) => (system === TERMS.ctcae && version !== undefined ? [version] : []));
  const compared = action.flatMap(({ condition = [] }) =>
    condition.flatMap(({ expression }) =>
      [...(expression?.expression ?? '').matchAll(/%finding\.version\s*=\s*'([^']*)'/g)].flatMap(
        ([, version]) => version ?? [],
      ),
    ),
  );
  return new Set([...filtered, ...compared].filter((version) => CTCAE.has(version)));
}

/** `1.0` of a comparison is a version of PRO-CTCAE. */
const CTCAE: ReadonlySet<string> = new Set(['5.0', '6.0']);
