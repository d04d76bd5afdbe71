import { CONFORMANCE } from './invariants/conformance.ts';
import { DATA_TYPES } from './invariants/data-types.ts';
import type { Invariant } from './invariants/node.ts';
import { CLINICAL } from './invariants/questionnaire.ts';
import { RESOURCES } from './invariants/resources.ts';

/**
 * The constraints of severity error that JSON Schema cannot say, by key, for the types that have validators and what they
 * are made of. ele-1 (nothing is empty), txt-1, txt-2 and eld-3 (formats of one primitive) are checked by the schema's
 * own keywords. Source: FHIR R4 (4.0.1), `constraint` of the StructureDefinitions.
 */
export const INVARIANTS: Readonly<Record<string, Invariant>> = {
  ...DATA_TYPES,
  ...RESOURCES,
  ...CLINICAL,
  ...CONFORMANCE,
};
