import type { Bundle, MeasureReport } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { CSV_COLUMNS } from '../../../src/rules/activity/csv.ts';
import { activitiesAfter, activityOfPatient } from '../../../src/store/activity.ts';
import { type TestApp, testApp } from '../../support/app.ts';
import { aPolicy, aResult, NEUTROPHILS, post } from '../../support/observations.ts';
import { aPlan } from '../../support/plans.ts';
import { aPatient, aResponse, saidAt, weeklyForm } from '../../support/responses.ts';
import { ANNA, move, outcome, tasksOf } from '../../support/work.ts';

const POLICY = aPolicy('activity', [
  ['open', "%finding.kind = 'ladder' and %finding.min >= 2", 'PM'],
  ['close', "%finding.kind = 'ladder' and %finding.max = 0"],
]);

interface Season {
  app: TestApp;
  /** Moves the service's clock. */
  at(now: string): void;
}

async function season(t: Test): Promise<Season> {
  let now = '2026-11-02T07:00:00.000Z';
  const app = await testApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  await post(app, POLICY);
  return {
    app,
    at(moment) {
      now = moment;
    },
  };
}

const reportsOf = (body: Bundle): MeasureReport[] =>
  (body.entry ?? []).map(({ resource }) => resource as MeasureReport); // nothing else is in it

/** Counts and scores of a report by their codes. */
function figures({ group = [] }: MeasureReport): Record<string, number | undefined> {
  return Object.fromEntries(
    group.flatMap(({ code, measureScore, population = [] }) => [
      ...(measureScore ? [[code?.coding?.[0]?.code, measureScore.value]] : []),
      ...population.map(({ code, count }) => [code?.coding?.[0]?.code, count]),
    ]),
  );
}

/** Lines of cells, none of which has a quote in it here. */
const linesOf = (text: string): Record<string, string>[] => {
  const [names = '', ...lines] = text.split('\r\n').filter((line) => line !== '');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, place) => [names.split(',')[place], cell])));
};

async function csv(app: TestApp, query: string, headers: Record<string, string> = { accept: 'text/csv' }) {
  return app.app.inject({
    method: 'GET',
    url: `/fhir/$monitoring-activity?${query}`,
    headers: { host: 'localhost:8080', ...headers },
  });
}

t.test('what was expected, received and done in a month, of a patient with a plan', async (t) => {
  const { app, at } = await season(t);
  const patient = await aPatient(app);
  await post(app, aPlan(patient));
  const form = await weeklyForm(app);
  const answered = async (authored: string) => {
    at(authored.replace('Z', '.000Z'));
    await post(app, aResponse(form, patient, authored, { PROCTCAE_9A_SCL: 0 }));
  };
  await answered('2026-11-02T09:00:00Z');
  await answered('2026-11-04T09:00:00Z');
  await answered('2026-11-16T09:00:00Z');
  // A Friday, an hour before service ends.
  at('2026-11-27T15:00:00.000Z');
  await post(
    app,
    aResult(patient, { loinc: NEUTROPHILS, value: 1.2, unit: '10*9/L', low: 1.8, high: 7, at: '2026-11-27T14:00:00Z' }),
  );
  const [task] = await tasksOf(app, patient);
  at('2026-11-30T08:30:00.000Z');
  await move(app, task ?? {}, { status: 'accepted', owner: ANNA });
  at('2026-12-01T10:00:00.000Z');
  await move(app, task ?? {}, { status: 'completed', output: outcome('visit') });
  at('2026-12-03T10:00:00.000Z');
  const { status, body } = await app.send(
    'GET',
    `/$monitoring-activity?periodStart=2026-11&periodEnd=2026-12&patient=${patient}`,
  );
  t.equal(status, 200);
  const [november, december, ...more] = reportsOf(body);
  t.equal(more.length, 0);
  t.match(november, { type: 'individual', subject: { reference: patient }, date: '2026-12-03T10:00:00.000Z' });
  t.match(november && figures(november), {
    expected: 5,
    met: 2,
    // That of the last Monday of November is waited for until the first of December.
    missing: 2,
    waiting: 1,
    received: 3,
    extra: 1,
    'days-under-monitoring': 29,
    plan: 1,
    'first-report': 0,
    opened: 1,
    acknowledged: 1,
    'still-open': 0,
    'time-median': 65.5,
    'service-time-longest': 1.5,
    visit: 0,
  });
  t.match(december && figures(december), { expected: 0, received: 0, 'days-under-monitoring': 3, opened: 0, visit: 1 });
});

