import type { ObservationComponent } from '@medplum/fhirtypes';
import t from 'tap';
import { findingsOf } from '../../src/rules/episodes-measured.ts';
import type { Finding } from '../../src/rules/finding.ts';
import { measuredOtherwise } from '../../src/rules/measured-otherwise.ts';
import { observedOf } from '../../src/rules/observed.ts';
import { SYSTEM } from '../../src/rules/resources/codes.ts';
import { aResult, quantity, type Result } from '../support/observations.ts';

const AT = '2026-11-20T08:00:00Z';

const states = (code: string, valueBoolean?: boolean, system: string = SYSTEM.clinicalFact): ObservationComponent => ({
  code: { coding: [{ system, code }] },
  ...(valueBoolean === undefined ? { valueString: 'perhaps' } : { valueBoolean }),
});

function graded(result: Omit<Result, 'at'>, component: ObservationComponent[], term: string): Finding | undefined {
  const observed = observedOf(aResult('Patient/a', { ...result, at: AT }, component.length > 0 ? { component } : {}));
  const report = {
    source: { type: 'Observation', id: 'a', version: 1 } as const,
    at: AT,
    day: '2026-11-20',
    baseline: false,
    findings: [],
    ctcae: ['6.0'] as const,
    ...(observed?.measured ? { measured: observed.measured } : {}),
  };
  return findingsOf(report, {}).find((one) => one.term === term);
}

const inWords = (finding: Finding | undefined): string => {
  const outcome = finding?.outcome;
  if (outcome?.kind === 'graded') return `${outcome.grade}`;
  return outcome?.kind === 'at-least' ? `${outcome.min}-${outcome.max}` : (outcome?.reason ?? 'none');
};

const SODIUM = { loinc: '2951-2', value: 127, unit: 'mmol/L', low: 135, high: 145 };
const CALCIUM = { loinc: '2000-8', value: 3, unit: 'mmol/L', low: 2.2, high: 2.6 };
const GLUCOSE = { loinc: '14749-6', value: 8, unit: 'mmol/L', low: 4, high: 5.5 };
const SATURATION = { loinc: '59408-5', value: 86, unit: '%' };

const cases: [
  name: string,
  result: Omit<Result, 'at'>,
  term: string,
  component: ObservationComponent[],
  grade: string,
][] = [
  ['sodium, nothing stated', SODIUM, 'hyponatremia', [], '2-3'],
  ['sodium with symptoms', SODIUM, 'hyponatremia', [states('symptomatic', true)], '3'],
  ['sodium without symptoms', SODIUM, 'hyponatremia', [states('symptomatic', false)], '2'],
  ['stated both ways', SODIUM, 'hyponatremia', [states('symptomatic', true), states('symptomatic', false)], '2-3'],
  ['stated twice alike', SODIUM, 'hyponatremia', [states('symptomatic', true), states('symptomatic', true)], '3'],
  ['stated in words', SODIUM, 'hyponatremia', [states('symptomatic')], '2-3'],
  ['a code that is none of these', SODIUM, 'hyponatremia', [states('life_threatening', true)], '2-3'],
  ['the same code of another system', SODIUM, 'hyponatremia', [states('symptomatic', true, 'urn:lab')], '2-3'],
  ['total calcium', CALCIUM, 'hypercalcemia', [], 'needs-clinician'],
  ['calcium that is corrected', CALCIUM, 'hypercalcemia', [states('corrected', true)], '2'],
  ['calcium that is not corrected', CALCIUM, 'hypercalcemia', [states('corrected', false)], 'needs-clinician'],
  ['saturation at rest', SATURATION, 'hypoxia', [states('resting', true)], '3'],
  ['saturation on exertion', SATURATION, 'hypoxia', [states('resting', false)], '2'],
  ['fasting glucose', GLUCOSE, 'hyperglycemia', [states('fasting', true)], '1'],
];
for (const [name, result, term, component, grade] of cases) {
  t.test(name, async (t) => t.equal(inWords(graded(result, component, term)), grade));
}

t.test('a fact holds for every part of a panel, and is no part of it', async (t) => {
  const observed = observedOf({
    resourceType: 'Observation',
    status: 'final',
    code: {},
    component: [
      { code: { coding: [{ system: 'http://loinc.org', code: '2951-2' }] }, valueQuantity: quantity(127, 'mmol/L') },
      { code: { coding: [{ system: 'http://loinc.org', code: '2823-3' }] }, valueQuantity: quantity(3.2, 'mmol/L') },
      states('symptomatic', true),
    ],
  });
  t.match(observed?.measured, [
    { loinc: ['2951-2'], facts: { symptomatic: true } },
    { loinc: ['2823-3'], facts: { symptomatic: true } },
  ]);
  t.equal(observed?.measured?.length, 2);
});

t.test('the finding holds what was stated, and other values are tried with it', async (t) => {
  const finding = graded(SODIUM, [states('symptomatic', true)], 'hyponatremia');
  t.strictSame(finding?.measured?.facts, { symptomatic: true });
  const [other] = finding ? measuredOtherwise(finding, undefined, '2026-11-20') : [];
  t.strictSame(other?.finding.measured?.facts, { symptomatic: true });
  t.notOk('facts' in (graded(SODIUM, [], 'hyponatremia')?.measured ?? {}));
});

t.test('a component that measures something is a part of what was measured, whatever else it states', async (t) => {
  const part = (more: object): ObservationComponent => ({
    code: {
      coding: [
        { system: 'http://loinc.org', code: '8480-6' },
        { system: SYSTEM.clinicalFact, code: 'resting' },
      ],
    },
    ...more,
  });
  const systolic = (more: object) => {
    const observed = observedOf(
      aResult(
        'Patient/a',
        { loinc: '85354-9', value: 0, unit: 'mm[Hg]', at: AT },
        { valueQuantity: undefined, component: [part(more)] },
      ),
    );
    return observed?.measured?.find(({ loinc }) => loinc.includes('8480-6'))?.value;
  };
  t.equal(systolic({ valueQuantity: quantity(190, 'mm[Hg]') }), 190);
  t.equal(systolic({ valueBoolean: true }), undefined);
});
