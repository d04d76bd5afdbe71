import t from 'tap';
import { numberInRange } from '../../../src/fhir/match/number.ts';
import type { NumberRange } from '../../../src/fhir/query/filter.ts';
import { testApp } from '../../support/app.ts';

const UCUM = 'http://unitsofmeasure.org';
const OBSERVED: readonly [name: string, comparator: string | undefined][] = [
  ['below', '<'],
  ['at most', '<='],
  ['exactly', undefined],
  ['at least', '>='],
  ['above', '>'],
];

/** What each prefix finds of five amounts of 5 g with every comparator. Source: FHIR R4, section 3.1.1.4.5: the ranges are compared. */
const CASES: readonly [asked: string, found: string[]][] = [
  ['5', ['exactly']],
  ['ne5', ['below', 'at most', 'at least', 'above']],
  ['gt5', ['at least', 'above']],
  ['lt5', ['below', 'at most']],
  ['ge5', ['at most', 'exactly', 'at least', 'above']],
  ['le5', ['below', 'at most', 'exactly', 'at least']],
  ['sa5', ['above']],
  ['eb5', ['below']],
  ['ge4.99', ['below', 'at most', 'exactly', 'at least', 'above']],
  ['ge5.01', ['at least', 'above']],
  ['le4.99', ['below', 'at most']],
  ['le5.01', ['below', 'at most', 'exactly', 'at least', 'above']],
  ['sa4.99', ['exactly', 'at least', 'above']],
  ['sa5.01', []],
  ['eb5.01', ['below', 'at most', 'exactly']],
  ['eb4.99', []],
  ['ap5', ['below', 'at most', 'exactly', 'at least', 'above']],
];

t.test('what is less or greater than a number is not that number', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  for (const [valueString, comparator] of OBSERVED) {
    const { status } = await app.send('POST', '/Observation', {
      resourceType: 'Observation',
      status: 'final',
      code: { text: valueString },
      valueQuantity: { value: 5, system: UCUM, code: 'g', ...(comparator ? { comparator } : {}) },
    });
    t.equal(status, 201);
  }
  const found = async (asked: string): Promise<string[]> => {
    const { body } = await app.send('GET', `/Observation?value-quantity=${asked}&_sort=_id`);
    return (body.entry ?? []).map(({ resource }: { resource: { code: { text: string } } }) => resource.code.text);
  };
  for (const [asked, expected] of CASES) {
    t.same(await found(`${asked}|${UCUM}|g`), expected, asked);
    const [, prefix = '', number = ''] = /^([a-z]*)(.*)$/.exec(asked) ?? [];
    // The same number of digits, so that what is equal is equal.
    if (prefix !== '' && prefix !== 'ne' && prefix !== 'ap') {
      t.same(await found(`${prefix}${(Number(number) * 1000).toFixed(0)}|${UCUM}|mg`), expected, `${asked}, in mg`);
    }
  }
});

t.test('a bound that lies outside meets no approximate value that ends there', async (t) => {
  const range = (prefix: NumberRange['prefix'], low: string, high: string): NumberRange => ({
    prefix,
    value: '5',
    low,
    high,
  });
  const upTo5 = { lo: Number.NEGATIVE_INFINITY, hi: 5 };
  const from5 = { lo: 5, hi: Number.POSITIVE_INFINITY };
  t.equal(numberInRange(range('ap', '5', '6'), upTo5), true);
  t.equal(numberInRange(range('ap', '5', '6'), { ...upTo5, open: true }), false);
  t.equal(numberInRange(range('ap', '4', '5'), from5), true);
  t.equal(numberInRange(range('ap', '4', '5'), { ...from5, open: true }), false);
});
