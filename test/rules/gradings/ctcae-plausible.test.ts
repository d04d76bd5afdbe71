import { readFileSync } from 'node:fs';
import t from 'tap';
import { LOINC } from '../../../src/fhir/canonical.ts';
import type { CtcaeVersion, Outcome } from '../../../src/rules/finding.ts';
import { gradeMeasured } from '../../../src/rules/gradings/ctcae.ts';
import { ALREADY_READ } from '../../../src/rules/gradings/ctcae-codes.ts';
import { CTCAE_DATA, CTCAE_VERSIONS } from '../../../src/rules/gradings/ctcae-data.ts';
import { compileLadder } from '../../../src/rules/gradings/ctcae-ladder.ts';
import type { MeasuredQuantity, RecordedBaseline } from '../../../src/rules/gradings/ctcae-measured.ts';

const IMPLAUSIBLE = 'value-implausible';

const recorded = (value: number, unit: string): RecordedBaseline => ({
  value,
  unit,
  at: '2026-01-05T08:00:00.000Z',
  source: { type: 'Observation', id: 'base', version: 1 },
});

/** What a value is told as: each term with its grade, its range or why there is none. */
function told(
  loinc: string,
  value: MeasuredQuantity,
  version: CtcaeVersion,
  more: { baseline?: RecordedBaseline; low?: number; high?: number } = {},
): Record<string, string> {
  const { baseline, low, high } = more;
  const limit = (number: number | undefined) => (number === undefined ? undefined : { ...value, value: number });
  const findings = gradeMeasured(
    {
      codings: [{ system: LOINC, code: loinc }],
      status: 'final',
      value,
      ...(low === undefined ? {} : { low: limit(low) }),
      ...(high === undefined ? {} : { high: limit(high) }),
      baseline: () => baseline,
      facts: { corrected: true },
      ageYears: 50,
    },
    [version],
    ALREADY_READ,
  );
  return Object.fromEntries(findings.map(({ term, outcome }) => [term, words(outcome)]));
}

function words(outcome: Outcome): string {
  if (outcome.kind === 'graded') return String(outcome.grade);
  return outcome.kind === 'at-least' ? `${outcome.min}-${outcome.max}` : outcome.reason;
}

