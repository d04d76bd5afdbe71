import type { Issue } from '../fhir/errors.ts';
import type { CompiledQuestionnaire, ItemState } from '../fhir/questionnaire.ts';
import type { Finding } from './finding.ts';
import type { FormGrading } from './gradings/grading.ts';
import { GRADINGS } from './gradings/index.ts';

/**
 * What a response says, by every registered grading system: one finding per term that the form asks, in the order of
 * the terms. Throws on a form whose grading items are unfit and on an answer that is none of the options.
 */
export function grade(states: readonly ItemState[], form: CompiledQuestionnaire): readonly Finding[] {
  return gradingOf(form)(states);
}

/** The grading of one form, prepared once per compiled form and kept as long as it lives. */
export function gradingOf(form: CompiledQuestionnaire): FormGrading {
  const known = prepared.get(form);
  if (known) return known;
  const gradings = GRADINGS.flatMap((grading) => grading.prepare(form) ?? []);
  const all: FormGrading = (states) => gradings.flatMap((one) => one(states));
  prepared.set(form, all);
  return all;
}

/** What is wrong with a form's items that carry codes of a grading system: to be asked when a Questionnaire is stored. */
export function checkGradingItems(form: CompiledQuestionnaire): Issue[] {
  return GRADINGS.flatMap((grading) => grading.check(form));
}

const prepared = new WeakMap<CompiledQuestionnaire, FormGrading>();