t.test('of who has died nothing is expected, and no day is under monitoring, after it', async (t) => {
  const { app, at } = await season(t);
  const plans: string[] = [];
  for (let n = 0; n < 4; n += 1) {
    const patient = await aPatient(app);
    await post(app, aPlan(patient));
    plans.push(patient);
  }
  const [dated = '', said = '', mistaken = '', alive = ''] = plans;
  const tell = async (patient: string, moment: string, told: object): Promise<void> => {
    const { body } = await app.send('GET', `/${patient}`);
    const { deceasedBoolean: _, ...rest } = body;
    t.equal((await app.send('PUT', `/${patient}`, { ...rest, ...told })).status, 200);
    await saidAt(app, patient, moment);
  };
  await tell(mistaken, '2026-11-10T09:00:00.000Z', { deceasedBoolean: true });
  await tell(mistaken, '2026-11-12T09:00:00.000Z', { deceasedBoolean: false });
  await tell(dated, '2026-11-20T09:00:00.000Z', { deceasedDateTime: '2026-11-18T22:30:00+01:00' });
  // The last moment of that day in Paris, and once more.
  await tell(said, '2026-11-18T22:59:59.999Z', { deceasedBoolean: true });
  await tell(said, '2026-11-25T09:00:00.000Z', { deceasedBoolean: true });
  at('2026-12-10T09:00:00.000Z');
  const { body } = await app.send('GET', '/$monitoring-activity?periodStart=2026-11&periodEnd=2026-12');
  const reports = reportsOf(body).filter(({ type }) => type === 'individual');
  const of = (patient: string) => reports.filter(({ subject }) => subject?.reference === patient).map(figures);
  for (const patient of [dated, said]) {
    t.match(of(patient), [{ expected: 2, missing: 2, waiting: 0, 'days-under-monitoring': 17 }]);
    t.equal(of(patient).length, 1, 'nothing is told of December');
  }
  for (const patient of [mistaken, alive]) {
    t.match(of(patient), [
      { expected: 5, missing: 5, 'days-under-monitoring': 29 },
      { expected: 1, waiting: 1, 'days-under-monitoring': 10 },
    ]);
  }
  const lines = linesOf((await csv(app, 'periodStart=2026-11')).body);
  t.match(
    lines.find(({ patient }) => patient === said),
    { reports_expected: '2', reports_missing: '2', days_under_monitoring: '17' },
  );
  const alone = await app.send('GET', `/$monitoring-activity?periodStart=2026-11&patient=${said}`);
  t.match(reportsOf(alone.body).map(figures), of(said));
});

t.test('a month of all patients begins with their sum, and goes on page by page', async (t) => {
  const { app, at } = await season(t);
  const form = await weeklyForm(app);
  const patients: string[] = [];
  for (let day = 3; day < 8; day += 1) {
    at(`2026-11-0${day}T10:00:00.000Z`);
    const patient = await aPatient(app);
    patients.push(patient);
    await post(app, aResponse(form, patient, `2026-11-0${day}T09:00:00Z`, { PROCTCAE_9A_SCL: 0 }));
  }
  await aPatient(app);
  at('2026-12-01T10:00:00.000Z');
  const seen: (string | undefined)[] = [];
  let summaries = 0;
  let pages = 0;
  for (let next: string | undefined = '/$monitoring-activity?periodStart=2026-11&_count=2'; next; pages += 1) {
    const { status, body } = await app.send('GET', next);
    t.equal(status, 200);
    for (const report of reportsOf(body)) {
      if (report.type === 'summary') {
        summaries += 1;
        const days = [28, 27, 26, 25, 24].reduce((sum, one) => sum + one);
        t.match(figures(report), {
          patients: 5,
          received: 5,
          extra: 5,
          'first-report': 5,
          'days-under-monitoring': days,
        });
      } else seen.push(report.subject?.reference);
    }
    next = (body as Bundle).link
      ?.find(({ relation }) => relation === 'next')
      ?.url?.replace('http://localhost:8080/fhir', '');
  }
  t.equal(summaries, 1);
  t.equal(pages, 3);
  t.same(seen.sort(), patients.sort(), 'each once; of who sent nothing there is nothing to tell');
  const told = await csv(app, 'periodStart=2026-11');
  t.equal(told.statusCode, 200);
  t.equal(told.headers['content-type'], 'text/csv; charset=utf-8; header=present');
  t.equal(told.headers['content-disposition'], 'attachment; filename="monitoring-activity-2026-11.csv"');
  const lines = linesOf(told.body);
  t.same(lines.map(({ patient }) => patient).sort(), patients.sort());
  t.match(lines[0], {
    month: '2026-11',
    time_zone: 'Europe/Paris',
    reports_received: '1',
    days_counted_by: 'first-report',
  });
  t.equal(lines[0]?.hours_to_acknowledgement_median, '', 'nobody acted: no time');
  t.ok(told.body.startsWith(`${CSV_COLUMNS.join(',')}\r\n`));
});

