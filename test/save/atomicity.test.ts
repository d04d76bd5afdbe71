import t from 'tap';
import type { Deps } from '../../src/deps.ts';
import { everyone } from '../../src/fhir/compartment.ts';
import { remove } from '../../src/save.ts';
import type { Database } from '../../src/store/database.ts';
import { testApp } from '../support/app.ts';
import { aPatient, aResponse } from '../support/responses.ts';
import { createIn, rowCounts, specOf, updateIn, WEEKLY } from '../support/save.ts';

const SEVERE = { PROCTCAE_16A_SCL: 4 };

t.test('a write that fails at its commit leaves nothing', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const graded = await createIn(app.deps, aResponse(WEEKLY, patient, '2026-11-01T08:00:00+01:00', SEVERE));
  const device = await createIn(app.deps, { resourceType: 'Device' });

  /**
   * Deps whose commit fails after the statement has run inside the server: for each row that it wrote, not one may stay. The
   * statement is changed, not left out, so what fails is what the service sends.
   */
  const failing = (spoil: (text: string, values: unknown[]) => [string, unknown[]]): Deps => {
    const db: Database = {
      ...app.deps.db,
      write: (_name, text, values) => {
        const [spoilt, changed] = spoil(text, values);
        return app.deps.db.write(`spoilt ${spoilt.length}`, spoilt, changed);
      },
    };
    return { ...app.deps, db };
  };
  const faults: [string, Deps][] = [
    // Evaluated over the finished writes, as the guard itself is.
    [
      'an error of the server',
      failing((text, values) => [text.replace('1 / (case', `('x' || ok)::int / (case`), values]),
    ],
    // A row of the last table cannot be written: outbox.id is null.
    [
      'a row that cannot be written',
      failing((text, values) => {
        const place = /insert into outbox \([^)]*\)\s+select \$1, \$\d+::int2, \$(\d+)/.exec(text)?.[1];
        return [text, values.with(Number(place) - 1, null)];
      }),
    ],
  ];

  const writes: [string, (deps: Deps) => Promise<unknown>][] = [
    ['a create', (deps) => createIn(deps, { resourceType: 'Device' })],
    [
      'a conditional create',
      (deps) =>
        createIn(deps, { resourceType: 'Device', status: 'inactive' } as never, { ifNoneExist: 'status=inactive' }),
    ],
    ['a create of a Patient', (deps) => createIn(deps, { resourceType: 'Patient' })],
    ['a create of a conformance resource', (deps) => createIn(deps, codeSystem)],
    ['an update', (deps) => updateIn(deps, { resourceType: 'Device', id: device.id })],
    ['a deletion', (deps) => remove(deps, everyone(), specOf('Device'), device.id)],
    [
      'a response that opens a Flag',
      async (deps) => createIn(deps, aResponse(WEEKLY, await newPatient, '2026-11-02T08:00:00+01:00', SEVERE)),
    ],
    [
      'an amended response',
      (deps) =>
        updateIn(deps, {
          ...aResponse(WEEKLY, patient, '2026-11-01T08:00:00+01:00', { PROCTCAE_16A_SCL: 1 }),
          status: 'amended',
          id: graded.id,
        }),
    ],
    [
      'a retracted response',
      (deps) =>
        updateIn(deps, {
          ...aResponse(WEEKLY, patient, '2026-11-01T08:00:00+01:00', SEVERE),
          status: 'entered-in-error',
          id: graded.id,
        }),
    ],
  ];
  const newPatient = aPatient(app);
  await newPatient;

  for (const [fault, deps] of faults) {
    for (const [what, write] of writes) {
      await t.test(`${what}, ${fault}`, async (t) => {
        const before = await everything(app.deps);
        await t.rejects(write(deps));
        t.strictSame(await everything(app.deps), before);
      });
    }
  }

  await t.test('each of them is written when nothing fails', async (t) => {
    for (const [what, write] of writes) {
      const before = await everything(app.deps);
      await t.resolves(write(app.deps), what);
      t.notSame(await everything(app.deps), before, what);
    }
  });
});

const codeSystem = {
  resourceType: 'CodeSystem',
  url: 'https://example.org/CodeSystem/atomic',
  status: 'draft',
  content: 'complete',
};

/** The number of rows of each table, and a digest of all of them. */
async function everything(deps: Deps): Promise<Record<string, unknown>> {
  const counts = await rowCounts(deps);
  const digests: Record<string, unknown> = {};
  for (const [name, n] of Object.entries(counts)) {
    const { rows } = await deps.db.pool.query(
      `select coalesce(md5(string_agg(r::text, ',' order by r::text)), '') as digest from ${name} r`,
    );
    digests[name] = [n, rows[0]?.digest];
  }
  return digests;
}
