import type { ElementDefinition, StructureDefinition } from '@medplum/fhirtypes';

/** What the compiler of profiles reads of an element definition. */
const READ =
  /^(?:id|path|sliceName|slicing|min|max|type|maxLength|constraint|binding|fixed[A-Z]\w*|pattern[A-Z]\w*|minValue[A-Z]\w*|maxValue[A-Z]\w*)$/;

/** A definition without what is written for people: a tenth of it, since as many are kept as are held. */
export function slimDefinition(definition: StructureDefinition): StructureDefinition {
  const { resourceType, url, version, name, status, date, kind, abstract, type, derivation, baseDefinition, context } =
    definition;
  const { meta, differential, snapshot } = definition;
  return {
    resourceType,
    url,
    version,
    name,
    status,
    date,
    kind,
    abstract,
    type,
    derivation,
    baseDefinition,
    context,
    ...(meta?.lastUpdated === undefined ? {} : { meta: { lastUpdated: meta.lastUpdated } }),
    ...(differential ? { differential: { element: differential.element.map(slimElement) } } : {}),
    ...(snapshot ? { snapshot: { element: snapshot.element.map(slimElement) } } : {}),
  };
}

function slimElement(element: ElementDefinition): ElementDefinition {
  const kept = Object.fromEntries(Object.entries(element).filter(([key]) => READ.test(key))) as ElementDefinition; // a part of one
  const { strength, valueSet } = element.binding ?? {};
  if (strength !== undefined) kept.binding = { strength, ...(valueSet === undefined ? {} : { valueSet }) };
  if (element.constraint) {
    kept.constraint = element.constraint.map(({ key, severity, human, expression, source }) => ({
      key,
      severity,
      human,
      expression,
      source,
    }));
  }
  return kept;
}
