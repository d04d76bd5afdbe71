import type { Coding, Parameters } from '@medplum/fhirtypes';
import t from 'tap';
import { systemOf } from '../../../src/fhir/terminology/concept.ts';
import { lookUp } from '../../../src/fhir/terminology/lookup.ts';
import { subsumption } from '../../../src/fhir/terminology/subsumes.ts';
import { translate } from '../../../src/fhir/terminology/translate.ts';
import {
  type CodeQuestion,
  validateInCodeSystem,
  validateInValueSet,
} from '../../../src/fhir/terminology/validate-code.ts';
import { faults } from '../../rules/resources/r4.ts';
import { COLOURS, FLAT, held, MAPS, PAINTS, PART, setNamed, thrown } from './colours.ts';

const holdings = held();
const valueIn = (parameters: Parameters, name: string): unknown => {
  const found = parameters.parameter?.find((one) => one.name === name);
  return found?.valueBoolean ?? found?.valueString ?? found?.valueCode;
};
const colour = (code: string, rest: Partial<Coding> = {}): Coding => ({ system: COLOURS, code, ...rest });

const inSets: [name: string, set: string, asked: CodeQuestion, result: boolean | 422, display?: string][] = [
  ['a code of the set', 'all', { codings: [colour('red')] }, true, 'Red'],
  ['a code that is none', 'all', { codings: [colour('green')] }, false],
  ['a code of another system', 'all', { codings: [{ system: 'urn:x', code: 'red' }] }, false],
  ['what only groups', 'all', { codings: [colour('warm')] }, false],
  ['what only groups, where that is asked for', 'all', { codings: [colour('warm')], abstract: true }, true],
  ['one of several codings', 'all', { codings: [colour('green'), colour('pink')] }, true, 'Pink'],
  ['its display', 'all', { codings: [colour('red', { display: 'red ' })] }, true, 'Red'],
  ['a wording in another language', 'all', { codings: [colour('red', { display: 'rouge' })] }, true, 'Red'],
  ['another display', 'all', { codings: [colour('red', { display: 'Blue' })] }, false, 'Red'],
  ['the display in the language asked for', 'all', { codings: [colour('red')], displayLanguage: 'fr' }, true, 'Rouge'],
  ['a code listed by name, though the rest is not held', 'mixed', { codings: [colour('red')] }, true, 'Strong red'],
  ['a code excluded by name', 'mixed', { codings: [colour('pink')] }, false],
  ['a code of a system that is not held', 'mixed', { codings: [{ system: 'http://loinc.org', code: 'x' }] }, 422],
  ['the same through another set', 'nested', { codings: [{ system: 'http://loinc.org', code: 'x' }] }, 422],
  [
    'a valid coding decides, whatever another leaves open',
    'mixed',
    {
      codings: [{ system: 'http://loinc.org', code: 'x' }, colour('red')],
    },
    true,
  ],
  ['a code in the part that is held', 'of-part', { codings: [{ system: PART, code: 'top' }] }, true],
  ['a code that may be in the rest', 'of-part', { codings: [{ system: PART, code: 'x' }] }, 422],
  ['an inactive code where those are out', 'active', { codings: [colour('blue')] }, false],
  ['a hierarchy: below', 'reds', { codings: [colour('pink')] }, true],
  ['a hierarchy: beside', 'reds', { codings: [colour('blue')] }, false],
  ['a version that the set asks for', 'pinned', { codings: [colour('grey', { version: '1' })] }, true, 'Grey'],
  ['another version than the set asks for', 'pinned', { codings: [colour('grey', { version: '2' })] }, false],
  ['the version of the coding', 'all', { codings: [colour('grey', { version: '1' })] }, true, 'Grey'],
  ['a stored expansion', 'expanded', { codings: [{ system: 'urn:x', code: 'a' }] }, true],
  ['a set that rests on itself', 'round', { codings: [colour('red')] }, 422],
  ['a set that says nothing', 'empty', { codings: [colour('red')] }, 422],
];
for (const [name, set, asked, result, display] of inSets) {
  t.test(`in a ValueSet: ${name}`, async (t) => {
    const ask = () => validateInValueSet(setNamed(set), holdings, asked);
    if (result === 422) {
      t.match(thrown(ask), { status: 422 });
      return;
    }
    t.equal(valueIn(ask(), 'result'), result);
    t.equal(valueIn(ask(), 'message') === undefined, result, 'a message says why not');
    if (display) t.equal(valueIn(ask(), 'display'), display);
    t.same(faults(ask()), []);
  });
}

const inSystems: [name: string, url: string, asked: CodeQuestion, result: boolean | 422][] = [
  ['a code', COLOURS, { codings: [colour('pink')] }, true],
  ['no code of it', COLOURS, { codings: [colour('grey')] }, false],
  ['a coding of another', COLOURS, { codings: [{ system: FLAT, code: 'One' }] }, false],
  ['any capitals where case does not matter', FLAT, { codings: [{ system: FLAT, code: 'ONE' }] }, true],
  ['other capitals where it does', COLOURS, { codings: [colour('Pink')] }, false],
  ['what only groups', COLOURS, { codings: [colour('warm')] }, false],
  ['a wrong display', COLOURS, { codings: [colour('pink', { display: 'Red' })] }, false],
  ['a code that may be in the rest', PART, { codings: [{ system: PART, code: 'x' }] }, 422],
];
for (const [name, url, asked, result] of inSystems) {
  t.test(`in a CodeSystem: ${name}`, async (t) => {
    const ask = () => validateInCodeSystem(systemOf(holdings, url), asked);
    if (result === 422) t.match(thrown(ask), { status: 422 });
    else t.equal(valueIn(ask(), 'result'), result);
  });
}

