import t from 'tap';
import { LOINC } from '../../../../src/fhir/canonical.ts';
import type { AnswerOption, CompiledItem } from '../../../../src/fhir/questionnaire.ts';
import { compileQuestionnaire, NO_TERMINOLOGY } from '../../../../src/fhir/questionnaire.ts';
import { esasR } from '../../../../src/rules/gradings/scores/esas-r.ts';
import { hads } from '../../../../src/rules/gradings/scores/hads.ts';
import { checkScoreItems, SCORE_GRADINGS, scoresOf } from '../../../../src/rules/gradings/scores/index.ts';
import { phq9 } from '../../../../src/rules/gradings/scores/phq-9.ts';
import { SCORE, type ScoreItem } from '../../../../src/rules/gradings/scores/score.ts';
import { aForm, anItem, statesOf, weighted } from '../by-hand.ts';
import { asked } from './by-code.ts';

const item = (data: { items: readonly ScoreItem[] }, at: number): ScoreItem => {
  const found = data.items[at];
  if (!found) throw new Error(`no item ${at}`);
  return found;
};
const first = item(phq9.data, 0);
const pain = item(esasR.data, 0);
const anxiety = item(hads.data, 0);
const LA = ['LA6568-5', 'LA6569-3', 'LA6570-1', 'LA6571-9'];
const loincAnswers = (codes = LA): AnswerOption[] => codes.map((code) => ({ value: {}, system: LOINC, code }));
const integers = (...values: number[]): AnswerOption[] =>
  values.map((integer) => ({ value: { valueInteger: integer }, integer }));
const integer = (of: ScoreItem, minValue?: number, maxValue?: number) =>
  asked(of, { type: 'integer', options: undefined, minValue, maxValue });

const accepted: [name: string, item: CompiledItem][] = [
  ['weighted answers', asked(first)],
  ['its LOINC code alone', asked(first, { codes: [{ system: LOINC, code: '44250-9' }] })],
  ['the LOINC answers, without weights', asked(first, { options: loincAnswers() })],
  ['an integer of its range', integer(first, 0, 3)],
  ['integers as options, in any order', asked(first, { options: integers(2, 0, 3, 1) })],
  ['0 to 10', integer(pain, 0, 10)],
  ['HADS with the weights of the licensed form, in any order', asked(anxiety, { options: weighted([3, 2, 1, 0]) })],
];
for (const [name, one] of accepted) {
  t.test(`accepted: ${name}`, async (t) => t.strictSame(checkScoreItems(aForm([one])), []));
}

const refused: [name: string, items: CompiledItem[], says: RegExp][] = [
  ['1 to 4 for 0 to 3', [integer(first, 1, 4)], /expected minValue 0 and maxValue 3, not 1 and 4/],
  ['an integer without bounds', [integer(first)], /not none and none/],
  ['one answer too few', [asked(first, { options: weighted([0, 1, 2]) })], /stand for 0, 1, 2; expected/],
  ['one answer too many', [asked(first, { options: weighted([0, 1, 2, 3, 3]) })], /stand for 0, 1, 2, 3, 3/],
  ['an answer without weight', [asked(first, { options: weighted([0, 1, 2, undefined]) })], /c3 has no ordinalValue/],
  [
    'a weight that contradicts the LOINC answer',
    [asked(first, { options: loincAnswers().map((option, index) => ({ ...option, ordinal: 3 - index })) })],
    /LA6568-5 stands for 0 and 3 at once/,
  ],
  [
    'a value set that cannot be read',
    [asked(first, { options: undefined, optionsUnknown: true })],
    /cannot be enumerated/,
  ],
  ['a choice without options', [asked(first, { options: undefined })], /no answer options/],
  ['text', [asked(first, { type: 'string', options: undefined })], /expected type choice or integer, not string/],
  ['a boolean', [asked(first, { type: 'boolean', options: undefined })], /not boolean/],
  [
    'two items with one code',
    [asked(first), asked(first, { linkId: 'again' })],
    /item PHQ9_1 has the same code PHQ9_1/,
  ],
  ['an item that repeats', [asked(first, { repeats: true })], /it repeats/],
  [
    'two codes of one instrument that disagree',
    [asked(first, { codes: [...asked(first).codes, { system: LOINC, code: '44255-8' }] })],
    /PHQ9_1 and PHQ9_2/,
  ],
  [
    'our code of PHQ-9 item 9 without the LOINC code by which an emergency is seen',
    [asked(item(phq9.data, 8), { codes: [{ system: SCORE, code: 'PHQ9_9' }] })],
    /lacks the LOINC code 44260-8/,
  ],
  ['a HADS item by a bare number', [integer(anxiety, 0, 3)], /bare number does not say/],
  ['a HADS item by numbers as options', [asked(anxiety, { options: integers(0, 1, 2, 3) })], /has no ordinalValue/],
  [
    'a code of ours that is nothing',
    [asked(pain, { codes: [{ system: SCORE, code: 'ESAS_PIAN' }] })],
    /ESAS_PIAN .* neither/,
  ],
];
for (const [name, items, says] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    const form = aForm(items);
    t.match(checkScoreItems(form), [{ severity: 'error', code: 'business-rule', diagnostics: says }]);
    if (!/neither/.test(says.source)) t.throws(() => scoresOf(form, statesOf(form, {})), says, 'and never scored');
  });
}

