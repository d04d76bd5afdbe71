import type { QuestionnaireResponse, QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
import type { Form } from './compile.ts';
import type { ItemState } from './model.ts';
import { NOTHING } from './node.ts';
import { kindOf } from './values.ts';
import { pathOf, walk } from './walk.ts';

/** Every item of the form with what the response says of it, in the order of the form. */
export function collectStates(form: Form, response: QuestionnaireResponse): ItemState[] {
  const states: ItemState[] = [];
  walk(form, response, {
    stray() {},
    place(item, found, under, failed) {
      const enabled = failed.length === 0;
      if (found.length === 0) states.push({ item, enabled, failed, answers: NOTHING });
      for (const entry of found) {
        const answers = withValue(entry.item.answer);
        states.push({ item, path: pathOf(under, entry), enabled, failed, answers });
      }
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
