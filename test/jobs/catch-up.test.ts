import type { Task } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { respondWithinExtension } from '../../src/rules/work/respond-within.ts';
import type { TestApp } from '../support/app.ts';
import { type ClockStory, clockStory, MORNING, PERSISTS } from '../support/clock.ts';
import { ALT, aResult, NEUTROPHILS, post } from '../support/observations.ts';
import { aPlan, aReportingPolicy } from '../support/plans.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { ANNA, move, tasksOf } from '../support/work.ts';

/** As the policy that asks again after three days; what it opens may wait for 150 hours, so that it is hastened. */
const PATIENT = {
  ...PERSISTS,
  action: PERSISTS.action?.map((one, place) =>
    place === 0
      ? { ...one, extension: [...(one.extension ?? []), respondWithinExtension({ hours: 150, clock: 'always' })] }
      : one,
  ),
};

const SILENCE = aReportingPolicy('silence', [
  ['open', "%finding.term = 'missing-report' and %finding.min >= 1", 'PL'],
  ['escalate', "%finding.term = 'missing-report' and %finding.min >= 1 and %previous.grade >= 1", 'PM'],
  ['close', "%finding.term = 'missing-report' and %finding.max = 0"],
]);

const daily = (...timeOfDay: string[]) => ({
  repeat: { period: 1, periodUnit: 'd' as const, timeOfDay },
});
const HOUR = 3_600_000;
const after = (hours: number): string => new Date(Date.parse(MORNING) + hours * HOUR).toISOString();
const neutrophils = (patient: string, value: number, at: string) =>
  aResult(patient, { loinc: NEUTROPHILS, value, unit: '10*9/L', low: 1.8, high: 7, at });
const DOWN = 24;
const UP = 122;

interface Life extends ClockStory {
  patients: Readonly<Record<string, string>>;
}

/** Some patients of whom nobody hears any more, and whom nobody looks after, a day on; something of one has changed and was not looked at. */
async function life(t: Test): Promise<Life> {
  const story = await clockStory(t, PATIENT);
  const { app, patient, count, at, until } = story;
  await post(app, SILENCE);
  const [once, twice, withdrawn, asleep] = [
    await aPatient(app),
    await aPatient(app),
    await aPatient(app),
    await aPatient(app),
  ];
  const form = await weeklyForm(app);
  await post(app, aPlan(once, daily('11:00:00')));
  await post(app, aPlan(twice, daily('11:00:00', '19:00:00')));
  await post(app, aPlan(withdrawn, daily('11:00:00')));
  await count(1.2, '2026-11-24T08:30:00Z');
  await post(app, neutrophils(asleep, 1.2, '2026-11-24T08:30:00Z'));
  const [task] = await tasksOf(app, asleep);
  const level = {
    url: `${CANONICAL}/StructureDefinition/expected-level`,
    extension: [
      { url: 'level', valueInteger: 2 },
      { url: 'until', valueDateTime: '2026-11-26' },
    ],
  };
  const snooze = { status: 'on-hold', owner: ANNA, extension: [...(task?.extension ?? []), level] };
  t.equal((await move(app, task ?? {}, snooze)).status, 200);
  at('2026-11-24T10:30:00.000Z');
  const answer = await post(app, aResponse(form, withdrawn, '2026-11-24T10:30:00.000Z', { PROCTCAE_16A_SCL: 0 }));
  for (let hours = 2; hours <= DOWN; hours += 1) await until(after(hours));
  await app.send('PUT', `/QuestionnaireResponse/${answer.id}`, { ...answer, status: 'entered-in-error' });
  return { ...story, patients: { persists: patient, once, twice, withdrawn, asleep } };
}

