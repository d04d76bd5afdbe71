import t from 'tap';
import {
  identifierKeys,
  intervalOf,
  type Measured,
  measureOf,
  normalised,
  ofTypeKeys,
  textsOf,
  unitKeys,
} from '../../../src/fhir/search-parameters.ts';
import { canonicalQuantity } from '../../../src/fhir/ucum.ts';

const of = (value: unknown) => ({ name: 'x', value });

const measures: [name: string, value: unknown, expected: Measured | undefined][] = [
  ['a number', 1.5, { lo: 1.5, hi: 1.5 }],
  [
    'a Quantity',
    { value: 5, system: 'urn:u', code: 'c', unit: 'cs' },
    { lo: 5, hi: 5, system: 'urn:u', code: 'c', unit: 'cs' },
  ],
  ['zero is a value', { value: 0 }, { lo: 0, hi: 0 }],
  ['a Quantity without value', { unit: 'mg' }, undefined],
  ['below', { value: 5, comparator: '<' }, { hi: 5, open: true }],
  ['at most', { value: 5, comparator: '<=' }, { hi: 5 }],
  ['above', { value: 5, comparator: '>' }, { lo: 5, open: true }],
  ['at least', { value: 5, comparator: '>=' }, { lo: 5 }],
  ['a Range', { low: { value: 1, unit: 'a' }, high: { value: 2, unit: 'a' } }, { lo: 1, hi: 2, unit: 'a' }],
  ['a Range that is open above', { low: { value: 1, code: 'a' } }, { lo: 1, code: 'a' }],
  ['a Range that is open below', { high: { value: 2, code: 'a' } }, { hi: 2, code: 'a' }],
  ['an empty Range', { low: {}, high: {} }, undefined],
  ['Money', { value: 3, currency: 'EUR' }, { lo: 3, hi: 3, system: 'urn:iso:std:iso:4217', code: 'EUR' }],
  ['a text', '5', undefined],
  ['nothing', undefined, undefined],
];
for (const [name, value, expected] of measures) {
  t.test(`measured: ${name}`, async (t) => t.same(measureOf(of(value)), expected));
}

t.test('a unit is found by code, by system and code, and by its text', async (t) => {
  t.same(unitKeys({ system: 'urn:u', code: 'mg', unit: 'milligram' }), ['mg', 'urn:u|mg', 'milligram']);
  t.same(unitKeys({ code: 'mg', unit: 'mg' }), ['mg']);
  t.same(unitKeys({}), []);
});

const same: [name: string, a: [number, string], b: [number, string]][] = [
  ['grams and milligrams', [0.0054, 'g'], [5.4, 'mg']],
  ['per decilitre and per litre', [12, 'g/dL'], [120, 'g/L']],
  ['amounts of substance', [5, 'mmol/L'], [0.005, 'mol/L']],
  ['Celsius and Fahrenheit', [37, 'Cel'], [98.6, '[degF]']],
  ['millimetres of mercury and kilopascal', [120, 'mm[Hg]'], [15.99864, 'kPa']],
  ['counts per volume', [3.5, '10*9/L'], [3500, '/uL']],
  ['years and months', [2, 'a'], [24, 'mo']],
  ['a percentage and a number', [50, '%'], [0.5, '1']],
];
for (const [name, [amount, unit], [other, otherUnit]] of same) {
  t.test(`the same quantity: ${name}`, async (t) => {
    const one = canonicalQuantity(amount, unit);
    t.ok(one);
    t.same(one, canonicalQuantity(other, otherUnit));
  });
}

t.test('what is not comparable has another unit, or none', async (t) => {
  t.not(canonicalQuantity(1, 'mmol/L')?.unit, canonicalQuantity(1, 'mg/L')?.unit, 'substance and mass');
  t.not(canonicalQuantity(1, 'mmol/L')?.unit, canonicalQuantity(1, '/L')?.unit, 'a mole is no number');
  for (const unit of ['[iU]/L', '[pH]', 'bogus', '', 'mEq/L', 'x'.repeat(200)]) {
    t.equal(canonicalQuantity(1, unit), undefined, unit.slice(0, 10));
  }
});

const texts: [name: string, value: unknown, expected: string[]][] = [
  ['a string', 'Anna', ['Anna']],
  ['a name', { family: 'Dupont', given: ['Anne', 'Lise'], use: 'official' }, ['Dupont', 'Anne', 'Lise']],
  [
    'an address',
    { line: ['1 rue A'], city: 'Paris', postalCode: '75014', type: 'both' },
    ['1 rue A', 'Paris', '75014'],
  ],
  ['an empty string', '', []],
  ['nothing', undefined, []],
];
for (const [name, value, expected] of texts) {
  t.test(`texts: ${name}`, async (t) => t.same(new Set(textsOf(of(value))), new Set(expected)));
}

t.test('texts are compared without case, marks and runs of white space', async (t) => {
  t.equal(normalised('  Élodie\tLE   GALL '), 'elodie le gall');
  t.equal(normalised('Ångström'), 'angstrom');
});

t.test('a Timing stands for its outer limits', async (t) => {
  const day = (text: string) => Date.parse(`${text}T00:00:00Z`);
  t.same(intervalOf(of({ event: ['2026-03-01', '2026-03-05'] })), { start: day('2026-03-01'), end: day('2026-03-06') });
  t.same(intervalOf(of({ repeat: { boundsPeriod: { start: '2026-03-01' } } })), {
    start: day('2026-03-01'),
    end: Number.POSITIVE_INFINITY,
  });
  t.equal(intervalOf(of({ code: { text: 'daily' } })), undefined);
});

t.test('identifiers by their type, and those of references', async (t) => {
  const coding = [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }, { code: 'XX' }];
  t.same(ofTypeKeys(of({ type: { coding }, system: 'urn:s', value: '12' })), [
    'http://terminology.hl7.org/CodeSystem/v2-0203|MR|12',
    '|XX|12',
  ]);
  t.same(ofTypeKeys(of({ system: 'urn:s', value: '12' })), []);
  t.same(identifierKeys(of({ identifier: { system: 'urn:s', value: '12' } })), ['12', 'urn:s|12', 'urn:s|']);
  t.same(identifierKeys(of({ reference: 'Patient/a' })), []);
});
