import type { Questionnaire, QuestionnaireItem, QuestionnaireResponseItem } from '@medplum/fhirtypes';
import json from '../../profiles/Questionnaire-pro-ctcae-weekly.json' with { type: 'json' };
import { compositeGrade } from '../rules/gradings/pro-ctcae-composite.ts';
import { TERMS as LIBRARY } from '../rules/gradings/pro-ctcae-data.ts';

// The compiler reads the codes of the file as strings; that it is a Questionnaire is what its own tests check.
const FORM = json as unknown as Questionnaire;

/** `url|version` of the bundled weekly form, which is what the patients of a cohort answer. */
export const FORM_CANONICAL = `${FORM.url}|${FORM.version}`;

/** One item of the form and its answers by their score. */
export interface Item {
  linkId: string;
  attribute: string;
  options: ReadonlyMap<number, { system: string; code: string }>;
}

/** One term of the form: the linkId of its group, its code, and its items in order. */
export interface FormTerm {
  group: string;
  code: string;
  items: readonly Item[];
}

const ORDINAL = 'http://hl7.org/fhir/StructureDefinition/ordinalValue';

/** The terms of the form, in its order. */
export const TERMS: readonly FormTerm[] = (FORM.item ?? []).flatMap((group): FormTerm[] =>
  group.type === 'group'
    ? [{ group: group.linkId, code: `${group.linkId}_COMP`, items: (group.item ?? []).map(itemOf) }]
    : [],
);

/** What a patient left out of a report: the last item that a term asked, or all of them. */
export type Skips = ReadonlyMap<string, 'last' | 'all'>;

/** The answers to the form: of each term up to the first 0, behind which the form hides the rest. */
export function answersOf(
  scores: ReadonlyMap<string, readonly number[]>,
  skips: Skips = new Map(),
): QuestionnaireResponseItem[] {
  return TERMS.flatMap(({ group, items }): QuestionnaireResponseItem[] => {
    const skip = skips.get(group);
    const given = skip === 'all' ? [] : answered(items, scores.get(group) ?? []);
    const item = skip === 'last' ? given.slice(0, -1) : given;
    return item.length > 0 ? [{ linkId: group, item }] : [];
  });
}

/** The composite grade of complete scores, as the published table has it. */
export function gradeOf({ code }: FormTerm, scores: readonly number[]): number {
  const group = LIBRARY.find((term) => term.code === code)?.group;
  if (group === undefined) throw new RangeError(`${code} has no composite grade`);
  return compositeGrade(group, scores);
}

function answered(items: readonly Item[], scores: readonly number[]): QuestionnaireResponseItem[] {
  const given: QuestionnaireResponseItem[] = [];
  for (const [index, { linkId, options }] of items.entries()) {
    const score = scores[index] ?? 0;
    const valueCoding = options.get(score);
    if (!valueCoding) throw new RangeError(`${linkId} has no answer that counts ${score}`);
    given.push({ linkId, answer: [{ valueCoding }] });
    if (score === 0) break;
  }
  return given;
}

function itemOf({ linkId, answerOption = [] }: QuestionnaireItem): Item {
  const options = new Map<number, { system: string; code: string }>();
  for (const { extension, valueCoding } of answerOption) {
    const score = extension?.find(({ url }) => url === ORDINAL)?.valueDecimal;
    if (score !== undefined && valueCoding?.system && valueCoding.code) {
      options.set(score, { system: valueCoding.system, code: valueCoding.code });
    }
  }
  const attribute = options.get(0)?.code.replace(/-\d$/, '') ?? '';
  return { linkId, attribute, options };
}
