import type { Observation } from '@medplum/fhirtypes';
import t from 'tap';
import { LOINC } from '../../../src/fhir/canonical.ts';
import type { CtcaeVersion, Finding, Outcome } from '../../../src/rules/finding.ts';
import { gradedBy, gradeMeasured } from '../../../src/rules/gradings/ctcae.ts';
import type { ReviewedCodes } from '../../../src/rules/gradings/ctcae-codes.ts';
import { type MeasuredInput, type MeasuredQuantity, measuredOf } from '../../../src/rules/gradings/ctcae-measured.ts';

const q = (value: number, unit?: string, comparator?: MeasuredQuantity['comparator']): MeasuredQuantity => ({
  value,
  ...(unit ? { unit } : {}),
  ...(comparator ? { comparator } : {}),
});

const SOURCE = { type: 'Observation', id: 'base', version: 1 };
const recorded = (
  value: MeasuredQuantity,
  low?: MeasuredQuantity,
  high?: MeasuredQuantity,
): MeasuredInput['baseline'] => {
  const limits = { ...(low ? { low } : {}), ...(high ? { high } : {}) };
  return () => ({ ...value, ...limits, at: '2026-01-05T08:00:00.000Z', source: SOURCE });
};

const result = (
  loinc: string,
  value: MeasuredQuantity | undefined,
  more: Partial<MeasuredInput> = {},
): MeasuredInput => ({
  codings: [{ system: LOINC, code: loinc }],
  status: 'final',
  ...(value ? { value } : {}),
  ...more,
});

const find = (input: MeasuredInput, term: string, version: CtcaeVersion, codes?: ReviewedCodes): Finding | undefined =>
  gradeMeasured(input, [version], codes).find((finding) => finding.term === term);

/** A grade; a range; or why there is none. */
type Expected = number | [number, number] | string;

const told = (outcome: Outcome | undefined): Expected | undefined => {
  if (outcome?.kind === 'graded') return outcome.grade;
  return outcome?.kind === 'at-least' ? [outcome.min, outcome.max] : outcome?.reason;
};

const ANC = '26499-4';
const PLATELETS = '777-3';
const HB = '718-7';
const ALT = '1742-6';
const TEMPERATURE = '8310-5';
const lowAnc = { low: q(1.8, '10*9/L') };
const highAlt = { high: q(40, 'U/L') };
const sodium = { low: q(135, 'mmol/L'), high: q(145, 'mmol/L') };