t.test('in which form it comes is asked for by _format, else by Accept', async (t) => {
  const { app } = await season(t);
  const patient = await aPatient(app);
  const wanted: [query: string, accept: string, csv: boolean | number][] = [
    ['', '*/*', false],
    ['', 'application/fhir+json', false],
    ['', 'text/csv', true],
    ['', 'application/fhir+json;q=0.5, text/csv', true],
    ['', 'application/fhir+json, text/csv;q=0.5', false],
    ['', 'text/csv;q=0', 406],
    ['&_format=csv', 'application/fhir+json', true],
    ['&_format=text/csv', '*/*', true],
    ['&_format=json', 'text/csv', false],
    ['&_format=xml', 'text/csv', 406],
  ];
  for (const [query, accept, expected] of wanted) {
    const { statusCode, headers } = await csv(app, `periodStart=2026-11&patient=${patient}${query}`, { accept });
    if (typeof expected === 'number') t.equal(statusCode, expected, `${accept} ${query}`);
    else t.equal(String(headers['content-type']).startsWith('text/csv'), expected, `${accept} ${query}`);
  }
  const head = await app.app.inject({
    method: 'HEAD',
    url: '/fhir/$monitoring-activity?periodStart=2026-11&_format=csv',
  });
  t.same([head.statusCode, head.body], [200, '']);
  t.equal((await app.send('GET', `/${patient}`, undefined, { accept: 'text/csv' })).status, 406, 'nowhere else');
});

t.test('what cannot be understood is refused', async (t) => {
  const { app } = await season(t);
  const refused = [
    '',
    'periodStart=2026',
    'periodStart=2026-13',
    'periodStart=2026-11&periodEnd=2026-10',
    'periodStart=2024-10&periodEnd=2026-11',
    'periodStart=2026-12',
    'periodStart=2026-11&patient=a%20b',
    'periodStart=2026-11&_count=0',
    'periodStart=2026-11&_cursor=abc',
    'periodStart=2026-11&colour=red',
  ];
  for (const query of refused) t.equal((await app.send('GET', `/$monitoring-activity?${query}`)).status, 400, query);
  t.equal((await app.send('GET', '/$monitoring-activity?periodStart=2026-11&patient=nobody')).status, 404);
  t.equal((await csv(app, 'periodStart=2026-11&patient=nobody')).statusCode, 404);
  const latest = await app.send('GET', '/$monitoring-activity?periodStart=2024-12&periodEnd=2026-11-02');
  t.equal(latest.status, 200, '24 months; a day means its month');
  const posted = await app.send('POST', '/$monitoring-activity', {
    resourceType: 'Parameters',
    parameter: [{ name: 'periodStart', valueDateTime: '2026-11' }],
  });
  t.equal(posted.status, 200);
});

t.test('nobody is told of another patient or of another tenant', async (t) => {
  const { app } = await season(t);
  const [one, two] = [await aPatient(app), await aPatient(app)].map((reference) => reference.slice('Patient/'.length));
  const { db } = app.deps;
  const own = { tenant: 1, patient: { id: one ?? '' } } as const;
  t.same(
    (await activitiesAfter(db, own, undefined, 10)).found.map(({ patient }) => patient),
    [one],
  );
  t.equal(await activityOfPatient(db, own, two ?? ''), undefined);
  const elsewhere = { tenant: 2, patient: 'everyone' } as const;
  t.same((await activitiesAfter(db, elsewhere, undefined, 10)).found, []);
  t.equal(await activityOfPatient(db, elsewhere, one ?? ''), undefined);
  t.equal((await activitiesAfter(db, { ...elsewhere, tenant: 1 }, undefined, 10)).found.length, 2);
});
