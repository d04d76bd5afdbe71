import t from 'tap';
import { type TestApp, testApp } from '../../support/app.ts';
import { aPatient } from '../../support/responses.ts';
import { createIn } from '../../support/save.ts';

const S = 'https://example.org/s';
const T = 'https://example.org/t';

/** Each page of a search, by the last word of what each entry says. */
async function pages(app: TestApp, path: string): Promise<string[][]> {
  const found: string[][] = [];
  for (let next: string | undefined = path; next; ) {
    const { status, body }: { status: number; body: Page } = await app.send('GET', next);
    if (status !== 200) throw new Error(`${next} answers ${status}: ${JSON.stringify(body)}`);
    found.push((body.entry ?? []).map(({ resource }) => resource.valueString ?? resource.id));
    next = body.link.find(({ relation }) => relation === 'next')?.url.replace(app.deps.baseUrl, '');
  }
  return found;
}

interface Page {
  link: { relation: string; url: string }[];
  entry?: { resource: { id: string; valueString?: string } }[];
}

t.test('the newest of a patient are found by every one of their codes', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const [patient, other] = [await aPatient(app), await aPatient(app)];
  const coded = (name: string, day: number | undefined, code: object, subject = patient) =>
    createIn(app.deps, {
      resourceType: 'Observation',
      status: 'final',
      code,
      subject: { reference: subject },
      ...(day === undefined ? {} : { effectiveDateTime: `2026-03-${String(day).padStart(2, '0')}` }),
      valueString: name,
    } as { resourceType: string });
  await coded('a', 1, { coding: [{ system: S, code: 'A' }] });
  await coded('a and b', 2, {
    coding: [
      { system: S, code: 'A' },
      { system: T, code: 'B' },
    ],
  });
  await coded('a twice', 3, {
    coding: [
      { system: S, code: 'A' },
      { system: T, code: 'A' },
    ],
  });
  await coded('a without system', 4, { coding: [{ code: 'A' }] });
  await coded('b', 5, { coding: [{ system: T, code: 'B' }] });
  await coded('words', 6, { text: 'A' });
  await coded('a display', 7, { coding: [{ system: S, display: 'A' }] });
  await coded('with a bar', 8, { coding: [{ system: S, code: 'x|A' }] });
  await coded('undated', undefined, { coding: [{ system: S, code: 'A' }] });
  await coded("another's", 9, { coding: [{ system: S, code: 'A' }] }, other);

  const cases: [string, string[]][] = [
    ['code=A', ['a without system', 'a twice', 'a and b', 'a', 'undated']],
    [`code=${S}|A`, ['a twice', 'a and b', 'a', 'undated']],
    [`code=${T}|A`, ['a twice']],
    ['code=|A', ['a without system']],
    ['code=B', ['b', 'a and b']],
    [`code=${S}|B`, []],
    ['code=B,A', ['b', 'a without system', 'a twice', 'a and b', 'a', 'undated']],
    [`code=${S}|`, ['with a bar', 'a display', 'a twice', 'a and b', 'a', 'undated']],
    [`code=${S}|,B`, ['with a bar', 'a display', 'b', 'a twice', 'a and b', 'a', 'undated']],
    ['code=x\\|A', ['with a bar']],
    [`code=${S}|x\\|A`, ['with a bar']],
    ['code=A&code=B', ['a and b']],
    ['code:not=A', ['with a bar', 'a display', 'words', 'b']],
    ['code:text=a', ['a display', 'words']],
    ['combo-code=B', ['b', 'a and b']],
    ['code=A&date=ge2026-03-03', ['a without system', 'a twice']],
    ['code=A,B,C,D,E,F,G,H,I,J', ['b', 'a without system', 'a twice', 'a and b', 'a', 'undated']],
  ];
  for (const [asked, expected] of cases) {
    const path = `/Observation?patient=${patient}&${asked}`;
    t.same(await pages(app, `${path}&_sort=-date`), [expected], asked);
    // By two keys no index is walked.
    t.same(await pages(app, `${path}&_sort=-date,-_id`), [expected], `${asked}, by two keys`);
    t.same((await pages(app, `${path}&_sort=-date&_count=1`)).flat(), expected, `${asked}, one by one`);
  }
});

