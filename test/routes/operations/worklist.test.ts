import type { Bundle, BundleEntry, Task } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { writeLastGrades } from '../../../src/rules/last-grades.ts';
import { readState } from '../../../src/rules/state-packed.ts';
import { worklistPage } from '../../../src/store/worklist.ts';
import { type TestApp, testApp } from '../../support/app.ts';
import { aPolicy, aResult, NEUTROPHILS, post } from '../../support/observations.ts';
import { aPatient, aResponse, weeklyForm } from '../../support/responses.ts';
import { ANNA, BILAL, move, outcome } from '../../support/work.ts';

/** A Tuesday morning in Paris. */
const MORNING = Date.parse('2026-11-24T09:00:00.000Z');
const MINUTE = 60_000;

const POLICY = aPolicy('worklist', [
  ['open', "%finding.kind = 'ladder' and %finding.min >= 3", 'PH'],
  ['open', "%finding.kind = 'ladder' and %finding.min >= 2", 'PM'],
  ['open', "%finding.kind = 'ladder' and %finding.min >= 1", 'PL'],
  ['close', "%finding.kind = 'ladder' and %finding.max = 0"],
]);

/** Counts of neutrophils of these CTCAE grades. */
const COUNT = { 1: 1.6, 2: 1.2, 3: 0.8, 0: 3 } as const;

interface Ward {
  app: TestApp;
  /** A new patient with a count of neutrophils of that grade, so many minutes after the morning began; gives the reference. */
  patient(grade: keyof typeof COUNT, minutes: number): Promise<string>;
  count(patient: string, grade: keyof typeof COUNT, minutes: number): Promise<void>;
}

async function ward(t: Test): Promise<Ward> {
  let now = MORNING;
  const app = await testApp({ now: () => new Date(now) });
  t.teardown(() => app.close());
  await post(app, POLICY);
  const count: Ward['count'] = async (patient, grade, minutes) => {
    now = MORNING + minutes * MINUTE;
    const at = new Date(now - MINUTE).toISOString();
    await post(
      app,
      aResult(patient, { loinc: NEUTROPHILS, value: COUNT[grade], unit: '10*9/L', low: 1.8, high: 7, at }),
    );
  };
  return {
    app,
    count,
    async patient(grade, minutes) {
      const patient = await aPatient(app);
      await count(patient, grade, minutes);
      return patient;
    },
  };
}

const listed = (body: Bundle): BundleEntry[] => (body.entry ?? []).filter(({ search }) => search?.mode === 'match');

const tasksIn = (body: Bundle): Task[] => listed(body).map(({ resource }) => resource as Task); // matches are Tasks

const patientsIn = (body: Bundle): (string | undefined)[] => tasksIn(body).map((task) => task.for?.reference);

const nextOf = (body: Bundle): string | undefined =>
  body.link?.find(({ relation }) => relation === 'next')?.url?.replace('http://localhost:8080/fhir', '');

t.test(
  'the most urgent comes first, of equal urgency what is due first, each with its Flag and last grades',
  async (t) => {
    const { app, patient } = await ward(t);
    const low = await patient(1, 0);
    const late = await patient(3, 20);
    const early = await patient(3, 10);
    const middle = await patient(2, 5);
    const { status, body } = await app.send('GET', '/Task/$worklist');
    t.equal(status, 200);
    t.match(body, { resourceType: 'Bundle', type: 'searchset', link: [{ relation: 'self' }] });
    t.equal(body.link[0].url, 'http://localhost:8080/fhir/Task/$worklist');
    t.same(patientsIn(body), [early, late, middle, low]);
    const flags = body.entry.filter(({ search }: BundleEntry) => search?.mode === 'include');
    t.same(
      flags.map(({ resource }: BundleEntry) => `Flag/${resource?.id}`).sort(),
      tasksIn(body)
        .map(({ focus }) => focus?.reference)
        .sort(),
    );
    t.match(listed(body)[0]?.search?.extension, [
      {
        url: 'https://vigie.example/fhir/StructureDefinition/last-grades',
        extension: [
          {
            url: 'term-grade',
            extension: [
              { url: 'term', valueCoding: { system: /CodeSystem\/ctcae$/, version: '5.0' } },
              { url: 'grade', valueInteger: 3 },
              { url: 'at', valueInstant: '2026-11-24T09:09:00.000Z' },
            ],
          },
          { url: 'others-at-zero', valueInteger: 0 },
        ],
      },
    ]);
    const posted = await app.send('POST', '/Task/$worklist', { resourceType: 'Parameters', parameter: [] });
    t.same(patientsIn(posted.body), patientsIn(body), 'POST says the same');
  },
);

