/**
 * The resource types that have a generated structure validator; one line here adds a type. Resources of other R4 types
 * may stand in `contained`, in Bundles and in Parameters, where they are checked loosely.
 */
export const VALIDATED_TYPES = [
  'Basic',
  'Bundle',
  'CodeSystem',
  'Device',
  'Flag',
  'Library',
  'Observation',
  'OperationOutcome',
  'Parameters',
  'Patient',
  'PlanDefinition',
  'Provenance',
  'Questionnaire',
  'QuestionnaireResponse',
  'SearchParameter',
  'StructureDefinition',
  'ValueSet',
] as const;

export type ValidatedType = (typeof VALIDATED_TYPES)[number];
