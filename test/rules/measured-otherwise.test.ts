import t from 'tap';
import { quantityText } from '../../src/rules/explain-quantity.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { gradeMeasured } from '../../src/rules/gradings/ctcae.ts';
import { measuredOtherwise } from '../../src/rules/measured-otherwise.ts';

const BORN = '1961-05-04';
const DAY = '2026-03-01';

interface Given {
  term: string;
  loinc: string;
  value: number;
  unit: string;
  low?: number;
  high?: number;
}

function graded({ term, loinc, value, unit, low, high }: Given): Finding {
  const limit = (name: string, number: number | undefined) =>
    number === undefined ? {} : { [name]: { value: number, unit } };
  const input = {
    codings: [{ system: 'http://loinc.org', code: loinc }],
    status: 'final',
    value: { value, unit },
    ...limit('low', low),
    ...limit('high', high),
    ageYears: 64,
  };
  const finding = gradeMeasured(input, ['5.0']).find((one) => one.term === term);
  if (!finding) throw new Error(`${term} is not graded`);
  return finding;
}

const told = (finding: Finding, born: string | undefined = BORN): string[] =>
  measuredOtherwise(finding, born, DAY).map(
    ({ value, finding: { outcome } }) => `${value}: ${outcome.kind === 'graded' ? outcome.grade : outcome.kind}`,
  );

t.test('the nearest values with another grade, lower and higher', async (t) => {
  const potassium = { term: 'hyperkalemia', loinc: '2823-3', unit: 'mmol/L', low: 3.5, high: 5 };
  // Source: CTCAE 5.0, Hyperkalemia: > ULN - 5.5, > 5.5 - 6.0, > 6.0 - 7.0, > 7.0 mmol/L.
  t.same(told(graded({ ...potassium, value: 5.8 })), ['5.5: 1', '5: 0', '6.1: 3', '7.1: 4']);
  t.same(told(graded({ ...potassium, value: 5.55 })), ['5.5: 1', '5: 0', '6.01: 3', '7.01: 4']);
  t.same(told(graded({ ...potassium, value: 4 })).slice(0, 1), ['5.1: 1'], 'nothing lower is graded by this term');
});

t.test('nothing where the ladder was climbed with more than the finding holds', async (t) => {
  const finding = graded({ term: 'hyperkalemia', loinc: '2823-3', value: 5.8, unit: 'mmol/L', low: 3.5, high: 5 });
  t.same(told({ ...finding, outcome: { kind: 'graded', grade: 1 } }), [], 'it does not come out again');
  t.same(told({ ...finding, measured: { loinc: '2823-3', value: 5.8, unit: 'mmol/L', comparator: '<' } }), []);
  const { measured: _measured, ...bare } = finding;
  t.same(told(bare), []);
});

t.test('fever has one threshold', async (t) => {
  const fever = (value: number): Finding => ({
    term: 'fever',
    system: 'emergency',
    version: '1',
    kind: 'emergency',
    outcome: { kind: 'graded', grade: value >= 38 ? 1 : 0 },
    attributes: {},
    dataQuality: [],
    measured: { loinc: '8310-5', value, unit: 'Cel' },
  });
  t.same(told(fever(38.6)), ['37.9: 0']);
  t.same(told(fever(37.2)), ['38: 1']);
});

t.test('a value as a reader of the language writes it', async (t) => {
  const cases: [value: number, ucum: string, en: string, fr: string][] = [
    [38.2, 'Cel', '38.2 °C', '38,2 °C'],
    [0.8, '10*9/L', '0.8 ×10⁹/L', '0,8 ×10⁹/L'],
    [95, 'mm[Hg]', '95 mmHg', '95 mmHg'],
    [110, 'umol/L', '110 µmol/L', '110 µmol/L'],
    [2.5, '{INR}', '2.5', '2,5'],
    [40, 'U/L', '40 U/L', '40 U/L'],
    [7, '', '7', '7'],
  ];
  for (const [value, ucum, en, fr] of cases) {
    t.equal(quantityText(value, ucum, 'en'), en);
    t.equal(quantityText(value, ucum, 'fr'), fr);
  }
});
