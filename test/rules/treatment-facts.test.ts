import type { MedicationAdministration, MedicationStatement } from '@medplum/fhirtypes';
import t from 'tap';
import { SYSTEM } from '../../src/rules/resources/codes.ts';
import { type Medication, type TreatmentRules, treatmentFacts } from '../../src/rules/treatment-facts.ts';

const NOON = '2026-11-22T12:00:00.000Z';
/** A report that came in at once. */
const AT = { symptom: NOON, receipt: NOON };
const DRUG = { coding: [{ system: 'http://example.org/drugs', code: 'd' }] };
const rules: TreatmentRules = { sets: { systemic: new Set(['http://example.org/drugs|d']), cellTherapy: new Set() } };
const within30: TreatmentRules = { ...rules, endedAfterDays: { systemic: 30 } };

const NO_SETS: TreatmentRules = { sets: { systemic: new Set(), cellTherapy: new Set() } };
const [A, D] = ['http://example.org/drugs|a', 'http://example.org/drugs|d'] as const;
const told = (medications: readonly Medication[], by = rules) =>
  treatmentFacts(medications, by, { at: AT, isCut: false });

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
    medicationCodeableConcept: {
      coding: [{ system: SYSTEM.treatment, code: 'systemic' }],
      text: 'any systemic treatment',
    },
    category: { coding: [{ system: SYSTEM.treatment, code: 'systemic' }] },
    ...(effectivePeriod ? { effectivePeriod } : {}),
  });
const noneTaken = () => none({ start: '2026-01-01' });
const ended = (end: string) => ({ effectivePeriod: { start: '2026-01-01', end } });

const cases: [name: string, medications: Medication[], rules: TreatmentRules, systemic: boolean | undefined][] = [
  ['no record at all', [], rules, undefined],
  ['a medication of no kind', [statement('active', { medicationCodeableConcept: { text: 'd' } })], rules, undefined],
  ['taken', [statement('active')], rules, true],
  ['on hold is under treatment', [statement('on-hold')], rules, true],
  ['of unknown status is under treatment', [statement('unknown')], rules, true],
  [
    'one medication is not taken, in words alone: its name is not that of the kind',
    [
      statement('not-taken', {
        medicationCodeableConcept: { text: 'Capecitabine' },
        category: { coding: [{ system: SYSTEM.treatment, code: 'systemic' }] },
        effectivePeriod: { start: '2026-01-01' },
      }),
    ],
    rules,
    undefined,
  ],
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
    t.equal(told(medications, by).treatments?.systemic, systemic);
  });
}

t.test('the kind is told by the category of the record as well, and by a contained medication', async (t) => {
  const category = { coding: [{ system: SYSTEM.treatment, code: 'cell-therapy' }] };
  const facts = told([statement('active', { category })]);
  t.strictSame(facts.treatments, { systemic: true, cellTherapy: true, codes: ['http://example.org/drugs|d'] });
  const inside = statement('active', {
    medicationCodeableConcept: undefined,
    medicationReference: { reference: '#m' },
    contained: [{ resourceType: 'Medication', id: 'm', code: DRUG }],
  });
  t.equal(told([inside]).treatments?.systemic, true);
});

t.test('codes are those of what counts, each once, in order', async (t) => {
  const other = { coding: [{ system: 'http://example.org/drugs', code: 'a' }] };
  const facts = told(
    [
      statement('active'),
      statement('active', { medicationCodeableConcept: other }),
      statement('active'),
      statement('not-taken', { medicationCodeableConcept: { coding: [{ code: 'n' }] } }),
    ],
    NO_SETS,
  );
  t.strictSame(facts, { treatments: { codes: [A, D] } });
});

