import { readdirSync, readFileSync } from 'node:fs';
import type { ElementDefinition, Observation, Resource, StructureDefinition, ValueSet } from '@medplum/fhirtypes';
import t from 'tap';
import { buildProfiles } from '../../src/fhir/profile.ts';
import { buildTerminology, NO_TERMINOLOGY } from '../../src/fhir/terminology.ts';
import { profileErrors, validate } from '../../src/fhir/validate.ts';

const URL_ = 'https://example.org/StructureDefinition/p';
const CORE = 'http://hl7.org/fhir/StructureDefinition';

/** A profile of Observation, or of another type, with this differential. */
function aProfile(element: Partial<ElementDefinition>[], over: Partial<StructureDefinition> = {}): StructureDefinition {
  const type = over.type ?? 'Observation';
  return {
    resourceType: 'StructureDefinition',
    url: URL_,
    name: 'P',
    status: 'active',
    kind: 'resource',
    abstract: false,
    type,
    baseDefinition: `${CORE}/${type}`,
    derivation: 'constraint',
    differential: { element: element.map((one) => ({ id: one.path, ...one }) as ElementDefinition) },
    ...over,
  };
}

const anObservation = (over: object = {}): Observation =>
  ({
    resourceType: 'Observation',
    meta: { profile: [URL_] },
    status: 'final',
    code: { coding: [{ system: 'urn:s', code: 'a' }] },
    ...over,
  }) as Observation;

/** `code expression` of each error. */
function errors(resource: object, ...definitions: StructureDefinition[]): string[] {
  const held = { profiles: buildProfiles(definitions), terminology: NO_TERMINOLOGY };
  return profileErrors(resource, held).map(({ code, expression }) => `${code} ${expression}`);
}

const coding = (code: string) => ({ coding: [{ system: 'urn:s', code }] });
const byCode: ElementDefinition['slicing'] = { discriminator: [{ type: 'pattern', path: 'code' }], rules: 'open' };
const slices = (rules: 'open' | 'closed' | 'openAtEnd', ordered = false): Partial<ElementDefinition>[] => [
  { path: 'Observation.component', slicing: { ...byCode, rules, ordered } },
  { id: 'Observation.component:a', path: 'Observation.component', sliceName: 'a', min: 1, max: '1' },
  {
    id: 'Observation.component:a.code',
    path: 'Observation.component.code',
    patternCodeableConcept: coding('a'),
  },
  {
    id: 'Observation.component:a.value[x]',
    path: 'Observation.component.value[x]',
    min: 1,
    type: [{ code: 'integer' }],
  },
  { id: 'Observation.component:b', path: 'Observation.component', sliceName: 'b', max: '1' },
  {
    id: 'Observation.component:b.code',
    path: 'Observation.component.code',
    patternCodeableConcept: coding('b'),
  },
];
const components = (...codes: string[]) => ({
  component: codes.map((code) => ({ code: coding(code), valueInteger: 1 })),
});

const mass = (value: number, code: string) => ({ value, system: 'http://unitsofmeasure.org', code });

