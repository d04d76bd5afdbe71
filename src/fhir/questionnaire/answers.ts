import type { QuestionnaireItem, QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
import { fault, type Issue, type IssueCode } from '../errors.ts';
import {
  COMPUTED,
  extensionOf,
  MAX_VALUE,
  MIN_LENGTH,
  MIN_VALUE,
  OPTION_EXCLUSIVE,
  UNIT_OPTION,
} from './extensions.ts';
import type { Node } from './node.ts';
import { lengthOf, named, oneOf, received, stated, typeName } from './say.ts';
import { among, codingKey, comparerTo, KINDS, type Kind, kindOf, type Valued } from './values.ts';

/** Checks the answers of one instance of a question; `path` is the instance. */
export type AnswerCheck = (answers: readonly QuestionnaireResponseItemAnswer[], path: string, report: Report) => void;
export type Report = (issue: Issue) => void;

/** A fault of one answer, or none. */
type Check = (answer: QuestionnaireResponseItemAnswer) => { code: IssueCode; expected: string } | undefined;

/** The types of answer that each type of item takes. Source: FHIR R4, CodeSystem item-type. */
const TAKES: Readonly<Record<QuestionnaireItem['type'], readonly Kind[]>> = {
  group: [],
  display: [],
  question: KINDS,
  boolean: ['valueBoolean'],
  decimal: ['valueDecimal'],
  integer: ['valueInteger'],
  date: ['valueDate'],
  dateTime: ['valueDateTime'],
  time: ['valueTime'],
  string: ['valueString'],
  text: ['valueString'],
  url: ['valueUri'],
  choice: ['valueCoding'],
  'open-choice': ['valueCoding', 'valueString'],
  attachment: ['valueAttachment'],
  reference: ['valueReference'],
  quantity: ['valueQuantity'],
};

/**
 * The types that an answer to this item may have. A choice among strings, numbers, dates or references (R4 allows such
 * options) is answered by the option's own type.
 */
export function kindsOf(item: Pick<Node, 'type' | 'source'>): readonly Kind[] {
  const kinds = TAKES[item.type];
  if (item.type !== 'choice' && item.type !== 'open-choice') return kinds;
  const offered = (item.source.answerOption ?? []).map(kindOf).filter((kind) => kind !== undefined);
  return offered.length === 0 ? kinds : [...new Set([...kinds, ...offered])];
}

/** Compiles all that can be said of a question's answers themselves: type, option, length, range, unit, read-only. */
export function compileAnswers(node: Node): AnswerCheck {
  const kinds = kindsOf(node);
  const only = kinds.length === 1 ? kinds[0] : undefined;
  const checks = [optionCheck(node), lengthCheck(node), rangeCheck(node), unitCheck(node)].filter((check) => !!check);
  const together = [exclusiveCheck(node), readOnlyCheck(node)].filter((check) => !!check);
  const unchecked = node.optionsUnknown;
  return (answers, path, report) => {
    for (let k = 0; k < answers.length; k += 1) {
      const answer = answers[k];
      if (!answer) continue;
      if (only === undefined || answer[only] === undefined) {
        const kind = kindOf(answer);
        if (kind === undefined) continue;
        if (!kinds.includes(kind)) {
          const expected = kinds.map((each) => `a ${typeName(each)} (${each})`).join(' or ');
          report(answerFault('value', node, expected, answer, `${path}.answer[${k}]`));
          continue;
        }
      }
      for (const check of checks) {
        const found = check(answer);
        if (found) report(answerFault(found.code, node, found.expected, answer, `${path}.answer[${k}]`));
      }
    }
    for (const check of together) check(answers, path, report);
    if (unchecked && answers.length > 0) {
      report({
        severity: 'warning',
        code: 'code-invalid',
        diagnostics: `Question ${named(node)}: its value set ${node.source.answerValueSet} is not held here or cannot be enumerated, so the answer was not checked against it`,
        expression: path,
      });
    }
  };
}

const answerFault = (code: IssueCode, node: Node, expected: string, answer: Valued, path: string): Issue =>
  fault(code, `Question ${named(node)}: expected ${expected}; received ${received(answer)}`, `${path}.value`);

/** Codes by system and code, other options by value. An open choice takes any text beside its options. */
function optionCheck(node: Node): Check | undefined {
  const { options } = node;
  if (!options) return undefined;
  const offered = among(options.map(({ value }) => value));
  const open = node.type === 'open-choice';
  return (answer) => {
    if (open && answer.valueString !== undefined) return undefined;
    if (offered(answer)) return undefined;
    return { code: 'code-invalid', expected: `${oneOf(options)}${open ? ', or a text of its own (valueString)' : ''}` };
  };
}

/** Source: FHIR R4, Questionnaire.item.maxLength, in characters; extension minLength. */
function lengthCheck({ source }: Node): Check | undefined {
  const max = source.maxLength;
  const min = extensionOf(source.extension, MIN_LENGTH)?.valueInteger;
  if (max === undefined && min === undefined) return undefined;
  return (answer) => {
    const text = answer.valueString ?? answer.valueUri ?? (answer.valueInteger ?? answer.valueDecimal)?.toString();
    if (text === undefined) return undefined;
    const length = lengthOf(text);
    if (max !== undefined && length > max) return { code: 'value', expected: `at most ${max} characters` };
    if (min !== undefined && length < min) return { code: 'value', expected: `at least ${min} characters` };
    return undefined;
  };
}

/**
 * Inclusive bounds. An answer of lower precision than the bound is refused only when all of it lies outside; a quantity
 * in another unit than the bound's cannot be compared and is refused, since it would otherwise pass unchecked.
 */
function rangeCheck({ source }: Node): Check | undefined {
  const min = extensionOf(source.extension, MIN_VALUE);
  const max = extensionOf(source.extension, MAX_VALUE);
  if (!min && !max) return undefined;
  const toMin = min ? comparerTo(min) : undefined;
  const toMax = max ? comparerTo(max) : undefined;
  return (answer) => {
    const low = toMin?.(answer);
    const high = toMax?.(answer);
    if (min && low === -1) return { code: 'value', expected: `at least ${stated(min)}` };
    if (max && high === 1) return { code: 'value', expected: `at most ${stated(max)}` };
    const unit = (min ?? max)?.valueQuantity;
    if (unit && answer.valueQuantity && ((min && low === undefined) || (max && high === undefined))) {
      return { code: 'value', expected: `a value without comparator in ${unit.code ?? unit.unit ?? 'no unit'}` };
    }
    return undefined;
  };
}

/** Source: FHIR R4 extension questionnaire-unitOption ("in the absence of either, any unit is valid"). */
function unitCheck({ source }: Node): Check | undefined {
  const units = (source.extension ?? []).flatMap(({ url, valueCoding }) =>
    url === UNIT_OPTION && valueCoding ? [valueCoding] : [],
  );
  if (units.length === 0) return undefined;
  const keys = new Set(units.map(({ system, code }) => codingKey(system, code)));
  return ({ valueQuantity }) => {
    if (!valueQuantity || keys.has(codingKey(valueQuantity.system, valueQuantity.code))) return undefined;
    return { code: 'value', expected: `a unit among ${units.map(({ code, display }) => code ?? display).join(', ')}` };
  };
}

/** Source: FHIR R4 extension questionnaire-optionExclusive. */
function exclusiveCheck(node: Node): AnswerCheck | undefined {
  const exclusive = (node.source.answerOption ?? []).filter(
    ({ extension }) => extensionOf(extension, OPTION_EXCLUSIVE)?.valueBoolean === true,
  );
  if (exclusive.length === 0) return undefined;
  const isExclusive = among(exclusive);
  return (answers, path, report) => {
    if (answers.length < 2) return;
    const alone = answers.find(isExclusive);
    if (!alone) return;
    const said = `Question ${named(node)}: expected ${stated(alone)} to be the only answer; received ${answers.length} answers`;
    report(fault('business-rule', said, path));
  };
}

/**
 * What a person may not change must come as the form set it; a value that the form computes is not known here.
 * Source: FHIR R4, Questionnaire.item.readOnly and initial.
 */
function readOnlyCheck(node: Node): AnswerCheck | undefined {
  const { source } = node;
  if (!node.readOnly || extensionOf(source.extension, COMPUTED)) return undefined;
  const initial: readonly Valued[] = source.initial ?? (source.answerOption ?? []).filter((o) => o.initialSelected);
  if (initial.length === 0) return undefined;
  const isInitial = among(initial);
  return (answers, path, report) => {
    for (const answer of answers) {
      if (kindOf(answer) === undefined || isInitial(answer)) continue;
      const said = `Question ${named(node)}: is read-only, expected its initial value ${initial.map(stated).join(' or ')}; received ${received(answer)}`;
      report(fault('business-rule', said, path));
    }
  };
}
