import { checkReportPlan, checkStay, concernsPlan, concernsStay, endReportPlan, endStay } from './rules/care-plan.ts';
import { checkDefinition, checkParameter } from './rules/conformance.ts';
import { refuseEngine } from './rules/device.ts';
import { checkForm, refuseAnswered } from './rules/form.ts';
import { checkMeanings, refuseMeant } from './rules/meanings.ts';
import { checkObservation, concernsObservation, refuseMeasured } from './rules/observation.ts';
import { refuseInhabited } from './rules/patient.ts';
import { checkPlan, refuseReleased } from './rules/plan.ts';
import { checkResponse, refuseGraded } from './rules/response.ts';
import { checkStudy } from './rules/study.ts';
import { refuseListening } from './rules/subscription.ts';
import { checkTask, concernsTask, refuseWork } from './rules/task.ts';
import type { TypeRules } from './rules/type-rules.ts';

/** The types that have rules of their own. One row per type. */
export const RULES: Readonly<Record<string, TypeRules>> = {
  QuestionnaireResponse: { patientOnly: true, check: checkResponse, refuseRemoval: refuseGraded },
  Observation: { concerns: concernsObservation, check: checkObservation, refuseRemoval: refuseMeasured },
  Questionnaire: { check: checkForm, refuseRemoval: refuseAnswered },
  PlanDefinition: { check: checkPlan, refuseRemoval: refuseReleased },
  CodeSystem: { check: checkMeanings, refuseRemoval: refuseMeant },
  ValueSet: { check: checkMeanings, refuseRemoval: refuseMeant },
  StructureDefinition: { check: checkDefinition },
  SearchParameter: { check: checkParameter },
  Subscription: { check: refuseListening },
  Task: { concerns: concernsTask, check: checkTask, refuseRemoval: refuseWork },
  CarePlan: { concerns: concernsPlan, check: checkReportPlan, removed: endReportPlan },
  ServiceRequest: { concerns: concernsPlan, check: checkReportPlan, removed: endReportPlan },
  Encounter: { concerns: concernsStay, check: checkStay, removed: endStay },
  ResearchStudy: { check: checkStudy },
  Patient: { refuseRemoval: refuseInhabited },
  Device: { check: refuseEngine, refuseRemoval: refuseEngine },
};
