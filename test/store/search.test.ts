import t from 'tap';
import { everyone } from '../../src/fhir/compartment.ts';
import { token } from '../../src/store/tokens.ts';
import { type TestApp, testApp } from '../support/app.ts';

const BASE = 'http://localhost:8080/fhir';
const A = 'https://example.org/a';
const B = 'https://example.org/b';

/** Creates resources by name; `@name` in texts and paths becomes the id of what was created under that name. */
async function fill(app: TestApp, named: Record<string, object>): Promise<(text: string) => string> {
  const ids = new Map<string, string>();
  const known = (text: string): string => text.replace(/@([a-z][a-z0-9-]*)/gi, (all, name) => ids.get(name) ?? all);
  for (const [name, resource] of Object.entries(named)) {
    const { resourceType } = resource as { resourceType: string };
    const { status, body } = await app.send('POST', `/${resourceType}`, known(JSON.stringify(resource)));
    if (status !== 201) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
    ids.set(name, body.id);
  }
  return known;
}

const device = (...identifier: object[]) => ({ resourceType: 'Device', ...(identifier.length ? { identifier } : {}) });
const observation = (more: object) => ({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, ...more });
const coded = (...coding: object[]) => observation({ code: { coding } });

const RESOURCES: Record<string, object> = {
  pat: { resourceType: 'Patient', birthDate: '1961-05-04', identifier: [{ system: A, value: 'P1' }] },
  pat2: { resourceType: 'Patient', birthDate: '1961-05' },
  d1: { ...device({ system: A, value: '1' }), status: 'active' },
  d2: { ...device({ system: B, value: '1' }), status: 'inactive' },
  d3: device({ value: '1' }),
  d4: device({ system: A, value: '2' }, { system: B, value: '3' }),
  d5: device({ system: A }),
  d6: device({ system: A, value: 'x,y' }),
  d7: device({ system: A, value: 'p|q' }),
  d8: device({ system: A, value: 'back\\slash' }),
  d9: device({ system: A, value: 'é ü+&=$ 1' }),
  c1: coded({ system: A, code: 'k' }, { system: B, code: 'l' }),
  c2: coded({ code: 'k' }),
  s1: observation({ subject: { reference: 'Patient/@pat' } }),
  s2: observation({ subject: { reference: `${BASE}/Patient/@pat` } }),
  s3: observation({ subject: { reference: 'Patient/@pat/_history/1' } }),
  s4: observation({ subject: { reference: 'https://elsewhere.example/fhir/Patient/@pat' } }),
  s5: observation({ subject: { reference: 'Device/@d1' } }),
  s6: observation({ subject: { reference: 'Patient/@pat2' } }),
  q1: questionnaire('https://example.org/Questionnaire/q', '1', 'active'),
  q2: questionnaire('https://example.org/Questionnaire/q', '2', 'active'),
  q3: questionnaire(`${BASE}/Questionnaire/own`, '1', 'active'),
  r1: response('https://example.org/Questionnaire/q|1'),
  r2: response('https://example.org/Questionnaire/q|2'),
  r3: response('https://example.org/Questionnaire/q'),
  r4: response(`${BASE}/Questionnaire/own`),
  y: dated('2026'),
  m: dated('2026-03'),
  dd: dated('2026-03-15'),
  inst: dated('2026-03-15T12:00:00Z'),
  zone: dated('2026-03-15T23:30:00-02:00'), // 2026-03-16T01:30Z
  per: observation({ effectivePeriod: { start: '2026-03-10', end: '2026-03-20' } }),
  open: observation({ effectivePeriod: { start: '2026-03-18' } }),
  until: observation({ effectivePeriod: { end: '2026-03-12' } }),
  last: dated('9999-12-31'),
  none: observation({}),
};

function questionnaire(url: string, version: string, status: string): object {
  return { resourceType: 'Questionnaire', url, version, status, item: [{ linkId: 'a', type: 'string', text: 'a' }] };
}
function response(canonical: string): object {
  return {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire: canonical,
    subject: { reference: 'Patient/@pat' },
    authored: '2026-01-01T10:00:00Z',
  };
}
function dated(effectiveDateTime: string): object {
  return observation({ effectiveDateTime });
}

const DATED = ['y', 'm', 'dd', 'inst', 'zone', 'per', 'open', 'until', 'last'];

