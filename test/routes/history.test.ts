import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import { sql } from 'kysely';
import t from 'tap';
import { SUBSETTED } from '../../src/fhir/summary.ts';
import { faults } from '../rules/resources/r4.ts';
import { type Answer, type TestApp, testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';
import { put, refusal, refused } from './support.ts';

const BASE = 'http://localhost:8080/fhir';
const organization = (name: string, over: object = {}) => ({ resourceType: 'Organization' as const, name, ...over });

/** What happened, in the words of the entry. */
const told = (body: Bundle): string[] =>
  (body.entry ?? []).map(
    ({ request, response }: BundleEntry) => `${request?.method} ${request?.url} ${response?.status} ${response?.etag}`,
  );

/** All entries, page by page along the next links. */
async function all(app: TestApp, path: string): Promise<BundleEntry[]> {
  const entries: BundleEntry[] = [];
  let next: string | undefined = path;
  while (next !== undefined) {
    const { status, body }: Answer = await app.send('GET', next);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    entries.push(...(body.entry ?? []));
    const link = body.link.find(({ relation }: { relation: string }) => relation === 'next');
    next = link?.url.slice(BASE.length);
  }
  return entries;
}

/** Moves a version to another moment, as if it had been written then. */
async function dated(app: TestApp, id: string, version: number, at: string): Promise<void> {
  const { kysely } = app.database.db;
  await sql`update resource_version set ts = ${at} where id = ${id} and version = ${version}`.execute(kysely);
  await sql`update resource_version set replaced_ts = ${at} where id = ${id} and version = ${version + 1}`.execute(
    kysely,
  );
  await sql`update resource_current set ts = ${at} where id = ${id} and version = ${version}`.execute(kysely);
}

t.test('history', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const { id } = await put(app, organization('one'));
  const path = `/Organization/${id}`;
  await app.send('PUT', path, organization('two', { id }));
  await app.send('DELETE', path);

  t.test(
    'of an instance: what was asked and answered, newest first; a deletion is an entry without a resource',
    async (t) => {
      const { body } = await app.send('GET', `${path}/_history`);
      t.same(told(body), [
        `DELETE Organization/${id} 204 W/"3"`,
        `PUT Organization/${id} 200 W/"2"`,
        'POST Organization 201 W/"1"',
      ]);
      t.equal(body.type, 'history');
      t.equal(body.total, 3);
      t.equal(body.entry[0].resource, undefined);
      t.equal(body.entry[1].resource.name, 'two');
      t.equal(body.entry[2].resource.meta.versionId, '1');
      t.same(body.link, [{ relation: 'self', url: `${BASE}${path}/_history` }]);
      for (const { response } of body.entry) response.etag = 'x';
      t.same(faults(body), []);
    },
  );

  t.test('of a type and of the system: the same entries, and those of others', async (t) => {
    const ofType = await app.send('GET', '/Organization/_history');
    t.same(told(ofType.body), told((await app.send('GET', `${path}/_history`)).body));
    t.equal(ofType.body.total, undefined, 'a total that would have to be counted is not told unasked');
    const patient = await aPatient(app);
    const system = await app.send('GET', '/_history?_count=4');
    t.same(told(system.body), ['POST Patient 201 W/"1"', ...told(ofType.body)]);
    t.equal(system.body.entry[0].fullUrl, `${BASE}/${patient}`);
    t.ok(system.body.link.some(({ relation }: { relation: string }) => relation === 'next'));
    t.match(system.body.meta.lastUpdated, /Z$/, 'the watermark, from which a client may ask on');
  });

  t.test('pages hold every version once, also while others write', async (t) => {
    const before = await all(app, '/_history?_count=1000');
    const paged: BundleEntry[] = [];
    let next: string | undefined = '/_history?_count=7';
    while (next !== undefined) {
      const { body }: Answer = await app.send('GET', next);
      paged.push(...(body.entry ?? []));
      await put(app, organization(`meanwhile ${paged.length}`));
      next = body.link.find(({ relation }: { relation: string }) => relation === 'next')?.url.slice(BASE.length);
    }
    t.same(paged, before);
  });

  t.test('a link continues the history that it was made for, and no other', async (t) => {
    const { body } = await app.send('GET', '/_history?_count=2');
    const next = body.link[1].url.slice(BASE.length);
    const [, cursor = ''] = /_cursor=(.*)$/.exec(next) ?? [];
    t.equal((await app.send('GET', next)).body.link[0].url, `${BASE}${next}`);
    t.notMatch(Buffer.from(cursor, 'base64url').toString('latin1'), /Patient|Organization/, 'nothing is read from it');
    const changed = `${cursor.slice(0, 20)}${cursor[20] === 'A' ? 'B' : 'A'}${cursor.slice(21)}`;
    for (const path of [
      `/_history?_count=2&_cursor=${changed}`,
      `/_history?_cursor=${cursor}`,
      `/Basic/_history?_count=2&_cursor=${cursor}`,
    ]) {
      t.same(refusal(await app.send('GET', path)), refused(400, 'invalid'));
    }
  });

  t.test('versions of one moment are told apart', async (t) => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push((await put(app, { resourceType: 'Basic', code: { text: `${n}` } })).id);
    for (const basic of ids) await dated(app, basic, 1, '2026-01-01T00:00:00Z');
    const entries = await all(app, '/Basic/_history?_count=2');
    t.same(entries.map(({ resource }) => resource?.id).sort(), ids.sort());
  });

  t.test('what came back after its deletion was created again', async (t) => {
    const { id: again } = await put(app, organization('again'));
    await app.send('DELETE', `/Organization/${again}`);
    const back = await app.send('PUT', `/Organization/${again}`, organization('back', { id: again }));
    if (back.status === 410) return; // no resurrection here
    await app.send('DELETE', `/Organization/${again}`);
    const { body } = await app.send('GET', `/Organization/${again}/_history`);
    t.same(told(body).slice(0, 2), [`DELETE Organization/${again} 204 W/"4"`, `PUT Organization/${again} 201 W/"3"`]);
    t.same(
      body.entry.map(({ fullUrl }: BundleEntry) => fullUrl !== undefined),
      [true, true, false, true],
      'bdl-7: two deletions cannot both name their URL',
    );
  });

  t.test('_since and _at', async (t) => {
    const { id: dates } = await put(app, { resourceType: 'Device', deviceName: [{ name: 'a', type: 'other' }] });
    const device = `/Device/${dates}`;
    for (const name of ['b', 'c']) {
      await app.send('PUT', device, { resourceType: 'Device', id: dates, deviceName: [{ name, type: 'other' }] });
    }
    await app.send('DELETE', device);
    for (const [at, moment] of [
      '2026-03-01T10:00:00Z',
      '2026-03-02T10:00:00Z',
      '2026-03-03T10:00:00Z',
      '2026-03-05T10:00:00Z',
    ].entries()) {
      await dated(app, dates, at + 1, moment);
    }
    const cases: [name: string, query: string, versions: number[]][] = [
      ['_since is "at or after": that very instant counts', '_since=2026-03-03T10:00:00Z', [4, 3]],
      ['a millisecond later it does not', '_since=2026-03-03T10:00:00.001Z', [4]],
      ['the zone of _since counts', '_since=2026-03-03T12:00:00%2B02:00', [4, 3]],
      ['a plus sign that became a space is still the sign of a zone', '_since=2026-03-03T12:00:01+02:00', [4]],
      ['_since a day', '_since=2026-03-03', [4, 3]],
      ['nothing since', '_since=2026-03-06', []],
      ['_at a moment: the version that was current then', '_at=2026-03-02T12:00:00Z', [2]],
      ['_at a moment at which a version began', '_at=2026-03-02T10:00:00Z', [2]],
      ['_at a day: all that were current at some time of it', '_at=2026-03-02', [2, 1]],
      ['_at a month', '_at=2026-03', [4, 3, 2, 1]],
      ['_at before it was there', '_at=2026-02', []],
      ['_at the day of its deletion', '_at=2026-03-05', [4, 3]],
      ['_at after its deletion', '_at=2026-03-06', []],
      ['both', '_at=2026-03&_since=2026-03-02', [4, 3, 2]],
    ];
    for (const [name, query, versions] of cases) {
      const { body } = await app.send('GET', `${device}/_history?${query}`);
      const found = (entries: BundleEntry[] = []) =>
        entries.map(({ response }) => Number(response?.etag?.slice(3, -1)));
      t.same(found(body.entry), versions, name);
      t.equal(body.total, versions.length, `${name}: total`);
      const ofType = await app.send('GET', `/Device/_history?${query}&_count=1000`);
      const mine = (ofType.body.entry ?? []).filter(({ fullUrl }: BundleEntry) => fullUrl === `${BASE}${device}`);
      t.same(found(mine), versions, `${name}, of the type`);
    }
    const self = (await app.send('GET', `${device}/_history?_since=2026-03-03&_count=1`)).body.link;
    t.equal(self[0].url, `${BASE}${device}/_history?_since=2026-03-03&_count=1`);
    t.ok(self[1].url.includes('_since=2026-03-03'), 'the next page asks the same');
  });

  t.test('_count=0 and _summary=count tell how many, and no entry', async (t) => {
    for (const query of ['_count=0', '_summary=count']) {
      const ofOne = await app.send('GET', `${path}/_history?${query}`);
      t.equal(ofOne.body.total, 3, query);
      t.equal(ofOne.body.entry, undefined);
      const ofType = await app.send('GET', `/Basic/_history?${query}`);
      t.equal(ofType.body.total, 5, query);
      t.equal(ofType.body.link.length, 1);
    }
  });

  t.test('_summary and _elements cut every resource, and leave deletions', async (t) => {
    const cut = await app.send('GET', `${path}/_history?_elements=active`);
    t.same(Object.keys(cut.body.entry[1].resource), ['resourceType', 'id', 'meta']);
    t.same(cut.body.entry[1].resource.meta.tag, [SUBSETTED]);
    t.equal(cut.body.entry[0].resource, undefined);
    t.equal((await app.send('GET', '/_history?_summary=true')).status, 200);
  });

  t.test('what is refused', async (t) => {
    const cases: [path: string, headers: Record<string, string>, status: number, code: string][] = [
      ['/Organization/unknown/_history', {}, 404, 'not-found'],
      [`${path}/_history?_since=yesterday`, {}, 400, 'invalid'],
      [`${path}/_history?_at=gt2026`, {}, 400, 'invalid'],
      [`${path}/_history?_count=-1`, {}, 400, 'invalid'],
      [`${path}/_history?_count=1&_count=2`, {}, 400, 'invalid'],
      ['/_history?_cursor=abc', {}, 400, 'invalid'],
      ['/_history?_elements=nowhere', {}, 400, 'invalid'],
      ['/_history?_summary=all', {}, 400, 'invalid'],
      ['/_history?_sort=_id', { prefer: 'handling=strict' }, 400, 'invalid'],
    ];
    for (const [asked, headers, status, code] of cases) {
      t.same(refusal(await app.send('GET', asked, undefined, headers)), refused(status, code), asked);
    }
    t.equal((await app.send('GET', '/_history?_sort=_id')).status, 200, 'left aside where nobody asks to be strict');
  });
});
