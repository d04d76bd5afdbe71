import type { Coding, Observation, QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
import { LOINC } from '../../fhir/canonical.ts';
import type { Issue } from '../../fhir/errors.ts';
import type { AnswerOption, CompiledItem, CompiledQuestionnaire } from '../../fhir/questionnaire.ts';
import { signOf, vitalIssues } from '../vital-signs.ts';
import { answerItems, type Said } from './ctcae-answer-items.ts';
import { DATA, EMERGENCY, EMERGENCY_TERMS } from './emergency-data.ts';
import { isTemperature } from './emergency-fever.ts';

/** What an answer to an item says of its term: there, not there, declined, or nothing that can be read. */
export type Saying = 'there' | 'absent' | 'opted-out';

/** An item of a form that tells an emergency, known by its code. */
export type EmergencyItem =
  | {
      how: 'answer';
      term: string;
      item: CompiledItem;
      /** It is asked for the grade of a term: where that is denied, a blank leaves nothing open. */
      structured?: true;
      read(answer: QuestionnaireResponseItemAnswer): Saying | undefined;
    }
  /** One answer says that it is not there; any other, and none, says nothing of it. */
  | { how: 'denial'; term: string; item: CompiledItem; denies(answer: QuestionnaireResponseItemAnswer): boolean }
  | { how: 'temperature'; term: string; item: CompiledItem }
  /** A temperature that is not asked as a number. */
  | { how: 'in-words'; term: string; item: CompiledItem };

const TERM_OF_ITEM: ReadonlyMap<string, string> = new Map(EMERGENCY_TERMS.map(({ code, ask }) => [ask.code, code]));
const TERMS: ReadonlySet<string> = new Set(EMERGENCY_TERMS.map(({ code }) => code));
const ITEM_9: ReadonlyMap<string, number> = new Map(DATA.phq9Item9.answers.map(({ code, value }) => [code, value]));

/** Source: HL7 FHIR R4 4.0.1, ValueSet yesnodontknow. */
const YES_NO = 'http://terminology.hl7.org/CodeSystem/v2-0136';
const ABSENT = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';

/** The items of a form that tell an emergency, and what is wrong with them; errors make the form unfit. */
export function emergencyItems(form: CompiledQuestionnaire): {
  items: readonly EmergencyItem[];
  issues: readonly Issue[];
} {
  const items: EmergencyItem[] = [];
  const issues: Issue[] = vitalIssues(form);
  for (const item of form.items.values()) {
    if (item.type === 'group' || item.type === 'display') continue;
    for (const { system, code = '' } of item.codes) {
      if (system === EMERGENCY) {
        const term = TERM_OF_ITEM.get(code);
        const problem = term === undefined ? unknownCode(code) : unfit(item, yesNo, 'yes (1) or no (0)');
        if (problem !== undefined) issues.push(refusal(item, problem));
        else if (term !== undefined) items.push({ how: 'answer', term, item, read: reader(yesNo, item) });
      } else if (system === LOINC && code === DATA.phq9Item9.loinc) {
        const problem = unfit(item, itemNine, 'a number from 0 to 3');
        if (problem !== undefined) issues.push(refusal(item, problem));
        else items.push({ how: 'answer', term: DATA.phq9Item9.term, item, read: reader(itemNine, item) });
      }
    }
    const sign = signOf(item);
    if (sign && isTemperature({ loinc: [sign.loinc] })) items.push({ how: 'temperature', term: DATA.fever.term, item });
    if (
      !sign &&
      isTemperature({ loinc: item.codes.flatMap(({ system, code = '' }) => (system === LOINC ? [code] : [])) })
    ) {
      items.push({ how: 'in-words', term: DATA.fever.term, item });
      issues.push({ ...refusal(item, IN_WORDS), severity: 'warning' });
    }
  }
  for (const { code, item, read } of answerItems(form).items) {
    for (const sign of DATA.structured.filter((one) => one.code === code)) {
      const { term } = sign;
      if ('absent' in sign)
        items.push({ how: 'denial', term, item, denies: (answer) => isSaid(read(answer), sign.absent) });
      else
        items.push({
          how: 'answer',
          term,
          item,
          structured: true,
          read: (answer) => signOfSaid(read(answer), sign.there),
        });
    }
  }
  return { items, issues };
}

const isSaid = (said: Said | undefined, value: string | boolean): boolean =>
  said !== undefined && 'value' in said && said.value === value;

function signOfSaid(said: Said | undefined, there: string | boolean): Saying | undefined {
  if (said === undefined) return undefined;
  if ('optOut' in said) return 'opted-out';
  return said.value === there ? 'there' : 'absent';
}

const IN_WORDS =
  'a temperature is asked as a decimal or quantity; each of its answers that is no number is told as a temperature that cannot be read';

const unknownCode = (code: string): string =>
  TERMS.has(code)
    ? `${code} is the code of a result; an item has ask-${code}`
    : `code ${code} of ${EMERGENCY} is not the code of an item`;

/** Number that a coding or an integer stands for; 'opted-out' where nobody wanted or knew to answer; undefined for anything else. */
type Meaning = (
  option: Pick<AnswerOption, 'system' | 'code' | 'integer' | 'ordinal' | 'ordinals'>,
) => number | 'opted-out' | undefined;

const yesNo: Meaning = ({ system, code, integer, ordinal, ordinals = [ordinal] }) => {
  if (system === ABSENT) return 'opted-out';
  const known = system === YES_NO ? (code === 'Y' ? 1 : code === 'N' ? 0 : undefined) : undefined;
  return agreed([known, integer, ...ordinals], 1);
};

const itemNine: Meaning = ({ system, code, integer, ordinal, ordinals = [ordinal] }) => {
  if (system === ABSENT) return 'opted-out';
  const known = system === LOINC ? ITEM_9.get(code ?? '') : undefined;
  return agreed([known, integer, ...ordinals], 3);
};

/** The one number that all say, where it lies from 0 to `max`. */
function agreed(values: readonly (number | undefined)[], max: number): number | undefined {
  const [value, ...others] = [...new Set(values.filter((one) => one !== undefined))];
  return value !== undefined && others.length === 0 && Number.isInteger(value) && value >= 0 && value <= max
    ? value
    : undefined;
}

/** Why the answers to an item cannot be read; undefined when they can. */
function unfit(item: CompiledItem, meaning: Meaning, expected: string): string | undefined {
  if (item.type === 'boolean' && meaning === yesNo) return undefined;
  if (item.type !== 'choice' && item.type !== 'integer') return `it is of type ${item.type}; expected ${expected}`;
  if (item.options === undefined) {
    if (item.type === 'integer') return undefined;
    // A value set that is not held here: an answer whose code is published is read all the same, any other is told to a person.
    return item.optionsUnknown ? undefined : `it has no answer options; expected ${expected}`;
  }
  const strange = item.options.find((option) => meaning(option) === undefined);
  if (strange) return `option ${strange.code ?? strange.text ?? ''} does not stand for ${expected}`;
  const values = item.options.map(meaning);
  if (!values.includes(0) || !values.some((value) => typeof value === 'number' && value > 0)) {
    return `its options do not tell none from some; expected ${expected}`;
  }
  return undefined;
}

/** Reads an answer. A coding of the form's own means what the option of the same code does; undefined for what cannot be read. */
function reader(meaning: Meaning, item: CompiledItem): (answer: QuestionnaireResponseItemAnswer) => Saying | undefined {
  const values = new Map(item.options?.map((option) => [`${option.system ?? ''}|${option.code}`, meaning(option)]));
  return ({ valueBoolean, valueInteger, valueCoding }) => {
    if (valueBoolean !== undefined) return valueBoolean ? 'there' : 'absent';
    const value =
      valueCoding === undefined
        ? meaning({ ...(valueInteger === undefined ? {} : { integer: valueInteger }) })
        : (values.get(`${valueCoding.system ?? ''}|${valueCoding.code}`) ??
          meaning({
            ...(valueCoding.system === undefined ? {} : { system: valueCoding.system }),
            ...(valueCoding.code === undefined ? {} : { code: valueCoding.code }),
          }));
    if (typeof value !== 'number') return value;
    return value > DATA.phq9Item9.present.value ? 'there' : 'absent';
  };
}

/** What an Observation, or a component of one, says of a question. */
export type SaidInObservation = Pick<
  Observation,
  'code' | 'valueBoolean' | 'valueInteger' | 'valueQuantity' | 'valueCodeableConcept' | 'dataAbsentReason'
>;

/** Whether a code is that of a question which tells an emergency: PHQ-9 item 9, or one of ours. */
export const asksEmergency = ({ system, code = '' }: Coding): boolean => termAsked({ system, code }) !== undefined;

/** The term that a code asks. */
export function termAsked({ system, code = '' }: Coding): string | undefined {
  if (system === EMERGENCY) return TERM_OF_ITEM.get(code);
  return system === LOINC && code === DATA.phq9Item9.loinc ? DATA.phq9Item9.term : undefined;
}

/**
 * What an Observation that is the answer to such a question says; undefined for what cannot be read, and where nothing was answered. A
 * number above 0 is there, also where the scale of the question ends below it.
 */
export function sayingOf(said: SaidInObservation): Saying | undefined {
  const { valueBoolean, valueInteger, valueQuantity, valueCodeableConcept, dataAbsentReason } = said;
  if (dataAbsentReason) return 'opted-out';
  if (valueBoolean !== undefined) return valueBoolean ? 'there' : 'absent';
  const number = valueInteger ?? (valueQuantity?.comparator === undefined ? valueQuantity?.value : undefined);
  if (number !== undefined)
    return number > DATA.phq9Item9.present.value ? 'there' : number === 0 ? 'absent' : undefined;
  const meanings = (valueCodeableConcept?.coding ?? []).map(({ system, code }) => {
    const option = { ...(system ? { system } : {}), ...(code ? { code } : {}) };
    return itemNine(option) ?? yesNo(option);
  });
  if (meanings.some((one) => typeof one === 'number' && one > DATA.phq9Item9.present.value)) return 'there';
  return meanings.includes(0) ? 'absent' : meanings.includes('opted-out') ? 'opted-out' : undefined;
}

function refusal(item: CompiledItem, problem: string): Issue {
  return {
    severity: 'error',
    code: 'business-rule',
    diagnostics: `Item ${item.linkId}${item.text ? ` (${item.text})` : ''} cannot tell an emergency: ${problem}`,
    expression: `Questionnaire.repeat(item).where(linkId = '${item.linkId.replace(/[\\']/g, '\\$&')}')`,
  };
}
