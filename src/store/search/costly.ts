import { FhirError, fault } from '../../fhir/errors.ts';

/** 400: what only the resources themselves can tell was asked of too many of them. */
export const tooCostly = (what: string): FhirError =>
  new FhirError([
    fault(
      'too-costly',
      `${what}: the index alone cannot decide this search and it leads to too many resources; narrow it`,
    ),
  ]);
