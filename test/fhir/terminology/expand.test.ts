import t from 'tap';
import { type Expansion, expandValueSet, MOST_AT_ONCE } from '../../../src/fhir/terminology/expand.ts';
import { holdingsOf } from '../../../src/fhir/terminology/holdings.ts';
import { faults } from '../../rules/resources/r4.ts';
import { aSet, COLOURS, colours, held, setNamed, thrown } from './colours.ts';

const STAMP = { identifier: 'urn:uuid:7b2f0b5e-8c0a-4c0e-8f0e-0f0e0f0e0f0e', timestamp: '2026-11-21T12:00:00Z' };
const expand = (name: string, asked: Expansion = {}) => expandValueSet(setNamed(name), held(), asked, STAMP);
const codesOf = (name: string, asked: Expansion = {}) =>
  expand(name, asked).expansion?.contains?.map(({ code }) => code);

const cases: [name: string, set: string, asked: Expansion, codes: string[] | undefined][] = [
  ['a whole system, without what only groups', 'all', {}, ['red', 'pink', 'blue']],
  ['activeOnly leaves out what is inactive', 'all', { activeOnly: true }, ['red', 'pink']],
  ['a set that says inactive: false does so by itself', 'active', {}, ['red', 'pink']],
  ['a filter is found in the display, in any capitals', 'all', { filter: 'RED' }, ['red']],
  ['a filter is found in the code', 'all', { filter: 'pin' }, ['pink']],
  ['a filter is found in a designation, without its accents', 'all', { filter: 'pale rose' }, ['pink']],
  ['a filter that fits nothing', 'all', { filter: 'green' }, undefined],
  ['a page', 'all', { offset: 1, count: 1 }, ['pink']],
  ['a page behind the end', 'all', { offset: 3, count: 1 }, undefined],
  ['count 0 asks for the total alone', 'all', { count: 0 }, undefined],
  ['a system may be left out', 'all', { excludeSystems: [`${COLOURS}|2`] }, undefined],
  ['a hierarchy', 'reds', {}, ['red', 'pink']],
  ['a pattern over a property', 'by-hex', {}, ['red']],
  ['a stored expansion, where there is no definition', 'expanded', {}, ['a']],
];
for (const [name, set, asked, codes] of cases) {
  t.test(name, async (t) => t.same(codesOf(set, asked), codes));
}

t.test('total counts what is on no page too, and the parameters say what was asked', async (t) => {
  const set = expand('all', { offset: 1, count: 1, filter: 'e', activeOnly: false });
  t.match(set, { resourceType: 'ValueSet', url: 'http://example.org/ValueSet/all', version: '1', status: 'active' });
  t.equal(set.compose, undefined);
  t.same(set.expansion, {
    ...STAMP,
    total: 3,
    offset: 1,
    parameter: [
      { name: 'filter', valueString: 'e' },
      { name: 'offset', valueInteger: 1 },
      { name: 'count', valueInteger: 1 },
      { name: 'activeOnly', valueBoolean: false },
      { name: 'version', valueUri: `${COLOURS}|2` },
    ],
    contains: [{ system: COLOURS, code: 'pink', display: 'Pink' }],
  });
  t.same(faults(set), ['an id'], 'the helper does not expect one; everything else is sound');
  t.equal(expand('all').expansion?.offset, undefined, 'no offset where no page was asked for');
});

t.test('the definition comes along where it is asked for', async (t) => {
  t.same(expand('all', { includeDefinition: true }).compose, setNamed('all').compose);
});

t.test('designations and the language of the display', async (t) => {
  const [red] = expand('all', { includeDesignations: true, displayLanguage: 'fr-CA' }).expansion?.contains ?? [];
  t.match(red, {
    code: 'red',
    display: 'Rouge',
    designation: [{ language: 'fr' }, { language: 'de-AT', value: 'Rot' }],
  });
  const [other] = expand('all', { displayLanguage: 'es' }).expansion?.contains ?? [];
  t.same(other, { system: COLOURS, code: 'red', display: 'Red' }, 'a language that there is not leaves the display');
});

t.test('a version that the set asks for is the one that is used, named, and worded by', async (t) => {
  const { parameter, contains } = expand('pinned', { displayLanguage: 'fr' }).expansion ?? {};
  t.same(contains, [{ system: COLOURS, version: '1', code: 'grey', display: 'Gris' }]);
  t.match(parameter?.at(-1), { name: 'version', valueUri: `${COLOURS}|1` });
});

const refused: [name: string, set: string, diagnostics: RegExp][] = [
  ['a system that is not held', 'mixed', /CodeSystem http:\/\/loinc.org is not held here/],
  ['only a part of the system', 'of-part', /content "fragment"/],
  ['a filter that is not read', 'odd-filter', /filter "hex is-a"/],
  ['a value set that is not held', 'of-unknown', /ValueSet http:\/\/example.org\/ValueSet\/nowhere is not held here/],
  ['what an inner one lacks', 'nested', /loinc/],
  ['a set that rests on itself', 'round', /rests on itself/],
  ['a set that says nothing', 'empty', /neither a definition/],
];
for (const [name, set, diagnostics] of refused) {
  t.test(`422 says why: ${name}`, async (t) => {
    t.match(
      thrown(() => expand(set)),
      { status: 422, message: diagnostics },
    );
  });
}

t.test('a long expansion is given page by page only', async (t) => {
  const concept = Array.from({ length: MOST_AT_ONCE + 1 }, (_, n) => ({ code: `c${n}` }));
  const holdings = holdingsOf([{ ...colours, concept }], [], []);
  const set = aSet('long', { include: [{ system: COLOURS }] });
  t.match(
    thrown(() => expandValueSet(set, holdings, {}, STAMP)),
    {
      status: 422,
      issues: [{ code: 'too-costly' }],
    },
  );
  t.equal(expandValueSet(set, holdings, { offset: 1 }, STAMP).expansion?.contains?.length, MOST_AT_ONCE);
  t.equal(expandValueSet(set, holdings, { count: 2 }, STAMP).expansion?.total, MOST_AT_ONCE + 1);
});

t.test('all codes of a system, by its implicit value sets', async (t) => {
  const holdings = held();
  for (const url of ['http://example.org/ValueSet/implicit-colours', `${COLOURS}?fhir_vs`]) {
    const set = holdings.valueSet(url);
    t.equal(set && expandValueSet(set, holdings, {}, STAMP).expansion?.total, 3, url);
  }
  const older = holdings.valueSet(`${COLOURS}?fhir_vs|1`);
  t.match(older && expandValueSet(older, holdings, {}, STAMP).expansion?.contains, [{ code: 'grey' }]);
});