const cases: [
  name: string,
  differential: Partial<ElementDefinition>[],
  passes: object,
  fails: object,
  error: string,
][] = [
  [
    'an element that a profile requires',
    [{ path: 'Observation.category', min: 1 }],
    { category: [coding('x')] },
    {},
    'required Observation.category',
  ],
  [
    'an element that a profile forbids',
    [{ path: 'Observation.note', max: '0' }],
    {},
    { note: [{ text: 'x' }] },
    'structure Observation.note[0]',
  ],
  [
    'at most two of a list',
    [{ path: 'Observation.category', max: '2' }],
    { category: [coding('x'), coding('y')] },
    { category: [coding('x'), coding('y'), coding('z')] },
    'structure Observation.category[2]',
  ],
  [
    'at least two of a list, where one came',
    [{ path: 'Observation.category', min: 2 }],
    { category: [coding('x'), coding('y')] },
    { category: [coding('x')] },
    'required Observation',
  ],
  [
    'what is required within an element is required only where that is there',
    [{ path: 'Observation.method.text', min: 1 }],
    {},
    { method: coding('x') },
    'required Observation.method.text',
  ],
  [
    'a primitive that has an extension in place of its value counts',
    [{ path: 'Observation.issued', min: 1 }],
    { _issued: { extension: [{ url: 'urn:x', valueCode: 'unknown' }] } },
    {},
    'required Observation.issued',
  ],
  [
    'a fixed code',
    [{ path: 'Observation.status', fixedCode: 'final' }],
    {},
    { status: 'amended' },
    'value Observation.status',
  ],
  [
    'a fixed Coding is exact',
    [{ path: 'Observation.code.coding', fixedCoding: { system: 'urn:s', code: 'a' } }],
    {},
    { code: { coding: [{ system: 'urn:s', code: 'a', display: 'A' }] } },
    'value Observation.code.coding[0]',
  ],
  [
    'a pattern may be exceeded and must be held',
    [{ path: 'Observation.code', patternCodeableConcept: coding('a') }],
    {
      code: {
        coding: [
          { system: 'urn:t', code: 'z' },
          { system: 'urn:s', code: 'a', display: 'A' },
        ],
        text: 'A',
      },
    },
    { code: coding('b') },
    'value Observation.code',
  ],
  [
    'a choice of fewer types',
    [{ path: 'Observation.value[x]', type: [{ code: 'integer' }, { code: 'string' }] }],
    { valueInteger: 1 },
    { valueBoolean: true },
    'structure Observation.value',
  ],
  [
    'the short form of a choice allows no other type',
    [{ path: 'Observation.valueQuantity' }],
    { valueQuantity: { value: 1 } },
    { valueString: 'x' },
    'structure Observation.value',
  ],
  [
    'what the short form of a choice asks within',
    [{ path: 'Observation.valueQuantity' }, { path: 'Observation.valueQuantity.code', min: 1 }],
    { valueQuantity: { value: 1, system: 'http://unitsofmeasure.org', code: 'kg' } },
    { valueQuantity: { value: 1 } },
    'required Observation.value.code',
  ],
  [
    'a choice sliced by type, one slice constrained, others free',
    [
      { path: 'Observation.value[x]', slicing: { discriminator: [{ type: 'type', path: '$this' }], rules: 'open' } },
      {
        id: 'Observation.value[x]:valueQuantity',
        path: 'Observation.value[x]',
        sliceName: 'valueQuantity',
        type: [{ code: 'Quantity' }],
      },
      { id: 'Observation.value[x]:valueQuantity.unit', path: 'Observation.value[x].unit', min: 1 },
    ],
    { valueString: 'x' },
    { valueQuantity: { value: 1 } },
    'required Observation.value.unit',
  ],
  [
    'a smallest value, itself allowed',
    [{ path: 'Observation.value[x]', type: [{ code: 'integer' }], minValueInteger: 0 }],
    { valueInteger: 0 },
    { valueInteger: -1 },
    'value Observation.value',
  ],
  [
    'a latest date, itself allowed',
    [{ path: 'Observation.effective[x]', type: [{ code: 'dateTime' }], maxValueDateTime: '2026-03-01' }],
    { effectiveDateTime: '2026-03-01' },
    { effectiveDateTime: '2026-03-02' },
    'value Observation.effective',
  ],
  [
    'a greatest quantity of the same unit',
    [
      {
        path: 'Observation.value[x]',
        type: [{ code: 'Quantity' }],
        maxValueQuantity: { value: 45, system: 'http://unitsofmeasure.org', code: 'Cel' },
      },
    ],
    { valueQuantity: { value: 45, system: 'http://unitsofmeasure.org', code: 'Cel' } },
    { valueQuantity: { value: 45.1, system: 'http://unitsofmeasure.org', code: 'Cel' } },
    'value Observation.value',
  ],
  [
    'a longest text, counted in characters',
    [{ path: 'Observation.value[x]', type: [{ code: 'string' }], maxLength: 3 }],
    { valueString: 'ab😀' },
    { valueString: 'abcd' },
    'too-long Observation.value',
  ],
  [
    'a reference to fewer types',
    [
      {
        path: 'Observation.subject',
        type: [{ code: 'Reference', targetProfile: [`${CORE}/Patient`] }],
      },
    ],
    { subject: { reference: 'Patient/1' } },
    { subject: { reference: 'Group/1' } },
    'value Observation.subject',
  ],
  [
    'a contained resource that is referred to has a type too',
    [{ path: 'Observation.device', type: [{ code: 'Reference', targetProfile: [`${CORE}/Device`] }] }],
    { device: { reference: '#d' }, contained: [{ resourceType: 'Device', id: 'd' }] },
    { device: { reference: '#d' }, contained: [{ resourceType: 'Patient', id: 'd' }] },
    'value Observation.device',
  ],
  [
    'a required binding to a value set of R4',
    [
      {
        path: 'Observation.category',
        binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/observation-category' },
      },
    ],
    {
      category: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'survey' }] },
      ],
    },
    { category: [{ text: 'survey' }] },
    'code-invalid Observation.category[0]',
  ],
  ['a slice that is required', slices('open'), components('a'), components('b'), 'required Observation.component'],
  [
    'a slice that comes too often',
    slices('open'),
    components('a', 'b', 'c', 'c'),
    components('a', 'b', 'b'),
    'structure Observation.component[2]',
  ],
  [
    'what a slice asks of its own elements, and not of others',
    slices('open'),
    { component: [...components('a').component, { code: coding('b'), valueString: 'x' }] },
    { component: [{ code: coding('a'), valueString: 'x' }] },
    'structure Observation.component[0].value',
  ],
  [
    'closed slices allow no other',
    slices('closed'),
    components('a', 'b'),
    components('a', 'c'),
    'structure Observation.component[1]',
  ],
  [
    'slices that are open at the end',
    slices('openAtEnd'),
    components('a', 'c'),
    components('c', 'a'),
    'structure Observation.component[0]',
  ],
  [
    'slices in order',
    slices('open', true),
    components('a', 'b'),
    components('b', 'a'),
    'structure Observation.component[1]',
  ],
  [
    'slices told by what exists',
    [
      {
        path: 'Observation.component',
        slicing: { discriminator: [{ type: 'exists', path: 'value' }], rules: 'closed' },
      },
      { id: 'Observation.component:with', path: 'Observation.component', sliceName: 'with', max: '1' },
      { id: 'Observation.component:with.value[x]', path: 'Observation.component.value[x]', min: 1 },
      { id: 'Observation.component:without', path: 'Observation.component', sliceName: 'without', max: '1' },
      { id: 'Observation.component:without.value[x]', path: 'Observation.component.value[x]', max: '0' },
    ],
    { component: [{ code: coding('a'), valueInteger: 1 }, { code: coding('a') }] },
    { component: [{ code: coding('a') }, { code: coding('a') }] },
    'structure Observation.component[1]',
  ],
  [
    'references sliced by the type that they lead to',
    [
      {
        path: 'Observation.performer',
        slicing: { discriminator: [{ type: 'type', path: 'resolve()' }], rules: 'closed' },
      },
      {
        id: 'Observation.performer:who',
        path: 'Observation.performer',
        sliceName: 'who',
        min: 1,
        type: [{ code: 'Reference', targetProfile: [`${CORE}/Practitioner`] }],
      },
    ],
    { performer: [{ reference: 'Practitioner/1' }] },
    { performer: [{ reference: 'Practitioner/1' }, { reference: 'Patient/1' }] },
    'structure Observation.performer[1]',
  ],
  [
    'a slice of a slice',
    [
      ...slices('open').map((one) => (one.sliceName === 'a' ? { ...one, max: '2' } : one)),
      {
        id: 'Observation.component:a/one',
        path: 'Observation.component',
        sliceName: 'a/one',
        max: '1',
      },
      { id: 'Observation.component:a/one.value[x]', path: 'Observation.component.value[x]', fixedInteger: 1 },
    ].map((one) =>
      one.sliceName === 'a'
        ? { ...one, slicing: { discriminator: [{ type: 'value', path: 'value' }], rules: 'open' } as const }
        : one,
    ),
    {
      component: [
        { code: coding('a'), valueInteger: 1 },
        { code: coding('a'), valueInteger: 2 },
      ],
    },
    components('a', 'a'),
    'structure Observation.component[1]',
  ],
  [
    'a constraint on the root',
    [
      {
        path: 'Observation',
        constraint: [
          { key: 'p-1', severity: 'error', human: 'Either', expression: 'value.exists() or dataAbsentReason.exists()' },
        ],
      },
    ],
    { valueInteger: 1 },
    {},
    'invariant Observation',
  ],
  [
    'a constraint on a backbone element sees its choice by its plain name, and the resource',
    [
      {
        path: 'Observation.component',
        constraint: [
          { key: 'p-2', severity: 'error', human: 'Q', expression: "value is integer and %resource.status = 'final'" },
        ],
      },
    ],
    components('a'),
    { component: [{ code: coding('a'), valueString: 'x' }] },
    'invariant Observation.component[0]',
  ],
  [
    'a reference to what is contained only',
    [{ path: 'Observation.focus', type: [{ code: 'Reference', aggregation: ['contained'] }] }],
    { contained: [{ resourceType: 'Patient', id: 'p' }], focus: [{ reference: '#p' }] },
    { focus: [{ reference: 'Patient/p' }] },
    'value Observation.focus[0]',
  ],
  [
    'a reference to what lies elsewhere only',
    [{ path: 'Observation.focus', type: [{ code: 'Reference', aggregation: ['referenced', 'bundled'] }] }],
    { focus: [{ reference: 'Patient/p' }] },
    { contained: [{ resourceType: 'Patient', id: 'p' }], focus: [{ reference: '#p' }] },
    'value Observation.focus[0]',
  ],
  [
    'a reference to one version',
    [{ path: 'Observation.focus', type: [{ code: 'Reference', versioning: 'specific' }] }],
    { focus: [{ reference: 'Patient/p/_history/2' }] },
    { focus: [{ reference: 'Patient/p' }] },
    'value Observation.focus[0]',
  ],
  [
    'a reference that names no version',
    [{ path: 'Observation.focus', type: [{ code: 'Reference', versioning: 'independent' }] }],
    { focus: [{ reference: 'Patient/p' }] },
    { focus: [{ reference: 'Patient/p/_history/2' }] },
    'value Observation.focus[0]',
  ],
  [
    'a limit in another unit of the same kind',
    [{ path: 'Observation.value[x]', type: [{ code: 'Quantity' }], maxValueQuantity: mass(1, 'kg') }],
    { valueQuantity: mass(1000, 'g') },
    { valueQuantity: mass(1001, 'g') },
    'value Observation.value',
  ],
];
for (const [name, differential, passes, fails, error] of cases) {
  t.test(name, async (t) => {
    const profile = aProfile(differential);
    t.same(buildProfiles([]).check(profile), [], 'it compiles');
    t.same(errors(anObservation(passes), profile), [], 'what conforms');
    t.same(errors(anObservation(fails), profile), [error], 'what does not');
  });
}

