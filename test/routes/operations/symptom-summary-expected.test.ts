import type { Group, ParametersParameter } from '@medplum/fhirtypes';
import t from 'tap';
import { EXTENSION } from '../../../src/rules/resources/codes.ts';
import { faults } from '../../rules/resources/r4.ts';
import { testApp } from '../../support/app.ts';
import { aPlan } from '../../support/plans.ts';
import { aPatient, aResponse, type Scores, saidAt, weeklyForm } from '../../support/responses.ts';
import { put } from '../support.ts';

const BASELINE = { extension: [{ url: EXTENSION.baselineReport, valueBoolean: true }] };
const NAUSEA: Scores = { PROCTCAE_9A_SCL: 1, PROCTCAE_9B_SCL: 1 };
const VITAL_SIGNS = 'https://vigie.example/fhir/Questionnaire/vital-signs';

const named = (parts: readonly ParametersParameter[] = [], name: string): ParametersParameter[] =>
  parts.filter((part) => part.name === name);
const whole = (parts: readonly ParametersParameter[] | undefined, name: string): number | undefined =>
  named(parts, name)[0]?.valueInteger;

t.test('a group: of how many a form was expected, by the weeks since the baseline of each', async (t) => {
  let now = '2026-08-30T08:00:00.000Z';
  const app = await testApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  const form = await weeklyForm(app);
  const report = async (patient: string, at: string, extra = {}): Promise<void> => {
    now = at;
    await put(app, aResponse(form, patient, at, NAUSEA, extra));
  };
  /** A member with a baseline on the last Monday of August, and with the plans that these are of. */
  const member = async (...plans: (string | undefined)[]): Promise<string> => {
    now = '2026-08-30T08:00:00.000Z';
    const patient = await aPatient(app);
    for (const asked of plans) await put(app, aPlan(patient, undefined, asked === undefined ? {} : { form: asked }));
    await report(patient, '2026-08-31T09:00:00.000Z', BASELINE);
    return patient;
  };
  const [steady, silent, died, free, other] = [
    await member(undefined),
    await member(undefined, VITAL_SIGNS),
    await member(undefined),
    await member(),
    await member(VITAL_SIGNS),
  ];
  const newcomer = await aPatient(app);
  await put(app, aPlan(newcomer));
  for (const day of ['09-07', '09-14']) await report(steady, `2026-${day}T09:00:00.000Z`);
  await report(free, '2026-09-07T09:00:00.000Z');
  const { body } = await app.send('GET', `/${died}`);
  t.equal((await app.send('PUT', `/${died}`, { ...body, deceasedBoolean: true })).status, 200);
  await saidAt(app, died, '2026-09-14T07:00:00.000Z');
  now = '2026-09-22T08:00:00.000Z';
  const summary = async (patients: readonly string[], query = '') => {
    const group: Group = {
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: patients.map((reference) => ({ entity: { reference } })),
    };
    const { id } = await put(app, group);
    const answer = await app.send('GET', `/Group/${id}/$symptom-summary?term=PROCTCAE_9_COMP${query}`);
    t.equal(answer.status, 200);
    t.same(faults(answer.body), [], 'valid Parameters');
    const [term] = named(answer.body.parameter, 'term');
    const visits = named(term?.part, 'visit').map(({ part }) =>
      ['day', 'answered', 'asked', 'expected'].map((name) => whole(part, name)),
    );
    return { withBaseline: whole(term?.part, 'withBaseline'), withPlan: whole(term?.part, 'withPlan'), visits };
  };
  const all = [steady, silent, died, free, other, newcomer];

  t.same(await summary(all), {
    withBaseline: 5,
    withPlan: 3,
    visits: [
      [0, 5, 5, 3],
      [7, 2, 2, 2],
      [14, 1, 1, 2],
      [21, 0, 0, 2],
    ],
  });
  t.same(
    (await summary(all, '&to=2026-09-13')).visits,
    [
      [0, 5, 5, 3],
      [7, 2, 2, 2],
    ],
    'up to the end of what is asked for',
  );
  t.same((await summary(all, '&from=2026-09-14&to=2026-09-14')).visits, [
    [0, 5, 5, 3],
    [14, 1, 1, 2],
  ]);
  t.same(
    await summary([free, other]),
    {
      withBaseline: 2,
      withPlan: undefined,
      visits: [
        [0, 2, 2, undefined],
        [7, 1, 1, undefined],
      ],
    },
    'nobody has a plan for a form that asks it: how many were expected is not known',
  );
  await app.send('PUT', `/Questionnaire/${form.id}`, { ...form, status: 'retired' });
  t.same((await summary([steady])).visits[1], [7, 1, 1, 1], 'also of a form that is no longer in use');
});