const cases: [name: string, term: string, version: CtcaeVersion, input: MeasuredInput, expected: Expected][] = [
  // v5.0 and v6.0 are two scales.
  ['0.4 is grade 4 in v5', 'neutrophil_count_decreased', '5.0', result(ANC, q(0.4, '10*9/L'), lowAnc), 4],
  ['0.4 is grade 3 in v6', 'neutrophil_count_decreased', '6.0', result(ANC, q(0.4, '10*9/L'), lowAnc), 3],
  [
    '1.6 below a limit of 2.0 is grade 1 in v5',
    'neutrophil_count_decreased',
    '5.0',
    result(ANC, q(1.6, '10*9/L'), { low: q(2, '10*9/L') }),
    1,
  ],
  [
    '1.6 below a limit of 2.0 is grade 0 in v6',
    'neutrophil_count_decreased',
    '6.0',
    result(ANC, q(1.6, '10*9/L'), { low: q(2, '10*9/L') }),
    0,
  ],
  ['15 are grade 4 in v5', 'platelet_count_decreased', '5.0', result(PLATELETS, q(15, '10*9/L')), 4],
  ['15 are grade 3 in v6', 'platelet_count_decreased', '6.0', result(PLATELETS, q(15, '10*9/L')), 3],
  [
    'lymphocytes have no numbers in v6',
    'lymphocyte_count_decreased',
    '6.0',
    result('26474-7', q(0.1, '10*9/L')),
    'no finding',
  ],
  [
    'CPK is no term of v6',
    'cpk_increased',
    '6.0',
    result('2157-6', q(9000, 'U/L'), { high: q(200, 'U/L') }),
    'no finding',
  ],
  ['120/80 is grade 1 in v5', 'hypertension', '5.0', bloodPressure(120, 80), 1],
  ['120/80 is grade 0 in v6', 'hypertension', '6.0', bloodPressure(120, 80), 0],
  // Units.
  ['900 /uL are 0.9 10*9/L', 'neutrophil_count_decreased', '5.0', result(ANC, q(900, '/uL')), 3],
  ['0.9 10*3/uL', 'neutrophil_count_decreased', '5.0', result(ANC, q(0.9, '10*3/uL')), 3],
  ['900 per cubic millimetre', 'neutrophil_count_decreased', '5.0', result(ANC, q(900, '/mm3')), 3],
  [
    'a per cent of neutrophils is no count',
    'neutrophil_count_decreased',
    '5.0',
    result(ANC, q(0.9, '%')),
    'unit-unknown',
  ],
  ['G/L is gauss per litre in UCUM', 'neutrophil_count_decreased', '5.0', result(ANC, q(0.9, 'G/L')), 'unit-unknown'],
  ['a bare 8.5 is rejected', 'anemia', '5.0', result(HB, q(8.5)), 'unit-unknown'],
  ['7.9 g/dL', 'anemia', '5.0', result(HB, q(7.9, 'g/dL')), 3],
  ['8.0 g/dL', 'anemia', '5.0', result(HB, q(8, 'g/dL')), 2],
  ['80 g/L', 'anemia', '5.0', result(HB, q(80, 'g/L')), 2],
  ['79.9 g/L', 'anemia', '5.0', result(HB, q(79.9, 'g/L')), 3],
  ['4.9 mmol/L by the set printed for mmol/L', 'anemia', '5.0', result('59260-0', q(4.9, 'mmol/L')), 2],
  ['4.89 mmol/L by the set printed for mmol/L', 'anemia', '5.0', result('59260-0', q(4.89, 'mmol/L')), 3],
  ['4900 umol/L is an exact multiple', 'anemia', '5.0', result('59260-0', q(4899, 'umol/L')), 3],
  ['albumin 29 g/L', 'hypoalbuminemia', '5.0', result('1751-7', q(29, 'g/L')), 2],
  ['albumin 2.9 g/dL', 'hypoalbuminemia', '5.0', result('1751-7', q(2.9, 'g/dL')), 2],
  [
    '55 mg/dL stays in its printed set',
    'hypoglycemia',
    '5.0',
    result('2345-7', q(54.9, 'mg/dL'), { low: q(70, 'mg/dL') }),
    2,
  ],
  [
    '55 mg/dL is 3.05 mmol/L, but is not converted',
    'hypoglycemia',
    '5.0',
    result('2345-7', q(55, 'mg/dL'), { low: q(70, 'mg/dL') }),
    1,
  ],
  [
    'glucose in g/L is an exact multiple of mg/dL',
    'hypoglycemia',
    '5.0',
    result('2345-7', q(0.549, 'g/L'), { low: q(0.7, 'g/L') }),
    2,
  ],
  [
    'ALT in ukat/L',
    'alt_increased',
    '5.0',
    result(ALT, q(2.2, 'ukat/L'), {
      high: q(0.7, 'ukat/L'),
      baseline: recorded(q(0.5, 'ukat/L'), undefined, q(0.7, 'ukat/L')),
    }),
    2,
  ],
  [
    '1 ukat/L is 60 U/L; a limit of 59 U/L may be one of 59 ukat/L as well',
    'alt_increased',
    '5.0',
    result(ALT, q(1, 'ukat/L'), { high: q(59, 'U/L'), baseline: recorded(q(20, 'U/L'), undefined, q(59, 'U/L')) }),
    [0, 1],
  ],
  [
    '0.7 ukat/L are 42 U/L',
    'alt_increased',
    '5.0',
    result(ALT, q(42.1, 'U/L'), {
      high: q(0.7, 'ukat/L'),
      baseline: recorded(q(0.5, 'ukat/L'), undefined, q(0.7, 'ukat/L')),
    }),
    1,
  ],
  ['42 U/L is not above 0.7 ukat/L', 'alt_increased', '5.0', result(ALT, q(42, 'U/L'), { high: q(0.7, 'ukat/L') }), 0],
  ['1 ukat/L is not above 60 U/L', 'alt_increased', '5.0', result(ALT, q(1, 'ukat/L'), { high: q(60, 'U/L') }), 0],
  [
    'international units are comparable with nothing',
    'alt_increased',
    '5.0',
    result(ALT, q(100, '[IU]/L'), highAlt),
    'unit-unknown',
  ],
  ['milliequivalents of potassium', 'hypokalemia', '5.0', result('2823-3', q(2.4, 'meq/L')), 4],
  [
    'milliequivalents of magnesium are not millimoles',
    'hypomagnesemia',
    '5.0',
    result('2601-3', q(0.39, 'meq/L')),
    'unit-unknown',
  ],
  ['milliosmoles of glucose are none', 'hypoglycemia', '5.0', result('14749-6', q(2, 'mosm/L')), 'unit-unknown'],
  [
    'INR as a ratio',
    'inr_increased',
    '5.0',
    result('6301-6', q(2.6, '{INR}'), { facts: { on_anticoagulation: false } }),
    3,
  ],
  [
    'prothrombin in per cent is no INR',
    'inr_increased',
    '5.0',
    result('6301-6', q(70, '%'), { facts: { on_anticoagulation: false } }),
    'unit-unknown',
  ],
  ['100.4 Fahrenheit is 38.0', 'fever', '5.0', result(TEMPERATURE, q(100.4, '[degF]')), 1],
  ['100.3 Fahrenheit is below', 'fever', '5.0', result(TEMPERATURE, q(100.3, '[degF]')), 0],
  [
    '154 pounds of 200 are grade 3',
    'weight_loss',
    '5.0',
    result('29463-7', q(154, '[lb_av]'), { baseline: recorded(q(90.718474, 'kg')) }),
    3,
  ],
  ['160/100 in kPa', 'hypertension', '5.0', result('8480-6', q(21.4, 'kPa'), { ageYears: 50 }), 3],
  [
    'bilirubin in umol/L against a limit in mg/dL',
    'bilirubin_increased',
    '5.0',
    result('14631-6', q(35, 'umol/L'), {
      high: q(0.8, 'mg/dL'),
      baseline: recorded(q(0.5, 'mg/dL'), undefined, q(1, 'mg/dL')),
    }),
    2,
  ],
  [
    'against one that may be meant in umol/L as well',
    'bilirubin_increased',
    '5.0',
    result('14631-6', q(35, 'umol/L'), {
      high: q(1, 'mg/dL'),
      baseline: recorded(q(0.5, 'mg/dL'), undefined, q(1, 'mg/dL')),
    }),
    [2, 4],
  ],
  [
    'a phosphate factor from memory is not used',
    'hypophosphatemia',
    '5.0',
    result('2777-1', q(2, 'mg/dL'), { low: q(0.8, 'mmol/L') }),
    'limit-missing',
  ],
  [
    'phosphate below its limit in the same unit',
    'hypophosphatemia',
    '5.0',
    result('2777-1', q(2, 'mg/dL'), { low: q(2.5, 'mg/dL') }),
    1,
  ],
  // Impossible values.
  [
    '1500 10*9/L are 1500 /uL',
    'neutrophil_count_decreased',
    '5.0',
    result(ANC, q(1500, '10*9/L')),
    'value-implausible',
  ],
  [
    '200000 /uL may be',
    'neutrophil_count_decreased',
    '5.0',
    result(ANC, q(200_000, '/uL'), { low: q(1800, '/uL') }),
    0,
  ],
  ['200.1 10*9/L may not', 'neutrophil_count_decreased', '5.0', result(ANC, q(200.1, '10*9/L')), 'value-implausible'],
  ['1.5 /uL is 1.5 10*9/L', 'neutrophil_count_decreased', '5.0', result(ANC, q(1.5, '/uL')), 'value-implausible'],
  ['0 /uL is possible', 'neutrophil_count_decreased', '5.0', result(ANC, q(0, '/uL')), 4],
  ['platelets 4.9 /uL', 'platelet_count_decreased', '5.0', result(PLATELETS, q(4.9, '/uL')), 'value-implausible'],
  ['platelets 5 /uL', 'platelet_count_decreased', '5.0', result(PLATELETS, q(5, '/uL')), 4],
  ['platelets 2 10*9/L', 'platelet_count_decreased', '5.0', result(PLATELETS, q(2, '10*9/L')), 4],
  [
    'platelets 999 10*9/L may be',
    'platelet_count_decreased',
    '5.0',
    result(PLATELETS, q(999, '10*9/L'), { low: q(150, '10*9/L') }),
    0,
  ],
  [
    'platelets 1000 10*9/L may be 1000 /uL, never grade 0',
    'platelet_count_decreased',
    '5.0',
    result(PLATELETS, q(1000, '10*9/L'), { low: q(150, '10*9/L') }),
    'value-implausible',
  ],
  ['haemoglobin 25 g/dL may be', 'anemia', '5.0', result(HB, q(25, 'g/dL'), { low: q(12, 'g/dL') }), 0],
  [
    'haemoglobin 25.1 g/dL is 25.1 g/L, never grade 0',
    'anemia',
    '5.0',
    result(HB, q(25.1, 'g/dL'), { low: q(12, 'g/dL') }),
    'value-implausible',
  ],
  ['haemoglobin 15.5 mmol/L may be', 'anemia', '5.0', result('59260-0', q(15.5, 'mmol/L'), { low: q(7, 'mmol/L') }), 0],
  ['haemoglobin 85 mmol/L is 85 g/L', 'anemia', '5.0', result('59260-0', q(85, 'mmol/L')), 'value-implausible'],
  ['albumin 7 g/dL may be', 'hypoalbuminemia', '5.0', result('1751-7', q(7, 'g/dL'), { low: q(3.5, 'g/dL') }), 0],
  [
    'albumin 18 g/dL is 18 g/L, never grade 0',
    'hypoalbuminemia',
    '5.0',
    result('1751-7', q(18, 'g/dL'), { low: q(3.5, 'g/dL') }),
    'value-implausible',
  ],
  [
    '18/11 in mm[Hg] is in centimetres, never grade 0',
    'hypertension',
    '5.0',
    bloodPressure(18, 11),
    'value-implausible',
  ],
  ['29/14 in mm[Hg]', 'hypertension', '6.0', bloodPressure(29, 14), 'value-implausible'],
  ['30/15 in mm[Hg] may be', 'hypertension', '5.0', { ...bloodPressure(30, 15), ageYears: 50 }, 0],
  ['of 18/85 the lower alone is read', 'hypertension', '5.0', { ...bloodPressure(18, 85), ageYears: 50 }, [1, 3]],
  ['leukocytes 1500 10*9/L may not', 'leukocytosis', '5.0', result('6690-2', q(1500, '10*9/L')), 'value-implausible'],
  ['leukocytes 1499 10*9/L may be', 'leukocytosis', '5.0', result('6690-2', q(1499, '10*9/L')), 3],
  ['101 Celsius is Fahrenheit', 'fever', '5.0', result(TEMPERATURE, q(101, 'Cel')), 'value-implausible'],
  [
    '38.5 Fahrenheit is Celsius, never grade 0',
    'fever',
    '5.0',
    result(TEMPERATURE, q(38.5, '[degF]')),
    'value-implausible',
  ],
  [
    '28.5 Celsius is a slip of the finger, never grade 0',
    'fever',
    '5.0',
    result(TEMPERATURE, q(28.5, 'Cel')),
    'value-implausible',
  ],
  ['saturation 0.88 per cent is a fraction', 'hypoxia', '5.0', result('59408-5', q(0.88, '%')), 'value-implausible'],
  [
    'saturation 0.87 as a ratio is 87 per cent',
    'hypoxia',
    '5.0',
    result('59408-5', q(0.87, '1'), { facts: { resting: true } }),
    3,
  ],
  ['saturation 101 per cent', 'hypoxia', '5.0', result('59408-5', q(101, '%')), 'value-implausible'],
  ['a negative count', 'anemia', '5.0', result(HB, q(-8, 'g/dL')), 'value-implausible'],
  // Tolerance.
  [
    '3 x 0.7 is 2.1, not above',
    'creatinine_increased',
    '5.0',
    result('2160-0', q(2.1, 'mg/dL'), { high: q(0.7, 'mg/dL'), baseline: recorded(q(0.7, 'mg/dL')) }),
    2,
  ],
  [
    '1.1 x 3 is 3.3, not above',
    'alt_increased',
    '5.0',
    result(ALT, q(3.3, 'U/L'), { high: q(1.1, 'U/L'), baseline: recorded(q(1, 'U/L'), undefined, q(1.1, 'U/L')) }),
    1,
  ],
  [
    '5 % of 80 kg is 76 kg',
    'weight_loss',
    '5.0',
    result('29463-7', q(76, 'kg'), { baseline: recorded(q(80, 'kg')) }),
    1,
  ],
  [
    '20 % of 80 kg is 64 kg',
    'weight_loss',
    '5.0',
    result('29463-7', q(64, 'kg'), { baseline: recorded(q(80, 'kg')) }),
    3,
  ],
  // Limits and baselines.
  ['a grade that needs no limit', 'neutrophil_count_decreased', '5.0', result(ANC, q(1.4, '10*9/L')), 2],
  ['above the numbers a limit decides', 'neutrophil_count_decreased', '5.0', result(ANC, q(1.6, '10*9/L')), [0, 1]],
  [
    'above the upper limit it is not below the lower',
    'platelet_count_decreased',
    '5.0',
    result(PLATELETS, q(450, '10*9/L'), { high: q(400, '10*9/L') }),
    0,
  ],
  [
    'limits that contradict each other are none',
    'platelet_count_decreased',
    '5.0',
    result(PLATELETS, q(100, '10*9/L'), { low: q(400, '10*9/L'), high: q(150, '10*9/L') }),
    [0, 1],
  ],
  [
    'a limit in another kind of unit is none',
    'platelet_count_decreased',
    '5.0',
    result(PLATELETS, q(100, '10*9/L'), { low: q(150, 'g/L') }),
    [0, 1],
  ],
  [
    'a limit without a unit is none',
    'platelet_count_decreased',
    '5.0',
    result(PLATELETS, q(100, '10*9/L'), { low: q(150) }),
    [0, 1],
  ],
  ['nothing to compare ALT with', 'alt_increased', '5.0', result(ALT, q(200, 'U/L')), 'limit-missing'],
  ['ALT in its limits is 0 whatever the baseline', 'alt_increased', '6.0', result(ALT, q(39, 'U/L'), highAlt), 0],
  ['ALT 5 x ULN without baseline', 'alt_increased', '5.0', result(ALT, q(200, 'U/L'), highAlt), [0, 2]],
  [
    'with an abnormal baseline v5 takes 3 x',
    'alt_increased',
    '5.0',
    result(ALT, q(241, 'U/L'), { ...highAlt, baseline: recorded(q(80, 'U/L'), undefined, q(40, 'U/L')) }),
    2,
  ],
  [
    'with an abnormal baseline v6 takes 2 x',
    'alt_increased',
    '6.0',
    result(ALT, q(241, 'U/L'), { ...highAlt, baseline: recorded(q(80, 'U/L'), undefined, q(40, 'U/L')) }),
    3,
  ],
  [
    'v6 grade 1 starts at the baseline',
    'alt_increased',
    '6.0',
    result(ALT, q(80, 'U/L'), { ...highAlt, baseline: recorded(q(80, 'U/L'), undefined, q(40, 'U/L')) }),
    1,
  ],
  [
    'a baseline without its limit is both',
    'alt_increased',
    '5.0',
    result(ALT, q(100, 'U/L'), { ...highAlt, baseline: recorded(q(30, 'U/L')) }),
    [1, 2],
  ],
  [
    'alkaline phosphatase has only grade 1 in v6',
    'alp_increased',
    '6.0',
    result('6768-6', q(2000, 'U/L'), { high: q(120, 'U/L'), baseline: recorded(q(100, 'U/L')) }),
    1,
  ],
  [
    'creatinine in its limits can be grade 3 in v5',
    'creatinine_increased',
    '5.0',
    result('2160-0', q(0.95, 'mg/dL'), { high: q(1.2, 'mg/dL'), baseline: recorded(q(0.3, 'mg/dL'), q(0.6, 'mg/dL')) }),
    3,
  ],
  [
    'v6 counts only a baseline below its lower limit',
    'creatinine_increased',
    '6.0',
    result('2160-0', q(0.95, 'mg/dL'), { high: q(1.2, 'mg/dL'), baseline: recorded(q(0.3, 'mg/dL'), q(0.2, 'mg/dL')) }),
    0,
  ],
  [
    'a low baseline counts in v6',
    'creatinine_increased',
    '6.0',
    result('2160-0', q(0.95, 'mg/dL'), { high: q(1.2, 'mg/dL'), baseline: recorded(q(0.3, 'mg/dL'), q(0.6, 'mg/dL')) }),
    3,
  ],
  [
    'creatinine without baseline is at least its multiple of ULN',
    'creatinine_increased',
    '5.0',
    result('2160-0', q(2, 'mg/dL'), { high: q(1, 'mg/dL') }),
    [2, 3],
  ],
  [
    'creatinine above 6 x ULN needs no baseline',
    'creatinine_increased',
    '5.0',
    result('2160-0', q(6.1, 'mg/dL'), { high: q(1, 'mg/dL') }),
    4,
  ],
  ['weight without baseline', 'weight_loss', '5.0', result('29463-7', q(50, 'kg')), 'baseline-missing'],
  [
    'a baseline of nothing is none',
    'weight_loss',
    '5.0',
    result('29463-7', q(50, 'kg'), { baseline: recorded(q(0, 'kg')) }),
    'baseline-missing',
  ],
  [
    'a baseline that is itself a bound is none',
    'weight_loss',
    '5.0',
    result('29463-7', q(50, 'kg'), { baseline: recorded(q(80, 'kg', '>')) }),
    'baseline-missing',
  ],
  // Clinical facts.
  ['125-129 without symptoms known', 'hyponatremia', '5.0', result('2951-2', q(127, 'mmol/L'), sodium), [2, 3]],
  [
    '125-129 with symptoms',
    'hyponatremia',
    '5.0',
    result('2951-2', q(127, 'mmol/L'), { ...sodium, facts: { symptomatic: true } }),
    3,
  ],
  [
    '125-129 without symptoms',
    'hyponatremia',
    '6.0',
    result('2951-2', q(127, 'mmol/L'), { ...sodium, facts: { symptomatic: false } }),
    2,
  ],
  [
    '129.5 lies in the printed gap',
    'hyponatremia',
    '5.0',
    result('2951-2', q(129.5, 'mmol/L'), { ...sodium, facts: { symptomatic: false } }),
    2,
  ],
  [
    '3.0 to the limit is 1 or 2',
    'hypokalemia',
    '5.0',
    result('2823-3', q(3.2, 'mmol/L'), { low: q(3.5, 'mmol/L') }),
    [1, 2],
  ],
  [
    'an intervention makes it 2',
    'hypokalemia',
    '5.0',
    result('2823-3', q(3.2, 'mmol/L'), { low: q(3.5, 'mmol/L'), facts: { intervention_indicated: true } }),
    2,
  ],
  [
    'a flag raises no value that is in its limits',
    'hyperkalemia',
    '5.0',
    result('2823-3', q(4.2, 'mmol/L'), {
      low: q(3.5, 'mmol/L'),
      high: q(5, 'mmol/L'),
      facts: { life_threatening: true },
    }),
    0,
  ],
  [
    'a flag raises a value that is outside',
    'hyperkalemia',
    '5.0',
    result('2823-3', q(5.2, 'mmol/L'), { high: q(5, 'mmol/L'), facts: { hospitalisation_indicated: true } }),
    3,
  ],
  [
    'a stated threat to life goes beyond what data alone may say',
    'anemia',
    '5.0',
    result(HB, q(7, 'g/dL'), { facts: { life_threatening: true } }),
    4,
  ],
  ['haemoglobin alone stops at 3', 'anemia', '5.0', result(HB, q(2, 'g/dL')), 3],
  [
    'a flag that is denied lowers nothing',
    'anemia',
    '5.0',
    result(HB, q(7, 'g/dL'), { facts: { transfusion_indicated: false } }),
    3,
  ],
  ['total calcium is not graded', 'hypercalcemia', '5.0', result('2000-8', q(3.6, 'mmol/L')), 'needs-clinician'],
  [
    'total calcium that was corrected',
    'hypercalcemia',
    '5.0',
    result('17861-6', q(12.6, 'mg/dL'), { facts: { corrected: true } }),
    3,
  ],
  ['corrected calcium', 'hypercalcemia', '5.0', result('29265-6', q(3.2, 'mmol/L')), 3],
  ['ionised calcium has its own steps', 'hypercalcemia', '5.0', result('1994-3', q(1.61, 'mmol/L')), 3],
  ['ionised calcium by mass has none', 'hypercalcemia', '5.0', result('1994-3', q(6.5, 'mg/dL')), 'unit-unknown'],
  ['glucose is not numeric in v5', 'hyperglycemia', '5.0', result('14749-6', q(30, 'mmol/L')), 'baseline-missing'],
  [
    'glucose above its baseline in v5',
    'hyperglycemia',
    '5.0',
    result('14749-6', q(8, 'mmol/L'), { baseline: recorded(q(5, 'mmol/L')) }),
    1,
  ],
  [
    'a random 9.5 has no grade in v6',
    'hyperglycemia',
    '6.0',
    result('14749-6', q(9.5, 'mmol/L'), { high: q(6.1, 'mmol/L'), facts: { fasting: false } }),
    'needs-clinician',
  ],
  [
    'a random 5 is grade 0',
    'hyperglycemia',
    '6.0',
    result('14749-6', q(5, 'mmol/L'), { high: q(6.1, 'mmol/L'), facts: { fasting: false } }),
    0,
  ],
  [
    'a random 5 without limit has no grade',
    'hyperglycemia',
    '6.0',
    result('14749-6', q(5, 'mmol/L'), { facts: { fasting: false } }),
    'limit-missing',
  ],
  [
    'fasting unknown leaves 9.5 open',
    'hyperglycemia',
    '6.0',
    result('14749-6', q(9.5, 'mmol/L'), { high: q(6.1, 'mmol/L') }),
    [0, 2],
  ],
  ['a fasting 7 by its code', 'hyperglycemia', '6.0', result('1558-6', q(126, 'mg/dL'), { high: q(100, 'mg/dL') }), 1],
  [
    'beyond what data alone may say it is a range',
    'hyperglycemia',
    '6.0',
    result('1558-6', q(300, 'mg/dL'), { high: q(100, 'mg/dL') }),
    [1, 3],
  ],
  [
    'one eGFR is no chronic disease',
    'chronic_kidney_disease',
    '5.0',
    result('62238-1', q(25, 'mL/min/{1.73_m2}'), { low: q(90, 'mL/min/{1.73_m2}') }),
    [0, 3],
  ],
  [
    'a chronic eGFR of 29.5 lies in the printed gap',
    'chronic_kidney_disease',
    '5.0',
    result('62238-1', q(29.5, 'mL/min/{1.73_m2}'), { facts: { chronic: true } }),
    3,
  ],
  [
    'a normal eGFR is 0',
    'chronic_kidney_disease',
    '5.0',
    result('62238-1', q(95, 'mL/min/{1.73_m2}'), { low: q(90, 'mL/min/{1.73_m2}') }),
    0,
  ],
  ['INR without a word on anticoagulation', 'inr_increased', '5.0', result('6301-6', q(2.6, '{INR}')), [0, 3]],
  [
    'INR on anticoagulation at target',
    'inr_increased',
    '5.0',
    result('6301-6', q(2.6, '{INR}'), { facts: { on_anticoagulation: true }, baseline: recorded(q(2.5, '{INR}')) }),
    1,
  ],
  [
    'INR 2.6 over a baseline of 1.0 is 3 either way',
    'inr_increased',
    '6.0',
    result('6301-6', q(2.6, '{INR}'), { baseline: recorded(q(1, '{INR}')) }),
    3,
  ],
  [
    'hypophosphatemia is 1 from data',
    'hypophosphatemia',
    '6.0',
    result('2777-1', q(1, 'mg/dL'), { low: q(2.5, 'mg/dL') }),
    1,
  ],
  [
    'magnesium has no grade 2',
    'hypermagnesemia',
    '5.0',
    result('2601-3', q(1.24, 'mmol/L'), { high: q(1.05, 'mmol/L') }),
    3,
  ],
  [
    'lymphocytosis has no grade 1',
    'lymphocyte_count_increased',
    '5.0',
    result('26474-7', q(4, '10*9/L'), { high: q(3.5, '10*9/L') }),
    0,
  ],
  [
    'triglycerides of 150 mg/dL are within grade 1',
    'hypertriglyceridemia',
    '5.0',
    result('2571-8', q(150, 'mg/dL')),
    1,
  ],
  ['39.0 is grade 1', 'fever', '5.0', result(TEMPERATURE, q(39, 'Cel')), 1],
  ['above 40 from one reading is 3', 'fever', '5.0', result(TEMPERATURE, q(40.1, 'Cel')), 3],
  [
    'above 40 for longer than a day is 4',
    'fever',
    '5.0',
    result(TEMPERATURE, q(40.1, 'Cel'), { facts: { sustained: true } }),
    4,
  ],
  ['one reading of 185/115 is 2 or 3 in v6', 'hypertension', '6.0', bloodPressure(185, 115), [2, 3]],
  ['only a systolic pressure', 'hypertension', '5.0', bloodPressure(125, undefined), [1, 3]],
  [
    'a child is not graded by the adult table',
    'hypertension',
    '5.0',
    { ...bloodPressure(165, 95), ageYears: 12 },
    'needs-clinician',
  ],
  ['saturation of 87 % without rest or exertion', 'hypoxia', '5.0', result('2708-6', q(87, '%')), [2, 3]],
  ['saturation of 87 % on exertion', 'hypoxia', '5.0', result('2708-6', q(87, '%'), { facts: { resting: false } }), 2],
  ['saturation below its limit is 1 in v6', 'hypoxia', '6.0', result('2708-6', q(92, '%'), { low: q(95, '%') }), 1],
  [
    'febrile neutropenia is not excluded by fever alone',
    'febrile_neutropenia',
    '5.0',
    result(TEMPERATURE, q(38.5, 'Cel')),
    [0, 3],
  ],
  ['febrile neutropenia is excluded by 1.0', 'febrile_neutropenia', '5.0', result(ANC, q(1, '10*9/L')), 0],
  // Bounds.
  ['<0.5 is below 0.5', 'neutrophil_count_decreased', '5.0', result(ANC, q(0.5, '10*9/L', '<')), 4],
  ['<=0.5 is at most 0.5', 'neutrophil_count_decreased', '5.0', result(ANC, q(0.5, '10*9/L', '<=')), [3, 4]],
  ['<0.5 is 3 or 4 in v6', 'neutrophil_count_decreased', '6.0', result(ANC, q(0.5, '10*9/L', '<')), [3, 4]],
  ['>7.0 is above 7.0', 'hyperkalemia', '5.0', result('2823-3', q(7, 'mmol/L', '>')), 4],
  ['>=7.0 is 3 or 4', 'hyperkalemia', '5.0', result('2823-3', q(7, 'mmol/L', '>=')), [3, 4]],
  [
    '>100 U/L is above 2.5 x 40',
    'cpk_increased',
    '5.0',
    result('2157-6', q(100, 'U/L', '>'), { high: q(40, 'U/L') }),
    [2, 4],
  ],
  [
    '>1000 U/L of a limit of 40 is 4',
    'cpk_increased',
    '5.0',
    result('2157-6', q(1000, 'U/L', '>'), { high: q(40, 'U/L') }),
    4,
  ],
  [
    '>90 mL/min leaves open up to grade 1',
    'chronic_kidney_disease',
    '5.0',
    result('62238-1', q(90, 'mL/min/{1.73_m2}', '>'), { low: q(90, 'mL/min/{1.73_m2}') }),
    0,
  ],
  [
    '<5 U/L is within any limit above',
    'cpk_increased',
    '5.0',
    result('2157-6', q(5, 'U/L', '<'), { high: q(40, 'U/L') }),
    0,
  ],
  // Nothing there.
  ['a result without a number', 'anemia', '5.0', result(HB, undefined), 'no-value'],
];