/** By hand: what may be on the very bound, and the nearest number beyond that may not. Of some terms alone where it says so. */
const edges: [loincs: string, unit: string, may: number, mayNot: number, terms?: string][] = [
  ['26499-4 751-8 753-4', '10*9/L', 49.9, 50],
  ['26499-4 751-8 753-4', '10*3/uL', 49.9, 50],
  ['26499-4 751-8 753-4', '/uL', 200_000, 200_001],
  ['26499-4 751-8 753-4', '/uL', 5, 4.9],
  ['6690-2 26464-8', '10*9/L', 49.9, 50, 'white_blood_cell_decreased'],
  ['6690-2 26464-8', '10*9/L', 1499, 1500, 'leukocytosis'],
  ['6690-2 26464-8', '/uL', 1_499_999, 1_500_000],
  ['6690-2 26464-8', '/uL', 5, 4.9],
  ['26474-7 731-0', '10*9/L', 49.9, 50, 'lymphocyte_count_decreased'],
  ['26474-7 731-0', '10*9/L', 1499, 1500, 'lymphocyte_count_increased'],
  ['26474-7 731-0', '/uL', 1_499_999, 1_500_000],
  ['26474-7 731-0', '/uL', 5, 4.9],
  ['777-3 26515-7 778-1', '10*9/L', 999, 1000],
  ['777-3 26515-7 778-1', '10*3/uL', 999, 1000],
  ['777-3 26515-7 778-1', '/uL', 4_999_999, 5_000_000],
  ['777-3 26515-7 778-1', '/uL', 5, 4.9],
  ['718-7 59260-0', 'g/L', 1, 0.99],
  ['718-7 59260-0', 'g/dL', 25, 25.1],
  ['718-7 59260-0', 'mmol/L', 0.06206, 0.0619],
  ['718-7 59260-0', 'mmol/L', 15.515, 15.52],
  ['1751-7', 'g/L', 1, 0.99],
  ['1751-7', 'g/dL', 7, 7.1],
  ['8480-6', 'mm[Hg]', 30, 29],
  ['8480-6', 'mm[Hg]', 400, 401],
  ['8462-4', 'mm[Hg]', 15, 14],
  ['8462-4', 'mm[Hg]', 300, 301],
  ['8310-5', 'Cel', 34, 33.9],
  ['8310-5', 'Cel', 50, 50.1],
  ['2708-6 59408-5', '%', 1.1, 1],
  ['2708-6 59408-5', '%', 100, 100.1],
  ['10230-1', '%', 1.1, 1],
  ['10230-1', '%', 100, 100.1],
  ['29463-7', 'kg', 1, 0.999],
  ['29463-7', 'kg', 650, 650.1],
  ['29463-7', 'g', 650_000, 650_001],
  ['29463-7', '[lb_av]', 1433, 1434],
  ['6301-6', '{INR}', 0.5, 0.49],
  ['6301-6', '{INR}', 30, 30.1],
  ['1742-6 1920-8 6768-6 2324-2 3040-3 1798-8', 'U/L', 1, 0.9],
  ['1742-6 1920-8 6768-6 2324-2 3040-3 1798-8', 'U/L', 100_000, 100_001],
  ['2157-6', 'U/L', 1, 0.9],
  ['2157-6', 'U/L', 10_000_000, 10_000_001],
  ['1975-2 14631-6', 'mg/dL', 0.05, 0.04],
  ['1975-2 14631-6', 'mg/dL', 100, 101],
  ['1975-2 14631-6', 'umol/L', 0.855, 0.85],
  ['1975-2 14631-6', 'umol/L', 1710, 1711],
  ['2160-0 14682-9', 'mg/dL', 0.2, 0.19],
  ['2160-0 14682-9', 'mg/dL', 40, 40.1],
  ['2160-0 14682-9', 'umol/L', 20, 19.9],
  ['2160-0 14682-9', 'umol/L', 3536, 3537],
  ['2164-2', 'mL/min', 500, 501],
  ['62238-1 33914-3', 'mL/min/{1.73_m2}', 1, 0.9],
  ['62238-1 33914-3', 'mL/min/{1.73_m2}', 500, 501],
  ['2951-2 2947-0', 'mmol/L', 50, 49.9],
  ['2951-2 2947-0', 'mmol/L', 300, 301],
  ['2823-3 6298-4', 'mmol/L', 0.5, 0.49],
  ['2823-3 6298-4', 'mmol/L', 20, 20.1],
  ['17861-6 2000-8 29265-6', 'mmol/L', 0.5, 0.49],
  ['17861-6 2000-8 29265-6', 'mmol/L', 8, 8.1, 'hypercalcemia'],
  ['17861-6 2000-8 29265-6', 'mmol/L', 4.49, 4.5, 'hypocalcemia'],
  ['17861-6 2000-8 29265-6', 'mg/dL', 2, 1.9, 'hypocalcemia'],
  ['17861-6 2000-8 29265-6', 'mg/dL', 4.5, 4.4, 'hypercalcemia'],
  ['17861-6 2000-8 29265-6', 'mg/dL', 32, 32.1],
  ['1994-3 1995-0', 'mmol/L', 0.2, 0.19],
  ['1994-3 1995-0', 'mmol/L', 4, 4.1, 'hypercalcemia'],
  ['1994-3 1995-0', 'mmol/L', 2.99, 3, 'hypocalcemia'],
  ['19123-9 2601-3', 'mmol/L', 0.05, 0.049],
  ['19123-9 2601-3', 'mmol/L', 20, 20.1],
  ['19123-9 2601-3', 'mg/dL', 0.1, 0.09],
  ['19123-9 2601-3', 'mg/dL', 50, 50.1],
  ['2345-7 14749-6', 'mmol/L', 0.1, 0.09, 'hypoglycemia'],
  ['2345-7 14749-6', 'mmol/L', 19.9, 20, 'hypoglycemia'],
  ['2345-7 14749-6 1558-6 14771-0', 'mmol/L', 0.1, 0.09, 'hyperglycemia'],
  ['2345-7 14749-6 1558-6 14771-0', 'mmol/L', 150, 151, 'hyperglycemia'],
  ['2345-7 14749-6 1558-6 14771-0', 'mg/dL', 2, 1.9],
  ['2345-7 14749-6 1558-6 14771-0', 'mg/dL', 2700, 2701],
  ['2777-1 14879-1', 'mmol/L', 0.03, 0.029],
  ['2777-1 14879-1', 'mmol/L', 25, 25.1],
  ['2777-1 14879-1', 'mg/dL', 0.1, 0.09],
  ['2777-1 14879-1', 'mg/dL', 80, 80.1],
  ['3084-1 14933-6', 'umol/L', 40, 39.9],
  ['3084-1 14933-6', 'umol/L', 4000, 4001],
  ['3084-1 14933-6', 'mg/dL', 60, 60.1],
  ['2571-8 14927-8', 'mg/dL', 25, 24.9],
  ['2571-8 14927-8', 'mg/dL', 35_000, 35_001],
  ['2571-8 14927-8', 'mmol/L', 0.1, 0.09],
  ['2571-8 14927-8', 'mmol/L', 400, 401],
  ['2093-3 14647-2', 'mg/dL', 40, 39.9],
  ['2093-3 14647-2', 'mg/dL', 4000, 4001],
  ['2093-3 14647-2', 'mmol/L', 0.5, 0.49],
  ['2093-3 14647-2', 'mmol/L', 100, 101],
  ['76635-2 8636-3', 'ms', 200, 199],
  ['76635-2 8636-3', 'ms', 1000, 1001],
];
for (const [loincs, unit, may, mayNot, terms] of edges) {
  t.test(`${terms ?? loincs}: ${may} ${unit} may be, ${mayNot} may not`, async (t) => {
    for (const loinc of loincs.split(' ')) {
      const reasons = (value: number) =>
        CTCAE_VERSIONS.flatMap((version) => Object.entries(told(loinc, { value, unit }, version))).flatMap(
          ([term, outcome]) => (terms === undefined || terms === term ? outcome : []),
        );
      t.notSame(reasons(mayNot), [], `${loinc} is graded by this`);
      t.notOk(reasons(may).includes(IMPLAUSIBLE), `${loinc}: ${may} ${unit}`);
      t.ok(
        reasons(mayNot).every((reason) => reason === IMPLAUSIBLE),
        `${loinc}: ${mayNot} ${unit}: ${reasons(mayNot)}`,
      );
    }
  });
}

