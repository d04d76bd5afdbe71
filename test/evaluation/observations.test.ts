import t from 'tap';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { NOW, testApp } from '../support/app.ts';
import {
  ALT,
  aResult,
  flagsOf,
  gradesOf,
  LADDER_POLICY,
  NEUTROPHILS,
  POTASSIUM,
  post,
  quantity,
} from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';

const AT = '2026-11-20T08:00:00Z';

t.test('a laboratory result is graded, flagged and explained in the request that brings it', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  await post(app, LADDER_POLICY);
  const patient = await aPatient(app);
  const first = await post(
    app,
    aResult(patient, { loinc: NEUTROPHILS, value: 1.7, unit: '10*9/L', low: 1.8, high: 7, at: '2026-11-18T08:00:00Z' }),
  );
  t.same(await gradesOf(app, `Observation/${first.id}`), [
    'febrile_neutropenia@5.0 0 final v1',
    'neutrophil_count_decreased@5.0 1 final v1',
  ]);
  const second = await post(
    app,
    aResult(patient, { loinc: NEUTROPHILS, value: 0.8, unit: '10*9/L', low: 1.8, high: 7, at: AT }),
  );
  t.same(await gradesOf(app, `Observation/${second.id}`), [
    'febrile_neutropenia@5.0 0-3 final v1',
    'neutrophil_count_decreased@5.0 3 final v1',
  ]);
  t.same(await flagsOf(app, patient), [
    'active v1 Neutrophil count decreased: CTCAE 5.0 grade 3 (0.8 10*9/L, laboratory), was 1',
  ]);

  const { body: flags } = await app.send('GET', `/Flag?patient=${patient}`);
  const flag = flags.entry[0].resource;
  t.match(flag.code.coding[0], {
    system: 'https://vigie.example/fhir/CodeSystem/ctcae',
    version: '5.0',
    code: 'neutrophil_count_decreased',
  });
  const { body: derived } = await app.send(
    'GET',
    `/Observation?derived-from=Observation/${second.id}&code=neutrophil_count_decreased`,
  );
  const observation = derived.entry[0].resource;
  t.match(observation, {
    valueInteger: 3,
    effectiveDateTime: AT,
    method: { coding: [{ code: 'ctcae', version: '5.0' }] },
    derivedFrom: [{ reference: `Observation/${second.id}` }],
    component: [
      { code: { coding: [{ code: 'value' }, { code: NEUTROPHILS }] }, valueQuantity: { value: 0.8, code: '10*9/L' } },
      { code: { coding: [{ code: 'lower-limit' }] }, valueQuantity: { value: 1.8 } },
      { code: { coding: [{ code: 'upper-limit' }] }, valueQuantity: { value: 7 } },
    ],
  });
  const { body: checked } = await app.send('POST', '/Observation/$validate', observation);
  t.notOk(
    checked.issue.some(({ severity }: { severity: string }) => severity === 'error'),
    JSON.stringify(checked.issue),
  );
  const { body: provenances } = await app.send('GET', `/Provenance?target=Flag/${flag.id}`);
  t.equal(provenances.entry.length, 1);
  const said = provenances.entry[0].resource.entity.map(({ what }: { what: { reference: string } }) => what.reference);
  t.ok(said.includes(`Observation/${second.id}/_history/1`));
  t.ok(said.includes(`Observation/${first.id}/_history/1`), 'the earlier result that it is compared with');

  const refused = await app.send('PUT', `/Observation/${observation.id}`, { ...observation, valueInteger: 0 });
  t.equal(refused.status, 403, 'what the engine derives is read-only');
});

t.test('potassium is graded for too much and too little', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const { id } = await post(
    app,
    aResult(patient, { loinc: POTASSIUM, value: 6.2, unit: 'mmol/L', low: 3.5, high: 5, at: AT }),
  );
  t.same(await gradesOf(app, `Observation/${id}`), ['hyperkalemia@5.0 3 final v1', 'hypokalemia@5.0 0 final v1']);
});

