import t, { type Test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { boot } from '../../src/bootstrap.ts';
import { openDatabase } from '../../src/store/database.ts';
import { type TestApp, testApp } from '../support/app.ts';
import { type Cut, startProxy } from '../support/proxy.ts';
import { aPatient, aResponse } from '../support/responses.ts';
import { WEEKLY } from '../support/save.ts';
import { shipped } from '../support/shipped.ts';

const SYSTEM = 'https://example.org/app';
const SEVERE = { PROCTCAE_16A_SCL: 4 };

/** A service whose database lies behind a network that the test can break; `whole` sees the same database directly. */
async function brokenNetwork(t: Test) {
  const whole = await testApp();
  const proxy = await startProxy(whole.database.url);
  const db = openDatabase(proxy.url, { connections: 4, waitMillis: 2000 });
  const { log, baseUrl, language } = whole.deps;
  const deps = await boot({ db, log, baseUrl, language, shipped: shipped(), demoPolicy: true });
  const app = buildApp(deps);
  t.teardown(async () => {
    await app.close();
    await db.close();
    await proxy.close();
    await whole.close();
  });
  const send = async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ) => {
    const response = await app.inject({
      method,
      url: path,
      headers: { host: 'localhost', ...(body ? { 'content-type': 'application/fhir+json' } : {}), ...headers },
      ...(body ? { payload: JSON.stringify(body) } : {}),
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      body: response.body ? JSON.parse(response.body) : undefined,
    };
  };
  return { whole, proxy, send };
}

t.test('a connection that is lost at the commit', async (t) => {
  const { whole, proxy, send } = await brokenNetwork(t);
  const total = async (path: string): Promise<number> =>
    (await whole.send('GET', `${path}&_total=accurate`)).body.total;
  const unknown = (
    t: Test,
    answer: { status: number; headers: object; body: { issue: [{ diagnostics: string }] } },
  ) => {
    t.equal(answer.status, 503);
    t.match(answer.headers, { 'retry-after': /^[1-9]\d*$/ });
    t.match(answer.body, { resourceType: 'OperationOutcome', issue: [{ code: 'transient', severity: 'error' }] });
    t.match(answer.body.issue[0].diagnostics, /whether it took effect is unknown/);
    t.match(answer.body.issue[0].diagnostics, /If-None-Exist/);
  };

  const cuts: [Cut, string, number][] = [
    ['after', 'after the server has committed', 200],
    ['before', 'before the server has the statement', 201],
  ];
  for (const [cut, when, status] of cuts) {
    await t.test(`create, ${when}: unknown outcome, and the retry leaves one resource`, async (t) => {
      const device = { resourceType: 'Device', identifier: [{ system: SYSTEM, value: `lost-${cut}` }] };
      const condition = { 'if-none-exist': `identifier=${SYSTEM}|lost-${cut}` };
      proxy.cutNextCommit(cut);
      unknown(t, await send('POST', '/fhir/Device', device, condition));
      t.equal(await total(`/Device?identifier=${SYSTEM}|lost-${cut}`), cut === 'after' ? 1 : 0);
      const retry = await send('POST', '/fhir/Device', device, condition);
      t.equal(retry.status, status);
      t.equal(await total(`/Device?identifier=${SYSTEM}|lost-${cut}`), 1);
      const found = await whole.send('GET', `/Device?identifier=${SYSTEM}|lost-${cut}`);
      t.equal(found.body.entry[0].resource.id, retry.body.id);
    });

    await t.test(`a response that opens a Flag, ${when}: the retry leaves one of everything`, async (t) => {
      const patient = await aPatient(whole);
      const identifier = { system: SYSTEM, value: `response-${cut}` };
      const response = aResponse(WEEKLY, patient, '2026-11-01T08:00:00+01:00', SEVERE, { identifier });
      const condition = { 'if-none-exist': `identifier=${SYSTEM}|response-${cut}` };
      proxy.cutNextCommit(cut);
      unknown(t, await send('POST', '/fhir/QuestionnaireResponse', response, condition));
      const committed = cut === 'after' ? 1 : 0;
      t.equal(await total(`/QuestionnaireResponse?patient=${patient}`), committed);
      t.equal(await total(`/Flag?patient=${patient}`), committed, 'all of it or nothing');
      t.equal((await send('POST', '/fhir/QuestionnaireResponse', response, condition)).status, status);
      t.equal(await total(`/QuestionnaireResponse?patient=${patient}`), 1);
      t.equal(await total(`/Flag?patient=${patient}&status=active`), 1);
    });

    await t.test(`update with If-Match, ${when}: the retry tells whether it took effect`, async (t) => {
      const { body } = await whole.send('POST', '/Device', { resourceType: 'Device' });
      const next = { resourceType: 'Device', id: body.id, status: 'inactive' };
      proxy.cutNextCommit(cut);
      unknown(t, await send('PUT', `/fhir/Device/${body.id}`, next, { 'if-match': 'W/"1"' }));
      const retry = await send('PUT', `/fhir/Device/${body.id}`, next, { 'if-match': 'W/"1"' });
      t.equal(retry.status, cut === 'after' ? 412 : 200);
      const { body: now } = await whole.send('GET', `/Device/${body.id}`);
      t.match(now, { status: 'inactive', meta: { versionId: '2' } });
    });

    await t.test(`delete, ${when}: the retry leaves it deleted`, async (t) => {
      const { body } = await whole.send('POST', '/Device', { resourceType: 'Device' });
      proxy.cutNextCommit(cut);
      unknown(t, await send('DELETE', `/fhir/Device/${body.id}`));
      t.equal((await send('DELETE', `/fhir/Device/${body.id}`)).status, 204);
      t.equal((await whole.send('GET', `/Device/${body.id}`)).status, 410);
      t.equal((await whole.send('GET', `/Device/${body.id}/_history`)).body.total, 2);
    });
  }
});

t.test('a database that is away', async (t) => {
  const { whole, proxy, send } = await brokenNetwork(t);
  const { body: held } = await whole.send('POST', '/Device', { resourceType: 'Device' });
  const requests: ['GET' | 'POST' | 'PUT' | 'DELETE', string, object?][] = [
    ['GET', `/fhir/Device/${held.id}`],
    ['GET', `/fhir/Device/${held.id}/_history/1`],
    ['GET', `/fhir/Device/${held.id}/_history`],
    ['GET', '/fhir/Device?status=active'],
    ['POST', '/fhir/Device', { resourceType: 'Device' }],
    ['PUT', `/fhir/Device/${held.id}`, { resourceType: 'Device', id: held.id }],
    ['DELETE', `/fhir/Device/${held.id}`],
  ];
  const before = await everyDevice(whole);
  t.equal((await send('GET', '/health/ready')).status, 200);
  for (const round of [1, 2]) {
    await proxy.down();
    for (const [method, path, body] of requests) {
      const answer = await send(method, path, body);
      t.equal(answer.status, 503, `${method} ${path.replace(held.id, '<id>')}, outage ${round}`);
      t.match(answer.headers, { 'retry-after': /^[1-9]\d*$/ });
      t.match(answer.body, { resourceType: 'OperationOutcome', issue: [{ code: 'transient' }] });
    }
    const ready = await send('GET', '/health/ready');
    t.equal(ready.status, 503);
    t.match(ready.headers, { 'retry-after': /^[1-9]\d*$/ });
    t.equal((await send('GET', '/health/live')).status, 200, 'the process itself lives');

    await proxy.up();
    t.equal((await send('GET', '/health/ready')).status, 200, 'ready again, without a restart');
    t.equal((await send('GET', `/fhir/Device/${held.id}`)).status, 200);
  }
  t.equal(await everyDevice(whole), before, 'and nothing was written meanwhile');
  t.equal((await send('POST', '/fhir/Device', { resourceType: 'Device' })).status, 201);
});

const everyDevice = async (app: TestApp): Promise<string> =>
  JSON.stringify((await app.send('GET', '/Device')).body.entry);
