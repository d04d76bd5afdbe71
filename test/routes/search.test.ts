import t from 'tap';
import { type Answer, NOW, testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { put, refusal, refused } from './support.ts';

const BASE = 'http://localhost:8080/fhir';

const ids = ({ body }: Answer): string[] =>
  (body.entry ?? [])
    .filter(({ search }: { search: { mode: string } }) => search.mode === 'match')
    .map(({ resource }: { resource: { id: string } }) => resource.id);

const link = ({ body }: Answer, relation: string): string | undefined =>
  body.link.find((one: { relation: string }) => one.relation === relation)?.url;

t.test('search', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const get = (path: string, headers?: Record<string, string>) => app.send('GET', path, undefined, headers);
  const patient = await aPatient(app);
  const bare = patient.slice('Patient/'.length);
  const form = await weeklyForm(app);
  const severe = await put(app, aResponse(form, patient, '2026-11-01T08:00:00Z', { PROCTCAE_16A_SCL: 4 }));
  const milder = await put(app, aResponse(form, patient, '2026-11-08T08:00:00Z', { PROCTCAE_16A_SCL: 1 }));
  const bystander = await aPatient(app);
  await put(app, aResponse(form, bystander, '2026-11-08T08:00:00Z', { PROCTCAE_16A_SCL: 4 }));
  const flag = (await get(`/Flag?patient=${patient}`)).body.entry[0].resource;

  t.test('the patient is named in every way that FHIR knows', async (t) => {
    for (const criterion of [
      `patient=${patient}`,
      `patient=${bare}`,
      `subject=${patient}`,
      `subject=${bare}`,
      `subject:Patient=${bare}`,
      `subject:Patient=${patient}`,
      `subject=${BASE}/${patient}`,
      `patient=Patient/nobody,${patient}`,
    ]) {
      t.same(ids(await get(`/QuestionnaireResponse?${criterion}`)), [milder.id, severe.id], criterion);
      t.same(ids(await get(`/Flag?${criterion}`)), [flag.id], criterion);
    }
    t.same(ids(await get(`/Flag?subject:Device=${bare}`)), []);
    t.same(ids(await get(`/Flag?subject:Device=${patient}`)), []);
    t.same(ids(await get(`/Flag?patient=https://other.example/fhir/${patient}`)), []);
  });

  t.test('the form is named by url, or by url and version', async (t) => {
    const both = [milder.id, severe.id];
    const of = (canonical: string) => get(`/QuestionnaireResponse?patient=${patient}&questionnaire=${canonical}`);
    t.same(ids(await of(`${form.url}|${form.version}`)), both);
    t.same(ids(await of(`${form.url}`)), both);
    t.same(ids(await of(`${form.url}|9`)), []);
    t.same(ids(await get(`/Questionnaire?url=${form.url}&version=${form.version}`)), [form.id]);
    t.same(ids(await get(`/Questionnaire?url=${form.url}&version=9`)), []);
  });

  t.test('a canonical with a question mark in it is found whole', async (t) => {
    const { id } = await put(app, { resourceType: 'ValueSet', url: 'https://example.org/vs?id=7', status: 'active' });
    t.same(ids(await get('/ValueSet?url=https://example.org/vs?id=7')), [id]);
    t.same(ids(await get('/ValueSet?url=https://example.org/vs')), []);
  });

  t.test('Flag by status, code and category', async (t) => {
    const { system, code } = flag.code.coding[0];
    const hits: string[] = [
      'status=active',
      'status=inactive,active',
      `code=${system}|${code}`,
      `code=${code}`,
      `code=${system}|`,
      'category=clinical',
      'category=http://terminology.hl7.org/CodeSystem/flag-category|clinical',
      `identifier=${flag.identifier[0].system}|${flag.identifier[0].value}`,
      'date=ge2026-11-01',
      'date=ge2026-11&date=lt2027',
      `_id=${flag.id}`,
    ];
    for (const criterion of hits) t.same(ids(await get(`/Flag?patient=${patient}&${criterion}`)), [flag.id], criterion);
    const misses = [
      'status=inactive',
      `code=urn:other|${code}`,
      `code=|${code}`,
      'category=research',
      'date=sa2027',
      '_id=x',
    ];
    for (const criterion of misses) t.same(ids(await get(`/Flag?patient=${patient}&${criterion}`)), [], criterion);
  });

  t.test('what was derived is found by what it rests on, and the Provenance by its target', async (t) => {
    const observations = ids(await get(`/Observation?derived-from=QuestionnaireResponse/${severe.id}`));
    t.equal(observations.length, 12, 'one per term of the form');
    t.same(ids(await get(`/Observation?derived-from=${severe.id}`)), observations, 'a bare id');
    const versions = (await get(`/Flag/${flag.id}/_history`)).body.entry;
    t.equal(versions.length, 2, 'opened, then better');
    const all = ids(await get(`/Provenance?target=Flag/${flag.id}`));
    t.equal(all.length, 2);
    const each: string[] = [];
    for (const version of [1, 2]) {
      const found = ids(await get(`/Provenance?target=Flag/${flag.id}/_history/${version}`));
      t.equal(found.length, 1, `version ${version} has the one that made it`);
      each.push(...found);
    }
    t.same(each.sort(), all.sort());
    const included = await get(`/Flag?patient=${patient}&_revinclude=Provenance:target`);
    t.same(
      included.body.entry.map(({ resource, search }: Answer['body']) => [resource.resourceType, search.mode]),
      [
        ['Flag', 'match'],
        ['Provenance', 'include'],
        ['Provenance', 'include'],
      ],
    );
  });

  t.test('_sort', async (t) => {
    const sorted = async (key: string) => ids(await get(`/QuestionnaireResponse?patient=${patient}&_sort=${key}`));
    for (const key of ['authored', '_lastUpdated', '_id']) {
      t.same(await sorted(key), [severe.id, milder.id], key);
      t.same(await sorted(`-${key}`), [milder.id, severe.id], `-${key}`);
    }
  });

  t.test('next links, followed to the end, give each once, in order, in every order', async (t) => {
    const value = (index: number) => `pager-${index}`;
    for (let index = 0; index < 7; index += 1) {
      // Two without the date that is sorted by, and two with the same.
      const birthDate = index < 2 ? {} : { birthDate: `19${50 + Math.floor(index / 2)}-01-01` };
      await put(app, {
        resourceType: 'Patient',
        identifier: [{ system: 'urn:pager', value: value(index) }],
        ...birthDate,
      });
    }
    const whole = async (sort: string) => ids(await get(`/Patient?identifier=urn:pager|&_sort=${sort}`));
    for (const sort of ['_id', '-_id', '_lastUpdated', '-_lastUpdated', 'birthdate', '-birthdate']) {
      const seen: string[] = [];
      let path: string | undefined = `/Patient?identifier=urn:pager|&_sort=${sort}&_count=2&_total=accurate`;
      let pages = 0;
      while (path) {
        const page: Answer = await get(path);
        t.equal(page.body.total, 7);
        t.ok(ids(page).length <= 2);
        seen.push(...ids(page));
        pages += 1;
        path = link(page, 'next')?.slice(BASE.length);
      }
      t.equal(pages, 4, sort);
      t.same(seen, await whole(sort), sort);
      t.equal(new Set(seen).size, 7, sort);
    }
  });

  t.test('_count=0 and _summary=count tell the total and nothing else', async (t) => {
    for (const query of ['_count=0', '_summary=count']) {
      const { body } = await get(`/QuestionnaireResponse?patient=${patient}&${query}`);
      t.match(body, { type: 'searchset', total: 2 }, query);
      t.notOk('entry' in body, 'no empty array');
      t.notOk(body.link.some(({ relation }: { relation: string }) => relation === 'next'));
    }
    t.notOk('total' in (await get(`/Flag?patient=${patient}`)).body, 'unless asked, nothing is counted');
    t.equal((await get(`/Flag?patient=${patient}&_total=accurate`)).body.total, 1);
    t.notOk('total' in (await get(`/Flag?patient=${patient}&_total=none`)).body);
  });

  t.test('the self link says what was used', async (t) => {
    const answer = await get(`/Flag?patient=${patient}&status=active&colour=red&_format=json`);
    t.equal(link(answer, 'self'), `${BASE}/Flag?patient=${encodeURIComponent(patient)}&status=active`);
    t.equal(link(await get('/Flag'), 'self'), `${BASE}/Flag`);
  });

  t.test('an unknown parameter: a warning beside the answer, or, when strict, a refusal', async (t) => {
    const lenient = await get(`/Flag?patient=${patient}&colour=red`, { prefer: 'handling=lenient' });
    t.equal(lenient.status, 200);
    t.same(ids(lenient), [flag.id]);
    const last = lenient.body.entry.at(-1);
    t.equal(last.search.mode, 'outcome');
    t.match(last.resource, {
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'warning', code: 'not-supported', diagnostics: /colour/ }],
    });
    t.same(refusal(await get(`/Flag?colour=red`, { prefer: 'handling=strict' })), refused(400, 'not-supported'));
    t.notMatch((await get('/Flag?Anne%20Dupont=1')).text, /Dupont/, 'a name that is none is not repeated');
    t.equal((await get(`/Flag?patient=${patient}`, { prefer: 'handling=strict' })).status, 200);
  });

  t.test('the newest of one patient who has thousands, beyond those that are looked at first', async (t) => {
    const device = await aPatient(app);
    const HOURS = 2100;
    const pulse = (code: string, effectiveDateTime?: string) => ({
      resource: {
        resourceType: 'Observation',
        status: 'final',
        code: { coding: [{ system: 'http://loinc.org', code }] },
        subject: { reference: device },
        ...(effectiveDateTime === undefined ? {} : { effectiveDateTime }),
      },
      request: { method: 'POST', url: 'Observation' },
    });
    const at = (hour: number) => new Date(NOW.getTime() - hour * 3_600_000).toISOString();
    const all = [
      // Two of each moment: among them the id decides.
      ...Array.from({ length: HOURS }, (_, k) => pulse('8867-4', at(k - (k % 2)))),
      pulse('8302-2', at(HOURS + 10)),
      pulse('8867-4'),
    ];
    for (let from = 0; from < all.length; from += 800) {
      const entry = all.slice(from, from + 800);
      const stored = await app.send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry });
      t.equal(stored.status, 200);
    }
    const search = `/Observation?patient=${device}&_sort=-date`;
    t.equal(ids(await get(`${search}&code=http://loinc.org|8302-2`)).length, 1, 'what is rare and long ago');
    t.equal(ids(await get(`${search}&code=http://loinc.org|8302-2&date=gt${at(HOURS)}`)).length, 0);
    t.equal(ids(await get(`${search}&date=lt${at(HOURS)}`)).length, 1, 'what is older than all that is looked at');
    const met: { id: string; on: string }[] = [];
    let next: string | undefined = `${search}&code=8867-4&_count=450`;
    while (next) {
      const page: Answer = await get(next.replace(BASE, ''));
      met.push(
        ...page.body.entry.map(({ resource }: { resource: { id: string; effectiveDateTime?: string } }) => ({
          id: resource.id,
          on: resource.effectiveDateTime ?? '',
        })),
      );
      next = link(page, 'next');
    }
    t.equal(new Set(met.map(({ id }) => id)).size, HOURS + 1, 'each once');
    t.equal(met.at(-1)?.on, '', 'what has no date comes last');
    const wanted = [...met].sort((a, b) => (a.on === b.on ? (a.id < b.id ? 1 : -1) : a.on < b.on ? 1 : -1));
    t.same(met, wanted, 'the newest first');
  });

  t.test('a count that only the contents can tell is exact, or is refused: never short', async (t) => {
    const one = await put(app, {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'counted' },
      subject: { reference: await aPatient(app) },
    });
    const copies = (from: number, to: number) =>
      app.database.db.pool.query(
        `with made as (
           insert into resource_version (tenant, shard, type, id, version, ts, deleted, content)
           select v.tenant, v.shard, v.type, 'copy-' || n, 1, v.ts, false, replace(v.content, v.id, 'copy-' || n)
           from resource_version v, generate_series($2::int, $3::int) n where v.id = $1
         )
         insert into resource_current (tenant, shard, type, id, version, ts, key1, lo, hi, patient, present, registry, tok)
         select c.tenant, c.shard, c.type, 'copy-' || n, 1, c.ts, c.key1, c.lo, c.hi, c.patient, c.present, c.registry, c.tok
         from resource_current c, generate_series($2::int, $3::int) n where c.id = $1`,
        [one.id, from, to],
      );
    await copies(1, 2998);
    const search = '/Observation?code:text=counted&_count=1';
    t.equal((await get(`${search}&_total=accurate`)).body.total, 2999);
    await copies(2999, 12_000);
    t.same(refusal(await get(`${search}&_total=accurate`)), refused(400, 'too-costly'));
    t.equal((await get(search)).status, 200, 'the search itself is answered');
  });

  t.test('HEAD of a search', async (t) => {
    t.match(await app.send('HEAD', `/Flag?patient=${patient}`), { status: 200, text: '' });
  });

  t.test('Bundle.meta.lastUpdated is a watermark: what it covers is found again by no later poll', async (t) => {
    const first = await get(`/Flag?patient=${patient}`);
    const at = first.body.meta.lastUpdated;
    t.match(at, /^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/);
    const other = await aPatient(app);
    await put(app, aResponse(form, other, '2026-11-10T08:00:00Z', { PROCTCAE_16A_SCL: 4 }));
    const poll = await get(`/Flag?_lastUpdated=gt${at}&patient=${other}`);
    t.equal(ids(poll).length, 1, 'nothing younger is missed');
  });
});