function bloodPressure(sbp: number | undefined, dbp: number | undefined): MeasuredInput {
  const part = (code: string, value: number | undefined) =>
    value === undefined ? [] : [{ codings: [{ system: LOINC, code }], value: q(value, 'mm[Hg]') }];
  return {
    codings: [{ system: LOINC, code: '85354-9' }],
    status: 'final',
    ageYears: 61,
    components: [...part('8480-6', sbp), ...part('8462-4', dbp)],
  };
}

for (const [name, term, version, input, expected] of cases) {
  t.test(`${term} v${version}: ${name}`, async (t) => {
    t.strictSame(told(find(input, term, version)?.outcome) ?? 'no finding', expected);
  });
}

t.test('a finding says by what it was graded', async (t) => {
  const baseline = recorded(q(0.5, 'ukat/L'), undefined, q(0.7, 'ukat/L'));
  t.strictSame(find(result(ALT, q(120, 'U/L'), { ...highAlt, baseline }), 'alt_increased', '5.0'), {
    term: 'alt_increased',
    system: 'ctcae',
    version: '5.0',
    kind: 'ladder',
    attributes: {},
    outcome: { kind: 'graded', grade: 1 },
    measured: {
      loinc: ALT,
      value: 120,
      unit: 'U/L',
      high: 40,
      baseline: { value: 0.5, unit: 'ukat/L', at: '2026-01-05T08:00:00.000Z', source: SOURCE },
    },
    dataQuality: [],
  });
});

