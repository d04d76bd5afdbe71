import t from 'tap';
import { shardOf } from '../../src/fhir/ids.ts';
import { shardOfId } from '../../src/store/resources.ts';
import { testApp } from '../support/app.ts';
import { often } from '../support/often.ts';
import { aPatient, aResponse } from '../support/responses.ts';
import { rowCounts, updateIn, WEEKLY } from '../support/save.ts';
import { secondDeps } from '../support/second.ts';

const CLIENTS = 64;

t.test('ids that clients choose', async (t) => {
  const app = await testApp({ connections: 32 });
  const second = await secondDeps(app, 16);
  t.teardown(async () => {
    await second.close();
    await app.close();
  });
  const shardsOf = async (type: string, id: string): Promise<number[]> => {
    const { rows } = await app.deps.db.pool.query<{ shard: number }>(
      'select shard from resource_current where type = $1 and id = $2',
      [type, id],
    );
    return rows.map(({ shard }) => shard);
  };
  const observation = (id: string, subject: string | undefined, value = 1) => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8331-1' }] },
    ...(subject === undefined ? {} : { subject: { reference: subject } }),
    effectiveDateTime: '2026-11-01T08:00:00Z',
    valueQuantity: { value },
  });

  await t.test(
    'a Patient and what belongs to it are found by id and by the search in the shard of the patient',
    async (t) => {
      const born = await app.send('PUT', '/Patient/anne', { resourceType: 'Patient', id: 'anne' });
      t.equal(born.status, 201, born.text);
      t.equal(born.headers.location, 'http://localhost:8080/fhir/Patient/anne/_history/1');
      for (const patient of ['Patient/anne', await aPatient(app)]) {
        const id = `temp.${patient.slice(-4)}`;
        const made = await app.send('PUT', `/Observation/${id}`, observation(id, patient));
        t.equal(made.status, 201, made.text);
        t.same(await shardsOf('Observation', id), [shardOfId(patient.slice('Patient/'.length))]);
        const again = await app.send('PUT', `/Observation/${id}`, observation(id, patient, 2));
        t.match(again, { status: 200, headers: { etag: 'W/"2"' } });
        t.equal((await app.send('GET', `/Observation/${id}`)).text, again.text);
        t.equal((await app.send('GET', `/Observation/${id}/_history/1`)).text, made.text);
        t.equal((await app.send('GET', `/Observation/${id}/_history`)).body.total, 2);
        for (const query of [`patient=${patient}`, `subject=${patient}`, `_id=${id}`, `patient=${patient}&_id=${id}`]) {
          const { body } = await app.send('GET', `/Observation?${query}`);
          t.same(
            body.entry?.map((entry: { resource: { id: string } }) => entry.resource.id),
            [id],
            query,
          );
        }
        t.equal((await app.send('GET', `/Observation?_id=${id},other&_summary=count`)).body.total, 1);
        t.equal((await app.send('DELETE', `/Observation/${id}`)).status, 204);
        t.equal((await app.send('GET', `/Observation/${id}`)).status, 410);
      }
    },
  );

  await t.test('a second service finds them too', async (t) => {
    await app.send('PUT', '/Observation/seen', observation('seen', 'Patient/anne'));
    const saved = await updateIn(second.deps, observation('seen', 'Patient/anne', 3));
    t.equal(saved.version, 2);
  });

  await t.test('what belongs to no patient lies by its id, and stays without one', async (t) => {
    const made = await app.send('PUT', '/Observation/alone', observation('alone', undefined));
    t.equal(made.status, 201);
    t.same(await shardsOf('Observation', 'alone'), [shardOfId('alone')]);
    const before = await rowCounts(app.deps);
    const moved = await app.send('PUT', '/Observation/alone', observation('alone', 'Patient/anne'));
    t.match(moved, { status: 422, body: { issue: [{ code: 'business-rule', expression: ['Observation.subject'] }] } });
    t.same(await rowCounts(app.deps), before);
    t.equal((await app.send('GET', '/Observation/alone')).text, made.text);
  });

  await t.test('one id may be of several types', async (t) => {
    for (const type of ['Device', 'Patient'])
      t.equal((await app.send('PUT', `/${type}/alone`, { resourceType: type, id: 'alone' })).status, 201);
    t.equal((await app.send('GET', '/Device/alone')).body.resourceType, 'Device');
  });

  await t.test(
    'a response under an id of the client is graded as any other, and what is derived is read by id',
    async (t) => {
      const response = {
        ...aResponse(WEEKLY, 'Patient/anne', '2026-11-01T08:00:00+01:00', { PROCTCAE_16A_SCL: 4 }),
        id: 'week-1',
      };
      const made = await app.send('PUT', '/QuestionnaireResponse/week-1', response);
      t.equal(made.status, 201, made.text);
      t.equal((await app.send('GET', '/QuestionnaireResponse/week-1')).text, made.text);
      const flags = await app.send('GET', '/Flag?patient=Patient/anne&status=active');
      t.equal(flags.body.entry.length, 1);
      const derived = await app.send(
        'GET',
        '/Observation?patient=Patient/anne&derived-from=QuestionnaireResponse/week-1',
      );
      t.ok(derived.body.entry.length > 0);
      for (const { resource } of [...flags.body.entry, ...derived.body.entry]) {
        const read = await app.send('GET', `/${resource.resourceType}/${resource.id}`);
        t.equal(read.status, 200, `${resource.resourceType}/${resource.id}`);
        t.equal(shardOf(resource.id), shardOfId('anne'));
      }
      const [{ resource: flag }] = flags.body.entry;
      for (const { valueReference } of flag.extension ?? []) {
        if (valueReference) t.equal((await app.send('GET', `/${valueReference.reference}`)).status, 200);
      }
      t.equal((await app.send('DELETE', '/QuestionnaireResponse/week-1')).status, 409);
      const amended = await app.send('PUT', '/QuestionnaireResponse/week-1', {
        ...aResponse(WEEKLY, 'Patient/anne', '2026-11-01T08:00:00+01:00', { PROCTCAE_16A_SCL: 0 }),
        status: 'amended',
        id: 'week-1',
      });
      t.equal(amended.status, 200, amended.text);
      t.equal((await app.send('GET', '/Flag?patient=Patient/anne&status=active')).body.entry, undefined);
    },
  );

  const ours = '01234567-89ab-8cde-8f01-23456789abcd';
  await t.test('an id of the form of ours is taken where its shard is the right one', async (t) => {
    t.equal((await app.send('PUT', `/Patient/${ours}`, { resourceType: 'Patient', id: ours })).status, 201);
    const made = await app.send('PUT', `/Observation/${ours}`, observation(ours, `Patient/${ours}`));
    t.equal(made.status, 201, made.text);
    t.equal((await app.send('GET', `/Observation/${ours}`)).text, made.text);
  });

  const other = '01234567-89ab-8cde-9f01-23456789abcd';
  const taken: [string, string, object][] = [
    [
      'an id of the form of ours in another shard than the patient',
      `Observation/${other}`,
      observation(other, 'Patient/anne'),
    ],
    [
      'an id of the form of what is derived',
      'Device/00000000-0000-8cde-8f01-23456789abcd',
      { resourceType: 'Device', id: '00000000-0000-8cde-8f01-23456789abcd' },
    ],
  ];
  for (const [name, path, body] of taken) {
    await t.test(`${name} is refused: 422, and nothing is written`, async (t) => {
      const before = await rowCounts(app.deps);
      const answer = await app.send('PUT', `/${path}`, body);
      t.match(answer, { status: 422, body: { issue: [{ code: 'business-rule', expression: [/\.id$/] }] } });
      t.same(await rowCounts(app.deps), before);
    });
  }

  await t.test('preconditions of an id that is not known: If-Match is 412, If-None-Match creates once', async (t) => {
    const before = await rowCounts(app.deps);
    for (const tag of ['W/"1"', '*']) {
      const answer = await app.send('PUT', '/Device/new', { resourceType: 'Device', id: 'new' }, { 'if-match': tag });
      t.match(answer, { status: 412, body: { issue: [{ code: 'conflict' }] } }, tag);
    }
    t.same(await rowCounts(app.deps), before);
    const none = { 'if-none-match': '*' };
    t.equal((await app.send('PUT', '/Device/new', { resourceType: 'Device', id: 'new' }, none)).status, 201);
    const after = await rowCounts(app.deps);
    const refused = await app.send('PUT', '/Device/new', { resourceType: 'Device', id: 'new' }, none);
    t.match(refused, { status: 412, body: { issue: [{ code: 'conflict' }] } });
    t.same(await rowCounts(app.deps), after);
    const match = await app.send('PUT', '/Device/new', { resourceType: 'Device', id: 'new' }, { 'if-match': '*' });
    t.equal(match.status, 200);
  });

  await t.test('what was deleted comes back with the next version, to the same patient only', async (t) => {
    await app.send('PUT', '/Observation/back', observation('back', 'Patient/anne'));
    await app.send('DELETE', '/Observation/back');
    const before = await rowCounts(app.deps);
    const to = await aPatient(app);
    const after = await rowCounts(app.deps);
    t.not(before, after);
    const moved = await app.send('PUT', '/Observation/back', observation('back', to));
    t.match(moved, { status: 422, body: { issue: [{ code: 'business-rule', expression: ['Observation.subject'] }] } });
    const stale = await app.send('PUT', '/Observation/back', observation('back', 'Patient/anne'), {
      'if-match': 'W/"2"',
    });
    t.equal(stale.status, 412);
    t.same(await rowCounts(app.deps), after);
    const back = await app.send('PUT', '/Observation/back', observation('back', 'Patient/anne', 5), {
      'if-none-match': '*',
    });
    t.match(back, { status: 201, headers: { etag: 'W/"3"' } }, back.text);
    t.equal((await app.send('GET', '/Observation/back')).text, back.text);
    t.equal((await app.send('GET', '/Observation/back/_history')).body.total, 3);
    t.equal((await app.send('GET', '/Observation/back/_history/2')).status, 410);
    t.equal((await app.send('GET', '/Observation?_id=back')).body.entry.length, 1);
  });

  await t.test('a Patient comes back and may have data again', async (t) => {
    await app.send('PUT', '/Patient/lou', { resourceType: 'Patient', id: 'lou' });
    t.equal((await app.send('DELETE', '/Patient/lou')).status, 204);
    t.equal((await app.send('PUT', '/Observation/of-lou', observation('of-lou', 'Patient/lou'))).status, 422);
    t.equal((await app.send('PUT', '/Patient/lou', { resourceType: 'Patient', id: 'lou' })).status, 201);
    t.equal((await app.send('PUT', '/Observation/of-lou', observation('of-lou', 'Patient/lou'))).status, 201);
  });

  await t.test('a response that was a draft comes back completed, and is graded', async (t) => {
    await app.send('PUT', '/Patient/max', { resourceType: 'Patient', id: 'max' });
    const response = {
      ...aResponse(WEEKLY, 'Patient/max', '2026-11-01T08:00:00+01:00', { PROCTCAE_16A_SCL: 4 }),
      id: 'draft',
    };
    const draft = await app.send('PUT', '/QuestionnaireResponse/draft', { ...response, status: 'in-progress' });
    t.equal(draft.status, 201, draft.text);
    t.equal((await app.send('DELETE', '/QuestionnaireResponse/draft')).status, 204);
    const back = await app.send('PUT', '/QuestionnaireResponse/draft', response);
    t.equal(back.status, 201, back.text);
    t.equal((await app.send('GET', '/Flag?patient=Patient/max&status=active')).body.entry.length, 1);
  });

  await t.test(`${CLIENTS} clients that put to one new id make one version 1`, async (t) => {
    await app.send('PUT', '/Patient/race', { resourceType: 'Patient', id: 'race' });
    await app.send('PUT', '/Patient/race2', { resourceType: 'Patient', id: 'race2' });
    const cases: [string, (id: string, i: number) => { resourceType: string; id: string }, boolean][] = [
      ['Device', (id) => ({ resourceType: 'Device', id }), false],
      ['Patient', (id) => ({ resourceType: 'Patient', id }), false],
      ['Observation', (id, i) => observation(id, 'Patient/race', i), false],
      ['Observation of two patients', (id, i) => observation(id, i % 2 ? 'Patient/race' : 'Patient/race2', i), true],
      ['Observation of a patient and of none', (id, i) => observation(id, i % 2 ? 'Patient/race' : undefined, i), true],
    ];
    for (const [name, make, refusals] of cases) {
      for (let round = 0; round < often(4); round += 1) {
        const id = `race.${round}.${name.replaceAll(' ', '')}`;
        const settled = await Promise.allSettled(
          Array.from({ length: CLIENTS }, (_, i) => updateIn(i % 8 < 7 ? app.deps : second.deps, make(id, i))),
        );
        const saved = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
        const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason.status] : []));
        t.equal(saved.filter(({ version }) => version === 1).length, 1, `${name}: one version 1`);
        t.equal(new Set(saved.map(({ version }) => version)).size, saved.length, 'each version once');
        t.equal(Math.max(...saved.map(({ version }) => version)), saved.length, 'and none left out');
        t.equal((await shardsOf(make(id, 0).resourceType, id)).length, 1, 'in one place');
        if (refusals) t.same([...new Set(refused)], [422]);
        else t.ok(refused.length <= 8 && refused.every((status) => status === 503), `${refused}`);
      }
    }
  });

  await t.test(`${CLIENTS} clients with If-None-Match: one creates`, async (t) => {
    for (let round = 0; round < 4; round += 1) {
      const id = `none.${round}`;
      const answers = await Promise.all(
        Array.from({ length: CLIENTS }, () =>
          app.send('PUT', `/Observation/${id}`, observation(id, 'Patient/race'), { 'if-none-match': '*' }),
        ),
      );
      t.equal(answers.filter(({ status }) => status === 201).length, 1);
      t.equal(answers.filter(({ status }) => status === 412).length, CLIENTS - 1);
    }
  });
});
