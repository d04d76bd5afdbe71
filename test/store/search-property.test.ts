import t from 'tap';
import { everyone } from '../../src/fhir/compartment.ts';
import { matches } from '../../src/fhir/match.ts';
import { parseQuery } from '../../src/fhir/query.ts';
import { tokenInSql } from '../../src/store/search/keys.ts';
import { sql } from '../../src/store/search/sql.ts';
import { search } from '../../src/store/search.ts';
import { token } from '../../src/store/tokens.ts';
import { seeded } from '../crash/random.ts';
import { NOW, testApp } from '../support/app.ts';
import { often } from '../support/often.ts';

const BASE = 'http://localhost:8080/fhir';
const UCUM = 'http://unitsofmeasure.org';
const RESOURCES = 120;
const QUERIES = often(600);

/** Values that meet each other: few, and on both sides of each edge. */
const DATES = [
  '2026',
  '2026-03',
  '2026-03-29',
  '2026-03-29T01:00:00Z',
  '2026-03-29T02:59:59+02:00',
  '2026-10-25',
  '2026-11-20',
  '9999-12-31',
];
const NUMBERS = ['5', '5.0', '4.95', '5.05', '0.005', '5000', '-5', '0', '5e0', '100', '99.5', '100.5'];
const UNITS = ['mg', 'g', 'ug', 'kg', 'cm'];
const CODES = ['a', 'b', 'c', 'a-b', 'p|q', "o'b", 'back\\slash', 'é'];
const SYSTEMS = ['http://a.example', 'http://b.example', 'p'];
const WORDS = [
  'Müller',
  'MULLER',
  'Muller-Durand',
  'muller durand',
  "O'Brien",
  '100%_',
  'Zoë',
  'é',
  'a\\b',
  '漢字',
  'ſtraße',
];
const PREFIXES = ['', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'];

t.test('what the database finds is what each resource says of itself', async (t) => {
  const app = await testApp({ demoPolicy: false, baseUrl: BASE, now: () => NOW });
  t.teardown(() => app.close());
  const { next: draw } = seeded(20261121);
  const one = <T>(list: readonly [T, ...T[]] | readonly T[]): T => list[Math.floor(draw() * list.length)] as T; // never empty
  const maybe = <T>(value: () => T): T | undefined => (draw() < 0.6 ? value() : undefined);
  const coding = () => ({ system: maybe(() => one(SYSTEMS)), code: one(CODES), display: maybe(() => one(WORDS)) });
  const quantity = () => {
    const unit = one(UNITS);
    const coded = draw() < 0.8 ? { system: UCUM, code: unit } : {};
    return {
      value: Number(one(NUMBERS)),
      unit,
      ...coded,
      comparator: draw() < 0.1 ? one(['<', '>', '<=', '>=']) : undefined,
    };
  };
  const observation = () => ({
    resourceType: 'Observation',
    status: one(['final', 'preliminary']),
    code: { coding: [coding(), coding()], text: maybe(() => one(WORDS)) },
    identifier: maybe(() => [{ system: maybe(() => one(SYSTEMS)), value: one(CODES) }]),
    ...maybe(() =>
      draw() < 0.5
        ? { effectiveDateTime: one(DATES) }
        : { effectivePeriod: { start: maybe(() => one(DATES.slice(0, 4))), end: '2026-11-21' } },
    ),
    ...one([
      { valueQuantity: quantity() },
      { valueString: one(WORDS) },
      { valueDateTime: one(DATES.slice(0, 3)) },
      { valueCodeableConcept: { coding: [coding()] } },
    ]),
    component: maybe(() => [
      { code: { coding: [coding()] }, valueQuantity: quantity() },
      { code: { coding: [coding()] }, valueCodeableConcept: { coding: [coding()] } },
    ]),
  });
  const stored: object[] = [];
  while (stored.length < RESOURCES) {
    const { status, body } = await app.send('POST', '/Observation', observation());
    if (status === 201) stored.push(body);
    // A component of the same code as the whole, beside a value: drawn again.
    else if (!/obs-7/.test(JSON.stringify(body))) throw new Error(JSON.stringify(body));
  }
  const escaped = (text: string): string => text.replace(/[\\|$,]/g, '\\$&');
  const several = (value: () => string): string => (draw() < 0.3 ? `${value()},${value()}` : value());
  const tokenText = () =>
    one([
      () => escaped(one(CODES)),
      () => `${escaped(one(SYSTEMS))}|${escaped(one(CODES))}`,
      () => `|${escaped(one(CODES))}`,
      () => `${one(SYSTEMS)}|`,
    ])();
  const quantityText = () => `${one(PREFIXES)}${one(NUMBERS)}${one(['', `|${UCUM}|${one(UNITS)}`, `||${one(UNITS)}`])}`;
  const dateText = () => `${one(PREFIXES)}${one(DATES)}`;
  const criteria: (() => [string, string])[] = [
    () => [
      one(['code', 'identifier', 'combo-code', 'component-code', 'value-concept', 'combo-value-concept', 'status']),
      several(tokenText),
    ],
    () => [`${one(['code', 'identifier', 'combo-code', 'value-concept'])}:not`, several(tokenText)],
    () => ['code:text', several(() => escaped(one(WORDS).slice(0, 3)))],
    () => [one(['date', 'value-date']), several(dateText)],
    () => [one(['value-quantity', 'component-value-quantity', 'combo-value-quantity']), several(quantityText)],
    () => [
      `value-string${one(['', ':exact', ':contains'])}`,
      several(() => escaped(one(WORDS).slice(0, 1 + Math.floor(draw() * 8)))),
    ],
    () => ['component-code-value-quantity', several(() => `${tokenText()}$${quantityText()}`)],
    () => ['code-value-date', several(() => `${tokenText()}$${dateText()}`)],
    () => ['combo-code-value-concept', several(() => `${tokenText()}$${tokenText()}`)],
    () => [
      `${one(['code', 'identifier', 'date', 'value-quantity', 'component-code', 'value-string', 'combo-code', 'component-code-value-quantity'])}:missing`,
      one(['true', 'false']),
    ],
  ];

  let hits = 0;
  for (let i = 0; i < QUERIES; i += 1) {
    const pairs = Array.from({ length: draw() < 0.3 ? 2 : 1 }, () => one(criteria)());
    const query = parseQuery(app.deps.registry, 'Observation', [...pairs, ['_count', '1000']], {
      strict: true,
      baseUrl: BASE,
      now: NOW,
    });
    const expected = stored
      .filter((resource) => query.filters.every((filter) => matches(filter, resource, BASE)))
      .map((resource) => (resource as { id: string }).id)
      .sort();
    const found = await search(app.deps.db, everyone(), { ...query, total: true }, BASE);
    const ids = found.matches.map(({ id }) => id).sort();
    hits += ids.length;
    if (JSON.stringify(ids) !== JSON.stringify(expected)) t.strictSame(ids, expected, JSON.stringify(pairs));
    if (found.total !== expected.length) t.equal(found.total, expected.length, `${JSON.stringify(pairs)}, counted`);
  }
  t.ok(hits > QUERIES, `${hits} hits in ${QUERIES} searches`);
});

t.test('a hash that the database makes is the one that the index holds', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  for (const value of ['Patient/a', 'https://example.org/é漢字|1', "'; drop table claim; --", '\\x00', '']) {
    const made = sql`select ${tokenInSql(1, 'Observation', 'subject', sql`${value}::text`)} as made`;
    const { rows } = await made.execute<{ made: string }>(app.deps.db);
    t.equal(rows[0]?.made, token(1, 'Observation', 'subject', value), value);
  }
});
