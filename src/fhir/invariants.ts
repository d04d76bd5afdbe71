import { CARE, CARE_ADVICE } from './invariants/care.ts';
import { CONFORMANCE, CONFORMANCE_ADVICE } from './invariants/conformance.ts';
import { DATA_TYPES } from './invariants/data-types.ts';
import type { Invariant } from './invariants/node.ts';
import { CLINICAL } from './invariants/questionnaire.ts';
import { RESOURCES, RESOURCES_ADVICE } from './invariants/resources.ts';

/**
 * The constraints of severity error that JSON Schema cannot say, by key, for the types that have validators and what they
 * are made of; where two types use one key, the second's name stands before it (`Task:inv-1`). ele-1 (nothing is empty), txt-1, txt-2 and eld-3 (formats of one primitive) are checked by the schema's
 * own keywords. Source: FHIR R4 (4.0.1), `constraint` of the StructureDefinitions.
 */
export const INVARIANTS: Readonly<Record<string, Invariant>> = {
  ...DATA_TYPES,
  ...RESOURCES,
  ...CLINICAL,
  ...CONFORMANCE,
  ...CARE,
};

/**
 * The constraints of severity warning, by key: told by `$validate`, never a refusal, and not asked on the write path.
 * Source: FHIR R4 (4.0.1), `constraint` of the StructureDefinitions.
 */
export const ADVICE: Readonly<Record<string, Invariant>> = {
  ...RESOURCES_ADVICE,
  ...CONFORMANCE_ADVICE,
  ...CARE_ADVICE,
};