t.test('groups, totals and items of others are not ours to judge', async (t) => {
  const total = anItem('t', { type: 'decimal', codes: [{ system: SCORE, code: 'PHQ9_TOTAL' }] });
  const group = anItem('g', { type: 'group', codes: [{ system: LOINC, code: '44250-9' }] });
  const other = anItem('o', { type: 'string', codes: [{ system: LOINC, code: '1-8' }] });
  t.strictSame(checkScoreItems(aForm([total, group, other])), []);
});

t.test('an answer that is none of the options is an error, never an absence', async (t) => {
  const form = aForm([asked(first)]);
  const said = { PHQ9_1: { valueCoding: { system: LOINC, code: 'LA6568-5' } } };
  t.throws(() => scoresOf(form, statesOf(form, said)), /PHQ9_1 is none of its options/);
});

t.test('a reversed HADS item counts its weight, and not the number that stands for the answer', async (t) => {
  const options = integers(0, 1, 2, 3).map((option, index) => ({ ...option, ordinal: 3 - index }));
  const form = aForm(hads.data.items.slice(0, 7).map((of) => asked(of, { options })));
  t.strictSame(checkScoreItems(form), []);
  const said = Object.fromEntries(hads.data.items.slice(0, 7).map(({ code }) => [code, 3]));
  t.match(scoresOf(form, statesOf(form, said)), [{ code: 'HADS_A', value: 0, band: 'normal' }]);
});

t.test('a form as it is stored and answered, from JSON to score', async (t) => {
  const questionnaire = {
    resourceType: 'Questionnaire' as const,
    status: 'active' as const,
    item: phq9.data.items.map(({ code, loinc }) => ({
      linkId: code,
      type: 'choice' as const,
      code: [{ system: LOINC, code: loinc ?? '' }],
      answerOption: LA.map((answer) => ({ valueCoding: { system: LOINC, code: answer } })),
    })),
  };
  const form = compileQuestionnaire(questionnaire, NO_TERMINOLOGY);
  const states = form.collect({
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    item: phq9.data.items.map(({ code }, index) => ({
      linkId: code,
      answer: [{ valueCoding: { system: LOINC, code: LA[index % 4] ?? '' } }],
    })),
  });
  t.strictSame(checkScoreItems(form), []);
  t.match(scoresOf(form, states), [
    { code: 'PHQ9_9', value: 0 },
    { code: 'PHQ9_TOTAL', value: 12, band: 'moderate' },
  ]);
});

t.test('every instrument is whole, sourced, licensed, and has codes of its own', async (t) => {
  const codes = SCORE_GRADINGS.flatMap(({ data }) => data.items.map(({ code }) => code));
  t.equal(new Set(codes).size, codes.length);
  t.equal(new Set(SCORE_GRADINGS.map(({ data }) => data.system)).size, SCORE_GRADINGS.length);
  for (const { data, sources, faults } of SCORE_GRADINGS) {
    t.strictSame(faults(), [], data.system);
    t.ok(sources.length > 0 && data.version && data.title);
    t.match(
      data.licence,
      { note: /Licence status/, status: /./, confidence: /./, itemTextsShipped: false },
      data.system,
    );
    for (const { confidence } of data.drafts) t.type(confidence, 'string');
  }
});

t.test('nothing that is from memory or not found is active', async (t) => {
  for (const { data } of SCORE_GRADINGS) {
    const { drafts, licence, confidence, source, ...active } = data as typeof data & {
      confidence: Record<string, string>;
    };
    t.ok(drafts && licence && source);
    t.notMatch(JSON.stringify(active), /from memory|not found/, data.system);
    for (const [fact, told] of Object.entries(confidence)) {
      // What is used although the table has it from memory says why it follows from what was read.
      if (/from memory/.test(told)) t.match(`${data.system} ${fact}`, /^qlq-c30 answers 1 to range \+ 1$/);
    }
  }
});
