/**
 * Invariants of Condition, MedicationAdministration, CarePlan, ServiceRequest, Task, Consent, Group, Organization and
 * AuditEvent. Source: FHIR R4 (4.0.1), each type's page; the keys are the specification's.
 */
import { inOrder } from './data-types.ts';
import { has, hasChoice, type Invariant, type Node, nodes, text } from './node.ts';

const VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';
const CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const OVER = ['resolved', 'remission', 'inactive'];

const hasCoding = (node: Node, name: string, system: string, codes: readonly string[]): boolean =>
  nodes(node, name).some((concept) =>
    nodes(concept, 'coding').some(
      (coding) => text(coding, 'system') === system && codes.includes(text(coding, 'code') ?? ''),
    ),
  );

/** The published expressions name the system `something`; so they say nothing of a Consent with real codes. */
const needsPatient =
  (scope: string): Invariant =>
  (node) =>
    has(node, 'patient') || !hasCoding(node, 'scope', 'something', [scope]);

const neverAtHome = (node: Node): boolean => node.use !== 'home';

export const CARE: Readonly<Record<string, Invariant>> = {
  'con-1': (node) => has(node, 'summary') || has(node, 'assessment'),
  'con-2': (node) => has(node, 'code') || has(node, 'detail'),
  'con-4': (node) => !hasChoice(node, 'abatement') || hasCoding(node, 'clinicalStatus', CLINICAL, OVER),
  'con-5': (node) =>
    !has(node, 'clinicalStatus') || !hasCoding(node, 'verificationStatus', VERIFICATION, ['entered-in-error']),
  'cpl-3': (node) => !has(node, 'detail') || !has(node, 'reference'),
  'grp-1': (node) => !has(node, 'member') || node.actual === true,
  'mad-1': (node) => has(node, 'dose') || hasChoice(node, 'rate'),
  'org-1': (node) => has(node, 'identifier') || has(node, 'name'),
  'org-2': neverAtHome,
  'org-3': neverAtHome,
  'ppc-1': (node) => has(node, 'policy') || has(node, 'policyRule'),
  'ppc-2': needsPatient('patient-privacy'),
  'ppc-3': needsPatient('research'),
  'ppc-4': needsPatient('adr'),
  'ppc-5': needsPatient('treatment'),
  'prr-1': (node) => !has(node, 'orderDetail') || has(node, 'code'),
  'sev-1': (node) => !has(node, 'name') || !has(node, 'query'),
  'Task:inv-1': (node) => inOrder(node.authoredOn, node.lastModified),
};

/** Advice that is no refusal, of severity warning in the specification. */
export const CARE_ADVICE: Readonly<Record<string, Invariant>> = {
  // The published expression compares a concept with a text; this is what its sentence says.
  'con-3': (node) =>
    has(node, 'clinicalStatus') ||
    hasCoding(node, 'verificationStatus', VERIFICATION, ['entered-in-error']) ||
    !hasCoding(node, 'category', 'http://terminology.hl7.org/CodeSystem/condition-category', ['problem-list-item']),
};
