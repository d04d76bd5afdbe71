import type { Observation } from '@medplum/fhirtypes';
import t from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import {
  ALT,
  aPolicy,
  aResult,
  CREATININE,
  flagsOf,
  gradesOf,
  LADDER_POLICY,
  NEUTROPHILS,
  post,
  quantity,
} from '../support/observations.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';

const UNIT = 'U/L';
const alt = (patient: string, value: number, at: string, extra: Partial<Observation> = {}) =>
  aResult(patient, { loinc: ALT, value, unit: UNIT, low: 5, high: 40, at }, extra);
const recorded = { extension: [{ url: `${CANONICAL}/StructureDefinition/baseline-report`, valueBoolean: true }] };

const author = { name: 'author', valueReference: { reference: 'Practitioner/anna' } };
const reason = { name: 'reason', valueString: 'Before the first dose' };
const anc = (app: TestApp, patient: string, value: number, at: string) =>
  post(app, aResult(patient, { loinc: NEUTROPHILS, value, unit: '10*9/L', low: 1.8, high: 7, at }));
const expectLevel = (app: TestApp, flag: string, parameter: object[]) =>
  app.send('POST', `/Flag/${flag}/$expect`, { resourceType: 'Parameters', parameter });

/** Priority and status of a Flag. */
async function shownBy(app: TestApp, flag: string): Promise<string> {
  const { extension, status } = (await app.send('GET', `/Flag/${flag}`)).body;
  const priority = extension.find(({ url }: { url: string }) => url.endsWith('/flag-priority'));
  return `${priority.valueCodeableConcept.coding[0].code} ${status}`;
}

const setBaseline = (app: TestApp, patient: string, parameter: object[]) =>
  app.send('POST', `/${patient}/$set-baseline`, { resourceType: 'Parameters', parameter });

t.test('a baseline that is recorded late grades anew what came after it, in one write', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  await post(app, aPolicy('cautious', [['open', "%finding.kind = 'ladder' and %finding.max >= 3", 'PM']]));
  const patient = await aPatient(app);
  const before = await post(app, alt(patient, 250, '2026-10-01T08:00:00Z'));
  const after = await post(app, alt(patient, 250, '2026-11-10T08:00:00Z'));
  const open = ['alt_increased@5.0 0-3 final v1'];
  t.same(
    await gradesOf(app, `Observation/${after.id}`),
    open,
    'six times the limit of normal, unless it was high before',
  );
  t.equal((await flagsOf(app, patient)).length, 1);

  const answer = await setBaseline(app, patient, [
    { name: 'code', valueCoding: { system: 'http://loinc.org', code: ALT } },
    { name: 'value', valueQuantity: quantity(100, UNIT) },
    { name: 'high', valueQuantity: quantity(40, UNIT) },
    { name: 'at', valueDateTime: '2026-11-01T08:00:00Z' },
    author,
    reason,
  ]);
  t.equal(answer.status, 200, answer.text);
  t.match(answer.body, {
    resourceType: 'Observation',
    subject: { reference: patient },
    valueQuantity: { value: 100 },
    performer: [{ reference: 'Practitioner/anna' }],
    note: [{ text: 'Before the first dose' }],
  });
  t.same(await gradesOf(app, `Observation/${before.id}`), open, 'what came before it stays');
  t.same(
    await gradesOf(app, `Observation/${after.id}`),
    ['alt_increased@5.0 1 amended v2'],
    '2.5 times an abnormal baseline',
  );
  const regraded = (await app.send('GET', `/Observation?derived-from=Observation/${after.id}`)).body.entry[0].resource;
  t.same(
    regraded.derivedFrom.map(({ reference }: { reference: string }) => reference),
    [`Observation/${after.id}`, `Observation/${answer.body.id}`],
    'it rests on the baseline too',
  );
  t.ok(JSON.stringify(regraded.component).includes('"baseline"'));

  const named = await app.send('GET', `/Provenance?target=Observation/${regraded.id}/_history/2`);
  t.equal(named.body.entry.length, 1);
  const provenance = named.body.entry[0].resource;
  t.match(provenance.reason, [{ text: 'Before the first dose' }]);
  t.ok(provenance.agent.some(({ who }: { who: { reference: string } }) => who.reference === 'Practitioner/anna'));
  t.ok(JSON.stringify(provenance.entity).includes(`Observation/${answer.body.id}/_history/1`));
  const targets: string[] = provenance.target.map(({ reference }: { reference: string }) => reference);
  t.ok(
    targets.some((target) => target.startsWith('Flag/')),
    'the Flag that changed is named by the same one',
  );

  t.equal((await app.send('DELETE', `/Observation/${answer.body.id}`)).status, 409);
  const withdrawn = await app.send('PUT', `/Observation/${answer.body.id}`, {
    ...answer.body,
    status: 'entered-in-error',
  });
  t.equal(withdrawn.status, 200, withdrawn.text);
  t.same(
    await gradesOf(app, `Observation/${after.id}`),
    ['alt_increased@5.0 0-3 amended v3'],
    'a baseline taken back is none',
  );
});