t.test('another unit is also told in that of the table, limits in that of the result', async (t) => {
  const finding = find(result(HB, q(9.5, 'g/dL'), { low: q(120, 'g/L'), high: q(16, 'g/dL') }), 'anemia', '5.0');
  t.strictSame(finding?.measured, {
    loinc: HB,
    value: 9.5,
    unit: 'g/dL',
    canonical: 95,
    canonicalUnit: 'g/L',
    low: 12,
    high: 16,
  });
  t.match(find(result(TEMPERATURE, q(101.3, '[degF]')), 'fever', '5.0')?.measured, {
    canonical: 38.5,
    canonicalUnit: 'Cel',
  });
  t.match(find(result(ANC, q(0.5, '10*9/L', '<')), 'neutrophil_count_decreased', '5.0')?.measured, { comparator: '<' });
  t.match(find(bloodPressure(165, 95), 'hypertension', '5.0')?.measured, {
    loinc: '8480-6',
    value: 165,
    beside: [{ loinc: '8462-4', value: 95, unit: 'mm[Hg]' }],
  });
});

t.test('what is missing is named, and is an issue of data quality', async (t) => {
  t.match(find(result(ALT, q(200, 'U/L')), 'alt_increased', '5.0'), {
    outcome: { reason: 'limit-missing', missing: ['upper-limit', 'baseline'] },
    dataQuality: ['limit-missing', 'baseline-missing'],
  });
  t.match(find(result(ANC, q(1.6, '10*9/L')), 'neutrophil_count_decreased', '5.0'), {
    outcome: { missing: ['lower-limit'] },
    dataQuality: ['limit-missing'],
  });
  t.match(find(result(HB, q(9, 'spoons')), 'anemia', '5.0'), {
    outcome: { reason: 'unit-unknown' },
    measured: { value: 9, unit: 'spoons' },
    dataQuality: ['unit-unknown'],
  });
  t.match(find(result(TEMPERATURE, q(101, 'Cel')), 'fever', '5.0'), { dataQuality: ['value-implausible'] });
});

