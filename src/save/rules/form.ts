import type { Questionnaire } from '@medplum/fhirtypes';
import { askedOf, type Form } from '../../catalog.ts';
import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { businessRule, type FhirError } from '../../fhir/errors.ts';
import { checkQuestionnaire, compileQuestionnaire } from '../../fhir/questionnaire.ts';
import { checkGradingItems } from '../../rules/grade.ts';
import { inTurn } from '../canonical.ts';
import { isAnswered } from './answered.ts';
import { heldDue } from './awaited-form.ts';
import { inUse, refuse } from './refusals.ts';
import type { Change, Removal, Ruled } from './type-rules.ts';

/**
 * A form is sound in itself, its items that carry codes of a grading system can be graded, and what patients have answered stays what
 * they were asked: neither this resource nor another of its url and version may say otherwise. Plans that wait for it are told.
 */
export async function checkForm(deps: Deps, within: Compartment, change: Change): Promise<Ruled> {
  const { resource, id, current } = change;
  const questionnaire = resource as Questionnaire; // the row's type
  const claims = await inTurn(deps, within, { ...change, type: 'Questionnaire' }, questionnaire);
  const { terminology, form } = await deps.catalog.at(within);
  refuse(checkQuestionnaire(questionnaire, terminology));
  refuse(checkGradingItems(compileQuestionnaire(questionnaire, terminology)));
  const before: Questionnaire | undefined = current && JSON.parse(current.content);
  if (before && askedOf(before) !== askedOf(questionnaire) && (await isAnswered(deps, within, before)))
    throw answered(before);
  const ruled = { claims, due: [heldDue(questionnaire, id, deps.now().toISOString())] };
  if (questionnaire.url === undefined || questionnaire.version === undefined) return ruled;
  const held = form(`${questionnaire.url}|${questionnaire.version}`);
  if (!held || held.reference.startsWith(`Questionnaire/${current?.id}/`)) return ruled;
  // Not even before the first answer: a report that names the one would be read by the other, and what is severe be missed.
  if (held.asked !== askedOf(questionnaire)) throw taken(questionnaire, held);
  return ruled;
}

/** A form that has been answered can only be retired. */
export async function refuseAnswered(deps: Deps, within: Compartment, { current }: Removal): Promise<void> {
  const questionnaire: Questionnaire = JSON.parse(current.content);
  if (!(await isAnswered(deps, within, questionnaire))) return;
  throw inUse(
    `Questionnaire/${current.id} has been answered and cannot be deleted: update it with status retired instead`,
  );
}

const answered = ({ url, version }: Questionnaire): FhirError =>
  businessRule(
    `${url}|${version} has been answered, so what it asks stays as it is: give the changed form another version`,
    'Questionnaire.item',
  );

const taken = ({ url, version }: Questionnaire, { reference }: Form): FhirError =>
  businessRule(
    `${url}|${version} is ${reference}, which asks something else: give this form another version, or update that one`,
    'Questionnaire.version',
  );