/** More than any walk looks at. */
const COPIES = 4500;

t.test('what lies behind thousands of others is found, each once and in order, whatever the order', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const observation = (code: string, date: string | undefined, valueString: string) =>
    createIn(app.deps, {
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: S, code }] },
      subject: { reference: patient },
      ...(date === undefined ? {} : { effectiveDateTime: date }),
      valueString,
    } as { resourceType: string });
  const dates = ['2026-01-02', '2026-05-03', '2026-01-01', undefined, '2026-05-04'];
  const rare: { name: string; date: string | undefined }[] = [];
  const store = async (when: string) => {
    for (const [at, date] of dates.entries()) {
      rare.push({ name: `${when} ${at}`, date });
      await observation('rare', date, `${when} ${at}`);
    }
  };
  await store('before');
  const { id } = await observation('common', '2026-03-01', 'common');
  await app.database.db.pool.query(
    `with made as (
       insert into resource_version (tenant, shard, type, id, version, ts, deleted, content)
       select v.tenant, v.shard, v.type, 'copy-' || n, 1, v.ts, false, replace(v.content, v.id, 'copy-' || n)
       from resource_version v, generate_series(1, $2::int) n where v.id = $1
     )
     insert into resource_current (tenant, shard, type, id, version, ts, key1, code1, lo, hi, patient, present, registry, tok)
     select c.tenant, c.shard, c.type, 'copy-' || n, 1, c.ts, c.key1, c.code1, c.lo, c.hi, c.patient, c.present, c.registry, c.tok
     from resource_current c, generate_series(1, $2::int) n where c.id = $1`,
    [id, COPIES],
  );
  await store('after');

  const written = rare.map(({ name }) => name);
  const byDate = (sign: 1 | -1): string[] => {
    const dated = rare.filter(({ date }) => date !== undefined);
    const undated = rare.filter(({ date }) => date === undefined);
    // Of equal dates the newer id comes first where the newest do, and last where the oldest do; so it is among those without.
    const order = [...dated.keys()].sort((a, b) => {
      const difference = (dated[a]?.date ?? '').localeCompare(dated[b]?.date ?? '');
      return sign * (difference || a - b);
    });
    return [
      ...order.map((at) => dated[at]?.name ?? ''),
      ...(sign === 1 ? undated : undated.reverse()).map(({ name }) => name),
    ];
  };
  const orders: [string, string[]][] = [
    ['', [...written].reverse()],
    ['_sort=_id', written],
    ['_sort=_lastUpdated', written],
    ['_sort=-_lastUpdated', [...written].reverse()],
    ['_sort=date', byDate(1)],
    ['_sort=-date', byDate(-1)],
  ];
  for (const of of ['', `&patient=${patient}`]) {
    for (const [order, expected] of orders) {
      for (const count of [4, 100]) {
        const path = `/Observation?code=rare${of}&_count=${count}&${order}`;
        const found = await pages(app, path);
        t.same(found.flat(), expected, path);
        t.ok(
          found.slice(0, -1).every(({ length }) => length === count),
          'and each page but the last is full',
        );
      }
    }
    const dated = byDate(-1).filter((name) => rare.some((one) => one.name === name && one.date !== undefined));
    t.same((await pages(app, `/Observation?code=rare&date=ge2020${of}&_sort=-date&_count=3`)).flat(), dated);
  }

  await t.test('the common ones are all met, page by page, in each order', async (t) => {
    for (const [order] of orders) {
      const found = (await pages(app, `/Observation?status=final&_count=1000&${order}`)).flat();
      t.equal(found.length, COPIES + 1 + written.length, order);
      t.equal(new Set(await idsOf(app, order)).size, COPIES + 1 + written.length, 'each once');
    }
  });
});

async function idsOf(app: TestApp, order: string): Promise<string[]> {
  const ids: string[] = [];
  for (let next: string | undefined = `/Observation?status=final&_count=900&_elements=id&${order}`; next; ) {
    const { body }: { body: Page } = await app.send('GET', next);
    ids.push(...(body.entry ?? []).map(({ resource }) => resource.id));
    next = body.link.find(({ relation }) => relation === 'next')?.url.replace(app.deps.baseUrl, '');
  }
  return ids;
}