t.test('every error names the profile, and none repeats what a patient wrote', async (t) => {
  const profile = aProfile([{ path: 'Observation.value[x]', type: [{ code: 'string' }], maxLength: 3 }]);
  const held = { profiles: buildProfiles([profile]), terminology: NO_TERMINOLOGY };
  const [issue] = profileErrors(anObservation({ valueString: 'Secret words' }), held);
  t.match(issue?.diagnostics, URL_);
  t.notMatch(issue?.diagnostics, /Secret/);
});

t.test('a profile of a profile asks what its base asks, and may say more of a slice of it', async (t) => {
  const base = aProfile(slices('open'), { url: 'https://example.org/StructureDefinition/base', version: '2' });
  const derived = aProfile(
    [
      { path: 'Observation.category', min: 1 },
      { id: 'Observation.component:b', path: 'Observation.component', sliceName: 'b', min: 1 },
    ],
    { baseDefinition: `${base.url}|2` },
  );
  const whole = { ...components('a', 'b'), category: [coding('x')] };
  t.same(errors(anObservation(whole), base, derived), []);
  t.same(errors(anObservation({ ...whole, ...components('a') }), base, derived), ['required Observation.component']);
  t.same(errors(anObservation(components('a', 'b')), base, derived), ['required Observation.category']);
  t.same(errors(anObservation({ ...whole, ...components('b') }), base, derived), ['required Observation.component']);
});

