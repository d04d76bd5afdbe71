import t from 'tap';
import type { AnswerOption, CompiledItem } from '../../../src/fhir/questionnaire.ts';
import { CTCAE_ANSWER } from '../../../src/rules/gradings/ctcae-answer-items.ts';
import { emergency } from '../../../src/rules/gradings/emergency.ts';
import { DATA, EMERGENCY, emergencyFaults } from '../../../src/rules/gradings/emergency-data.ts';
import { aForm, anItem, type Said, statesOf } from './by-hand.ts';

const V2 = 'http://terminology.hl7.org/CodeSystem/v2-0136';
const DAR = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';

const option = (code: string, system = CTCAE_ANSWER): AnswerOption => ({
  value: { valueCoding: { system, code } },
  system,
  code,
});
const coded = (code: string, system = CTCAE_ANSWER): Said => ({ valueCoding: { system, code } });
const asks = (linkId: string, differs: Partial<CompiledItem> = {}): CompiledItem =>
  anItem(linkId, {
    type: 'boolean',
    codes: [{ system: CTCAE_ANSWER, code: linkId }],
    minValue: undefined,
    maxValue: undefined,
    ...differs,
  });

const PRESENT = asks('dyspnea.present');
const EXERTION = asks('dyspnea.exertion', {
  type: 'choice',
  options: [...['moderate', 'minimal', 'rest'].map((code) => option(code)), option('asked-declined', DAR)],
});
const ASK = asks('ask', { codes: [{ system: EMERGENCY, code: 'ask-dyspnoea-at-rest' }] });
const CHOICE = asks('dyspnea.present', {
  type: 'choice',
  options: [option('Y', V2), option('N', V2), option('asked-unknown', DAR)],
});
const BOTH = [PRESENT, EXERTION];
const behind: Said = { hiddenBy: ['dyspnea.present'] };

const cases: [name: string, form: readonly CompiledItem[], said: Readonly<Record<string, Said>>, told: string][] = [
  ['there, at rest', BOTH, { 'dyspnea.present': true, 'dyspnea.exertion': coded('rest') }, '1'],
  ['there, at minimal exertion', BOTH, { 'dyspnea.present': true, 'dyspnea.exertion': coded('minimal') }, '0'],
  ['none, the rest hidden behind it', BOTH, { 'dyspnea.present': false, 'dyspnea.exertion': behind }, '0'],
  ['none, the rest blank', BOTH, { 'dyspnea.present': false }, '0'],
  [
    'none, the rest declined',
    BOTH,
    { 'dyspnea.present': false, 'dyspnea.exertion': coded('asked-declined', DAR) },
    '0',
  ],
  ['none, and yet at rest', BOTH, { 'dyspnea.present': false, 'dyspnea.exertion': coded('rest') }, '1'],
  ['there, and nobody says when', BOTH, { 'dyspnea.present': true }, 'not-answered'],
  [
    'there, and declined when',
    BOTH,
    { 'dyspnea.present': true, 'dyspnea.exertion': coded('asked-declined', DAR) },
    'opted-out',
  ],
  ['blank, the rest hidden behind it', BOTH, { 'dyspnea.exertion': behind }, 'not-asked'],
  ['both blank', BOTH, {}, 'not-answered'],
  ['blank, at minimal exertion', BOTH, { 'dyspnea.exertion': coded('minimal') }, '0'],
  ['hidden, at rest', BOTH, { 'dyspnea.present': { hiddenBy: ['x'] }, 'dyspnea.exertion': coded('rest') }, '1'],
  ['none, by a form that asks no more', [PRESENT], { 'dyspnea.present': false }, '0'],
  ['there, by a form that asks no more', [PRESENT], { 'dyspnea.present': true }, 'not-asked'],
  ['N of HL7', [CHOICE], { 'dyspnea.present': coded('N', V2) }, '0'],
  ['Y of HL7', [CHOICE], { 'dyspnea.present': coded('Y', V2) }, 'not-asked'],
  ['not known', [CHOICE], { 'dyspnea.present': coded('asked-unknown', DAR) }, 'not-asked'],
  ['none and there at once', [{ ...PRESENT, repeats: true }], { 'dyspnea.present': [false, true] }, 'not-asked'],
  [
    'none and there, the rest blank',
    [{ ...PRESENT, repeats: true }, EXERTION],
    { 'dyspnea.present': [false, true] },
    'not-answered',
  ],
  ['none, and a yes to the question itself', [...BOTH, ASK], { 'dyspnea.present': false, ask: true }, '1'],
  ['none, and a no to the question itself', [...BOTH, ASK], { 'dyspnea.present': false, ask: false }, '0'],
  ['none, and the question itself is blank', [...BOTH, ASK], { 'dyspnea.present': false }, '0-1'],
];
for (const [name, form, said, told] of cases) {
  t.test(`breathlessness at rest by structured answers: ${name}`, async (t) => {
    const compiled = aForm(form);
    const [finding, ...more] = emergency.prepare(compiled)?.(statesOf(compiled, said)) ?? [];
    t.strictSame(more, []);
    t.equal(finding?.term, 'dyspnoea-at-rest');
    const { outcome } = finding ?? {};
    t.equal(
      outcome?.kind === 'graded'
        ? `${outcome.grade}`
        : outcome?.kind === 'at-least'
          ? `${outcome.min}-${outcome.max}`
          : outcome?.reason,
      told,
    );
  });
}

t.test('a denial is the answer that is told', async (t) => {
  const form = aForm(BOTH);
  const [finding] = emergency.prepare(form)?.(statesOf(form, { 'dyspnea.present': false })) ?? [];
  t.strictSame(finding?.attributes, { presence: { state: 'answered', value: 0, linkId: 'dyspnea.present' } });
});

t.test('a structured answer names a term and a ground', async (t) => {
  const [first] = DATA.structured;
  if (!first) throw new Error('no structured answers');
  t.match(emergencyFaults({ ...DATA, structured: [{ ...first, term: 'x' }] }), ['x is no term']);
  t.match(emergencyFaults({ ...DATA, structured: [{ ...first, basis: '' }] }), ['dyspnea.exertion: no basis']);
});
