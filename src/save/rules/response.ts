import type { QuestionnaireResponse } from '@medplum/fhirtypes';
import type { Form, Snapshot } from '../../catalog.ts';
import type { Deps } from '../../deps.ts';
import type { Consequence } from '../../evaluation/evaluating.ts';
import { ofResponse } from '../../evaluation/of-response.ts';
import { evaluate, isGraded } from '../../evaluation.ts';
import { splitCanonical } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { businessRule, fault, type Issue } from '../../fhir/errors.ts';
import { isUrgent } from '../../rules/gradings/emergency.ts';
import { inUse, refuse } from './refusals.ts';
import type { Change, Removal } from './type-rules.ts';

/** A response answers a form that we hold, for a patient that we know; then it is evaluated. */
export async function checkResponse(
  deps: Deps,
  within: Compartment,
  change: Change,
): Promise<{ consequence?: Consequence }> {
  const response = change.resource as QuestionnaireResponse; // the row's type
  const { patient, context, current } = change;
  if (patient === undefined || !context) {
    throw businessRule(
      'QuestionnaireResponse.subject is required: the Patient who answered',
      'QuestionnaireResponse.subject',
    );
  }
  const snapshot = await deps.catalog.at(within, context.generation);
  const form = formOf(snapshot, response);
  // What is withdrawn need not be right: the form may have changed since, and the error may be in the answers.
  if (!current || response.status !== 'entered-in-error') refuse(issuesOf(form, response));
  if (current) {
    const before: QuestionnaireResponse = JSON.parse(current.content);
    refuseReopening(before, response);
    refuseOtherForm(before, response);
  }
  const { id, version } = change;
  const consequence = await evaluate(
    deps,
    within,
    ofResponse({ id, version, response, form, snapshot, patient, context }),
  );
  return consequence ? { consequence } : {};
}

/** What is wrong with the answers; where an emergency is among them, also how it is heard, since nothing of a refused response is. */
function issuesOf(form: Form, response: QuestionnaireResponse): readonly Issue[] {
  const issues = form.compiled.validate(response);
  const complete = response.status === 'completed' || response.status === 'amended';
  if (!complete || !issues.some(({ severity }) => severity === 'error' || severity === 'fatal')) return issues;
  const seen = emergenciesIn(form, response);
  if (seen.length === 0) return issues;
  const message = `An answer that tells an emergency (${seen.join(', ')}) is refused with the rest, and nobody is told of it: send these answers again with the status in-progress or stopped, which tells somebody at once`;
  // First: only so many issues are told.
  return [fault('business-rule', message, 'QuestionnaireResponse.status'), ...issues];
}

/** Emergencies that are certainly there in a response that is refused; none where its answers cannot even be read. */
function emergenciesIn(form: Form, response: QuestionnaireResponse): string[] {
  try {
    return form
      .grade(form.compiled.collect(response))
      .filter(isUrgent)
      .map(({ term }) => term);
  } catch {
    return [];
  }
}

function formOf(snapshot: Snapshot, { questionnaire }: QuestionnaireResponse): Form {
  const expression = 'QuestionnaireResponse.questionnaire';
  if (questionnaire === undefined) {
    throw businessRule(
      `${expression} is required: the canonical url, or url|version, of the form that was answered`,
      expression,
    );
  }
  const form = snapshot.form(questionnaire);
  if (form) return form;
  const { url, version } = splitCanonical(questionnaire);
  const held = snapshot.versionsOf(url);
  const what = held.length === 0 ? 'no Questionnaire with this url is held here' : `held here: ${held.join(', ')}`;
  throw businessRule(
    `${expression}: ${version === undefined ? 'expected a Questionnaire that has an active version' : `version ${version} is not known`}; ${what}`,
    expression,
  );
}

/** What was complete stays complete, or is withdrawn; it does not become a draft again. */
function refuseReopening(before: QuestionnaireResponse, after: QuestionnaireResponse): void {
  const wasComplete = before.status === 'completed' || before.status === 'amended';
  if (!wasComplete || (after.status !== 'in-progress' && after.status !== 'stopped')) return;
  throw businessRule(
    `QuestionnaireResponse.status: a ${before.status} response can become amended or entered-in-error, not ${after.status}`,
    'QuestionnaireResponse.status',
  );
}

/** Answers to one form are not answers to another: what was graded from them would vanish. Another version is an amendment. */
function refuseOtherForm(before: QuestionnaireResponse, after: QuestionnaireResponse): void {
  const urlOf = ({ questionnaire }: QuestionnaireResponse) => splitCanonical(questionnaire ?? '').url;
  const wasComplete = before.status === 'completed' || before.status === 'amended';
  if (!wasComplete || urlOf(before) === urlOf(after)) return;
  throw businessRule(
    'QuestionnaireResponse.questionnaire: a completed response stays with its form; mark it entered-in-error and create another',
    'QuestionnaireResponse.questionnaire',
  );
}

/** What has been graded can only be withdrawn. */
export async function refuseGraded(
  deps: Deps,
  within: Compartment,
  { current, patient, context }: Removal,
): Promise<void> {
  if (patient === undefined || !context || !(await isGraded(deps, within, patient, context, current))) return;
  throw inUse(
    `QuestionnaireResponse/${current.id} has been graded and cannot be deleted: update it with status entered-in-error, which retracts what rests on it`,
  );
}
