import { isAsUrgent } from './decide.ts';
import type { Episode, TermState } from './episode.ts';
import { type DataQuality, type Finding, highest, lowest, type Outcome, termKey } from './finding.ts';
import { isContradictory } from './policy-language.ts';

/**
 * A term asked twice. What is measured stays as it is, each with its own Observation: only what would be said twice is said once. In
 * doubt nothing is merged, and a merge never lowers or closes.
 */

/**
 * PRO-CTCAE terms that ask for one adverse event in two wordings. That they do is our inference, which no publication states: NCI counts
 * 78 symptomatic adverse events where the numbered groups are 80, and both groups of each pair lie in one term of CTCAE
 * (Depression; Irregular menstruation). Source: the item library of PRO-CTCAE 1.0, `counts` and `ctcaeCrosswalk` in pro-ctcae.json.
 */
export const ASKED_TWICE: readonly (readonly [string, string])[] = [
  ['PROCTCAE_55_COMP', 'PROCTCAE_56_COMP'],
  ['PROCTCAE_57_COMP', 'PROCTCAE_58_COMP'],
];

/** The term that asks for the same adverse event in another wording; none for most. */
export const otherWording = (term: string): string | undefined =>
  ASKED_TWICE.find((pair) => pair.includes(term))?.find((one) => one !== term);

/** A finding with the key of its term, and the place of the finding of the other wording that goes before it in this report. */
export interface Asked {
  key: string;
  finding: Finding;
  after?: number;
}

/**
 * The findings of one report, one per term: of several of one term (two results of one analyte) the worst stands. Of two wordings
 * of one adverse event the worse leads, and the other names its place; of two that are as bad, the one whose episode is open, or the more urgent.
 */
export function askedOnce(findings: readonly Finding[], before: Readonly<Record<string, TermState>>): readonly Asked[] {
  const list: Asked[] = findings.map((finding) => ({ key: termKey(finding), finding, after: undefined }));
  const once = new Set(list.map(({ key }) => key)).size === list.length ? list : worstOfEach(list);
  for (const [first, second] of ASKED_TWICE) {
    if (!findings.some(({ term }) => term === second)) continue;
    const one = once.findIndex(({ key }) => key === first);
    const other = once.findIndex(({ key }) => key === second);
    const [lead, follower] = leads(once[other], once[one], before) ? [other, one] : [one, other];
    const led = once[follower];
    if (lead >= 0 && led) led.after = lead;
  }
  return once;
}

/**
 * Whether an opening of a term says nothing that the episode of its other wording, in the same report, does not say: it is
 * open, as urgent, and its finding is certainly no lower.
 */
export function isSaid(
  { finding }: Asked,
  priority: Episode['priority'],
  by: { finding: Finding; episode: Episode | undefined },
): boolean {
  if (by.episode?.status !== 'open' || !isAsUrgent(by.episode.priority, priority)) return false;
  const top = highest(finding.outcome);
  const floor = lowest(by.finding.outcome);
  return top !== undefined && floor !== undefined && floor >= top && !isContradictory(finding);
}

/** Whether a report of the very moment of the last graded one says certainly nothing worse: then it adds nothing, and is no improvement. */
export function isDouble({ previous }: TermState, finding: Finding, at: string): boolean {
  if (previous?.at !== at || isContradictory(finding)) return false;
  const top = highest(finding.outcome);
  return top !== undefined && top <= previous.grade;
}

function worstOfEach(list: readonly Asked[]): Asked[] {
  const byKey = new Map<string, Asked>();
  for (const one of list) {
    const held = byKey.get(one.key);
    byKey.set(one.key, held ? { key: one.key, finding: worst(held.finding, one.finding), after: undefined } : one);
  }
  return [...byKey.values()];
}

/** The worse of two findings of one term, with the doubts of both. Between them the grade is at least the higher floor. */
function worst(one: Finding, other: Finding): Finding {
  const lead = isWorse({ finding: other }, { finding: one }) ? other : one;
  const dataQuality: readonly DataQuality[] = [...new Set([...one.dataQuality, ...other.dataQuality])];
  return { ...lead, outcome: both(lead.outcome, (lead === one ? other : one).outcome), dataQuality };
}

function both(lead: Outcome, other: Outcome): Outcome {
  const [min, max] = [lowest(lead), highest(lead)];
  const [otherMin, otherMax] = [lowest(other), highest(other)];
  if (min === undefined || max === undefined || otherMin === undefined || otherMax === undefined) return lead;
  if (otherMax <= max) return lead;
  return { kind: 'at-least', min, max: otherMax, missing: other.kind === 'at-least' ? other.missing : [] };
}

/** Whether the second wording goes before the first. */
function leads(other: Asked | undefined, one: Asked | undefined, before: Readonly<Record<string, TermState>>): boolean {
  if (!other || !one || isWorse(other, one) || isWorse(one, other)) return isWorse(other, one);
  const [open, stands] = [before[other.key]?.episode, before[one.key]?.episode];
  return open !== undefined && (!stands || !isAsUrgent(stands.priority, open.priority));
}

/** By what is certain, then by what cannot be excluded. */
function isWorse(one: Pick<Asked, 'finding'> | undefined, other: Pick<Asked, 'finding'> | undefined): boolean {
  if (!one || !other) return one !== undefined;
  const [a, b] = [one.finding.outcome, other.finding.outcome];
  const floor = (lowest(a) ?? -1) - (lowest(b) ?? -1);
  return floor === 0 ? (highest(a) ?? -1) > (highest(b) ?? -1) : floor > 0;
}