t.test('without limits, unit or possible value there is no grade 0, and it is said why', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const cases: [name: string, result: Parameters<typeof aResult>[1], quality: string][] = [
    ['no limits of normal', { loinc: ALT, value: 80, unit: 'U/L', at: AT }, 'limit-missing'],
    [
      'a count in thousands that came as units',
      { loinc: NEUTROPHILS, value: 1500, unit: '10*9/L', low: 1.8, at: AT },
      'value-implausible',
    ],
    [
      'a count that may be one in thousands or not',
      { loinc: '777-3', value: 4900, unit: '10*9/L', low: 150, at: AT },
      'value-implausible',
    ],
    ['a weight without its decimal point', { loinc: '29463-7', value: 800, unit: 'kg', at: AT }, 'value-implausible'],
    ['a unit of another kind', { loinc: NEUTROPHILS, value: 1.5, unit: 'g/L', at: AT }, 'unit-unknown'],
  ];
  for (const [name, result, quality] of cases) {
    const answer = await app.send('POST', '/Observation', aResult(patient, result), {
      prefer: 'return=OperationOutcome',
    });
    t.equal(answer.status, 201, name);
    t.match(answer.body.issue[0].details.text, /not graded|grade between/, name);
    const id = /Observation\/([^/]+)/.exec(String(answer.headers.location))?.[1];
    const { body } = await app.send('GET', `/Observation?derived-from=Observation/${id}`);
    const { resource } = body.entry[0];
    t.equal(resource.valueInteger, undefined, name);
    t.ok(resource.dataAbsentReason, name);
    t.ok(
      resource.extension.some(({ valueCoding }: { valueCoding?: { code: string } }) => valueCoding?.code === quality),
      `${name}: ${JSON.stringify(resource.extension)}`,
    );
  }
  t.same(await flagsOf(app, patient), []);
});

t.test('limits of normal under a wrong unit make no result look normal, and it is said', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const umol = { loinc: '14682-9', unit: 'umol/L', low: 60, high: 110 };
  const before = aResult(patient, { ...umol, value: 80, at: '2026-11-10T08:00:00Z' });
  await post(app, {
    ...before,
    extension: [{ url: `${CANONICAL}/StructureDefinition/baseline-report`, valueBoolean: true }],
  });
  const cases: [
    name: string,
    loinc: string,
    value: number,
    unit: string,
    limits: [number?, number?, string?],
    told: string,
  ][] = [
    ['ALT', ALT, 900, 'U/L', [undefined, 40, 'ukat/L'], 'alt_increased@5.0 none final v1'],
    ['platelets', '777-3', 90, '10*9/L', [150, 400, '/uL'], 'platelet_count_decreased@5.0 1 final v1'],
    ['haemoglobin', '718-7', 105, 'g/L', [12, 16, 'g/L'], 'anemia@5.0 0-1 final v1'],
    ['creatinine over a baseline', '14682-9', 700, 'umol/L', [60, 110, 'mg/dL'], 'creatinine_increased@5.0 4 final v1'],
  ];
  for (const [name, loinc, value, unit, [low, high, limitUnit = unit], told] of cases) {
    const referenceRange = [
      {
        ...(low === undefined ? {} : { low: quantity(low, limitUnit) }),
        ...(high === undefined ? {} : { high: quantity(high, limitUnit) }),
      },
    ];
    const answer = await app.send(
      'POST',
      '/Observation',
      aResult(patient, { loinc, value, unit, at: AT }, { referenceRange }),
      {
        prefer: 'return=OperationOutcome',
      },
    );
    const issues = answer.body.issue.map(({ details }: { details?: { text?: string } }) => details?.text).join('; ');
    t.match(issues, /the limits of normal are not believable in their unit/, name);
    const id = /Observation\/([^/]+)/.exec(String(answer.headers.location))?.[1];
    t.same(await gradesOf(app, `Observation/${id}`), [told], name);
    const { body } = await app.send('GET', `/Observation?derived-from=Observation/${id}`);
    t.match(JSON.stringify(body.entry[0].resource.extension), /"code":"limit-implausible"/, name);
  }
});

