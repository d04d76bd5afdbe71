import type { MedicationAdministration, MedicationStatement } from '@medplum/fhirtypes';
import t from 'tap';
import { SYSTEM } from '../../src/rules/resources/codes.ts';
import {
  type Medication,
  ofEither,
  type Standing,
  type TreatmentRules,
  treatmentFacts,
} from '../../src/rules/treatment-facts.ts';

/** A report of the 10th that came in on the 22nd. */
const LATE = { symptom: '2026-11-10T08:00:00.000Z', receipt: '2026-11-22T12:00:00.000Z' };
const DRUGS = 'http://example.org/drugs';
const rules: TreatmentRules = { sets: { systemic: new Set([`${DRUGS}|d`]), cellTherapy: new Set([`${DRUGS}|t`]) } };
const within10: TreatmentRules = { ...rules, endedAfterDays: { systemic: 10 } };

type Period = { start?: string; end?: string };

const statement = (
  status: MedicationStatement['status'],
  effectivePeriod?: Period,
  code = 'd',
): MedicationStatement => ({
  resourceType: 'MedicationStatement',
  status,
  subject: { reference: 'Patient/p' },
  medicationCodeableConcept: { coding: [{ system: DRUGS, code }] },
  ...(effectivePeriod ? { effectivePeriod } : {}),
});
/** No systemic treatment at all, for a time. */
const none = (effectivePeriod?: Period): MedicationStatement => {
  const kind = { coding: [{ system: SYSTEM.treatment, code: 'systemic' }] };
  return { ...statement('not-taken', effectivePeriod), medicationCodeableConcept: kind, category: kind };
};
const given = (effectiveDateTime: string): MedicationAdministration => ({
  resourceType: 'MedicationAdministration',
  status: 'completed',
  subject: { reference: 'Patient/p' },
  medicationCodeableConcept: { coding: [{ system: DRUGS, code: 'd' }] },
  effectiveDateTime,
});

t.test('of two moments yes is yes of either, and no is no of both', async (t) => {
  const table: [symptom: Standing, receipt: Standing, both: Standing][] = [
    ['on', 'on', 'on'],
    ['on', 'off', 'on'],
    ['on', 'not known', 'on'],
    ['off', 'on', 'on'],
    ['off', 'off', 'off'],
    ['off', 'not known', 'not known'],
    ['not known', 'on', 'on'],
    ['not known', 'off', 'not known'],
    ['not known', 'not known', 'not known'],
    ['says nothing', 'says nothing', 'says nothing'],
  ];
  for (const [symptom, receipt, both] of table) t.equal(ofEither(symptom, receipt), both, `${symptom}, ${receipt}`);
});

const cases: [name: string, medications: Medication[], systemic: boolean | undefined, by?: TreatmentRules][] = [
  ['none taken, since before both', [none({ start: '2026-01-01' })], false],
  ['none taken, since the symptom time', [none({ start: '2026-11-10T08:00:00Z' })], false],
  ['none taken, since a second after it', [none({ start: '2026-11-10T08:00:01Z' })], undefined],
  ['none taken, since the day of the receipt', [none({ start: '2026-11-22' })], undefined],
  ['none taken, up to the receipt', [none({ start: '2026-01-01', end: '2026-11-22T12:00:00Z' })], false],
  ['none taken, up to a second before it', [none({ start: '2026-01-01', end: '2026-11-22T11:59:59Z' })], undefined],
  ['none taken, in between', [none({ start: '2026-11-12', end: '2026-11-20' })], undefined],
  ['none taken, nobody says when', [none()], undefined],
  ['taken then, ended since', [statement('completed', { start: '2026-10-01', end: '2026-11-15' })], true],
  ['taken then, stopped since', [statement('stopped', { start: '2026-10-01', end: '2026-11-15' })], true],
  [
    'taken then and ended, and none is taken since',
    [statement('completed', { start: '2026-10-01', end: '2026-11-15' }), none({ start: '2026-11-16' })],
    true,
  ],
  [
    'taken from the symptom time on',
    [statement('completed', { start: '2026-11-10T08:00:00Z', end: '2026-11-15' })],
    true,
  ],
  [
    'taken from a second after it on',
    [statement('completed', { start: '2026-11-10T08:00:01Z', end: '2026-11-15' })],
    undefined,
  ],
  [
    'taken up to the symptom time',
    [statement('completed', { start: '2026-10-01', end: '2026-11-10T08:00:00Z' })],
    true,
  ],
  [
    'taken up to a second before it',
    [statement('completed', { start: '2026-10-01', end: '2026-11-10T07:59:59Z' })],
    undefined,
  ],
  ['ended with the receipt', [statement('stopped', { start: '2026-10-01', end: '2026-11-22T12:00:00Z' })], true],
  [
    'stopped, with an end that is still to come',
    [statement('stopped', { start: '2026-10-01', end: '2026-11-22T12:00:01Z' })],
    undefined,
  ],
  ['ended, nobody says when', [statement('completed', { start: '2026-10-01' })], undefined],
  ['ended, nobody says when it began', [statement('completed', { end: '2026-11-15' })], undefined],
  ['intended then', [statement('intended', { start: '2026-10-01', end: '2026-11-15' })], undefined],
  ['in error', [statement('entered-in-error', { start: '2026-10-01', end: '2026-11-15' })], undefined],
  ['given within the days before the symptom time', [given('2026-11-05')], true, within10],
  ['given longer ago than the days before both', [given('2026-10-20')], false, within10],
];
for (const [name, medications, systemic, by = rules] of cases) {
  t.test(`systemic treatment in a late report: ${name}`, async (t) => {
    t.equal(treatmentFacts(medications, by, { at: LATE, isCut: false }).treatments?.systemic, systemic);
  });
}

t.test('cell therapy that has ended since is known in a late report, beside no systemic treatment', async (t) => {
  const facts = treatmentFacts(
    [none({ start: '2026-01-01' }), statement('completed', { start: '2026-11-01', end: '2026-11-15' }, 't')],
    rules,
    { at: LATE, isCut: false },
  );
  t.strictSame(facts.treatments, { systemic: false, cellTherapy: true });
});

t.test('which codes a late report knows', async (t) => {
  const other = statement('active', undefined, 'a');
  const known: [name: string, medications: Medication[], codes: string[] | undefined, unknown: unknown][] = [
    ['not taken at either', [other, statement('not-taken', { start: '2026-01-01' })], ['a'], undefined],
    ['not taken at the receipt', [other, statement('not-taken', { start: '2026-11-22' })], ['a'], { only: ['d'] }],
    [
      'not taken at the symptom time',
      [other, statement('not-taken', { start: '2026-01-01', end: '2026-11-15' })],
      ['a'],
      { only: ['d'] },
    ],
    [
      'taken at the symptom time',
      [other, statement('completed', { start: '2026-10-01', end: '2026-11-15' })],
      ['a'],
      { only: ['d'] },
    ],
    [
      'taken at the symptom time, and of what is taken since nothing is recorded',
      [statement('completed', { start: '2026-10-01', end: '2026-11-15' })],
      undefined,
      undefined,
    ],
  ];
  const written = (code: string) => `${DRUGS}|${code}`;
  for (const [name, medications, codes, unknown] of known) {
    const facts = treatmentFacts(medications, rules, { at: LATE, isCut: false });
    t.strictSame(facts.treatments?.codes, codes?.map(written), name);
    t.strictSame(
      facts.unknown?.treatments,
      unknown && { only: (unknown as { only: string[] }).only.map(written) },
      name,
    );
  }
});
