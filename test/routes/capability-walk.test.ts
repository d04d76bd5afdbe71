import type { CapabilityStatement, CapabilityStatementRestResource, Resource } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { everyone } from '../../src/fhir/compartment.ts';
import { RESOURCES, resourceSpec } from '../../src/fhir/resources.ts';
import { readText } from '../../src/fhir/text.ts';
import { OPERATIONS } from '../../src/routes/operations/index.ts';
import { pathsOf } from '../../src/routes/operations/operation.ts';
import { create } from '../../src/save.ts';
import { COLOURS, colours, MAPS, SETS } from '../fhir/terminology/colours.ts';
import { faults } from '../rules/resources/r4.ts';
import { type Answer, NOW, type TestApp, testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { aForm, aPolicy, put, VALID } from './support.ts';

/** Which route each claim of a type stands for. */
const OF_TYPE: Readonly<Record<string, (type: string) => string[]>> = {
  create: (type) => [`POST /${type}`],
  read: (type) => [`GET /${type}/:id`],
  vread: (type) => [`GET /${type}/:id/_history/:vid`],
  update: (type) => [`PUT /${type}/:id`],
  patch: (type) => [`PATCH /${type}/:id`],
  delete: (type) => [`DELETE /${type}/:id`],
  'history-instance': (type) => [`GET /${type}/:id/_history`],
  'history-type': (type) => [`GET /${type}/_history`],
  'search-type': (type) => [`GET /${type}`, `POST /${type}/_search`],
};
const OF_SYSTEM: Readonly<Record<string, string[]>> = {
  transaction: ['POST /'],
  batch: ['POST /'],
  'history-system': ['GET /_history'],
  'search-system': ['GET /', 'POST /_search'],
};
const METADATA = ['GET /metadata'];
/** Where what is answered 202 comes to its end: its URL is given with the answer. Source: FHIR R4, section 3.1.0.1.10. */
const STATUS = ['GET /$job/:id', 'DELETE /$job/:id'];
/** Operations that are answered so. */
const LONG: ReadonlySet<string> = new Set(['simulate']);
const PATIENT = 'http://hl7.org/fhir/CompartmentDefinition/patient';

/** Every route that a statement claims, as `METHOD /path`. */
function claimedRoutes({ rest: [rest] = [] }: CapabilityStatement): Set<string> {
  const ofType = ({ type: named, ...row }: CapabilityStatementRestResource): string[] => {
    const type = `${named}`;
    return [
      ...(row.interaction ?? []).flatMap(({ code = '' }) => OF_TYPE[code]?.(type) ?? `no route is known for ${code}`),
      ...(row.conditionalUpdate ? [`PUT /${type}`] : []),
      ...(row.conditionalUpdate && row.interaction?.some(({ code }) => code === 'patch') ? [`PATCH /${type}`] : []),
      ...(row.conditionalDelete === 'single' ? [`DELETE /${type}`] : []),
      ...(row.operation ?? []).flatMap((one) => routesOf(one, type)),
    ];
  };
  const compartment = RESOURCES.filter(({ type, compartment }) => type === 'Patient' || compartment).flatMap(
    ({ type }) => [`GET /Patient/:id/${type}`, `POST /Patient/:id/${type}/_search`],
  );
  return new Set([
    ...METADATA,
    ...STATUS,
    ...(rest?.interaction ?? []).flatMap(({ code = '' }) => OF_SYSTEM[code] ?? `no route is known for ${code}`),
    ...(rest?.resource ?? []).flatMap(ofType),
    ...(rest?.operation ?? []).flatMap((one) => routesOf(one, undefined)),
    ...(rest?.compartment?.includes(PATIENT)
      ? [...compartment, 'GET /Patient/:id/:all', 'POST /Patient/:id/_search']
      : []),
  ]);
}

const operationOf = ({ name, definition }: { name?: string; definition?: string }, type: string | undefined) =>
  OPERATIONS.find(
    (one) =>
      one.name === name &&
      one.definition === definition &&
      (type === undefined ? one.scope.includes('system') : one.types.includes(type)),
  );

function routesOf(claim: { name?: string; definition?: string }, type: string | undefined): string[] {
  const operation = operationOf(claim, type);
  if (!operation) return [`no operation ${claim.name}`];
  return pathsOf(operation)
    .filter((path) => path.type === type)
    .flatMap(({ path, level }) => {
      const structured = ASK[operation.name]?.({ type: type ?? '', level, patient: '' }).some(isStructured);
      return operation.affectsState || structured ? [`POST ${path}`] : [`GET ${path}`, `POST ${path}`];
    });
}

/** The paths of a route: one for each type that it stands for, `*` being all that belongs to a patient. */
function pathsAt(url: string): string[] {
  const [place, list] = /:type\(\^\(\?:([^/]*)\)\$\)/.exec(url) ?? [];
  const types = list?.split('|').map((type) => (type === '\\*' ? ':all' : type)) ?? [''];
  return types.map((type) => url.replace(place ?? '', type).replace(/(?<=.)\/$/, '') || '/');
}

/** A value of each kind that can be searched by. */
const VALUE: Readonly<Record<string, string>> = {
  token: 'x',
  reference: 'Patient/x',
  date: '2026',
  uri: 'https://example.org/x',
  string: 'x',
  number: '1',
  quantity: '1',
};
const strict = { prefer: 'handling=strict' };

t.test('what the CapabilityStatement claims is done, and nothing else is there', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const routes = new Set<string>();
  app.app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) {
      if (!url.startsWith('/fhir') || one === 'HEAD' || one === 'OPTIONS') continue;
      for (const path of pathsAt(url.replace(/^\/fhir(?=\/|$)/, ''))) routes.add(`${one} ${path}`);
    }
  });
  const answer = await app.send('GET', '/metadata');
  const statement: CapabilityStatement = answer.body;
  const [rest] = statement.rest ?? [];

  t.test('it is a valid resource that is never cached', async (t) => {
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
    // cpb-9 and cpb-12: one row for a type, one parameter of a name. Source: FHIR R4, CapabilityStatement, constraints.
    for (const { type, searchParam = [], operation = [] } of rest?.resource ?? []) {
      const names = searchParam.map(({ name }) => name);
      t.equal(new Set(names).size, names.length, `${type}: parameters are named once`);
      t.equal(new Set(operation.map(({ name }) => name)).size, operation.length, `${type}: operations are named once`);
    }
  });

  t.test('each route is claimed, and each claim has a route', async (t) => {
    const claimed = claimedRoutes(statement);
    t.strictSame([...routes].filter((route) => !claimed.has(route)).sort(), [], 'routes that nobody claims');
    t.strictSame([...claimed].filter((route) => !routes.has(route)).sort(), [], 'claims without a route');
  });

  t.test('each operation is claimed where it is offered', async (t) => {
    for (const operation of OPERATIONS) {
      for (const { level, type } of pathsOf(operation)) {
        const rows = level === 'system' ? rest?.operation : rest?.resource?.find((row) => row.type === type)?.operation;
        t.ok(
          rows?.some(({ name, definition }) => name === operation.name && definition === operation.definition),
          `${operation.name} ${type ?? level}`,
        );
      }
    }
  });

  t.test('modes of the statement', async (t) => {
    const normative = await app.send('GET', '/metadata?mode=normative');
    t.same(faults(normative.body), []);
    t.ok(normative.body.rest[0].resource.length < RESOURCES.length);
    const terminology = await app.send('GET', '/metadata?mode=terminology');
    t.equal(terminology.body.resourceType, 'TerminologyCapabilities');
    t.same(faults(terminology.body), []);
    t.ok(terminology.body.codeSystem.some(({ uri }: { uri: string }) => uri.endsWith('/CodeSystem/pro-ctcae')));
    t.equal((await app.send('GET', '/metadata?mode=poetic')).status, 400);
  });

  const { patient, terminology } = await furnish(app);
  const existing = new Map([...(await oneOfEach(app, patient)), ...terminology]);
  // Operations on a PlanDefinition take a policy.
  const policy = await app.send('POST', '/PlanDefinition', aPolicy('%finding.min >= 3', { status: 'draft' }));
  existing.set('PlanDefinition', policy.body.id);
  // Those on a Task take a work item.
  const work = await app.send('GET', '/Task/$worklist?_count=1');
  existing.set('Task', work.body.entry[0].resource.id);

  for (const row of rest?.resource ?? []) {
    const type = `${row.type}`;
    t.test(`${type}: interactions`, async (t) => {
      const fresh = async () => app.send('POST', `/${type}`, sample(type, patient));
      const id = existing.get(type) ?? '';
      const done: Record<string, () => Promise<Answer>> = {
        create: fresh,
        read: () => app.send('GET', `/${type}/${id}`),
        vread: () => app.send('GET', `/${type}/${id}/_history/1`),
        'history-instance': () => app.send('GET', `/${type}/${id}/_history`),
        'history-type': () => app.send('GET', `/${type}/_history?_count=1`),
        'search-type': () => app.send('GET', `/${type}?_count=1`, undefined, strict),
        update: async () => {
          const { body } = await fresh();
          return app.send('PUT', `/${type}/${body.id}`, body);
        },
        patch: async () => {
          const { body } = await fresh();
          const step = [{ op: 'add', path: '/language', value: 'en' }];
          const header = { 'content-type': 'application/json-patch+json' };
          return app.send('PATCH', `/${type}/${body.id}`, JSON.stringify(step), header);
        },
        delete: async () => {
          const { body } = await fresh();
          return app.send('DELETE', `/${type}/${body.id}`);
        },
      };
      const status: Record<string, number> = { create: 201, delete: 204 };
      for (const { code = '' } of row.interaction ?? []) {
        const answered = await done[code]?.();
        t.equal(answered?.status, status[code] ?? 200, `${code}: ${answered?.text.slice(0, 400)}`);
      }
      const by = async (
        method: 'POST' | 'PUT' | 'DELETE',
        path: string,
        body?: unknown,
        headers?: Record<string, string>,
      ) => (await app.send(method, path, body, headers)).status;
      if (row.conditionalCreate) {
        t.equal(await by('POST', `/${type}`, sample(type, patient), { 'if-none-exist': `_id=${id}` }), 200, 'create');
      }
      if (row.conditionalRead === 'full-support') {
        const { headers } = await app.send('GET', `/${type}/${id}`);
        const seen = [
          ['if-none-match', headers.etag],
          ['if-modified-since', headers['last-modified']],
        ] as const;
        for (const [header, value] of seen) {
          const again = await app.send('GET', `/${type}/${id}`, undefined, { [header]: String(value) });
          t.equal(again.status, 304, header);
        }
      }
      if (row.conditionalUpdate) {
        const { body } = await fresh();
        t.equal(await by('PUT', `/${type}?_id=${body.id}`, sample(type, patient)), 200, 'conditional update');
      }
      if (row.conditionalDelete === 'single') {
        const { body } = await fresh();
        t.equal(await by('DELETE', `/${type}?_id=${body.id}`), 204, 'conditional delete');
      }
      if (row.updateCreate) {
        const own = `walk-${type.toLowerCase()}`;
        t.equal(await by('PUT', `/${type}/${own}`, { ...sample(type, patient), id: own }), 201, 'an id of the client');
      }
    });

    t.test(`${type}: search`, async (t) => {
      // Of more than a thousand parameters, those that are not as claimed.
      const wrong: string[] = [];
      for (const { name = '', type: kind = '', definition } of row.searchParam ?? []) {
        if (!definition) wrong.push(`${name} has no definition`);
        const value = kind === 'composite' ? compositeValue(app, type, name) : VALUE[kind];
        if (!value) wrong.push(`${name}: ${kind} has no value that can be asked for`);
        const path = `/${type}?${name}=${encodeURIComponent(value ?? '')}&_count=1`;
        const found = await app.send('GET', path, undefined, strict);
        if (found.status !== 200) wrong.push(`${name}: ${found.status} ${found.text.slice(0, 300)}`);
      }
      t.strictSame(wrong, [], 'each parameter can be searched by');
      // Many in one request: each of them is read, and followed.
      const kept = async (name: string, values: readonly string[]) => {
        for (let at = 0; at < values.length; at += 40) {
          const query = values.slice(at, at + 40).map((value) => `${name}=${value}`);
          const found = await app.send('GET', `/${type}?${query.join('&')}&_count=1`, undefined, strict);
          t.equal(found.status, 200, `${query}: ${found.text.slice(0, 300)}`);
        }
      };
      await kept('_include', row.searchInclude ?? []);
      await kept('_revinclude', row.searchRevInclude ?? []);
      const posted = await app.send('POST', `/${type}/_search`, '_count=1', {
        'content-type': 'application/x-www-form-urlencoded',
      });
      t.equal(posted.body.type, 'searchset', '_search');
    });

    t.test(`${type}: operations`, async (t) => {
      for (const claim of row.operation ?? []) {
        const operation = operationOf(claim, type);
        for (const { path, level } of operation ? pathsOf(operation).filter((one) => one.type === type) : []) {
          await perform(t, app, `${claim.name}`, path.replace(':id', existing.get(type) ?? ''), {
            type,
            level,
            patient,
            onlyPost: operation?.affectsState === true,
          });
        }
      }
    });

    t.test(`${type}: what is not claimed is not done`, async (t) => {
      const claimed = new Set(row.interaction?.map(({ code }) => code as string));
      for (const [code, method, path] of [
        ['create', 'POST', `/${type}`],
        ['update', 'PUT', `/${type}/x`],
        ['patch', 'PATCH', `/${type}/x`],
        ['delete', 'DELETE', `/${type}/x`],
      ] as const) {
        if (claimed.has(code)) continue;
        const body = method === 'DELETE' ? undefined : { resourceType: type };
        t.equal((await app.send(method, path, body)).status, 405, `${code} ${type}`);
      }
    });
  }

  t.test('the system: search, history, batch, transaction, operations, compartment', async (t) => {
    const status = async (path: string, body?: unknown) => (await app.send(body ? 'POST' : 'GET', path, body)).status;
    const entry = [{ request: { method: 'GET', url: 'Patient?_count=1' } }];
    const done: Record<string, () => Promise<number>> = {
      transaction: () => status('/', { resourceType: 'Bundle', type: 'transaction', entry }),
      batch: () => status('/', { resourceType: 'Bundle', type: 'batch', entry }),
      'history-system': () => status('/_history?_count=1'),
      'search-system': () => status('/?_type=Patient,Flag&_count=1'),
    };
    for (const { code = '' } of rest?.interaction ?? []) t.equal(await done[code]?.(), 200, code);
    for (const { name } of rest?.operation ?? []) {
      await perform(t, app, `${name}`, `/$${name}`, { type: '', level: 'system', patient, onlyPost: false });
    }
    t.equal(await status(`/${patient}/*?_count=1`), 200);
    for (const { type } of RESOURCES.filter(({ compartment }) => compartment)) {
      t.equal(await status(`/${patient}/${type}?_count=1`), 200, type);
    }
  });
});

