import type { Raised } from './episode.ts';
import type { Finding, Report } from './finding.ts';
import { isContradictory } from './policy-language.ts';

/**
 * Why a report that raised the priority and leaves the grade of the episode as it is did so: what it leaves open. Undefined of a certain grade,
 * which speaks for itself.
 */
export function raisedBy({ source }: Report, finding: Finding): Raised | undefined {
  const { outcome } = finding;
  if (isContradictory(finding)) return { source, why: 'contradictory' };
  if (outcome.kind === 'at-least') return { source, why: [outcome.min, outcome.max] };
  return outcome.kind === 'not-gradable' ? { source, why: 'not-gradable' } : undefined;
}
