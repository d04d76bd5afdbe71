import t from 'tap';
import { LOINC } from '../../../src/fhir/canonical.ts';
import type { DataQuality, Outcome } from '../../../src/rules/finding.ts';
import { gradeMeasured } from '../../../src/rules/gradings/ctcae.ts';
import type { MeasuredInput, MeasuredQuantity } from '../../../src/rules/gradings/ctcae-measured.ts';

const SATURATION = '59408-5';
const TEMPERATURE = '8310-5';
const SYSTOLIC = '8480-6';

const graded = (grade: number): Outcome => ({ kind: 'graded', grade });
const unclear: Outcome = { kind: 'not-gradable', reason: 'value-unclear', missing: ['value'] };

const gradesOf = (loinc: string, said: Pick<MeasuredInput, 'value' | 'unclear'>, term: string) =>
  gradeMeasured({ codings: [{ system: LOINC, code: loinc }], status: 'final', ageYears: 60, ...said }, ['5.0']).find(
    (one) => one.term === term,
  );

const terms: [term: string, loinc: string][] = [
  ['hypoxia', SATURATION],
  ['fever', TEMPERATURE],
  ['hypertension', SYSTOLIC],
  ['weight_loss', '29463-7'],
  ['neutrophil_count_decreased', '26499-4'],
];
for (const [term, loinc] of terms) {
  t.test(`${term} of a value that is no number has no grade, and it is said why`, async (t) => {
    const found = gradesOf(loinc, { unclear: true }, term);
    t.strictSame(found?.outcome, unclear);
    t.strictSame(found?.dataQuality, ['value-unclear']);
    const nothing = gradesOf(loinc, {}, term);
    t.strictSame(nothing?.outcome, { ...unclear, reason: 'no-value' });
    t.strictSame(nothing?.dataQuality, []);
  });
}

const range = (value: number, upTo: number, unit: string): MeasuredQuantity => ({ value, upTo, unit });
const ranges: [
  term: string,
  loinc: string,
  value: MeasuredQuantity,
  outcome: Partial<Outcome>,
  quality?: DataQuality,
][] = [
  ['fever', TEMPERATURE, range(36, 37.9, 'Cel'), graded(0)],
  ['fever', TEMPERATURE, range(38, 39, 'Cel'), graded(1)],
  ['fever', TEMPERATURE, range(38, 39.1, 'Cel'), { kind: 'at-least', min: 1, max: 2 }],
  ['fever', TEMPERATURE, range(37.9, 39, 'Cel'), { kind: 'at-least', min: 0, max: 1 }],
  ['fever', TEMPERATURE, range(101, 102, '[degF]'), graded(1)],
  ['fever', TEMPERATURE, range(36, 375, 'Cel'), { kind: 'not-gradable' }, 'value-implausible'],
  ['fever', TEMPERATURE, range(12, 37, 'Cel'), { kind: 'not-gradable' }, 'value-implausible'],
  ['hypoxia', SATURATION, range(88, 97, '%'), graded(0)],
  ['hypoxia', SATURATION, range(80, 87, '%'), { kind: 'at-least', min: 2, max: 3 }, 'needs-clinician'],
  ['hypoxia', SATURATION, range(87, 97, '%'), { kind: 'not-gradable' }, 'value-unclear'],
  ['hypoxia', SATURATION, range(95, 101, '%'), { kind: 'not-gradable' }, 'value-implausible'],
  ['hypertension', SYSTOLIC, range(161, 170, 'mm[Hg]'), graded(3)],
  ['hypertension', SYSTOLIC, range(110, 170, 'mm[Hg]'), { kind: 'not-gradable' }, 'value-unclear'],
];
for (const [term, loinc, value, outcome, quality] of ranges) {
  t.test(`${term} from ${value.value} to ${value.upTo} ${value.unit}`, async (t) => {
    const found = gradesOf(loinc, { value }, term);
    t.match(found?.outcome, outcome);
    t.ok(quality === undefined || found?.dataQuality.includes(quality), String(found?.dataQuality));
    t.match(found?.measured, { value: value.value, upTo: value.upTo, unit: value.unit }, 'kept as it came');
  });
}

t.test('a bound that lies on both sides of a step tells nothing, and says so', async (t) => {
  const bound = (comparator: '<' | '>', value: number) =>
    gradesOf(SATURATION, { value: { value, unit: '%', comparator } }, 'hypoxia');
  for (const found of [bound('>', 80), bound('<', 95)]) {
    t.match(found?.outcome, { kind: 'not-gradable', reason: 'value-unclear' });
    t.ok(found?.dataQuality.includes('value-unclear'));
  }
  t.match(bound('>', 90)?.outcome, graded(0));
});
