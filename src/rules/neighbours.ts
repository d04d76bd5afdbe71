import type { OtherAnswer } from './answered-otherwise.ts';
import type { Episode, Priority } from './episode.ts';
import type { TermStep } from './episodes.ts';
import type { Answer, Attribute, Finding } from './finding.ts';
import { findingFrom } from './gradings/pro-ctcae.ts';
import type { OtherValue } from './measured-otherwise.ts';

/** How a term stands after a report, and at which priority its Flag is open. */
export interface Situation {
  flag: 'none' | 'open' | 'closed';
  /** Of an open Flag. */
  priority?: Priority;
}

/** One thing that could have been otherwise. `from` is absent where it was not known. */
export type Change =
  | { kind: 'answer'; attribute: Attribute; linkId?: string; from?: number; to: number }
  | { kind: 'grade'; from?: number; to: number }
  /** A measured value, in its own unit, with the grade that it would have had where one is certain. */
  | { kind: 'value'; from: number; to: number; unit: string; grade?: number }
  /** As many more days of calm before this report. */
  | { kind: 'calm'; days: number };

/** Small changes that together would have led to another situation. */
export interface Neighbour {
  changes: readonly Change[];
  situation: Situation;
}

/** What the report would have said of the term with these answers in the place of its own; undefined where its form does not ask so. */
export type Answered = (others: readonly OtherAnswer[]) => Finding | undefined;

/** What is known of how the report could have been otherwise. */
export interface Otherwise {
  answered?: Answered | undefined;
  /** Other values of what was measured; without any its grade is varied. */
  values?: readonly OtherValue[];
}

/** What the same policies would have decided at the same place, of another finding or an episode of more calm. */
export type Redecide = (finding: Finding, before: Episode | undefined) => Pick<TermStep, 'episodeAfter'>;

/** At most so many are told. */
const MOST = 8;
/** Days of calm that are looked ahead. */
const CALM = 14;

/**
 * The smallest changes of what was answered or measured that would have led elsewhere, the smallest first: each answer of a PRO-CTCAE term by
 * itself, up and down, and two together where no single one would; the value of what was measured, else the grade of a ladder or an
 * emergency; and more days of calm. What was
 * not answered is tried with every score. What another answer hides, or asks, `answered` knows from the form; without it a leading answer
 * that becomes 0 is taken to hide those after it, and where it was 0 they become unknown. Nothing for what competing items left open.
 */
export function neighbours(
  step: Pick<TermStep, 'finding' | 'episodeBefore' | 'episodeAfter'>,
  redecide: Redecide,
  { answered, values = [] }: Otherwise = {},
): readonly Neighbour[] {
  const { finding, episodeBefore: before } = step;
  const actual = key(situationOf(step));
  const tried = (changes: readonly Change[], varied: Finding, episode = before): Neighbour[] => {
    const situation = situationOf(redecide(varied, episode));
    return key(situation) === actual ? [] : [{ changes, situation }];
  };
  const single = [...valued(finding, values), ...(values.length > 0 ? [] : variants(finding, answered))].flatMap(
    ({ change, varied }) => tried([change], varied),
  );
  const calm = before ? calmer(before).flatMap(({ change, episode }) => tried([change], finding, episode)) : [];
  const found =
    single.length > 0 ? single : pairs(finding, answered).flatMap(({ changes, varied }) => tried(changes, varied));
  return nearest([...found, ...calm]);
}

/** How a term stands after a step. */
export function situationOf({ episodeAfter }: Pick<TermStep, 'episodeAfter'>): Situation {
  if (!episodeAfter) return { flag: 'none' };
  return episodeAfter.status === 'closed' ? { flag: 'closed' } : { flag: 'open', priority: episodeAfter.priority };
}

const key = ({ flag, priority }: Situation): string => `${flag} ${priority ?? ''}`;

interface Variant {
  change: Change;
  varied: Finding;
}

/** Every finding that differs in one answer, or in the grade where there are no answers. */
function variants(finding: Finding, answered: Answered | undefined): Variant[] {
  if (finding.dataQuality.includes('ambiguous-item')) return [];
  if (finding.system === 'pro-ctcae') {
    return Object.entries(finding.attributes).flatMap(([name, answer]) =>
      otherwise(finding, name as Attribute, answer, answered),
    );
  }
  const highest = finding.system === 'emergency' ? 1 : 4;
  const from = finding.outcome.kind === 'graded' ? finding.outcome.grade : undefined;
  return upTo(highest)
    .filter((to) => to !== from)
    .map((to) => ({
      change: { kind: 'grade', ...(from === undefined ? {} : { from }), to },
      varied: { ...finding, outcome: { kind: 'graded', grade: to }, dataQuality: [] },
    }));
}