t.test('without its base, a profile is read from its snapshot', async (t) => {
  const profile = aProfile([{ path: 'Observation.category', min: 1 }], {
    baseDefinition: 'https://example.org/StructureDefinition/not-held',
    snapshot: {
      element: [
        { id: 'Observation', path: 'Observation' },
        { id: 'Observation.note', path: 'Observation.note', max: '0' },
      ],
    },
  });
  t.same(errors(anObservation({ note: [{ text: 'x' }] }), profile), ['structure Observation.note[0]']);
});

t.test('the newest version that is not retired answers for a url, and a version for itself', async (t) => {
  const first = aProfile([{ path: 'Observation.note', max: '0' }], { version: '1' });
  const second = aProfile([{ path: 'Observation.category', min: 1 }], { version: '10' });
  const third = aProfile([{ path: 'Observation.method', min: 1 }], { version: '11', status: 'retired' });
  t.same(errors(anObservation(), first, second, third), ['required Observation.category']);
  t.same(errors(anObservation({ meta: { profile: [`${URL_}|1`] } }), first, second), []);
  t.same(errors(anObservation({ meta: { profile: [`${URL_}|11`] } }), first, third), ['required Observation.method']);
});

t.test('contained resources and those of a Bundle are held to the profiles that they claim', async (t) => {
  const profile = aProfile([{ path: 'Observation.category', min: 1 }]);
  const contained = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, contained: [anObservation()] };
  t.same(errors(contained, profile), ['required Observation.contained[0].category']);
  const bundle = { resourceType: 'Bundle', type: 'collection', entry: [{ resource: anObservation() }] };
  t.same(errors(bundle, profile), ['required Bundle.entry[0].resource.category']);
});

