import type { ParametersParameter, Timing } from '@medplum/fhirtypes';
import t from 'tap';
import { dayIn } from '../../../src/rules/calendar/slots.ts';
import { type TestApp, testApp } from '../../support/app.ts';
import { post } from '../../support/observations.ts';
import { aPlan, MONDAYS, sweep } from '../../support/plans.ts';
import { aPatient, aResponse, saidAt, weeklyForm } from '../../support/responses.ts';

/** State, beginning and number of answers of each slot; the moment of each response beside. */
async function told(app: TestApp, path: string): Promise<string[]> {
  const { status, body } = await app.send('GET', path);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body.parameter.flatMap(({ name, part = [] }: ParametersParameter) => {
    const text = (wanted: string) => {
      const at = part.find((one) => one.name === wanted)?.valueDateTime;
      return at && dayIn('Europe/Paris', at);
    };
    if (name === 'extra') return [`extra ${text('at')}`];
    const answers = part.filter((one) => one.name === 'response').length;
    return name === 'slot' ? [`${part[0]?.valueCode} ${text('start')} ${answers}`] : [];
  });
}

t.test(
  'days of a pause are whole days: of weeks that begin at midnight those within it are paused, and no others',
  async (t) => {
    const now = '2028-03-30T12:00:00.000Z';
    const app = await testApp({ now: () => new Date(now) });
    t.teardown(() => app.close());
    await weeklyForm(app);
    const weekly = {
      repeat: { boundsPeriod: { start: '2028-04-03' }, frequency: 1, period: 1, periodUnit: 'wk' },
    } as const;
    const daily = {
      repeat: { boundsPeriod: { start: '2028-04-08', end: '2028-04-18' }, frequency: 1, period: 1, periodUnit: 'd' },
    } as const;
    const asked = '$schedule?from=2028-04-03&to=2028-04-29';
    const paused = async (timing: Timing, pause: { start: string; end?: string }): Promise<string[]> => {
      const patient = await aPatient(app);
      await post(app, aPlan(patient, timing, { pauses: [pause] }));
      return (await told(app, `/${patient}/${asked}`)).filter((slot) => slot.startsWith('paused'));
    };
    const CASES: [timing: Timing, pause: { start: string; end?: string }, starts: string[]][] = [
      [weekly, { start: '2028-04-10', end: '2028-04-16' }, ['2028-04-10']],
      [weekly, { start: '2028-04-10', end: '2028-04-15' }, []],
      [weekly, { start: '2028-04-09', end: '2028-04-16' }, ['2028-04-03', '2028-04-10']],
      [weekly, { start: '2028-04-10', end: '2028-04-23' }, ['2028-04-10', '2028-04-17']],
      [weekly, { start: '2028-04-24' }, ['2028-04-24']],
      [daily, { start: '2028-04-11', end: '2028-04-13' }, ['2028-04-11', '2028-04-12', '2028-04-13']],
      [daily, { start: '2028-04-11', end: '2028-04-11' }, ['2028-04-11']],
    ];
    for (const [timing, pause, starts] of CASES) {
      const name = `${timing.repeat?.periodUnit}, away ${pause.start} to ${pause.end}`;
      t.same(
        await paused(timing, pause),
        starts.map((start) => `paused ${start} 0`),
        name,
      );
    }
  },
);