/** Path, and the names of all that it finds. */
const CASES: Record<string, [string, string[]][]> = {
  'tokens of identifiers': [
    ['/Device?identifier=1', ['d1', 'd2', 'd3']],
    [`/Device?identifier=${A}|1`, ['d1']],
    [`/Device?identifier=${B}|1`, ['d2']],
    ['/Device?identifier=|1', ['d3']],
    [`/Device?identifier=${A}|`, ['d1', 'd4', 'd5', 'd6', 'd7', 'd8', 'd9']],
    [`/Device?identifier=${A}|3`, []],
    [`/Device?identifier=${B}|3`, ['d4']],
    ['/Device?identifier=|2', []],
    ['/Device?identifier=unknown', []],
    ['/Device?identifier=1&identifier=2', []],
    [`/Device?identifier=2&identifier=${B}|3`, ['d4']],
    [`/Device?identifier=2,${B}|1`, ['d2', 'd4']],
    ['/Device?identifier=1,1,nothing', ['d1', 'd2', 'd3']],
    [`/Patient?identifier=${A}|P1`, ['pat']],
    [`/Patient?identifier=${A}|p1`, []],
  ],
  escapes: [
    [`/Device?identifier=${A}|x\\,y`, ['d6']],
    [`/Device?identifier=${A}|x,y`, []],
    [`/Device?identifier=${A}|p\\|q`, ['d7']],
    ['/Device?identifier=p\\|q', ['d7']],
    [`/Device?identifier=${A}|back\\\\slash`, ['d8']],
    [`/Device?identifier=${encodeURIComponent(`${A}|é ü+&=\\$ 1`)}`, ['d9']],
    [`/Device?identifier=${encodeURIComponent(`${A}|é ü+&=$ 1`)}`, ['d9']],
  ],
  'tokens of codes': [
    ['/Observation?code=k', ['c1', 'c2']],
    [`/Observation?code=${A}|k`, ['c1']],
    [`/Observation?code=${B}|k`, []],
    ['/Observation?code=|k', ['c2']],
    [`/Observation?code=${B}|`, ['c1']],
    [`/Observation?code=${A}|k&code=${B}|l`, ['c1']],
    ['/Device?status=active&identifier=1', ['d1']],
    ['/Device?status=active,inactive&identifier=1', ['d1', 'd2']],
    ['/Device?status=unknown', []],
  ],
  references: [
    ['/Observation?subject=Patient/@pat', ['s1', 's2', 's3']],
    ['/Observation?patient=Patient/@pat', ['s1', 's2', 's3']],
    ['/Observation?patient=@pat', ['s1', 's2', 's3']],
    ['/Observation?subject=@pat', ['s1', 's2', 's3']],
    ['/Observation?subject:Patient=@pat', ['s1', 's2', 's3']],
    ['/Observation?subject:Device=@pat', []],
    [`/Observation?subject=${BASE}/Patient/@pat`, ['s1', 's2', 's3']],
    ['/Observation?subject=https://elsewhere.example/fhir/Patient/@pat', ['s4']],
    ['/Observation?subject=https://nowhere.example/fhir/Patient/@pat', []],
    ['/Observation?subject=Patient/@pat/_history/1', ['s3']],
    ['/Observation?subject=Patient/@pat/_history/2', []],
    ['/Observation?subject=Device/@d1', ['s5']],
    ['/Observation?subject=@d1', ['s5']],
    ['/Observation?patient=Device/@d1', []],
    ['/Observation?subject=Patient/@pat,Patient/@pat2', ['s1', 's2', 's3', 's6']],
    ['/Observation?subject=Patient/@pat&subject=Patient/@pat2', []],
    ['/Observation?subject=Patient/nobody', []],
    ['/QuestionnaireResponse?patient=@pat2', []],
  ],
  canonicals: [
    ['/QuestionnaireResponse?questionnaire=https://example.org/Questionnaire/q', ['r1', 'r2', 'r3']],
    ['/QuestionnaireResponse?questionnaire=https://example.org/Questionnaire/q|1', ['r1']],
    ['/QuestionnaireResponse?questionnaire=https://example.org/Questionnaire/q|3', []],
    [`/QuestionnaireResponse?questionnaire=${BASE}/Questionnaire/own`, ['r4']],
    ['/QuestionnaireResponse?questionnaire=https://example.org/Questionnaire/other', []],
  ],
  uris: [
    ['/Questionnaire?url=https://example.org/Questionnaire/q', ['q1', 'q2']],
    ['/Questionnaire?url=https://example.org/Questionnaire/q&version=2', ['q2']],
    ['/Questionnaire?url=https://example.org/Questionnaire', []],
    ['/Questionnaire?url=https://example.org/questionnaire/q', []],
    [`/Questionnaire?url=${BASE}/Questionnaire/own`, ['q3']],
    [`/Questionnaire?url=${BASE}/Questionnaire/own,https://example.org/Questionnaire/q`, ['q1', 'q2', 'q3']],
  ],
  ids: [
    ['/Device?_id=@d1', ['d1']],
    ['/Device?_id=@d1,@d2,@d3', ['d1', 'd2', 'd3']],
    ['/Device?_id=@d1&_id=@d2', []],
    ['/Device?_id=@d1,nobody', ['d1']],
    ['/Device?_id=nobody', []],
    ['/Device?_id=@pat', []],
    ['/Device?_id=@d1,@d2&status=active', ['d1']],
  ],
  'dates, eq and ne': [
    ['/Observation?date=2026', ['y', 'm', 'dd', 'inst', 'zone', 'per']],
    ['/Observation?date=eq2026-03', ['m', 'dd', 'inst', 'zone', 'per']],
    ['/Observation?date=2026-03-15', ['dd', 'inst']],
    ['/Observation?date=2026-03-16', ['zone']],
    ['/Observation?date=2026-03-15T12:00:00Z', ['inst']],
    ['/Observation?date=2026-03-15T13:00:00%2B01:00', ['inst']],
    ['/Observation?date=2026-03-15T13:00:00+01:00', ['inst']],
    ['/Observation?date=2026-03-15T12:00Z', ['inst']],
    ['/Observation?date=2026-03-15T12:00:01Z', []],
    ['/Observation?date=9999', ['last']],
    ['/Observation?date=9999-12-31', ['last']],
    ['/Observation?date=ne2026', ['open', 'until', 'last']],
    ['/Observation?date=ne2026-03-15', DATED.filter((name) => name !== 'dd' && name !== 'inst')],
    ['/Observation?date=2025,2026-03-16', ['zone']],
  ],
  'dates, gt, lt, ge, le': [
    ['/Observation?date=gt2026-03-15', ['y', 'm', 'zone', 'per', 'open', 'last']],
    ['/Observation?date=ge2026-03-15', ['y', 'm', 'dd', 'inst', 'zone', 'per', 'open', 'last']],
    ['/Observation?date=lt2026-03-15', ['y', 'm', 'per', 'until']],
    ['/Observation?date=le2026-03-15', ['y', 'm', 'dd', 'inst', 'per', 'until']],
    ['/Observation?date=gt2026', ['open', 'last']],
    ['/Observation?date=lt2026', ['until']],
    ['/Observation?date=ge9999', ['open', 'last']],
    ['/Observation?date=gt9999', ['open']],
    ['/Observation?date=le9999', DATED],
    ['/Observation?date=lt9999', DATED.filter((name) => name !== 'last')],
    ['/Observation?date=ge2026-03-16T01:30:00Z&date=le2026-03-16T01:30:00Z', ['y', 'm', 'zone', 'per']],
    ['/Observation?date=lt0001', ['until']],
  ],
  'dates, sa and eb': [
    ['/Observation?date=sa2026-03-15', ['zone', 'open', 'last']],
    ['/Observation?date=sa2026-03-17', ['open', 'last']],
    ['/Observation?date=sa2026-03-18', ['last']],
    ['/Observation?date=sa9999', []],
    ['/Observation?date=eb2026-03-13', ['until']],
    ['/Observation?date=eb2026-03-12', []],
    ['/Observation?date=eb2026-03-16', ['dd', 'inst', 'until']],
    ['/Observation?date=eb9999', DATED.filter((name) => name !== 'last' && name !== 'open')],
  ],
  'dates of other types': [
    ['/Patient?birthdate=1961', ['pat', 'pat2']],
    ['/Patient?birthdate=1961-05-04', ['pat']],
    ['/Patient?birthdate=gt1961-05-04', ['pat2']],
    ['/QuestionnaireResponse?authored=2026-01-01', ['r1', 'r2', 'r3', 'r4']],
    ['/QuestionnaireResponse?authored=gt2026-01-01', []],
  ],
};

