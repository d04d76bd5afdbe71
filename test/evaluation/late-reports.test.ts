import type { Flag, Observation, Parameters, Provenance } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { SYSTEM } from '../../src/rules/resources/codes.ts';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import { aPolicy, aResult, flagsOf, post } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';

/** Some days before the receipt of everything here, which is the 21st at noon. */
const THEN = '2026-11-10T08:00:00Z';
const FORM = `${CANONICAL}/Questionnaire/vital-signs|1.0.0`;

type Period = { start?: string; end?: string };
type Said = Readonly<Record<string, unknown>>;

const coded = (system: string, code: string) => ({ coding: [{ system, code }] });

/** A record of a kind of treatment as a whole. */
const treatment = (status: string, kind: string, effectivePeriod: Period): Said => ({
  resourceType: 'MedicationStatement',
  status,
  category: coded(SYSTEM.treatment, kind),
  medicationCodeableConcept: coded(SYSTEM.treatment, kind),
  effectivePeriod,
});

const fever = (patient: string, status: Observation['status'] = 'final') =>
  aResult(patient, { loinc: '8310-5', value: 39, unit: 'Cel', at: THEN }, { status });

/** The same temperature, as an answer. */
const feverAnswered = (patient: string) => ({
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  questionnaire: FORM,
  subject: { reference: patient },
  authored: THEN,
  item: [{ linkId: 'vital-signs', item: [{ linkId: 'temperature', answer: [{ valueDecimal: 39 }] }] }],
});

async function anApp(t: Test): Promise<TestApp> {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  return app;
}

const record = (app: TestApp, patient: string, said: Said) =>
  post(app, { subject: { reference: patient }, ...said } as never);

async function put(app: TestApp, resource: { resourceType: string; id?: string }): Promise<void> {
  const answer = await app.send('PUT', `/${resource.resourceType}/${resource.id}`, resource);
  t.equal(answer.status, 200, answer.text);
}

/** Status and priority of each Flag for fever. */
async function feversOf(app: TestApp, patient: string): Promise<string[]> {
  const { body } = await app.send('GET', `/Flag?patient=${patient}`);
  const flags: Flag[] = (body.entry ?? []).map(({ resource }: { resource: Flag }) => resource);
  return flags
    .filter(({ code }) => code.coding?.some((coding) => coding.code === 'fever'))
    .map(({ status, extension }) => {
      const priority = extension?.find(({ url }) => url.endsWith('flag-priority'))?.valueCodeableConcept;
      return `${status} ${priority?.coding?.[0]?.code}`;
    });
}

t.test('a late report of fever is judged by the treatment of its symptom time too, in either order', async (t) => {
  const app = await anApp(t);
  const cases: [name: string, records: Said[], flags: string[]][] = [
    ['none since before it', [treatment('not-taken', 'systemic', { start: '2026-11-10T08:00:00Z' })], []],
    ['none, but only later', [treatment('not-taken', 'systemic', { start: '2026-11-10T08:00:01Z' })], ['active PH']],
    [
      'none then, nobody knows now',
      [treatment('not-taken', 'systemic', { start: '2026-01-01', end: '2026-11-15' })],
      ['active PH'],
    ],
    [
      'treated then, ended since, and none from then on',
      [
        treatment('completed', 'systemic', { start: '2026-10-01', end: '2026-11-15' }),
        treatment('not-taken', 'systemic', { start: '2026-11-16' }),
      ],
      ['active PH'],
    ],
    [
      'cell therapy then, ended since, and no systemic treatment',
      [
        treatment('completed', 'cell-therapy', { start: '2026-11-01', end: '2026-11-15' }),
        treatment('not-taken', 'systemic', { start: '2026-01-01' }),
      ],
      ['active PH'],
    ],
    [
      'cell therapy that had ended then, and no systemic treatment',
      [
        treatment('completed', 'cell-therapy', { start: '2026-10-01', end: '2026-11-09' }),
        treatment('not-taken', 'systemic', { start: '2026-01-01' }),
      ],
      [],
    ],
  ];
  for (const [name, records, flags] of cases) {
    for (const report of [fever, feverAnswered]) {
      const patient = await aPatient(app);
      for (const said of records) await record(app, patient, said);
      await post(app, report(patient));
      t.strictSame(await feversOf(app, patient), flags, `${name}: ${report.name}`);
    }
  }
  const patient = await aPatient(app);
  await post(app, fever(patient));
  await record(app, patient, treatment('not-taken', 'systemic', { start: '2026-11-20' }));
  t.strictSame(await feversOf(app, patient), ['active PH'], 'the fever before the record');
});

