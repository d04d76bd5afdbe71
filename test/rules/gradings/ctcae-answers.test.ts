import t from 'tap';
import type { CtcaeVersion } from '../../../src/rules/finding.ts';
import { type CtcaeAnswers, GRADED_BY_ANSWERS, gradeAnswers } from '../../../src/rules/gradings/ctcae-answers.ts';

type Expected = number | [min: number, max: number] | 'needs-clinician' | 'not-answered' | undefined;

const no = { limitsIADL: false, limitsSelfCare: false };
const noLimits = { ...no, ostomy: 'none', hospitalisation: false };

const cases: [name: string, id: string, version: CtcaeVersion, answers: CtcaeAnswers, expected: Expected][] = [
  ['mild pain is grade 1', 'pain', '5.0', { severity: 'mild', ...no }, 1],
  ['moderate pain is grade 2', 'pain', '5.0', { severity: 'moderate', ...no }, 2],
  ['severe pain is grade 3', 'pain', '6.0', { severity: 'severe', ...no }, 3],
  [
    'mild pain that limits shopping is grade 2',
    'pain',
    '5.0',
    { severity: 'mild', limitsIADL: true, limitsSelfCare: false },
    2,
  ],
  [
    'mild pain that limits self-care is grade 3',
    'pain',
    '5.0',
    { severity: 'mild', limitsIADL: true, limitsSelfCare: true },
    3,
  ],
  ['without a word on limits mild pain is 1 to 3', 'pain', '5.0', { severity: 'mild' }, [1, 3]],
  [
    'without severity, limits of shopping are 2 to 3',
    'headache',
    '5.0',
    { limitsIADL: true, limitsSelfCare: false },
    [2, 3],
  ],
  ['without severity, limits of self-care are 3', 'headache', '5.0', { limitsSelfCare: true }, 3],
  ['without severity, no limits are 1 to 3, never 0', 'headache', '5.0', no, [1, 3]],
  ['nothing answered', 'headache', '5.0', {}, 'not-answered'],
  ['mild tingling is grade 1 in v6', 'peripheral_sensory_neuropathy', '6.0', { severity: 'mild', ...no }, 1],
  [
    'mild tingling has no grade in v5',
    'peripheral_sensory_neuropathy',
    '5.0',
    { severity: 'mild', ...no },
    'needs-clinician',
  ],
  ['moderate tingling is grade 2 in v5', 'peripheral_sensory_neuropathy', '5.0', { severity: 'moderate', ...no }, 2],
  ['no tingling is grade 0 in v6', 'peripheral_sensory_neuropathy', '6.0', { severity: 'none', ...no }, 0],
  [
    'no tingling does not exclude a sign in v5',
    'peripheral_sensory_neuropathy',
    '5.0',
    { severity: 'none', ...no },
    'needs-clinician',
  ],
  ['breathless at moderate exertion', 'dyspnea', '5.0', { exertion: 'moderate', ...no }, 1],
  ['breathless at minimal exertion', 'dyspnea', '5.0', { exertion: 'minimal', ...no }, 2],
  ['breathless at rest', 'dyspnea', '6.0', { exertion: 'rest', ...no }, 3],
  ['fatigue that rest relieves', 'fatigue', '5.0', { relievedByRest: true, ...no }, 1],
  [
    'relieved, and limiting self-care: the table knows no such fatigue',
    'fatigue',
    '5.0',
    { relievedByRest: true, limitsIADL: true, limitsSelfCare: true },
    [1, 3],
  ],
  [
    'relieved, and limiting shopping',
    'fatigue',
    '6.0',
    { relievedByRest: true, limitsIADL: true, limitsSelfCare: false },
    [1, 2],
  ],
  [
    'not relieved and limiting shopping',
    'fatigue',
    '5.0',
    { relievedByRest: false, limitsIADL: true, limitsSelfCare: false },
    2,
  ],
  [
    'not relieved and limiting self-care',
    'fatigue',
    '5.0',
    { relievedByRest: false, limitsIADL: true, limitsSelfCare: true },
    3,
  ],
  ['not relieved alone is unprinted', 'fatigue', '5.0', { relievedByRest: false, ...no }, 'needs-clinician'],
  ['not relieved, limits unknown', 'fatigue', '6.0', { relievedByRest: false }, [0, 3]],
  [
    '5 stools over a usual 3 are grade 1',
    'diarrhea',
    '5.0',
    { stoolsPerDay: 5, baselineStoolsPerDay: 3, ...noLimits },
    1,
  ],
  [
    '6 stools over a usual 3 are grade 1',
    'diarrhea',
    '5.0',
    { stoolsPerDay: 6, baselineStoolsPerDay: 3, ...noLimits },
    1,
  ],
  [
    '7 stools over a usual 3 are grade 2',
    'diarrhea',
    '5.0',
    { stoolsPerDay: 7, baselineStoolsPerDay: 3, ...noLimits },
    2,
  ],
  [
    '9 stools over a usual 3 are grade 2',
    'diarrhea',
    '6.0',
    { stoolsPerDay: 9, baselineStoolsPerDay: 3, ...noLimits },
    2,
  ],
  [
    '10 stools over a usual 3 are grade 3',
    'diarrhea',
    '6.0',
    { stoolsPerDay: 10, baselineStoolsPerDay: 3, ...noLimits },
    3,
  ],
  ['as many as usual are grade 0', 'diarrhea', '5.0', { stoolsPerDay: 3, baselineStoolsPerDay: 3, ...noLimits }, 0],
  ['without the usual number anything up to grade 3', 'diarrhea', '5.0', { stoolsPerDay: 8, ...noLimits }, [0, 3]],
  ['2 a day without the usual number are 0 to 1', 'diarrhea', '5.0', { stoolsPerDay: 2, ...noLimits }, [0, 1]],
  [
    'a moderate increase of ostomy output',
    'diarrhea',
    '5.0',
    { stoolsPerDay: 1, baselineStoolsPerDay: 1, ...noLimits, ostomy: 'moderate' },
    2,
  ],
  [
    'in hospital',
    'diarrhea',
    '5.0',
    { stoolsPerDay: 1, baselineStoolsPerDay: 1, ...noLimits, hospitalisation: true },
    3,
  ],
  ['less than half the hair', 'alopecia', '5.0', { percentLost: '<50' }, 1],
  ['half the hair or more', 'alopecia', '6.0', { percentLost: '>=50' }, 2],
  ['vomiting is graded by what is done about it', 'vomiting', '5.0', { episodesIn24h: 7 }, undefined],
  ['an unknown term', 'nothing', '5.0', {}, undefined],
];
for (const [name, id, version, answers, expected] of cases) {
  t.test(`${id} v${version}: ${name}`, async (t) => {
    const outcome = gradeAnswers(id, answers, version)?.outcome;
    if (expected === undefined) t.equal(outcome, undefined);
    else if (typeof expected === 'number') t.strictSame(outcome, { kind: 'graded', grade: expected });
    else if (typeof expected === 'string') t.match(outcome, { kind: 'not-gradable', reason: expected });
    else t.match(outcome, { kind: 'at-least', min: expected[0], max: expected[1] });
  });
}

