import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { searchParametersOf } from '../../src/fhir/definitions.ts';
import { FhirError } from '../../src/fhir/errors.ts';
import { openCursor, sealCursor } from '../../src/fhir/query/cursor.ts';
import { DEFAULT_COUNT, MAX_COUNT, parseQuery, type Query } from '../../src/fhir/query.ts';
import { searchRegistry } from '../../src/fhir/search-parameters.ts';

const ours = readdirSync('profiles')
  .filter((file) => file.startsWith('SearchParameter-'))
  .map((file) => JSON.parse(readFileSync(`profiles/${file}`, 'utf8')));
const registry = searchRegistry(searchParametersOf, ours);
const BASE = 'https://vigie.example/fhir';
const parse = (type: string, text: string, strict = false): Query =>
  parseQuery(registry, type, new URLSearchParams(text), { strict, baseUrl: BASE });
const keys = (type: string, text: string) =>
  parse(type, text).filters.map((filter) => ('keys' in filter ? filter.keys : []));

const statusOf = (work: () => unknown): number | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof FhirError ? error.status : 500;
  }
};

t.test('with nothing asked: the newest first, a page of the default size, nothing counted', async (t) => {
  t.match(parse('Flag', ''), {
    filters: [],
    sort: [{ by: '_id', descending: true }],
    count: DEFAULT_COUNT,
    total: false,
    countOnly: false,
    used: [],
    warnings: [],
  });
});

t.test('alternatives are split at commas, escaped ones stay', async (t) => {
  t.same(keys('Flag', 'code=a,b'), [['a', 'b']]);
  t.same(keys('Flag', 'code=a\\,b,c\\|d,e\\\\f'), [['a,b', 'c|d', 'e\\f']]);
  t.same(keys('Flag', 'code=a&code=b'), [['a'], ['b']], 'repeated: both must hold');
  t.same(keys('Flag', 'code=a,,b,'), [['a', 'b']]);
});

t.test('a reference: typed, bare, versioned, ours by URL, of another server', async (t) => {
  const cases: [string, string, string[]][] = [
    ['Flag', 'patient=Patient/a', ['Patient/a']],
    ['Flag', `patient=${BASE}/Patient/a`, ['Patient/a']],
    ['Flag', 'patient=https://o.example/Patient/a', ['https://o.example/Patient/a']],
    ['Flag', 'subject:Patient=a', ['Patient/a']],
    ['Flag', 'subject:Patient=Patient/a', ['Patient/a']],
    ['Flag', 'subject:Patient=Device/a', []],
    ['Provenance', 'target=Flag/a/_history/2', ['Flag/a/_history/2']],
    ['QuestionnaireResponse', 'questionnaire=https://q.example/a|1', ['https://q.example/a|1']],
  ];
  for (const [type, text, expected] of cases) t.same(keys(type, text), [expected], text);
  t.ok(keys('Flag', 'patient=a')[0]?.includes('Patient/a'), 'a bare id');
});

t.test('_count is bounded; 0 asks for the total alone', async (t) => {
  t.equal(parse('Flag', `_count=${MAX_COUNT}`).count, MAX_COUNT);
  t.equal(parse('Flag', `_count=${MAX_COUNT + 1}`).count, MAX_COUNT);
  t.match(parse('Flag', '_count=0'), { countOnly: true, total: true });
  t.match(parse('Flag', '_count=1'), { countOnly: false, total: false });
});

t.test('what was used is said as it was used: of several the last, and no more than the most', async (t) => {
  t.same(parse('Flag', '_count=5000').used, [['_count', String(MAX_COUNT)]]);
  const query = parse('Flag', '_count=0&_sort=date&status=active&_count=7&_sort=-date&_total=none&_total=accurate');
  t.match(query, { count: 7, countOnly: false, sort: [{ by: 'date', descending: true }], total: true });
  t.same(query.used, [
    ['status', 'active'],
    ['_count', '7'],
    ['_sort', '-date'],
    ['_total', 'accurate'],
  ]);
  t.match(parse('Flag', '_summary=count&_count=7'), { countOnly: true, total: true });
  t.match(parse('Flag', '_contained=false', true), { used: [['_contained', 'false']], warnings: [] });
});