t.test('a baseline that comes in order grades what comes next', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  await post(app, {
    ...aResult(patient, {
      loinc: CREATININE,
      value: 80,
      unit: 'umol/L',
      low: 45,
      high: 84,
      at: '2026-11-01T08:00:00Z',
    }),
    ...recorded,
  });
  const { id } = await post(
    app,
    aResult(patient, { loinc: CREATININE, value: 170, unit: 'umol/L', low: 45, high: 84, at: '2026-11-08T08:00:00Z' }),
  );
  t.same(await gradesOf(app, `Observation/${id}`), ['creatinine_increased@5.0 2 final v1']);
});

t.test('both versions stand side by side where a site or a study asks for both', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const anc = (patient: string) =>
    post(
      app,
      aResult(patient, {
        loinc: NEUTROPHILS,
        value: 0.4,
        unit: '10*9/L',
        low: 1.8,
        high: 7,
        at: '2026-11-10T08:00:00Z',
      }),
    );
  const own = async (id: string) =>
    (await gradesOf(app, `Observation/${id}`)).filter((text) => text.startsWith('neutrophil_count_decreased'));
  const study = async (versions: string[]) =>
    post(app, {
      resourceType: 'ResearchStudy',
      status: 'active',
      extension: versions.map((valueCode) => ({ url: `${CANONICAL}/StructureDefinition/ctcae-versions`, valueCode })),
    });
  const subject = (studyId: string, patient: string, status: string) =>
    post(app, {
      resourceType: 'ResearchSubject',
      status,
      study: { reference: `ResearchStudy/${studyId}` },
      individual: { reference: patient },
    });

  const alone = await aPatient(app);
  t.same(await own((await anc(alone)).id), ['neutrophil_count_decreased@5.0 4 final v1'], 'the site');
  const both = await study(['5.0', '6.0']);
  const enrolled = await aPatient(app);
  await subject(both.id, enrolled, 'on-study');
  t.same(await own((await anc(enrolled)).id), [
    'neutrophil_count_decreased@5.0 4 final v1',
    'neutrophil_count_decreased@6.0 3 final v1',
  ]);
  const six = await study(['6.0']);
  const sixth = await aPatient(app);
  await subject(six.id, sixth, 'candidate');
  t.same(
    await own((await anc(sixth)).id),
    ['neutrophil_count_decreased@6.0 3 final v1'],
    'a study in place of the site',
  );
  const left = await aPatient(app);
  await subject(six.id, left, 'withdrawn');
  t.same(await own((await anc(left)).id), ['neutrophil_count_decreased@5.0 4 final v1'], 'who has left the study');

  const two = await testApp({
    now: () => NOW,
    change: (deps) => Object.assign(deps, { ctcaeVersions: ['5.0', '6.0'] }),
  });
  t.teardown(() => two.close());
  await post(two, LADDER_POLICY);
  const patient = await aPatient(two);
  await post(
    two,
    aResult(patient, { loinc: NEUTROPHILS, value: 0.4, unit: '10*9/L', low: 1.8, high: 7, at: '2026-11-10T08:00:00Z' }),
  );
  t.same(await flagsOf(two, patient), [
    'active v1 Neutrophil count decreased: CTCAE 5.0 grade 4 (0.4 10*9/L, laboratory)',
    'active v1 Neutrophil count decreased: CTCAE 6.0 grade 3 (0.4 10*9/L, laboratory)',
  ]);
});

t.test('the baseline of a term is recorded by a clinician, and opens nothing', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  await post(app, aPolicy('over-baseline', [['open', '%finding.grade > %baseline.grade', 'PL']]));
  const patient = await aPatient(app);
  const form = await weeklyForm(app);
  const term = { system: `${CANONICAL}/CodeSystem/pro-ctcae`, code: 'PROCTCAE_16_COMP' };
  const answer = await setBaseline(app, patient, [
    { name: 'code', valueCoding: term },
    { name: 'grade', valueInteger: 1 },
    { name: 'at', valueDateTime: '2026-11-01T08:00:00Z' },
    author,
    reason,
  ]);
  t.equal(answer.status, 200, answer.text);
  t.same(await flagsOf(app, patient), [], 'a recorded baseline is no report');
  t.same(await gradesOf(app, `Observation/${answer.body.id}`), [], 'it is itself the Observation');
  await post(app, aResponse(form, patient, '2026-11-08T08:00:00Z', { PROCTCAE_16A_SCL: 1 }));
  t.same(await flagsOf(app, patient), [], 'no more than the baseline');
  await post(app, aResponse(form, patient, '2026-11-15T08:00:00Z', { PROCTCAE_16A_SCL: 3 }));
  const [flag = ''] = await flagsOf(app, patient);
  t.match(flag, /baseline 1/);
});

