import type { Parameters, PlanDefinition, Provenance, Reference, UsageContext } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import type { ReportFacts } from '../../src/rules/finding.ts';
import { MOST_FACTS } from '../../src/store/facts.ts';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import { aPolicy, aResult, flagsOf, POTASSIUM, post } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';

const ATC = 'http://www.whocc.no/atc';
const ICD = 'http://hl7.org/fhir/sid/icd-10';
const USAGE = 'http://terminology.hl7.org/CodeSystem/usage-context-type';

const coded = (system: string, code: string) => ({ coding: [{ system, code }] });
const CISPLATIN = coded(ATC, 'L01XA01');
const PARACETAMOL = coded(ATC, 'N02BE01');
const LUNG = coded(ICD, 'C34');
const HYPERTENSION = coded(ICD, 'I10');

const TREATMENT: UsageContext = {
  code: { system: `${CANONICAL}/CodeSystem/policy-context`, code: 'treatment' },
  valueCodeableConcept: CISPLATIN,
};
const FOCUS: UsageContext = { code: { system: USAGE, code: 'focus' }, valueCodeableConcept: LUNG };
const program = (valueReference: Reference): UsageContext =>
  ({ code: { system: USAGE, code: 'program' }, valueReference }) as UsageContext;
const DOSE = { system: 'https://example.org/studies', value: 'DOSE' };

const bound = (name: string, ...useContext: UsageContext[]): PlanDefinition => ({
  ...aPolicy(name, [['open', "%finding.term = 'hypernatremia' and %finding.min >= 2", 'PH']]),
  useContext,
});

const sodium = (patient: string, value: number, day = 10) =>
  aResult(patient, {
    loinc: '2951-2',
    value,
    unit: 'mmol/L',
    low: 135,
    high: 145,
    at: `2026-11-${String(day).padStart(2, '0')}T08:00:00Z`,
  });

async function anApp(t: Test, ...policies: PlanDefinition[]): Promise<TestApp> {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  for (const policy of policies) await post(app, policy);
  return app;
}

type Said = Readonly<Record<string, unknown>>;
const taken = (more: Said): Said => ({ resourceType: 'MedicationStatement', status: 'active', ...more });
const given = (more: Said): Said => ({
  resourceType: 'MedicationAdministration',
  status: 'completed',
  effectiveDateTime: '2026-11-01',
  ...more,
});
const ill = (more: Said): Said => ({ resourceType: 'Condition', ...more });
const clinical = (code: string) => coded('http://terminology.hl7.org/CodeSystem/condition-clinical', code);
const verified = (code: string) => coded('http://terminology.hl7.org/CodeSystem/condition-ver-status', code);

/** A patient of whom this is recorded. */
async function aPatientWith(app: TestApp, records: readonly Said[]): Promise<string> {
  const patient = await aPatient(app);
  for (const record of records) await post(app, { subject: { reference: patient }, ...record } as never);
  return patient;
}

const isFlagged = async (app: TestApp, patient: string): Promise<boolean> => (await flagsOf(app, patient)).length > 0;

async function keptOf(app: TestApp, patient: string): Promise<{ facts?: ReportFacts }> {
  const [row] = await app.deps.db.read<{ content: string }>(
    'a-report',
    'select content from report where patient = $1',
    [patient.slice('Patient/'.length)],
  );
  return JSON.parse(row?.content ?? '{}');
}

const TEXT = { medicationCodeableConcept: { text: 'cisplatin' } };

t.test('a policy for a treatment is asked unless it is known that the patient is not under it', async (t) => {
  const app = await anApp(t, bound('cisplatin', TREATMENT));
  const cases: [name: string, records: Said[], asked: boolean][] = [
    ['no record at all', [], true],
    [
      'a reference to a Medication that is not held',
      [taken({ medicationReference: { reference: 'Medication/m' } })],
      true,
    ],
    ['text alone', [taken(TEXT)], true],
    [
      'a reference by identifier',
      [taken({ medicationReference: { identifier: { system: 'urn:x', value: 'm' } } })],
      true,
    ],
    ['the treatment', [taken({ medicationCodeableConcept: CISPLATIN })], true],
    ['another one', [taken({ medicationCodeableConcept: PARACETAMOL })], false],
    ['another one, and text alone', [taken({ medicationCodeableConcept: PARACETAMOL }), taken(TEXT)], true],
    ['another one, and text alone given', [taken({ medicationCodeableConcept: PARACETAMOL }), given(TEXT)], true],
    ['another one given', [given({ medicationCodeableConcept: PARACETAMOL })], false],
    [
      'another one, and the treatment given',
      [taken({ medicationCodeableConcept: PARACETAMOL }), given({ medicationCodeableConcept: CISPLATIN })],
      true,
    ],
    [
      'another one, and the treatment has ended',
      [
        taken({ medicationCodeableConcept: PARACETAMOL }),
        taken({ status: 'completed', medicationCodeableConcept: CISPLATIN }),
      ],
      true,
    ],
    [
      'the treatment is not taken, as of now',
      [taken({ status: 'not-taken', medicationCodeableConcept: CISPLATIN, effectivePeriod: { start: '2026-01-01' } })],
      false,
    ],
    [
      'only what was entered in error',
      [taken({ status: 'entered-in-error', medicationCodeableConcept: PARACETAMOL })],
      true,
    ],
    [
      'another one, and text alone in error',
      [taken({ medicationCodeableConcept: PARACETAMOL }), taken({ status: 'entered-in-error', ...TEXT })],
      false,
    ],
  ];
  for (const [name, records, asked] of cases) {
    const patient = await aPatientWith(app, records);
    await post(app, sodium(patient, 150));
    t.notOk(await isFlagged(app, patient), `${name}: grade 1`);
    await post(app, sodium(patient, 158, 11));
    t.equal(await isFlagged(app, patient), asked, name);
  }
});