t.test('what grades nothing is stored as ever', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const { id } = await post(app, aResult(patient, { loinc: '9279-1', value: 16, unit: '/min', at: AT }));
  t.same(await gradesOf(app, `Observation/${id}`), []);
  t.equal((await app.send('GET', '/Provenance')).body.entry ?? undefined, undefined);
  t.equal((await app.send('DELETE', `/Observation/${id}`)).status, 204);
});

t.test('a preliminary result awaits its final one', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const result = aResult(patient, { loinc: NEUTROPHILS, value: 0.4, unit: '10*9/L', low: 1.8, at: AT });
  const { id } = await post(app, { ...result, status: 'preliminary' });
  t.same(await gradesOf(app, `Observation/${id}`), []);
  const put = (status: string, more = {}) => app.send('PUT', `/Observation/${id}`, { ...result, ...more, id, status });
  t.equal((await put('final')).status, 200);
  t.same(await gradesOf(app, `Observation/${id}`), [
    'febrile_neutropenia@5.0 0-3 final v1',
    'neutrophil_count_decreased@5.0 4 final v1',
  ]);
  t.equal((await put('corrected', { valueQuantity: { ...result.valueQuantity, value: 1.2 } })).status, 200);
  t.same(await gradesOf(app, `Observation/${id}`), [
    'febrile_neutropenia@5.0 0 amended v2',
    'neutrophil_count_decreased@5.0 2 amended v2',
  ]);
  t.equal((await put('preliminary')).status, 422, 'it does not become preliminary again');
  t.equal((await app.send('DELETE', `/Observation/${id}`)).status, 409, 'nor is it deleted');
  t.equal((await put('entered-in-error')).status, 200);
  t.same(await gradesOf(app, `Observation/${id}`), [
    'febrile_neutropenia@5.0 0 entered-in-error v3',
    'neutrophil_count_decreased@5.0 2 entered-in-error v3',
  ]);
  t.equal((await app.send('DELETE', `/Observation/${id}`)).status, 409);
});

t.test('a result that grades has to say when it was measured', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const { effectiveDateTime: _, ...timeless } = aResult(patient, {
    loinc: NEUTROPHILS,
    value: 2,
    unit: '10*9/L',
    low: 1.8,
    at: AT,
  });
  const refusal = await app.send('POST', '/Observation', timeless);
  t.equal(refusal.status, 422);
  t.match(refusal.body.issue[0], { expression: ['Observation.effective'] });
  const ways: [element: string, value: object][] = [
    ['effectiveInstant', { effectiveInstant: AT }],
    ['effectivePeriod.end', { effectivePeriod: { start: '2026-11-19T08:00:00Z', end: AT } }],
    ['issued', { issued: AT }],
  ];
  for (const [name, way] of ways) {
    const { id } = await post(app, { ...timeless, ...way });
    const { body } = await app.send('GET', `/Observation?derived-from=Observation/${id}`);
    t.equal(body.entry[0].resource.effectiveDateTime, AT, name);
  }
  const ahead = await app.send('POST', '/Observation', { ...timeless, effectiveDateTime: '2026-11-23T12:00:01Z' });
  t.equal(ahead.status, 422, 'more than a day ahead');
  const soon = await post(app, { ...timeless, effectiveDateTime: '2026-11-21T20:00:00Z' });
  const { body } = await app.send('GET', `/Observation?derived-from=Observation/${soon.id}`);
  t.match(body.entry[0].resource, { effectiveDateTime: NOW.toISOString() });
  t.match(JSON.stringify(body.entry[0].resource.extension), /clock-ahead/);
  t.equal(
    (
      await app.send('POST', '/Observation', {
        ...aResult(patient, { loinc: '9279-1', value: 2, unit: '/min', at: AT }),
        effectiveDateTime: undefined,
      })
    ).status,
    201,
  );
});
