import type { CapabilityStatement } from '@medplum/fhirtypes';
import t from 'tap';
import { RESOURCES } from '../../src/fhir/resources.ts';
import { faults } from '../rules/resources/r4.ts';
import { NOW, testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { aForm, put, VALID } from './support.ts';

t.test('the CapabilityStatement', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const answer = await app.send('GET', '/metadata');
  const statement: CapabilityStatement = answer.body;
  const [rest] = statement.rest ?? [];

  t.test('is a valid resource that is never cached', async (t) => {
    t.equal(answer.status, 200);
    t.equal(answer.headers['cache-control'], 'no-store');
    t.equal(answer.headers['content-type'], 'application/fhir+json; charset=utf-8');
    t.same(faults(statement), []);
    t.match(statement, {
      fhirVersion: '4.0.1',
      kind: 'instance',
      implementation: { url: 'http://localhost:8080/fhir' },
    });
    t.same(
      rest?.resource?.map(({ type }) => type),
      RESOURCES.map(({ type }) => type),
    );
  });

  // One of each, so that what is claimed can be done.
  const patient = await aPatient(app);
  await put(app, aForm());
  const response = aResponse(await weeklyForm(app), patient, '2026-11-01T08:00:00Z', { PROCTCAE_16A_SCL: 4 });
  await put(app, response);
  const existing = async (type: string): Promise<string> =>
    (await app.send('GET', `/${type}?_count=1`)).body.entry[0].resource.id;
  const created = async (type: string) => {
    const make = VALID[type];
    if (!make) throw new Error(`no valid ${type}`);
    const resource = { ...make(patient) };
    return app.send('POST', `/${type}`, resource);
  };
  const OK: Record<string, (type: string) => Promise<boolean>> = {
    create: async (type) => (await created(type)).status === 201,
    read: async (type) => (await app.send('GET', `/${type}/${await existing(type)}`)).status === 200,
    vread: async (type) => (await app.send('GET', `/${type}/${await existing(type)}/_history/1`)).status === 200,
    'history-instance': async (type) =>
      (await app.send('GET', `/${type}/${await existing(type)}/_history`)).body.type === 'history',
    'search-type': async (type) =>
      (await app.send('GET', `/${type}`, undefined, { prefer: 'handling=strict' })).body.type === 'searchset',
    update: async (type) => {
      const { body } = await created(type);
      return (await app.send('PUT', `/${type}/${body.id}`, body)).status === 200;
    },
    delete: async (type) => {
      const resource =
        type === 'QuestionnaireResponse'
          ? { ...VALID[type]?.(patient), status: 'in-progress' }
          : VALID[type]?.(patient);
      const { body } = await app.send('POST', `/${type}`, resource);
      return (await app.send('DELETE', `/${type}/${body.id}`)).status === 204;
    },
  };
  const EXAMPLE: Record<string, string> = {
    token: 'x',
    reference: 'Patient/x',
    date: '2026',
    uri: 'https://example.org/x',
  };

  for (const {
    type,
    interaction,
    searchParam,
    operation,
    searchRevInclude,
    conditionalCreate,
    updateCreate,
  } of rest?.resource ?? []) {
    t.test(`${type}: everything that is claimed is done`, async (t) => {
      for (const { code } of interaction ?? []) t.ok(await OK[code ?? '']?.(`${type}`), code);
      for (const { name, type: kind, definition } of searchParam ?? []) {
        const value = EXAMPLE[kind ?? ''];
        t.ok(value && definition, `${name} has a kind that is searched, and a definition`);
        const found = await app.send('GET', `/${type}?${name}=${value}`, undefined, { prefer: 'handling=strict' });
        t.equal(found.status, 200, `${name}: ${found.text.slice(0, 300)}`);
      }
      for (const include of searchRevInclude ?? []) {
        const path = `/${type}?_revinclude=${include}&_count=3`;
        t.equal((await app.send('GET', path, undefined, { prefer: 'handling=strict' })).status, 200, include);
      }
      for (const { name } of operation ?? []) {
        t.equal((await app.send('GET', `/${type}/${await existing(`${type}`)}/$${name}`)).status, 200, name);
      }
      if (conditionalCreate) {
        const again = await app.send('POST', `/${type}`, VALID[`${type}`]?.(patient), {
          'if-none-exist': `_id=${await existing(`${type}`)}`,
        });
        t.equal(again.status, 200, 'conditional create');
      }
      t.equal(updateCreate, false);
    });
  }

  t.test('what is not claimed is not done', async (t) => {
    for (const { type, interaction } of rest?.resource ?? []) {
      const claimed = new Set(interaction?.map(({ code }) => code));
      const ask: [string, 'POST' | 'PUT' | 'DELETE', string][] = [
        ['create', 'POST', `/${type}`],
        ['update', 'PUT', `/${type}/x`],
        ['delete', 'DELETE', `/${type}/x`],
      ];
      for (const [code, method, path] of ask) {
        if (claimed.has(code as 'create')) continue;
        t.equal(
          (await app.send(method, path, method === 'DELETE' ? undefined : { resourceType: type })).status,
          405,
          `${code} ${type}`,
        );
      }
    }
  });
});
