import { LOINC } from '../../../../src/fhir/canonical.ts';
import type { AnswerOption, CompiledItem } from '../../../../src/fhir/questionnaire.ts';
import { valuesOf } from '../../../../src/rules/gradings/scores/items.ts';
import { SCORE, type Score, type ScoreGrading, type ScoreItem } from '../../../../src/rules/gradings/scores/score.ts';
import { aForm, anItem, type Said, statesOf } from '../by-hand.ts';

const SCALE = 'http://example.org/scale';

/** An item of an instrument as a form would ask it: a choice of weighted answers. The linkId is the code. */
export function asked(of: ScoreItem, differs: Partial<CompiledItem> = {}): CompiledItem {
  const options = valuesOf(of).map(
    (ordinal): AnswerOption => ({
      value: { valueCoding: { system: SCALE, code: `v${ordinal}` } },
      system: SCALE,
      code: `v${ordinal}`,
      ordinal,
    }),
  );
  return anItem(of.code, {
    type: 'choice',
    codes: [{ system: SCORE, code: of.code }, ...(of.loinc ? [{ system: LOINC, code: of.loinc }] : [])],
    options,
    minValue: undefined,
    maxValue: undefined,
    ...differs,
  });
}

/** What was answered: a score, nothing, or what else `Said` knows. */
export type Given = Readonly<Record<string, number | Said>>;

/** Scores of a response to a form of all items of the instrument, or of those given, by code. */
export function scored(grading: ScoreGrading, given: Given, items = grading.data.items.map((of) => asked(of))): Scores {
  const form = aForm(items);
  const said = Object.fromEntries(
    Object.entries(given).map(([code, value]) => [
      code,
      typeof value === 'number' ? { valueCoding: { system: SCALE, code: `v${value}` } } : value,
    ]),
  );
  return Object.fromEntries(grading.scoresOf(form, statesOf(form, said)).map((score) => [score.code, score]));
}
export type Scores = Readonly<Record<string, Score>>;

/** One answer per item code, in order; undefined is a skip. */
export function inOrder(codes: readonly string[], values: readonly (number | undefined)[]): Given {
  return Object.fromEntries(codes.map((code, index) => [code, values[index]]));
}

/** Answers of items 0 to `top` each that add up to `total`. */
export function addingUpTo(total: number, codes: readonly string[], top: number): Given {
  let left = total;
  return Object.fromEntries(
    codes.map((code) => {
      const value = Math.min(left, top);
      left -= value;
      return [code, value];
    }),
  );
}

/** Every way to answer `codes` with the values of each. */
export function* everyAnswer(items: readonly ScoreItem[]): Generator<Given> {
  const [first, ...rest] = items;
  if (!first) {
    yield {};
    return;
  }
  for (const value of valuesOf(first)) for (const others of everyAnswer(rest)) yield { [first.code]: value, ...others };
}