t.test('every code that grades has a bound, and both sides of each bound are in the cases above', async (t) => {
  const bounded = new Set(CTCAE_DATA.implausible.flatMap(({ loincs }) => loincs));
  for (const entry of CTCAE_DATA.entries) {
    if (!CTCAE_VERSIONS.some((version) => compileLadder(entry, version))) continue;
    for (const { loinc, role } of entry.inputs ?? []) {
      if (role !== 'panel') t.ok(bounded.has(loinc), `${entry.id}: ${loinc}`);
    }
  }
  for (const { loincs, basis } of CTCAE_DATA.implausible) {
    for (const loinc of loincs) {
      t.ok(
        edges.some(([codes]) => codes.split(' ').includes(loinc)),
        `${loinc} is in the cases`,
      );
    }
    t.match(basis, /pitfall|clinical lead|the bounds? in/i, 'a bound says where it comes from');
  }
});

t.test('the documentation names every number of a bound', async (t) => {
  const text = readFileSync('docs/grading-ctcae.md', 'utf8');
  const section = /## Impossible values\n(.*?)\n## /s.exec(text)?.[1] ?? '';
  for (const { loincs, unit, above, atLeast, below, atMost } of CTCAE_DATA.implausible) {
    for (const number of [above, atLeast, below, atMost]) {
      if (number !== undefined) t.match(section, new RegExp(`\\b${number}\\b`), `${loincs}: ${number} ${unit}`);
    }
  }
});

t.test('a weight that is a hundred times too much or a thousand times too little is not graded', async (t) => {
  const baseline = recorded(80, 'kg');
  for (const value of [70_000, 800, 0.07]) {
    for (const version of CTCAE_VERSIONS) {
      t.same(
        told('29463-7', { value, unit: 'kg' }, version, { baseline }),
        { weight_loss: IMPLAUSIBLE, weight_gain: IMPLAUSIBLE },
        `${value} kg in ${version}`,
      );
    }
  }
  t.same(told('29463-7', { value: 70_000, unit: 'g' }, '5.0', { baseline }), { weight_loss: '2', weight_gain: '0' });
});

