import type { CodeSystem, Extension, ValueSet } from '@medplum/fhirtypes';
import t from 'tap';
import { buildTerminology, NO_TERMINOLOGY, ordinalOf } from '../../src/fhir/terminology.ts';

const EXTENSION = 'http://hl7.org/fhir/StructureDefinition';
const weight = (name: string, valueDecimal: number): Extension[] => [{ url: `${EXTENSION}/${name}`, valueDecimal }];

const colours: CodeSystem = {
  resourceType: 'CodeSystem',
  url: 'http://example.org/colours',
  version: '2',
  status: 'active',
  content: 'complete',
  concept: [
    {
      code: 'warm',
      property: [{ code: 'notSelectable', valueBoolean: true }],
      concept: [
        { code: 'red', display: 'Red', extension: weight('codesystem-ordinalValue', 3), concept: [{ code: 'pink' }] },
        { code: 'orange' },
      ],
    },
    { code: 'blue', property: [{ code: 'inactive', valueBoolean: true }] },
    { code: 'teal', property: [{ code: 'parent', valueCode: 'blue' }] },
  ],
};
const old: CodeSystem = { ...colours, version: '1', concept: [{ code: 'grey' }] };
const partial: CodeSystem = { ...colours, url: 'http://example.org/partial', content: 'fragment' };

const set = (name: string, compose: ValueSet['compose'], rest: Partial<ValueSet> = {}): ValueSet => ({
  resourceType: 'ValueSet',
  url: `http://example.org/${name}`,
  status: 'active',
  ...(compose ? { compose } : {}),
  ...rest,
});
const system = 'http://example.org/colours';
const filter = (
  op: 'is-a' | 'descendent-of' | 'is-not-a' | '=' | 'in' | 'not-in' | 'regex' | 'exists' | 'generalizes',
  value: string,
  property = 'concept',
) => [{ property, op, value }] as const;

const sets: [name: string, set: ValueSet, expected: string[] | undefined][] = [
  [
    'a whole code system, without what only groups',
    set('all', { include: [{ system }] }),
    ['red', 'pink', 'orange', 'blue', 'teal'],
  ],
  ['an older version of it', set('old', { include: [{ system, version: '1' }] }), ['grey']],
  ['a version that we do not hold', set('v9', { include: [{ system, version: '9' }] }), undefined],
  [
    'codes named one by one, of a system we do not hold',
    set('named', { include: [{ system: 'urn:x', concept: [{ code: 'a' }, { code: 'b' }] }] }),
    ['a', 'b'],
  ],
  [
    'is-a takes the concept too',
    set('isa', { include: [{ system, filter: [...filter('is-a', 'red')] }] }),
    ['red', 'pink'],
  ],
  [
    'descendent-of leaves it out',
    set('desc', { include: [{ system, filter: [...filter('descendent-of', 'warm')] }] }),
    ['red', 'pink', 'orange'],
  ],
  [
    'a parent given as a property',
    set('parent', { include: [{ system, filter: [...filter('is-a', 'blue')] }] }),
    ['blue', 'teal'],
  ],
  ['is-not-a', set('isnota', { include: [{ system, filter: [...filter('is-not-a', 'warm')] }] }), ['blue', 'teal']],
  ['= on the code', set('eq', { include: [{ system, filter: [...filter('=', 'teal', 'code')] }] }), ['teal']],
  [
    'in on the code',
    set('in', { include: [{ system, filter: [...filter('in', 'teal, red', 'code')] }] }),
    ['red', 'teal'],
  ],
  [
    'not-in on the code',
    set('notin', { include: [{ system, filter: [...filter('not-in', 'teal,red,pink', 'code')] }] }),
    ['orange', 'blue'],
  ],
  [
    'a filter that we do not run',
    set('regex', { include: [{ system, filter: [...filter('regex', '.*')] }] }),
    undefined,
  ],
  [
    'a filter on a property that we do not know',
    set('prop', { include: [{ system, filter: [...filter('=', 'x', 'hue')] }] }),
    undefined,
  ],
  [
    'generalizes: the concept and all above it, but what only groups',
    set('above', { include: [{ system, filter: [...filter('generalizes', 'pink')] }] }),
    ['red', 'pink'],
  ],
  [
    '= on a property that concepts have',
    set('property', { include: [{ system, filter: [...filter('=', 'true', 'inactive')] }] }),
    ['blue'],
  ],
  [
    'exists on a property',
    set('exists', { include: [{ system, filter: [...filter('exists', 'false', 'inactive')] }] }),
    ['red', 'pink', 'orange', 'teal'],
  ],
  [
    'in on the display',
    set('display', { include: [{ system, filter: [...filter('in', 'Red,Green', 'display')] }] }),
    ['red'],
  ],
  [
    'regex fits the whole value',
    set('pattern', { include: [{ system, filter: [...filter('regex', '.e.', 'code')] }] }),
    ['red'],
  ],
  [
    'regex that is none',
    set('nopattern', { include: [{ system, filter: [...filter('regex', '(', 'code')] }] }),
    undefined,
  ],
  [
    'two filters must agree',
    set('twofilters', {
      include: [{ system, filter: [...filter('is-a', 'warm'), ...filter('regex', '.*n.*', 'code')] }],
    }),
    ['pink', 'orange'],
  ],
  [
    'two includes are joined, each code once',
    set('two', {
      include: [
        { system, concept: [{ code: 'red' }] },
        { system, filter: [...filter('is-a', 'red')] },
      ],
    }),
    ['red', 'pink'],
  ],
  [
    'what is excluded goes',
    set('but', { include: [{ system }], exclude: [{ system, concept: [{ code: 'pink' }] }] }),
    ['red', 'orange', 'blue', 'teal'],
  ],
  [
    'what cannot be excluded surely leaves no list',
    set('butwhat', { include: [{ system }], exclude: [{ system: 'urn:x' }] }),
    undefined,
  ],
  [
    'inactive codes only where wanted',
    set('active', { inactive: false, include: [{ system }] }),
    ['red', 'pink', 'orange', 'teal'],
  ],
  ['another value set', set('nested', { include: [{ valueSet: ['http://example.org/isa'] }] }), ['red', 'pink']],
  [
    'system and value set must agree',
    set('both', {
      include: [{ system, concept: [{ code: 'pink' }, { code: 'blue' }], valueSet: ['http://example.org/isa'] }],
    }),
    ['pink'],
  ],
  [
    'two value sets must agree',
    set('and', { include: [{ valueSet: ['http://example.org/all', 'http://example.org/parent'] }] }),
    ['blue', 'teal'],
  ],
  [
    'a value set that we do not hold',
    set('lost', { include: [{ valueSet: ['http://example.org/nowhere'] }] }),
    undefined,
  ],
  [
    'a value set that rests on itself',
    set('self', { include: [{ valueSet: ['http://example.org/self'] }] }),
    undefined,
  ],
  ['two that rest on each other', set('ping', { include: [{ valueSet: ['http://example.org/pong'] }] }), undefined],
  ['and the other of the two', set('pong', { include: [{ valueSet: ['http://example.org/ping'] }] }), undefined],
  ['a system held in part', set('part', { include: [{ system: partial.url }] }), undefined],
  [
    'codes of a system held in part',
    set('partnamed', { include: [{ system: partial.url, concept: [{ code: 'red' }] }] }),
    ['red'],
  ],
  [
    'an expansion, without what is abstract',
    set('ex', undefined, {
      expansion: {
        timestamp: '2026-01-01',
        contains: [
          { system: 'urn:x', code: 'g', abstract: true, contains: [{ system: 'urn:x', code: 'a' }] },
          { system: 'urn:x', code: 'b' },
        ],
      },
    }),
    ['a', 'b'],
  ],
  [
    'a page of an expansion is not the set',
    set('page', undefined, {
      expansion: { timestamp: '2026-01-01', total: 3, contains: [{ system: 'urn:x', code: 'b' }] },
    }),
    undefined,
  ],
  [
    'an expansion stands in for what we cannot enumerate',
    set(
      'snomed',
      { include: [{ system: 'http://snomed.info/sct', filter: [...filter('is-a', '1')] }] },
      { expansion: { timestamp: '2026-01-01', contains: [{ system: 'http://snomed.info/sct', code: '2' }] } },
    ),
    ['2'],
  ],
  ['neither compose nor expansion', set('bare', undefined), undefined],
];
const held = buildTerminology(
  [colours, old, partial],
  sets.map(([, each]) => each),
);
for (const [name, each, expected] of sets) {
  t.test(name, async (t) => {
    t.same(
      held.expand(each.url ?? '')?.map(({ code }) => code),
      expected,
    );
  });
}

