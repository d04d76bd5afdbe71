import type { QuestionnaireItem, QuestionnaireItemAnswerOption } from '@medplum/fhirtypes';
import { type Concept, ordinalsOf, type Terminology } from '../terminology.ts';
import type { AnswerOption } from './model.ts';

/** The answers that an item offers; undefined when it names none, or names a value set that we cannot enumerate. */
export function optionsOf(item: QuestionnaireItem, terminology: Terminology): readonly AnswerOption[] | undefined {
  if (item.answerOption) return item.answerOption.map((option) => fromOption(option, terminology));
  if (item.answerValueSet === undefined) return undefined;
  return terminology.expand(item.answerValueSet)?.map(fromConcept);
}

function fromOption(value: QuestionnaireItemAnswerOption, terminology: Terminology): AnswerOption {
  const { system, code, display, extension } = value.valueCoding ?? {};
  const known = system !== undefined && code !== undefined ? terminology.concept(system, code) : undefined;
  const ordinals = new Set([...ordinalsOf(value.extension), ...ordinalsOf(extension)]);
  const [ordinal = known?.ordinal] = ordinals;
  const text =
    display ??
    known?.display ??
    value.valueString ??
    value.valueInteger?.toString() ??
    value.valueDate ??
    value.valueTime ??
    value.valueReference?.display ??
    value.valueReference?.reference;
  return {
    value,
    ...(system === undefined ? {} : { system }),
    ...(code === undefined ? {} : { code }),
    ...(value.valueInteger === undefined ? {} : { integer: value.valueInteger }),
    ...(text === undefined ? {} : { text }),
    ...(ordinal === undefined ? {} : { ordinal }),
    ...(ordinals.size > 1 ? { ordinals: [...ordinals] } : {}),
  };
}

const fromConcept = ({ system, code, display, ordinal }: Concept): AnswerOption => ({
  value: { valueCoding: { system, code, ...(display === undefined ? {} : { display }) } },
  system,
  code,
  ...(display === undefined ? {} : { text: display }),
  ...(ordinal === undefined ? {} : { ordinal }),
});