t.test('a policy for a condition is asked unless it is known that the patient does not have it', async (t) => {
  const app = await anApp(t, bound('lung', FOCUS));
  const cases: [name: string, records: Said[], asked: boolean][] = [
    ['no record at all', [], true],
    ['text alone', [ill({ code: { text: 'lung cancer' } })], true],
    ['no code', [ill({})], true],
    ['the condition', [ill({ code: LUNG })], true],
    ['another one', [ill({ code: HYPERTENSION })], false],
    ['another one, and text alone', [ill({ code: HYPERTENSION }), ill({ code: { text: 'lung cancer' } })], true],
    [
      'another one, and text alone that is over',
      [ill({ code: HYPERTENSION }), ill({ code: { text: 'a cold' }, clinicalStatus: clinical('resolved') })],
      false,
    ],
    [
      'another one, and text alone that was refuted',
      [ill({ code: HYPERTENSION }), ill({ code: { text: 'lung cancer' }, verificationStatus: verified('refuted') })],
      false,
    ],
    ['refuted', [ill({ code: LUNG, verificationStatus: verified('refuted') })], false],
    ['another one refuted, and no more', [ill({ code: HYPERTENSION, verificationStatus: verified('refuted') })], true],
    [
      'another one entered in error',
      [ill({ code: HYPERTENSION, verificationStatus: verified('entered-in-error') })],
      true,
    ],
  ];
  for (const [name, records, asked] of cases) {
    const patient = await aPatientWith(app, records);
    await post(app, sodium(patient, 158));
    t.equal(await isFlagged(app, patient), asked, name);
  }
});

t.test('an expression over a treatment that nobody can read is undecided, and never false', async (t) => {
  const kind = coded(`${CANONICAL}/CodeSystem/treatment`, 'systemic');
  const none = taken({
    status: 'not-taken',
    category: kind,
    medicationCodeableConcept: { ...kind, text: 'Any systemic treatment' },
    effectivePeriod: { start: '2026-01-01' },
  });
  const app = await anApp(
    t,
    aPolicy('treated-or-unknown', [
      [
        'open',
        "%finding.term = 'hypernatremia' and %finding.min >= 2 and (%treatment.systemic.empty() or %treatment.systemic)",
        'PH',
      ],
    ]),
  );
  const cases: [name: string, records: Said[], flagged: boolean][] = [
    ['no record at all', [], true],
    ['none taken', [none], false],
    ['none taken, and text alone', [none, taken(TEXT)], true],
    ['none taken, and a reference', [none, given({ medicationReference: { reference: 'Medication/m' } })], true],
    [
      'none taken, and a code, where no set says which are of the kind',
      [none, taken({ medicationCodeableConcept: PARACETAMOL })],
      true,
    ],
  ];
  for (const [name, records, flagged] of cases) {
    const patient = await aPatientWith(app, records);
    await post(app, sodium(patient, 158));
    t.equal(await isFlagged(app, patient), flagged, name);
  }
});

t.test(
  'who is no subject of a study is in none; of a study that is not held nobody knows its other names',
  async (t) => {
    for (const [by, key] of [
      ['id', 'id'],
      ['identifier', 'identifier'],
    ] as const) {
      const app = await anApp(t);
      const study = (identifier: object[]) =>
        post(app, { resourceType: 'ResearchStudy', status: 'active', identifier } as { resourceType: string });
      const [dose, other] = [await study([DOSE]), await study([{ system: DOSE.system, value: 'OTHER' }])];
      await post(
        app,
        bound(by, program(key === 'id' ? { reference: `ResearchStudy/${dose.id}` } : { identifier: DOSE })),
      );
      const cases: [name: string, part: [status: string, study: Reference] | undefined, asked: boolean][] = [
        ['no subject of any', undefined, false],
        ['a subject', ['on-study', { reference: `ResearchStudy/${dose.id}` }], true],
        ['a subject of another', ['on-study', { reference: `ResearchStudy/${other.id}` }], false],
        ['a subject, by identifier', ['on-study', { identifier: DOSE }], true],
        ['a subject of who knows which, by identifier', ['on-study', { identifier: { value: 'X' } }], true],
        ['a subject of who knows which, by name', ['on-study', { display: 'DOSE' }], true],
        ['a subject of one held elsewhere', ['on-study', { reference: 'ResearchStudy/elsewhere' }], true],
        ['a subject no more of one held elsewhere', ['off-study', { reference: 'ResearchStudy/elsewhere' }], false],
      ];
      for (const [name, part, asked] of cases) {
        const patient = await aPatient(app);
        if (part) {
          const [status, named] = part;
          await post(app, {
            resourceType: 'ResearchSubject',
            status,
            study: named,
            individual: { reference: patient },
          } as { resourceType: string });
        }
        await post(app, sodium(patient, 158));
        t.equal(await isFlagged(app, patient), asked, `by ${by}: ${name}`);
      }
    }
  },
);

