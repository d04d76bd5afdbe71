import t from 'tap';
import { NCIT, PRO_CTCAE } from '../../../src/fhir/canonical.ts';
import type { AnswerOption, CompiledItem } from '../../../src/fhir/questionnaire.ts';
import { checkGradingItems, gradingOf } from '../../../src/rules/grade.ts';
import { DATA } from '../../../src/rules/gradings/pro-ctcae-data.ts';
import { aForm, anItem, graded, weighted } from './by-hand.ts';

const SEVERITY = 'PROCTCAE_15A_SCL';
const PRESENCE = 'PROCTCAE_24A_IND';
const choice = (options: AnswerOption[] | undefined, differs: Partial<CompiledItem> = {}) =>
  anItem(SEVERITY, { type: 'choice', options, minValue: undefined, maxValue: undefined, ...differs });
const own = (...codes: string[]): AnswerOption[] =>
  codes.map((code) => ({ value: { valueCoding: { system: PRO_CTCAE, code } }, system: PRO_CTCAE, code }));
const integers = (...values: number[]): AnswerOption[] =>
  values.map((integer) => ({ value: { valueInteger: integer }, integer }));
const MII = DATA.items.fhirPrecedent.system;
const mii: AnswerOption = { value: {}, system: MII, code: 'proctcae-optout-not-applicable' };
const scale = weighted([0, 1, 2, 3, 4]);

const accepted: [name: string, item: CompiledItem][] = [
  ['integer 0-4', anItem(SEVERITY)],
  [
    'integers 0 to 4 as options, in any order',
    anItem(SEVERITY, { options: integers(4, 0, 2, 1, 3), minValue: undefined, maxValue: undefined }),
  ],
  ['codings with weights', choice(scale)],
  ['codings with weights and our opt-out', choice([...scale, ...own('optout-not-applicable')])],
  ['codings with weights and the opt-out of the German guide', choice([...scale, mii])],
  [
    'our own answer codes, without weights on the form',
    choice(own('severity-0', 'severity-1', 'severity-2', 'severity-3', 'severity-4')),
  ],
  ['integers as options of a choice', choice(integers(0, 1, 2, 3, 4))],
  ['NCIt code alone', anItem('q7', { codes: [{ system: NCIT, code: 'C180065' }] })],
  [
    'NCIt code and ours that agree',
    anItem('q7', {
      codes: [
        { system: NCIT, code: 'C180065' },
        { system: PRO_CTCAE, code: SEVERITY },
      ],
    }),
  ],
  [
    'other codes beside ours',
    anItem(SEVERITY, {
      codes: [
        { system: 'http://loinc.org', code: '1-8' },
        { system: PRO_CTCAE, code: SEVERITY },
      ],
    }),
  ],
  ['boolean yes/no', anItem(PRESENCE, { type: 'boolean' })],
  ['integer yes/no', anItem(PRESENCE)],
  ['two weights yes/no', anItem(PRESENCE, { type: 'choice', options: weighted([0, 1]) })],
  ['any other symptom by NCIt code', anItem('q9', { type: 'boolean', codes: [{ system: NCIT, code: 'C180168' }] })],
  ['write-in text of type string', anItem('PROCTCAE_OTHER_TEXT', { type: 'string' })],
];
for (const [name, item] of accepted) {
  t.test(`accepted: ${name}`, async (t) => {
    t.strictSame(checkGradingItems(aForm([item])), []);
    t.equal(graded([item], {}).length, 1, 'and graded');
  });
}

