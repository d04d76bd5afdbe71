import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { glim, has, type Nutrition, type NutritionFacts, nutrition } from '../../../src/rules/gradings/nutrition.ts';
import { NUTRITION } from '../../../src/rules/gradings/nutrition-data.ts';
import { muscleReduced } from '../../../src/rules/gradings/nutrition-muscle.ts';
import { bodyMassIndex, type Weight, weightHistory } from '../../../src/rules/gradings/weights.ts';

const DAY = '2026-06-30';
/** The day that lies `days` before DAY. */
const ago = (days: number) => new Date(Date.parse(`${DAY}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
const at = (days: number, kg: number): Weight => ({ kg, day: ago(days) });
/** Weights now and at the start of each window, so that nothing of them is unknown. */
const stable = (kg: number): Weight[] => [at(400, kg), at(183, kg), at(30, kg), at(0, kg)];

/** 60 years, 70 kg and 1.75 m for ever, nothing wrong. */
const well: NutritionFacts = {
  day: DAY,
  birthDate: '1966-01-01',
  sex: 'male',
  weights: stable(70),
  heightCm: 175,
  usual: { kg: 70, day: ago(400) },
  asian: false,
  atRisk: true,
  muscleMass: 'normal',
  muscle: { reduced: false },
  sarcopenia: false,
  intakeHalved: false,
  intakeReduced: false,
  absorption: false,
  acuteIllness: false,
  chronicDisease: false,
  cancer: true,
};
const old = { ...well, birthDate: '1950-01-01' };
/** 100 kg so many days ago, `kg` now; otherwise nothing lost. 2.00 m, so that BMI stays above every limit. */
const lost = (days: number, kg: number, base = well): NutritionFacts => ({
  ...base,
  heightCm: 200,
  usual: { kg, day: ago(400) },
  weights: [
    at(400, kg),
    at(183, kg),
    at(30, kg),
    { ...at(days, 100), confirmed: true },
    { ...at(0, kg), confirmed: true },
  ],
});
/** A height of 2.00 m: BMI 18.5 is 74 kg. */
const ofBmi = (bmi: number, base = well): NutritionFacts => ({
  ...base,
  heightCm: 200,
  weights: stable(bmi * 4),
  usual: { kg: bmi * 4, day: ago(400) },
});

const cases: [
  name: string,
  text: (facts: NutritionFacts) => Nutrition,
  facts: NutritionFacts,
  diagnosis: Nutrition['diagnosis'],
][] = [
  ['GLIM: nothing wrong is none', glim, well, 'none'],
  ['GLIM: exactly 5 % within 6 months is not met', glim, lost(180, 95), 'none'],
  ['GLIM: 5.1 % within 6 months is', glim, lost(180, 94.9), 'undernutrition'],
  ['GLIM: 183 days is within 6 months', glim, lost(183, 94.9), 'undernutrition'],
  ['GLIM: 184 days is beyond', glim, { ...lost(184, 94.9), usual: undefined }, 'none'],
  ['GLIM: exactly 10 % beyond 6 months is not met', glim, lost(300, 90), 'none'],
  ['GLIM: 10.1 % beyond 6 months is', glim, lost(300, 89.9), 'undernutrition'],
  [
    'GLIM: a usual weight of long ago counts as beyond 6 months',
    glim,
    { ...well, usual: { kg: 80, day: ago(200) } },
    'undernutrition',
  ],
  ['GLIM: a usual weight without a day does not', glim, { ...well, usual: { kg: 80 } }, 'none'],
  ['GLIM: BMI 20 under 70 years is not low', glim, ofBmi(20), 'none'],
  ['GLIM: BMI 19.9 under 70 years is', glim, ofBmi(19.9), 'undernutrition'],
  ['GLIM: BMI 22 from 70 years is not', glim, ofBmi(22, old), 'none'],
  ['GLIM: BMI 21.9 from 70 years is', glim, ofBmi(21.9, old), 'undernutrition'],
  ['GLIM: Asian limit under 70 years, 18.5', glim, { ...ofBmi(18.5), asian: true }, 'none'],
  ['GLIM: Asian limit under 70 years, 18.4', glim, { ...ofBmi(18.4), asian: true }, 'undernutrition'],
  ['GLIM: Asian limit from 70 years, 20', glim, { ...ofBmi(20, old), asian: true }, 'none'],
  ['GLIM: Asian limit from 70 years, 19.9', glim, { ...ofBmi(19.9, old), asian: true }, 'undernutrition'],
  ['GLIM: between both limits with the population unknown', glim, { ...ofBmi(19), asian: undefined }, 'undecided'],
  ['GLIM: above both limits with the population unknown', glim, { ...ofBmi(20), asian: undefined }, 'none'],
  ['GLIM: low muscle mass', glim, { ...well, muscleMass: 'mild-to-moderate-deficit' }, 'undernutrition'],
  ['GLIM: a phenotypic criterion without an aetiologic one is none', glim, { ...ofBmi(19), cancer: false }, 'none'],
  ['GLIM: with the aetiologic side unknown it is undecided', glim, { ...ofBmi(19), cancer: undefined }, 'undecided'],
  ['GLIM: intake is aetiologic too', glim, { ...ofBmi(19), cancer: false, intakeReduced: true }, 'undernutrition'],
  ['GLIM: not at risk by screening', glim, { ...ofBmi(19), atRisk: false }, 'none'],
  ['GLIM: not screened is undecided', glim, { ...ofBmi(19), atRisk: undefined }, 'undecided'],
  [
    'GLIM: muscle mass not measured leaves a normal weight undecided',
    glim,
    { ...well, muscleMass: undefined },
    'undecided',
  ],
  [
    'GLIM: a single weight says nothing of a loss',
    glim,
    { ...well, weights: [at(0, 70)], usual: undefined },
    'undecided',
  ],
  [
    'GLIM: a record of 182 days has not seen the whole window',
    glim,
    { ...well, weights: [at(182, 70), at(0, 70)] },
    'undecided',
  ],
  ['GLIM: a loss in it counts all the same', glim, { ...well, weights: [at(20, 80), at(0, 70)] }, 'undernutrition'],

  ['HAS 2019: nothing wrong is none', has, well, 'none'],
  ['HAS 2019: exactly 5 % in 1 month is met', has, lost(30, 95), 'undernutrition'],
  ['HAS 2019: 4.9 % in 1 month is not', has, lost(30, 95.1), 'none'],
  ['HAS 2019: 5 % in 31 days is not', has, lost(31, 95), 'none'],
  ['HAS 2019: exactly 10 % in 6 months is met', has, lost(183, 90), 'undernutrition'],
  ['HAS 2019: 9.9 % in 6 months is not', has, lost(180, 90.1), 'none'],
  ['HAS 2019: 10 % from the usual weight', has, { ...well, usual: { kg: 70 / 0.9 } }, 'undernutrition'],
  ['HAS 2019: 9.9 % from the usual weight', has, { ...well, usual: { kg: 70 / 0.901 } }, 'none'],
  ['HAS 2019: BMI 18.5 is not low', has, ofBmi(18.5), 'none'],
  ['HAS 2019: BMI 18.4 is', has, ofBmi(18.4), 'undernutrition'],
  ['HAS 2019: reduced muscle', has, { ...well, muscle: { gripKg: 26.9 } }, 'undernutrition'],
  ['HAS 2019: muscle unknown is undecided', has, { ...well, muscle: undefined }, 'undecided'],
  ['HAS 2019: no aetiologic criterion', has, { ...ofBmi(18), cancer: false }, 'none'],
  ['HAS: a high BMI does not exclude it', has, { ...lost(30, 95), heightCm: 150 }, 'undernutrition'],
  ['HAS 2021: nothing wrong is none', has, { ...old, weights: stable(80), usual: { kg: 80 } }, 'none'],
  ['HAS 2021: BMI 22 is not low', has, ofBmi(22, old), 'none'],
  ['HAS 2021: BMI 21.9 is', has, ofBmi(21.9, old), 'undernutrition'],
  ['HAS 2021: exactly 5 % in 1 month', has, lost(30, 95, old), 'undernutrition'],
  ['HAS 2021: 4.9 % in 1 month', has, lost(30, 95.1, old), 'none'],
  ['HAS 2021: sarcopenia', has, { ...ofBmi(23, old), sarcopenia: true }, 'undernutrition'],
  ['HAS 2021: sarcopenia not looked for', has, { ...ofBmi(23, old), sarcopenia: undefined }, 'undecided'],
  [
    'HAS: BMI 21 on the day before the 70th birthday is not low',
    has,
    { ...ofBmi(21), birthDate: '1956-07-01' },
    'none',
  ],
  ['HAS: BMI 21 on the 70th birthday is', has, { ...ofBmi(21), birthDate: '1956-06-30' }, 'undernutrition'],
  [
    'HAS: in the year of the 70th birthday, both texts must agree',
    has,
    { ...ofBmi(21), birthDate: '1956' },
    'undecided',
  ],
  ['HAS: and they may', has, { ...ofBmi(18), birthDate: '1956' }, 'undernutrition'],
  ['HAS: born in the month of the 70th birthday', has, { ...ofBmi(21), birthDate: '1956-06' }, 'undecided'],
  ['HAS: no birth date is undecided', has, { ...ofBmi(18), birthDate: undefined }, 'undecided'],
  ['GLIM: no birth date is undecided', glim, { ...ofBmi(18), birthDate: undefined }, 'undecided'],
  ['HAS: on the 18th birthday', has, { ...ofBmi(18), birthDate: '2008-06-30' }, 'undernutrition'],
  ['HAS: the day before it does not apply', has, { ...ofBmi(18), birthDate: '2008-07-01' }, 'not-applicable'],
  ['GLIM: the day before it does not apply', glim, { ...ofBmi(18), birthDate: '2008-07-01' }, 'not-applicable'],
  ['HAS: around the 18th birthday is undecided', has, { ...ofBmi(18), birthDate: '2008' }, 'undecided'],
];
for (const [name, text, facts, diagnosis] of cases) {
  t.test(name, async (t) => {
    const result = text(facts);
    t.equal(result.diagnosis, diagnosis);
    t.equal(
      result.missing.length > 0,
      diagnosis === 'undecided',
      'missing is told where, and only where, it is undecided',
    );
  });
}

t.test('which text of HAS was used is told by the age on the day of the weight', async (t) => {
  t.equal(has({ ...well, birthDate: '1956-07-01' }).version, '2019');
  t.equal(has({ ...well, birthDate: '1956-06-30' }).version, '2021');
  t.equal(has({ ...well, birthDate: '1956' }).version, undefined);
});

const stages: [name: string, facts: NutritionFacts, severity: Nutrition['severity']][] = [
  ['exactly 10 % within 6 months is stage 1', lost(180, 90), { kind: 'graded', grade: 1 }],
  ['10.1 % within 6 months is stage 2', lost(180, 89.9), { kind: 'graded', grade: 2 }],
  ['exactly 20 % beyond is stage 1', lost(300, 80), { kind: 'graded', grade: 1 }],
  ['20.1 % beyond is stage 2', lost(300, 79.9), { kind: 'graded', grade: 2 }],
  ['BMI 18.5 under 70 years is stage 1', ofBmi(18.5), { kind: 'graded', grade: 1 }],
  ['BMI 18.4 is stage 2', ofBmi(18.4), { kind: 'graded', grade: 2 }],
  ['BMI 20 from 70 years is stage 1', ofBmi(20, old), { kind: 'graded', grade: 1 }],
  ['BMI 19.9 from 70 years is stage 2', ofBmi(19.9, old), { kind: 'graded', grade: 2 }],
  ['a severe deficit of muscle is stage 2', { ...well, muscleMass: 'severe-deficit' }, { kind: 'graded', grade: 2 }],
  [
    'muscle mass unknown leaves it open',
    { ...ofBmi(19), muscleMass: undefined },
    { kind: 'at-least', min: 1, max: 2, missing: ['muscle-mass'] },
  ],
  [
    'an Asian population has no limit of severity by BMI',
    { ...ofBmi(18.4), asian: true },
    { kind: 'at-least', min: 1, max: 2, missing: ['population'] },
  ],
  ['no diagnosis has no stage', well, undefined],
];
for (const [name, facts, severity] of stages) {
  t.test(`GLIM severity: ${name}`, async (t) => t.strictSame(glim(facts).severity, severity));
}

t.test(
  'HAS gives no severity: its bands are drafts, and of 70 years and over only the values that are met are named',
  async (t) => {
    const young = has(ofBmi(15));
    t.equal(young.diagnosis, 'undernutrition');
    t.equal(young.severity, undefined);
    t.equal(young.severeValues, undefined);
    t.strictSame(young.drafts, ['has-2019-severity']);
    const aged = (facts: NutritionFacts) => has(facts).severeValues;
    t.strictSame(aged(ofBmi(20, old)), [], 'BMI 20');
    t.strictSame(aged(ofBmi(19.9, old)), ['low-bmi'], 'BMI 19.9');
    t.strictSame(aged(lost(30, 90, old)), ['weight-loss-1m'], '10 % in 1 month');
    t.strictSame(aged(lost(30, 90.1, old)), [], '9.9 % in 1 month');
    t.strictSame(aged(lost(183, 85, old)), ['weight-loss-6m'], '15 % in 6 months');
    t.strictSame(aged(lost(183, 85.1, old)), [], '14.9 % in 6 months');
    t.strictSame(
      aged({ ...ofBmi(21, old), usual: { kg: 84 / 0.85 } }),
      ['weight-loss-usual'],
      '15 % from the usual weight',
    );
    t.strictSame(aged({ ...ofBmi(21, old), albumin: 29.9 }), ['albumin'], 'albumin 29.9');
    t.strictSame(aged({ ...ofBmi(21, old), albumin: 30 }), [], 'albumin 30: the two readings differ');
    t.strictSame(has({ ...ofBmi(21, old), albumin: 30 }).drafts, ['has-2021-severity', 'has-2021-albumin-30']);
    t.equal(has({ ...ofBmi(23, old), albumin: 20 }).diagnosis, 'none', 'albumin never diagnoses');
    t.ok(nutrition.data.drafts.some(({ id, signedBy }) => id === 'has-2021-severity' && signedBy === null));
  },
);

const heights: [cm: number, known: boolean][] = [
  [99.9, false],
  [100, true],
  [230, true],
  [230.1, false],
  [1.75, false],
];
for (const [cm, known] of heights) {
  t.test(`a height of ${cm} cm is ${known ? 'used' : 'refused'}`, async (t) => {
    const result = glim({ ...well, heightCm: cm });
    t.equal(result.bmi !== undefined, known);
    t.strictSame(result.issues, known ? [] : ['height-implausible']);
    t.equal(result.phenotypic[1]?.met === undefined, !known);
  });
}

const changes: [name: string, weights: Weight[], issues: string[], usable: boolean][] = [
  ['15 % in 7 days is believed', [at(7, 100), at(0, 85)], [], true],
  ['15.1 % in 7 days is refused', [at(7, 100), at(0, 84.9)], ['weight-implausible'], false],
  ['a gain of 15.1 % too: pounds for kilograms', [at(7, 70), at(0, 154)], ['weight-implausible'], false],
  ['until it is confirmed', [at(7, 100), { ...at(0, 84.9), confirmed: true }], [], true],
  ['in 8 days it is believed', [at(8, 100), at(0, 84.9)], [], true],
  ['an earlier mistake is no reference', [at(20, 70), at(14, 154), at(0, 70)], ['earlier-weight-implausible'], true],
  ['zero is no weight', [at(7, 70), at(0, 0)], ['weight-implausible'], false],
  ['NaN is no weight', [at(7, 70), at(0, Number.NaN)], ['weight-implausible'], false],
  ['2 kg up in a week', [at(7, 70), at(0, 72)], [], true],
  ['2.1 kg up in a week is fluid, not recovery', [at(7, 70), at(0, 72.1)], ['fluid-gain'], true],
  ['2.1 kg up in 8 days', [at(8, 70), at(0, 72.1)], [], true],
  ['without a weight of the day', [at(7, 70)], [], false],
];
for (const [name, weights, issues, usable] of changes) {
  t.test(`weights: ${name}`, async (t) => {
    const history = weightHistory(weights, DAY);
    t.strictSame(history.issues, issues);
    t.equal(history.current !== undefined, usable);
  });
}

t.test('a current weight that is refused decides nothing', async (t) => {
  const result = has({
    ...well,
    weights: [...stable(70), at(3, 70), at(0, 31)].filter(({ kg, day }) => day !== DAY || kg === 31),
  });
  t.equal(result.diagnosis, 'undecided');
  t.equal(result.bmi, undefined);
  t.strictSame(result.losses, {});
  t.ok(result.missing.includes('weight'));
});

t.test('the reference is the heaviest credible weight of the window, in any order of arrival', async (t) => {
  const weights = [at(0, 90), at(183, 99), at(184, 110), at(30, 95), at(10, 93), at(-1, 200)];
  for (const order of [weights, weights.toReversed()]) {
    const { oneMonth, sixMonths, older } = weightHistory(order, DAY);
    t.strictSame([oneMonth?.reference.kg, sixMonths?.reference.kg, older?.reference.kg], [95, 99, 110]);
  }
});

t.test('BMI is that of the formula', async (t) => {
  t.equal(bodyMassIndex(70, 175), 22.857142857);
  t.equal(bodyMassIndex(74, 200), 18.5);
});

t.test('each measure of muscle, on both sides of its limit, for both sexes', async (t) => {
  const limits = NUTRITION.hasAdult.phenotypic[2].anyOf;
  t.equal(limits.length, 6);
  for (const { id, women, men } of limits) {
    for (const [sex, limit] of [
      ['female', women],
      ['male', men],
    ] as const) {
      t.equal(muscleReduced({ [id]: limit - 0.01 }, sex, limits), true, `${id} ${sex}`);
      t.equal(muscleReduced({ [id]: limit }, sex, limits), undefined, `${id} ${sex}: the others are unknown`);
      const normal = Object.fromEntries(limits.map((row) => [row.id, sex === 'female' ? row.women : row.men]));
      t.equal(muscleReduced(normal, sex, limits), false, 'all measured, none below');
    }
    t.equal(muscleReduced({ [id]: Math.min(women, men) - 0.01 }, undefined, limits), true, `${id} below both`);
    if (women !== men) t.equal(muscleReduced({ [id]: women }, undefined, limits), undefined, `${id} between both`);
  }
});

t.test('the criteria are those of the table of facts', { skip: !existsSync('../shared/clinical') }, async (t) => {
  const table = JSON.parse(readFileSync('../shared/clinical/nutrition.json', 'utf8'));
  const { stage2, ...facts } = NUTRITION.glim;
  t.ok(stage2);
  t.strictSame(facts, table.glim);
  t.strictSame(NUTRITION.hasAdult.phenotypic.slice(0, 2), table.hasAdult.phenotypic.slice(0, 2));
  t.strictSame(NUTRITION.hasElderly.phenotypic, table.hasElderly.phenotypic);
  t.strictSame(
    NUTRITION.hasAdult.phenotypic[2].anyOf.map(({ women, men, ...row }) => [
      women,
      men,
      (row as unknown as { unit: string }).unit,
    ]),
    table.hasAdult.phenotypic[2].anyOf.map((row: Record<string, string>) => {
      const [women, men] = [row.women ?? row.both ?? '', row.men ?? row.both ?? ''];
      return [Number.parseFloat(women.slice(1)), Number.parseFloat(men.slice(1)), women.slice(women.indexOf(' ') + 1)];
    }),
  );
});
