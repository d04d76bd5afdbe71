import t from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { NOW, testApp } from '../support/app.ts';
import { ALT, aResult, LADDER_POLICY, NEUTROPHILS, post, quantity } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';

t.test(
  'the author of a baseline or of an expected level is checked as the performer of any Observation is',
  async (t) => {
    const app = await testApp({ now: () => NOW });
    t.teardown(() => app.close());
    await post(app, LADDER_POLICY);
    const patient = await aPatient(app);
    const result = { loinc: NEUTROPHILS, value: 0.8, unit: '10*9/L', low: 1.8, high: 7, at: '2026-11-20T08:00:00Z' };
    await post(app, aResult(patient, result));
    const flag = (await app.send('GET', `/Flag?patient=${patient}`)).body.entry[0].resource.id;
    const { id: anna } = await post(app, { resourceType: 'Practitioner', active: true });

    const sent = async (reference: string): Promise<Record<string, number>> => {
      const author = { name: 'author', valueReference: { reference } };
      const reason = { name: 'reason', valueString: 'As agreed' };
      const operation = async (path: string, parameter: object[]): Promise<number> =>
        (await app.send('POST', path, { resourceType: 'Parameters', parameter: [...parameter, author, reason] }))
          .status;
      const alt = aResult(patient, { loinc: ALT, value: 20, unit: 'U/L', at: '2026-11-19T08:00:00Z' });
      return {
        observation: (await app.send('POST', '/Observation', { ...alt, performer: [{ reference }] })).status,
        baseline: await operation(`/${patient}/$set-baseline`, [
          { name: 'code', valueCoding: { system: 'http://loinc.org', code: ALT } },
          { name: 'value', valueQuantity: quantity(20, 'U/L') },
        ]),
        term: await operation(`/${patient}/$set-baseline`, [
          { name: 'code', valueCoding: { system: `${CANONICAL}/CodeSystem/pro-ctcae`, code: 'PROCTCAE_16_COMP' } },
          { name: 'grade', valueInteger: 1 },
        ]),
        level: await operation(`/Flag/${flag}/$expect`, [
          { name: 'level', valueInteger: 4 },
          { name: 'until', valueDateTime: '2026-12-01T00:00:00Z' },
        ]),
      };
    };
    const cases: readonly [name: string, reference: string, accepted: boolean][] = [
      ['held here', `Practitioner/${anna}`, true],
      ['held by nobody', 'Practitioner/nobody', true],
      ['held by another server', 'https://other.example/fhir/Practitioner/anna', true],
      ['the patient', patient, true],
      ['of a type that performs nothing', 'Questionnaire/q', false],
      ['no reference', 'Practitioner of the ward', false],
    ];
    for (const [name, reference, accepted] of cases) {
      const statuses = await sent(reference);
      const { observation } = statuses;
      t.equal(observation === 201, accepted, `${name}: ${observation}`);
      const operations = accepted ? 200 : observation;
      t.same(statuses, { observation, baseline: operations, term: operations, level: operations }, name);
    }
  },
);
