import t from 'tap';
import json from '../../../profiles/gradings/pro-ctcae.json' with { type: 'json' };
import { NCIT, PRO_CTCAE } from '../../../src/fhir/canonical.ts';
import type { Answer, Attribute, DataQuality, Finding, NotGradable, Outcome } from '../../../src/rules/finding.ts';
import { EXTENSION, UNVALIDATED_WORDING } from '../../../src/rules/resources/codes.ts';
import { type ObservationContext, observationOf, recallStart } from '../../../src/rules/resources/observation.ts';
import { faults, LABELS } from './r4.ts';

const CONTEXT: ObservationContext = {
  patient: 'Patient/p',
  source: 'QuestionnaireResponse/r',
  device: 'Device/d',
  effective: { end: '2026-03-29T22:30:00.000Z' },
  status: 'final',
  labels: LABELS,
  language: 'en',
};

const aFinding = (outcome: Outcome, attributes: Finding['attributes'], over: Partial<Finding> = {}): Finding => ({
  term: 'PROCTCAE_48_COMP',
  system: 'pro-ctcae',
  version: '1.0',
  kind: 'composite',
  outcome,
  attributes,
  dataQuality: [],
  ...over,
});
const graded = (grade: number): Outcome => ({ kind: 'graded', grade });
const not = (reason: NotGradable, missing: readonly Attribute[] = []): Outcome => ({
  kind: 'not-gradable',
  reason,
  missing,
});
const answered = (value: number): Answer => ({ state: 'answered', value, linkId: 'x' });
const missing: Answer = { state: 'missing', linkId: 'x' };
const hidden: Answer = { state: 'hidden', value: 0, linkId: 'x', because: 'PROCTCAE_48A_SCL' };
const notAsked: Answer = { state: 'not-asked' };
const optedOut = (code: string): Answer => ({ state: 'opted-out', linkId: 'x', code });

const rash = { term: 'PROCTCAE_24_COMP', kind: 'presence' } as const;
const other = { term: 'PROCTCAE_OTHER', kind: 'text' } as const;

/** What the Observation holds: the value or the reason for its absence, and so for each component. */
const cases: [
  name: string,
  finding: Finding,
  value: number | string,
  components: readonly (number | string | undefined)[],
][] = [
  [
    'a composite grade is the value and each answer a component',
    aFinding(graded(3), { frequency: answered(4), severity: answered(3), interference: answered(2) }),
    3,
    [4, 3, 2],
  ],
  [
    'grade 0 is a value too, and what branching hid is a true 0',
    aFinding(graded(0), { frequency: answered(0), severity: hidden, interference: hidden }),
    0,
    [0, 0, 0],
  ],
  [
    'a range has no value, since no one number is certain',
    aFinding(
      { kind: 'at-least', min: 2, max: 3, missing: ['interference'] },
      { frequency: answered(4), severity: answered(3), interference: missing },
    ),
    'unknown',
    [4, 3, 'unknown'],
  ],
  [
    'nothing answered is unknown, not zero',
    aFinding(not('not-answered', ['severity']), { severity: missing }),
    'unknown',
    ['unknown'],
  ],
  [
    'a form that does not ask every attribute says not asked',
    aFinding(not('not-asked'), { frequency: answered(2), severity: answered(2), interference: notAsked }),
    'not-asked',
    [2, 2, 'not-asked'],
  ],
  [
    'prefers not to answer is asked and declined',
    aFinding(not('opted-out'), { severity: optedOut('optout-prefer-not-to-answer') }),
    'asked-declined',
    ['asked-declined'],
  ],
  [
    'not sexually active is not applicable',
    aFinding(not('opted-out'), { severity: optedOut('optout-not-sexually-active') }),
    'not-applicable',
    ['not-applicable'],
  ],
  [
    'not applicable is not applicable',
    aFinding(not('opted-out'), { severity: optedOut('optout-not-applicable') }),
    'not-applicable',
    ['not-applicable'],
  ],
  [
    'an opt-out that is not known is not said to be a refusal',
    aFinding(not('opted-out'), { severity: optedOut('optout-new') }),
    'unknown',
    ['unknown'],
  ],
  [
    'declined goes before not applicable',
    aFinding(not('opted-out'), {
      frequency: optedOut('optout-not-applicable'),
      severity: optedOut('optout-prefer-not-to-answer'),
    }),
    'asked-declined',
    ['not-applicable', 'asked-declined'],
  ],
  [
    'an item that is there twice is an error of the form',
    aFinding(not('ambiguous-item'), { severity: answered(3) }, { dataQuality: ['ambiguous-item'] }),
    'error',
    [3],
  ],
  [
    'an amount is graded by its own table',
    aFinding(graded(2), { amount: answered(4) }, { term: 'PROCTCAE_27_COMP' }),
    2,
    [4],
  ],
  ['a yes/no term reported is 1 and has no component', aFinding(graded(1), { presence: answered(1) }, rash), 1, []],
  ['a yes/no term denied is 0', aFinding(graded(0), { presence: answered(0) }, rash), 0, []],
  ['a yes/no term skipped is unknown', aFinding(not('not-answered'), { presence: missing }, rash), 'unknown', []],
  [
    'words that were written are 1, and stay in the response',
    aFinding(graded(1), { presence: answered(1), text: { state: 'written', linkId: 'x' } }, other),
    1,
    [1],
  ],
  ['no other symptom is 0', aFinding(graded(0), { presence: answered(0), text: missing }, other), 0, [0]],
  [
    'other symptoms not asked for are not asked',
    aFinding(not('not-asked'), { presence: notAsked, text: notAsked }, other),
    'not-asked',
    ['not-asked'],
  ],
  [
    'a code without a label is still a valid Observation',
    aFinding(graded(1), { severity: answered(1) }, { term: 'PROCTCAE_999_COMP' }),
    1,
    [1],
  ],
];

