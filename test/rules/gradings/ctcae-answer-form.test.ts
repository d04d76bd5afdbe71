import { readFileSync } from 'node:fs';
import t from 'tap';
import type { AnswerOption, CompiledItem } from '../../../src/fhir/questionnaire.ts';
import type { CtcaeVersion, Finding } from '../../../src/rules/finding.ts';
import { checkGradingItems, gradingOf } from '../../../src/rules/grade.ts';
import { ANSWER_CODES, CTCAE_ANSWER } from '../../../src/rules/gradings/ctcae-answer-items.ts';
import { answerFieldsOf, GRADED_BY_ANSWERS, gradeAnswers } from '../../../src/rules/gradings/ctcae-answers.ts';
import { CTCAE_DATA } from '../../../src/rules/gradings/ctcae-data.ts';
import { ctcaeAnswerResources } from '../../../tools/ctcae-answer-resources.ts';
import { aForm, anItem, graded, type Said } from './by-hand.ts';

const V2 = 'http://terminology.hl7.org/CodeSystem/v2-0136';
const DAR = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';

const option = (code: string, system = CTCAE_ANSWER): AnswerOption => ({
  value: { valueCoding: { system, code } },
  system,
  code,
});
const options = (...codes: string[]) => codes.map((code) => option(code));
const coded = (code: string, system = CTCAE_ANSWER): Said => ({ valueCoding: { system, code } });

/** An item under one of the codes, which is also its linkId; boolean where nothing else is said. */
const asks = (code: string, differs: Partial<CompiledItem> = {}): CompiledItem =>
  anItem(code, { type: 'boolean', codes: [{ system: CTCAE_ANSWER, code }], ...differs });
const choice = (code: string, ...codes: string[]) => asks(code, { type: 'choice', options: options(...codes) });

const limits = (term: string) => [asks(`${term}.limitsIADL`), asks(`${term}.limitsSelfCare`)];
const PAIN = [choice('pain.severity', 'mild', 'moderate', 'severe'), ...limits('pain')];
const PAIN_OR_NONE = [choice('pain.severity', 'none', 'mild', 'moderate', 'severe'), ...limits('pain')];
const PAIN_ASKED = [asks('pain.present'), ...PAIN];
const FATIGUE = [asks('fatigue.present'), asks('fatigue.relievedByRest'), ...limits('fatigue')];
const DYSPNOEA = [choice('dyspnea.exertion', 'none', 'moderate', 'minimal', 'rest'), ...limits('dyspnea')];
const NEUROPATHY = [
  choice('peripheral_sensory_neuropathy.severity', 'none', 'mild', 'moderate', 'severe'),
  ...limits('peripheral_sensory_neuropathy'),
];
const HAIR = [asks('alopecia.present'), choice('alopecia.percentLost', '<50', '>=50')];
const DIARRHOEA = [
  asks('diarrhea.stoolsPerDay', { type: 'integer' }),
  asks('diarrhea.baselineStoolsPerDay', { type: 'integer' }),
  choice('diarrhea.ostomy', 'none', 'mild', 'moderate', 'severe'),
  ...limits('diarrhea'),
  asks('diarrhea.hospitalisation'),
];

const no = { 'pain.limitsIADL': false, 'pain.limitsSelfCare': false };
const quiet = {
  'diarrhea.ostomy': coded('none'),
  'diarrhea.limitsIADL': false,
  'diarrhea.limitsSelfCare': false,
  'diarrhea.hospitalisation': false,
};
const hidden = (term: string, behind: string) => ({
  [`${term}.limitsIADL`]: { hiddenBy: [behind] },
  [`${term}.limitsSelfCare`]: { hiddenBy: [behind] },
});

/** A grade, a range, why there is none; `C` where the answers contradict each other. */
type Expected = string;
const inWords = ({ outcome, dataQuality }: Finding): Expected => {
  const doubt = dataQuality.includes('contradictory') ? ' C' : '';
  if (outcome.kind === 'graded') return `${outcome.grade}${doubt}`;
  return outcome.kind === 'at-least' ? `${outcome.min}-${outcome.max}${doubt}` : outcome.reason;
};

