import t from 'tap';
import type { Finding } from '../../src/rules/finding.ts';
import { atLeast, graded, notGradable, report } from './builders.ts';
import { explainedOf, policyOf, type ThresholdCase, tellsThresholds, thresholdsIn, under } from './explaining.ts';

const NOT_EXCLUDED = '%finding.min >= 1 and (%treatment.systemic.exists() and %treatment.systemic = false).not()';

const joined: ThresholdCase[] = [
  [
    'not() of a comparison that fails',
    '(%finding.min < 2).not()',
    graded(2),
    {},
    'Thresholds met: lowest certain grade 2 >= 2 [it].',
  ],
  [
    'not() of one that holds',
    '(%finding.min < 2).not()',
    graded(1),
    {},
    'Thresholds not met: lowest certain grade 1 >= 2 [it].',
  ],
  [
    'not() of one that cannot be told',
    '(%finding.min < 2).not()',
    notGradable(),
    {},
    'Thresholds that cannot be told: lowest certain grade unknown >= 2 [it].',
  ],
  [
    'each other sign turned',
    '(%finding.min >= 2).not()',
    graded(1),
    {},
    'Thresholds met: lowest certain grade 1 < 2 [it].',
  ],
  ['and', '(%finding.min > 2).not()', graded(2), {}, 'Thresholds met: lowest certain grade 2 <= 2 [it].'],
  ['and', '(%finding.min <= 2).not()', graded(3), {}, 'Thresholds met: lowest certain grade 3 > 2 [it].'],
  ['and', '(%finding.min = 2).not()', graded(3), {}, 'Thresholds met: lowest certain grade 3 != 2 [it].'],
  ['and', '(%finding.min != 2).not()', graded(2), {}, 'Thresholds met: lowest certain grade 2 = 2 [it].'],
  ['of a variable', '%finding.asksInterference.not()', graded(2), {}, 'Thresholds met: interference asked false [it].'],
  [
    'of a bracket: a fact that is not known',
    NOT_EXCLUDED,
    graded(1),
    {},
    'Thresholds met: lowest certain grade 1 >= 1 [it]; it is not known whether there is systemic treatment, which counts as met [it].',
  ],
  [
    'of a bracket: a fact that is so',
    NOT_EXCLUDED,
    graded(1),
    under({ systemic: true }),
    'Thresholds met: lowest certain grade 1 >= 1 [it]; systemic treatment true [it].',
  ],
  [
    'of a bracket: a fact that is not',
    NOT_EXCLUDED,
    graded(1),
    under({ systemic: false }),
    'Thresholds not met: systemic treatment false [it].',
  ],
  [
    'each side of an xor by itself',
    '(%finding.min < 2).not() xor %previous.exists()',
    graded(3),
    {},
    'Thresholds met: lowest certain grade 3 >= 2 [it]. Thresholds not met: there is no previous report [it].',
  ],
  [
    'of implies what comes before is not so',
    '%finding.min >= 3 implies %previous.exists()',
    graded(2),
    {},
    'Thresholds met: lowest certain grade 2 < 3 [it].',
  ],
  [
    'it is so, and what follows is not',
    '%finding.min >= 3 implies %previous.exists()',
    graded(3),
    {},
    'Thresholds not met: lowest certain grade 3 < 3 [it]; there is no previous report [it].',
  ],
  [
    'what follows is so, though it says only that something is there',
    '%finding.min >= 3 implies %baseline.exists()',
    graded(3),
    { baseline: true },
    'Thresholds met: there is a recorded baseline [it].',
  ],
  [
    'what cannot be told beside what holds of an or',
    '%finding.min >= 3 or %finding.severity = 4',
    atLeast(3, 3),
    {},
    'Thresholds met: lowest certain grade 3 >= 3 [it]. Thresholds that cannot be told: severity unknown = 4 [it].',
    'Seuils atteints : grade minimal certain 3 >= 3 [it]. Seuils indécidables : intensité inconnu = 4 [it].',
  ],
  [
    'but not what the same condition says is not there',
    '%previous.empty() or %finding.min > %previous.grade',
    graded(3),
    {},
    'Thresholds met: there is no previous report [it].',
  ],
  [
    'the same asked twice is told once',
    '%finding.min >= 3 or (%finding.min >= 3 and %finding.max >= 3)',
    graded(3),
    {},
    'Thresholds met: lowest certain grade 3 >= 3 [it]; highest grade not excluded 3 >= 3 [it].',
  ],
];

const filters: ThresholdCase[] = [
  [
    'which terms a condition is about is no threshold',
    "(%finding.term = 'PROCTCAE_9_COMP' or %finding.term = 'PROCTCAE_10_COMP') and %finding.min >= 3",
    graded(3),
    {},
    'Thresholds met: lowest certain grade 3 >= 3 [it].',
  ],
  [
    'nor is it by not()',
    "(%finding.system = 'ctcae').not() and %finding.min >= 3",
    graded(2),
    {},
    'Thresholds not met: lowest certain grade 2 >= 3 [it].',
  ],
  [
    'a condition about other terms is left out',
    "(%finding.term = 'PROCTCAE_8_COMP' or %finding.term = 'PROCTCAE_10_COMP') and %finding.min >= 3",
    graded(2),
    {},
    '',
  ],
  [
    'and so is what it says of them beside what it says of this',
    "(%finding.term = 'PROCTCAE_8_COMP' and %finding.min >= 1) or (%finding.term = 'PROCTCAE_9_COMP' and %finding.min >= 3)",
    graded(2),
    {},
    'Thresholds not met: lowest certain grade 2 >= 3 [it].',
  ],
  [
    'what is said of the outcome is told where nothing else is',
    "%finding.outcome = 'not-gradable'",
    notGradable(),
    {},
    'Thresholds met: outcome not gradable = not gradable [it].',
    'Seuils atteints : issue sans grade possible = sans grade possible [it].',
  ],
  [
    'and else is not',
    "%finding.outcome != 'not-gradable' and %finding.min >= 1",
    graded(2),
    {},
    'Thresholds met: lowest certain grade 2 >= 1 [it].',
  ],
];

t.test('whatever joins them, each threshold that decided is told', async (t) => {
  tellsThresholds(t, joined);
});

t.test('what a condition is about is no threshold', async (t) => {
  tellsThresholds(t, filters);
});

t.test('a condition that could not be asked has neither met nor failed', async (t) => {
  const policy = policyOf({ id: 'it', expression: '%finding.min >= 3 or %finding.severity = 4' });
  const spent = {
    ...policy,
    evaluate: (...asked: Parameters<typeof policy.evaluate>) =>
      policy.evaluate(...asked).map((one) => ({ ...one, value: 'undecided' as const, error: 'budget' })),
  };
  const text = (finding: Finding) => explainedOf([report('03-05', finding)], [spent]).text;
  t.equal(thresholdsIn(text(graded(3))), '');
  t.match(text(graded(3)), 'Undecided, which is not a no: it');
  t.equal(thresholdsIn(text(atLeast(3, 3))), 'Thresholds that cannot be told: severity unknown = 4 [it].');
});
