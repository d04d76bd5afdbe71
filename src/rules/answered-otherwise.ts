import type {
  QuestionnaireResponse,
  QuestionnaireResponseItem,
  QuestionnaireResponseItemAnswer,
} from '@medplum/fhirtypes';
import type { AnswerOption, CompiledItem, CompiledQuestionnaire } from '../fhir/questionnaire.ts';
import type { Finding } from './finding.ts';
import type { FormGrading } from './gradings/grading.ts';
import { gradingItems, type Reading } from './gradings/pro-ctcae-items.ts';

/** The form of a response, compiled, with what grades it. */
export interface GradedForm {
  compiled: CompiledQuestionnaire;
  grade: FormGrading;
}

/** An item with a PRO-CTCAE score that it is answered with in the place of what stands there. */
export interface OtherAnswer {
  linkId: string;
  score: number;
}

/** Rounds in which what has come to be hidden is taken away: an answer may hide one that hid another. */
const MOST_ROUNDS = 8;

/**
 * What a response to this form would say had these items been answered otherwise: each gets the option that stands for the score,
 * what its form hides then is not answered, and all is graded by the code that graded the response. Undefined where the form does not
 * ask it so: an item it hides, that may be answered several times, or that has no such option.
 */
export function answeredOtherwise(
  response: QuestionnaireResponse,
  { compiled, grade }: GradedForm,
  others: readonly OtherAnswer[],
): readonly Finding[] | undefined {
  const readings = new Map(gradingItems(compiled).items.map(({ item, reading }) => [item.linkId, reading]));
  const changed = structuredClone(response);
  for (const { linkId, score } of others) {
    const answer = answerOf(compiled.items.get(linkId), readings.get(linkId), score);
    const place = answer && placeOf(changed, compiled.items, linkId);
    if (!place) return undefined;
    place.answer = [answer];
  }
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const states = compiled.collect(changed);
    const hidden = states.flatMap(({ enabled, path }) => (enabled || path === undefined ? [] : [path]));
    if (hidden.length === 0) return grade(states);
    if (states.some(({ item, enabled }) => !enabled && others.some(({ linkId }) => linkId === item.linkId)))
      return undefined;
    without(changed, new Set(hidden));
  }
  return undefined;
}

function answerOf(
  item: CompiledItem | undefined,
  reading: Reading | undefined,
  score: number,
): QuestionnaireResponseItemAnswer | undefined {
  if (!item || !reading || item.repeats) return undefined;
  if (item.type === 'boolean') return { valueBoolean: score === 1 };
  if (!item.options) return reading.integers.has(score) ? { valueInteger: score } : undefined;
  const option = item.options.find((one) => scoreOf(one, reading) === score);
  return option && (option.integer === undefined ? codingOf(option) : { valueInteger: option.integer });
}

const codingOf = ({ system, code }: AnswerOption): QuestionnaireResponseItemAnswer => ({
  valueCoding: { ...(system === undefined ? {} : { system }), ...(code === undefined ? {} : { code }) },
});

const scoreOf = ({ system, code, integer }: AnswerOption, { codings }: Reading): number | string | undefined =>
  integer ?? codings.get(system ?? '')?.get(code ?? '');

type Holder = { item?: QuestionnaireResponseItem[] };

/** The item of the response, put there where it is not; undefined where it stands more than once or beneath a question that is not answered once. */
function placeOf(
  response: Holder,
  items: CompiledQuestionnaire['items'],
  linkId: string,
): QuestionnaireResponseItem | undefined {
  const item = items.get(linkId);
  const holder = item && holderOf(response, items, item);
  if (!holder) return undefined;
  const held = holder.item ?? [];
  const [found, ...more] = held.filter((one) => one.linkId === linkId);
  if (found) return more.length > 0 ? undefined : found;
  const made: QuestionnaireResponseItem = { linkId };
  holder.item = [...held, made];
  return made;
}

/** What holds the occurrences of an item: the response, the group above it, or the one answer of the question above it. */
function holderOf(response: Holder, items: CompiledQuestionnaire['items'], item: CompiledItem): Holder | undefined {
  if (item.parent === undefined) return response;
  const above = placeOf(response, items, item.parent);
  if (!above || items.get(item.parent)?.type === 'group') return above;
  const [answer, ...more] = above.answer ?? [];
  return more.length > 0 ? undefined : answer;
}

/** Takes away the items at these paths. */
function without(holder: Holder, paths: ReadonlySet<string>, under = 'QuestionnaireResponse'): void {
  const items = holder.item ?? [];
  for (const [at, item] of items.entries()) {
    const path = `${under}.item[${at}]`;
    without(item, paths, path);
    for (const [k, answer] of (item.answer ?? []).entries()) without(answer, paths, `${path}.answer[${k}]`);
  }
  const kept = items.filter((_, at) => !paths.has(`${under}.item[${at}]`));
  if (kept.length < items.length) holder.item = kept;
}
