import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { Family } from './family.ts';

/** Classes of a status that answers have. */
export const CLASSES = ['2xx', '3xx', '4xx', '5xx'];

/** How it went with a thing that was due. */
export const OUTCOMES = ['done', 'failed', 'postponed'] as const;

/** Every code that an issue may have. Source: FHIR R4, ValueSet issue-type. */
export const ISSUE_CODES: readonly string[] = Object.keys({
  invalid: true,
  structure: true,
  required: true,
  value: true,
  invariant: true,
  security: true,
  login: true,
  unknown: true,
  expired: true,
  forbidden: true,
  suppressed: true,
  processing: true,
  'not-supported': true,
  duplicate: true,
  'multiple-matches': true,
  'not-found': true,
  deleted: true,
  'too-long': true,
  'code-invalid': true,
  extension: true,
  'too-costly': true,
  'business-rule': true,
  conflict: true,
  transient: true,
  'lock-error': true,
  'no-store': true,
  exception: true,
  timeout: true,
  incomplete: true,
  throttled: true,
  informational: true,
} satisfies Record<OperationOutcomeIssue['code'], true>);

/** Policies that one metric of a process tells by name: each is a series. */
export const MOST_POLICIES = 50;
/** A canonical of letters, digits and what a url needs, not longer than this. */
const CANONICAL = /^[a-z][a-z0-9+.-]{0,20}:[\w./:#-]{1,180}\|[\w.-]{0,40}$/i;

/** Whether a policy may be told by its canonical: clients write them. */
export const isPlain = (canonical: string): boolean => CANONICAL.test(canonical);

/**
 * What a process has counted, with 0 conditions that could not be decided for each active policy of which it has counted none: the first of them is
 * a rise then. `active` are canonicals; of policies no more are told by name than of those that were counted.
 */
export function withPolicies(families: readonly Family[], active: readonly string[]): Family[] {
  return families.map((family) => {
    if (family.name !== 'vigie_undecided_conditions_total') return family;
    const named = family.series.flatMap(({ labels }) => (isPlain(labels.policy ?? '') ? (labels.policy ?? '') : []));
    const others = active.filter((policy) => isPlain(policy) && !named.includes(policy));
    const begun = others.slice(0, Math.max(0, MOST_POLICIES - named.length));
    return { ...family, series: [...family.series, ...begun.map((policy) => ({ labels: { policy }, value: 0 }))] };
  });
}
