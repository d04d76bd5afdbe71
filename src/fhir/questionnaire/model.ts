import type {
  Coding,
  QuestionnaireItem,
  QuestionnaireItemAnswerOption,
  QuestionnaireResponse,
  QuestionnaireResponseItemAnswer,
} from '@medplum/fhirtypes';
import type { Issue } from '../errors.ts';

/** One answer that a form offers. */
export interface AnswerOption {
  value: QuestionnaireItemAnswerOption;
  system?: string;
  code?: string;
  integer?: number;
  /** What a reader sees: the display of the code, or the value itself. */
  text?: string;
  /** Its weight: `ordinalValue` on the answerOption, on its Coding, else that of the ValueSet's or CodeSystem's concept. */
  ordinal?: number;
  /** All that its own extensions give, where they disagree. */
  ordinals?: readonly number[];
}

/** An item of a form, read once. */
export interface CompiledItem {
  linkId: string;
  type: QuestionnaireItem['type'];
  text?: string;
  codes: readonly Coding[];
  required: boolean;
  repeats: boolean;
  readOnly: boolean;
  /** Options of answerOption or of answerValueSet expanded; undefined when there are none or they cannot be enumerated. */
  options?: readonly AnswerOption[];
  /** It has an answerValueSet that we cannot expand. */
  optionsUnknown: boolean;
  /** Bounds of an integer or decimal item, inclusive. */
  minValue?: number;
  maxValue?: number;
  /** Unit of a decimal or integer item: the extension questionnaire-unit. */
  unit?: Coding;
  /** linkId of the item that it stands in. */
  parent?: string;
  children: readonly CompiledItem[];
  /** linkIds that its own enableWhen asks about. */
  dependsOn: readonly string[];
}

/** One occurrence of an item in a response; an absent item has one too wherever its present or implied parent allows it. */
export interface ItemState {
  item: CompiledItem;
  /** FHIRPath of the instance, e.g. `QuestionnaireResponse.item[1].item[0]`; undefined when absent. */
  path?: string;
  enabled: boolean;
  /** Where not enabled: linkIds of the enableWhen questions whose conditions were false, its own and those of the items above it. */
  failed: readonly string[];
  /** Its answers that have a value. */
  answers: readonly QuestionnaireResponseItemAnswer[];
}

/** A form compiled to closures, to be kept for as long as that version of the form lives. */
export interface CompiledQuestionnaire {
  url?: string;
  version?: string;
  title?: string;
  items: ReadonlyMap<string, CompiledItem>;
  roots: readonly CompiledItem[];
  /** What is wrong with a response to this form; warnings are among it. The response must be structurally valid. */
  validate(response: QuestionnaireResponse): Issue[];
  /** Everything grading needs, in one walk. Never throws on a response that `validate` accepts. */
  collect(response: QuestionnaireResponse): ItemState[];
}
