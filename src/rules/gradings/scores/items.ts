import type { QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
import { LOINC } from '../../../fhir/canonical.ts';
import type { Issue } from '../../../fhir/errors.ts';
import type { AnswerOption, CompiledItem, CompiledQuestionnaire, ItemState } from '../../../fhir/questionnaire.ts';
import { type ItemAnswer, SCORE, type ScoreData, type ScoreItem } from './score.ts';

/** An item of a form that carries the code of an item of an instrument, with the score of each of its answers. */
export interface FormItem {
  item: CompiledItem;
  of: ScoreItem;
  /** Scores by the integer that stands for the answer: itself, but where a reversed item carries weights. */
  integers: ReadonlyMap<number, number>;
  /** Scores by `system|code`; `opted-out` where nobody wanted or knew to answer. */
  codings: ReadonlyMap<string, number | 'opted-out'>;
}

/** Its codes are answers that have no score. Source: HL7 Terminology, CodeSystem data-absent-reason. */
const ABSENT = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';

/** The items of a form that carry codes of the instrument, ours or LOINC's, fit to score, and what is wrong with the others. */
export function formItems(
  form: CompiledQuestionnaire,
  data: ScoreData,
): { items: readonly FormItem[]; issues: readonly Issue[] } {
  const items: FormItem[] = [];
  const issues: Issue[] = [];
  const first = new Map<string, CompiledItem>();
  for (const item of form.items.values()) {
    if (item.type === 'group' || item.type === 'display') continue;
    const meant = data.items.filter((one) => item.codes.some(({ system, code }) => isCode(one, system, code)));
    const [of] = meant;
    if (!of) continue;
    if (meant.length > 1) {
      issues.push(refusal(item, data, `its codes disagree: ${meant.map(({ code }) => code).join(' and ')}`));
      continue;
    }
    const earlier = first.get(of.code);
    if (earlier) issues.push(refusal(item, data, `item ${earlier.linkId} has the same code ${of.code}`));
    else first.set(of.code, item);
    if (item.repeats) issues.push(refusal(item, data, 'it repeats, and an item of it has one answer'));
    if (of.loinc && !item.codes.some(({ system, code }) => system === LOINC && code === of.loinc))
      issues.push(refusal(item, data, `it lacks the LOINC code ${of.loinc}, by which others know it`));
    const read = readOptions(item, of, data);
    // A form of others, whose answers lie in a ValueSet that is not held here, is theirs: it is stored, and not scored.
    const isOthers = item.optionsUnknown === true && !item.codes.some(({ system }) => system === SCORE);
    if (typeof read === 'string') issues.push({ ...refusal(item, data, read), ...(isOthers ? WARNING : {}) });
    else items.push({ item, of, ...read });
  }
  return { items, issues };
}

/** What a response says of each item of the instrument. Throws on an answer that the checked form does not offer. */
export function answersOf(
  data: ScoreData,
  items: readonly FormItem[],
  states: readonly ItemState[],
): ReadonlyMap<string, ItemAnswer> {
  const seen = new Map<string, { linkId: string; shown: boolean; values: (number | 'opted-out')[] }>();
  const byLinkId = new Map(items.map((one) => [one.item.linkId, one]));
  // An item of which the response has no occurrence could have had one: it is unanswered, not unasked.
  const occurring = new Set(states.map(({ item }) => item.linkId));
  for (const { item, of } of items)
    seen.set(of.code, { linkId: item.linkId, shown: !occurring.has(item.linkId), values: [] });
  for (const { item, enabled, answers } of states) {
    const one = byLinkId.get(item.linkId);
    const what = one && seen.get(one.of.code);
    if (!one || !what || !enabled) continue;
    what.shown = true;
    for (const answer of answers) what.values.push(scoreOf(answer, one));
  }
  return new Map(data.items.map(({ code }) => [code, answerOf(seen.get(code))]));
}

function answerOf(
  seen: { linkId: string; shown: boolean; values: readonly (number | 'opted-out')[] } | undefined,
): ItemAnswer {
  if (!seen?.shown) return { state: 'not-asked' };
  const { linkId, values } = seen;
  const [value] = values;
  if (value === undefined) return { state: 'missing', linkId };
  if (values.length > 1) return { state: 'ambiguous', linkId };
  return value === 'opted-out' ? { state: 'opted-out', linkId } : { state: 'answered', value, linkId };
}

function scoreOf(
  { valueCoding, valueInteger }: QuestionnaireResponseItemAnswer,
  { item, ...read }: FormItem,
): number | 'opted-out' {
  if (valueCoding) {
    const value = read.codings.get(`${valueCoding.system ?? ''}|${valueCoding.code ?? ''}`);
    if (value !== undefined) return value;
  }
  const score = valueInteger === undefined ? undefined : read.integers.get(valueInteger);
  if (score !== undefined) return score;
  throw new Error(`The answer to item ${item.linkId} is none of its options`);
}

function isCode(item: ScoreItem, system: string | undefined, code: string | undefined): boolean {
  return (system === SCORE && code === item.code) || (system === LOINC && code !== undefined && code === item.loinc);
}

type Read = Pick<FormItem, 'integers' | 'codings'>;

/** The score of each answer, or a sentence why the options do not stand one to one for those of the instrument. */
function readOptions(item: CompiledItem, of: ScoreItem, data: ScoreData): Read | string {
  const expected = `expected answers that stand one to one for ${words(of.values)}`;
  if (item.type !== 'choice' && item.type !== 'integer') return `expected type choice or integer, not ${item.type}`;
  if (item.optionsUnknown) return `its answer options cannot be enumerated; ${expected}`;
  if (item.options === undefined)
    return item.type === 'choice' ? `it has no answer options; ${expected}` : bounds(item, of);
  const read = { integers: new Map<number, number>(), codings: new Map<string, number | 'opted-out'>() };
  const values: number[] = [];
  for (const option of item.options) {
    if (option.system === ABSENT) {
      read.codings.set(`${ABSENT}|${option.code ?? ''}`, 'opted-out');
      continue;
    }
    const value = scoreOfOption(option, of, data);
    if (typeof value === 'string') return `${value}; ${expected}`;
    values.push(value);
    if (option.integer !== undefined) read.integers.set(option.integer, value);
    else read.codings.set(`${option.system ?? ''}|${option.code ?? ''}`, value);
  }
  const wanted = valuesOf(of);
  const whole = values.length === wanted.length && wanted.every((value) => values.includes(value));
  return whole ? read : `its options stand for ${values.join(', ') || 'nothing'}; ${expected}`;
}

function bounds(item: CompiledItem, of: ScoreItem): Read | string {
  const wanted = valuesOf(of);
  const min = Math.min(...wanted);
  const max = Math.max(...wanted);
  if (of.weightsOnly || wanted.length !== max - min + 1 || !wanted.every(Number.isInteger))
    return 'a bare number does not say which answer was chosen; expected a choice whose answers carry an ordinalValue';
  if (item.minValue === min && item.maxValue === max)
    return { integers: new Map(wanted.map((value) => [value, value])), codings: new Map() };
  const bound = (value: number | undefined) => value ?? 'none';
  return `expected minValue ${min} and maxValue ${max}, not ${bound(item.minValue)} and ${bound(item.maxValue)}`;
}

/** The score that an option stands for, or a sentence why it stands for none. */
function scoreOfOption(option: AnswerOption, of: ScoreItem, { answers }: ScoreData): number | string {
  const { system, code, integer, ordinal, ordinals = [ordinal] } = option;
  if (integer === undefined && code === undefined) return 'an option is neither a coding nor an integer';
  const published = system === LOINC ? answers?.find((answer) => answer.code === code)?.value : undefined;
  const known = [published, of.weightsOnly ? undefined : integer, ...ordinals].filter((value) => value !== undefined);
  const [value] = known;
  const name = code ?? integer;
  if (value === undefined) return `option ${name} has no ordinalValue`;
  return known.every((other) => other === value) ? value : `option ${name} stands for ${known.join(' and ')} at once`;
}

/** Every score that an answer to an item may have. */
export function valuesOf({ values }: ScoreItem): readonly number[] {
  if (!('min' in values)) return values;
  return Array.from({ length: values.max - values.min + 1 }, (_, index) => values.min + index);
}

const words = (values: ScoreItem['values']) => ('min' in values ? `${values.min} to ${values.max}` : values.join(', '));

const WARNING = { severity: 'warning' } as const;

function refusal(item: CompiledItem, { title }: ScoreData, problem: string): Issue {
  return {
    severity: 'error',
    code: 'business-rule',
    diagnostics: `Item ${item.linkId}${item.text ? ` (${item.text})` : ''} cannot be scored as ${title.split(':')[0]}: ${problem}`,
    expression: `Questionnaire.repeat(item).where(linkId = '${item.linkId.replace(/[\\']/g, '\\$&')}')`,
  };
}
