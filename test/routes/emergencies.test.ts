import type { Flag, Observation, QuestionnaireResponseItem } from '@medplum/fhirtypes';
import t from 'tap';
import { LOINC } from '../../src/fhir/canonical.ts';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import { aPatient } from '../support/responses.ts';

const BASE = 'https://vigie.example/fhir';
const FORM = `${BASE}/Questionnaire/vital-signs|1.0.0`;

type Status = 'completed' | 'amended' | 'in-progress' | 'stopped' | 'entered-in-error';
type Said = Readonly<Record<string, boolean | number>>;

const VITALS = ['temperature', 'weight', 'oxygen-saturation', 'pulse'];
const PRESSURES = ['systolic', 'diastolic'];

/** A response to the vital-signs form: a boolean answers a question, a number a measurement. */
function aReport(subject: string, authored: string, said: Said, status: Status = 'completed') {
  const answered = Object.entries(said).map(
    ([linkId, value]): QuestionnaireResponseItem => ({
      linkId,
      answer: [typeof value === 'boolean' ? { valueBoolean: value } : { valueDecimal: value }],
    }),
  );
  const of = (known: readonly string[]) => answered.filter(({ linkId }) => known.includes(linkId));
  const group = (linkId: string, item: QuestionnaireResponseItem[]) => (item.length === 0 ? [] : [{ linkId, item }]);
  return {
    resourceType: 'QuestionnaireResponse',
    status,
    questionnaire: FORM,
    subject: { reference: subject },
    authored,
    item: [
      ...group(
        'warning-signs',
        answered.filter(({ linkId }) => linkId.startsWith('ask-')),
      ),
      ...group('vital-signs', [...of(VITALS), ...group('blood-pressure', of(PRESSURES))]),
    ],
  };
}

const hoursAgo = (hours: number): string => new Date(NOW.getTime() - hours * 3_600_000).toISOString();

async function post(app: TestApp, body: object): Promise<{ id: string }> {
  const answer = await app.send('POST', '/QuestionnaireResponse', body);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body;
}

const found = async <R>(app: TestApp, path: string): Promise<R[]> =>
  ((await app.send('GET', path)).body.entry ?? []).map(({ resource }: { resource: R }) => resource);

const flagsOf = async (app: TestApp, patient: string): Promise<[term: string, status: string, priority: string][]> =>
  (await found<Flag>(app, `/Flag?patient=${patient}`))
    .map((flag): [string, string, string] => [
      flag.code.coding?.[0]?.code ?? '',
      flag.status,
      flag.extension?.find(({ url }) => url.endsWith('flag-priority'))?.valueCodeableConcept?.coding?.[0]?.code ?? '',
    ])
    .sort();

const vitalsOf = async (app: TestApp, patient: string): Promise<Observation[]> =>
  (await found<Observation>(app, `/Observation?patient=${patient}&category=vital-signs`)).sort((a, b) =>
    (a.code.coding?.[0]?.code ?? '') < (b.code.coding?.[0]?.code ?? '') ? -1 : 1,
  );

