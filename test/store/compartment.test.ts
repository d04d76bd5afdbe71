import t from 'tap';
import { criteriaOf } from '../../src/conditional.ts';
import { type Compartment, everyone } from '../../src/fhir/compartment.ts';
import { FhirError } from '../../src/fhir/errors.ts';
import { parseQuery } from '../../src/fhir/query.ts';
import { resourceSpec } from '../../src/fhir/resources.ts';
import { catalogGeneration, currentOfType } from '../../src/store/catalog.ts';
import { claimOwner } from '../../src/store/claims.ts';
import { findDecision, findReport, patientContext, patientHistory } from '../../src/store/context.ts';
import { history, historyCount } from '../../src/store/history.ts';
import { deletedRow } from '../../src/store/index-rows.ts';
import {
  findResource,
  findResources,
  hasCompartment,
  readResource,
  readVersion,
  shardOfId,
} from '../../src/store/resources.ts';
import { search } from '../../src/store/search.ts';
import { commit } from '../../src/store/write.ts';
import { testApp } from '../support/app.ts';
import { aPatient, aResponse } from '../support/responses.ts';
import { createIn, WEEKLY } from '../support/save.ts';

const OTHER_TENANT = everyone(2);

t.test('whose data a store function may touch', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const { db } = app.deps;
  const mine = await aPatient(app);
  const theirs = await aPatient(app);
  const idOf = (reference: string): string => reference.split('/')[1] ?? '';
  const saved = await createIn(
    app.deps,
    aResponse(
      WEEKLY,
      mine,
      '2026-11-01T08:00:00+01:00',
      { PROCTCAE_16A_SCL: 4 },
      {
        identifier: { system: 'https://example.org/app', value: '1' },
      },
    ),
    { ifNoneExist: 'identifier=https://example.org/app|1' },
  );
  const all = everyone();
  const owner: Compartment = { tenant: 1, patient: { id: idOf(mine) } };
  const stranger: Compartment = { tenant: 1, patient: { id: idOf(theirs) } };
  const twin: Compartment = { tenant: 2, patient: { id: idOf(mine) } };
  const shard = shardOfId(saved.id);

  const searched = async (within: Compartment, type: string, text: string): Promise<string[]> => {
    const query = parseQuery(app.deps.registry, type, new URLSearchParams(text), {
      strict: true,
      baseUrl: app.deps.baseUrl,
    });
    const { matches, included, total } = await search(db, within, query, app.deps.baseUrl);
    if (query.total && total !== matches.length) t.fail(`${text}: total ${total} of ${matches.length}`);
    return [...matches, ...included].map((hit) => `${hit.type}/${hit.id}`);
  };
  const one = async (type: string): Promise<string> =>
    idOf((await searched(all, type, `_count=1&_sort=-_lastUpdated`))[0] ?? '');
  const flag = await one('Flag');
  const observation = await one('Observation');
  const provenance = await one('Provenance');
  const exists = (promise: Promise<unknown>): Promise<boolean> =>
    promise.then(
      (found) => found !== undefined,
      () => false,
    );

  /** Each way to the patient's data; true when it shows something. */
  const ways: Record<string, (within: Compartment) => Promise<boolean>> = {
    findResource: (within) => exists(findResource(db, within, 'QuestionnaireResponse', saved.id)),
    readResource: (within) => exists(readResource(db, within, 'QuestionnaireResponse', saved.id)),
    'readResource of the Patient': (within) => exists(readResource(db, within, 'Patient', idOf(mine))),
    'readResource of a Flag': (within) => exists(readResource(db, within, 'Flag', flag)),
    'readResource of an Observation': (within) => exists(readResource(db, within, 'Observation', observation)),
    'readResource of a Provenance': (within) => exists(readResource(db, within, 'Provenance', provenance)),
    readVersion: (within) => exists(readVersion(db, within, 'QuestionnaireResponse', saved.id, '1')),
    history: (within) => exists(history(db, within, { type: 'QuestionnaireResponse', id: saved.id }, { count: 10 })),
    'history of a type': async (within) =>
      (await history(db, within, { types: ['QuestionnaireResponse', 'Flag'] }, { count: 10 })).length > 0,
    'count of a history': async (within) => (await historyCount(db, within, { types: ['Observation'] }, {})) > 0,
    'count of a history of one': (within) =>
      exists(historyCount(db, within, { type: 'QuestionnaireResponse', id: saved.id }, {})),
    findResources: async (within) =>
      (await findResources(db, within, shard, 'QuestionnaireResponse', [saved.id])).length > 0,
    'search by id': async (within) => (await searched(within, 'QuestionnaireResponse', `_id=${saved.id}`)).length > 0,
    'search by patient': async (within) => (await searched(within, 'Observation', `patient=${mine}`)).length > 0,
    'search by status': async (within) => (await searched(within, 'Flag', 'status=active&_total=accurate')).length > 0,
    'search by nothing': async (within) => (await searched(within, 'QuestionnaireResponse', '')).length > 0,
    'search by _lastUpdated': async (within) => (await searched(within, 'Flag', '_lastUpdated=gt2020')).length > 0,
    'search of the Patient': async (within) => (await searched(within, 'Patient', `_id=${idOf(mine)}`)).length > 0,
    patientContext: (within) => exists(patientContext(db, within, idOf(mine))),
    patientHistory: async (within) => {
      const { reports, ledger, n } = await patientHistory(db, within, shard, idOf(mine));
      return reports.length > 0 || ledger.length > 0 || n > 0n;
    },
    findReport: (within) =>
      exists(findReport(db, within, shard, idOf(mine), { type: 'QuestionnaireResponse', id: saved.id })),
    findDecision: (within) => exists(findDecision(db, within, provenance)),
    hasCompartment: (within) => hasCompartment(db, within, shard, idOf(mine)),
  };
  for (const [name, shows] of Object.entries(ways)) {
    await t.test(name, async (t) => {
      t.equal(await shows(all), true, 'all of the tenant');
      t.equal(await shows(owner), true, 'the patient');
      t.equal(await shows(stranger), false, 'another patient');
      t.equal(await shows(OTHER_TENANT), false, 'another tenant');
      t.equal(await shows(twin), false, 'the same patient in another tenant');
    });
  }

  await t.test('_revinclude does not lead out of a compartment', async (t) => {
    const path = `_id=${flag}&_revinclude=Provenance:target`;
    const included = async (within: Compartment) =>
      (await searched(within, 'Flag', path)).filter((one) => one.startsWith('Provenance/'));
    t.equal((await included(all)).length, 1);
    t.equal((await included(owner)).length, 1);
    t.strictSame(await included(stranger), []);
    t.strictSame(await included(OTHER_TENANT), []);
    // A match that all may see, and what refers to it belongs to one patient.
    const [device = ''] = await searched(all, 'Device', '_count=1');
    t.ok(
      (await searched(all, 'Device', `_id=${idOf(device)}&_revinclude=Flag:author`)).some(
        (one) => one === `Flag/${flag}`,
      ),
    );
    for (const within of [stranger, OTHER_TENANT]) {
      t.notOk(
        (await searched(within, 'Device', `_id=${idOf(device)}&_revinclude=Flag:author`)).includes(`Flag/${flag}`),
      );
    }
  });

  await t.test('claims and the catalog are of one tenant', async (t) => {
    const spec = resourceSpec('QuestionnaireResponse');
    if (!spec) throw new Error('not served');
    const { key } = criteriaOf(app.deps, spec, 'identifier=https://example.org/app|1', 'If-None-Exist');
    t.strictSame(await claimOwner(db, all, key), { type: 'QuestionnaireResponse', id: saved.id });
    t.equal(await claimOwner(db, OTHER_TENANT, key), undefined);
    t.ok((await currentOfType(db, all, 'Questionnaire')).length > 0);
    t.strictSame(await currentOfType(db, OTHER_TENANT, 'Questionnaire'), []);
    const before = await catalogGeneration(db, all);
    const first = await catalogGeneration(db, OTHER_TENANT);
    const write = (id: string) => ({
      versions: [
        {
          type: 'CodeSystem',
          id,
          shard: 3,
          version: 1,
          head: '{"meta":{"lastUpdated":"',
          tail: '"}}',
          index: deletedRow(1, undefined),
        },
      ],
      outbox: { id, shard: 3 },
      bumpCatalog: true,
    });
    await commit(db, OTHER_TENANT, write('x'));
    const second = await catalogGeneration(db, OTHER_TENANT);
    t.ok(BigInt(second) > BigInt(first), "a tenant's catalog grows, also when it had none");
    await commit(db, OTHER_TENANT, write('y'));
    t.ok(BigInt(await catalogGeneration(db, OTHER_TENANT)) > BigInt(second));
    t.equal(await catalogGeneration(db, all), before, 'and the other does not');
  });

  await t.test('the same id in two tenants is two resources', async (t) => {
    await commit(db, OTHER_TENANT, {
      versions: [
        {
          type: 'QuestionnaireResponse',
          id: saved.id,
          shard,
          version: 1,
          head: '{"resourceType":"QuestionnaireResponse","meta":{"lastUpdated":"',
          tail: '"}}',
          index: deletedRow(1, undefined),
        },
      ],
      outbox: { id: 'z', shard },
    });
    const here = await readResource(db, all, 'QuestionnaireResponse', saved.id);
    t.equal(here.content, saved.content);
    t.not((await readResource(db, OTHER_TENANT, 'QuestionnaireResponse', saved.id)).content, saved.content);
    t.strictSame(await searched(OTHER_TENANT, 'QuestionnaireResponse', `patient=${mine}`), []);
  });

  await t.test('a patient still sees that a resource of theirs was deleted, and nobody else does', async (t) => {
    const note = await createIn(app.deps, {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
      subject: { reference: mine },
    } as never);
    t.equal((await app.send('DELETE', `/Observation/${note.id}`)).status, 204);
    for (const within of [all, owner]) {
      t.equal(await refusal(readResource(db, within, 'Observation', note.id)), 410);
      t.equal((await history(db, within, { type: 'Observation', id: note.id }, { count: 10 })).length, 2);
    }
    for (const within of [stranger, OTHER_TENANT]) {
      t.equal(await refusal(readResource(db, within, 'Observation', note.id)), 404);
      t.equal(await refusal(history(db, within, { type: 'Observation', id: note.id }, { count: 10 })), 404);
    }
  });

  await t.test('a Patient without data can be deleted, one with data cannot', async (t) => {
    t.equal((await app.send('DELETE', `/${mine}`)).status, 409);
    t.equal((await app.send('DELETE', `/${theirs}`)).status, 204);
    t.equal((await app.send('GET', `/${theirs}`)).status, 410);
  });
});

const refusal = (promise: Promise<unknown>): Promise<number | undefined> =>
  promise.then(
    () => undefined,
    (error: unknown) => (error instanceof FhirError ? error.status : undefined),
  );
