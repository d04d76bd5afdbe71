import type { Issue } from '../fhir/errors.ts';
import type { CompiledQuestionnaire, ItemState } from '../fhir/questionnaire.ts';
import type { Finding } from './finding.ts';
import type { FormGrading } from './gradings/grading.ts';
import { GRADINGS } from './gradings/index.ts';
import { checkScoreItems } from './gradings/scores/index.ts';

/**
 * What a response says, by every registered grading system: one finding per term that the form asks, in the order of
 * the terms. Throws on a form whose grading items are unfit and on an answer that is none of the options.
 */
export function grade(states: readonly ItemState[], form: CompiledQuestionnaire): readonly Finding[] {
  return gradingOf(form)(states);
}

/**
 * The grading of one form, prepared once per compiled form and kept as long as it lives. Of a form with unfit items it is a
 * function that throws, so that whoever grades a response meets the error, and not whoever loads the form.
 */
export function gradingOf(form: CompiledQuestionnaire): FormGrading {
  const known = prepared.get(form);
  if (known) return known;
  const grading = prepare(form);
  prepared.set(form, grading);
  return grading;
}

/** What is wrong with a form's items that carry codes of a grading system: to be asked when a Questionnaire is stored. */
export function checkGradingItems(form: CompiledQuestionnaire): Issue[] {
  return [...GRADINGS.flatMap((grading) => grading.check(form)), ...checkScoreItems(form)];
}

function prepare(form: CompiledQuestionnaire): FormGrading {
  try {
    const gradings = GRADINGS.flatMap((grading) => grading.prepare(form) ?? []);
    const [only] = gradings;
    if (only && gradings.length === 1) return only;
    return (states) => gradings.flatMap((grading) => grading(states));
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

const prepared = new WeakMap<CompiledQuestionnaire, FormGrading>();
