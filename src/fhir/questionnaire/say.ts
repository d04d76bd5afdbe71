import type { AnswerOption, CompiledItem } from './model.ts';
import { type Kind, kindOf, type Valued } from './values.ts';

/**
 * The words of faults. They may hold what the form says and what a client's program chose (linkIds, codes, types,
 * numbers), cut to a length; never what a patient wrote, nor a date, which may be one of birth.
 */
const LONGEST = 80;
const OPTIONS_SHOWN = 8;

export const clip = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/** An item by linkId and text: `'nausea' "Nausea, how often"`. */
export const named = ({ linkId, text }: Pick<CompiledItem, 'linkId' | 'text'>): string =>
  text === undefined ? `'${clip(linkId)}'` : `'${clip(linkId)}' "${clip(text)}"`;

/** A choice among the options, the first few by code and display. */
export function oneOf(options: readonly AnswerOption[]): string {
  const shown = options.slice(0, OPTIONS_SHOWN).map((option) => {
    const { code, text } = option;
    if (code === undefined) return clip(text ?? 'an option without a code');
    return text === undefined ? code : `${code} (${clip(text)})`;
  });
  const more = options.length - shown.length;
  const system = sharedSystem(options);
  return `one of ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}${system ? ` of ${system}` : ''}`;
}

function sharedSystem(options: readonly AnswerOption[]): string | undefined {
  const system = options[0]?.system;
  return options.every((option) => option.system === system) ? system : undefined;
}

/** The type of a value, as FHIR names it in `value[x]`. */
export const typeName = (kind: Kind): string => kind.slice('value'.length);

/** What came, without the words of a patient. */
export function received(answer: Valued): string {
  const kind = kindOf(answer);
  if (kind === undefined) return 'no value';
  const { valueCoding, valueString, valueUri, valueBoolean, valueQuantity } = answer;
  if (valueCoding) {
    if (valueCoding.code === undefined) return 'a Coding without code';
    return `code ${clip(valueCoding.code)}${valueCoding.system ? ` of ${clip(valueCoding.system)}` : ' without system'}`;
  }
  const text = valueString ?? valueUri;
  if (text !== undefined) return `a ${typeName(kind)} of ${lengthOf(text)} characters`;
  const number = answer.valueInteger ?? answer.valueDecimal;
  if (number !== undefined) return `${typeName(kind)} ${number}`;
  if (valueBoolean !== undefined) return `Boolean ${valueBoolean}`;
  if (valueQuantity?.value !== undefined) {
    return `Quantity ${valueQuantity.value} ${clip(valueQuantity.code ?? valueQuantity.unit ?? 'without unit')}`;
  }
  return `a ${typeName(kind)}`;
}

/** A bound or an initial value as the form gives it. */
export function stated(value: Valued): string {
  const { valueQuantity, valueCoding } = value;
  if (valueQuantity) return `${valueQuantity.value ?? ''} ${valueQuantity.code ?? valueQuantity.unit ?? ''}`.trim();
  if (valueCoding) return `code ${valueCoding.code ?? ''}`;
  const kind = kindOf(value);
  const plain = kind === undefined ? undefined : value[kind];
  return typeof plain === 'object' ? `a ${kind ? typeName(kind) : 'value'}` : clip(String(plain));
}

/** Characters as a reader counts them: an emoji or another character beyond the basic plane is one. */
export const lengthOf = (text: string): number => [...text].length;