for (const [name, finding, value, components] of cases) {
  t.test(name, async (t) => {
    const observation = observationOf(finding, CONTEXT);
    t.same(faults(observation), []);
    t.equal(observation.code.coding?.[0]?.system, PRO_CTCAE);
    t.equal(observation.code.coding?.[0]?.code, finding.term);
    t.equal(observation.valueInteger ?? observation.dataAbsentReason?.coding?.[0]?.code, value);
    t.same(
      (observation.component ?? []).map((one) => one.valueInteger ?? one.dataAbsentReason?.coding?.[0]?.code),
      components,
    );
  });
}

t.test('an Observation says where it comes from and what time it covers', async (t) => {
  const observation = observationOf(aFinding(graded(1), { severity: answered(1) }), {
    ...CONTEXT,
    status: 'amended',
    issued: '2026-03-29T22:31:00.000Z',
    performer: 'RelatedPerson/x',
    tags: [UNVALIDATED_WORDING],
    language: 'fr',
  });
  t.same(faults(observation), []);
  t.match(observation, {
    meta: { tag: [{ code: 'unvalidated-wording' }] },
    status: 'amended',
    category: [{ coding: [{ code: 'survey' }] }],
    code: { coding: [{ display: 'General pain: composite grade' }], text: 'Douleur : grade composite' },
    subject: { reference: 'Patient/p' },
    effectivePeriod: { start: '2026-03-22T22:30:00.000Z', end: '2026-03-29T22:30:00.000Z' },
    issued: '2026-03-29T22:31:00.000Z',
    performer: [{ reference: 'RelatedPerson/x' }],
    method: { coding: [{ code: 'pro-ctcae', version: '1.0' }] },
    device: { reference: 'Device/d' },
    derivedFrom: [{ reference: 'QuestionnaireResponse/r' }],
  });
});

t.test('without tags there is none', async (t) => {
  t.notOk(observationOf(aFinding(graded(1), { severity: answered(1) }), CONTEXT).meta?.tag);
});

t.test('a start that is given is kept', async (t) => {
  const effective = { start: '2026-03-28T00:00:00.000Z', end: '2026-03-29T00:00:00.000Z' };
  const observation = observationOf(aFinding(graded(1), {}), { ...CONTEXT, effective });
  t.same(observation.effectivePeriod, effective);
});

