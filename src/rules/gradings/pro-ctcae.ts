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

/** One attribute of a term on one form: the places of its items among the gradable ones, none when it is not asked. */
interface Asked {
  attribute: Attribute;
  places: readonly number[];
}

interface Plan {
  term: Term;
  asked: readonly Asked[];
}

interface Place {
  index: number;
  reading: Reading;
}

function prepare(form: CompiledQuestionnaire): FormGrading | undefined {
  const { items, issues } = gradingItems(form);
  const [error] = issues.filter(({ severity }) => severity === 'error');
  if (error) throw new Error(error.diagnostics);
  if (items.length === 0) return undefined;
  const places = new Map<string, Place>(items.map(({ item, reading }, index) => [item.linkId, { index, reading }]));
  const plans = TERMS.filter((term) => items.some((item) => item.term === term)).map((term) => planOf(term, items));
  return (states) => {
    const seen: (Seen | undefined)[] = new Array(items.length).fill(undefined);
    for (const state of states) {
      const place = places.get(state.item.linkId);
      if (place) seen[place.index] = see(state, place.reading, seen[place.index]);
    }
    return plans.map((plan) => findingOf(plan, seen, items));
  };
}

function planOf(term: Term, items: readonly GradingItem[]): Plan {
  const asked = term.attributes.map((attribute) => ({
    attribute,
    places: items.flatMap((item, index) => (item.term === term && item.attribute === attribute ? [index] : [])),
  }));
  return { term, asked };
}

/** What one response says of one item, all its repetitions together. */
interface Seen {
  enabled: boolean;
  failed: readonly string[];
  /** Scores, opt-out codes, or `true` for written text. */
  values: readonly (number | string | true)[];
}

function see(state: ItemState, reading: Reading, before: Seen | undefined): Seen {
  const values = state.enabled ? state.answers.flatMap((answer) => read(answer, reading, state)) : [];
  if (!before) return { enabled: state.enabled, failed: state.failed, values };
  return {
    enabled: before.enabled || state.enabled,
    failed: [...before.failed, ...state.failed],
    values: [...before.values, ...values],
  };
}

/** Throws on an answer that the checked form does not offer: what cannot be read is never taken for an absence. */
function read(
  answer: QuestionnaireResponseItemAnswer,
  reading: Reading,
  { item }: ItemState,
): readonly (number | string | true)[] {
  if (answer.valueBoolean !== undefined) return [answer.valueBoolean ? 1 : 0];
  if (answer.valueString !== undefined) return answer.valueString.trim() === '' ? [] : [true];
  const { valueCoding, valueInteger } = answer;
  const value = reading.get(valueCoding ? `${valueCoding.system ?? ''}|${valueCoding.code ?? ''}` : `#${valueInteger}`);
  if (value === undefined) throw new Error(`The answer to item ${item.linkId} is none of its options`);
  return [value];
}

function findingOf({ term, asked }: Plan, seen: readonly (Seen | undefined)[], items: readonly GradingItem[]): Finding {
  const attributes: Partial<Record<Attribute, Answer>> = {};
  const zeros: string[] = [];
  let ambiguous = false;
  for (const { attribute, places } of asked) {
    const answer = answerOf(places, seen, items, zeros);
    attributes[attribute] = answer;
    if (answer.state === 'hidden' || (answer.state === 'answered' && answer.value === 0)) zeros.push(answer.linkId);
    if (attribute !== 'text' && isAmbiguous(places, seen)) ambiguous = true;
  }
  const outcome = outcomeOf(term, attributes, ambiguous);
  return {
    term: term.code,
    system: 'pro-ctcae',
    version: DATA.version,
    kind: term.kind,
    outcome,
    attributes,
    dataQuality: ambiguous ? ['ambiguous-item'] : outcome.kind === 'graded' ? contradictions(term, attributes) : [],
  };
}

