import type { CodeableConcept, Coding } from '@medplum/fhirtypes';
import { CANONICAL, PRO_CTCAE, TAG } from '../../fhir/canonical.ts';
import type { Priority } from '../episode.ts';
import type { GradingSystem } from '../finding.ts';
import type { Label } from './labels.ts';

/** URLs of the extensions that the engine writes. HL7's own first; ours are defined in `profiles/`. */
export const EXTENSION = {
  /** Source: HL7 FHIR R4 4.0.1, extension flag-priority. */
  flagPriority: 'http://hl7.org/fhir/StructureDefinition/flag-priority',
  /** Source: HL7 FHIR R4 4.0.1, extension flag-detail. */
  flagDetail: 'http://hl7.org/fhir/StructureDefinition/flag-detail',
  gradedFinding: `${CANONICAL}/StructureDefinition/graded-finding`,
  atLeast: `${CANONICAL}/StructureDefinition/at-least`,
  branched: `${CANONICAL}/StructureDefinition/branched`,
  dataQuality: `${CANONICAL}/StructureDefinition/data-quality`,
  decisionRecordDigest: `${CANONICAL}/StructureDefinition/decision-record-digest`,
  /** On a QuestionnaireResponse or Observation, set by its author: it is a recorded baseline. */
  baselineReport: `${CANONICAL}/StructureDefinition/baseline-report`,
  /** On an Observation of a clinician: the level of a term that is expected, and until when. */
  expectedLevel: `${CANONICAL}/StructureDefinition/expected-level`,
  /** On a ResearchStudy: the versions of CTCAE that its subjects are graded by. */
  ctcaeVersions: `${CANONICAL}/StructureDefinition/ctcae-versions`,
  /** On an action of a policy, and on the work item that comes of it: within which time a person answers. */
  respondWithin: `${CANONICAL}/StructureDefinition/respond-within`,
  /** On an action of a policy: after which time without news its condition is asked again. */
  askAgainAfter: `${CANONICAL}/StructureDefinition/ask-again-after`,
  /** On the Basic that stands for a moment: what is asked again then, and why. */
  moment: `${CANONICAL}/StructureDefinition/moment`,
  /** In the list of work, beside each Task: the grades of its patient as they are last known. */
  /** On a response: when answering began, as the app knows it. */
  answeringStarted: `${CANONICAL}/StructureDefinition/answering-started`,
  lastGrades: `${CANONICAL}/StructureDefinition/last-grades`,
} as const;

/** Our CodeSystem of the terms of each grading system. */
export const TERMS: Readonly<Record<GradingSystem, string>> = {
  'pro-ctcae': PRO_CTCAE,
  ctcae: `${CANONICAL}/CodeSystem/ctcae`,
  emergency: `${CANONICAL}/CodeSystem/emergency`,
  monitoring: `${CANONICAL}/CodeSystem/monitoring`,
};

/** Profiles that what the engine writes claims in `meta.profile`. */
export const PROFILE = {
  flag: `${CANONICAL}/StructureDefinition/vigie-flag`,
  observation: `${CANONICAL}/StructureDefinition/vigie-graded-observation`,
} as const;

/** Our CodeSystems that the engine's resources use, beside the one of the instrument. */
export const SYSTEM = {
  gradedInput: `${CANONICAL}/CodeSystem/graded-input`,
  /** What an Observation states of its own result. */
  clinicalFact: `${CANONICAL}/CodeSystem/clinical-fact`,
  treatment: `${CANONICAL}/CodeSystem/treatment`,
  dataQuality: `${CANONICAL}/CodeSystem/data-quality`,
  gradingSystem: `${CANONICAL}/CodeSystem/grading-system`,
  flagCode: `${CANONICAL}/CodeSystem/flag-code`,
} as const;

/** Identifier systems of what the engine writes. */
export const NAMING = {
  /** Identity of an episode, hence of its Flag: first opening report and term. */
  episode: `${CANONICAL}/NamingSystem/episode`,
  /** Identity of a version of this rule engine. */
  engine: `${CANONICAL}/NamingSystem/engine`,
} as const;

/** Tag of whatever was graded from a form whose wording is not the one that NCI has validated. */
export const UNVALIDATED_WORDING: Coding = {
  system: TAG,
  code: 'unvalidated-wording',
  display: "Short labels of our own, not NCI's wording: not validated for patients",
};

/** Source: HL7 FHIR R4 4.0.1, CodeSystem flag-priority-code; the French is ours. */
export const PRIORITY: Readonly<Record<Priority, { display: string; words: Label }>> = {
  PN: { display: 'No alarm', words: { en: 'no alarm', fr: 'sans alarme' } },
  PL: { display: 'Low priority', words: { en: 'low priority', fr: 'priorité basse' } },
  PM: { display: 'Medium priority', words: { en: 'medium priority', fr: 'priorité moyenne' } },
  PH: { display: 'High priority', words: { en: 'high priority', fr: 'priorité haute' } },
};

/** A priority as flag-priority holds it. */
export const priorityConcept = (priority: Priority): CodeableConcept => ({
  coding: [{ system: 'http://hl7.org/fhir/flag-priority-code', code: priority, display: PRIORITY[priority].display }],
});

/** Codes of HL7's data-absent-reason that we use. Source: HL7 Terminology, CodeSystem data-absent-reason. */
const ABSENT = {
  unknown: 'Unknown',
  'not-asked': 'Not Asked',
  'asked-declined': 'Asked But Declined',
  'not-applicable': 'Not Applicable',
  error: 'Error',
} as const;

export type AbsentReason = keyof typeof ABSENT;

/** Why a value is not there, as dataAbsentReason holds it. */
export const absentConcept = (reason: AbsentReason): CodeableConcept => ({
  coding: [
    { system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: reason, display: ABSENT[reason] },
  ],
});
