import type { Answer, Finding } from '../finding.ts';

/** Graded, not contradictory, and no score missing. An empty text leaves no score open. */
export function isComplete(finding: Finding): boolean {
  if (finding.outcome.kind !== 'graded' || isContradictory(finding)) return false;
  const { frequency, severity, interference, amount, presence } = finding.attributes;
  return isKnown(frequency) && isKnown(severity) && isKnown(interference) && isKnown(amount) && isKnown(presence);
}

export function isContradictory(finding: Finding): boolean {
  return finding.dataQuality.includes('contradictory');
}

/** A score: answered, or the true 0 of a hidden item. Every other absence has none. */
export function scoreOf(answer: Answer | undefined): number | undefined {
  return answer?.state === 'answered' || answer?.state === 'hidden' ? answer.value : undefined;
}

/** Nothing is open about an attribute: it has a score, or the published term does not have it. */
const isKnown = (answer: Answer | undefined): boolean => answer === undefined || scoreOf(answer) !== undefined;