const cases: [
  name: string,
  form: readonly CompiledItem[],
  said: Readonly<Record<string, Said>>,
  five: Expected,
  six?: Expected,
][] = [
  ['mild', PAIN, { 'pain.severity': coded('mild'), ...no }, '1'],
  ['moderate', PAIN, { 'pain.severity': coded('moderate'), ...no }, '2'],
  ['severe', PAIN, { 'pain.severity': coded('severe'), ...no }, '3'],
  ['mild, and it keeps from shopping', PAIN, { 'pain.severity': coded('mild'), ...no, 'pain.limitsIADL': true }, '2'],
  [
    'mild, and it keeps from washing',
    PAIN,
    { 'pain.severity': coded('mild'), ...no, 'pain.limitsSelfCare': true },
    '3',
  ],
  ['limits are blank', PAIN, { 'pain.severity': coded('moderate') }, '2-3'],
  ['the form does not ask of limits', PAIN.slice(0, 1), { 'pain.severity': coded('mild') }, '1-3'],
  ['all is blank', PAIN, {}, 'not-answered'],
  ['all is declined', PAIN_DECLINING(), { 'pain.severity': coded('asked-declined', DAR) }, 'opted-out'],
  ['severity is declined', PAIN_DECLINING(), { 'pain.severity': coded('asked-declined', DAR), ...no }, '1-3'],
  ['all is hidden behind another question', PAIN, hiddenAll('elsewhere'), 'not-asked'],
  [
    'limits are hidden behind another question',
    PAIN,
    { 'pain.severity': coded('mild'), ...hidden('pain', 'elsewhere') },
    '1-3',
  ],
  [
    'limits are hidden behind a severity that is there',
    PAIN,
    { 'pain.severity': coded('mild'), ...hidden('pain', 'pain.severity') },
    '1-3',
  ],
  [
    'self-care is hidden behind no limits of shopping',
    PAIN,
    {
      'pain.severity': coded('mild'),
      'pain.limitsIADL': false,
      'pain.limitsSelfCare': { hiddenBy: ['pain.limitsIADL'] },
    },
    '1',
  ],
  [
    'shopping is hidden behind no limits of self-care, which says nothing of it',
    PAIN,
    {
      'pain.severity': coded('mild'),
      'pain.limitsSelfCare': false,
      'pain.limitsIADL': { hiddenBy: ['pain.limitsSelfCare'] },
    },
    '1-2',
  ],
  ['none', PAIN_OR_NONE, { 'pain.severity': coded('none') }, '0'],
  ['none, the rest hidden', PAIN_OR_NONE, { 'pain.severity': coded('none'), ...hidden('pain', 'pain.severity') }, '0'],
  ['none, and no limits', PAIN_OR_NONE, { 'pain.severity': coded('none'), ...no }, '0'],
  ['none, and it limits', PAIN_OR_NONE, { 'pain.severity': coded('none'), ...no, 'pain.limitsIADL': true }, '0-3 C'],
  ['severity is blank and could be none', PAIN_OR_NONE, no, '0-3'],
  ['severity is blank, and it limits', PAIN_OR_NONE, { ...no, 'pain.limitsIADL': true }, '2-3'],
  ['not there', PAIN_ASKED, { 'pain.present': false, ...hiddenAll('pain.present') }, '0'],
  ['not there, the rest blank', PAIN_ASKED, { 'pain.present': false }, '0'],
  ['there, the rest blank', PAIN_ASKED, { 'pain.present': true }, '1-3'],
  ['whether it is there is blank', PAIN_ASKED, no, '0-3'],
  ['whether it is there is blank, and it is mild', PAIN_ASKED, { 'pain.severity': coded('mild'), ...no }, '1'],
  ['not there, and severe', PAIN_ASKED, { 'pain.present': false, 'pain.severity': coded('severe'), ...no }, '0-3 C'],
  [
    'there, and none',
    [...PAIN_OR_NONE, asks('pain.present')],
    { 'pain.present': true, 'pain.severity': coded('none'), ...no },
    '0-3 C',
  ],
  [
    'as a choice of Y and N',
    PAIN_YN(),
    { 'pain.severity': coded('mild'), ...no, 'pain.limitsIADL': coded('Y', V2) },
    '2',
  ],
  ['no fatigue', FATIGUE, { 'fatigue.present': false }, '0'],
  [
    'fatigue that rest relieves',
    FATIGUE,
    {
      'fatigue.present': true,
      'fatigue.relievedByRest': true,
      'fatigue.limitsIADL': false,
      'fatigue.limitsSelfCare': false,
    },
    '1',
  ],
  [
    'fatigue that rest does not relieve, and limits nothing, is no step',
    FATIGUE,
    {
      'fatigue.relievedByRest': false,
      'fatigue.present': true,
      'fatigue.limitsIADL': false,
      'fatigue.limitsSelfCare': false,
    },
    'needs-clinician',
  ],
  [
    'not short of breath',
    DYSPNOEA,
    { 'dyspnea.exertion': coded('none'), ...hidden('dyspnea', 'dyspnea.exertion') },
    '0',
  ],
  ['short of breath at rest', DYSPNOEA, { 'dyspnea.exertion': coded('rest') }, '3'],
  [
    'no tingling is no step of v5.0, whose grade 1 is a sign',
    NEUROPATHY,
    {
      'peripheral_sensory_neuropathy.severity': coded('none'),
      ...hidden('peripheral_sensory_neuropathy', 'peripheral_sensory_neuropathy.severity'),
    },
    'needs-clinician',
    '0',
  ],
  ['no hair lost', HAIR, { 'alopecia.present': false }, '0'],
  ['half of the hair', HAIR, { 'alopecia.percentLost': coded('>=50') }, '2'],
  ['9 stools for 2', DIARRHOEA, { 'diarrhea.stoolsPerDay': 9, 'diarrhea.baselineStoolsPerDay': 2, ...quiet }, '3'],
  ['5 stools for 2', DIARRHOEA, { 'diarrhea.stoolsPerDay': 5, 'diarrhea.baselineStoolsPerDay': 2, ...quiet }, '1'],
  ['2 stools for 2', DIARRHOEA, { 'diarrhea.stoolsPerDay': 2, 'diarrhea.baselineStoolsPerDay': 2, ...quiet }, '0'],
  ['60 stools, the usual number blank', DIARRHOEA, { 'diarrhea.stoolsPerDay': 60, ...quiet }, '0-3'],
  ['both numbers blank', DIARRHOEA, quiet, '0-3'],
  [
    'fewer than no stools',
    DIARRHOEA,
    { 'diarrhea.stoolsPerDay': -2, 'diarrhea.baselineStoolsPerDay': 2, ...quiet },
    'value-implausible',
  ],
  [
    'two items of one code',
    [...PAIN, choice('twin', 'mild', 'moderate', 'severe')].map((item) =>
      item.linkId === 'twin' ? { ...item, codes: [{ system: CTCAE_ANSWER, code: 'pain.severity' }] } : item,
    ),
    { 'pain.severity': coded('mild'), twin: coded('severe'), ...no },
    'ambiguous-item',
  ],
];

