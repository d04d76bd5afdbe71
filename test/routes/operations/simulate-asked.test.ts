import type { Group, GroupMember, Parameters, ParametersParameter, PlanDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { LongJobs } from '../../../src/jobs/long.ts';
import { simulateHere, simulationJob } from '../../../src/jobs/simulate.ts';
import { SIMULATE } from '../../../src/rules/simulation-request.ts';
import { type Answer, NOW, type TestApp, testApp } from '../../support/app.ts';
import { aResponse, weeklyForm } from '../../support/responses.ts';
import { aPolicy, put } from '../support.ts';

const CANDIDATE = aPolicy("%finding.term = 'PROCTCAE_16_COMP' and %finding.min >= 2", { status: 'draft' });
const WEEK = 7 * 24 * 3_600_000;

const ask = (app: TestApp, ...more: ParametersParameter[]): Promise<Answer> =>
  app.send('POST', '/PlanDefinition/$simulate', {
    resourceType: 'Parameters',
    parameter: [{ name: 'policy', resource: CANDIDATE }, ...more],
  });

/** Does what waits, and gives what came of that which was answered so. */
async function resultOf(app: TestApp, asked: Answer): Promise<Parameters> {
  if (asked.status !== 202) throw new Error(asked.text);
  await new LongJobs(app.deps, { [SIMULATE]: simulationJob(simulateHere) }).sweep();
  const { status, body, text } = await app.send('GET', `${asked.headers['content-location']}`.replace(/^.*\/fhir/, ''));
  if (status !== 200) throw new Error(text);
  return body;
}

const named = ({ parameter = [] }: Parameters, name: string): ParametersParameter[] =>
  parameter.filter((one) => one.name === name);

const hoursOf = (result: Parameters): (number | undefined)[] =>
  named(result, 'disagreement').map(({ part = [] }) => part.find(({ name }) => name === 'hours')?.valueInteger);

const moment = (name: string, valueDateTime: string): ParametersParameter => ({ name, valueDateTime });

/** Patients `a`, `b` and `c`, each with a report of grade 2 at noon of the 14th of November and never again. */
async function threePatients(app: TestApp): Promise<void> {
  const form = await weeklyForm(app);
  for (const id of ['a', 'b', 'c']) {
    await app.send('PUT', `/Patient/${id}`, { resourceType: 'Patient', id });
    const response = aResponse(form, `Patient/${id}`, '2026-11-14T12:00:00Z', { PROCTCAE_16A_SCL: 3 });
    const { status, text } = await app.send('POST', '/QuestionnaireResponse', response);
    if (status !== 201) throw new Error(text);
  }
}

t.test('the cohort of a simulation', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  await threePatients(app);
  const own = app.deps.baseUrl;
  const group = async (...references: (string | GroupMember)[]): Promise<Group & { id: string }> =>
    put(app, {
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: references.map((one) => (typeof one === 'string' ? { entity: { reference: one } } : one)),
    });
  const cohort = (reference: string): ParametersParameter => ({ name: 'cohort', valueReference: { reference } });

  const cases: [name: string, members: (string | GroupMember)[], patients: number | undefined][] = [
    ['by relative references', ['Patient/a', 'Patient/b'], 2],
    ['by absolute references to this server', [`${own}/Patient/a`, `${own}/Patient/b`], 2],
    ['by both, each once', ['Patient/a', `${own}/Patient/a`, `${own}/Patient/b/_history/1`], 2],
    ['who are inactive', [{ entity: { reference: `${own}/Patient/a` }, inactive: true }, 'Patient/b'], 1],
    ['of another server are none of ours', ['https://other.example/fhir/Patient/a', 'Patient/b'], 1],
    ['of another base here', [`${own}x/Patient/a`, `${own.replace(/fhir$/, 'other')}/Patient/c`, 'Patient/b'], 1],
    ['of another server alone', ['https://other.example/fhir/Patient/a'], undefined],
    ['who are no Patients', [`${own}/Practitioner/a`], undefined],
  ];
  for (const [name, members, patients] of cases) {
    t.test(`members ${name}`, async (t) => {
      const { id } = await group(...members);
      const asked = await ask(app, cohort(`Group/${id}`));
      if (patients === undefined) {
        t.match(asked, {
          status: 422,
          body: { issue: [{ diagnostics: /no member that is a Patient of this server/ }] },
        });
        return;
      }
      const result = await resultOf(app, asked);
      t.match(named(result, 'patients'), [{ valueInteger: patients }]);
      t.match(named(result, 'responses'), [{ valueInteger: patients }]);
    });
  }

  const there = (period: GroupMember['period']): GroupMember => ({
    entity: { reference: 'Patient/a' },
    ...(period ? { period } : {}),
  });
  /** Whether a member of that period is simulated, for what is asked from and to. Now is the 21st of November, noon. */
  const periods: [
    name: string,
    period: GroupMember['period'],
    asked: [start?: string, end?: string],
    isSimulated: boolean,
  ][] = [
    ['has always been there', undefined, ['2026-11-01', '2026-11-20'], true],
    ['left on the day before', { end: '2026-10-31' }, ['2026-11-01', '2026-11-20'], false],
    ['left on the first day', { end: '2026-11-01' }, ['2026-11-01', '2026-11-20'], true],
    ['came on the last day', { start: '2026-11-20' }, ['2026-11-01', '2026-11-20'], true],
    ['came on the day after', { start: '2026-11-21' }, ['2026-11-01', '2026-11-20'], false],
    ['left long ago, without a beginning', { end: '2020-01-01' }, [undefined, '2026-11-20'], true],
    ['came before the moment of asking', { start: '2026-11-21T11:59:59.999Z' }, [], true],
    ['comes with the moment of asking', { start: NOW.toISOString() }, [], false],
    ['is yet to come, asked beyond now', { start: '2026-11-22' }, ['2026-11-01', '2027'], false],
  ];
  for (const [name, period, [start, end], isSimulated] of periods) {
    t.test(`a member who ${name}`, async (t) => {
      const bounds = [...(start ? [moment('start', start)] : []), ...(end ? [moment('end', end)] : [])];
      const { id } = await group(there(period), 'Patient/b');
      const result = await resultOf(app, await ask(app, cohort(`Group/${id}`), ...bounds));
      t.match(named(result, 'patients'), [{ valueInteger: isSimulated ? 2 : 1 }]);
      const alone = await group(there(period));
      const { status } = await ask(app, cohort(`Group/${alone.id}`), ...bounds);
      t.equal(status, isSimulated ? 202 : 422);
    });
  }

  t.test('a resumed simulation goes by the base that the service had when it was asked', async (t) => {
    const { id } = await group(`${own}/Patient/a`, 'Patient/b');
    const asked = await ask(app, cohort(`Group/${id}`));
    app.deps.baseUrl = 'https://moved.example/fhir';
    const result = await resultOf(app, asked);
    app.deps.baseUrl = own;
    t.match(named(result, 'patients'), [{ valueInteger: 2 }]);
  });

  t.test('is named by a relative or an absolute reference', async (t) => {
    const { id } = await group('Patient/a');
    const result = await resultOf(app, await ask(app, cohort(`${own}/Group/${id}`)));
    t.match(named(result, 'cohort'), [{ valueReference: { reference: `Group/${id}/_history/1` } }]);
    for (const reference of [`https://other.example/fhir/Group/${id}`, `${own}/Group/${id}/_history/1`, 'Group']) {
      const answer = await ask(app, cohort(reference));
      t.match(answer, { status: 400, body: { issue: [{ diagnostics: /^cohort: / }] } }, reference);
    }
  });
});