t.test('a system or version that is not held is a 404 that says so', async (t) => {
  t.match(
    thrown(() => systemOf(holdings, 'http://loinc.org')),
    { status: 404, message: /not held here/ },
  );
  t.match(
    thrown(() => systemOf(holdings, COLOURS, '9')),
    { status: 404, message: /other versions only/ },
  );
  t.equal(systemOf(holdings, COLOURS, '1').resource.version, '1');
});

t.test('$lookup tells names, designations, hierarchy and properties', async (t) => {
  const told = lookUp(systemOf(holdings, COLOURS), 'red', { properties: [] });
  t.same(faults(told), []);
  t.equal(valueIn(told, 'name'), 'Colours of things');
  t.equal(valueIn(told, 'version'), '2');
  t.equal(valueIn(told, 'display'), 'Red');
  const properties = told.parameter?.filter(({ name }) => name === 'property').map(({ part }) => part);
  t.same(properties, [
    [
      { name: 'code', valueCode: 'definition' },
      { name: 'value', valueString: 'As blood' },
    ],
    [
      { name: 'code', valueCode: 'parent' },
      { name: 'value', valueCode: 'warm' },
    ],
    [
      { name: 'code', valueCode: 'child' },
      { name: 'value', valueCode: 'pink' },
      { name: 'description', valueString: 'Pink' },
    ],
    [
      { name: 'code', valueCode: 'hex' },
      { name: 'value', valueString: 'FF0000' },
      { name: 'description', valueString: 'In RGB' },
    ],
  ]);
  t.equal(told.parameter?.filter(({ name }) => name === 'designation').length, 2);
  const some = lookUp(systemOf(holdings, COLOURS), 'red', { properties: ['hex', 'lang.fr'], displayLanguage: 'de' });
  t.equal(valueIn(some, 'display'), 'Rot');
  t.same(
    some.parameter?.flatMap(({ part }) => part?.find(({ name }) => name !== 'language') ?? []),
    [
      { name: 'value', valueString: 'Rouge' },
      { name: 'code', valueCode: 'hex' },
    ],
  );
  t.match(
    thrown(() => lookUp(systemOf(holdings, COLOURS), 'green', { properties: [] })),
    { status: 404 },
  );
});

const subsumptions: [a: string, b: string, url: string, outcome: string | number][] = [
  ['red', 'red', COLOURS, 'equivalent'],
  ['warm', 'pink', COLOURS, 'subsumes'],
  ['pink', 'red', COLOURS, 'subsumed-by'],
  ['pink', 'blue', COLOURS, 'not-subsumed'],
  ['top', 'below', PART, 'subsumes'],
  ['top', 'apart', PART, 422],
  ['One', 'one', FLAT, 'equivalent'],
  ['One', 'Two', FLAT, 422],
  ['red', 'green', COLOURS, 404],
];
for (const [a, b, url, outcome] of subsumptions) {
  t.test(`$subsumes: ${a} to ${b} is ${outcome}`, async (t) => {
    const ask = () => subsumption(systemOf(holdings, url), a, b);
    if (typeof outcome === 'number') t.match(thrown(ask), { status: outcome });
    else t.equal(ask(), outcome);
  });
}

const maps = (id: string) => MAPS.filter((map) => map.id === id);
const paint = (code: string): Coding => ({ system: PAINTS, code });
const translations: [name: string, map: string, coding: Coding, result: boolean, matches: unknown[], over?: object][] =
  [
    ['to each target', 'paints', colour('red'), true, ['narrower vermilion', 'inexact mix']],
    ['what is said to have no match', 'paints', colour('pink'), false, ['unmatched ']],
    ['what is not listed, by the fixed code', 'paints', colour('blue'), true, ['inexact other']],
    ['another system', 'paints', { system: 'urn:x', code: 'red' }, false, []],
    ['the same code, where the map says so', 'same', { system: FLAT, code: 'One' }, true, ['equal One']],
    ['by another map', 'on', colour('red'), true, ['narrower vermilion', 'inexact mix']],
    ['a map that leads to itself', 'loop', colour('red'), false, []],
    ['into another system than is wanted', 'paints', colour('red'), false, [], { targetSystem: 'urn:x' }],
    ['backwards, the relation turned', 'paints', paint('vermilion'), true, ['wider red'], { reverse: true }],
    ['backwards from nothing', 'paints', paint('ochre'), false, [], { reverse: true }],
  ];
for (const [name, map, coding, result, matches, over] of translations) {
  t.test(`$translate: ${name}`, async (t) => {
    const told = translate(maps(map), holdings, { codings: [coding], ...over });
    t.equal(valueIn(told, 'result'), result);
    const found = told.parameter
      ?.filter((one) => one.name === 'match')
      .map(({ part = [] }) => {
        const concept = part.find((one) => one.name === 'concept')?.valueCoding;
        return `${part[0]?.valueCode} ${concept?.code ?? ''}`;
      });
    t.same(found, matches);
    t.same(faults(told), []);
  });
}

t.test('$translate says what belongs to a match, and which map it is of', async (t) => {
  const told = translate(maps('paints'), holdings, { codings: [colour('red')] });
  t.same(told.parameter?.at(-1)?.part, [
    { name: 'equivalence', valueCode: 'inexact' },
    { name: 'concept', valueCoding: { system: PAINTS, code: 'mix' } },
    {
      name: 'product',
      part: [
        { name: 'element', valueUri: 'http://example.org/with' },
        { name: 'concept', valueCoding: { system: PAINTS, code: 'white' } },
      ],
    },
    { name: 'source', valueUri: 'http://example.org/ConceptMap/paints|1' },
  ]);
});