t.test('last grades follow what is reported, amended and withdrawn', async (t) => {
  const { app, patient } = await ward(t);
  const subject = await patient(2, 0);
  const form = await weeklyForm(app);
  const response = await post(
    app,
    aResponse(form, subject, '2026-11-24T09:05:00Z', { PROCTCAE_16A_SCL: 3, PROCTCAE_9A_SCL: 0 }),
  );
  const grades = async () => {
    const { body } = await app.send('GET', `/Task/$worklist?patient=${subject}`);
    const parts = listed(body)[0]?.search?.extension?.[0]?.extension ?? [];
    return parts.map(({ extension, valueInteger }) =>
      extension
        ? extension
            .map((part) => part.valueCoding?.code ?? part.valueInteger)
            .filter((value) => value !== undefined)
            .join(' ')
        : valueInteger,
    );
  };
  const before = await grades();
  t.ok(
    before.some((text) => String(text).startsWith('PROCTCAE_16_COMP ')),
    before.join(),
  );
  const { body } = await app.send('GET', `/QuestionnaireResponse/${response.id}`);
  const withdrawn = await app.send('PUT', `/QuestionnaireResponse/${response.id}`, {
    ...body,
    status: 'entered-in-error',
  });
  t.equal(withdrawn.status, 200);
  const after = await grades();
  t.notOk(
    after.some((text) => String(text).startsWith('PROCTCAE')),
    after.join(),
  );
  t.equal(after.at(-1), Number(before.at(-1)) - 1, 'what was said to be 0 is no longer known');
  const { rows } = await app.deps.db.pool.query<{ state: string; last_grades: string }>(
    'select state, last_grades from patient_state',
  );
  for (const { state, last_grades } of rows)
    t.equal(last_grades, writeLastGrades(readState(state)), 'that of the state');
});

t.test('a list is narrowed by level, owner, state and patient', async (t) => {
  const { app, patient } = await ward(t);
  const [one, two, three] = [await patient(3, 0), await patient(2, 1), await patient(1, 2)];
  const { body } = await app.send('GET', '/Task/$worklist');
  const [first, second, third] = tasksIn(body);
  t.equal((await move(app, first ?? {}, { status: 'accepted', owner: ANNA })).status, 200);
  t.equal((await move(app, second ?? {}, { status: 'in-progress', owner: BILAL })).status, 200);
  const escalated = await app.send('POST', `/Task/${third?.id}/$escalate`, {
    resourceType: 'Parameters',
    parameter: [
      { name: 'author', valueReference: ANNA },
      { name: 'reason', valueString: 'wants a physician' },
    ],
  });
  t.equal(escalated.status, 200);
  const found = async (query: string) => patientsIn((await app.send('GET', `/Task/$worklist?${query}`)).body);
  t.same(await found('owner=Practitioner/anna'), [one]);
  t.same(await found('owner=http://localhost:8080/fhir/Practitioner/anna'), [one], 'absolute or relative');
  t.same(await found('owner=Practitioner/nobody'), []);
  t.same(await found('level=nurse'), [one, two]);
  t.same(await found('level=physician'), [three]);
  t.same(await found('state=waiting'), [three]);
  t.same((await found('state=taken,snoozed')).sort(), [one, two].sort());
  t.same(await found(`patient=${two}`), [two]);
  t.same(await found(`patient=${two.slice('Patient/'.length)}&level=physician`), []);
  await move(app, first ?? {}, { status: 'completed', output: outcome('advice-given') });
  t.same(await found('owner=Practitioner/anna'), [], 'what is done is no longer open');
});