t.test('that a clinician could come to a higher grade is said where it is so', async (t) => {
  const quality = (input: MeasuredInput, term: string, version: CtcaeVersion = '5.0') =>
    find(input, term, version)?.dataQuality;
  t.strictSame(quality(result(HB, q(9, 'g/dL')), 'anemia'), ['needs-clinician']);
  t.strictSame(quality(result(HB, q(14, 'g/dL'), { low: q(12, 'g/dL') }), 'anemia'), [], 'within its limits');
  t.strictSame(quality(result(ANC, q(0.2, '10*9/L')), 'neutrophil_count_decreased'), [], 'already the highest');
  const denied = { life_threatening: false, urgent_intervention: false, transfusion_indicated: false };
  t.strictSame(quality(result(HB, q(7, 'g/dL'), { facts: denied }), 'anemia'), [], 'denied');
  const review = { high: q(40, 'U/L'), baseline: recorded(q(80, 'U/L'), undefined, q(40, 'U/L')) };
  t.strictSame(quality(result(ALT, q(199, 'U/L'), review), 'alt_increased', '6.0'), []);
  t.strictSame(quality(result(ALT, q(201, 'U/L'), review), 'alt_increased', '6.0'), ['needs-clinician'], 'ambiguous');
  const { ageYears: _, ...ageless } = bloodPressure(130, 70);
  t.ok(quality(ageless, 'hypertension')?.includes('needs-clinician'), 'the age is not known');
});

