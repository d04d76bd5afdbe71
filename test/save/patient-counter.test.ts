import type { QuestionnaireResponse } from '@medplum/fhirtypes';
import t from 'tap';
import type { Deps } from '../../src/deps.ts';
import { FhirError } from '../../src/fhir/errors.ts';
import { shardOf } from '../../src/fhir/ids.ts';
import type { Database } from '../../src/store/database.ts';
import { type TestApp, testApp } from '../support/app.ts';
import { often } from '../support/often.ts';
import { aPatient, aResponse } from '../support/responses.ts';
import { createIn, rowCounts, updateIn, WEEKLY } from '../support/save.ts';
import { secondDeps } from '../support/second.ts';

const AT_ONCE = 16;
const ROUNDS = 30;
/** Two terms of the weekly form whose report at this level opens a Flag each. */
const SEVERE = { PROCTCAE_16A_SCL: 4, PROCTCAE_15A_SCL: 4 };

/** Terms that the form asks: each response has an Observation of every one, answered or not. */
const TERMS = (WEEKLY.item ?? []).filter(({ type }) => type === 'group').length;

const responses = (patient: string): QuestionnaireResponse[] =>
  Array.from({ length: AT_ONCE }, (_, i) =>
    aResponse(WEEKLY, patient, `2026-11-01T08:00:${String(i).padStart(2, '0')}+01:00`, SEVERE),
  );