t.test('emergencies and vital signs', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());

  t.test('each warning sign opens a Flag of high priority at once', async (t) => {
    for (const [asked, term] of [
      ['ask-fever', 'fever'],
      ['ask-dyspnoea-at-rest', 'dyspnoea-at-rest'],
      ['ask-confusion', 'confusion'],
      ['ask-sleepiness', 'sleepiness'],
      ['ask-bleeding', 'bleeding'],
    ]) {
      const patient = await aPatient(app);
      await post(app, aReport(patient, hoursAgo(1), { [asked as string]: true }));
      t.strictSame(await flagsOf(app, patient), [[term, 'active', 'PH']]);
    }
  });

  t.test('the Flag says what it is in words', async (t) => {
    const patient = await aPatient(app);
    await post(app, aReport(patient, hoursAgo(1), { 'ask-dyspnoea-at-rest': true }));
    const [flag] = await found<Flag>(app, `/Flag?patient=${patient}`);
    t.match(flag?.code, {
      coding: [
        { system: `${BASE}/CodeSystem/emergency`, code: 'dyspnoea-at-rest', display: /^Breathlessness at rest/ },
      ],
      text: /^Breathlessness at rest: /,
    });
    t.strictSame(
      flag?.meta?.tag?.map(({ code }) => code),
      ['unvalidated-wording'],
    );
  });

  t.test('38.0 °C in the form is an emergency, 37.9 °C is none', async (t) => {
    const [one, other] = [await aPatient(app), await aPatient(app)];
    await post(app, aReport(one, hoursAgo(1), { temperature: 38 }));
    await post(app, aReport(other, hoursAgo(1), { temperature: 37.9 }));
    t.strictSame(
      (await flagsOf(app, one)).filter(([term]) => term === 'fever'),
      [['fever', 'active', 'PH']],
    );
    t.strictSame(await flagsOf(app, other), []);
  });

  t.test('every measurement becomes a vital-signs Observation, both pressures one', async (t) => {
    const patient = await aPatient(app);
    const authored = '2026-11-21T08:00:00+01:00';
    const said = { temperature: 36.8, weight: 61.5, 'oxygen-saturation': 97, pulse: 72, systolic: 118, diastolic: 76 };
    const { id } = await post(app, aReport(patient, authored, said));
    const vitals = await vitalsOf(app, patient);
    t.strictSame(
      vitals.map(({ code }) => code.coding?.map((coding) => coding.code)),
      [['2708-6', '59408-5'], ['29463-7'], ['8310-5'], ['85354-9'], ['8867-4']],
    );
    for (const vital of vitals) {
      t.match(vital, {
        status: 'final',
        subject: { reference: patient },
        effectiveDateTime: authored,
        derivedFrom: [{ reference: `QuestionnaireResponse/${id}` }],
        category: [{ coding: [{ code: 'vital-signs' }] }],
      });
    }
    const [spo2, weight, temperature, pressure, pulse] = vitals;
    t.match(temperature?.valueQuantity, { value: 36.8, unit: '°C', code: 'Cel', system: 'http://unitsofmeasure.org' });
    t.match(weight?.valueQuantity, { value: 61.5, code: 'kg' });
    t.match(spo2?.valueQuantity, { value: 97, code: '%' });
    t.match(pulse?.valueQuantity, { value: 72, code: '/min' });
    t.match(pressure?.component, [
      { code: { coding: [{ code: '8480-6' }] }, valueQuantity: { value: 118, code: 'mm[Hg]' } },
      { code: { coding: [{ code: '8462-4' }] }, valueQuantity: { value: 76, code: 'mm[Hg]' } },
    ]);
    t.strictSame(temperature?.meta?.profile, ['http://hl7.org/fhir/StructureDefinition/bodytemp']);
    for (const vital of vitals) {
      const { id: _id, ...rest } = vital;
      const checked = await app.send('POST', '/Observation/$validate', { ...rest, id: _id });
      t.notOk(
        checked.body.issue?.some(({ severity }: { severity: string }) => severity === 'error'),
        JSON.stringify(checked.body.issue),
      );
    }
    const [sources] = await found<{ target?: { reference: string }[] }>(
      app,
      `/Provenance?target=Observation/${temperature?.id}`,
    );
    t.ok(sources, 'its Provenance names it');
  });

  t.test('what is extracted is read-only, and its response cannot be deleted', async (t) => {
    const patient = await aPatient(app);
    const { id } = await post(app, aReport(patient, hoursAgo(1), { pulse: 80 }));
    const [pulse] = await vitalsOf(app, patient);
    t.equal((await app.send('PUT', `/Observation/${pulse?.id}`, { ...pulse, status: 'amended' })).status, 403);
    t.equal((await app.send('DELETE', `/QuestionnaireResponse/${id}`)).status, 409);
  });

  t.test(
    'an amended response amends its Observations, one that it no longer says and a withdrawn one are entered in error',
    async (t) => {
      const patient = await aPatient(app);
      const report = aReport(patient, hoursAgo(2), { temperature: 38.6, pulse: 80 });
      const { id } = await post(app, report);
      const [temperature] = (await vitalsOf(app, patient)).filter(({ code }) => code.coding?.[0]?.code === '8310-5');
      const amended = { ...aReport(patient, hoursAgo(2), { temperature: 36.8 }, 'amended'), id };
      t.equal((await app.send('PUT', `/QuestionnaireResponse/${id}`, amended)).status, 200);
      t.match(
        (await vitalsOf(app, patient)).map(({ id, meta, status, valueQuantity }) => [
          id === temperature?.id,
          meta?.versionId,
          status,
          valueQuantity?.value,
        ]),
        [
          [true, '2', 'amended', 36.8],
          [false, '2', 'entered-in-error', 80],
        ],
      );
      t.notOk(
        (await flagsOf(app, patient)).some(([, status]) => status === 'active'),
        'the fever is taken back',
      );
      const withdrawn = { ...amended, status: 'entered-in-error' };
      t.equal((await app.send('PUT', `/QuestionnaireResponse/${id}`, withdrawn)).status, 200);
      t.match(
        (await vitalsOf(app, patient)).map(({ meta, status }) => [meta?.versionId, status]),
        [
          ['3', 'entered-in-error'],
          ['2', 'entered-in-error'],
        ],
      );
    },
  );

  t.test(
    'one pressure without the other says so; a temperature that nobody has is no number and no fever',
    async (t) => {
      const patient = await aPatient(app);
      await post(app, aReport(patient, hoursAgo(1), { temperature: 375, systolic: 120 }));
      const [temperature, pressure] = await vitalsOf(app, patient);
      t.equal(temperature?.valueQuantity, undefined);
      t.match(temperature, {
        dataAbsentReason: { coding: [{ code: 'error' }] },
        extension: [{ url: `${BASE}/StructureDefinition/data-quality`, valueCoding: { code: 'value-implausible' } }],
      });
      t.match(pressure?.component, [
        { valueQuantity: { value: 120 } },
        { dataAbsentReason: { coding: [{ code: 'unknown' }] } },
      ]);
      t.strictSame(await flagsOf(app, patient), [['fever', 'active', 'PM']], 'somebody asks again');
    },
  );

  t.test('an emergency is heard from a form that is not finished, and from one that was given up', async (t) => {
    for (const status of ['in-progress', 'stopped'] as const) {
      const patient = await aPatient(app);
      const { id } = await post(
        app,
        aReport(patient, hoursAgo(1), { 'ask-confusion': false, 'ask-bleeding': true, temperature: 36.5 }, status),
      );
      t.strictSame(await flagsOf(app, patient), [['bleeding', 'active', 'PH']], status);
      t.strictSame(await vitalsOf(app, patient), [], 'nothing else of it is used yet');
      const graded = await found<Observation>(app, `/Observation?patient=${patient}`);
      t.strictSame(
        graded.map(({ code, valueInteger }) => [code.coding?.[0]?.code, valueInteger]),
        [['bleeding', 1]],
      );
      const done = { ...aReport(patient, hoursAgo(1), { 'ask-bleeding': true, temperature: 36.5 }), id };
      t.equal((await app.send('PUT', `/QuestionnaireResponse/${id}`, done)).status, 200);
      t.strictSame(await flagsOf(app, patient), [['bleeding', 'active', 'PH']], 'the same Flag when it is finished');
      t.equal((await vitalsOf(app, patient)).length, 1);
    }
    const patient = await aPatient(app);
    await post(app, aReport(patient, hoursAgo(1), { 'ask-bleeding': false }, 'in-progress'));
    t.strictSame(
      await found(app, `/Observation?patient=${patient}`),
      [],
      'a no is not taken from a form that is not finished',
    );
  });

  t.test('a temperature that is sent as an Observation is an emergency as well', async (t) => {
    const cases: [value: number, code: string, flags: [string, string][]][] = [
      [38, 'Cel', [['fever', 'PH']]],
      [37.9, 'Cel', []],
      [100.4, '[degF]', [['fever', 'PH']]],
      [100.3, '[degF]', []],
      [12, 'Cel', [['fever', 'PM']]],
    ];
    for (const [value, code, flags] of cases) {
      const patient = await aPatient(app);
      const sent = await app.send('POST', '/Observation', {
        resourceType: 'Observation',
        status: 'final',
        code: { coding: [{ system: 'http://loinc.org', code: '8310-5' }] },
        subject: { reference: patient },
        effectiveDateTime: hoursAgo(1),
        valueQuantity: { value, unit: code, system: 'http://unitsofmeasure.org', code },
      });
      t.equal(sent.status, 201, sent.text);
      t.strictSame(
        (await flagsOf(app, patient))
          .filter(([term]) => term === 'fever')
          .map(([term, , priority]) => [term, priority]),
        flags,
        `${value} ${code}`,
      );
    }
  });

  t.test('a temperature that is no plain quantity is never passed over', async (t) => {
    const cel = (value: number) => ({ value, unit: '°C', system: 'http://unitsofmeasure.org', code: 'Cel' });
    const between = (low: number, high: number) => ({ valueRange: { low: cel(low), high: cel(high) } });
    const bound = (comparator: string, value: number) => ({ valueQuantity: { comparator, ...cel(value) } });
    const coded = (system: string, code: string) => ({ valueCodeableConcept: { coding: [{ system, code }] } });
    const absent = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';
    const TEMPERATURE = { coding: [{ system: LOINC, code: '8310-5' }] };
    const PANEL = { coding: [{ system: LOINC, code: '85353-1' }] };
    const cases: [said: object, priority: string | undefined][] = [
      [between(38.5, 39), 'PH'],
      [between(38, 39), 'PH'],
      [between(37.9, 39), 'PM'],
      [between(36, 38), 'PM'],
      [between(36, 37.9), undefined],
      [{ valueRange: { low: cel(38.5) } }, 'PH'],
      [{ valueRange: { high: cel(38.5) } }, 'PM'],
      [{ valueRange: { low: { value: 38.5 }, high: { value: 39 } } }, 'PH'],
      [bound('>=', 38), 'PH'],
      [bound('>', 37.8), 'PM'],
      [bound('<=', 39), 'PM'],
      [bound('<', 38), undefined],
      [{ valueString: '39' }, 'PH'],
      [{ valueString: '39,2 °C' }, 'PH'],
      [{ valueString: '36,8 °C' }, 'PM'],
      [{ valueString: 'below 38' }, 'PM'],
      [{ valueInteger: 39 }, 'PH'],
      [{ valueBoolean: true }, 'PM'],
      [coded('http://snomed.info/sct', '386661006'), 'PM'],
      [coded(absent, 'not-performed'), undefined],
      [{ valueRatio: { numerator: cel(39), denominator: { value: 1 } } }, 'PM'],
      [{ valueSampledData: { origin: cel(0), period: 1000, dimensions: 1, data: '39.1 39.2' } }, 'PM'],
      [{ dataAbsentReason: { coding: [{ system: absent, code: 'not-performed' }] } }, undefined],
      [{ component: [{ code: TEMPERATURE, ...between(38.5, 39) }] }, 'PH'],
      [{ component: [{ code: TEMPERATURE, valueString: 'high' }] }, 'PM'],
      [
        {
          code: PANEL,
          component: [bound('<', 37), { valueString: '39' }].map((said) => ({ code: TEMPERATURE, ...said })),
        },
        'PH',
      ],
    ];
    for (const [said, priority] of cases) {
      const patient = await aPatient(app);
      const sent = await app.send('POST', '/Observation', {
        resourceType: 'Observation',
        status: 'final',
        code: TEMPERATURE,
        subject: { reference: patient },
        effectiveDateTime: hoursAgo(1),
        ...said,
      });
      t.equal(sent.status, 201, sent.text);
      const fever = (await flagsOf(app, patient)).filter(([term]) => term === 'fever').map(([, , told]) => told);
      t.strictSame(fever, priority === undefined ? [] : [priority], JSON.stringify(said));
    }
  });

  t.test('a range is shown as it came, and what does not tell says so', async (t) => {
    const patient = await aPatient(app);
    const cel = (value: number) => ({ value, unit: 'Cel', system: 'http://unitsofmeasure.org', code: 'Cel' });
    const send = async (code: string, at: number, said: object) => {
      const sent = await app.send('POST', '/Observation', {
        resourceType: 'Observation',
        status: 'final',
        code: { coding: [{ system: LOINC, code }] },
        subject: { reference: patient },
        effectiveDateTime: hoursAgo(at),
        ...said,
      });
      t.equal(sent.status, 201, sent.text);
      const derived = await found<Observation>(app, `/Observation?derived-from=Observation/${sent.body.id}`);
      return (term: string) => derived.find(({ code: of }) => of.coding?.[0]?.code === term);
    };
    const fever = (await send('8310-5', 5, { valueRange: { low: cel(38.5), high: cel(39) } }))('fever');
    t.match(fever, { valueInteger: 1, component: [{ valueRange: { low: cel(38.5), high: cel(39) } }] });
    const { id: _id, ...rest } = fever ?? {};
    const checked = await app.send('POST', '/Observation/$validate', rest);
    t.notOk(
      checked.body.issue?.some(({ severity }: { severity: string }) => severity === 'error'),
      JSON.stringify(checked.body.issue),
    );
    const [flag] = await found<Flag>(app, `/Flag?patient=${patient}`);
    t.match(flag?.code.text, /act at once \(38\.5–39 Cel\)/);
    const explained = await app.send('GET', `/Flag/${flag?.id}/$explain`);
    t.equal(explained.status, 200, explained.text);
    t.match(explained.text, /Measured: 38\.5–39 °C/);
    t.match(explained.text, /"valueRange":/);
    const unclear = {
      dataAbsentReason: { coding: [{ code: 'error' }] },
      extension: [{ url: `${BASE}/StructureDefinition/data-quality`, valueCoding: { code: 'value-unclear' } }],
    };
    t.match((await send('8310-5', 4, { valueString: 'hot' }))('fever'), unclear);
    t.match((await send('59408-5', 4, { valueString: '91 %' }))('hypoxia'), unclear);
    t.match(
      (
        await send('85354-9', 4, {
          component: [{ code: { coding: [{ system: LOINC, code: '8480-6' }] }, valueString: '18/11' }],
        })
      )('hypertension'),
      unclear,
    );
  });

  t.test('what is known of the treatment decides; what is unknown is on the safe side', async (t) => {
    const record = (patient: string, status: string, kind: string) =>
      app.send('POST', '/MedicationStatement', {
        resourceType: 'MedicationStatement',
        status,
        category: { coding: [{ system: `${BASE}/CodeSystem/treatment`, code: kind }] },
        medicationCodeableConcept: { coding: [{ system: `${BASE}/CodeSystem/treatment`, code: kind }] },
        effectivePeriod: { start: '2020-01-01' },
        subject: { reference: patient },
      });
    const cases: [said: Said, records: [status: string, kind: string][], priority: string | undefined][] = [
      [{ temperature: 38.2 }, [['active', 'systemic']], 'PH'],
      [{ temperature: 38.2 }, [['not-taken', 'systemic']], undefined],
      [{ temperature: 38.2 }, [['completed', 'systemic']], 'PH'],
      [
        { temperature: 38.2 },
        [
          ['not-taken', 'systemic'],
          ['active', 'cell-therapy'],
        ],
        'PH',
      ],
      [{ 'ask-confusion': true }, [['active', 'cell-therapy']], 'PH'],
      [{ 'ask-confusion': true }, [['not-taken', 'cell-therapy']], 'PM'],
      [{ 'ask-sleepiness': true }, [['not-taken', 'cell-therapy']], undefined],
      [{ 'ask-bleeding': true }, [['not-taken', 'systemic']], 'PH'],
    ];
    for (const [said, records, priority] of cases) {
      const patient = await aPatient(app);
      for (const [status, kind] of records) t.equal((await record(patient, status, kind)).status, 201);
      await post(app, aReport(patient, hoursAgo(1), said));
      const flags = (await flagsOf(app, patient)).filter(([term]) => !term.includes('_'));
      t.strictSame(
        flags.map(([, , told]) => told),
        priority === undefined ? [] : [priority],
        JSON.stringify([said, records]),
      );
    }
  });

  t.test('a site says by its own value set which medications are systemic treatment', async (t) => {
    const site = await testApp({ now: () => NOW });
    t.teardown(() => site.close());
    const set = await site.send('POST', '/ValueSet', {
      resourceType: 'ValueSet',
      url: `${BASE}/ValueSet/systemic-treatment`,
      version: '2026-11',
      status: 'active',
      compose: { include: [{ system: 'http://example.org/drugs', concept: [{ code: 'd' }] }] },
    });
    t.equal(set.status, 201, set.text);
    const taken = { coding: [{ system: 'http://example.org/drugs', code: 'd' }] };
    for (const [service, expected] of [
      [site, [['fever', 'active', 'PH']]],
      // Where no set says what is systemic, any medication may be.
      [app, [['fever', 'active', 'PH']]],
    ] as const) {
      const patient = await aPatient(service);
      const none = {
        status: 'not-taken',
        category: { coding: [{ system: `${BASE}/CodeSystem/treatment`, code: 'systemic' }] },
        medicationCodeableConcept: { coding: [{ system: `${BASE}/CodeSystem/treatment`, code: 'systemic' }] },
        effectivePeriod: { start: '2020-01-01' },
      };
      for (const said of [none, { status: 'active', medicationCodeableConcept: taken }]) {
        const statement = { resourceType: 'MedicationStatement', subject: { reference: patient }, ...said };
        t.equal((await service.send('POST', '/MedicationStatement', statement)).status, 201);
      }
      await post(service, aReport(patient, hoursAgo(1), { temperature: 38.2 }));
      t.strictSame(
        (await flagsOf(service, patient)).filter(([term]) => term === 'fever'),
        expected,
      );
    }
  });

  t.test('silence, a blank and a report that leaves it open close nothing; two days that say no do', async (t) => {
    const patient = await aPatient(app);
    await post(app, aReport(patient, hoursAgo(120), { 'ask-fever': true, temperature: 38.4 }));
    await post(app, aReport(patient, hoursAgo(96), { pulse: 70 }));
    await post(app, aReport(patient, hoursAgo(95), { temperature: 36.6 }));
    await post(app, aReport(patient, hoursAgo(72), { 'ask-fever': false, temperature: 36.6 }));
    await post(app, aReport(patient, hoursAgo(71), { 'ask-fever': false, temperature: 36.7 }));
    const fever = async () => (await flagsOf(app, patient)).filter(([term]) => term === 'fever');
    t.strictSame(await fever(), [['fever', 'active', 'PH']], 'one day is not two');
    await post(app, aReport(patient, hoursAgo(48), { 'ask-fever': false, temperature: 36.6 }));
    t.strictSame(await fever(), [['fever', 'inactive', 'PH']]);
    await post(app, aReport(patient, hoursAgo(24), { 'ask-fever': false, temperature: 38.1 }));
    t.strictSame(await fever(), [
      ['fever', 'active', 'PH'],
      ['fever', 'inactive', 'PH'],
    ]);
  });

  t.test('PHQ-9 item 9 above 0 is a Flag though every other item is blank', async (t) => {
    const answerOption = ['LA6568-5', 'LA6569-3', 'LA6570-1', 'LA6571-9'].map((code) => ({
      valueCoding: { system: LOINC, code },
    }));
    const items = ['44250-9', '44255-8', '44260-8'];
    const form = await app.send('POST', '/Questionnaire', {
      resourceType: 'Questionnaire',
      url: 'http://example.org/Questionnaire/phq',
      version: '1',
      status: 'active',
      item: items.map((code, index) => ({
        linkId: `${index}`,
        code: [{ system: LOINC, code }],
        type: 'choice',
        required: true,
        answerOption,
      })),
    });
    t.equal(form.status, 201, form.text);
    for (const [code, flags] of [
      ['LA6569-3', [['self-harm', 'active', 'PH']]],
      ['LA6568-5', []],
    ] as const) {
      const patient = await aPatient(app);
      const response = {
        resourceType: 'QuestionnaireResponse',
        status: 'in-progress',
        questionnaire: 'http://example.org/Questionnaire/phq|1',
        subject: { reference: patient },
        authored: hoursAgo(1),
        item: [{ linkId: '2', answer: [{ valueCoding: { system: LOINC, code } }] }],
      };
      const refused = await app.send('POST', '/QuestionnaireResponse', { ...response, status: 'completed' });
      t.equal(refused.status, 422, 'complete it is not');
      const told = refused.body.issue[0].diagnostics.includes('(self-harm)');
      t.equal(told, flags.length > 0, 'the refusal says that an emergency is in it, and how it is heard');
      t.strictSame(await flagsOf(app, patient), [], 'nothing of it is stored');
      await post(app, response);
      t.strictSame(await flagsOf(app, patient), flags);
    }
  });
});