const refused: [name: string, item: CompiledItem, says: RegExp][] = [
  ['integer 0-10', anItem(SEVERITY, { maxValue: 10 }), /expected minValue 0 and maxValue 4, not 0 and 10/],
  ['integer 1-5', anItem(SEVERITY, { minValue: 1, maxValue: 5 }), /not 1 and 5/],
  ['integer without bounds', anItem(SEVERITY, { minValue: undefined, maxValue: undefined }), /not none and none/],
  [
    'integers 0 to 10 as options',
    choice(integers(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
    /stand for 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10; expected options/,
  ],
  ['integers 1 to 5 as options', choice(integers(1, 2, 3, 4, 5)), /stand for 1, 2, 3, 4, 5/],
  ['integers 0 to 3 as options', choice(integers(0, 1, 2, 3)), /stand for 0, 1, 2, 3;/],
  ['two options of one weight', choice(weighted([0, 1, 2, 2, 3, 4])), /stand for 0, 1, 2, 2, 3, 4/],
  ['weights between the steps', choice(weighted([0, 1, 1.5, 2, 3, 4])), /stand for/],
  ['an option without weight', choice(weighted([0, 1, 2, 3, undefined])), /option c4 has no ordinalValue/],
  [
    'a weight that contradicts the integer',
    choice(integers(0, 1, 2, 3, 4).map((option) => ({ ...option, ordinal: 4 - (option.integer ?? 0) }))),
    /option 0 stands for 0 and 4 at once/,
  ],
  [
    'our frequency codes under severity',
    choice(own('frequency-0')),
    /option frequency-0 answers frequency, not severity/,
  ],
  ['options of text', choice([{ value: { valueString: 'None' }, text: 'None' }]), /neither a coding nor an integer/],
  ['opt-outs only', choice(own('optout-not-applicable')), /stand for nothing/],
  ['options that cannot be enumerated', choice(undefined, { optionsUnknown: true }), /cannot be enumerated/],
  ['a choice without options', choice(undefined), /no answer options/],
  ['open-choice', choice(scale, { type: 'open-choice' }), /expected type choice or integer, not open-choice/],
  ['decimal', anItem(SEVERITY, { type: 'decimal' }), /not decimal/],
  ['boolean under a 0-4 item', anItem(SEVERITY, { type: 'boolean' }), /not boolean/],
  ['0-4 under a yes/no item', anItem(PRESENCE, { maxValue: 4 }), /expected minValue 0 and maxValue 1, not 0 and 4/],
  ['string under a yes/no item', anItem(PRESENCE, { type: 'string' }), /choice, integer or boolean, not string/],
  ['choice under the write-in text', anItem('PROCTCAE_OTHER_TEXT', { type: 'choice' }), /string or text, not choice/],
  [
    'codes that disagree',
    anItem('q7', {
      codes: [
        { system: NCIT, code: 'C180066' },
        { system: PRO_CTCAE, code: SEVERITY },
      ],
    }),
    /PROCTCAE_16A_SCL and PROCTCAE_15A_SCL/,
  ],
  [
    'a code of ours that is no item',
    anItem('q7', { codes: [{ system: PRO_CTCAE, code: 'PROCTCAE_15_COMP' }] }),
    /not the code of an item/,
  ],
];
for (const [name, item, says] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    const form = aForm([{ ...item, text: 'How bad?' }]);
    const [issue, ...more] = checkGradingItems(form);
    t.match(issue, { severity: 'error', code: 'business-rule', diagnostics: says });
    t.ok(issue?.diagnostics.startsWith(`Item ${item.linkId} (How bad?) `), 'names linkId and text');
    t.equal(issue?.expression, `Questionnaire.repeat(item).where(linkId = '${item.linkId}')`);
    t.strictSame(more, []);
    t.throws(() => gradingOf(form)([]), says, 'and never graded');
  });
}

t.test('two items with one code are accepted with a warning', async (t) => {
  const twice = anItem('again', { codes: [{ system: NCIT, code: 'C180065' }] });
  t.match(checkGradingItems(aForm([SEVERITY, twice])), [
    { severity: 'warning', diagnostics: /item PROCTCAE_15A_SCL has the same code/ },
  ]);
});

t.test('a repeating item is accepted with a warning; repeating text needs none', async (t) => {
  t.match(checkGradingItems(aForm([anItem(SEVERITY, { repeats: true })])), [{ severity: 'warning' }]);
  t.strictSame(checkGradingItems(aForm([anItem('PROCTCAE_OTHER_TEXT', { repeats: true })])), []);
});

t.test('groups may carry the code of a term, and NCIt codes of other things are not ours to judge', async (t) => {
  const group = anItem('g', { type: 'group', codes: [{ system: PRO_CTCAE, code: 'PROCTCAE_15_COMP' }] });
  const sex = anItem('sex', { type: 'choice', codes: [{ system: NCIT, code: 'C28421' }] });
  t.strictSame(checkGradingItems(aForm([group, sex])), []);
});

t.test('an option whose own weights disagree is refused', async (t) => {
  const options = scale.map((option, index) => ({ ...option, ordinals: [index, 4 - index] }));
  t.match(checkGradingItems(aForm([choice(options)])), [
    { severity: 'error', diagnostics: /stands for 0 and 4 at once/ },
  ]);
});