t.test('a profile of another type, and one that is not held', async (t) => {
  const profile = aProfile([], { type: 'Patient' });
  t.same(errors(anObservation(), profile), ['value Observation.meta.profile']);
  t.same(errors(anObservation()), [], 'what is not held refuses nothing');
  const held = { profiles: buildProfiles([]), terminology: NO_TERMINOLOGY };
  t.match(validate(anObservation(), { held }), [{ severity: 'information', code: 'not-found' }]);
});

t.test(
  'bindings: through the value sets that are held; extensible ones warn; what cannot be enumerated is said',
  async (t) => {
    const valueSet: ValueSet = {
      resourceType: 'ValueSet',
      url: 'https://example.org/ValueSet/v',
      status: 'active',
      compose: { include: [{ system: 'urn:s', concept: [{ code: 'a' }] }] },
    };
    const bound = (strength: 'required' | 'extensible' | 'preferred' | 'example', url = valueSet.url) =>
      aProfile([{ path: 'Observation.code', binding: { strength, valueSet: url } }]);
    const found = (profile: StructureDefinition, code: string) =>
      validate(anObservation({ code: coding(code) }), {
        held: { profiles: buildProfiles([profile]), terminology: buildTerminology([], [valueSet]) },
      }).map(({ severity, code, expression }) => `${severity} ${code} ${expression}`);
    t.same(found(bound('required'), 'a'), []);
    t.same(found(bound('required'), 'b'), ['error code-invalid Observation.code']);
    t.same(found(bound('extensible'), 'b'), ['warning code-invalid Observation.code']);
    t.same(found(bound('preferred'), 'b'), ['information code-invalid Observation.code']);
    t.same(found(bound('example'), 'b'), []);
    t.same(found(bound('required', 'https://example.org/ValueSet/none'), 'b'), [
      'warning not-supported Observation.code',
    ]);
  },
);

t.test(
  'constraints of severity warning warn; those that need more than the resource are said not to be checked',
  async (t) => {
    const constraint = (severity: 'error' | 'warning', expression: string) => {
      const profile = aProfile([{ path: 'Observation', constraint: [{ key: 'p', severity, human: 'H', expression }] }]);
      const held = { profiles: buildProfiles([profile]), terminology: NO_TERMINOLOGY };
      return validate(anObservation(), { held }).map(({ severity, code }) => `${severity} ${code}`);
    };
    t.same(constraint('warning', 'note.exists()'), ['warning invariant']);
    t.same(constraint('error', 'subject.resolve().exists()'), ['warning not-supported']);
  },
);

t.test('an expression that would never end is stopped, and refuses nothing', async (t) => {
  const expression = "code.text.matches('^(a+)+$')";
  const profile = aProfile([
    { path: 'Observation', constraint: [{ key: 'p', severity: 'error', human: 'H', expression }] },
  ]);
  const held = { profiles: buildProfiles([profile]), terminology: NO_TERMINOLOGY };
  const resource = anObservation({ code: { text: `${'a'.repeat(40)}!` } });
  t.match(validate(resource, { held }), [{ severity: 'warning', code: 'too-costly' }]);
});