t.test('the period of a simulation', async (t) => {
  let now = NOW;
  const app = await testApp({ now: () => now });
  t.teardown(() => app.close());
  await threePatients(app);

  t.test('lasts for those who fell silent too, up to now where no end was asked for', async (t) => {
    const result = await resultOf(app, await ask(app));
    t.same(hoursOf(result), [168, 168, 168]);
    t.same(named(result, 'load'), [], 'all reported in one moment');
  });

  t.test('ends where it was asked to, at most now', async (t) => {
    const until = async (end: string) => resultOf(app, await ask(app, moment('end', end)));
    t.same(hoursOf(await until('2026-11-15T12:00:00Z')), [24, 24, 24]);
    const later = await until('2027');
    t.same(hoursOf(later), [168, 168, 168], 'the future is no part of the past');
    t.match(named(later, 'period'), [{ part: [{ name: 'before', valueInstant: NOW.toISOString() }] }]);
  });

  t.test('does not grow while the work waits', async (t) => {
    for (const more of [[], [moment('end', '2027')], [moment('start', '2026-11-01'), moment('end', '2026-12')]]) {
      const expected = await resultOf(app, await ask(app, ...more));
      const waiting = await ask(app, ...more);
      now = new Date(NOW.getTime() + WEEK);
      const site = app.deps.site;
      app.deps.site = { ...site, service: [{ days: [1], from: '09:00', to: '10:00' }] };
      const resumed = await resultOf(app, waiting);
      [now, app.deps.site] = [NOW, site];
      t.same(resumed, expected);
    }
  });

  t.test('is what load is told of', async (t) => {
    const result = await resultOf(
      app,
      await ask(app, moment('start', '2026-11-09T00:00:00+01:00'), moment('end', '2026-11-15')),
    );
    // Monday to Friday, but for the 11th of November.
    t.match(named(result, 'load'), [
      {
        part: [
          { name: 'serviceHours', valueDecimal: 32 },
          { name: 'before', valueDecimal: 0 },
          { name: 'after', valueDecimal: 0.0938 },
        ],
      },
    ]);
  });

  t.test('does not begin in the future', async (t) => {
    for (const [start, status] of [
      ['2026-11-21T11:59:59Z', 202],
      ['2026-11-21T12:00:00Z', 400],
    ] as const) {
      const answer = await ask(app, moment('start', start), moment('end', '2027'));
      t.equal(answer.status, status, start);
    }
  });
});

t.test('a policy with more faults than anybody reads is refused with the first of them', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const withFaults = (count: number): PlanDefinition => {
    const [action] = aPolicy('%finding.grde >= 2').action ?? [];
    return { ...CANDIDATE, action: Array.from({ length: count }, (_, n) => ({ ...action, id: `a${n}` })) };
  };
  for (const [count, told] of [
    [49, 49],
    [50, 50],
    [51, 50],
    [70, 50],
  ] as const) {
    const policy: ParametersParameter = { name: 'policy', resource: withFaults(count) };
    const sent = (...parameter: ParametersParameter[]) => ({ resourceType: 'Parameters', parameter });
    const answers = {
      stored: await app.send('POST', '/PlanDefinition', withFaults(count)),
      simulated: await app.send('POST', '/PlanDefinition/$simulate', sent(policy)),
      compared: await app.send(
        'POST',
        '/PlanDefinition/$compare',
        sent(policy, { name: 'other', resource: CANDIDATE }),
      ),
      comparedWith: await app.send(
        'POST',
        '/PlanDefinition/$compare',
        sent({ ...policy, name: 'other' }, { name: 'policy', resource: CANDIDATE }),
      ),
    };
    for (const [name, { status, body }] of Object.entries(answers)) {
      t.same([status, body.issue.length], [422, told], `${count}: ${name}`);
    }
  }
});
