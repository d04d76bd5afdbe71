import type {
  QuestionnaireItemEnableWhen,
  QuestionnaireResponseItem,
  QuestionnaireResponseItemAnswer,
} from '@medplum/fhirtypes';
import { type Budget, NOTHING, type Node, type Scope, spend } from './node.ts';
import { comparerTo, equalTo, kindOf, type Valued } from './values.ts';

type Answers = readonly QuestionnaireResponseItemAnswer[];

/**
 * Compiles the enableWhen of one item. `find` gives the items of the form by linkId.
 *
 * Several conditions without `enableBehavior` are joined by "any": the element must be given then, but where it is
 * not, R4 says so in the comment of enableWhen. Source: FHIR R4, Questionnaire.item.enableWhen and enableBehavior.
 */
export function compileEnableWhen(
  node: Pick<Node, 'source' | 'chain'>,
  find: (linkId: string) => Node | undefined,
): Node['failing'] {
  const conditions = (node.source.enableWhen ?? []).map((when) => {
    const locate = locator(node.chain, find(when.question)?.chain);
    const holds = tester(when);
    return { question: when.question, holds: (scope: Scope) => holds(locate(scope)) };
  });
  if (conditions.length === 0) return () => NOTHING;
  const all = node.source.enableBehavior === 'all';
  return (scope) => {
    const failed: string[] = [];
    for (const { question, holds } of conditions) {
      if (!holds(scope)) failed.push(question);
      else if (!all) return NOTHING;
    }
    return failed;
  };
}

/** The `answer[x]` of a condition as a value. */
export const answerOf = (when: QuestionnaireItemEnableWhen): Valued => ({
  valueBoolean: when.answerBoolean,
  valueDecimal: when.answerDecimal,
  valueInteger: when.answerInteger,
  valueDate: when.answerDate,
  valueDateTime: when.answerDateTime,
  valueTime: when.answerTime,
  valueString: when.answerString,
  valueCoding: when.answerCoding,
  valueQuantity: when.answerQuantity,
  valueReference: when.answerReference,
});

/**
 * Which answers a condition is about. A question that the item stands beneath: the very answer it stands beneath.
 * Any other: the same repetition of the innermost item that holds both; beneath it the occurrence nearest to the item,
 * that is the last one before it or the first one after it. What another repetition of a shared group answered is
 * never looked at.
 * Source: FHIR R4, Questionnaire.item.enableWhen.question ("the nearest question occurrence reachable by tracing first
 * the ancestor axis and then the preceding axis and then the following axis").
 */
function locator(from: readonly Node[], to: readonly Node[] | undefined): (scope: Scope) => Answers {
  if (!to) return () => NOTHING;
  let shared = 0;
  while (shared < from.length && shared < to.length && from[shared] === to[shared]) shared += 1;
  const steps = from.length - 1;
  if (shared === to.length) {
    if (shared === from.length) return () => NOTHING;
    const climb = steps - shared;
    return (scope) => {
      const { answer } = above(scope, climb);
      return answer ? [answer] : NOTHING;
    };
  }
  if (shared === from.length) return () => NOTHING;
  const climb = steps - shared;
  const [target, ...beneath] = to.slice(shared);
  const own = from[shared];
  if (!target || !own) return () => NOTHING;
  const backwards = target.index < own.index;
  return (scope) => {
    const entries = above(scope, climb).slots[target.index];
    if (!entries) return NOTHING;
    const single = entries.length === 1 ? entries[0]?.item : undefined;
    if (single && beneath.length === 0) return single.answer ?? NOTHING;
    const items = entries.map(({ item }) => item);
    return nearest(items, beneath, 0, backwards, scope.budget)?.answer ?? NOTHING;
  };
}

function above(scope: Scope, steps: number): Scope {
  let found = scope;
  for (let i = 0; i < steps && found.up; i += 1) found = found.up;
  return found;
}

function nearest(
  items: readonly QuestionnaireResponseItem[],
  beneath: readonly Node[],
  depth: number,
  backwards: boolean,
  budget: Budget | undefined,
): QuestionnaireResponseItem | undefined {
  spend(budget, items.length);
  const next = beneath[depth];
  const list = backwards ? [...items].reverse() : items;
  if (!next) return list[0];
  for (const item of list) {
    const lists = item.answer ? item.answer.map((answer) => answer.item ?? []) : [item.item ?? []];
    for (const children of backwards ? lists.reverse() : lists) {
      spend(budget, children.length);
      const candidates = children.filter(({ linkId }) => linkId === next.linkId);
      const found = candidates.length > 0 ? nearest(candidates, beneath, depth + 1, backwards, budget) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

/**
 * Equality and order ask for at least one answer that fits, `!=` for none that is equal: it holds for a question
 * without an answer. Source: FHIR R4, CodeSystem questionnaire-enable-operator; its "at least no answer" in the four
 * orders is read "at least one", as R5 corrects it.
 */
function tester(when: QuestionnaireItemEnableWhen): (answers: Answers) => boolean {
  if (when.operator === 'exists') {
    const wanted = when.answerBoolean ?? true;
    return (answers) => answers.some((answer) => kindOf(answer) !== undefined) === wanted;
  }
  const bound = answerOf(when);
  const equals = equalTo(bound);
  const compare = comparerTo(bound);
  switch (when.operator) {
    case '=':
      return (answers) => equals !== undefined && answers.some(equals);
    case '!=':
      return (answers) => equals === undefined || !answers.some(equals);
    case '>':
      return (answers) => answers.some((answer) => compare(answer) === 1);
    case '<':
      return (answers) => answers.some((answer) => compare(answer) === -1);
    case '>=':
      return (answers) => answers.some((answer) => (compare(answer) ?? -1) >= 0);
    case '<=':
      return (answers) => answers.some((answer) => (compare(answer) ?? 1) <= 0);
    default:
      return () => false;
  }
}
