import t from 'tap';
import { compareIntervals, dateInterval, type Interval, periodInterval, timeOfDay } from '../../src/fhir/dates.ts';

const at = (iso: string) => Date.parse(iso);

function interval(value: string): Interval {
  const found = dateInterval(value);
  if (!found) throw new Error(`${value} is no date`);
  return found;
}

const stretches: [name: string, value: string, start: string, end: string][] = [
  ['a year is all of its days', '2024', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'],
  ['a month ends where the next begins', '2024-12', '2024-12-01T00:00:00Z', '2025-01-01T00:00:00Z'],
  ['a day of a leap year', '2024-02-29', '2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z'],
  ['a minute, as search parameters may write it', '2024-02-29T23:59Z', '2024-02-29T23:59:00Z', '2024-03-01T00:00:00Z'],
  ['a second', '2024-05-01T10:00:00Z', '2024-05-01T10:00:00Z', '2024-05-01T10:00:01Z'],
  ['a tenth of a second', '2024-05-01T10:00:00.5Z', '2024-05-01T10:00:00.500Z', '2024-05-01T10:00:00.600Z'],
  ['a millisecond', '2024-05-01T10:00:00.123Z', '2024-05-01T10:00:00.123Z', '2024-05-01T10:00:00.124Z'],
  ['microseconds are cut', '2024-05-01T10:00:00.123999Z', '2024-05-01T10:00:00.123Z', '2024-05-01T10:00:00.124Z'],
  ['east of Greenwich is earlier', '2024-05-01T01:00:00+02:00', '2024-04-30T23:00:00Z', '2024-04-30T23:00:01Z'],
  ['west of Greenwich is later', '2024-05-01T23:00:00-03:30', '2024-05-02T02:30:00Z', '2024-05-02T02:30:01Z'],
  ['without a zone it is UTC', '2024-05-01T10:00:00', '2024-05-01T10:00:00Z', '2024-05-01T10:00:01Z'],
  ['a leap second begins the next minute', '2016-12-31T23:59:60Z', '2017-01-01T00:00:00Z', '2017-01-01T00:00:01Z'],
  ['the first century is not the twentieth', '0099-12', '0099-12-01T00:00:00Z', '0100-01-01T00:00:00Z'],
  ['the widest offset', '2024-05-01T00:00:00+14:00', '2024-04-30T10:00:00Z', '2024-04-30T10:00:01Z'],
];
for (const [name, value, start, end] of stretches) {
  t.test(`${name}: ${value}`, async (t) => {
    t.same(dateInterval(value), { start: at(start), end: at(end) });
  });
}

const refused = [
  '',
  '24',
  '0000',
  '2024-00',
  '2024-13',
  '2024-1',
  '2024-02-30',
  '2023-02-29',
  '2024-04-31',
  '2024-05-00',
  '2024-05-01T',
  '2024-05-01T10',
  '2024-05-01T24:00:00Z',
  '2024-05-01T10:60:00Z',
  '2024-05-01T10:00:61Z',
  '2024-05-01T10:00:00+14:01',
  '2024-05-01T10:00:00+15:00',
  '2024-05-01T10:00:00.Z',
  '2024-05-01 10:00:00Z',
  ' 2024',
  '2024-05-01Z',
  'yesterday',
];
for (const value of refused) {
  t.test(`'${value}' is no date`, async (t) => {
    t.equal(dateInterval(value), undefined);
  });
}

const comparisons: [name: string, a: string, b: string, expected: -1 | 0 | 1 | undefined][] = [
  ['the day before', '2024-05-01', '2024-05-02', -1],
  ['the day after', '2024-05-03', '2024-05-02', 1],
  ['the same day', '2024-05-02', '2024-05-02', 0],
  ['a day of that month cannot be ordered against it', '2024-05-02', '2024-05', undefined],
  ['nor the month against the day', '2024-05', '2024-05-02', undefined],
  ['the last second of April is before May', '2024-04-30T23:59:59Z', '2024-05', -1],
  ['the first second of June is after May', '2024-06-01T00:00:00Z', '2024-05', 1],
  ['the same moment in two zones', '2024-05-01T10:00:00Z', '2024-05-01T12:00:00+02:00', 0],
];
for (const [name, a, b, expected] of comparisons) {
  t.test(`${name}: ${a} against ${b}`, async (t) => {
    t.equal(compareIntervals(interval(a), interval(b)), expected);
  });
}

t.test('a period reaches from the start of its first to the end of its last date', async (t) => {
  t.same(periodInterval({ start: '2024-05', end: '2024-06-01' }), { start: at('2024-05-01'), end: at('2024-06-02') });
  t.same(periodInterval({ start: '2024-05' }), { start: at('2024-05-01'), end: Number.POSITIVE_INFINITY });
  t.same(periodInterval({ end: '2024-05' }), { start: Number.NEGATIVE_INFINITY, end: at('2024-06-01') });
  t.equal(periodInterval({ start: 'soon' }), undefined);
  t.equal(periodInterval({ end: 'soon' }), undefined);
});

t.test('a time of day is milliseconds since midnight', async (t) => {
  t.equal(timeOfDay('00:00:00'), 0);
  t.equal(timeOfDay('23:59:59.5'), 86_399_500);
  for (const value of ['24:00:00', '10:60:00', '10:00', '10:00:00Z', '1:00:00'])
    t.equal(timeOfDay(value), undefined, value);
});
