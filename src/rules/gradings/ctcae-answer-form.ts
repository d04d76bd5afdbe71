import type { CompiledQuestionnaire, ItemState } from '../../fhir/questionnaire.ts';
import type { CtcaeVersion, DataQuality, Finding, NotGradable, StructuredAnswer } from '../finding.ts';
import { type AnswerItem, answerItems, NONE, PRESENT } from './ctcae-answer-items.ts';
import {
  type AnswerField,
  answerFieldsOf,
  type CtcaeAnswers,
  GRADED_BY_ANSWERS,
  gradeAnswers,
  isOffered,
  type Presence,
} from './ctcae-answers.ts';
import type { FormGrading } from './grading.ts';

/**
 * Grades the structured answers of one form by one version of CTCAE: a finding for each term of which the form asks an input. Nothing where it
 * asks none. Throws on an unfit form.
 */
export function prepareAnswers(form: CompiledQuestionnaire, version: CtcaeVersion): FormGrading | undefined {
  const { items, issues } = answerItems(form);
  const error = issues.find(({ severity }) => severity === 'error');
  if (error) throw new Error(error.diagnostics);
  if (items.length === 0) return undefined;
  const terms = GRADED_BY_ANSWERS.flatMap((term) => {
    const own = items.filter((one) => one.term === term);
    return own.length > 0 && gradeAnswers(term, {}, version) ? [{ term, items: own }] : [];
  });
  const linkIds = new Set(items.map(({ item }) => item.linkId));
  return (states) => {
    const seen = new Map<string, ItemState[]>();
    for (const state of states) {
      const { linkId } = state.item;
      if (linkIds.has(linkId)) seen.set(linkId, [...(seen.get(linkId) ?? []), state]);
    }
    return terms.map(({ term, items: own }) => findingOf(term, version, told(own, seen)));
  };
}

/** Of the findings of a form those that are asked for: CTCAE in these versions, and all of any other system. */
export const inVersions = (
  findings: readonly Finding[],
  versions: readonly CtcaeVersion[] | undefined,
): readonly Finding[] =>
  findings.some(({ system }) => system === 'ctcae')
    ? findings.filter(({ system, version }) => system !== 'ctcae' || versions?.some((one) => one === version))
    : findings;

/** What became of one item in a response; `denies`: it was answered that nothing is there. */
interface Told {
  asked: AnswerItem;
  answer: StructuredAnswer;
  denies: boolean;
}

function told(items: readonly AnswerItem[], seen: ReadonlyMap<string, readonly ItemState[]>): Told[] {
  const answered = items.flatMap((asked) =>
    (seen.get(asked.item.linkId) ?? []).flatMap((state) => (state.enabled ? answersOf(asked, state) : [])),
  );
  return items.flatMap((asked): Told[] => {
    const own = answered.filter((one) => one.asked === asked);
    if (own.length > 0) return own;
    const { linkId } = asked.item;
    const states = seen.get(linkId) ?? [];
    const input = asked.field.name;
    // An item without an occurrence, though it could have one, was answered by nobody.
    if (states.length === 0 || states.some(({ enabled }) => enabled)) {
      return [{ asked, answer: { input, state: 'missing', linkId }, denies: false }];
    }
    const because = answered.find(
      (one) => excludes(one, input) && states.some(({ failed }) => failed.includes(one.asked.item.linkId)),
    )?.asked.item.linkId;
    const answer: StructuredAnswer =
      because === undefined ? { input, state: 'not-asked' } : { input, state: 'hidden', linkId, because };
    return [{ asked, answer, denies: false }];
  });
}

function answersOf(asked: AnswerItem, { answers }: ItemState): Told[] {
  const { linkId } = asked.item;
  const input = asked.field.name;
  return answers.map((given): Told => {
    const said = asked.read(given);
    if (said === undefined) throw new Error(`The answer to item ${linkId} is none that can be read`);
    if ('optOut' in said) {
      return { asked, answer: { input, state: 'opted-out', linkId, code: said.optOut }, denies: false };
    }
    const denies = said.denies || (input === PRESENT.name && said.value === false);
    return { asked, answer: { input, state: 'answered', value: said.value, linkId }, denies };
  });
}

