import { readdirSync, readFileSync } from 'node:fs';
import type { Observation, Resource } from '@medplum/fhirtypes';
import t from 'tap';
import { PUBLISHED } from '../../src/fhir/generated/profiles.js';
import type { PublishedDefinitions } from '../../src/fhir/profile/published.ts';
import { buildProfiles } from '../../src/fhir/profile.ts';
import { NO_TERMINOLOGY } from '../../src/fhir/terminology.ts';
import { profileErrors, profileIssues } from '../../src/fhir/validate.ts';
import { VALIDATED_TYPES } from '../../src/fhir/validated-types.ts';

/** HL7's published examples, the independent word on what conforms. Source: npm hl7.fhir.r4.examples 4.0.1. */
const FOLDER = 'node_modules/hl7.fhir.r4.examples';
const CORE = 'http://hl7.org/fhir/StructureDefinition';
const held = { profiles: buildProfiles([]), terminology: NO_TERMINOLOGY };
const example = (name: string) => JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8'));

t.test('every profile and extension that R4 publishes for the types served compiles', async (t) => {
  const { definitions }: PublishedDefinitions = JSON.parse(PUBLISHED);
  t.ok(definitions.length > 400, `${definitions.length}`);
  for (const { url = '' } of definitions) {
    const faults = held.profiles.faultsOf(url);
    if (faults?.length !== 0) t.fail(`${url}: ${faults?.[0]?.diagnostics}`);
  }
});

/** Published vital signs and the profile that each is an example of; what is done to it, and the error that must come of that. */
const VITALS: [name: string, profile: string][] = [
  ['Observation-example', 'bodyweight'],
  ['Observation-bmi', 'bmi'],
  ['Observation-blood-pressure', 'bp'],
  ['Observation-blood-pressure-cancel', 'bp'],
  ['Observation-blood-pressure-dar', 'bp'],
  ['Observation-body-height', 'bodyheight'],
  ['Observation-body-length', 'bodyheight'],
  ['Observation-body-temperature', 'bodytemp'],
  ['Observation-head-circumference', 'headcircum'],
  ['Observation-heart-rate', 'heartrate'],
  ['Observation-respiratory-rate', 'resprate'],
  ['Observation-satO2', 'oxygensat'],
  ['Observation-vitals-panel', 'vitalspanel'],
];
const MUTATIONS: [name: string, change: (one: Observation) => object | undefined, expression: string][] = [
  ['its category left out', ({ category, ...one }) => one, 'Observation.category'],
  [
    'another category',
    (one) => ({ ...one, category: [{ coding: [{ system: 'urn:x', code: 'vital-signs' }] }] }),
    'Observation.category',
  ],
  ['its time left out', ({ effectiveDateTime, ...one }) => one, 'Observation.effective'],
  ['a time of a year only', (one) => ({ ...one, effectiveDateTime: '2016' }), 'Observation.effective'],
  ['about a group', (one) => ({ ...one, subject: { reference: 'Group/1' } }), 'Observation.subject'],
  [
    'another code',
    (one) => ({ ...one, code: { coding: [{ system: 'urn:x', code: 'x' }] } }),
    'Observation.code.coding',
  ],
  [
    'a unit of another kind',
    (one) => one.valueQuantity && { ...one, valueQuantity: { ...one.valueQuantity, code: 'parsec' } },
    'Observation.value.code',
  ],
  [
    'a value without its unit',
    (one) => {
      const { unit, ...quantity } = one.valueQuantity ?? {};
      return one.valueQuantity && { ...one, valueQuantity: quantity };
    },
    'Observation.value.unit',
  ],
  [
    'a value of another type',
    ({ valueQuantity, ...one }) => valueQuantity && { ...one, valueString: 'x' },
    'Observation.value',
  ],
  [
    'its first component left out',
    (one) => one.component && { ...one, component: one.component.slice(1) },
    'Observation.component',
  ],
];
for (const [name, profile] of VITALS) {
  t.test(`${name} conforms to ${profile}, and does not when changed`, async (t) => {
    const resource: Observation = example(name);
    const named = [`${CORE}/${profile}`];
    t.same(profileIssues(resource, held, named), []);
    for (const [change, mutate, expression] of MUTATIONS) {
      const mutant = mutate(resource);
      // R4's vitalspanel names its code, and does not require it: its slice has a minimum of 0.
      if (!mutant || (profile === 'vitalspanel' && change === 'another code')) continue;
      const found = profileIssues(mutant, held, named).filter(({ severity }) => severity === 'error');
      t.ok(
        found.some(
          (issue) => issue.expression === expression || issue.expression === expression.replace('.component', ''),
        ),
        `${change}: ${JSON.stringify(found.map((issue) => issue.expression))}`,
      );
    }
  });
}

/**
 * Published resources that contradict published definitions. Each reason can be read in the definition that is named.
 */
const EXPLAINED: Readonly<Record<string, RegExp>> = {
  // valueset-concept-comments has the context ValueSet.compose.include.concept; this CodeSystem has it on its concepts.
  'CodeSystem-dicom-dcim.json': /valueset-concept-comments may stand on ValueSet\.compose\.include\.concept/,
};

t.test('no published example of a type served is refused by what it claims or by its extensions', async (t) => {
  const served: readonly string[] = VALIDATED_TYPES;
  const files = readdirSync(FOLDER).filter(
    // Definitions and Bundles of definitions are many and large; a part of them stands for all.
    (file) =>
      file.endsWith('.json') && !/^Bundle-|^package|^(StructureDefinition|SearchParameter|ValueSet)-[^a-c]/.test(file),
  );
  let count = 0;
  for (const file of files) {
    const resource: Resource = JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'));
    if (!served.includes(resource.resourceType)) continue;
    count += 1;
    const errors = profileErrors(resource, held).filter(({ diagnostics }) => !EXPLAINED[file]?.test(diagnostics));
    if (errors.length > 0) t.same(errors, [], file);
  }
  t.ok(count > 800, `${count}`);
});