t.test('which codes a patient is under: yes, no, or not known', async (t) => {
  const since = { effectivePeriod: { start: '2026-01-01' } };
  const other = { medicationCodeableConcept: { coding: [{ system: 'http://example.org/drugs', code: 'a' }] } };
  const byReference = (medicationReference: NonNullable<MedicationStatement['medicationReference']>) => ({
    medicationCodeableConcept: undefined,
    medicationReference,
  });
  const contained = (coding: { system?: string; code: string }[]): Partial<MedicationStatement> => ({
    ...byReference({ reference: '#m' }),
    contained: [{ resourceType: 'Medication', id: 'm', code: { text: 'd', coding } }],
  });
  const text = { medicationCodeableConcept: { text: 'd' } };
  const none = { codes: undefined, unknown: undefined };
  const whole = { codes: [D], unknown: undefined };
  const open = { codes: [D], unknown: { allBut: [] } };
  const cases: [name: string, medications: Medication[], expected: { codes?: string[]; unknown?: unknown }][] = [
    ['no record at all', [], none],
    ['coded', [statement('active')], whole],
    ['given', [given('completed', '2020-01-01')], whole],
    ['being given', [given('in-progress', '2026-11-22')], whole],
    ['a contained one that is coded', [statement('active', contained(DRUG.coding))], whole],
    ['a contained one that is not', [statement('active', contained([]))], none],
    ['text alone', [statement('active', text)], none],
    ['a reference to what is not held', [statement('active', byReference({ reference: 'Medication/m' }))], none],
    ['by identifier', [statement('active', byReference({ identifier: { system: 'urn:x', value: 'm' } }))], none],
    ['by name', [statement('active', byReference({ display: 'd' }))], none],
    [
      'a code without a system',
      [statement('active', { medicationCodeableConcept: { coding: [{ code: 'd' }] } })],
      none,
    ],
    [
      'a code that says that there is none',
      ['data-absent-reason', 'v3-NullFlavor'].map((name) =>
        statement('active', {
          medicationCodeableConcept: {
            coding: [{ system: `http://terminology.hl7.org/CodeSystem/${name}`, code: 'unknown' }],
          },
        }),
      ),
      none,
    ],
    [
      'nothing is known of medications',
      [
        statement('unknown', {
          medicationCodeableConcept: {
            coding: [
              { system: 'http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips', code: 'no-medication-info' },
            ],
          },
        }),
      ],
      none,
    ],
    ['coded, and text alone', [statement('active'), statement('active', text)], open],
    ['coded, and text alone on hold', [statement('active'), statement('on-hold', text)], open],
    ['coded, and text alone that has ended', [statement('active'), statement('completed', text)], open],
    ['coded, and text alone that is not taken', [statement('active'), statement('not-taken', text)], whole],
    ['coded, and text alone entered in error', [statement('active'), statement('entered-in-error', text)], whole],
    [
      'coded, and text alone that was not given',
      [statement('active'), { ...given('not-done', '2026-11-01'), ...text }],
      whole,
    ],
    ['coded, and nothing systemic taken', [statement('active'), noneTaken()], whole],
    ['not given', [given('not-done', '2026-11-01')], none],
    ['entered in error', [statement('entered-in-error')], none],
    ['nothing systemic taken', [noneTaken()], none],
    ['one ended: nobody says of any', [statement('completed', other)], none],
    [
      'one ended, beside one that is taken',
      [statement('active'), statement('stopped', other)],
      { ...whole, unknown: { only: [A] } },
    ],
    [
      'one intended, beside one that is taken',
      [statement('active'), statement('intended', other)],
      { ...whole, unknown: { only: [A] } },
    ],
    [
      'one not taken, nobody says when',
      [statement('active'), statement('not-taken', other)],
      { ...whole, unknown: { only: [A] } },
    ],
    [
      'one not taken now, beside one that is taken',
      [statement('active'), statement('not-taken', { ...other, ...since })],
      whole,
    ],
    [
      'one not taken now: it is not, of others nobody says',
      [statement('not-taken', { ...other, ...since })],
      { codes: [], unknown: { allBut: [A] } },
    ],
    [
      'one not taken now, beside text alone',
      [statement('active'), statement('active', text), statement('not-taken', { ...other, ...since })],
      { codes: [D], unknown: { allBut: [A] } },
    ],
    ['one not taken, and taken', [statement('active'), statement('not-taken', since)], whole],
    ['one ended, and taken again', [statement('active'), statement('stopped')], whole],
  ];
  for (const [name, medications, expected] of cases) {
    const { treatments, unknown } = told(medications, NO_SETS);
    t.strictSame({ codes: treatments?.codes, unknown: unknown?.treatments }, expected, name);
  }
  t.strictSame(
    treatmentFacts([statement('active')], NO_SETS, { at: AT, isCut: true }),
    { treatments: { codes: [D] }, unknown: { treatments: { allBut: [] } } },
    'more than were read',
  );
});

t.test('a kind of treatment is known to be absent only where nothing else may be of it', async (t) => {
  const text = { medicationCodeableConcept: { text: 'd' } };
  const reference = { medicationCodeableConcept: undefined, medicationReference: { reference: 'Medication/m' } };
  const category = (code: string) => ({ category: { coding: [{ system: SYSTEM.treatment, code }] } });
  const period = { effectivePeriod: { start: '2026-01-01' } };
  const cases: [name: string, medications: Medication[], systemic: boolean | undefined][] = [
    ['none taken', [noneTaken()], false],
    ['and a medication that nobody can read', [noneTaken(), statement('active', text)], undefined],
    ['and one by reference', [noneTaken(), statement('active', reference)], undefined],
    ['and one that was given', [noneTaken(), { ...given('completed', '2026-11-01'), ...text }], undefined],
    ['and one that is not taken', [noneTaken(), statement('not-taken', text)], false],
    ['and one entered in error', [noneTaken(), statement('entered-in-error', text)], false],
    [
      'and one whose code is of no kind',
      [noneTaken(), statement('active', { medicationCodeableConcept: { coding: [{ system: 'urn:x', code: 'x' }] } })],
      false,
    ],
    [
      'and one whose category is another kind',
      [noneTaken(), statement('active', { ...text, ...category('cell-therapy') })],
      false,
    ],
    ['and one of the kind', [noneTaken(), statement('active', { ...text, ...category('systemic') })], true],
    [
      'one medication by reference is not taken',
      [statement('not-taken', { ...reference, ...category('systemic'), ...period })],
      undefined,
    ],
    [
      'one with a code without a system is not taken',
      [
        statement('not-taken', {
          medicationCodeableConcept: { coding: [{ code: 'd' }] },
          ...category('systemic'),
          ...period,
        }),
      ],
      undefined,
    ],
  ];
  for (const [name, medications, systemic] of cases) t.equal(told(medications).treatments?.systemic, systemic, name);
  t.equal(
    treatmentFacts([noneTaken()], rules, { at: AT, isCut: true }).treatments?.systemic,
    undefined,
    'more than were read',
  );
});
