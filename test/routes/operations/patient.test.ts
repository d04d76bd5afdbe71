import type { Bundle, Meta, Observation, Questionnaire } from '@medplum/fhirtypes';
import t from 'tap';
import { testApp } from '../../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../../support/responses.ts';
import { put, refusal, refused } from '../support.ts';

t.test('operations about a patient', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const other = await aPatient(app);
  const practitioner = await put(app, { resourceType: 'Practitioner', name: [{ family: 'Martin' }] });
  const temperature = (subject: string, day: string, over: Partial<Observation> = {}): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] },
    ],
    code: { coding: [{ system: 'urn:x', code: 'temperature' }] },
    subject: { reference: subject },
    performer: [{ reference: `Practitioner/${practitioner.id}` }],
    effectiveDateTime: day,
    valueQuantity: { value: 37, unit: 'C', system: 'http://unitsofmeasure.org', code: 'Cel' },
    ...over,
  });
  for (const day of ['2026-11-02', '2026-11-04', '2026-11-03']) await put(app, temperature(patient, day));
  await put(app, temperature(other, '2026-11-05'));
  const translated = {
    coding: [
      { system: 'urn:y', code: 't' },
      { system: 'urn:x', code: 'temperature' },
    ],
  };
  const latest = await put(app, temperature(patient, '2026-11-09', { code: translated }));
  await put(app, temperature(patient, '2026-11-01', { code: { text: 'Mood' } }));
  await put(app, temperature(patient, '2026-11-02', { code: { text: 'mood' } }));
  await put(app, aResponse(await weeklyForm(app), patient, '2026-11-01T08:00:00Z', { PROCTCAE_16A_SCL: 4 }));

  const walk = async (path: string): Promise<Bundle[]> => {
    const pages: Bundle[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const answer = await app.send('GET', next);
      if (answer.status !== 200) throw new Error(answer.text);
      pages.push(answer.body);
      next = answer.body.link
        .find(({ relation }: { relation: string }) => relation === 'next')
        ?.url.replace('http://localhost:8080/fhir', '');
    }
    return pages;
  };
  const names = (pages: Bundle[], mode: string): string[] =>
    pages.flatMap(({ entry = [] }) =>
      entry
        .filter(({ search }) => search?.mode === mode)
        .map(({ resource }) => `${resource?.resourceType}/${resource?.id}`),
    );

  t.test('$everything: the Patient and all that is theirs, each once, whatever the pages', async (t) => {
    const whole = await walk(`/${patient}/$everything`);
    const all = names(whole, 'match');
    t.equal(whole.length, 1);
    t.equal(all[0], patient);
    t.equal(new Set(all).size, all.length);
    const types = new Set(all.map((name) => name.split('/')[0]));
    for (const type of ['Patient', 'Observation', 'QuestionnaireResponse', 'Flag', 'Provenance'])
      t.ok(types.has(type), type);
    t.notOk(all.includes(other));
    const count = async (type: string) =>
      (await app.send('GET', `/${type}?patient=${patient}&_summary=count`)).body.total;
    for (const type of ['Observation', 'Flag', 'QuestionnaireResponse']) {
      t.equal(all.filter((name) => name.startsWith(`${type}/`)).length, await count(type), type);
    }
    for (const size of [1, 3, 1000]) {
      t.same(names(await walk(`/${patient}/$everything?_count=${size}`), 'match').sort(), [...all].sort(), `${size}`);
    }
    const included = names(whole, 'include').map((name) => name.split('/')[0]);
    t.same([...new Set(included)].sort(), ['Device', 'Practitioner', 'Questionnaire']);
    t.notOk(names(whole, 'include').some((name) => name.startsWith('Patient/')));
  });

  t.test('$everything is narrowed by type, by time of change and by clinical date', async (t) => {
    const typed = await walk(`/${patient}/$everything?_type=Observation,Practitioner&_count=2`);
    t.same([...new Set(names(typed, 'match').map((name) => name.split('/')[0]))], ['Observation']);
    t.same([...new Set(names(typed, 'include'))], [`Practitioner/${practitioner.id}`]);
    const beyond = await walk(`/${patient}/$everything?_type=Practitioner,Questionnaire&_count=3`);
    t.same(names(beyond, 'match'), [], 'what is only referred to is found by what refers to it');
    t.same([...new Set(names(beyond, 'include').map((name) => name.split('/')[0]))].sort(), [
      'Practitioner',
      'Questionnaire',
    ]);
    t.same(names(await walk(`/${patient}/$everything?_since=2099-01-01T00:00:00Z`), 'match'), []);
    t.equal(names(await walk(`/${patient}/$everything?_since=2020`), 'match')[0], patient);
    const dated = await walk(`/${patient}/$everything?start=2026-11-09&end=2026-11-09&_type=Observation,Patient`);
    t.same(names(dated, 'match').sort(), [`Observation/${latest.id}`, patient].sort());
    const posted = await app.send('POST', `/${patient}/$everything`, {
      resourceType: 'Parameters',
      parameter: [
        { name: '_type', valueCode: 'Observation' },
        { name: '_count', valueInteger: 1 },
      ],
    });
    t.equal(posted.body.entry.length, 1, posted.text.slice(0, 300));
  });

  const faults: [name: string, path: string, status: number, code: string][] = [
    ['of nobody', '/Patient/nobody/$everything', 404, 'not-found'],
    ['of a type that is not served', `/${patient}/$everything?_type=Account`, 400, 'not-supported'],
    ['with a forged link', `/${patient}/$everything?_cursor=abc`, 400, 'invalid'],
    ['with a date that is none', `/${patient}/$everything?_since=soon`, 400, 'invalid'],
    ['without any entry', `/${patient}/$everything?_count=0`, 400, 'invalid'],
    ['$lastn of nobody', '/Observation/$lastn?code=x', 400, 'invalid'],
    ['$lastn of everything', `/Observation/$lastn?patient=${patient}`, 400, 'invalid'],
    ['$lastn with pages', `/Observation/$lastn?patient=${patient}&code=x&_count=3`, 400, 'invalid'],
    ['$lastn of none', `/Observation/$lastn?patient=${patient}&code=x&max=0`, 400, 'invalid'],
    ['$compose of nothing', '/Questionnaire/$compose', 400, 'invalid'],
    ['$compose of an unknown term', '/Questionnaire/$compose?term=happiness', 400, 'invalid'],
    ['$compose in a language that we have not', '/Questionnaire/$compose?term=nausea&language=tlh', 400, 'invalid'],
    ['what changes something, by GET', '/Patient/x/$meta-add', 405, 'not-supported'],
  ];
  for (const [name, path, status, code] of faults) {
    t.test(`refused: ${name}`, async (t) => {
      t.same(refusal(await app.send('GET', path)), refused(status, code));
    });
  }

  t.test('$lastn gives the newest of each code; codings of one concept are one code', async (t) => {
    const dates = async (query: string) => {
      const { body } = await app.send('GET', `/Observation/$lastn?patient=${patient}&category=vital-signs${query}`);
      return body.entry?.map(({ resource }: { resource: Observation }) => resource.effectiveDateTime);
    };
    t.same(await dates(''), ['2026-11-09', '2026-11-02']);
    t.same(await dates('&max=3'), ['2026-11-09', '2026-11-04', '2026-11-03', '2026-11-02', '2026-11-01']);
    t.same(await dates('&max=2&code=urn:x|temperature'), ['2026-11-09', '2026-11-04']);
    t.same(await dates('&date=lt2026-11-09&code=temperature'), ['2026-11-04']);
    t.same(await dates('&code=nothing'), undefined);
  });

  t.test('$meta-add and $meta-delete make versions only where something changes', async (t) => {
    const labels = (meta: Meta) => ({ resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: meta }] });
    const tag = { system: 'urn:tags', code: 'pilot' };
    const meta = async (path: string, body?: object): Promise<Meta> => {
      const answer = await app.send(body ? 'POST' : 'GET', path, body);
      if (answer.status !== 200) throw new Error(answer.text);
      return answer.body.parameter[0].valueMeta;
    };
    t.same((await meta(`/${other}/$meta`)).tag, undefined);
    t.match(await meta(`/${other}/$meta-add`, labels({ tag: [tag], security: [{ system: 'urn:s', code: 'R' }] })), {
      versionId: '2',
      tag: [tag],
      security: [{ code: 'R' }],
    });
    t.equal((await meta(`/${other}/$meta-add`, labels({ tag: [tag] }))).versionId, '2', 'nothing to add');
    t.match(await meta('/Patient/$meta'), { tag: [tag], security: [{ code: 'R' }] });
    t.ok((await meta('/$meta')).profile?.length, 'of the whole server');
    t.same(await meta('/Practitioner/$meta'), {});
    const deleted = await meta(`/${other}/$meta-delete`, labels({ tag: [tag] }));
    t.equal(deleted.versionId, '3');
    t.equal(deleted.tag, undefined);
    t.match(deleted.security, [{ code: 'R' }]);
    const flag = (await app.send('GET', '/Flag?_count=1')).body.entry[0].resource.id;
    t.equal(
      (await app.send('POST', `/Flag/${flag}/$meta-add`, labels({ tag: [tag] }))).status,
      404,
      'read-only types have none',
    );
  });

  t.test('$compose answers a form that can be posted, and stores nothing', async (t) => {
    const path = '/Questionnaire/$compose?term=nausea,PROCTCAE_53_COMP&language=en&version=2.0.0';
    const answer = await app.send('GET', path);
    t.equal(answer.status, 200, answer.text);
    const form: Questionnaire = answer.body;
    t.match(form, { resourceType: 'Questionnaire', version: '2.0.0', language: 'en' });
    t.equal(form.item?.length, 3);
    t.equal((await app.send('GET', `/Questionnaire?url=${form.url}`)).body.entry, undefined);
    t.equal((await app.send('POST', '/Questionnaire', form)).status, 201);
    const posted = await app.send('POST', '/Questionnaire/$compose', {
      resourceType: 'Parameters',
      parameter: [
        { name: 'term', valueString: 'fatigue' },
        { name: 'term', valueCode: 'PROCTCAE_9' },
        { name: 'other', valueBoolean: true },
        { name: 'url', valueUri: 'https://example.org/Questionnaire/mine' },
      ],
    });
    t.match(posted.body, { url: 'https://example.org/Questionnaire/mine', version: '1.0.0', language: 'fr' });
    t.equal(posted.body.item.length, 4);
  });

  t.test('$explain is asked for by POST too', async (t) => {
    const flag = (await app.send('GET', `/Flag?patient=${patient}&_count=1`)).body.entry[0].resource.id;
    const got = await app.send('GET', `/Flag/${flag}/$explain?language=fr`);
    const posted = await app.send('POST', `/Flag/${flag}/$explain`, {
      resourceType: 'Parameters',
      parameter: [{ name: 'language', valueCode: 'fr' }],
    });
    t.equal(got.status, 200);
    t.same(posted.body, got.body);
  });
});