/** A response, what came of it, and terminology to ask about; gives its ids by type. */
async function furnish(app: TestApp): Promise<{ patient: string; terminology: Map<string, string> }> {
  const patient = await aPatient(app);
  await put(app, aForm());
  await put(app, aResponse(await weeklyForm(app), patient, '2026-11-01T08:00:00Z', { PROCTCAE_16A_SCL: 4 }));
  const { id: _id, ...map } = MAPS[0] ?? {};
  const { id: _set, ...set } = SETS[0] ?? {};
  const terminology = new Map<string, string>();
  for (const resource of [colours, set, map] as Resource[]) {
    terminology.set(resource.resourceType, (await put(app, resource)).id);
  }
  return { patient, terminology };
}

/** The id of one resource of each type: what is there, else what is made. */
async function oneOfEach(app: TestApp, patient: string): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const { type, interactions } of RESOURCES) {
    if (interactions.includes('create')) ids.set(type, (await put(app, sample(type, patient))).id);
    else {
      const [first] = (await app.send('GET', `/${type}?_count=1`)).body.entry ?? [await seeded(app, type)];
      ids.set(type, first.resource.id);
    }
  }
  return ids;
}

/** Of a type that only this service writes, and of which nothing led to one yet. */
async function seeded(app: TestApp, type: string): Promise<{ resource: { id: string } }> {
  const spec = resourceSpec(type);
  const body = SEEDS[type];
  if (!spec || !body) throw new Error(`there is no ${type}`);
  return { resource: await create(app.deps, everyone(), spec, readText(Buffer.from(JSON.stringify(body)))) };
}