t.test('the recall period is seven times 24 hours, whatever the clocks do', async (t) => {
  t.equal(recallStart('2016-12-31T23:59:60Z'), '2016-12-25T00:00:00.000Z', 'a leap second');
  t.equal(recallStart('2026-03-01T12:00:00.000Z'), '2026-02-22T12:00:00.000Z');
});

t.test('a component carries our item id and the code of NCI, a yes/no term carries both itself', async (t) => {
  const pain = observationOf(aFinding(graded(1), { severity: answered(1) }), CONTEXT);
  t.match(pain.component?.[0]?.code.coding, [
    { system: PRO_CTCAE, code: 'PROCTCAE_48B_SCL' },
    { system: NCIT, code: /^C\d+$/ },
  ]);
  const skin = observationOf(aFinding(graded(1), { presence: answered(1) }, rash), CONTEXT);
  t.same(
    skin.code.coding?.map(({ code }) => code),
    ['PROCTCAE_24_COMP', 'PROCTCAE_24A_IND', 'C180082'],
  );
});

t.test('a component has a text where the display, which is English, does not say it', async (t) => {
  const finding = aFinding(graded(1), { severity: answered(1) });
  t.notOk(observationOf(finding, CONTEXT).component?.[0]?.code.text);
  const french = observationOf(finding, { ...CONTEXT, language: 'fr' });
  t.same(faults(french), []);
  t.equal(french.component?.[0]?.code.text, 'Douleur : intensité');
});

t.test('a zero that branching made says which item hid it', async (t) => {
  const observation = observationOf(aFinding(graded(0), { frequency: answered(0), severity: hidden }), CONTEXT);
  t.notOk(observation.component?.[0]?.extension);
  t.same(observation.component?.[1]?.extension, [{ url: EXTENSION.branched, valueString: 'PROCTCAE_48A_SCL' }]);
});

t.test('a range is told beside the missing value', async (t) => {
  const outcome: Outcome = { kind: 'at-least', min: 0, max: 3, missing: ['severity', 'interference'] };
  const observation = observationOf(aFinding(outcome, { frequency: answered(2), severity: missing }), CONTEXT);
  t.same(observation.extension, [
    {
      url: EXTENSION.atLeast,
      extension: [
        { url: 'min', valueInteger: 0 },
        { url: 'max', valueInteger: 3 },
        { url: 'missing', valueCode: 'severity' },
        { url: 'missing', valueCode: 'interference' },
      ],
    },
  ]);
});

t.test('each doubt about the data has its own extension', async (t) => {
  const dataQuality: DataQuality[] = ['contradictory', 'needs-review', 'clock-ahead'];
  const attributes = { frequency: answered(0), severity: answered(4) };
  const observation = observationOf(aFinding(graded(0), attributes, { dataQuality }), CONTEXT);
  t.same(faults(observation), []);
  t.same(
    observation.extension?.map(({ valueCoding }) => valueCoding?.code),
    dataQuality,
  );
});

t.test('the check of these tests sees what is wrong', async (t) => {
  const observation = observationOf(aFinding(graded(1), { severity: answered(1) }), CONTEXT);
  const code = observation.component?.[0]?.code ?? {};
  t.match(faults({ ...observation, dataAbsentReason: { text: 'x' } }), ['obs-6']);
  t.match(faults({ ...observation, code }), ['obs-7']);
  t.equal(faults({ ...observation, colour: 'red' } as typeof observation).length, 1);
  t.same(faults({ ...observation, id: 'x', derivedFrom: [] }), ['an empty value', 'an id']);
});

t.test('the reason of each opt-out is the one of the library', async (t) => {
  for (const [option, { dataAbsentReason }] of Object.entries(json.items.optOutOptions)) {
    const finding = aFinding(not('opted-out'), { severity: optedOut(`optout-${option.replaceAll('_', '-')}`) });
    t.equal(observationOf(finding, CONTEXT).dataAbsentReason?.coding?.[0]?.code, dataAbsentReason, option);
  }
});
