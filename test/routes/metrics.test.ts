import { readFileSync } from 'node:fs';
import t from 'tap';
import { Scheduler } from '../../src/jobs/scheduler.ts';
import { CATALOGUE, OF_PROCESS } from '../../src/metrics/catalogue.ts';
import { happen } from '../../src/save/moment.ts';
import { shardOfId } from '../../src/store/resources.ts';
import { type TestApp, testApp } from '../support/app.ts';
import { readExposition, type Sample, sumOf } from '../support/exposition.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';

const SECRET = 'Zebulon';

async function scrape(app: TestApp, accept?: string) {
  const answer = await app.app.inject({
    url: '/metrics',
    headers: { host: 'localhost', ...(accept === undefined ? {} : { accept }) },
  });
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${answer.body}`);
  return { type: answer.headers['content-type'], text: answer.body, ...readExposition(answer.body) };
}

/** What has been told a second ago is told again: the next is asked for until it says so. */
async function until(app: TestApp, holds: (samples: readonly Sample[]) => boolean): Promise<readonly Sample[]> {
  for (;;) {
    const { samples } = await scrape(app);
    if (holds(samples)) return samples;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

t.test('what happens is counted', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const form = await weeklyForm(app);
  const patient = await aPatient(app);
  const response = (authored: string) =>
    aResponse(form, patient, authored, { PROCTCAE_16A_SCL: 4, PROCTCAE_16B_SCL: 0 });
  const policy = 'https://vigie.example/fhir/PlanDefinition/demonstration|1.0.0';

  await t.test('as Prometheus reads it, in both formats', async (t) => {
    const text = await scrape(app);
    t.equal(text.type, 'text/plain; version=0.0.4; charset=utf-8');
    const open = await scrape(app, 'application/openmetrics-text;version=1.0.0,*/*;q=0.1');
    t.equal(open.type, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    t.match(open.text, /# EOF\n$/);
    for (const accept of ['text/plain', 'text/plain;version=0.0.4;q=0.3,*/*;q=0.1', '*/*']) {
      t.equal((await scrape(app, accept)).type, text.type, accept);
    }
    t.equal(
      (await app.app.inject({ method: 'HEAD', url: '/metrics', headers: { host: 'localhost' } })).statusCode,
      200,
    );
  });

  await t.test('a report: its request, its grades, its Flags, and how long they took', async (t) => {
    const { samples: before } = await scrape(app);
    t.equal((await app.send('POST', '/QuestionnaireResponse', response('2026-11-20T08:00:00+01:00'))).status, 201);
    const { samples } = await scrape(app);
    const more = (name: string, labels: Record<string, string>): number =>
      sumOf(samples, name, labels) - sumOf(before, name, labels);
    const route = { route: '/fhir/QuestionnaireResponse', method: 'POST' };
    t.equal(more('vigie_requests_total', { ...route, status: '2xx' }), 1);
    t.equal(more('vigie_request_duration_seconds_count', route), 1);
    t.equal(more('vigie_findings_total', { system: 'pro-ctcae', version: '1.0', grade: '3' }), 1);
    t.ok(more('vigie_findings_total', { grade: 'not-gradable' }) > 0, 'what was not answered is not 0');
    t.equal(more('vigie_flag_events_total', { policy, event: 'opened', priority: 'PH' }), 1);
    t.equal(more('vigie_decision_duration_seconds_count', {}), 1);
  });

  await t.test('work that is open, and nothing due', async (t) => {
    const samples = await until(app, (samples) => sumOf(samples, 'vigie_work_open') > 0);
    t.equal(sumOf(samples, 'vigie_work_open', { state: 'waiting', level: 'nurse' }), 1);
    t.ok(samples.some(({ name }) => name === 'vigie_work_oldest_waiting_seconds'));
    t.ok(sumOf(samples, 'vigie_outbox_oldest_seconds') > 0);
    t.equal(sumOf(samples, 'vigie_database_up'), 1);
    t.equal(sumOf(samples, 'vigie_due_parked'), 0);
    t.equal(sumOf(samples, 'vigie_policies', { state: 'broken' }), 0);
    t.ok(sumOf(samples, 'vigie_policies', { state: 'active' }) > 0);
    t.same(
      samples.filter(({ name }) => name === 'vigie_workers').map(({ value }) => value),
      [1, 1],
    );
  });

  await t.test('a refusal: each issue by its code', async (t) => {
    const { samples: before } = await scrape(app);
    const refused = { ...response('2026-11-20T09:00:00+01:00'), item: [{ linkId: SECRET }] };
    t.equal((await app.send('POST', '/QuestionnaireResponse', refused)).status, 422);
    t.equal((await app.send('POST', '/Patient', '{')).status, 400);
    t.equal((await app.send('GET', `/${SECRET}/${SECRET}`)).status, 404);
    const { samples } = await scrape(app);
    const more = (labels: Record<string, string>): number =>
      sumOf(samples, 'vigie_refused_issues_total', labels) - sumOf(before, 'vigie_refused_issues_total', labels);
    t.ok(more({ status: '422' }) >= 1);
    t.equal(more({ status: '400', code: 'invalid' }), 1);
    t.equal(more({ status: '404', code: 'not-found' }), 1);
  });

  await t.test('a transaction: once it is committed, and not when it is taken back', async (t) => {
    const graded = (samples: readonly Sample[]) => sumOf(samples, 'vigie_findings_total', { grade: '3' });
    const entry = (resource: object) => ({
      resource,
      request: { method: 'POST', url: (resource as { resourceType: string }).resourceType },
    });
    const send = (...resources: object[]) =>
      app.send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry: resources.map(entry) });
    const before = graded((await scrape(app)).samples);
    const bad = aResponse(
      form,
      patient,
      '2026-11-21T09:00:00+01:00',
      { PROCTCAE_16A_SCL: 4 },
      { item: [{ linkId: 'no' }] },
    );
    t.equal((await send(response('2026-11-21T08:00:00+01:00'), bad)).status, 422);
    t.equal(graded((await scrape(app)).samples), before);
    t.equal((await send(response('2026-11-21T08:00:00+01:00'), { resourceType: 'Device' })).status, 200);
    t.equal(graded((await scrape(app)).samples), before + 1);
  });

  await t.test('every name is of the catalogue, with its labels', async (t) => {
    const { samples, types } = await scrape(app);
    for (const name of types.keys()) t.ok(name in CATALOGUE, name);
    for (const { name, labels } of samples) {
      const family = name in CATALOGUE ? name : name.replace(/_(bucket|sum|count)$/, '');
      const expected = [...(CATALOGUE[family]?.labels ?? []), ...(family in OF_PROCESS ? ['worker'] : [])];
      t.strictSame(
        Object.keys(labels)
          .filter((label) => label !== 'le')
          .sort(),
        expected.sort(),
        name,
      );
    }
  });
});

t.test('what is due and does not happen: how much, since when, and what has failed too often', async (t) => {
  const now = new Date('2026-11-24T12:00:00Z');
  const app = await testApp({ now: () => now });
  t.teardown(() => app.close());
  const patient = (await aPatient(app)).slice('Patient/'.length);
  const due = (id: string, kind: string, at: string, attempts = 0) =>
    app.deps.db.pool.query(
      'insert into due (tenant, shard, id, patient, kind, at, attempts) values (1, $1, $2, $3, $4, $5, $6)',
      [shardOfId(patient), id, patient, kind, at, attempts],
    );
  await due('parked', 'slot', '2026-11-20T12:00:00Z', 8);
  await due('late', 'tick', '2026-11-24T11:00:00Z');
  await due('later', 'tick', '2026-11-24T12:00:01Z');
  const { samples } = await scrape(app);
  t.equal(sumOf(samples, 'vigie_due_waiting'), 2);
  t.equal(sumOf(samples, 'vigie_due_parked'), 1);
  t.equal(sumOf(samples, 'vigie_due_lag_seconds'), 3600, 'what is parked is no lag');

  const scheduler = new Scheduler(app.deps, {
    tick: (deps, within, one) => happen(deps, within, one, async () => undefined),
  });
  await scheduler.sweep();
  const after = await until(app, (all) => sumOf(all, 'vigie_due_waiting') === 1);
  t.equal(sumOf(after, 'vigie_due_done_total', { kind: 'tick', outcome: 'done' }), 1);
  t.equal(sumOf(after, 'vigie_due_done_total', { kind: 'other', outcome: 'failed' }), 1, 'nothing does this kind here');
  t.equal(sumOf(after, 'vigie_due_lag_seconds'), 0);
});

t.test('nothing of a patient is in it, wherever it was sent', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const form = await weeklyForm(app);
  const { id: _, ...demonstration } = JSON.parse(readFileSync('profiles/policies/demonstration.json', 'utf8'));
  const policy = await app.send('POST', '/PlanDefinition', {
    ...demonstration,
    url: 'https://example.org/PlanDefinition/of-a-site',
    title: `For ${SECRET}`,
    description: SECRET,
    action: demonstration.action.map((action: object, at: number) => ({
      ...action,
      id: `${SECRET}-${at}`,
      title: SECRET,
      description: SECRET,
    })),
  });
  t.equal(policy.status, 201);
  const put = await app.send('PUT', `/Patient/${SECRET}`, {
    resourceType: 'Patient',
    id: SECRET,
    name: [{ family: SECRET }],
    birthDate: '1961-05-04',
    identifier: [{ system: `https://example.org/${SECRET}`, value: SECRET }],
  });
  t.equal(put.status, 201);
  const response = aResponse(form, `Patient/${SECRET}`, '2026-11-20T08:00:00+01:00', {
    PROCTCAE_16A_SCL: 4,
    PROCTCAE_16B_SCL: 4,
  });
  t.equal((await app.send('PUT', `/QuestionnaireResponse/${SECRET}`, { ...response, id: SECRET })).status, 201);
  for (const [method, path, body] of [
    ['GET', `/Patient?name=${SECRET}`],
    ['GET', `/Patient/${SECRET}/_history/1`],
    ['GET', `/Flag?patient=${SECRET}&_format=${SECRET}`],
    ['GET', `/${SECRET}?${SECRET}`],
    ['POST', `/Patient/_search?${SECRET}=${SECRET}`],
    ['POST', '/QuestionnaireResponse', { ...response, item: [{ linkId: SECRET, text: SECRET }] }],
    ['POST', '/Observation', { resourceType: SECRET }],
    ['POST', '', { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: SECRET, url: SECRET } }] }],
    ['PATCH', `/Patient/${SECRET}`, [{ op: SECRET, path: SECRET }]],
  ] as const) {
    await app.send(method, path, body, { 'x-request-id': SECRET });
  }
  const samples = await until(app, (all) => sumOf(all, 'vigie_work_open') > 0);
  t.ok(sumOf(samples, 'vigie_flag_events_total', { policy: 'https://example.org/PlanDefinition/of-a-site|1.0.0' }) > 0);
  const { text } = await scrape(app);
  t.notMatch(text, new RegExp(SECRET, 'i'));
  t.notMatch(text, /1961-05/);
  t.notMatch(text, /[0-9a-f]{8}-[0-9a-f]{4}-/, 'no id');
});

t.test('a database that does not answer is told, and nobody waits long for it', async (t) => {
  let how: 'hangs' | 'fails' = 'fails';
  const app = await testApp({
    change: (deps) => {
      const { named } = deps.db;
      deps.db = {
        ...deps.db,
        named: (name, text, values) => {
          if (name !== 'backlog') return named(name, text, values);
          return how === 'fails' ? Promise.reject(new Error('no')) : new Promise(() => {});
        },
      };
    },
  });
  t.teardown(() => app.close());
  for (how of ['fails', 'hangs'] as const) {
    const { samples } = await scrape(app);
    t.equal(sumOf(samples, 'vigie_database_up'), 0, how);
    t.notOk(
      samples.some(({ name }) => name.startsWith('vigie_work_')),
      'what is not known is not told',
    );
    t.ok(sumOf(samples, 'vigie_process_memory_bytes') > 0);
  }
});