function valued({ measured }: Finding, values: readonly OtherValue[]): Variant[] {
  if (!measured) return [];
  const { value: from, unit } = measured;
  return values.map(({ value: to, finding }) => {
    const grade = finding.outcome.kind === 'graded' ? { grade: finding.outcome.grade } : {};
    return { change: { kind: 'value', from, to, unit, ...grade }, varied: finding };
  });
}

function otherwise(finding: Finding, attribute: Attribute, answer: Answer, answered: Answered | undefined): Variant[] {
  // Words are neither more nor less; what the form does not ask, or hides, no answer of this one can change.
  if (attribute === 'text' || answer.state === 'not-asked' || answer.state === 'hidden') return [];
  const from = answer.state === 'answered' ? answer.value : undefined;
  const { linkId } = answer;
  return upTo(attribute === 'presence' ? 1 : 4).flatMap((to): Variant[] => {
    if (to === from) return [];
    const made = answered ? answered([{ linkId, score: to }]) : withAnswer(finding, attribute, linkId, to);
    const varied = made && asDoubtful(made, finding);
    const change = {
      kind: 'answer',
      attribute,
      linkId,
      ...(from === undefined ? {} : { from }),
      to,
    } as const;
    return varied ? [{ change, varied }] : [];
  });
}

function withAnswer(finding: Finding, attribute: Attribute, linkId: string, value: number): Finding | undefined {
  const attributes: Finding['attributes'] = {};
  let isLeading = true;
  let leads = false;
  for (const [name, was] of Object.entries(finding.attributes) as [Attribute, Answer][]) {
    if (name === attribute) attributes[name] = { state: 'answered', value, linkId };
    else attributes[name] = leads ? behind(was, linkId, value) : was;
    if (isLeading && name === attribute) leads = true;
    isLeading = false;
  }
  return findingFrom(finding.term, attributes);
}

/** A clock that was ahead is ahead whatever was answered. */
function asDoubtful(made: Finding, { version, dataQuality }: Finding): Finding {
  const clock = dataQuality.filter((issue) => issue === 'clock-ahead');
  return { ...made, version, dataQuality: [...made.dataQuality, ...clock] };
}

/** What becomes of a later answer of a term when its leading one is another. */
function behind(was: Answer, leading: string, value: number): Answer {
  if (was.state === 'not-asked') return was;
  if (value === 0) return { state: 'hidden', value: 0, linkId: was.linkId, because: leading };
  return was.state === 'hidden' ? { state: 'missing', linkId: was.linkId } : was;
}

function pairs(finding: Finding, answered: Answered | undefined): { changes: readonly Change[]; varied: Finding }[] {
  return variants(finding, answered).flatMap(({ change, varied }) => {
    if (change.kind !== 'answer' || change.linkId === undefined) return [];
    const first = { linkId: change.linkId, score: change.to };
    return variants(varied, answered && ((more) => answered([first, ...more]))).flatMap((second) => {
      if (second.change.kind !== 'answer' || order(change.attribute) >= order(second.change.attribute)) return [];
      return [{ changes: [change, second.change], varied: second.varied }];
    });
  });
}

const order = (attribute: Attribute): number =>
  ['frequency', 'severity', 'interference', 'amount', 'presence', 'text'].indexOf(attribute);

function calmer(before: Episode): { change: Change; episode: Episode }[] {
  return upTo(CALM)
    .slice(1)
    .map((days) => ({ change: { kind: 'calm', days }, episode: { ...before, calmDays: before.calmDays + days } }));
}

/** The nearest of those that change the same thing the same way to the same end. */
function nearest(found: readonly Neighbour[]): Neighbour[] {
  const best = new Map<string, Neighbour>();
  for (const one of found) {
    const way = `${one.changes.map(wayOf).join(' ')} ${key(one.situation)}`;
    const known = best.get(way);
    if (!known || distance(one) < distance(known)) best.set(way, one);
  }
  return [...best.values()].sort((a, b) => distance(a) - distance(b)).slice(0, MOST);
}

function wayOf(change: Change): string {
  if (change.kind === 'calm') return 'calm';
  const direction = change.from === undefined ? '?' : Math.sign(change.to - change.from);
  return `${change.kind === 'answer' ? change.attribute : change.kind} ${direction}`;
}

/** An answer that was not given is one step from the lowest. */
const distance = ({ changes }: Neighbour): number => changes.reduce((sum, one) => sum + distanceOf(one), 0);

function distanceOf(change: Change): number {
  if (change.kind === 'calm') return change.days;
  return Math.abs(change.to - (change.from ?? -1));
}

const upTo = (highest: number): number[] => Array.from({ length: highest + 1 }, (_, value) => value);
