import type { Extension } from '@medplum/fhirtypes';

const CORE = 'http://hl7.org/fhir/StructureDefinition';
const SDC = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire';

/** Extensions of Questionnaire.item that we read. Source: FHIR R4 extension registry; SDC 3.0.0 for the bounds of a Quantity. */
export const MIN_VALUE = [`${CORE}/minValue`, `${SDC}-minQuantity`] as const;
export const MAX_VALUE = [`${CORE}/maxValue`, `${SDC}-maxQuantity`] as const;
export const MIN_OCCURS = `${CORE}/questionnaire-minOccurs`;
export const MAX_OCCURS = `${CORE}/questionnaire-maxOccurs`;
export const MIN_LENGTH = `${CORE}/minLength`;
export const UNIT = `${CORE}/questionnaire-unit`;
export const UNIT_OPTION = `${CORE}/questionnaire-unitOption`;
export const OPTION_EXCLUSIVE = `${CORE}/questionnaire-optionExclusive`;

/** A value that the form computes; a read-only item that has one may differ from its initial value. */
export const COMPUTED: readonly string[] = [
  `${SDC}-calculatedExpression`,
  `${SDC}-initialExpression`,
  `${CORE}/cqf-calculatedValue`,
  `${CORE}/cqf-expression`,
];

/** Extensions that say when an item is enabled in a language that we do not run: to ignore one would misread the form. */
export const FOREIGN_CONDITIONS: readonly string[] = [`${SDC}-enableWhenExpression`];

/** Limits on answers that we do not check. */
export const UNCHECKED: readonly string[] = [
  `${CORE}/regex`,
  `${CORE}/maxDecimalPlaces`,
  `${CORE}/maxSize`,
  `${CORE}/mimeType`,
  `${CORE}/questionnaire-constraint`,
  `${CORE}/questionnaire-unitValueSet`,
];

/** The first extension with one of these urls. */
export const extensionOf = (
  extensions: readonly Extension[] | undefined,
  urls: string | readonly string[],
): Extension | undefined =>
  extensions?.find(({ url }) => (typeof urls === 'string' ? url === urls : urls.includes(url)));
