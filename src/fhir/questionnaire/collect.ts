import type { QuestionnaireResponse, QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
import type { Form } from './compile.ts';
import type { ItemState } from './model.ts';
import { NOTHING } from './node.ts';
import { kindOf } from './values.ts';
import { walk } from './walk.ts';

/** Every item of the form with what the response says of it, in the order of the form. */
export function collectStates(form: Form, response: QuestionnaireResponse): ItemState[] {
  const states: ItemState[] = [];
  walk(form, response, {
    stray() {},
    occurrence(item, entry, path, failed) {
      const enabled = failed.length === 0;
      if (!entry) states.push({ item, enabled, failed, answers: NOTHING });
      else states.push({ item, path, enabled, failed, answers: withValue(entry.item.answer) });
    },
  });
  return states;
}

/** An answer may lack a value, holding nested items or an extension only. */
function withValue(answers: readonly QuestionnaireResponseItemAnswer[] | undefined) {
  if (!answers) return NOTHING;
  return answers.every((answer) => kindOf(answer) !== undefined)
    ? answers
    : answers.filter((answer) => kindOf(answer) !== undefined);
}
