import t from 'tap';
import { readLabCodes } from '../../src/rules/gradings/lab-codes.ts';
import { NOW, testApp } from '../support/app.ts';
import { aResult, flagsOf, gradesOf, post, quantity } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';

const AT = '2026-11-20T08:00:00Z';
const LAB = 'https://lab.example/codes';
const reviewed = { reviewer: 'Dr Martin', date: '2026-11-20' };
const codes = readLabCodes(
  JSON.stringify([
    { system: LAB, code: 'PNN', loinc: '26499-4', ...reviewed },
    { system: LAB, code: 'TEMP', loinc: '8310-5', ...reviewed },
  ]),
);
const local = (code: string) => ({ code: { coding: [{ system: LAB, code }] } });

t.test(
  'results under codes that the site has reviewed are graded and tell emergencies; without that they are stored',
  async (t) => {
    for (const labCodes of [codes, undefined]) {
      const app = await testApp({
        now: () => NOW,
        change: (deps) => {
          if (labCodes) deps.labCodes = labCodes;
        },
      });
      t.teardown(() => app.close());
      const patient = await aPatient(app);
      const count = aResult(patient, { loinc: '', value: 400, unit: '/uL', at: AT }, local('PNN'));
      const { id } = await post(app, count);
      const grades = await gradesOf(app, `Observation/${id}`);
      t.equal(grades.includes('neutrophil_count_decreased@5.0 4 final v1'), labCodes !== undefined, grades.join());
      await post(app, aResult(patient, { loinc: '', value: 39, unit: 'Cel', at: AT }, local('TEMP')));
      t.equal((await flagsOf(app, patient)).length, labCodes ? 1 : 0);
      const answer = await app.send('POST', '/', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [{ resource: count, request: { method: 'POST', url: 'Observation' } }],
      });
      const [, created] = /Observation\/([^/]+)/.exec(answer.body.entry[0].response.location) ?? [];
      t.equal(
        (await gradesOf(app, `Observation/${created}`)).length > 0,
        labCodes !== undefined,
        'in a transaction too',
      );
    }
  },
);

t.test('a preliminary fever does not wait for its final result, a preliminary count does', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const preliminary = { status: 'preliminary' } as const;
  const fever = aResult(patient, { loinc: '8310-5', value: 39, unit: 'Cel', at: AT }, preliminary);
  const { id } = await post(app, fever);
  t.same(await flagsOf(app, patient), ['active v1 Fever: emergency, act at once (39 Cel)']);
  t.same(await gradesOf(app, `Observation/${id}`), ['fever@1 1 final v1'], 'nothing else of it is graded');
  const count = await post(
    app,
    aResult(patient, { loinc: '26499-4', value: 0.2, unit: '10*9/L', at: AT }, preliminary),
  );
  t.same(await gradesOf(app, `Observation/${count.id}`), []);
  const last = await app.send('PUT', `/Observation/${id}`, {
    ...fever,
    id,
    status: 'final',
    valueQuantity: quantity(37, 'Cel'),
  });
  t.equal(last.status, 200, last.text);
  t.notMatch(await flagsOf(app, patient), [/^active/], 'the final result says that there was none');
});