t.test('an amendment does not take a fever back because treatment has ended since', async (t) => {
  const app = await anApp(t);
  const [ended, never] = [await aPatient(app), await aPatient(app)];
  const [first, other] = [await post(app, fever(ended)), await post(app, fever(never))];
  await record(app, ended, treatment('not-taken', 'systemic', { start: '2026-11-20' }));
  await record(app, never, treatment('not-taken', 'systemic', { start: '2026-01-01' }));
  await put(app, { ...fever(ended, 'amended'), id: first.id });
  await put(app, { ...fever(never, 'amended'), id: other.id });
  t.strictSame(await feversOf(app, ended), ['active PH']);
  t.strictSame(
    await feversOf(app, never),
    ['entered-in-error PH'],
    'no treatment at either moment: it was no emergency',
  );

  const { body } = await app.send('GET', '/Provenance?_count=50');
  const outcomes = await Promise.all(
    body.entry.map(async ({ resource }: { resource: Provenance }) => {
      const answer = await app.send('GET', `/Provenance/${resource.id}/$replay`);
      return (answer.body as Parameters).parameter?.find(({ name }) => name === 'outcome')?.valueCode;
    }),
  );
  t.same([...new Set(outcomes)], ['equal']);
});

t.test(
  'a policy for a condition is asked of a late report where the condition ended after its symptom time',
  async (t) => {
    const app = await anApp(t);
    const lung = coded('http://hl7.org/fhir/sid/icd-10', 'C34');
    await post(app, {
      ...aPolicy('lung', [['open', "%finding.term = 'hypernatremia' and %finding.min >= 2", 'PH']]),
      useContext: [
        {
          code: { system: 'http://terminology.hl7.org/CodeSystem/usage-context-type', code: 'focus' },
          valueCodeableConcept: lung,
        },
      ],
    });
    const status = (axis: 'clinical' | 'ver-status', code: string) =>
      coded(`http://terminology.hl7.org/CodeSystem/condition-${axis}`, code);
    const over = { resourceType: 'Condition', code: lung, clinicalStatus: status('clinical', 'resolved') };
    const cases: [name: string, said: Said, asked: boolean][] = [
      ['ended after', { ...over, abatementDateTime: '2026-11-15' }, true],
      ['ended at the moment itself', { ...over, abatementDateTime: THEN }, true],
      ['ended a second before', { ...over, abatementDateTime: '2026-11-10T07:59:59Z' }, false],
      ['ended over some time after', { ...over, abatementPeriod: { start: '2026-11-01', end: '2026-11-15' } }, true],
      ['began to end after', { ...over, abatementPeriod: { start: '2026-11-15' } }, true],
      ['ended over some time before', { ...over, abatementPeriod: { end: '2026-11-01' } }, false],
      ['over, nobody says since when', over, false],
      [
        'refuted, whenever it ended',
        { ...over, verificationStatus: status('ver-status', 'refuted'), abatementDateTime: '2026-11-15' },
        false,
      ],
    ];
    for (const [name, said, asked] of cases) {
      const patient = await aPatient(app);
      await record(app, patient, said);
      await post(app, aResult(patient, { loinc: '2951-2', value: 158, unit: 'mmol/L', low: 135, high: 145, at: THEN }));
      t.equal((await flagsOf(app, patient)).length, asked ? 1 : 0, name);
    }
  },
);