t.test('a fact that no patient is asked could raise the grade, but not the highest', async (t) => {
  t.ok(
    gradeAnswers(
      'fatigue',
      { relievedByRest: true, limitsIADL: true, limitsSelfCare: true },
      '5.0',
    )?.dataQuality.includes('contradictory'),
    'answers that speak against each other are told',
  );
  t.strictSame(
    gradeAnswers('diarrhea', { stoolsPerDay: 12, baselineStoolsPerDay: 1, ...noLimits }, '5.0')?.dataQuality,
    ['needs-clinician'],
  );
  t.strictSame(gradeAnswers('alopecia', { percentLost: '>=50' }, '5.0')?.dataQuality, []);
  t.strictSame(
    gradeAnswers('diarrhea', { stoolsPerDay: 1, baselineStoolsPerDay: 1, ...noLimits }, '5.0')?.dataQuality,
    [],
  );
});

t.test('an answer that the field does not offer is refused', async (t) => {
  t.throws(() => gradeAnswers('pain', { severity: 'awful' }, '5.0'), RangeError);
  t.throws(() => gradeAnswers('pain', { severity: 3 }, '5.0'), RangeError);
  t.throws(() => gradeAnswers('diarrhea', { stoolsPerDay: -1 }, '5.0'), RangeError);
});

t.test('the terms that answers grade', async (t) => {
  t.equal(GRADED_BY_ANSWERS.length, 21);
});