t.test('one result grades several terms, each in each version that is asked for', async (t) => {
  const both = gradeMeasured(result('2823-3', q(7.2, 'mmol/L'), { low: q(3.5, 'mmol/L') }), ['5.0', '6.0']);
  t.strictSame(
    both.map(({ term, version, outcome }) => [term, version, told(outcome)]),
    [
      ['hyperkalemia', '5.0', 4],
      ['hyperkalemia', '6.0', 4],
      ['hypokalemia', '5.0', 0],
      ['hypokalemia', '6.0', 0],
    ],
  );
  t.strictSame(gradeMeasured(result('2823-3', q(7.2, 'mmol/L')), []), []);
});

t.test('only final results of known codes are graded', async (t) => {
  for (const status of ['registered', 'preliminary', 'cancelled', 'entered-in-error', 'unknown']) {
    t.strictSame(gradeMeasured({ ...result(ANC, q(0.4, '10*9/L')), status }, ['5.0']), [], status);
  }
  for (const status of ['final', 'amended', 'corrected']) {
    t.not(gradeMeasured({ ...result(ANC, q(0.4, '10*9/L')), status }, ['5.0']).length, 0, status);
  }
  t.strictSame(gradeMeasured(result('99999-9', q(1, '1')), ['5.0']), []);
  t.strictSame(gradeMeasured({ ...result(ANC, q(0.4, '10*9/L')), codings: [{ code: ANC }] }, ['5.0']), [], 'no system');
  t.strictSame(gradedBy([{ system: LOINC, code: ANC }]), [ANC]);
  t.strictSame(gradedBy([{ system: LOINC, code: '8867-4' }]), []);
});

