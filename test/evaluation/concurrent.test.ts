import t from 'tap';
import { NOW, testApp } from '../support/app.ts';
import { faultyApp } from '../support/faulty.ts';
import {
  ALT,
  aResult,
  CREATININE,
  flagsOf,
  gradesOf,
  LADDER_POLICY,
  NEUTROPHILS,
  POTASSIUM,
  post,
  type Result,
} from '../support/observations.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';

/** Fifteen results of one sample. */
const PANEL: readonly Omit<Result, 'at'>[] = [
  { loinc: NEUTROPHILS, value: 0.8, unit: '10*9/L', low: 1.8, high: 7 },
  { loinc: POTASSIUM, value: 2.9, unit: 'mmol/L', low: 3.5, high: 5 },
  { loinc: ALT, value: 90, unit: 'U/L', low: 5, high: 40 },
  { loinc: '1920-8', value: 30, unit: 'U/L', low: 5, high: 40 },
  { loinc: '6768-6', value: 300, unit: 'U/L', low: 40, high: 120 },
  { loinc: '2324-2', value: 20, unit: 'U/L', low: 5, high: 60 },
  { loinc: '1975-2', value: 10, unit: 'umol/L', low: 3, high: 21 },
  { loinc: CREATININE, value: 70, unit: 'umol/L', low: 45, high: 84 },
  { loinc: '718-7', value: 75, unit: 'g/L', low: 120, high: 160 },
  { loinc: '777-3', value: 45, unit: '10*9/L', low: 150, high: 400 },
  { loinc: '6690-2', value: 2.5, unit: '10*9/L', low: 4, high: 10 },
  { loinc: '2951-2', value: 128, unit: 'mmol/L', low: 135, high: 145 },
  { loinc: '17861-6', value: 9, unit: 'mg/dL', low: 8.5, high: 10.5 },
  { loinc: '19123-9', value: 0.8, unit: 'mmol/L', low: 0.7, high: 1 },
  { loinc: '9279-1', value: 16, unit: '/min' },
];

const at = (minute: number) => `2026-11-20T08:${String(minute).padStart(2, '0')}:00Z`;

t.test('a transaction of fifteen results grades each as alone', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  await post(app, LADDER_POLICY);
  const [together, apart] = [await aPatient(app), await aPatient(app)];
  const entry = PANEL.map((result, place) => ({
    resource: aResult(together, { ...result, at: at(place) }),
    request: { method: 'POST', url: 'Observation' },
  }));
  const answer = await app.send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry });
  t.equal(answer.status, 200, answer.text);
  const ids: string[] = answer.body.entry.map(
    ({ response }: { response: { location: string } }) => /Observation\/([^/]+)/.exec(response.location)?.[1],
  );
  for (const [place, result] of PANEL.entries()) {
    const { id } = await post(app, aResult(apart, { ...result, at: at(place) }));
    const grades = await gradesOf(app, `Observation/${id}`);
    t.same(await gradesOf(app, `Observation/${ids[place]}`), grades, result.loinc);
    t.equal(grades.length > 0, result.loinc !== '9279-1', result.loinc);
  }
  const flags = await flagsOf(app, together);
  t.same(flags, await flagsOf(app, apart));
  t.ok(flags.some((text) => text.includes('Neutrophil count decreased: CTCAE 5.0 grade 3')));
  const wrong = { ...aResult(together, { ...PANEL[0], at: at(30) } as Result), effectiveDateTime: undefined };
  const refused = await app.send('POST', '', {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [...entry, { resource: wrong, request: { method: 'POST', url: 'Observation' } }],
  });
  t.equal(refused.status, 422);
  t.match(refused.body.issue[0].expression, ['Bundle.entry[15].resource.effective']);
});

t.test('sixteen at once, results and responses, leave one open episode of each term', async (t) => {
  const app = await testApp({ now: () => NOW, connections: 20 });
  t.teardown(() => app.close());
  await post(app, LADDER_POLICY);
  const patient = await aPatient(app);
  const form = await weeklyForm(app);
  const writes = Array.from({ length: 16 }, (_, k) =>
    k % 2 === 0
      ? post(app, aResult(patient, { loinc: NEUTROPHILS, value: 0.8, unit: '10*9/L', low: 1.8, high: 7, at: at(k) }))
      : post(app, aResponse(form, patient, at(k), { PROCTCAE_16A_SCL: 4 })),
  );
  await Promise.all(writes);
  const { body } = await app.send('GET', `/Flag?patient=${patient}&status=active`);
  const codes: string[] = body.entry.map(
    ({ resource }: { resource: { code: { coding: { code: string }[] } } }) => resource.code.coding[0]?.code,
  );
  t.equal(new Set(codes).size, codes.length, codes.join());
  t.ok(codes.includes('neutrophil_count_decreased') && codes.includes('PROCTCAE_16_COMP'));
  const { rows } = await app.deps.db.pool.query('select count(*)::int as n from report where source_type = $1', [
    'Observation',
  ]);
  t.same(rows, [{ n: 8 }]);
});

