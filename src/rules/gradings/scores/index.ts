import type { Issue } from '../../../fhir/errors.ts';
import type { CompiledQuestionnaire, ItemState } from '../../../fhir/questionnaire.ts';
import { nutrition } from '../nutrition.ts';
import { eq5d5l } from './eq-5d-5l.ts';
import { esasR } from './esas-r.ts';
import { g8 } from './g8.ts';
import { gad7 } from './gad-7.ts';
import { gp5 } from './gp5.ts';
import { hads } from './hads.ts';
import { ice } from './ice.ts';
import { phq9 } from './phq-9.ts';
import { qlqC30 } from './qlq-c30.ts';
import { SCORE, type Score, type ScoreGrading } from './score.ts';

/** Every instrument beside PRO-CTCAE and CTCAE, one row each, in the order in which its scores are given; PHQ-9 with its item 9 first. */
export const SCORE_GRADINGS: readonly ScoreGrading[] = [
  phq9,
  gad7,
  hads,
  esasR,
  g8,
  qlqC30,
  eq5d5l,
  gp5,
  ice,
  nutrition,
];

/** Every score of one response. Throws on an unfit form, and on an answer that is none of the options. */
export function scoresOf(form: CompiledQuestionnaire, states: readonly ItemState[]): readonly Score[] {
  return SCORE_GRADINGS.flatMap((grading) => grading.scoresOf(form, states));
}

/** What is wrong with a form's items that carry codes of an instrument; errors make it unfit to be stored. */
export function checkScoreItems(form: CompiledQuestionnaire): readonly Issue[] {
  return [...SCORE_GRADINGS.flatMap((grading) => grading.check(form)), ...unknownCodes(form)];
}

/** A code of our own CodeSystem that is neither an item nor a score is a slip that would silently leave an item unscored. */
function unknownCodes(form: CompiledQuestionnaire): Issue[] {
  return [...form.items.values()].flatMap(({ linkId, codes }) =>
    codes
      .filter(({ system, code }) => system === SCORE && !CODES.has(code ?? ''))
      .map(({ code }) => ({
        severity: 'error' as const,
        code: 'business-rule' as const,
        diagnostics: `Item ${linkId}: code ${code} of ${SCORE} is neither an item nor a score`,
        expression: `Questionnaire.repeat(item).where(linkId = '${linkId.replace(/[\\']/g, '\\$&')}')`,
      })),
  );
}

const CODES = new Set(SCORE_GRADINGS.flatMap(({ data }) => [...data.items, ...data.scores].map(({ code }) => code)));
