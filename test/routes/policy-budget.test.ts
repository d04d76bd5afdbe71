import type { Flag, PlanDefinition, QuestionnaireResponse } from '@medplum/fhirtypes';
import t from 'tap';
import { plan } from '../rules/builders.ts';
import { NOW, testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';
import { put } from './support.ts';

/** Sorts before the policies that ship, and costs more than one report is given. */
const COSTLY: PlanDefinition = plan(
  Array.from({ length: 400 }, (_, place) => ({
    id: `a${place}`,
    expression: Array.from({ length: 37 }, () => '%burden.area > 9.5').join(' or '),
  })),
  { url: 'https://test.example/PlanDefinition/costly' },
);

const bleeding = (patient: string): QuestionnaireResponse => ({
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  questionnaire: 'https://vigie.example/fhir/Questionnaire/vital-signs|1.0.0',
  subject: { reference: patient },
  authored: NOW.toISOString(),
  item: [
    {
      linkId: 'warning-signs',
      item: ['fever', 'dyspnoea-at-rest', 'confusion', 'sleepiness', 'bleeding'].map((term) => ({
        linkId: `ask-${term}`,
        answer: [{ valueBoolean: term === 'bleeding' }],
      })),
    },
  ],
});

t.test('an emergency opens its Flag whatever another policy costs, which has a Flag of its own', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  await put(app, COSTLY);
  const patient = await aPatient(app);
  await put(app, bleeding(patient));
  const { body } = await app.send('GET', `/Flag?patient=${patient}`);
  const told = body.entry.map(({ resource }: { resource: Flag }) => [
    resource.code.coding?.[0]?.code,
    resource.extension?.find(({ url }) => url.endsWith('flag-priority'))?.valueCodeableConcept?.coding?.[0]?.code,
  ]);
  t.strictSame(told.sort(), [
    ['bleeding', 'PH'],
    ['policy-budget', 'PH'],
  ]);
});