t.test('an unverified code grades nothing until a site maps it', async (t) => {
  const input = result('751-8', q(0.4, '10*9/L'));
  t.strictSame(gradeMeasured(input, ['5.0']), []);
  const codes = new Map([
    [`${LOINC}|751-8`, '751-8'],
    ['https://lab.example/codes|PNN', ANC],
  ]);
  t.match(find(input, 'neutrophil_count_decreased', '5.0', codes), {
    outcome: { grade: 4 },
    measured: { loinc: '751-8' },
  });
  const local = { ...input, codings: [{ system: 'https://lab.example/codes', code: 'PNN' }] };
  t.match(find(local, 'neutrophil_count_decreased', '5.0', codes), { measured: { loinc: ANC } });
});

t.test('codes of two analytes on one result are ambiguous', async (t) => {
  const codings = [ALT, '1920-8'].map((code) => ({ system: LOINC, code }));
  const findings = gradeMeasured({ ...result(ALT, q(200, 'U/L'), highAlt), codings }, ['5.0']);
  t.strictSame(
    findings.map(({ term, outcome }) => [term, told(outcome)]),
    [
      ['alt_increased', 'ambiguous-item'],
      ['ast_increased', 'ambiguous-item'],
    ],
  );
  const fasting = ['2345-7', '1558-6'].map((code) => ({ system: LOINC, code }));
  const glucose = { ...result('2345-7', q(126, 'mg/dL'), { high: q(100, 'mg/dL') }), codings: fasting };
  t.equal(told(find(glucose, 'hyperglycemia', '6.0')?.outcome), 1, 'two codes of one analyte: the one that says more');
});

