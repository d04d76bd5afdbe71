import type { QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
import { PRO_CTCAE } from '../../../src/fhir/canonical.ts';
import type { AnswerOption, CompiledItem, CompiledQuestionnaire, ItemState } from '../../../src/fhir/questionnaire.ts';
import type { Finding } from '../../../src/rules/finding.ts';
import { grade } from '../../../src/rules/grade.ts';

/** An integer item 0-4 under our code, which is also its linkId; state only what differs. */
export function anItem(linkId: string, differs: Partial<CompiledItem> = {}): CompiledItem {
  return {
    linkId,
    type: 'integer',
    codes: [{ system: PRO_CTCAE, code: linkId }],
    required: false,
    repeats: false,
    readOnly: false,
    optionsUnknown: false,
    minValue: 0,
    maxValue: linkId.endsWith('_IND') ? 1 : 4,
    children: [],
    dependsOn: [],
    ...(linkId === 'PROCTCAE_OTHER_TEXT' ? { type: 'text' } : {}),
    ...differs,
  };
}

export function aForm(items: readonly (CompiledItem | string)[]): CompiledQuestionnaire {
  const all = items.map((item) => (typeof item === 'string' ? anItem(item) : item));
  return {
    items: new Map(all.map((item) => [item.linkId, item])),
    roots: all,
    validate: () => [],
    collect: () => [],
  };
}

/** What a patient did with an item: an integer, text, an answer, `undefined` for a skip, or hidden by these linkIds. */
export type Said =
  | number
  | string
  | boolean
  | QuestionnaireResponseItemAnswer
  | readonly Said[]
  | { hiddenBy: string[] }
  | undefined;

export function statesOf(form: CompiledQuestionnaire, said: Readonly<Record<string, Said>>): ItemState[] {
  return [...form.items.values()].map((item) => {
    const what = said[item.linkId];
    if (typeof what === 'object' && 'hiddenBy' in what)
      return { item, enabled: false, failed: what.hiddenBy, answers: [] };
    return { item, enabled: true, failed: [], answers: answersOf(what) };
  });
}

function answersOf(said: Said): QuestionnaireResponseItemAnswer[] {
  if (said === undefined) return [];
  if (Array.isArray(said)) return said.flatMap(answersOf);
  if (typeof said === 'number') return [{ valueInteger: said }];
  if (typeof said === 'string') return [{ valueString: said }];
  if (typeof said === 'boolean') return [{ valueBoolean: said }];
  return [said as QuestionnaireResponseItemAnswer];
}

/** Findings of one response to a form of these items. */
export function graded(
  items: readonly (CompiledItem | string)[],
  said: Readonly<Record<string, Said>>,
): readonly Finding[] {
  const form = aForm(items);
  return grade(statesOf(form, said), form);
}

/** Codings 0-4 (or as given) with their weights, in a code system of somebody else. */
export function weighted(
  ordinals: readonly (number | undefined)[],
  system = 'http://example.org/scale',
): AnswerOption[] {
  return ordinals.map((ordinal, index) => ({
    value: { valueCoding: { system, code: `c${index}` } },
    system,
    code: `c${index}`,
    ...(ordinal === undefined ? {} : { ordinal }),
  }));
}