const SEEDS: Readonly<Record<string, object>> = {
  AuditEvent: {
    resourceType: 'AuditEvent',
    type: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest' },
    recorded: '2026-11-21T12:00:00Z',
    agent: [{ requestor: true }],
    source: { observer: { display: 'Vigie' } },
  },
};

let serial = 0;

/** A valid resource that may be changed and deleted again; canonical urls are new each time. */
function sample(type: string, patient: string): Resource {
  const made = { ...VALID[type]?.(patient) } as Record<string, unknown>;
  if (Object.keys(made).length === 0) throw new Error(`no valid ${type}`);
  delete made.id;
  serial += 1;
  if (typeof made.url === 'string' && type !== 'Device') made.url = `${made.url}-${serial}`;
  if (type === 'SearchParameter') made.code = `${made.code}-${serial}`;
  if (type === 'QuestionnaireResponse') made.status = 'in-progress';
  return made as unknown as Resource; // made of a resource
}

/** One value for each component, joined by `$`. */
function compositeValue(app: TestApp, type: string, name: string): string | undefined {
  const { components = [] } = app.deps.registry.get(type)?.get(name) ?? {};
  const values = components.map(({ param }) => VALUE[param.kind]);
  return values.length > 0 && values.every((value) => value !== undefined) ? values.join('$') : undefined;
}