t.test('what is snoozed is shown where it is asked for', async (t) => {
  const { app, patient } = await ward(t);
  const subject = await patient(2, 0);
  const [task] = tasksIn((await app.send('GET', '/Task/$worklist')).body);
  const snoozed = await move(app, task ?? {}, {
    status: 'on-hold',
    owner: ANNA,
    extension: [
      ...(task?.extension ?? []),
      {
        url: 'https://vigie.example/fhir/StructureDefinition/expected-level',
        extension: [
          { url: 'level', valueInteger: 2 },
          { url: 'until', valueDateTime: '2026-12-01T09:00:00Z' },
        ],
      },
    ],
  });
  t.equal(snoozed.status, 200);
  t.same(patientsIn((await app.send('GET', '/Task/$worklist')).body), []);
  t.same(patientsIn((await app.send('GET', '/Task/$worklist?state=snoozed')).body), [subject]);
  t.same(patientsIn((await app.send('GET', '/Task/$worklist?state=waiting,taken,snoozed')).body), [subject]);
});

t.test('what does not change between two pages comes exactly once, whatever else moves', async (t) => {
  const { app, patient, count } = await ward(t);
  const still: string[] = [];
  const moving: string[] = [];
  for (let minute = 0; minute < 6; minute += 1) {
    still.push(await patient(2, minute * 2));
    moving.push(await patient(minute % 2 ? 2 : 1, minute * 2 + 1));
  }
  const seen: (string | undefined)[] = [];
  let page = 0;
  for (let next: string | undefined = '/Task/$worklist?_count=2'; next !== undefined; page += 1) {
    const { status, body } = await app.send('GET', next);
    t.equal(status, 200);
    seen.push(...patientsIn(body));
    next = nextOf(body);
    const one = moving[page];
    // Some go up, some end, and new ones come in before and after the page.
    if (one !== undefined) await count(one, page % 2 ? 0 : 3, 60 + page);
    if (page === 1) await patient(3, 70);
    if (page === 2) await patient(1, 71);
  }
  for (const one of still) t.equal(seen.filter((patient) => patient === one).length, 1, one);
  t.ok(page >= 4, `${page} pages`);
});

t.test('a page is as long as is asked for, up to the most', async (t) => {
  const { app, patient } = await ward(t);
  for (let minute = 0; minute < 3; minute += 1) await patient(2, minute);
  const sizes: [count: number, tasks: number, more: boolean][] = [
    [1, 1, true],
    [2, 2, true],
    [3, 3, false],
    [999, 3, false],
  ];
  for (const [count, tasks, more] of sizes) {
    const { body } = await app.send('GET', `/Task/$worklist?_count=${count}`);
    t.equal(listed(body).length, tasks);
    t.equal(nextOf(body) !== undefined, more, `${count}`);
  }
});

t.test('what cannot be understood is refused', async (t) => {
  const { app } = await ward(t);
  for (const query of ['level=nurses', 'state=open', '_count=0', 'patient=a%20b', 'colour=red', '_cursor=abc']) {
    t.equal((await app.send('GET', `/Task/$worklist?${query}`)).status, 400, query);
  }
  t.match((await app.send('GET', '/Task/$worklist?level=nurses')).text, 'level: expected nurse, physician');
  const empty = await app.send('GET', '/Task/$worklist?level=physician');
  t.equal(empty.status, 200);
  t.notOk('entry' in empty.body);
});

t.test('nobody sees the work of another patient or of another tenant', async (t) => {
  const { app, patient } = await ward(t);
  const [one, two] = [await patient(3, 0), await patient(3, 1)].map((reference) => reference.slice('Patient/'.length));
  const { db } = app.deps;
  const page = { states: ['waiting', 'taken', 'snoozed'], count: 20 } as const;
  const own = await worklistPage(db, { tenant: 1, patient: { id: one ?? '' } }, page);
  t.same(
    own.items.map(({ patient }) => patient),
    [one],
  );
  const other = { ...page, patient: two ?? '' };
  t.same((await worklistPage(db, { tenant: 1, patient: { id: one ?? '' } }, other)).items, []);
  t.same((await worklistPage(db, { tenant: 2, patient: 'everyone' }, page)).items, []);
  t.equal((await worklistPage(db, { tenant: 1, patient: 'everyone' }, page)).items.length, 2);
});
