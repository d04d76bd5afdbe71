import type { CodeSystemConcept, CodeSystemConceptProperty, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { System } from '../terminology.ts';
import { mustHave } from './concept.ts';
import { sameLanguage, wordingIn } from './words.ts';

/**
 * What a CodeSystem says of a code, as Parameters. `properties` names what is wanted (all without it): system, version, definition,
 * designation, lang.X, parent, child, and what the system defines. Throws FhirError 404 for a code that it does not have.
 * Source: FHIR R4, operation CodeSystem/$lookup.
 */
export function lookUp(
  system: System,
  code: string,
  asked: { displayLanguage?: string; properties: readonly string[] },
): Parameters {
  const concept = mustHave(system, code);
  const defined = system.definitions.get(concept.code);
  const { url = '', version, title, name } = system.resource;
  const designations = defined?.designation ?? [];
  const wanted = new Set(asked.properties);
  const wants = (property: string): boolean => wanted.size === 0 || wanted.has(property);
  const languages = [...wanted].flatMap((property) => (property.startsWith('lang.') ? [property.slice(5)] : []));
  const display =
    (asked.displayLanguage === undefined ? undefined : wordingIn(asked.displayLanguage, designations)) ??
    concept.display ??
    concept.code;
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'name', valueString: title ?? name ?? url },
      ...(version === undefined ? [] : [{ name: 'version', valueString: version }]),
      { name: 'display', valueString: display },
      ...designations
        .filter(({ language = '' }) => wants('designation') || languages.some((one) => sameLanguage(language, one)))
        .map(({ language, use, value }) => ({
          name: 'designation',
          part: [
            ...(language === undefined ? [] : [{ name: 'language', valueCode: language }]),
            ...(use === undefined ? [] : [{ name: 'use', valueCoding: use }]),
            { name: 'value', valueString: value },
          ],
        })),
      ...propertiesOf(system, concept.code, defined)
        .filter(({ property }) => wants(property))
        .map(({ part }) => part),
    ],
  };
}

interface Told {
  property: string;
  part: ParametersParameter;
}

function propertiesOf(system: System, code: string, defined: CodeSystemConcept | undefined): Told[] {
  const descriptions = new Map(system.resource.property?.map((one) => [one.code, one.description]));
  const displayOf = (other: string): string | undefined => system.concepts.get(other)?.display;
  const parents = system.parents.get(code) ?? [];
  const children = [...system.parents].filter(([, above]) => above.includes(code)).map(([child]) => child);
  const own = (defined?.property ?? []).filter((one) => one.code !== 'parent' && one.code !== 'child');
  return [
    ...(defined?.definition === undefined
      ? []
      : [told('definition', { name: 'value', valueString: defined.definition })]),
    ...[...new Set(parents)].map((parent) => told('parent', { name: 'value', valueCode: parent }, displayOf(parent))),
    ...children.map((child) => told('child', { name: 'value', valueCode: child }, displayOf(child))),
    ...own.map((property) => told(property.code, ownValue(property), descriptions.get(property.code))),
  ];
}

const told = (property: string, value: ParametersParameter, description?: string): Told => ({
  property,
  part: {
    name: 'property',
    part: [
      { name: 'code', valueCode: property },
      value,
      ...(description === undefined ? [] : [{ name: 'description', valueString: description }]),
    ],
  },
});

function ownValue(property: CodeSystemConceptProperty): ParametersParameter {
  const { code: _code, id: _id, extension: _extension, ...value } = property;
  return { name: 'value', ...value };
}