/** Every version of the work of a patient, without what names it. */
async function versionsOf(app: TestApp, patient: string): Promise<Partial<Task>[]> {
  const histories = await Promise.all(
    (await tasksOf(app, patient)).map(async ({ id }) => (await app.send('GET', `/Task/${id}/_history`)).body.entry),
  );
  return histories.flatMap((entries) =>
    entries.reverse().map(({ resource }: { resource: Task }) => {
      const { meta: _meta, id: _id, identifier: _identifier, focus: _focus, for: _for, ...rest } = resource;
      return rest;
    }),
  );
}

const line = ({ status, businessStatus, priority, performerType, restriction, lastModified = '' }: Partial<Task>) =>
  [
    lastModified.slice(5, 16),
    status,
    businessStatus?.coding?.[0]?.code,
    priority,
    performerType?.[0]?.coding?.[0]?.code,
    `${restriction?.period?.start?.slice(5, 16)}/${restriction?.period?.end?.slice(5, 16)}`,
  ].join(' ');

t.test('the work of days without the service is that of days that were run through hour by hour', async (t) => {
  const through = await life(t);
  for (let hours = DOWN + 1; hours <= UP; hours += 1) await through.until(after(hours));
  const jumped = await life(t);
  await jumped.until(after(UP));
  for (const name of Object.keys(through.patients)) {
    const [one, other] = [
      await versionsOf(through.app, through.patients[name] ?? ''),
      await versionsOf(jumped.app, jumped.patients[name] ?? ''),
    ];
    t.same(other.map(line), one.map(line), name);
    t.same(other, one, `${name}: to the last note`);
    t.ok(one.length > 1, `${name} has a history`);
    const dates = other.map(({ lastModified }) => lastModified);
    t.same(dates, [...dates].sort(), `${name}: time runs on`);
  }
  const linesOf = async (name: string) => (await versionsOf(jumped.app, jumped.patients[name] ?? '')).map(line);
  t.same(
    await linesOf('once'),
    [
      '11-25T10:00 requested new routine nurse 11-25T10:00/11-25T14:00',
      '11-25T14:00 requested escalated urgent physician 11-25T14:00/11-26T10:00',
      '11-26T10:00 requested overdue urgent physician 11-25T14:00/11-26T10:00',
      '11-26T10:00 requested escalated urgent physician 11-26T10:00/11-26T14:00',
      '11-26T14:00 requested overdue urgent physician 11-26T10:00/11-26T14:00',
    ],
    'made by a slot, of its end',
  );
  t.match(
    await linesOf('persists'),
    [/^11-24T09:00 requested new routine nurse/, /^11-27T08:30 requested new urgent nurse/],
    'hastened by a moment',
  );
});

const lines = async ({ app, patient }: ClockStory): Promise<string[]> => (await versionsOf(app, patient)).map(line);

t.test('what comes to light late makes work of when it was known, and not of before', async (t) => {
  const story = await clockStory(t, PATIENT);
  story.at('2026-12-10T08:00:00.000Z');
  await story.count(1.2, '2026-12-01T08:30:00Z');
  await story.until('2026-12-10T08:00:00.000Z');
  t.same(await lines(story), [
    '12-10T08:00 requested new routine nurse 12-10T08:00/12-16T14:00',
    '12-10T08:00 requested new urgent nurse 12-10T08:00/12-10T12:00',
  ]);
});

t.test('also where nobody was called before', async (t) => {
  const quiet: typeof PERSISTS = JSON.parse(JSON.stringify(PERSISTS).replaceAll('"PL"', '"PN"'));
  const story = await clockStory(t, quiet);
  story.at('2026-12-10T08:00:00.000Z');
  await story.count(1.2, '2026-12-01T08:30:00Z');
  t.same(await lines(story), []);
  await story.until('2026-12-10T08:00:00.000Z');
  t.same(await lines(story), ['12-10T08:00 requested new urgent nurse 12-10T08:00/12-10T12:00']);
});

