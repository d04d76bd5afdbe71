import type { MedicationAdministration, MedicationStatement } from '@medplum/fhirtypes';
import t from 'tap';
import { SYSTEM } from '../../src/rules/resources/codes.ts';
import { type Medication, type TreatmentRules, treatmentFacts } from '../../src/rules/treatment-facts.ts';

const AT = '2026-11-22T12:00:00.000Z';
const DRUG = { coding: [{ system: 'http://example.org/drugs', code: 'd' }] };
const rules: TreatmentRules = { sets: { systemic: new Set(['http://example.org/drugs|d']), cellTherapy: new Set() } };
const within30: TreatmentRules = { ...rules, endedAfterDays: { systemic: 30 } };

const statement = (status: MedicationStatement['status'], more: Partial<MedicationStatement> = {}): Medication => ({
  resourceType: 'MedicationStatement',
  status,
  subject: { reference: 'Patient/p' },
  medicationCodeableConcept: DRUG,
  ...more,
});
const given = (status: MedicationAdministration['status'], effectiveDateTime: string): Medication => ({
  resourceType: 'MedicationAdministration',
  status,
  subject: { reference: 'Patient/p' },
  medicationCodeableConcept: DRUG,
  effectiveDateTime,
});
/** No systemic treatment at all: the kind, and no medication. */
const none = (effectivePeriod?: { start?: string; end?: string }): Medication =>
  statement('not-taken', {
    medicationCodeableConcept: { text: 'any systemic treatment' },
    category: { coding: [{ system: SYSTEM.treatment, code: 'systemic' }] },
    ...(effectivePeriod ? { effectivePeriod } : {}),
  });
const ended = (end: string) => ({ effectivePeriod: { start: '2026-01-01', end } });

const cases: [name: string, medications: Medication[], rules: TreatmentRules, systemic: boolean | undefined][] = [
  ['no record at all', [], rules, undefined],
  ['a medication of no kind', [statement('active', { medicationCodeableConcept: { text: 'd' } })], rules, undefined],
  ['taken', [statement('active')], rules, true],
  ['on hold is under treatment', [statement('on-hold')], rules, true],
  ['of unknown status is under treatment', [statement('unknown')], rules, true],
  ['one medication of the kind is not taken: others may be', [statement('not-taken')], rules, undefined],
  [
    'one medication is not taken, in a record of the kind and the period',
    [
      statement('not-taken', {
        category: { coding: [{ system: SYSTEM.treatment, code: 'systemic' }] },
        effectivePeriod: { start: '2026-11-01' },
      }),
    ],
    rules,
    undefined,
  ],
  ['nothing of the kind is taken, since', [none({ start: '2026-11-22T12:00:00Z' })], rules, false],
  ['nothing of the kind will be taken, later', [none({ start: '2026-11-22T12:00:01Z' })], rules, undefined],
  ['nothing of the kind was taken, up to', [none({ start: '2026-01-01', end: '2026-11-22T12:00:00Z' })], rules, false],
  [
    'nothing of the kind was taken, once',
    [none({ start: '2026-01-01', end: '2026-11-22T11:59:59Z' })],
    rules,
    undefined,
  ],
  ['nothing of the kind is taken, nobody says when', [none()], rules, undefined],
  ['nothing of the kind is taken, until', [none({ end: '2026-12-01' })], rules, undefined],
  [
    'nothing of the kind is taken, beside one that is',
    [none({ start: '2026-01-01' }), statement('active')],
    rules,
    true,
  ],
  ['one not taken, another taken', [statement('not-taken'), statement('active')], rules, true],
  ['one not taken, another intended', [statement('not-taken'), statement('intended')], rules, undefined],
  ['intended only', [statement('intended')], rules, undefined],
  ['entered in error says nothing', [statement('entered-in-error')], rules, undefined],
  ['entered in error beside none taken', [statement('entered-in-error'), none({ start: '2026-01-01' })], rules, false],
  ['ended long ago, no days configured', [statement('completed', ended('2020-01-01'))], rules, undefined],
  ['ended, end not told', [statement('stopped')], within30, true],
  ['ended within the days', [statement('completed', ended('2026-10-24T12:00:00Z'))], within30, true],
  ['ended exactly so many days ago', [statement('completed', ended('2026-10-23T12:00:00Z'))], within30, true],
  ['ended longer ago than the days', [statement('completed', ended('2026-10-22T12:00:00Z'))], within30, false],
  ['given long ago, no days configured', [given('completed', '2020-01-01')], rules, true],
  ['given within the days', [given('completed', '2026-11-01')], within30, true],
  ['given longer ago than the days', [given('completed', '2026-10-01')], within30, false],
  ['given lately and long ago', [given('completed', '2026-10-01'), given('completed', '2026-11-01')], within30, true],
  ['not given this time says nothing', [given('not-done', '2026-11-01')], rules, undefined],
  [
    'long ago, and another that nobody knows the end of',
    [given('completed', '2020-01-01'), statement('intended')],
    within30,
    undefined,
  ],
];
for (const [name, medications, by, systemic] of cases) {
  t.test(`systemic treatment: ${name}`, async (t) => {
    t.equal(treatmentFacts(medications, by, AT).systemic, systemic);
  });
}

t.test('the kind is told by the category of the record as well, and by a contained medication', async (t) => {
  const category = { coding: [{ system: SYSTEM.treatment, code: 'cell-therapy' }] };
  const facts = treatmentFacts([statement('active', { category })], rules, AT);
  t.strictSame(facts, { systemic: true, cellTherapy: true, codes: ['http://example.org/drugs|d'] });
  const inside = statement('active', {
    medicationCodeableConcept: undefined,
    medicationReference: { reference: '#m' },
    contained: [{ resourceType: 'Medication', id: 'm', code: DRUG }],
  });
  t.equal(treatmentFacts([inside], rules, AT).systemic, true);
});

t.test('codes are those of what counts, each once, in order', async (t) => {
  const other = { coding: [{ system: 'http://example.org/drugs', code: 'a' }] };
  const facts = treatmentFacts(
    [
      statement('active'),
      statement('active', { medicationCodeableConcept: other }),
      statement('active'),
      statement('not-taken', { medicationCodeableConcept: { coding: [{ code: 'n' }] } }),
    ],
    { sets: { systemic: new Set(), cellTherapy: new Set() } },
    AT,
  );
  t.strictSame(facts, { codes: ['http://example.org/drugs|a', 'http://example.org/drugs|d'] });
});
