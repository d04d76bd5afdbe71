import { DEFINITIONS } from './generated/definitions.js';

/** One search parameter of one type, from the R4 definitions. */
export interface SearchParameterRow {
  code: string;
  type: 'number' | 'date' | 'string' | 'token' | 'reference' | 'composite' | 'quantity' | 'uri' | 'special';
  url: string;
  /** FHIRPath over all the types that the definition names; absent for special parameters such as _text. */
  expression?: string;
  /** Types that a reference may point at. */
  target?: string[];
  /** Of a composite. */
  component?: { definition: string; expression: string }[];
}

/** One element of a type. */
export interface ElementRow {
  /** Type names; none where the content is defined elsewhere in the same type. */
  types: string[];
  list?: true;
  /** The path, within the type, of the element whose content this one has (`item` for Questionnaire.item.item). */
  same?: string;
}

/**
 * The search parameters of a validated type, those of Resource and DomainResource included; none for other types.
 * Source: FHIR R4 (4.0.1), search parameter registry.
 */
export const searchParametersOf = (type: string): readonly SearchParameterRow[] =>
  Object.hasOwn(DEFINITIONS.searchParameters, type) ? (DEFINITIONS.searchParameters[type] ?? []) : [];

/**
 * The element at a path within a resource or complex data type, named as the definitions do (`value[x]`), or undefined:
 * `elementOf('Observation', 'component.value[x]')`. Source: FHIR R4 (4.0.1), StructureDefinitions.
 */
export function elementOf(type: string, path: string): ElementRow | undefined {
  const rows = Object.hasOwn(DEFINITIONS.elements, type) ? DEFINITIONS.elements[type] : undefined;
  return rows && Object.hasOwn(rows, path) ? rows[path] : undefined;
}
