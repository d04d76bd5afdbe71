import t from 'tap';
import { searchParametersOf } from '../../../src/fhir/definitions.ts';
import { FhirError } from '../../../src/fhir/errors.ts';
import { keptQuery } from '../../../src/fhir/query/kept.ts';
import { parseQuery, type Query } from '../../../src/fhir/query.ts';
import { type SearchRegistry, searchRegistry } from '../../../src/fhir/search-parameters.ts';

const parsed = (registry: SearchRegistry, query: string): Query =>
  parseQuery(registry, 'Flag', new URLSearchParams(query), {
    strict: false,
    baseUrl: 'http://x/fhir',
    now: new Date('2026-03-01T00:00:00Z'),
  });

t.test('a search that is asked again', async (t) => {
  const registry = searchRegistry(searchParametersOf, []);
  const other = searchRegistry(searchParametersOf, []);
  const twice = (query: string, asked = query) => [
    keptQuery(registry, asked, () => parsed(registry, query)),
    keptQuery(registry, asked, () => parsed(registry, query)),
  ];

  for (const [name, query, isKept] of [
    ['is the same object', 'status=active', true],
    ['is read anew where it looks from now', 'date=ap2026-02-01', false],
    ['is read anew where one of several dates does', 'date=ge2026,ap2026-02-01', false],
    ['is kept with another prefix', 'date=ge2026-02-01', true],
    ['is read anew further on, for each page has a link of its own', 'status=active&_cursor=abc', false],
    ['is kept with what was left aside, and its warning', 'nothing=1', true],
  ] as const) {
    const [first, second] = twice(query);
    t.equal(first === second, isKept, name);
    t.same(second, first);
  }

  t.test('is read anew when it is long', async (t) => {
    for (const [length, isKept] of [
      [2000, true],
      [2001, false],
    ] as const) {
      const [first, second] = twice('status=active', 'x'.repeat(length));
      t.equal(first === second, isKept, `${length} characters`);
    }
  });

  t.test('is read anew by another registry', async (t) => {
    const [first] = twice('status=inactive');
    t.not(
      keptQuery(other, 'status=inactive', () => parsed(other, 'status=inactive')),
      first,
    );
  });

  t.test('is refused each time', async (t) => {
    for (const time of ['first', 'second']) t.throws(() => twice('date=yesterday'), FhirError, time);
  });

  t.test('of many the one that came first is forgotten', async (t) => {
    const registry = searchRegistry(searchParametersOf, []);
    const query = parsed(registry, 'status=active');
    const read: string[] = [];
    const ask = (asked: string) =>
      keptQuery(registry, asked, () => {
        read.push(asked);
        return query;
      });
    for (let at = 0; at < 2000; at += 1) ask(`q${at}`);
    ask('q0');
    t.equal(read.length, 2000, 'two thousand are kept');
    ask('q2000');
    read.length = 0;
    for (const asked of ['q1', 'q1999', 'q2000', 'q0']) ask(asked);
    t.same(read, ['q0']);
  });
});
