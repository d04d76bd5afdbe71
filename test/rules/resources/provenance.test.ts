import t from 'tap';
import { EXTENSION } from '../../../src/rules/resources/codes.ts';
import { engineDevice } from '../../../src/rules/resources/device.ts';
import { type Evaluation, provenanceOf } from '../../../src/rules/resources/provenance.ts';
import { faults } from './r4.ts';

const EVALUATION: Evaluation = {
  targets: ['Observation/o1/_history/1', 'Flag/f1/_history/2'],
  entities: [
    { role: 'source', what: 'QuestionnaireResponse/r1/_history/1' },
    { role: 'derivation', what: 'QuestionnaireResponse/r0/_history/2' },
  ],
  policies: ['https://vigie.example/fhir/PlanDefinition/demonstration|1.0.0'],
  recorded: '2026-03-01T08:00:01.000Z',
  occurred: '2026-03-01T08:00:00.000Z',
  digest: 'ab'.repeat(32),
  device: 'Device/d',
  activity: 'evaluate',
};

t.test('a Provenance names targets and inputs by version, the policies, the engine and the digest', async (t) => {
  const provenance = provenanceOf(EVALUATION);
  t.same(faults(provenance), []);
  t.match(provenance, {
    extension: [{ url: EXTENSION.decisionRecordDigest, valueString: `sha256:${'ab'.repeat(32)}` }],
    target: [{ reference: 'Observation/o1/_history/1' }, { reference: 'Flag/f1/_history/2' }],
    occurredDateTime: '2026-03-01T08:00:00.000Z',
    recorded: '2026-03-01T08:00:01.000Z',
    policy: ['https://vigie.example/fhir/PlanDefinition/demonstration|1.0.0'],
    agent: [{ type: { coding: [{ code: 'assembler' }] }, who: { reference: 'Device/d' } }],
    entity: [
      { role: 'source', what: { reference: 'QuestionnaireResponse/r1/_history/1' } },
      { role: 'derivation', what: { reference: 'QuestionnaireResponse/r0/_history/2' } },
    ],
  });
});

const activities: [Evaluation['activity'], string][] = [
  ['evaluate', 'CREATE'],
  ['re-evaluate', 'UPDATE'],
  ['retract', 'NULLIFY'],
];
for (const [activity, code] of activities) {
  t.test(`to ${activity} is ${code}`, async (t) => {
    const provenance = provenanceOf({ ...EVALUATION, activity });
    t.same(faults(provenance), []);
    t.equal(provenance.activity?.coding?.[0]?.code, code);
  });
}

t.test('without policy, inputs or symptom time the elements are absent, not empty', async (t) => {
  const { occurred: _occurred, ...rest } = EVALUATION;
  const provenance = provenanceOf({ ...rest, policies: [], entities: [], tags: [] });
  t.same(faults(provenance), []);
  for (const element of ['policy', 'entity', 'occurredDateTime', 'meta']) t.notOk(element in provenance, element);
});

t.test('the engine is a Device that its version identifies', async (t) => {
  const device = engineDevice({ version: '0.1.0' });
  t.same(faults(device), []);
  t.match(device, { identifier: [{ value: 'vigie/0.1.0' }], version: [{ value: '0.1.0' }] });
  t.not(engineDevice({ version: '0.2.0' }).identifier?.[0]?.value, device.identifier?.[0]?.value);
});