for (const [how, code, text] of [
  ['spent', 'policy-budget', 'Alert policies were not fully evaluated on this report: a person must read it'],
  ['erring', 'policy-error', 'An alert policy failed on this report: a person must read it'],
] as const) {
  t.test(`policies that are not wholly evaluated never block a report, and a person is told: ${code}`, async (t) => {
    const { app, catalog, patient } = await faultyApp(t);
    catalog.how = how;
    const result = aResult(patient, { loinc: NEUTROPHILS, value: 0.8, unit: '10*9/L', low: 1.8, high: 7, at: at(0) });
    const { id } = await post(app, result);
    t.equal((await gradesOf(app, `Observation/${id}`)).length, 2, 'it is graded all the same');
    t.same(await flagsOf(app, patient), [`active v1 ${text}`]);
    const { body } = await app.send('GET', `/Flag?patient=${patient}`);
    t.match(body.entry[0].resource, {
      code: { coding: [{ system: 'https://vigie.example/fhir/CodeSystem/flag-code', code }] },
      extension: [{ valueCodeableConcept: { coding: [{ code: 'PH' }] } }],
    });
    const put = (status: string) => app.send('PUT', `/Observation/${id}`, { ...result, id, status });
    t.equal((await put('amended')).status, 200);
    t.same(await flagsOf(app, patient), [`active v1 ${text}`], 'told once');
    catalog.how = 'sound';
    const again = await put('amended');
    t.equal(again.status, 200, again.text);
    t.same(
      (await flagsOf(app, patient)).map((told) => told.replace(/:.*/, '')),
      ['active v1 Neutrophil count decreased', `inactive v2 ${text.replace(/:.*/, '')}`],
    );
  });
}

t.test('a Flag of one failure ends where there is another', async (t) => {
  const { app, catalog, patient } = await faultyApp(t);
  catalog.how = 'spent';
  const result = aResult(patient, { loinc: NEUTROPHILS, value: 0.8, unit: '10*9/L', low: 1.8, high: 7, at: at(0) });
  const { id } = await post(app, result);
  catalog.how = 'erring';
  await app.send('PUT', `/Observation/${id}`, { ...result, id, status: 'amended' });
  t.match(await flagsOf(app, patient), [/^active v1 An alert policy failed/, /^inactive v2 Alert policies were not/]);
  await app.send('PUT', `/Observation/${id}`, { ...result, id, status: 'entered-in-error' });
  t.match(await flagsOf(app, patient), [/^entered-in-error v2 An alert/, /^inactive v2 Alert policies/]);
});

t.test('a failure of the policies never loses a result, and what was missed is made up for', async (t) => {
  const { app, catalog, patient } = await faultyApp(t);
  catalog.how = 'failing';
  const anc = { loinc: NEUTROPHILS, value: 0.8, unit: '10*9/L', low: 1.8, high: 7 };
  const missed = await post(app, aResult(patient, { ...anc, at: at(0) }));
  t.same(await gradesOf(app, `Observation/${missed.id}`), []);
  t.same(await flagsOf(app, patient), ['active v1 Report received but not evaluated: a person must read it']);
  t.equal((await app.send('DELETE', `/Observation/${missed.id}`)).status, 409);
  t.notOk(app.log.join('').includes('Zebulon'), 'the text of the error is not logged');
  catalog.how = 'sound';
  await post(app, aResult(patient, { ...anc, value: 0.9, at: at(1) }));
  t.match(await gradesOf(app, `Observation/${missed.id}`), [/febrile/, 'neutrophil_count_decreased@5.0 3 amended v1']);
  const flags = await flagsOf(app, patient);
  t.equal(flags.filter((text) => text.includes('Neutrophil count decreased')).length, 1, flags.join());
});