const refused: [name: string, definition: StructureDefinition, expression: string, says: RegExp][] = [
  [
    'an element that the type does not have',
    aProfile([{ path: 'Observation' }, { path: 'Observation.colour', min: 1 }]),
    'StructureDefinition.differential.element[1].path',
    /no element colour in Observation/,
  ],
  [
    'a path of another type',
    aProfile([{ path: 'Patient.name', min: 1 }]),
    'StructureDefinition.differential.element[0].path',
    /within Observation/,
  ],
  [
    'a type that the base does not allow',
    aProfile([{ path: 'Observation.value[x]', type: [{ code: 'Money' }] }]),
    'StructureDefinition.differential.element[0].type[0].code',
    /cannot be Money/,
  ],
  [
    'a list of what occurs once',
    aProfile([{ path: 'Observation.code', max: '2' }]),
    'StructureDefinition.differential.element[0].max',
    /at most once/,
  ],
  [
    'more at least than at most',
    aProfile([{ path: 'Observation.category', min: 2, max: '1' }]),
    'StructureDefinition.differential.element[0].min',
    /at least 2 times and at most 1/,
  ],
  [
    'an expression that is not FHIRPath',
    aProfile([{ path: 'Observation', constraint: [{ key: 'p', severity: 'error', human: 'H', expression: 'a..b' }] }]),
    'StructureDefinition.differential.element[0].constraint[0].expression',
    /not FHIRPath/,
  ],
  [
    'a function that is not FHIRPath’s',
    aProfile([
      { path: 'Observation', constraint: [{ key: 'p', severity: 'error', human: 'H', expression: 'value.exits()' }] },
    ]),
    'StructureDefinition.differential.element[0].constraint[0].expression',
    /exits\(\)/,
  ],
  [
    'an expression of thousands of parts',
    aProfile([
      {
        path: 'Observation',
        constraint: [{ key: 'p', severity: 'error', human: 'H', expression: Array(700).fill('1').join('+') }],
      },
    ]),
    'StructureDefinition.differential.element[0].constraint[0].expression',
    /parts/,
  ],
  [
    'a discriminator that is no path',
    aProfile([
      {
        path: 'Observation.component',
        slicing: { discriminator: [{ type: 'value', path: 'code.where(true)' }], rules: 'open' },
      },
    ]),
    'StructureDefinition.differential.element[0].slicing.discriminator[0].path',
    /discriminator path/,
  ],
  [
    'a base that is not held, without a snapshot',
    aProfile([], { baseDefinition: 'https://example.org/StructureDefinition/not-held' }),
    'StructureDefinition.baseDefinition',
    /not held here/,
  ],
  [
    'a profile that rests on itself',
    aProfile([], { baseDefinition: URL_ }),
    'StructureDefinition.baseDefinition',
    /rests on itself/,
  ],
  [
    'a base of another type',
    aProfile([], { baseDefinition: `${CORE}/bp`, type: 'Patient' }),
    'StructureDefinition.baseDefinition',
    /another type/,
  ],
];
for (const [name, definition, expression, says] of refused) {
  t.test(`${name} is refused at the element`, async (t) => {
    const [issue, ...more] = buildProfiles([]).check(definition);
    t.match(issue, { severity: 'error', expression, diagnostics: says });
    t.same(more, []);
  });
}

t.test('what is no profile of a type served here is kept and not compiled', async (t) => {
  const { check } = buildProfiles([]);
  t.same(check(aProfile([{ path: 'DiagnosticReport.whatever' }], { type: 'DiagnosticReport' })), []);
  t.same(check({ ...aProfile([]), kind: 'logical', type: 'https://example.org/Model' }), []);
  t.match(check(aProfile([], { type: 'Nonsense' })), [{ expression: 'StructureDefinition.type' }]);
});

t.test('our own profiles compile', async (t) => {
  const files = readdirSync('profiles').filter((file) => file.startsWith('StructureDefinition-'));
  const ours = files.map((file): StructureDefinition => JSON.parse(readFileSync(`profiles/${file}`, 'utf8')));
  const { check } = buildProfiles(ours);
  t.ok(ours.length >= 8);
  for (const one of ours) t.same(check(one), [], one.url);
});

t.test('a malformed resource is judged without a crash', async (t) => {
  const held = {
    profiles: buildProfiles([aProfile([...slices('closed'), { path: 'Observation.code.coding.code', min: 1 }])]),
    terminology: NO_TERMINOLOGY,
  };
  const wrong: unknown[] = [
    null,
    1,
    'x',
    [],
    {},
    [null],
    { coding: 1 },
    { coding: [null, 1] },
    { extension: [null, { url: 1 }] },
  ];
  for (const value of wrong) {
    for (const name of [
      'code',
      'component',
      'extension',
      'contained',
      'valueQuantity',
      '_status',
      'meta',
      'category',
    ]) {
      const resource = { ...anObservation(), [name]: value } as Resource;
      t.ok(validate(resource, { held }).length > 0, `${name}: ${JSON.stringify(value)}`);
    }
  }
});
