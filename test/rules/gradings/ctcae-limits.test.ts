import t from 'tap';
import type { MeasuredQuantity } from '../../../src/rules/gradings/ctcae-measured.ts';
import { VERSIONS } from './ctcae-by-hand.ts';
import { find, type Given, inWords, q } from './limits-by-hand.ts';

const ANC = '26499-4';
const PLATELETS = '777-3';
const HB = '718-7';
const ALT = '1742-6';
const CPK = '2157-6';
const POTASSIUM = '2823-3';
const CREATININE = '14682-9';
const BILIRUBIN = '14631-6';

type Case = [
  name: string,
  term: string,
  version: string,
  loinc: string,
  value: MeasuredQuantity,
  given: Given,
  told: string,
];

const cases: Case[] = [
  // A limit that no patient could have as a value is none, and a result never looks normal by the other one.
  ['35 to 51 as of 3.5 to 5.1', 'hyperkalemia', '5.0', POTASSIUM, q(5.4, 'mmol/L'), lim(35, 51, 'mmol/L'), '0-1 ?'],
  ['35 to 51 as of 3.5 to 5.1', 'hypokalemia', '5.0', POTASSIUM, q(5.4, 'mmol/L'), lim(35, 51, 'mmol/L'), '0-2 ?'],
  ['what is above a printed number', 'hyperkalemia', '5.0', POTASSIUM, q(6.1, 'mmol/L'), lim(35, 51, 'mmol/L'), '3 ?'],
  ['the highest that a patient can have', 'alt_increased', '5.0', ALT, q(39, 'U/L'), lim(5, 100_000, 'U/L'), '0'],
  ['above it', 'alt_increased', '5.0', ALT, q(39, 'U/L'), lim(5, 100_001, 'U/L'), 'limit-missing ?'],
  ['the lowest that a patient can have', 'alt_increased', '5.0', ALT, q(39, 'U/L'), lim(1, 40, 'U/L'), '0'],
  ['below it: both limits go', 'alt_increased', '5.0', ALT, q(39, 'U/L'), lim(0.9, 40, 'U/L'), 'limit-missing ?'],
  ['below zero', 'alt_increased', '5.0', ALT, q(39, 'U/L'), lim(-1, 40, 'U/L'), 'limit-missing ?'],
  ['a lower limit of 0 is none', 'alt_increased', '5.0', ALT, q(39, 'U/L'), lim(0, 40, 'U/L'), '0'],
  ['a lower limit of 0 is none', 'hypokalemia', '5.0', POTASSIUM, q(3.2, 'mmol/L'), lim(0, 5.1, 'mmol/L'), '0-2'],
  ['beside a lower limit of 0', 'hyperkalemia', '5.0', POTASSIUM, q(5.3, 'mmol/L'), lim(0, 5.1, 'mmol/L'), '1'],
  ['lower above upper', 'anemia', '5.0', HB, q(13, 'g/dL'), lim(16, 12, 'g/dL'), '0-1 ?'],
  ['an upper limit of 0', 'alt_increased', '5.0', ALT, q(39, 'U/L'), lim(undefined, 0, 'U/L'), 'limit-missing ?'],
  [
    'limits that the table does not ask for',
    'neutrophil_count_decreased',
    '6.0',
    ANC,
    q(5, '10*9/L'),
    lim(1800, 7500, '10*9/L'),
    '0',
  ],
  // One that has no part in the grade takes nothing away from what lies beyond the other: ranges of small children.
  ...VERSIONS.flatMap((version): Case[] => {
    const creatinine = (value: number, low: number, high: number) =>
      ['creatinine_increased', version, CREATININE, q(value, 'umol/L'), lim(low, high, 'umol/L')] as const;
    const bilirubin = (value: number, low: number): [string, string, string, MeasuredQuantity, Given] => [
      ...(['bilirubin_increased', version, BILIRUBIN, q(value, 'umol/L')] as const),
      { ...lim(low, 21, 'umol/L'), baseline: [10, 'umol/L', [undefined, 21, 'umol/L']] },
    ];
    const alt = (low: number): [string, string, string, MeasuredQuantity, Given] => [
      ...(['alt_increased', version, ALT, q(130, 'U/L')] as const),
      { ...lim(low, 40, 'U/L'), baseline: [30, 'U/L', [undefined, 40, 'U/L']] },
    ];
    return [
      ['of a small child', ...creatinine(200, 15, 31), '4 ?'],
      ['above six times', ...creatinine(186.1, 15, 31), '4 ?'],
      ['six times', ...creatinine(186, 15, 31), '3-4 ?'],
      ['at the limit: none is called normal', ...creatinine(31, 15, 31), 'limit-missing ?'],
      [
        'of a child, in mg/dL',
        'creatinine_increased',
        version,
        '2160-0',
        q(2.6, 'mg/dL'),
        lim(0.17, 0.42, 'mg/dL'),
        '4 ?',
      ],
      ['of a girl', ...creatinine(200, 18, 90), '2-4 ?'],
      ['a lower limit just short', ...creatinine(200, 19.9, 90), '2-4 ?'],
      ['a lower limit that a patient can have', ...creatinine(200, 20, 90), '2-3'],
      ['the limit that counts, at the bound', ...creatinine(200, 15, 20), '4 ?'],
      ['the limit that counts, just short', ...creatinine(200, 15, 19.9), 'limit-missing ?'],
      ['mg/dL under umol/L', ...creatinine(200, 0.6, 1.2), 'limit-missing ?'],
      ['a lower limit just short', ...bilirubin(40, 0.3), '2-4 ?'],
      ['a lower limit that a patient can have', ...bilirubin(40, 0.855), '2'],
      ['at the limit: none is called normal', ...bilirubin(21, 0.3), 'limit-missing ?'],
      ['a lower limit just short', ...alt(0.2), '2-4 ?'],
      ['below zero', ...alt(-1), '2-4 ?'],
      ['a lower limit that a patient can have', ...alt(1), '2'],
      ['nothing is left', 'alt_increased', version, ALT, q(130, 'U/L'), lim(0.2, undefined, 'U/L'), 'limit-missing ?'],
    ];
  }),
  ['an upper limit of 60', 'neutrophil_count_decreased', '5.0', ANC, q(1.6, '10*9/L'), lim(1.8, 60, '10*9/L'), '1 ?'],
  ['at the limit', 'neutrophil_count_decreased', '5.0', ANC, q(1.8, '10*9/L'), lim(1.8, 60, '10*9/L'), '0-1 ?'],
  ['an upper limit of 50', 'neutrophil_count_decreased', '5.0', ANC, q(1.8, '10*9/L'), lim(1.8, 50, '10*9/L'), '0-1 ?'],
  ['just short of 50', 'neutrophil_count_decreased', '5.0', ANC, q(1.8, '10*9/L'), lim(1.8, 49.9, '10*9/L'), '0'],
  ['below zero', 'anemia', '5.0', HB, q(110, 'g/L'), lim(-1, 160, 'g/L'), '0-1 ?'],
  [
    'of a baseline: above its limit',
    'alt_increased',
    '5.0',
    ALT,
    q(130, 'U/L'),
    { ...lim(5, 40, 'U/L'), baseline: [60, 'U/L', [0.2, 40, 'U/L']] },
    '1 ?',
  ],
  [
    'of a baseline: not above its limit',
    'alt_increased',
    '5.0',
    ALT,
    q(130, 'U/L'),
    { ...lim(5, 40, 'U/L'), baseline: [40, 'U/L', [0.2, 40, 'U/L']] },
    '2 ?',
  ],
  // Limits that contradict the table.
  ['g/dL under g/L', 'anemia', '5.0', HB, q(105, 'g/L'), lim(12, 16, 'g/L'), '0-1 ?'],
  ['g/dL under g/L, and a printed number', 'anemia', '5.0', HB, q(79, 'g/L'), lim(12, 16, 'g/L'), '3 ?'],
  ['a laboratory with 1.4', 'neutrophil_count_decreased', '5.0', ANC, q(5, '10*9/L'), lim(1.4, 7, '10*9/L'), '0-1 ?'],
  ['a laboratory with 1.4', 'neutrophil_count_decreased', '5.0', ANC, q(1.45, '10*9/L'), lim(1.4, 7, '10*9/L'), '2 ?'],
  ['a laboratory with 1.4', 'neutrophil_count_decreased', '6.0', ANC, q(5, '10*9/L'), lim(1.4, 7, '10*9/L'), '0'],
  ['a laboratory with 1.5', 'neutrophil_count_decreased', '5.0', ANC, q(1.6, '10*9/L'), lim(1.5, 7, '10*9/L'), '0'],
  [
    'limits of a random sample',
    'hyperglycemia',
    '6.0',
    '14749-6',
    q(9.5, 'mmol/L'),
    { ...lim(4, 11, 'mmol/L'), facts: { fasting: false } },
    '0',
  ],
  [
    'the same of a fasting one',
    'hyperglycemia',
    '6.0',
    '14749-6',
    q(8.5, 'mmol/L'),
    { ...lim(4, 11, 'mmol/L'), facts: { fasting: true } },
    '0-1 ?',
  ],
  ['the same of one or the other', 'hyperglycemia', '6.0', '14749-6', q(8.5, 'mmol/L'), lim(4, 11, 'mmol/L'), '0-1 ?'],
  [
    'each term is told by the limit that it asks for',
    'hypoglycemia',
    '6.0',
    '14749-6',
    q(3.5, 'mmol/L'),
    lim(4, 11, 'mmol/L'),
    '1',
  ],
  // Limits in a unit of another size: as they say, and as bare numbers in the unit of the result.
  ['only as they say', 'anemia', '5.0', HB, q(105, 'g/L'), lim(12, 16, 'g/dL'), '1'],
  ['only as they say', 'anemia', '5.0', HB, q(125, 'g/L'), lim(12, 16, 'g/dL'), '0'],
  ['only as they say, in moles', 'anemia', '5.0', HB, q(11.5, 'g/dL'), lim(7.4, 9.9, 'mmol/L'), '1'],
  [
    'the same size by another name',
    'platelet_count_decreased',
    '5.0',
    PLATELETS,
    q(90, '10*9/L'),
    lim(150, 400, '10*3/uL'),
    '1',
  ],
  ['only as bare numbers', 'anemia', '5.0', HB, q(10.5, 'g/dL'), lim(12, 16, 'g/L'), '1 ?'],
  ['only as bare numbers', 'platelet_count_decreased', '5.0', PLATELETS, q(90, '10*9/L'), lim(150, 400, '/uL'), '1 ?'],
  ['only as bare numbers', 'neutrophil_count_decreased', '5.0', ANC, q(1.6, '10*9/L'), lim(1.8, 7.5, '/uL'), '1 ?'],
  ['only as bare numbers', 'neutrophil_count_decreased', '5.0', ANC, q(1.9, '10*9/L'), lim(1.8, 7.5, '/uL'), '0 ?'],
  ['only as bare numbers', 'anemia', '5.0', HB, q(130, 'g/L'), lim(120, 160, 'g/dL'), '0 ?'],
  [
    'only as bare numbers, over a baseline',
    'creatinine_increased',
    '6.0',
    CREATININE,
    q(700, 'umol/L'),
    { ...lim(60, 110, 'mg/dL'), baseline: [80, 'umol/L', [60, 110, 'umol/L']] },
    '4 ?',
  ],
  [
    'either, so that every grade is possible',
    'alt_increased',
    '5.0',
    ALT,
    q(900, 'U/L'),
    { ...lim(undefined, 40, 'ukat/L'), baseline: [30, 'U/L', [undefined, 40, 'U/L']] },
    'limit-missing ?',
  ],
  ['either, of which both say 0', 'alt_increased', '5.0', ALT, q(39, 'U/L'), lim(undefined, 40, 'ukat/L'), '0 ?'],
  ['either, of which both say 4', 'cpk_increased', '5.0', CPK, q(30_000, 'U/L'), lim(undefined, 30, 'ukat/L'), '4 ?'],
  [
    'either, so that every grade is possible',
    'cpk_increased',
    '5.0',
    CPK,
    q(3000, 'U/L'),
    lim(undefined, 190, 'ukat/L'),
    'limit-missing ?',
  ],
  ['either', 'cpk_increased', '5.0', CPK, q(1000, 'U/L'), lim(undefined, 190, 'ukat/L'), '0-3 ?'],
  ['either', 'cpk_increased', '5.0', CPK, q(1000, 'U/L'), lim(undefined, 3.3, 'ukat/L'), '3-4 ?'],
  [
    'either, in moles',
    'bilirubin_increased',
    '5.0',
    BILIRUBIN,
    q(60, 'umol/L'),
    { ...lim(undefined, 17, 'mg/dL'), baseline: [10, 'umol/L', [undefined, 17, 'umol/L']] },
    '0-3 ?',
  ],
  ['neither', 'anemia', '5.0', HB, q(13, 'g/dL'), lim(1.2, 1.6, 'g/L'), '0-1 ?'],
  ['another kind of unit', 'platelet_count_decreased', '5.0', PLATELETS, q(100, '10*9/L'), lim(150, 400, 'g/L'), '0-1'],
  [
    'a factor from memory',
    'hypophosphatemia',
    '5.0',
    '2777-1',
    q(2, 'mg/dL'),
    lim(0.8, undefined, 'mmol/L'),
    'limit-missing',
  ],
  // Limits of the baseline.
  [
    'a baseline within its limits either way',
    'alt_increased',
    '5.0',
    ALT,
    q(130, 'U/L'),
    { ...lim(5, 40, 'U/L'), baseline: [30, 'U/L', [undefined, 40, 'ukat/L']] },
    '2 ?',
  ],
  [
    'a baseline above its limit one way',
    'alt_increased',
    '5.0',
    ALT,
    q(130, 'U/L'),
    { ...lim(5, 40, 'U/L'), baseline: [60, 'U/L', [undefined, 40, 'ukat/L']] },
    '1-2 ?',
  ],
  [
    'a baseline above its limit, as it says',
    'alt_increased',
    '5.0',
    ALT,
    q(130, 'U/L'),
    { ...lim(5, 40, 'U/L'), baseline: [60, 'U/L', [undefined, 0.7, 'ukat/L']] },
    '1',
  ],
  [
    'a limit that no patient has',
    'alt_increased',
    '5.0',
    ALT,
    q(130, 'U/L'),
    { ...lim(5, 40, 'U/L'), baseline: [60, 'U/L', [undefined, 100_001, 'U/L']] },
    '1-2 ?',
  ],
  [
    'the highest that a patient has',
    'alt_increased',
    '5.0',
    ALT,
    q(130, 'U/L'),
    { ...lim(5, 40, 'U/L'), baseline: [60, 'U/L', [undefined, 100_000, 'U/L']] },
    '2',
  ],
  [
    'a low baseline as its limits say',
    'creatinine_increased',
    '6.0',
    '2160-0',
    q(0.95, 'mg/dL'),
    { ...lim(0.6, 1.2, 'mg/dL'), baseline: [0.3, 'mg/dL', [60, 110, 'umol/L']] },
    '3',
  ],
  [
    'a low baseline as bare numbers',
    'creatinine_increased',
    '6.0',
    CREATININE,
    q(84, 'umol/L'),
    { ...lim(60, 110, 'umol/L'), baseline: [50, 'umol/L', [60, 110, 'mg/dL']] },
    '2 ?',
  ],
  [
    'where the table does not ask for the limits of the baseline',
    'creatinine_increased',
    '5.0',
    CREATININE,
    q(84, 'umol/L'),
    { ...lim(60, 110, 'umol/L'), baseline: [50, 'umol/L', [60, 110, 'mg/dL']] },
    '2',
  ],
];

function lim(low: number | undefined, high: number | undefined, unit: string): Given {
  return { limits: [low, high, unit] };
}

for (const [name, term, version, loinc, value, given, told] of cases) {
  const [low = 'none', high = 'none', unit] = given.limits ?? ['none', 'none', 'no unit'];
  t.test(`${term} v${version}, ${value.value} ${value.unit}, limits ${low}-${high} ${unit}: ${name}`, async (t) => {
    t.equal(inWords(find(term, version, loinc, value, given)), told);
  });
}

t.test('the limit that is left is told as one that was compared with, the other one is not', async (t) => {
  const { measured } = find('creatinine_increased', '5.0', CREATININE, q(200, 'umol/L'), lim(15, 31, 'umol/L'));
  t.equal(measured?.high, 31);
  t.equal(measured?.low, undefined);
});