t.test('what a baseline lacks is refused', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const code = { name: 'code', valueCoding: { system: 'http://loinc.org', code: ALT } };
  const value = { name: 'value', valueQuantity: quantity(100, UNIT) };
  const term = (code: string, version?: string) => ({
    name: 'code',
    valueCoding: { system: `${CANONICAL}/CodeSystem/ctcae`, code, ...(version ? { version } : {}) },
  });
  const grade = (valueInteger: number) => ({ name: 'grade', valueInteger });
  const cases: [name: string, parameter: object[], status: number][] = [
    ['no code', [value, author, reason], 400],
    ['no value', [code, author, reason], 400],
    ['a value and a grade', [code, value, grade(1), author, reason], 400],
    ['no author', [code, value, reason], 400],
    ['no reason', [code, value, author], 400],
    [
      'a code that nothing is graded by',
      [{ name: 'code', valueCoding: { system: 'http://loinc.org', code: '9279-1' } }, value, author, reason],
      422,
    ],
    ['a CTCAE term without its version', [term('alt_increased'), grade(1), author, reason], 422],
    ['a grade beyond the scale', [term('alt_increased', '5.0'), grade(5), author, reason], 422],
    ['a term without a grade', [term('alt_increased', '5.0'), value, author, reason], 422],
    [
      'a moment that is far ahead',
      [code, value, { name: 'at', valueDateTime: '2027-01-01T00:00:00Z' }, author, reason],
      422,
    ],
  ];
  for (const [name, parameter, status] of cases) {
    const answer = await setBaseline(app, patient, parameter);
    t.equal(answer.status, status, `${name}: ${answer.text}`);
  }
  t.equal((await setBaseline(app, 'Patient/nobody', [code, value, author, reason])).status, 404);
});

t.test('a level that a clinician expects holds an alert back until its moment', async (t) => {
  let now = NOW;
  const app = await testApp({ now: () => now });
  t.teardown(() => app.close());
  await post(app, LADDER_POLICY);
  const patient = await aPatient(app);
  await anc(app, patient, 1.2, '2026-11-10T08:00:00Z');
  const flag = (await app.send('GET', `/Flag?patient=${patient}`)).body.entry[0].resource;
  const level = { name: 'level', valueInteger: 3 };
  const until = { name: 'until', valueDateTime: '2026-12-01T00:00:00Z' };
  const answer = await expectLevel(app, flag.id, [level, until, author, reason]);
  t.equal(answer.status, 200, answer.text);
  t.match(answer.body, {
    code: { coding: [{ code: 'neutrophil_count_decreased', version: '5.0' }] },
    focus: [{ reference: `Flag/${flag.id}` }],
    note: [{ text: 'Before the first dose' }],
  });
  const kept = await app.send('GET', `/Provenance?target=Observation/${answer.body.id}`);
  t.equal(kept.body.entry.length, 1, 'who said so is in a Provenance');
  const refused: [name: string, parameter: object[]][] = [
    ['a grade beyond the scale', [{ name: 'level', valueInteger: 5 }, until, author, reason]],
    ['a moment gone by', [level, { name: 'until', valueDateTime: '2026-11-01T00:00:00Z' }, author, reason]],
    ['no author', [level, until, reason]],
  ];
  for (const [name, parameter] of refused) t.equal((await expectLevel(app, flag.id, parameter)).status, 400, name);

  now = new Date('2026-12-03T12:00:00.000Z');
  const reports: [name: string, value: number, at: string, shown: string][] = [
    ['a rise to the level is held back', 0.8, '2026-11-30T08:00:00Z', 'PM active'],
    ['also at the moment itself', 0.7, '2026-12-01T00:00:00Z', 'PM active'],
    ['the first report after it is judged without the level', 0.8, '2026-12-01T00:00:01Z', 'PH active'],
  ];
  for (const [name, value, at, shown] of reports) {
    const { id } = await anc(app, patient, value, at);
    t.match(await gradesOf(app, `Observation/${id}`), [/febrile/, /^neutrophil_count_decreased@5.0 3 /], name);
    t.equal(await shownBy(app, flag.id), shown, name);
  }
});