t.test('what was known before is of its moment, also where a report comes before it is heard', async (t) => {
  const story = await clockStory(t, PATIENT);
  await story.count(1.2, '2026-11-24T08:30:00Z');
  story.at('2026-11-29T08:00:00.000Z');
  // It is of before, so that all is folded anew, and of another term.
  const liver = aResult(story.patient, {
    loinc: ALT,
    value: 20,
    unit: 'U/L',
    low: 5,
    high: 40,
    at: '2026-11-23T08:00:00Z',
  });
  await post(story.app, liver);
  await story.until('2026-11-29T08:00:00.000Z');
  t.same(await lines(story), [
    '11-24T09:00 requested new routine nurse 11-24T09:00/11-30T15:00',
    '11-27T08:30 requested new urgent nurse 11-24T09:00/11-27T12:30',
    '11-27T12:30 requested escalated asap physician 11-27T12:30/11-30T08:30',
  ]);
});

t.test('what a person does before it is heard stands, and no step is dated before it', async (t) => {
  const story = await clockStory(t, PATIENT);
  await story.count(1.2, '2026-11-24T08:30:00Z');
  const [task] = await tasksOf(story.app, story.patient);
  story.at('2026-11-27T09:00:00.000Z');
  t.equal((await move(story.app, task ?? {}, { status: 'accepted', owner: ANNA })).status, 200);
  await story.until('2026-11-27T09:00:00.000Z');
  t.same((await lines(story)).slice(1), [
    '11-27T09:00 accepted acknowledged routine nurse 11-24T09:00/11-30T15:00',
    '11-27T09:00 accepted acknowledged urgent nurse 11-24T09:00/11-27T13:00',
  ]);
});

t.test('what is gone through anew late is as of its moment, and what ended since then of its own', async (t) => {
  const { app, at, until } = await clockStory(t, PATIENT);
  await post(app, SILENCE);
  const [patient, form] = [await aPatient(app), await weeklyForm(app)];
  await post(app, aPlan(patient, daily('11:00:00')));
  await until('2026-11-24T10:30:00.000Z');
  const answer = await post(app, aResponse(form, patient, '2026-11-24T10:30:00.000Z', { PROCTCAE_16A_SCL: 0 }));
  await until('2026-11-25T10:00:00.000Z');
  t.same(await tasksOf(app, patient), []);
  at('2026-11-25T11:00:00.000Z');
  await app.send('PUT', `/QuestionnaireResponse/${answer.id}`, { ...answer, status: 'entered-in-error' });
  await until('2026-11-26T10:00:00.000Z');
  t.same((await versionsOf(app, patient)).map(line), [
    '11-25T11:00 requested new routine nurse 11-25T11:00/11-25T15:00',
    '11-25T15:00 requested escalated urgent physician 11-25T15:00/11-26T11:00',
    '11-26T10:00 requested escalated urgent physician 11-25T15:00/11-26T11:00',
  ]);
});

t.test('a slot is judged by the treatment of its end, however late it is heard', async (t) => {
  const { app, until } = await clockStory(t, PATIENT);
  const missing = "%finding.term = 'missing-report' and %finding.min >= 1";
  const judged = aReportingPolicy('treated', [
    ['open', missing, 'PL'],
    ['open', `${missing} and (%treatment.systemic.empty() or %treatment.systemic)`, 'PH'],
  ]);
  await post(app, judged);
  const patient = await aPatient(app);
  const kind = { coding: [{ system: `${CANONICAL}/CodeSystem/treatment`, code: 'systemic' }] };
  // Of later nobody knows.
  await post(app, {
    resourceType: 'MedicationStatement',
    status: 'not-taken',
    subject: { reference: patient },
    category: kind,
    medicationCodeableConcept: kind,
    effectivePeriod: { start: '2026-01-01', end: '2026-11-26' },
  });
  await post(app, aPlan(patient, daily('11:00:00')));
  await until('2026-11-29T08:00:00.000Z');
  const [first] = await versionsOf(app, patient);
  t.equal(first && line(first), '11-25T10:00 requested new routine nurse 11-25T10:00/11-25T14:00');
});
