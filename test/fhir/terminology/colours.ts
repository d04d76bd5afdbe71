import type { CodeSystem, ConceptMap, ValueSet } from '@medplum/fhirtypes';
import { type Holdings, holdingsOf } from '../../../src/fhir/terminology/holdings.ts';

export const COLOURS = 'http://example.org/CodeSystem/colours';
export const FLAT = 'http://example.org/CodeSystem/flat';
export const PART = 'http://example.org/CodeSystem/part';
export const PAINTS = 'http://example.org/CodeSystem/paints';

/** warm > red > pink; cold > blue; warm and cold only group. */
export const colours: CodeSystem = {
  resourceType: 'CodeSystem',
  url: COLOURS,
  version: '2',
  name: 'Colours',
  title: 'Colours of things',
  status: 'active',
  content: 'complete',
  valueSet: 'http://example.org/ValueSet/implicit-colours',
  property: [{ code: 'hex', type: 'string', description: 'In RGB' }],
  concept: [
    {
      code: 'warm',
      property: [{ code: 'notSelectable', valueBoolean: true }],
      concept: [
        {
          code: 'red',
          display: 'Red',
          definition: 'As blood',
          designation: [
            { language: 'fr', value: 'Rouge' },
            { language: 'de-AT', use: { code: 'common' }, value: 'Rot' },
          ],
          property: [{ code: 'hex', valueString: 'FF0000' }],
          concept: [{ code: 'pink', display: 'Pink', designation: [{ language: 'fr', value: 'Rose pâle' }] }],
        },
      ],
    },
    {
      code: 'cold',
      property: [{ code: 'notSelectable', valueBoolean: true }],
      concept: [{ code: 'blue', display: 'Blue', property: [{ code: 'inactive', valueBoolean: true }] }],
    },
  ],
};

const older: CodeSystem = {
  ...colours,
  version: '1',
  concept: [{ code: 'grey', display: 'Grey', designation: [{ language: 'fr', value: 'Gris' }] }],
};
const flat: CodeSystem = {
  resourceType: 'CodeSystem',
  url: FLAT,
  status: 'active',
  content: 'complete',
  caseSensitive: false,
  concept: [{ code: 'One' }, { code: 'Two' }],
};
const part: CodeSystem = {
  resourceType: 'CodeSystem',
  url: PART,
  status: 'active',
  content: 'fragment',
  concept: [{ code: 'top', concept: [{ code: 'below' }] }, { code: 'apart' }],
};

export const aSet = (name: string, compose: ValueSet['compose'], rest: Partial<ValueSet> = {}): ValueSet => ({
  resourceType: 'ValueSet',
  id: name,
  url: `http://example.org/ValueSet/${name}`,
  status: 'active',
  ...(compose ? { compose } : {}),
  ...rest,
});

export const SETS: readonly ValueSet[] = [
  aSet('all', { include: [{ system: COLOURS }] }, { version: '1' }),
  aSet('reds', {
    include: [{ system: COLOURS, filter: [{ property: 'concept', op: 'is-a', value: 'red' }] }],
  }),
  aSet('mixed', {
    include: [{ system: 'http://loinc.org' }, { system: COLOURS, concept: [{ code: 'red', display: 'Strong red' }] }],
    exclude: [{ system: COLOURS, concept: [{ code: 'pink' }] }],
  }),
  aSet('of-part', { include: [{ system: PART }] }),
  aSet('odd-filter', { include: [{ system: COLOURS, filter: [{ property: 'hex', op: 'is-a', value: 'F' }] }] }),
  aSet('by-hex', { include: [{ system: COLOURS, filter: [{ property: 'hex', op: 'regex', value: 'F.*' }] }] }),
  aSet('pinned', { include: [{ system: COLOURS, version: '1' }] }),
  aSet('of-unknown', { include: [{ valueSet: ['http://example.org/ValueSet/nowhere'] }] }),
  aSet('nested', { include: [{ valueSet: ['http://example.org/ValueSet/mixed'] }] }),
  aSet('round', { include: [{ valueSet: ['http://example.org/ValueSet/round'] }] }),
  aSet('empty', undefined),
  aSet('active', { inactive: false, include: [{ system: COLOURS }] }),
  aSet('expanded', undefined, {
    expansion: { timestamp: '2026-01-01', contains: [{ system: 'urn:x', code: 'a', display: 'A' }] },
  }),
];

export const setNamed = (name: string): ValueSet => {
  const set = SETS.find(({ id }) => id === name);
  if (!set) throw new Error(`no ValueSet ${name}`);
  return set;
};

export const MAPS: readonly ConceptMap[] = [
  {
    resourceType: 'ConceptMap',
    id: 'paints',
    url: 'http://example.org/ConceptMap/paints',
    version: '1',
    status: 'active',
    sourceCanonical: 'http://example.org/ValueSet/all',
    targetCanonical: 'http://example.org/ValueSet/paints',
    group: [
      {
        source: COLOURS,
        target: PAINTS,
        element: [
          {
            code: 'red',
            target: [
              { code: 'vermilion', display: 'Vermilion', equivalence: 'narrower', comment: 'One red of many' },
              {
                code: 'mix',
                equivalence: 'inexact',
                comment: 'Mixed by hand',
                product: [{ property: 'http://example.org/with', system: PAINTS, value: 'white' }],
              },
            ],
          },
          { code: 'pink', target: [{ equivalence: 'unmatched' }] },
        ],
        unmapped: { mode: 'fixed', code: 'other', display: 'Other' },
      },
    ],
  },
  {
    resourceType: 'ConceptMap',
    id: 'same',
    url: 'http://example.org/ConceptMap/same',
    status: 'active',
    group: [{ source: FLAT, target: PAINTS, element: [{ code: 'none' }], unmapped: { mode: 'provided' } }],
  },
  {
    resourceType: 'ConceptMap',
    id: 'on',
    url: 'http://example.org/ConceptMap/on',
    status: 'active',
    group: [
      {
        source: COLOURS,
        element: [{ code: 'none' }],
        unmapped: { mode: 'other-map', url: 'http://example.org/ConceptMap/paints' },
      },
    ],
  },
  {
    resourceType: 'ConceptMap',
    id: 'loop',
    url: 'http://example.org/ConceptMap/loop',
    status: 'active',
    group: [
      {
        source: COLOURS,
        element: [{ code: 'none' }],
        unmapped: { mode: 'other-map', url: 'http://example.org/ConceptMap/loop' },
      },
    ],
  },
];

/** What is held in these tests; the newer version of the colours first. */
export const held = (): Holdings => holdingsOf([colours, older, flat, part], SETS, MAPS);

/** What is thrown; undefined when nothing is. */
export function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}
