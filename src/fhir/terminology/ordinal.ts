import type { Extension } from '@medplum/fhirtypes';

const ORDINAL_URLS: ReadonlySet<string> = new Set([
  'http://hl7.org/fhir/StructureDefinition/ordinalValue',
  'http://hl7.org/fhir/StructureDefinition/codesystem-ordinalValue',
  'http://hl7.org/fhir/StructureDefinition/valueset-ordinalValue',
  'http://hl7.org/fhir/StructureDefinition/itemWeight',
]);

/**
 * The weight that an answer carries for scoring, if its extensions give one.
 * Source: FHIR R4 extensions ordinalValue, codesystem-ordinalValue and valueset-ordinalValue; R5 itemWeight.
 */
export function ordinalOf(extensions: readonly Extension[] | undefined): number | undefined {
  return ordinalsOf(extensions)[0];
}

/** Every weight that the extensions give; different ones contradict each other. */
export function ordinalsOf(extensions: readonly Extension[] | undefined): number[] {
  return (extensions ?? []).flatMap(({ url, valueDecimal }) =>
    ORDINAL_URLS.has(url) && valueDecimal !== undefined ? [valueDecimal] : [],
  );
}
