import type { QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
import { CANONICAL } from '../../fhir/canonical.ts';
import type { Issue } from '../../fhir/errors.ts';
import type { AnswerOption, CompiledItem, CompiledQuestionnaire } from '../../fhir/questionnaire.ts';
import { type AnswerField, answerFieldsOf, asksPresence, GRADED_BY_ANSWERS } from './ctcae-answers.ts';

/** Our CodeSystem of the questions by whose answers CTCAE grades, and of their coded answers. */
export const CTCAE_ANSWER = `${CANONICAL}/CodeSystem/ctcae-answer`;

/** Input that says whether the term is there at all: our own, beside those of the table. */
export const PRESENT: AnswerField = { name: 'present', kind: 'boolean', codes: [] };

/** Answer by which a coded question says that nothing is there, where the table begins with what is there. */
export const NONE = 'none';

/** A question by its code: `<term>.<input>`, such as `pain.severity`. */
export interface AnswerCode {
  code: string;
  /** Id of the entry of the table. */
  term: string;
  field: AnswerField;
}

/** Every question that a form may ask, term by term. */
export const ANSWER_CODES: readonly AnswerCode[] = GRADED_BY_ANSWERS.flatMap((term) =>
  [...(asksPresence(term) ? [PRESENT] : []), ...answerFieldsOf(term)].map((field) => ({
    code: `${term}.${field.name}`,
    term,
    field,
  })),
);

/** What an answer says: a value of the field; that nothing is there; or that nobody wanted or knew to answer. */
export type Said = { value: string | number | boolean; denies: boolean } | { optOut: string };

/** An item of a form that carries one of the codes, fit to be read. */
export interface AnswerItem extends AnswerCode {
  item: CompiledItem;
  /** It offers that nothing is there, beside what the table has. */
  offersNone: boolean;
  /** Undefined for an answer that the form does not offer. */
  read(answer: QuestionnaireResponseItemAnswer): Said | undefined;
}

const BY_CODE: ReadonlyMap<string, AnswerCode> = new Map(ANSWER_CODES.map((one) => [one.code, one]));

/** Source: HL7 FHIR R4 4.0.1, ValueSet yesnodontknow. */
const YES_NO = 'http://terminology.hl7.org/CodeSystem/v2-0136';
const ABSENT = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';

/** The items of a form whose answers CTCAE grades, and what is wrong with them; errors make the form unfit. */
export function answerItems(form: CompiledQuestionnaire): { items: readonly AnswerItem[]; issues: readonly Issue[] } {
  const items: AnswerItem[] = [];
  const issues: Issue[] = [];
  for (const item of form.items.values()) {
    const codes = item.codes.filter(({ system }) => system === CTCAE_ANSWER);
    if (codes.length === 0 || item.type === 'group' || item.type === 'display') continue;
    const [{ code = '' } = {}] = codes;
    const known = BY_CODE.get(code);
    const problem =
      codes.length > 1
        ? `it has ${codes.length} codes of ${CTCAE_ANSWER}; expected one`
        : known
          ? unfit(item, known)
          : `code ${code} of ${CTCAE_ANSWER} is not the code of a question`;
    if (problem !== undefined) issues.push(refusal(item, problem));
    else if (known) items.push({ ...known, item, offersNone: offersNone(item, known), read: readerOf(known) });
  }
  return { items, issues: [...issues, ...doubts(items)] };
}

/** Why the answers to an item cannot be read; undefined when they can. */
function unfit(item: CompiledItem, { term, field }: AnswerCode): string | undefined {
  const expected = expectedOf(field, term);
  if (field.kind === 'count') {
    return item.type === 'integer' && !item.options ? undefined : `it is of type ${item.type}; expected ${expected}`;
  }
  if (field.kind === 'boolean' && item.type === 'boolean') return undefined;
  if (item.type !== 'choice') return `it is of type ${item.type}; expected ${expected}`;
  if (!item.options) return `its answer options cannot be enumerated; expected ${expected}`;
  const said = item.options.map((option) => meaningOf(option, field, term));
  const strange = item.options[said.indexOf(undefined)];
  if (strange) return `option ${strange.code ?? strange.text ?? ''} is none of those; expected ${expected}`;
  const values = said.flatMap((one) => (one && 'value' in one ? [one.value] : []));
  const lacks = (field.kind === 'boolean' ? [true, false] : field.codes).filter((value) => !values.includes(value));
  return lacks.length > 0 ? `its options lack ${lacks.join(', ')}; expected ${expected}` : undefined;
}

function expectedOf({ kind, codes }: AnswerField, term: string): string {
  if (kind === 'count') return 'type integer, a count';
  if (kind === 'boolean') return `type boolean, or choice of Y and N of ${YES_NO}`;
  const none = asksPresence(term) && !codes.includes(NONE) ? `, and ${NONE} if wished` : '';
  return `type choice of ${codes.join(', ')} of ${CTCAE_ANSWER}${none}`;
}

function meaningOf(
  { system, code }: Pick<AnswerOption, 'system' | 'code'>,
  { kind, codes }: AnswerField,
  term: string,
): Said | undefined {
  if (code === undefined) return undefined;
  if (system === ABSENT) return { optOut: code };
  if (kind === 'boolean') {
    if (system !== YES_NO || (code !== 'Y' && code !== 'N')) return undefined;
    return { value: code === 'Y', denies: false };
  }
  if (system !== CTCAE_ANSWER) return undefined;
  if (codes.includes(code)) return { value: code, denies: false };
  return code === NONE && asksPresence(term) ? { value: code, denies: true } : undefined;
}

const offersNone = ({ options }: CompiledItem, { term, field }: AnswerCode): boolean =>
  options?.some((option) => {
    const said = meaningOf(option, field, term);
    return said !== undefined && 'denies' in said && said.denies;
  }) === true;

function readerOf({ term, field }: AnswerCode): AnswerItem['read'] {
  return ({ valueBoolean, valueInteger, valueCoding }) => {
    if (valueCoding) {
      const { system, code } = valueCoding;
      return meaningOf({ ...(system ? { system } : {}), ...(code ? { code } : {}) }, field, term);
    }
    const value = field.kind === 'boolean' ? valueBoolean : field.kind === 'count' ? valueInteger : undefined;
    return value === undefined ? undefined : { value, denies: false };
  };
}

/** What leaves a grade open whatever is answered: an input that the form does not ask, or asks twice. */
function doubts(items: readonly AnswerItem[]): Issue[] {
  const issues: Issue[] = [];
  const first = new Map<string, AnswerItem>();
  for (const one of items) {
    const { item, code, term } = one;
    const earlier = first.get(code);
    if (earlier) {
      issues.push(
        warning(item, `item ${earlier.item.linkId} has the same code; with two answers ${term} has no grade`),
      );
    } else first.set(code, one);
    if (item.repeats) issues.push(warning(item, `it repeats; with two answers ${term} has no grade`));
  }
  for (const term of new Set(items.map((one) => one.term))) {
    const item = items.find((one) => one.term === term)?.item;
    const lacks = answerFieldsOf(term).filter(({ name }) => !first.has(`${term}.${name}`));
    if (item && lacks.length > 0) {
      const names = lacks.map(({ name }) => name).join(', ');
      issues.push(warning(item, `the form does not ask ${names} of ${term}: every answer to it stays open`));
    }
  }
  return issues;
}

const refusal = (item: CompiledItem, problem: string): Issue => ({
  severity: 'error',
  code: 'business-rule',
  diagnostics: `Item ${named(item)} cannot be graded by CTCAE: ${problem}`,
  expression: where(item),
});

const warning = (item: CompiledItem, problem: string): Issue => ({
  severity: 'warning',
  code: 'business-rule',
  diagnostics: `Item ${named(item)}: ${problem}`,
  expression: where(item),
});

const named = ({ linkId, text }: CompiledItem): string => `${linkId}${text ? ` (${text})` : ''}`;

const where = ({ linkId }: CompiledItem): string =>
  `Questionnaire.repeat(item).where(linkId = '${linkId.replace(/[\\']/g, '\\$&')}')`;