/**
 * Whether an answer says no to another question of its term, should the form hide that behind it: where nothing is there nothing comes of it, and who
 * does the shopping looks after themselves. A no to anything else says nothing of the others.
 */
const excludes = ({ answer, denies }: Told, input: string): boolean =>
  answer.state === 'answered' &&
  (denies ||
    (answer.input === 'severity' && answer.value === NONE) ||
    (answer.input === 'limitsIADL' && answer.value === false && input === 'limitsSelfCare'));

function findingOf(term: string, version: CtcaeVersion, said: readonly Told[]): Finding {
  const fields = answerFieldsOf(term);
  const absent = fields
    .filter(({ name }) => !said.some(({ answer }) => answer.input === name))
    .map(({ name }): StructuredAnswer => ({ input: name, state: 'not-asked' }));
  const structured = [...said.map(({ answer }) => answer), ...absent];
  const as = (outcome: Finding['outcome'], dataQuality: readonly DataQuality[]): Finding => ({
    term,
    system: 'ctcae',
    version,
    kind: 'ladder',
    outcome,
    attributes: {},
    structured,
    dataQuality,
  });
  const without = (reason: NotGradable & DataQuality) => as({ kind: 'not-gradable', reason, missing: [] }, [reason]);

  if (said.every(({ answer }) => answer.state === 'not-asked')) {
    return as({ kind: 'not-gradable', reason: 'not-asked', missing: [] }, []);
  }
  if (isAskedTwice(said)) return without('ambiguous-item');
  const answers = valuesOf(fields, said);
  if (fields.some((field) => isImpossible(field, answers))) return without('value-implausible');
  const climbed = gradeAnswers(term, answers, version, presenceOf(said));
  if (!climbed) throw new Error(`${term} is not graded by answers`); // `prepareAnswers` has asked
  const { outcome, dataQuality } = climbed;
  const declined = said.some(({ answer }) => answer.state === 'opted-out');
  if (outcome.kind === 'not-gradable' && outcome.reason === 'not-answered' && declined) {
    return as({ ...outcome, reason: 'opted-out' }, dataQuality);
  }
  return as(outcome, dataQuality);
}

/** Two answers to one question: which of them holds nobody can tell. */
function isAskedTwice(said: readonly Told[]): boolean {
  const given = said.flatMap(({ answer }) => (answer.state === 'answered' ? [answer.input] : []));
  return new Set(given).size < given.length;
}

const isImpossible = (field: AnswerField, answers: CtcaeAnswers): boolean => {
  const answer = answers[field.name];
  return answer !== undefined && !isOffered(field, answer);
};

/** The answers by the names of the table. What a no has hidden is a no, where the question is about what comes of the term. */
function valuesOf(fields: readonly AnswerField[], said: readonly Told[]): CtcaeAnswers {
  const answers: Record<string, string | number | boolean> = {};
  for (const { name } of fields) {
    for (const { answer, denies } of said) {
      if (answer.input !== name) continue;
      if (answer.state === 'answered' && !denies) answers[name] = answer.value;
      else if (answer.state === 'hidden' && CONSEQUENCES.has(name)) answers[name] = false;
    }
  }
  return answers;
}

/** What comes of a term: where that is not there, it does not. */
export const CONSEQUENCES: ReadonlySet<string> = new Set(['limitsIADL', 'limitsSelfCare']);

function presenceOf(said: readonly Told[]): Presence {
  const denied = said.some(({ denies }) => denies);
  const affirmed = said.some(
    ({ answer }) => answer.input === PRESENT.name && answer.state === 'answered' && answer.value === true,
  );
  if (denied) return affirmed ? 'both' : 'absent';
  if (affirmed) return 'there';
  const open = said.some(
    ({ asked, answer }) =>
      (answer.state === 'missing' || answer.state === 'opted-out') &&
      (answer.input === PRESENT.name || asked.offersNone),
  );
  return open ? 'open' : 'not-asked';
}