function isAmbiguous(places: readonly number[], seen: readonly (Seen | undefined)[]): boolean {
  return places.length > 1 || places.some((place) => (seen[place]?.values.length ?? 0) > 1);
}

/**
 * The one answer of an attribute. Where items or repetitions compete (the term is then not gradable) the highest score
 * is kept, so that a policy which looks at single items still sees the worst that was said.
 */
function answerOf(
  places: readonly number[],
  seen: readonly (Seen | undefined)[],
  items: readonly GradingItem[],
  zeros: readonly string[],
): Answer {
  let best: Answer = { state: 'not-asked' };
  for (const place of places) {
    const linkId = items[place]?.item.linkId ?? '';
    for (const answer of candidates(linkId, seen[place], zeros)) {
      if (rank(answer) > rank(best)) best = answer;
    }
  }
  return best;
}

function candidates(linkId: string, seen: Seen | undefined, zeros: readonly string[]): readonly Answer[] {
  if (seen && !seen.enabled) {
    const because = zeros.find((zero) => seen.failed.includes(zero));
    return because === undefined ? [{ state: 'not-asked' }] : [{ state: 'hidden', value: 0, linkId, because }];
  }
  if (!seen || seen.values.length === 0) return [{ state: 'missing', linkId }];
  return seen.values.map((value) => {
    if (value === true) return { state: 'written', linkId };
    return typeof value === 'string'
      ? { state: 'opted-out', linkId, code: value }
      : { state: 'answered', value, linkId };
  });
}

function rank(answer: Answer): number {
  if (answer.state === 'answered') return 10 + answer.value;
  return { written: 5, 'opted-out': 4, missing: 3, hidden: 2, 'not-asked': 1 }[answer.state];
}

/** Score of an attribute: what was answered, or the true 0 of a hidden one. Every other absence has none. */
function scoreOf(answer: Answer | undefined): number | undefined {
  return answer?.state === 'answered' || answer?.state === 'hidden' ? answer.value : undefined;
}

function outcomeOf(term: Term, attributes: Finding['attributes'], ambiguous: boolean): Outcome {
  const list = term.attributes.map((attribute) => attributes[attribute]);
  const missing = term.attributes.filter(
    (attribute) => attributes[attribute]?.state !== 'written' && scoreOf(attributes[attribute]) === undefined,
  );
  const not = (reason: Extract<Outcome, { kind: 'not-gradable' }>['reason']): Outcome => ({
    kind: 'not-gradable',
    reason,
    missing,
  });
  // Words that were written are heard whatever the yes/no item beside them says.
  if (attributes.text?.state === 'written') return { kind: 'graded', grade: 1 };
  if (ambiguous) return not('ambiguous-item');
  if (list.some((answer) => answer?.state === 'opted-out')) return not('opted-out');
  if (list.every((answer) => answer?.state === 'not-asked')) return not('not-asked');
  const scores = list.map(scoreOf);
  if (scores.every((score) => score === undefined)) return not('not-answered');
  if (term.group === undefined) {
    // A yes/no, alone or before a text that stayed empty: the first attribute of both kinds.
    const [yes] = scores;
    return yes === undefined ? not('not-answered') : { kind: 'graded', grade: yes };
  }
  const { min, max } = compositeRange(term.group, scores);
  return min === max ? { kind: 'graded', grade: min } : { kind: 'at-least', min, max, missing };
}

/** The leading attribute is 0 and a later one above it: grade 0 by the table, and a person should know. */
function contradictions(term: Term, attributes: Finding['attributes']): readonly DataQuality[] {
  const [leading, ...later] = term.attributes;
  if (term.kind !== 'composite' || leading === undefined || scoreOf(attributes[leading]) !== 0) return [];
  if (!later.some((attribute) => (scoreOf(attributes[attribute]) ?? 0) > 0)) return [];
  return (scoreOf(attributes.severity) ?? 0) >= 3 ? ['contradictory', 'needs-review'] : ['contradictory'];
}