function PAIN_DECLINING(): CompiledItem[] {
  const severity = options('mild', 'moderate', 'severe');
  return [
    asks('pain.severity', { type: 'choice', options: [...severity, option('asked-declined', DAR)] }),
    ...limits('pain'),
  ];
}

function PAIN_YN(): CompiledItem[] {
  return PAIN.map((item) =>
    item.linkId === 'pain.limitsIADL'
      ? { ...item, type: 'choice', options: [option('Y', V2), option('N', V2), option('asked-unknown', DAR)] }
      : item,
  );
}

function hiddenAll(behind: string) {
  return { 'pain.severity': { hiddenBy: [behind] }, ...hidden('pain', behind) };
}

for (const [name, form, said, five, six = five] of cases) {
  t.test(name, async (t) => {
    const found = graded(form, said).filter(({ system }) => system === 'ctcae');
    t.strictSame(
      found.map((finding) => [finding.system, finding.version, finding.kind, inWords(finding)]),
      [
        ['ctcae', '5.0', 'ladder', five],
        ['ctcae', '6.0', 'ladder', six],
      ],
    );
  });
}

t.test('a finding holds every input of its term and what became of it', async (t) => {
  const [finding] = graded([...PAIN_ASKED, asks('sleep', { codes: [] })].slice(0, 3), {
    'pain.present': true,
    'pain.severity': coded('mild'),
    'pain.limitsIADL': undefined,
  });
  t.strictSame(finding?.structured, [
    { input: 'present', state: 'answered', value: true, linkId: 'pain.present' },
    { input: 'severity', state: 'answered', value: 'mild', linkId: 'pain.severity' },
    { input: 'limitsIADL', state: 'missing', linkId: 'pain.limitsIADL' },
    { input: 'limitsSelfCare', state: 'not-asked' },
  ]);
});

t.test('breathlessness at rest does not wait for its grade', async (t) => {
  for (const [answer, outcome] of [
    ['rest', { kind: 'graded', grade: 1 }],
    ['minimal', { kind: 'graded', grade: 0 }],
    ['none', { kind: 'graded', grade: 0 }],
  ] as const) {
    const [emergency] = graded(DYSPNOEA, { 'dyspnea.exertion': coded(answer) });
    t.match(emergency, { system: 'emergency', term: 'dyspnoea-at-rest', outcome });
  }
  t.match(graded(DYSPNOEA, {})[0], { outcome: { kind: 'not-gradable', reason: 'not-answered' } });
});

t.test('a form without such items is graded by nothing of it', async (t) => {
  t.strictSame(graded([asks('x', { codes: [] })], { x: true }), []);
});

