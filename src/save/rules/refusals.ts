import { FhirError, fault, type Issue, MOST_ISSUES } from '../../fhir/errors.ts';

/** 409. Source: FHIR R4, section 3.1.0.7 delete: "reasons specific to that resource, such as referential integrity". */
export const inUse = (diagnostics: string): FhirError =>
  new FhirError([fault('conflict', diagnostics)], { status: 409 });

/** The errors at once, as 422; warnings do not refuse. */
export function refuse(issues: readonly Issue[]): void {
  const errors = issues.filter(({ severity }) => severity === 'error' || severity === 'fatal');
  const [first, ...more] = errors.slice(0, MOST_ISSUES);
  if (first) throw new FhirError([first, ...more], { status: 422 });
}