t.test('of more records than are read for one report nothing is known not to be', async (t) => {
  const app = await anApp(t, bound('cisplatin', TREATMENT));
  const fill = async (patient: string, count: number): Promise<void> => {
    const entry = Array.from({ length: count }, () => ({
      request: { method: 'POST', url: 'MedicationAdministration' },
      resource: given({ medicationCodeableConcept: PARACETAMOL, subject: { reference: patient } }),
    }));
    for (let from = 0; from < count; from += 100) {
      const bundle = { resourceType: 'Bundle', type: 'transaction', entry: entry.slice(from, from + 100) };
      const { status, text } = await app.send('POST', '', bundle);
      t.equal(status, 200, text.slice(0, 300));
    }
  };
  for (const [count, asked] of [
    [MOST_FACTS, false],
    [MOST_FACTS + 1, true],
  ] as const) {
    const patient = await aPatient(app);
    await fill(patient, count);
    await post(app, sodium(patient, 158));
    t.equal(await isFlagged(app, patient), asked, `${count} records`);
  }
});

t.test('what was not known is kept with the report, in few words, and replays', async (t) => {
  const app = await anApp(t, bound('cisplatin', TREATMENT), bound('lung', FOCUS));
  const kept = async (records: readonly Said[]): Promise<ReportFacts | undefined> => {
    const patient = await aPatientWith(app, records);
    await post(app, sodium(patient, 158));
    return (await keptOf(app, patient)).facts;
  };
  t.strictSame(await kept([]), { studies: [] });
  t.strictSame(await kept([taken({ medicationCodeableConcept: PARACETAMOL }), taken(TEXT), ill({ code: LUNG })]), {
    treatments: { codes: [`${ATC}|N02BE01`] },
    studies: [],
    conditions: [`${ICD}|C34`],
    unknown: { treatments: { allBut: [] } },
  });
  const { body } = await app.send('GET', '/Provenance?_count=50');
  const outcomes = await Promise.all(
    body.entry.map(async ({ resource }: { resource: Provenance }) => {
      const answer = await app.send('GET', `/Provenance/${resource.id}/$replay`);
      return (answer.body as Parameters).parameter?.find(({ name }) => name === 'outcome')?.valueCode;
    }),
  );
  t.same([...new Set(outcomes)], ['equal']);
});

t.test('a report stays judged by what it was kept with, known or not', async (t) => {
  const app = await anApp(t, bound('cisplatin', TREATMENT));
  const [unknown, known, whole] = [await aPatient(app), await aPatient(app), await aPatient(app)];
  await post(app, taken({ medicationCodeableConcept: PARACETAMOL, subject: { reference: known } }) as never);
  for (const patient of [unknown, known, whole]) await post(app, sodium(patient, 158));
  t.ok(await isFlagged(app, unknown));
  t.notOk(await isFlagged(app, known));
  // As a report was kept before it could say that a list may lack something.
  await app.deps.db.read(
    'an-old-report',
    `update report set content = regexp_replace(content, '"facts":\\{[^}]*\\}', '"facts":{"treatments":{"codes":[]},"studies":[],"conditions":[]}')
     where patient = $1`,
    [whole.slice('Patient/'.length)],
  );
  t.strictSame((await keptOf(app, whole)).facts, { treatments: { codes: [] }, studies: [], conditions: [] });
  await post(app, taken({ medicationCodeableConcept: PARACETAMOL, subject: { reference: unknown } }) as never);
  await post(app, taken({ medicationCodeableConcept: CISPLATIN, subject: { reference: known } }) as never);
  // A late result of another term folds all anew.
  const early = (patient: string) =>
    post(
      app,
      aResult(patient, { loinc: POTASSIUM, value: 4, unit: 'mmol/L', low: 3.5, high: 5, at: '2026-11-01T08:00:00Z' }),
    );
  for (const patient of [unknown, known, whole]) await early(patient);
  t.match(await flagsOf(app, unknown), [/^active v1/], 'not known then');
  t.strictSame(await flagsOf(app, known), [], 'known then');
  t.match(await flagsOf(app, whole), [/^entered-in-error/], 'as it is kept: a list and no more');
});