t.test('all terms of one form, in the order of the table', async (t) => {
  const found = graded([...FATIGUE, ...PAIN], { 'fatigue.present': false, 'pain.severity': coded('severe') });
  t.same(
    found.filter(({ version }) => version === '5.0').map((one) => `${one.term} ${inWords(one)}`),
    ['pain 3', 'fatigue 0'],
  );
});

const unfit: [name: string, item: CompiledItem, says: RegExp][] = [
  ['a code that is none', asks('pain.colour'), /pain\.colour .* is not the code of a question/],
  ['the code of an answer', asks('mild'), /mild .* is not the code of a question/],
  ['a term that answers do not grade', asks('vomiting.episodesIn24h'), /is not the code of a question/],
  ['presence where the fields tell it', asks('diarrhea.present'), /is not the code of a question/],
  ['severity as a yes or no', asks('pain.severity'), /of type boolean; expected type choice of mild, moderate, severe/],
  ['severity without its options', asks('pain.severity', { type: 'choice' }), /cannot be enumerated/],
  ['severity without severe', choice('pain.severity', 'mild', 'moderate'), /lack severe/],
  ['severity with words of its own', choice('pain.severity', 'mild', 'moderate', 'severe', 'awful'), /option awful/],
  ['severity as a number', asks('pain.severity', { type: 'integer' }), /of type integer/],
  ['a limit as a number', asks('pain.limitsIADL', { type: 'integer' }), /of type integer/],
  [
    'a count as a decimal',
    asks('diarrhea.stoolsPerDay', { type: 'decimal' }),
    /of type decimal; expected type integer/,
  ],
  [
    'two codes',
    asks('pain.limitsIADL', {
      codes: ['pain.limitsIADL', 'pain.limitsSelfCare'].map((code) => ({ system: CTCAE_ANSWER, code })),
    }),
    /has 2 codes/,
  ],
];
for (const [name, item, says] of unfit) {
  t.test(`${name} is refused`, async (t) => {
    const form = aForm([item]);
    const errors = checkGradingItems(form).filter(({ severity }) => severity === 'error');
    t.match(errors, [{ severity: 'error', diagnostics: says }]);
    t.equal(errors.length, 1);
    t.throws(() => gradingOf(form)([]), says);
  });
}

t.test('what stays open whatever is answered is a warning', async (t) => {
  t.strictSame(checkGradingItems(aForm(PAIN)), []);
  t.strictSame(checkGradingItems(aForm([asks('g', { type: 'group' })])), []);
  t.match(checkGradingItems(aForm(PAIN.slice(0, 2))), [
    { severity: 'warning', diagnostics: /does not ask limitsSelfCare of pain/ },
  ]);
  t.match(
    checkGradingItems(aForm([{ ...asks('pain.limitsIADL'), repeats: true }, ...PAIN.filter((_, at) => at !== 1)])),
    [{ severity: 'warning', diagnostics: /repeats/ }],
  );
});

t.test(
  'no answers lead beyond the highest grade from data, and none to a grade that the table does not have',
  async (t) => {
    for (const { id, maxGradeFromDataAlone } of CTCAE_DATA.entries.filter((one) =>
      GRADED_BY_ANSWERS.includes(one.id),
    )) {
      for (const version of ['5.0', '6.0'] satisfies CtcaeVersion[]) {
        const [field] = answerFieldsOf(id);
        const answers = field?.kind === 'code' ? field.codes : field?.kind === 'count' ? [0, 30] : [true, false];
        const found = answers.map((answer) => gradeAnswers(id, { [field?.name ?? '']: answer }, version)?.outcome);
        const highest = Math.max(
          ...found.map((one) => (one?.kind === 'graded' ? one.grade : one?.kind === 'at-least' ? one.max : 0)),
        );
        t.equal(highest, maxGradeFromDataAlone, `${id} ${version}`);
      }
    }
  },
);

t.test('each question has one code, named for the term and the input', async (t) => {
  t.equal(new Set(ANSWER_CODES.map(({ code }) => code)).size, ANSWER_CODES.length);
  t.ok(ANSWER_CODES.every(({ code }) => /^[a-z_]+\.[A-Za-z]+$/.test(code)));
});

t.test('the CodeSystem that ships is the one that is made from the table', async (t) => {
  for (const [file, resource] of Object.entries(ctcaeAnswerResources())) {
    t.strictSame(JSON.parse(readFileSync(`profiles/${file}`, 'utf8')), JSON.parse(JSON.stringify(resource)), file);
  }
});

t.test('the documentation names every term and input', async (t) => {
  const text = readFileSync('docs/grading-ctcae.md', 'utf8').split('## Structured answers')[1] ?? '';
  for (const { term, field } of ANSWER_CODES) {
    for (const name of [term, field.name, ...field.codes]) t.ok(text.includes(`\`${name}\``), name);
  }
});