/** Lower limits of normal in 10*9/L. */
const LOWER: Readonly<Record<string, number>> = { '777-3': 150, '26499-4': 1.8, '6690-2': 4, '26474-7': 1 };

const either: [name: string, loinc: string, unit: string, value: number, terms: Record<string, string>][] = [
  ['platelets of 4900 /uL', '777-3', '10*9/L', 4900, { platelet_count_decreased: IMPLAUSIBLE }],
  ['platelets of 1500 /uL', '777-3', '10*9/L', 1500, { platelet_count_decreased: IMPLAUSIBLE }],
  ['platelets of 1500 in their thousands', '777-3', '10*3/uL', 1500, { platelet_count_decreased: IMPLAUSIBLE }],
  ['a thrombocytosis that came per uL', '777-3', '/uL', 2_500_000, { platelet_count_decreased: '0' }],
  [
    'neutrophils of 150 /uL',
    '26499-4',
    '10*9/L',
    150,
    { neutrophil_count_decreased: IMPLAUSIBLE, febrile_neutropenia: IMPLAUSIBLE },
  ],
  [
    'neutrophils under growth factors',
    '26499-4',
    '10*9/L',
    35,
    { neutrophil_count_decreased: '0', febrile_neutropenia: '0' },
  ],
  ['leukaemia', '6690-2', '10*9/L', 300, { white_blood_cell_decreased: IMPLAUSIBLE, leukocytosis: '3' }],
  ['leukaemia that came per uL', '6690-2', '/uL', 300_000, { white_blood_cell_decreased: '0', leukocytosis: '3' }],
  [
    'lymphocytes of leukaemia',
    '26474-7',
    '10*9/L',
    300,
    { lymphocyte_count_decreased: IMPLAUSIBLE, lymphocyte_count_increased: '3' },
  ],
];
for (const [name, loinc, unit, value, terms] of either) {
  t.test(`a count that can be either is never graded low: ${name} as ${value} ${unit}`, async (t) => {
    const low = LOWER[loinc] ?? Number.NaN;
    t.same(told(loinc, { value, unit }, '5.0', { low: unit === '/uL' ? low * 1000 : low }), terms);
  });
}

t.test('a severe lack that came in the other unit is not graded low', async (t) => {
  t.match(told('14749-6', { value: 25, unit: 'mmol/L' }, '5.0'), { hypoglycemia: IMPLAUSIBLE });
  t.match(told('2345-7', { value: 450, unit: 'mg/dL' }, '5.0', { low: 70 }), { hypoglycemia: '0' });
  t.match(told('29265-6', { value: 5.5, unit: 'mmol/L' }, '5.0'), { hypocalcemia: IMPLAUSIBLE, hypercalcemia: '4' });
  t.match(told('29265-6', { value: 3.5, unit: 'mg/dL' }, '5.0'), { hypocalcemia: '4', hypercalcemia: IMPLAUSIBLE });
  t.same(told('14682-9', { value: 7.5, unit: 'umol/L' }, '5.0', { high: 100 }), { creatinine_increased: IMPLAUSIBLE });
  t.same(told('2571-8', { value: 12, unit: 'mg/dL' }, '5.0'), { hypertriglyceridemia: IMPLAUSIBLE });
});

t.test('a baseline that no patient has is compared with nothing, whenever it was recorded', async (t) => {
  const weight = { value: 80, unit: 'kg' };
  const open = told('29463-7', weight, '5.0');
  t.same(open, { weight_loss: 'baseline-missing', weight_gain: 'baseline-missing' });
  for (const baseline of [recorded(800_000, 'kg'), recorded(0.0001, 'kg'), recorded(650.1, 'kg')]) {
    t.same(told('29463-7', weight, '5.0', { baseline }), open, `${baseline.value} kg`);
  }
  t.same(told('29463-7', weight, '5.0', { baseline: recorded(650, 'kg') }), { weight_loss: '3', weight_gain: '0' });
  const alt = { value: 5000, unit: 'U/L' };
  t.same(
    told('1742-6', alt, '5.0', { high: 40, baseline: recorded(100_001, 'U/L') }),
    told('1742-6', alt, '5.0', { high: 40 }),
    'a baseline of 100001 U/L would hide it',
  );
});