t.test('a canonical may name its version', async (t) => {
  const one = set('v', { include: [{ system: 'urn:x', concept: [{ code: 'one' }] }] }, { version: '1' });
  const two = set('v', { include: [{ system: 'urn:x', concept: [{ code: 'two' }] }] }, { version: '2' });
  const both = buildTerminology([], [two, one]);
  const codes = (canonical: string) => both.expand(canonical)?.map(({ code }) => code);
  t.same(codes('http://example.org/v'), ['two']);
  t.same(codes('http://example.org/v|1'), ['one']);
  t.equal(codes('http://example.org/v|3'), undefined);
});

t.test('weights come from the value set, else from the code system', async (t) => {
  const compose = {
    include: [{ system, concept: [{ code: 'red' }, { code: 'pink', extension: weight('valueset-ordinalValue', 1) }] }],
  };
  const own = { include: [{ system, concept: [{ code: 'red', extension: weight('itemWeight', 9) }] }] };
  const terminology = buildTerminology([colours], [set('w', compose), set('o', own)]);
  t.same(terminology.expand('http://example.org/w'), [
    { system, code: 'red', display: 'Red', ordinal: 3 },
    { system, code: 'pink', ordinal: 1 },
  ]);
  t.equal(terminology.expand('http://example.org/o')?.[0]?.ordinal, 9);
  t.equal(ordinalOf(weight('something-else', 1)), undefined);
  t.equal(ordinalOf(undefined), undefined);
  t.equal(ordinalOf(weight('ordinalValue', 0)), 0, 'zero is a weight');
});

t.test('a concept is found by system and code', async (t) => {
  t.same(held.concept(system, 'blue'), { system, code: 'blue', inactive: true });
  t.equal(held.concept(system, 'green'), undefined);
  t.equal(held.concept('urn:x', 'blue'), undefined);
});

t.test('what is not held here is asked of the one beyond', async (t) => {
  const inner = buildTerminology(
    [],
    [set('c', { include: [{ system }] }), set('n', { include: [{ valueSet: ['http://example.org/isa'] }] })],
    held,
  );
  t.equal(inner.expand('http://example.org/c')?.length, 5, 'a whole code system beyond');
  t.same(
    inner.expand('http://example.org/n')?.map(({ code }) => code),
    ['red', 'pink'],
  );
  t.equal(inner.concept(system, 'red')?.ordinal, 3);
  t.equal(NO_TERMINOLOGY.expand('http://example.org/c'), undefined);
  t.equal(NO_TERMINOLOGY.concept(system, 'red'), undefined);
});