t.test('a pressure that cannot be read leaves the other to be graded', async (t) => {
  const { components = [], ...rest } = bloodPressure(165, 95);
  const broken = {
    ...rest,
    components: [
      ...components.slice(0, 1),
      { ...components[1], codings: components[1]?.codings ?? [], value: q(95, 'spoon') },
    ],
  };
  t.match(find(broken, 'hypertension', '5.0'), {
    outcome: { grade: 3 },
    dataQuality: ['unit-unknown', 'needs-clinician'],
  });
  const neither = { ...rest, components: components.map((part) => ({ ...part, value: q(95, 'spoon') })) };
  t.match(find(neither, 'hypertension', '5.0'), { outcome: { reason: 'unit-unknown' } });
  t.equal(told(find({ ...rest, components: [] }, 'hypertension', '5.0')?.outcome), 'no-value');
});

t.test('a QTc is not compared with a baseline by another formula', async (t) => {
  const codes = new Map(['76635-2', '8636-3'].map((code) => [`${LOINC}|${code}`, code]));
  let asked: readonly string[] = [];
  const baseline: MeasuredInput['baseline'] = (loincs) => {
    asked = loincs;
    return undefined;
  };
  t.equal(told(find(result('76635-2', q(501, 'ms'), { baseline }), 'qtc_prolonged', '6.0', codes)?.outcome), 3);
  t.strictSame(asked, ['76635-2']);
});

t.test('a fall of the ejection fraction is new in v6 only over a baseline', async (t) => {
  const codes = new Map([[`${LOINC}|10230-1`, '10230-1']]);
  const low = result('10230-1', q(35, '%'));
  t.strictSame(told(find(low, 'ejection_fraction_decreased', '6.0', codes)?.outcome), [0, 3]);
  const known = { ...low, baseline: recorded(q(60, '%')) };
  t.equal(told(find(known, 'ejection_fraction_decreased', '6.0', codes)?.outcome), 3);
  t.strictSame(
    told(find({ ...known, value: q(15, '%') }, 'ejection_fraction_decreased', '5.0', codes)?.outcome),
    [3, 4],
  );
});

t.test('a clearance below 10 is not graded here, never 0', async (t) => {
  const codes = new Map([[`${LOINC}|2164-2`, '2164-2']]);
  const clearance = (value: number) =>
    told(find(result('2164-2', q(value, 'mL/min')), 'creatinine_clearance_decreased', '6.0', codes)?.outcome);
  t.equal(clearance(9.9), 'needs-clinician');
  t.equal(clearance(10), 3);
  t.equal(clearance(25), 3);
  t.equal(clearance(25.5), 2);
  t.equal(clearance(49.9), 2);
  t.equal(clearance(50), 0);
  t.equal(find(result('2164-2', q(9, 'mL/min')), 'creatinine_clearance_decreased', '5.0', codes), undefined);
});

const UCUM = 'http://unitsofmeasure.org';
const observation = (more: Partial<Observation>): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: LOINC, code: ALT }] },
  ...more,
});
const quantity = (value: number, code = 'U/L') => ({ value, unit: code, system: UCUM, code });

t.test('an Observation is read with its numbers, units and limits of normal', async (t) => {
  const read = measuredOf(
    observation({
      valueQuantity: quantity(90),
      referenceRange: [{ low: quantity(5), high: quantity(40), text: '5-40' }],
    }),
  );
  t.strictSame(read, {
    codings: [{ system: LOINC, code: ALT }],
    status: 'final',
    value: { value: 90, unit: 'U/L' },
    low: { value: 5, unit: 'U/L' },
    high: { value: 40, unit: 'U/L' },
  });
});

t.test('what an Observation says in words is not read', async (t) => {
  t.strictSame(measuredOf(observation({ valueString: 'high', referenceRange: [{ text: '< 40' }] })), {
    codings: [{ system: LOINC, code: ALT }],
    status: 'final',
  });
  t.strictSame(
    measuredOf(observation({ valueQuantity: { value: 90, unit: 'U/L' } })).value,
    { value: 90 },
    'no UCUM code',
  );
  const bound = measuredOf(observation({ valueQuantity: { ...quantity(5), comparator: '<' } }));
  t.strictSame(bound.value, { value: 5, unit: 'U/L', comparator: '<' });
});

t.test('ranges that are not of normal, or that disagree, are no limits', async (t) => {
  const high = (ranges: Observation['referenceRange']) =>
    measuredOf(observation({ valueQuantity: quantity(90), ...(ranges ? { referenceRange: ranges } : {}) })).high;
  const type = (code: string) => ({
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/referencerange-meaning', code }],
  });
  t.equal(high(undefined), undefined);
  t.strictSame(high([{ high: quantity(40) }, { type: type('therapeutic'), high: quantity(100) }]), {
    value: 40,
    unit: 'U/L',
  });
  t.strictSame(high([{ type: type('normal'), high: quantity(40) }]), { value: 40, unit: 'U/L' });
  t.equal(high([{ type: { text: 'target' }, high: quantity(40) }]), undefined);
  t.equal(high([{ high: quantity(40) }, { high: quantity(45) }]), undefined, 'one for men, one for women');
  t.strictSame(high([{ high: quantity(40) }, { high: quantity(40), low: quantity(5) }]), { value: 40, unit: 'U/L' });
  t.strictSame(high([{ high: { value: 40, unit: 'U/L' } }]), { value: 40, unit: 'U/L' }, 'written as the value is');
  t.strictSame(high([{ high: { value: 40 } }]), { value: 40 }, 'without a unit');
});

t.test('the parts of a panel are read', async (t) => {
  const panel = measuredOf({
    resourceType: 'Observation',
    status: 'amended',
    code: { coding: [{ system: LOINC, code: '85354-9' }] },
    component: [
      { code: { coding: [{ system: LOINC, code: '8480-6' }] }, valueQuantity: quantity(165, 'mm[Hg]') },
      { code: { coding: [{ system: LOINC, code: '8462-4' }] }, dataAbsentReason: { text: 'not done' } },
    ],
  });
  t.strictSame(panel.components, [
    { codings: [{ system: LOINC, code: '8480-6' }], value: { value: 165, unit: 'mm[Hg]' } },
    { codings: [{ system: LOINC, code: '8462-4' }] },
  ]);
  t.equal(told(find(panel, 'hypertension', '5.0')?.outcome), 3);
});