t.test('what lies above the level that is expected alerts before its moment', async (t) => {
  let now = NOW;
  const app = await testApp({ now: () => now });
  t.teardown(() => app.close());
  await post(app, LADDER_POLICY);
  const patients: [level: number, shown: string][] = [
    [3, 'PM active'],
    [2, 'PH active'],
  ];
  for (const [level, shown] of patients) {
    now = NOW;
    const patient = await aPatient(app);
    await anc(app, patient, 1.2, '2026-11-10T08:00:00Z');
    const flag = (await app.send('GET', `/Flag?patient=${patient}`)).body.entry[0].resource;
    const parameter = [
      { name: 'level', valueInteger: level },
      { name: 'until', valueDateTime: '2026-12-01T00:00:00Z' },
    ];
    const said = await expectLevel(app, flag.id, [...parameter, author, reason]);
    t.equal(said.status, 200, said.text);
    now = new Date('2026-11-23T12:00:00.000Z');
    await anc(app, patient, 0.8, '2026-11-22T08:00:00Z');
    t.equal(await shownBy(app, flag.id), shown, `grade 3 where ${level} is expected`);
  }
});

t.test('$set-baseline refuses what it would have to leave out, and a patient who is not there', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const code = { name: 'code', valueCoding: { system: 'http://loinc.org', code: ALT } };
  const below = { name: 'value', valueQuantity: { ...quantity(5, UNIT), comparator: '<' } };
  const value = { name: 'value', valueQuantity: quantity(30, UNIT) };
  t.equal((await setBaseline(app, patient, [code, below, author, reason])).status, 400, 'less than 5 is not 5');
  t.equal((await setBaseline(app, 'Patient/nobody', [code, value, author, reason])).status, 404);
  t.equal((await setBaseline(app, patient, [code, { name: 'grade', valueInteger: 1 }, author, reason])).status, 422);
  t.equal((await setBaseline(app, patient, [code, value, author, reason])).status, 200);
});

t.test('a baseline that no patient can have is refused, however it is recorded', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const cases: [loinc: string, value: number, unit: string, status: number][] = [
    ['29463-7', 800_000, 'kg', 422],
    ['29463-7', 650.1, 'kg', 422],
    ['29463-7', 650, 'kg', 200],
    ['29463-7', 0.0001, 'kg', 422],
    ['29463-7', 0.99, 'kg', 422],
    ['29463-7', 1, 'kg', 200],
    ['2823-3', 9000, 'mmol/L', 422],
    ['2823-3', 20.1, 'mmol/L', 422],
    ['2823-3', 20, 'mmol/L', 200],
    ['718-7', 85, 'g/dL', 422],
    ['718-7', 8.5, 'g/dL', 200],
  ];
  for (const [loinc, value, unit, status] of cases) {
    const name = `${loinc}: ${value} ${unit}`;
    const set = await setBaseline(app, patient, [
      { name: 'code', valueCoding: { system: 'http://loinc.org', code: loinc } },
      { name: 'value', valueQuantity: quantity(value, unit) },
      author,
      reason,
    ]);
    const at = '2026-11-01T08:00:00Z';
    const result = aResult(patient, { loinc, value, unit, at });
    const posted = await app.send('POST', '/Observation', { ...result, ...recorded });
    t.equal(set.status, status, name);
    t.equal(posted.status, status === 200 ? 201 : 422, name);
    t.equal((await app.send('POST', '/Observation', result)).status, 201, `${name}: a result is stored all the same`);
    if (status !== 422) continue;
    for (const { body } of [set, posted]) {
      t.match(body.issue, [{ severity: 'error', expression: ['Observation.value'] }], name);
      t.match(body.issue[0].diagnostics, new RegExp(`LOINC ${loinc}: at least .*, at most `), name);
    }
  }
});

t.test('a weight that no patient has is not graded, and takes no baseline away', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const weight = (value: number, at: string) =>
    post(app, aResult(patient, { loinc: '29463-7', value, unit: 'kg', at }));
  await post(app, aResult(patient, { loinc: '29463-7', value: 80, unit: 'kg', at: '2026-10-01T08:00:00Z' }, recorded));
  for (const [day, value] of [70_000, 800, 650.1, 0.07, 0.99].entries()) {
    const { id } = await weight(value, `2026-10-1${day}T08:00:00Z`);
    t.same(
      await gradesOf(app, `Observation/${id}`),
      ['weight_gain@5.0 none final v1', 'weight_loss@5.0 none final v1'],
      `${value} kg`,
    );
    const { body } = await app.send('GET', `/Observation?derived-from=Observation/${id}`);
    for (const { resource } of body.entry) t.match(JSON.stringify(resource.extension), /value-implausible/);
  }
  const { id } = await weight(64, '2026-11-10T08:00:00Z');
  t.same(await gradesOf(app, `Observation/${id}`), ['weight_gain@5.0 0 final v1', 'weight_loss@5.0 3 final v1']);
});
