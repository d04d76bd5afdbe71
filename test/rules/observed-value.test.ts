import t from 'tap';
import { bareNumber } from '../../src/rules/gradings/emergency-fever.ts';
import { type Reading, readingOf, type Valued } from '../../src/rules/observed-value.ts';
import { quantity } from '../support/observations.ts';

const DAR = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';
const UNCLEAR: Reading = { unclear: true };
const range = (low: Valued['valueQuantity'], high: Valued['valueQuantity']): Valued => ({
  valueRange: { ...(low ? { low } : {}), ...(high ? { high } : {}) },
});
const cel = (value: number) => quantity(value, 'Cel');

const values: [name: string, said: object, reading: Reading | undefined, elsewhere?: Reading][] = [
  ['a quantity', { valueQuantity: cel(38) }, { value: 38, unit: 'Cel' }],
  ['a quantity without a unit', { valueQuantity: { value: 38, unit: '°C' } }, { value: 38 }],
  ['a bound', { valueQuantity: { ...cel(38), comparator: '>' } }, { value: 38, unit: 'Cel', comparator: '>' }],
  ['a unit without a number', { valueQuantity: { unit: '°C' } }, {}],
  ['an integer', { valueInteger: 39 }, { value: 39 }],
  ['a range', range(cel(38.5), cel(39)), { value: 38.5, upTo: 39, unit: 'Cel' }],
  ['a range of one value', range(cel(38.5), cel(38.5)), { value: 38.5, unit: 'Cel' }],
  ['a range without units', range({ value: 38.5 }, { value: 39 }), { value: 38.5, upTo: 39 }],
  ['a lower end', range(cel(38.5), undefined), { value: 38.5, unit: 'Cel', comparator: '>=' }],
  ['an upper end', range(undefined, cel(37)), { value: 37, unit: 'Cel', comparator: '<=' }],
  [
    'a range of two units, of which the lower end is sure',
    range(cel(38.5), quantity(102, '[degF]')),
    { value: 38.5, unit: 'Cel', comparator: '>=' },
  ],
  ['a range that is upside down', range(cel(39), cel(36)), UNCLEAR],
  ['a range whose end is a bound', range({ ...cel(36), comparator: '<' }, cel(37)), UNCLEAR],
  ['a range without a number', range({ unit: '°C' }, undefined), {}],
  ['a text that is a number', { valueString: '39' }, { value: 39 }, UNCLEAR],
  ['a text that is a number with degrees', { valueString: '39,2 °C' }, { value: 39.2 }, UNCLEAR],
  ['another text', { valueString: 'fièvre' }, UNCLEAR],
  ['a code', { valueCodeableConcept: { coding: [{ system: 'http://snomed.info/sct', code: '386661006' }] } }, UNCLEAR],
  ['a code in words', { valueCodeableConcept: { text: 'fever' } }, UNCLEAR],
  ['a code that says why there is none', { valueCodeableConcept: { coding: [{ system: DAR, code: 'unknown' }] } }, {}],
  ['a ratio', { valueRatio: { numerator: cel(39), denominator: { value: 1 } } }, UNCLEAR],
  ['samples', { valueSampledData: { origin: cel(0), period: 1, dimensions: 1, data: '39 39.1' } }, UNCLEAR],
  ['a boolean', { valueBoolean: true }, UNCLEAR],
  ['a moment', { valueDateTime: '2026-11-20' }, UNCLEAR],
  ['a period', { valuePeriod: { start: '2026-11-20' } }, UNCLEAR],
  ['a reason why there is none', { dataAbsentReason: { coding: [{ system: DAR, code: 'not-performed' }] } }, undefined],
  ['nothing', {}, undefined],
];
for (const [name, said, reading, elsewhere] of values) {
  t.test(`what is read of ${name}`, async (t) => {
    t.strictSame(readingOf(said, true), reading);
    t.strictSame(readingOf(said, false), elsewhere ?? reading, 'of another analyte');
  });
}

const texts: [text: string, number: number | undefined][] = [
  ['39', 39],
  [' 39 ', 39],
  ['39.2', 39.2],
  ['39,2', 39.2],
  ['39,2 °C', 39.2],
  ['39,2\u00a0°C', 39.2],
  ['39.2C', 39.2],
  ['39.2 Cel', 39.2],
  ['102 °F', 102],
  ['39 ℃', 39],
  ['39°', 39],
  ['385', 385],
  ['< 38', undefined],
  ['> 38', undefined],
  ['below 38', undefined],
  ['38 - 39', undefined],
  ['38/39', undefined],
  ['39 kg', undefined],
  ['-39', undefined],
  ['39.', undefined],
  ['3 9', undefined],
  ['39 two days ago', undefined],
  ['1e2', undefined],
  ['38 500', undefined],
  ['°C', undefined],
  ['fever', undefined],
];
for (const [text, number] of texts) {
  t.test(`"${text}" is ${number === undefined ? 'no plain number' : `the number ${number}`}`, async (t) => {
    t.equal(bareNumber(text), number);
  });
}