type Parameter = [name: string, value: string | number | boolean | object, key?: string];

/** What no URL can hold. Source: FHIR R4, section 3.2.0.1: GET takes simple types only. */
const isStructured = ([, value]: Parameter): boolean => typeof value !== 'string';

/** What each operation needs to be asked, by its name and, where it differs, its type. */
const RECORDED: readonly Parameter[] = [
  ['author', { reference: 'Practitioner/walker' }, 'valueReference'],
  ['reason', 'To walk here'],
];

const ASK: Readonly<Record<string, (on: { type: string; level: string; patient: string }) => Parameter[]>> = {
  expand: ({ level }) => (level === 'type' ? [['url', SETS[0]?.url ?? '', 'valueUri']] : []),
  'validate-code': ({ type, level }) => [
    ...(level === 'type'
      ? [['url', type === 'ValueSet' ? (SETS[0]?.url ?? '') : COLOURS, 'valueUri'] as Parameter]
      : []),
    ...(type === 'ValueSet' ? [['system', COLOURS, 'valueUri'] as Parameter] : []),
    ['code', 'red', 'valueCode'],
  ],
  lookup: () => [
    ['system', COLOURS, 'valueUri'],
    ['code', 'red', 'valueCode'],
  ],
  subsumes: ({ level }) => [
    ...(level === 'type' ? [['system', COLOURS, 'valueUri'] as Parameter] : []),
    ['codeA', 'red', 'valueCode'],
    ['codeB', 'red', 'valueCode'],
  ],
  translate: ({ level }) => [
    ...(level === 'type' ? [['url', MAPS[0]?.url ?? '', 'valueUri'] as Parameter] : []),
    ['system', COLOURS, 'valueUri'],
    ['code', 'red', 'valueCode'],
  ],
  lastn: ({ patient }) => [
    ['patient', patient],
    ['category', 'survey'],
  ],
  activate: () => [['override', true, 'valueBoolean'], ...RECORDED],
  compare: ({ level }) => [
    ...(level === 'type' ? [['policy', aPolicy('%finding.min >= 3'), 'resource'] as Parameter] : []),
    ['against', 'https://vigie.example/fhir/PlanDefinition/demonstration|1.0.0'],
  ],
  compose: () => [['term', 'nausea']],
  escalate: () => [...RECORDED],
  'monitoring-activity': () => [['periodStart', '2026-11', 'valueDateTime']],
  evaluate: ({ type, level, patient }) =>
    level === 'type' ? [['resource', { resourceType: type, ...VALID[type]?.(patient) }, 'resource']] : [],
  'set-baseline': () => [
    ['code', { system: 'http://loinc.org', code: '2160-0' }, 'valueCoding'],
    ['value', { value: 0.9, system: 'http://unitsofmeasure.org', code: 'mg/dL' }, 'valueQuantity'],
    ...RECORDED,
  ],
  expect: () => [['level', 2, 'valueInteger'], ['until', '2099-01-01T00:00:00Z', 'valueDateTime'], ...RECORDED],
  'meta-add': () => [['meta', { tag: [{ system: 'urn:walk', code: 'walked' }] }, 'valueMeta']],
  'meta-delete': () => [['meta', { tag: [{ system: 'urn:walk', code: 'walked' }] }, 'valueMeta']],
  simulate: ({ level }) => (level === 'type' ? [['policy', aPolicy('%finding.min >= 3'), 'resource']] : []),
  validate: ({ type, level, patient }) =>
    level === 'type' ? [['resource', { resourceType: type, ...VALID[type]?.(patient) }, 'resource']] : [],
};

/** Asks by POST, and by GET where it changes nothing and takes no structured value. */
async function perform(
  t: Test,
  app: TestApp,
  name: string,
  path: string,
  on: { type: string; level: string; patient: string; onlyPost: boolean },
): Promise<void> {
  const asked = ASK[name]?.(on) ?? [];
  const parameter = asked.map(([key, value, as = 'valueString']) => ({ name: key, [as]: value }));
  const body = { resourceType: 'Parameters', ...(parameter.length > 0 ? { parameter } : {}) };
  const posted = await app.send('POST', path, body);
  t.equal(posted.status, LONG.has(name) ? 202 : 200, `POST ${path}: ${posted.text.slice(0, 400)}`);
  if (on.onlyPost || asked.some(isStructured)) return;
  const query = new URLSearchParams(asked.map(([key, value]): [string, string] => [key, String(value)])).toString();
  const got = await app.send('GET', `${path}?${query}`);
  t.equal(got.status, 200, `GET ${path}: ${got.text.slice(0, 400)}`);
}