t.test('searches', async (t) => {
  const app = await testApp({ demoPolicy: false, baseUrl: BASE });
  t.teardown(() => app.close());
  const known = await fill(app, RESOURCES);
  const names = new Map(Object.keys(RESOURCES).map((name) => [known(`@${name}`), name]));
  const found = async (path: string) => {
    const { status, body } = await app.send('GET', known(path));
    const entries: { resource: { id: string }; search: { mode: string } }[] = body.entry ?? [];
    return {
      status,
      body,
      names: entries
        .filter(({ search }) => search.mode === 'match')
        .map(({ resource }) => names.get(resource.id) ?? resource.id)
        .sort(),
    };
  };

  for (const [kind, cases] of Object.entries(CASES)) {
    await t.test(kind, async (t) => {
      for (const [path, expected] of cases) {
        const page = await found(path);
        t.equal(page.status, 200, path);
        t.strictSame(page.names, [...expected].sort(), path);
        const counted = await found(`${path}&_summary=count`);
        t.equal(counted.body.total, expected.length, `${path}, counted`);
        t.notOk(counted.body.entry);
      }
    });
  }

  await t.test('what cannot be read is refused', async (t) => {
    for (const path of [
      '/Observation?date=yesterday',
      '/Observation?date=xx2026',
      '/Observation?date=2026-02-30',
      '/Observation?date=2026-13',
      '/Observation?_lastUpdated=gt',
      '/Observation?_count=-1',
      '/Observation?_count=many',
      '/Observation?_sort=colour',
      '/Observation?code:exact=x',
      '/Observation?_text=x',
      '/Observation?_content=x',
      '/Observation?_filter=x',
      '/Observation?_list=x',
      '/Observation?_query=x',
      '/Observation?_contained=true',
      '/Observation?subject.organization._text=x',
      '/Observation?subject:Medication=x',
      '/Observation?_revinclude=Provenance:recorded',
      '/Observation?_revinclude=Nothing:target',
    ]) {
      const { status, body } = await found(path);
      t.equal(status, 400, path);
      t.equal(body.resourceType, 'OperationOutcome');
    }
  });

  await t.test('an unknown parameter is left aside with a warning, or refused when handling is strict', async (t) => {
    const lenient = await app.send('GET', '/Device?status=active&identifier=1&colour=red');
    t.equal(lenient.status, 200);
    const modes = lenient.body.entry.map(({ search }: { search: { mode: string } }) => search.mode);
    t.strictSame(modes, ['match', 'outcome']);
    t.notMatch(lenient.body.link[0].url, /colour/, 'the self link tells what was used');
    const strict = await app.send('GET', '/Device?status=active&identifier=1&colour=red', undefined, {
      prefer: 'handling=strict',
    });
    t.equal(strict.status, 400);
  });

  await t.test('_lastUpdated', async (t) => {
    const { body } = await app.send('GET', known('/Device/@d4'));
    const at: string = body.meta.lastUpdated;
    const is = async (prefix: string): Promise<boolean> =>
      (await found(`/Device?_lastUpdated=${prefix}${at}&_id=@d4`)).names.length === 1;
    for (const [prefix, hit] of Object.entries({
      eq: true,
      ne: false,
      ge: true,
      le: true,
      gt: false,
      lt: false,
      sa: false,
      eb: false,
    })) {
      t.equal(await is(prefix), hit, prefix);
    }
    t.equal(await is(''), true);
  });

  await t.test('what is deleted is found no more', async (t) => {
    const { body } = await app.send('POST', '/Device', device({ system: A, value: 'gone' }));
    t.equal((await found('/Device?identifier=gone')).names.length, 1);
    await app.send('DELETE', `/Device/${body.id}`);
    t.equal((await found('/Device?identifier=gone')).names.length, 0);
    t.equal((await found(`/Device?_id=${body.id}`)).names.length, 0);
  });

  await t.test('what was replaced is found by what it is now', async (t) => {
    const { body } = await app.send('POST', '/Device', device({ system: A, value: 'old' }));
    await app.send('PUT', `/Device/${body.id}`, { ...device({ system: A, value: 'new' }), id: body.id });
    t.equal((await found('/Device?identifier=old')).names.length, 0);
    t.equal((await found('/Device?identifier=new')).names.length, 1);
  });

  await t.test('two values of the same hash: a hit is checked on its content', async (t) => {
    const { tenant } = everyone();
    const { body } = await app.send('POST', '/Device', device({ system: A, value: 'honest' }));
    const planted = token(tenant, 'Device', 'identifier', `${A}|victim`);
    await app.deps.db.pool.query(`update resource_current set tok = tok || $1::bigint where id = $2`, [
      planted,
      body.id,
    ]);
    t.strictSame((await found(`/Device?identifier=${A}|victim`)).names, []);
    t.equal((await found(`/Device?identifier=${A}|honest`)).names.length, 1);
    const made = await app.send('POST', '/Device', device({ system: A, value: 'victim' }), {
      'if-none-exist': `identifier=${A}|victim`,
    });
    t.equal(made.status, 201, 'nor does a conditional create take it for a match');
  });
});