t.test('responses of one patient at the same moment', async (t) => {
  const app = await testApp({ connections: 16 });
  const second = await secondDeps(app, 16);
  t.teardown(async () => {
    await second.close();
    await app.close();
  });

  /** What must hold of a patient whose responses were all acknowledged. */
  async function faultsOf(patient: string, ids: readonly string[]): Promise<string[]> {
    const [id = ''] = patient.split('/').reverse();
    const { rows } = await app.deps.db.pool.query<{ type: string; id: string; version: number; content: string }>(
      `select c.type, c.id, c.version, v.content from resource_current c
       join resource_version v using (tenant, shard, type, id, version) where tenant = 1 and shard = $1`,
      [shardOf(id)],
    );
    // Another patient of these tests may lie in the same shard.
    const flags = rows
      .filter(({ type }) => type === 'Flag')
      .map(({ content }) => JSON.parse(content))
      .filter(({ subject }) => subject.reference === patient);
    const open = flags.filter(({ status }) => status === 'active');
    const terms = new Set(open.map(({ code }) => code.coding[0].code));
    const faults: string[] = [];
    if (open.length !== 2 || terms.size !== 2) faults.push(`${open.length} open Flags of ${terms.size} terms`);
    if (flags.length !== open.length) faults.push(`${flags.length} Flags`);
    for (const response of ids) {
      if (!rows.some((row) => row.type === 'QuestionnaireResponse' && row.id === response))
        faults.push('a response is lost');
      const derived = rows.filter(
        ({ type, content }) => type === 'Observation' && content.includes(`QuestionnaireResponse/${response}`),
      );
      if (derived.length !== TERMS) faults.push(`${derived.length} Observations of one response`);
    }
    const counter = await app.deps.db.pool.query<{ n: string }>('select n from patient_state where patient = $1', [id]);
    if (Number(counter.rows[0]?.n) !== ids.length) faults.push(`counter at ${counter.rows[0]?.n}`);
    const reports = await app.deps.db.pool.query('select 1 from report where patient = $1', [id]);
    if (reports.rows.length !== ids.length) faults.push(`${reports.rows.length} reports`);
    const ledger = await app.deps.db.pool.query(`select 1 from episode where patient = $1 and status = 'active'`, [id]);
    if (ledger.rows.length !== 2) faults.push(`${ledger.rows.length} episodes`);
    return faults;
  }

  await t.test(
    `${AT_ONCE} at once, ${ROUNDS} rounds: one open Flag per term, every response stored whole`,
    async (t) => {
      const faults: string[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const patient = await aPatient(app);
        const saved = await Promise.all(responses(patient).map((response) => createIn(app.deps, response)));
        faults.push(
          ...(await faultsOf(
            patient,
            saved.map(({ id }) => id),
          )),
        );
      }
      t.strictSame(faults, []);
    },
  );

  await t.test('the same over two services that share only the database; who gives up is told 503', async (t) => {
    const faults: string[] = [];
    for (let round = 0; round < often(ROUNDS); round += 1) {
      const patient = await aPatient(app);
      const answers = await Promise.allSettled(
        responses(patient).map((response, i) => createIn(i % 2 === 0 ? app.deps : second.deps, response)),
      );
      const ids = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.id] : []));
      for (const answer of answers) {
        if (answer.status === 'fulfilled') continue;
        if (!(answer.reason instanceof FhirError) || answer.reason.status !== 503) faults.push(String(answer.reason));
      }
      if (ids.length < AT_ONCE / 2) faults.push(`only ${ids.length} of ${AT_ONCE} were stored`);
      faults.push(...(await faultsOf(patient, ids)));
    }
    t.strictSame(faults, []);
  });

  await t.test(
    'a write that always loses gives up: 503 with Retry-After, after few attempts, and nothing is written',
    async (t) => {
      const patient = await aPatient(app);
      let tries = 0;
      const write = async (): Promise<never> => {
        tries += 1;
        throw Object.assign(new Error('division by zero'), { code: '22012' });
      };
      const losing: Database = {
        ...app.deps.db,
        write,
        transaction: (work) => app.deps.db.transaction((tx) => work({ ...tx, write })),
      };
      const deps: Deps = { ...app.deps, db: losing };
      const before = await rowCounts(app.deps);
      const [response] = responses(patient);
      const error = await createIn(deps, response as QuestionnaireResponse).catch((thrown: unknown) => thrown);
      t.ok(error instanceof FhirError);
      t.match(error, { status: 503, headers: { 'Retry-After': /^[1-9]\d*$/ }, issues: [{ code: 'transient' }] });
      t.ok(tries > 1 && tries <= 10, `${tries} attempts`);
      t.strictSame(await rowCounts(app.deps), before);
    },
  );

  await t.test('each really loses to the other: a counter that moved takes the whole write back', async (t) => {
    const patient = await aPatient(app);
    const [id = ''] = patient.split('/').reverse();
    let tries = 0;
    const overtaken: Database = {
      ...app.deps.db,
      async write(name, text, values) {
        tries += 1;
        // Somebody else's write of this patient is committed between our reading and our writing, twice.
        if (tries <= 2) await app.deps.db.pool.query('update patient_state set n = n + 1 where patient = $1', [id]);
        return app.deps.db.write(name, text, values);
      },
    };
    const before = await rowCounts(app.deps);
    const [response] = responses(patient);
    const saved = await createIn({ ...app.deps, db: overtaken }, response as QuestionnaireResponse);
    t.equal(tries, 3, 'the third attempt stands');
    const after = await rowCounts(app.deps);
    t.equal(
      (after.resource_version ?? 0) - (before.resource_version ?? 0),
      1 + TERMS + 2 + 2 + 1,
      'response, Observations, two Flags with a Task each, Provenance',
    );
    t.equal((after.outbox ?? 0) - (before.outbox ?? 0), 1);
    t.equal((await get(app, `/QuestionnaireResponse/${saved.id}`)).meta.versionId, '1');
  });

  await t.test('whoever is overtaken each time holds what it writes upon, and stands', async (t) => {
    const patient = await aPatient(app);
    const [id = ''] = patient.split('/').reverse();
    const device = { resourceType: 'Device', id: 'overtaken' };
    await updateIn(app.deps, device);
    const rivals: [string, write: (deps: Deps) => Promise<unknown>, rival: () => Promise<unknown>][] = [
      [
        'a response',
        (deps) => createIn(deps, responses(patient)[0] as QuestionnaireResponse),
        () => second.deps.db.pool.query('update patient_state set n = n + 1 where patient = $1', [id]),
      ],
      [
        'a resource of no patient',
        (deps) => updateIn(deps, device),
        () => updateIn(second.deps, device).catch(() => undefined),
      ],
    ];
    for (const [name, write, rival] of rivals) {
      let tries = 0;
      const overtaken: Database = {
        ...app.deps.db,
        async write(...statement) {
          tries += 1;
          await rival();
          return app.deps.db.write(...statement);
        },
      };
      // A rival of another process never rests.
      let ended = false;
      const restless = (async () => {
        while (!ended) await rival();
      })();
      await t.resolves(write({ ...app.deps, db: overtaken }), name);
      ended = true;
      await restless;
      t.ok(tries > 1, `${name} was overtaken`);
    }
  });
});

const get = async (app: TestApp, path: string) => (await app.send('GET', path)).body;