t.test('a number stands for the stretch that its digits leave open', async (t) => {
  const cases: [string, string, string][] = [
    ['100', '99.5', '100.5'],
    ['100.00', '99.995', '100.005'],
    ['1e2', '95', '105'],
    ['1.0e2', '95', '105'],
    ['1.00e2', '99.5', '100.5'],
    ['-5', '-5.5', '-4.5'],
    ['0.1', '0.05', '0.15'],
    ['ap100', '90', '110'],
  ];
  for (const [text, low, high] of cases) {
    const [filter] = parse('Observation', `value-quantity=${text}`).filters;
    const [range] = filter?.kind === 'quantity' ? filter.ranges : [];
    t.same([Number(range?.low), Number(range?.high)], [Number(low), Number(high)], text);
  }
});

t.test('a cursor is read as it was written, for its own search and no other', async (t) => {
  const key = Buffer.alloc(32, 7);
  const cursor = { values: ['2026-11-21 12:00:00.123+00', null], id: 'a-1' };
  const text = sealCursor(key, 'Flag?_sort=date', cursor);
  t.same(openCursor(key, 'Flag?_sort=date', text), cursor);
  t.not(text, sealCursor(key, 'Flag?_sort=date', cursor), 'and is another text each time');
  t.notMatch(Buffer.from(text, 'base64url').toString('latin1'), /2026/, 'it shows nothing of what it holds');
  const refusedAs = (work: () => unknown) => t.equal(statusOf(work), 400);
  refusedAs(() => openCursor(key, 'Flag?_sort=-date', text));
  refusedAs(() => openCursor(Buffer.alloc(32, 8), 'Flag?_sort=date', text));
  for (let at = 0; at < text.length; at += 1) {
    const other = text.charAt(at) === 'A' ? 'B' : 'A';
    refusedAs(() => openCursor(key, 'Flag?_sort=date', text.slice(0, at) + other + text.slice(at + 1)));
    refusedAs(() => openCursor(key, 'Flag?_sort=date', text.slice(0, at)));
  }
  const query = parse('Flag', `_sort=date&_cursor=${text}`);
  t.equal(query.cursor, text);
  t.same(query.used, [['_sort', 'date']], 'and is no part of the self link');
});

t.test('a date has a prefix or none', async (t) => {
  const [filter] = parse('Flag', 'date=ge2026-03').filters;
  t.match(filter, { kind: 'date', ranges: [{ prefix: 'ge', start: Date.UTC(2026, 2), end: Date.UTC(2026, 3) }] });
  t.match(parse('Flag', 'date=2026-03').filters[0], { ranges: [{ prefix: 'eq' }] });
  t.match(parse('Flag', '_lastUpdated=gt2026-03-01T00:00:00 01:00').filters[0], {
    ranges: [{ prefix: 'gt', start: Date.UTC(2026, 1, 28, 23) }],
  });
});

t.test('what is not understood is left aside with a warning, or refused when strict', async (t) => {
  t.match(parse('Flag', 'colour=red&status=active'), {
    used: [['status', 'active']],
    warnings: [{ code: 'not-supported' }],
  });
  t.equal(
    statusOf(() => parse('Flag', 'colour=red', true)),
    400,
  );
  t.notMatch(JSON.stringify(parse('Flag', 'Anne Dupont=1').warnings), /Dupont/);
});

t.test('a value or modifier that cannot be read is refused, strict or not', async (t) => {
  for (const text of [
    'date=soon',
    'date=xx2026',
    'date:exact=2026',
    'code:exact=a',
    'subject:missing=perhaps',
    'subject:Nothing=1',
    '_count=x',
    '_sort=colour',
    '_sort=_id,_id,_id,_id,_id,_id',
    '_revinclude=x',
    '_include=Flag:date',
    '_include=Flag:subject:Nothing',
    '_include:often=Flag:subject',
    '_total=some',
    '_summary=short',
    '_id:exact=a',
    '_lastUpdated:exact=2026',
    'identifier=|',
    '_contained=both',
    'identifier:of-type=a|b',
    'code:in=http://nobody.example/vs',
    'code:below=http://nobody.example/cs|a',
    'date=ap2026',
    '_has:Observation:code=x',
    '_has:Flag:date:code=x',
    '_filter=code eq a',
    '_text=a',
    `status=${Array.from({ length: 1001 }, (_, at) => at).join(',')}`,
    Array.from({ length: 101 }, () => 'status=a').join('&'),
    'status=a%00b',
  ]) {
    t.equal(
      statusOf(() => parse('Flag', text)),
      400,
      text,
    );
  }
});
