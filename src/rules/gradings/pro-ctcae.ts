import type { QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
import type { CompiledQuestionnaire, ItemState } from '../../fhir/questionnaire.ts';
import type { Answer, Attribute, DataQuality, Finding, Outcome } from '../finding.ts';
import type { FormGrading, Grading } from './grading.ts';
import { proCtcaeFaults } from './pro-ctcae-check.ts';
import { compositeRange } from './pro-ctcae-composite.ts';
import { DATA, TERMS, type Term } from './pro-ctcae-data.ts';
import { type GradingItem, gradingItems, type Reading } from './pro-ctcae-items.ts';

/**
 * PRO-CTCAE v1.0: composite grades 0-3, yes/no terms and write-in symptoms.
 * Source: NCI PRO-CTCAE v1.0 item library; Basch et al., Clin Trials 2021;18(1):104-114.
 */
export const proCtcae: Grading = {
  data: DATA,
  sources: [...DATA.items.source, ...DATA.composite.source],
  faults: () => proCtcaeFaults(DATA),
  check: (form) => gradingItems(form).issues,
  prepare,
};

/** Where an item stands among the gradable items of its form. */
interface Placed {
  index: number;
  linkId: string;
  reading: Reading;
}

/** A term as one form asks it: the items of each attribute, none where the form does not ask it. */
interface Plan {
  term: Term;
  asked: readonly { attribute: Attribute; places: readonly Placed[] }[];
}

function prepare(form: CompiledQuestionnaire): FormGrading | undefined {
  const { items, issues } = gradingItems(form);
  const [error] = issues.filter(({ severity }) => severity === 'error');
  if (error) throw new Error(error.diagnostics);
  if (items.length === 0) return undefined;
  const placed = items.map((item, index) => ({ ...item, index, linkId: item.item.linkId }));
  const places = new Map<string, Placed>(placed.map((place) => [place.linkId, place]));
  const plans = TERMS.filter((term) => placed.some((place) => place.term === term)).map((term) => planOf(term, placed));
  return (states) => {
    const seen: (Seen | undefined)[] = new Array(placed.length).fill(undefined);
    for (const state of states) {
      const place = places.get(state.item.linkId);
      if (place) seen[place.index] = see(state, place.reading, seen[place.index]);
    }
    return plans.map((plan) => findingOf(plan, seen));
  };
}

function planOf(term: Term, placed: readonly (Placed & GradingItem)[]): Plan {
  const asked = term.attributes.map((attribute) => ({
    attribute,
    places: placed.filter((place) => place.term === term && place.attribute === attribute),
  }));
  return { term, asked };
}

/** What one response says of one item, all its repetitions together. */
interface Seen {
  enabled: boolean;
  failed: readonly string[];
  /** Scores, opt-out codes, or `true` for written text. */
  values: readonly Value[];
}
type Value = number | string | true;

function see(state: ItemState, reading: Reading, before: Seen | undefined): Seen {
  const { enabled, failed, answers } = state;
  const values: Value[] = [];
  if (enabled) {
    for (const answer of answers) {
      const value = read(answer, reading, state);
      if (value !== undefined) values.push(value);
    }
  }
  if (!before) return { enabled, failed, values };
  return {
    enabled: before.enabled || enabled,
    failed: [...before.failed, ...failed],
    values: [...before.values, ...values],
  };
}

/**
 * The value of an answer; undefined for a text that is blank. Throws on an answer that the checked form does not offer:
 * what cannot be read is never taken for an absence.
 */
function read(answer: QuestionnaireResponseItemAnswer, reading: Reading, { item }: ItemState): Value | undefined {
  const { valueCoding, valueInteger, valueBoolean, valueString } = answer;
  if (valueCoding) {
    const value = reading.codings.get(valueCoding.system ?? '')?.get(valueCoding.code ?? '');
    if (value !== undefined) return value;
  }
  if (valueInteger !== undefined && reading.integers.has(valueInteger)) return valueInteger;
  if (valueBoolean !== undefined) return valueBoolean ? 1 : 0;
  if (valueString !== undefined) return valueString.trim() === '' ? undefined : true;
  throw new Error(`The answer to item ${item.linkId} is none of its options`);
}

function findingOf({ term, asked }: Plan, seen: readonly (Seen | undefined)[]): Finding {
  const attributes: Partial<Record<Attribute, Answer>> = {};
  const answers: Answer[] = [];
  const zeros: string[] = [];
  let ambiguous = false;
  for (const { attribute, places } of asked) {
    const answer = answerOf(places, seen, zeros);
    attributes[attribute] = answer;
    answers.push(answer);
    if (scoreOf(answer) === 0 && 'linkId' in answer) zeros.push(answer.linkId);
    if (attribute !== 'text' && isAmbiguous(places, seen)) ambiguous = true;
  }
  return made(term, attributes, answers, ambiguous);
}

/**
 * The finding that these answers would have made of a term: the published items in their order, of which `attributes` names those that the
 * term has. Undefined for a code that is no term of PRO-CTCAE.
 */
export function findingFrom(code: string, attributes: Finding['attributes']): Finding | undefined {
  const term = TERMS.find((known) => known.code === code);
  if (!term) return undefined;
  const answers = term.attributes.map((attribute) => attributes[attribute] ?? NOT_ASKED);
  return made(term, attributes, answers, false);
}

function made(term: Term, attributes: Finding['attributes'], answers: readonly Answer[], ambiguous: boolean): Finding {
  const outcome = outcomeOf(term, answers, ambiguous);
  return {
    term: term.code,
    system: 'pro-ctcae',
    version: DATA.version,
    kind: term.kind,
    outcome,
    attributes,
    dataQuality: ambiguous ? ['ambiguous-item'] : outcome.kind === 'graded' ? contradictions(term, answers) : [],
  };
}

function isAmbiguous(places: readonly Placed[], seen: readonly (Seen | undefined)[]): boolean {
  if (places.length > 1) return true;
  const [place] = places;
  return place !== undefined && (seen[place.index]?.values.length ?? 0) > 1;
}

/**
 * The one answer of an attribute. Where items or repetitions compete (the term is then not gradable) the highest score
 * is kept, so that a policy which looks at single items still sees the worst that was said.
 */
function answerOf(places: readonly Placed[], seen: readonly (Seen | undefined)[], zeros: readonly string[]): Answer {
  let best = NOT_ASKED;
  for (const { index, linkId } of places) {
    const { enabled, failed, values } = seen[index] ?? UNSEEN;
    if (!enabled) best = worse(best, hiddenBehind(linkId, failed, zeros));
    else if (values.length === 0) best = worse(best, { state: 'missing', linkId });
    else for (const value of values) best = worse(best, answerWith(value, linkId));
  }
  return best;
}

const NOT_ASKED: Answer = { state: 'not-asked' };
/** An item of which the response has no occurrence, though it could have: nobody answered it. */
const UNSEEN: Seen = { enabled: true, failed: [], values: [] };

/** A true 0 only behind an earlier attribute that is 0; hidden for any other reason, it was not asked. */
function hiddenBehind(linkId: string, failed: readonly string[], zeros: readonly string[]): Answer {
  const because = zeros.find((zero) => failed.includes(zero));
  return because === undefined ? NOT_ASKED : { state: 'hidden', value: 0, linkId, because };
}

function answerWith(value: Value, linkId: string): Answer {
  if (value === true) return { state: 'written', linkId };
  return typeof value === 'string' ? { state: 'opted-out', linkId, code: value } : { state: 'answered', value, linkId };
}

function worse(one: Answer, other: Answer): Answer {
  return rank(other) > rank(one) ? other : one;
}

const RANK = { answered: 6, written: 5, 'opted-out': 4, missing: 3, hidden: 2, 'not-asked': 1 } as const;

function rank(answer: Answer): number {
  return RANK[answer.state] + (answer.state === 'answered' ? answer.value : 0);
}

/** Score of an attribute: what was answered, or the true 0 of a hidden one. Every other absence has none. */
function scoreOf(answer: Answer): number | undefined {
  return answer.state === 'answered' || answer.state === 'hidden' ? answer.value : undefined;
}

function outcomeOf({ attributes, group }: Term, answers: readonly Answer[], ambiguous: boolean): Outcome {
  // Words that were written are heard whatever the yes/no item beside them says.
  if (answers.some(({ state }) => state === 'written')) return { kind: 'graded', grade: 1 };
  const scores = answers.map(scoreOf);
  const missing = attributes.filter((_, index) => scores[index] === undefined);
  if (ambiguous) return { kind: 'not-gradable', reason: 'ambiguous-item', missing };
  if (answers.some(({ state }) => state === 'opted-out')) return { kind: 'not-gradable', reason: 'opted-out', missing };
  if (missing.length === attributes.length) {
    const asked = answers.some(({ state }) => state !== 'not-asked');
    return { kind: 'not-gradable', reason: asked ? 'not-answered' : 'not-asked', missing };
  }
  if (group === undefined) {
    // A yes/no, alone or before a text that stayed empty: the first attribute of both kinds.
    const [yes] = scores;
    return yes === undefined
      ? { kind: 'not-gradable', reason: 'not-answered', missing }
      : { kind: 'graded', grade: yes };
  }
  const { min, max } = compositeRange(group, scores);
  return min === max ? { kind: 'graded', grade: min } : { kind: 'at-least', min, max, missing };
}

/** The leading attribute is 0 and a later one above it: grade 0 by the table, and a person should know. */
function contradictions(term: Term, answers: readonly Answer[]): readonly DataQuality[] {
  const [leading, ...later] = answers;
  if (term.kind !== 'composite' || leading === undefined || scoreOf(leading) !== 0) return [];
  if (!later.some((answer) => (scoreOf(answer) ?? 0) > 0)) return [];
  const severity = answers[term.attributes.indexOf('severity')];
  return severity && (scoreOf(severity) ?? 0) >= 3 ? ['contradictory', 'needs-review'] : ['contradictory'];
}