t.test('a patient’s app sees what is due now, what comes next and what has become of the rest', async (t) => {
  let now = '2026-11-01T12:00:00.000Z';
  const app = await testApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  const [patient, form] = await Promise.all([aPatient(app), weeklyForm(app)]);
  const answer = async (authored: string) => {
    now = authored;
    await post(app, aResponse(form, patient, authored, { PROCTCAE_16A_SCL: 0 }));
  };
  t.same(await told(app, `/${patient}/$schedule`), [], 'nothing is planned');
  const plan = aPlan(patient, MONDAYS, {
    window: { length: [3, 'd'], grace: [1, 'd'] },
    pauses: [{ start: '2026-12-01', end: '2026-12-08' }],
  });
  const { id } = await post(app, plan);
  await answer('2026-11-02T09:00:00.000Z');
  await answer('2026-11-03T09:00:00.000Z');
  await answer('2026-11-12T20:00:00.000Z');
  now = '2026-11-24T08:00:00.000Z';
  await sweep(app);
  t.same(await told(app, `/${patient}/$schedule`), [
    'met 2026-11-02 2',
    'late 2026-11-09 1',
    'missing 2026-11-16 0',
    'due 2026-11-23 0',
    'paused 2026-11-30 0',
    'upcoming 2026-12-07 0',
    'upcoming 2026-12-14 0',
    'upcoming 2026-12-21 0',
    'extra 2026-11-03',
  ]);
  t.same(await told(app, `/${patient}/$schedule?from=2026-11-13&to=2026-11-16`), [
    'late 2026-11-09 1',
    'missing 2026-11-16 0',
  ]);
  const { body } = await app.send('GET', `/${patient}/$schedule?from=2026-11-24&to=2026-11-24`);
  t.match(body.parameter, [
    { name: 'now', valueDateTime: now },
    {
      name: 'slot',
      part: [
        { name: 'state', valueCode: 'due' },
        { name: 'plan', valueReference: { reference: `CarePlan/${id}` } },
        { name: 'questionnaire', valueCanonical: form.url },
        { name: 'title', valueString: form.title },
        { name: 'start', valueDateTime: '2026-11-23T08:00:00.000Z' },
        { name: 'open', valueDateTime: '2026-11-23T08:00:00.000Z' },
        { name: 'end', valueDateTime: '2026-11-26T08:00:00.000Z' },
        { name: 'due', valueDateTime: '2026-11-27T08:00:00.000Z' },
      ],
    },
  ]);
  t.equal((await app.send('GET', `/${patient}/$schedule?from=2026-11-24&to=2026-11-23`)).status, 400);
  t.equal((await app.send('GET', `/${patient}/$schedule?from=0001&to=2026-11-24`)).status, 200);
  t.equal((await app.send('GET', '/Patient/nobody/$schedule')).status, 404);
  await post(app, aPlan(patient, { repeat: { period: 1, periodUnit: 'h' } }));
  t.equal((await app.send('GET', `/${patient}/$schedule`)).status, 200);
  t.equal((await app.send('GET', `/${patient}/$schedule?to=2027-11-24`)).status, 400, 'more than anybody reads');
});

t.test('of who has died nothing is listed that ends later', async (t) => {
  let now = '2026-11-01T12:00:00.000Z';
  const app = await testApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  const [patient] = await Promise.all([aPatient(app), weeklyForm(app)]);
  await post(app, aPlan(patient));
  now = '2026-11-25T08:00:00.000Z';
  const { body } = await app.send('GET', `/${patient}`);
  const tell = async (moment: string, told: object): Promise<string[]> => {
    t.equal((await app.send('PUT', `/${patient}`, { ...body, ...told })).status, 200);
    await saidAt(app, patient, moment);
    return slots();
  };
  const slots = () => told(app, `/${patient}/$schedule?from=2026-11-01&to=2026-12-01`);
  const all = [
    'missing 2026-11-02 0',
    'missing 2026-11-09 0',
    'missing 2026-11-16 0',
    'due 2026-11-23 0',
    'upcoming 2026-11-30 0',
  ];
  t.same(await tell('2026-11-16T08:00:00.000Z', { deceasedBoolean: true }), all.slice(0, 1), 'since it was said');
  t.same(await tell('2026-11-24T08:00:00.000Z', { deceasedBoolean: true }), all.slice(0, 1), 'for the first time');
  t.same(await tell('2026-11-24T09:00:00.000Z', { deceasedBoolean: false }), all, 'it was a mistake');
  t.same(await tell('2026-11-25T07:00:00.000Z', { deceasedBoolean: true }), all.slice(0, 3), 'this time it is none');
  const dated = { deceasedDateTime: '2026-11-16T09:00:01+01:00' };
  t.same(await tell('2026-11-25T07:30:00.000Z', dated), all.slice(0, 2), 'a date says itself since when');
  // Slots of this plan end on Mondays at nine in Paris, where its day begins an hour before that of UTC.
  t.same(await tell('2026-11-25T07:40:00.000Z', { deceasedDateTime: '2026-11-17' }), all.slice(0, 2), 'a day');
  t.same(await tell('2026-11-25T07:50:00.000Z', { deceasedDateTime: '2026-11-16' }), all.slice(0, 1), 'of the end');
});
