import type { Questionnaire } from '@medplum/fhirtypes';
import { collectStates } from './questionnaire/collect.ts';
import { compileForm } from './questionnaire/compile.ts';
import type { CompiledQuestionnaire } from './questionnaire/model.ts';
import { compileValidation } from './questionnaire/validate.ts';
import type { Terminology } from './terminology.ts';

export { checkQuestionnaire } from './questionnaire/check.ts';
export type { AnswerOption, CompiledItem, CompiledQuestionnaire, ItemState } from './questionnaire/model.ts';
export { type Concept, NO_TERMINOLOGY, type Terminology } from './terminology.ts';

/**
 * Compiles a form once, for all its responses. Its own faults are told by `checkQuestionnaire`, which should have found
 * none; a faulty form is compiled all the same: a condition that names no question counts as unanswered.
 * Source: FHIR R4, Questionnaire and QuestionnaireResponse; each rule is cited where it is written.
 */
export function compileQuestionnaire(questionnaire: Questionnaire, terminology: Terminology): CompiledQuestionnaire {
  const form = compileForm(questionnaire, terminology);
  const { url, version, title } = questionnaire;
  return {
    ...(url === undefined ? {} : { url }),
    ...(version === undefined ? {} : { version }),
    ...(title === undefined ? {} : { title }),
    items: form.items,
    roots: form.root.nodes,
    validate: compileValidation(form),
    collect: (response) => collectStates(form, response),
  };
}
