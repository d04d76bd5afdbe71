import type { Group, Observation, ParametersParameter, Questionnaire } from '@medplum/fhirtypes';
import t from 'tap';
import { EXTENSION } from '../../../src/rules/resources/codes.ts';
import { faults } from '../../rules/resources/r4.ts';
import { NOW, testApp } from '../../support/app.ts';
import { aPatient, aResponse, type Scores, weeklyForm } from '../../support/responses.ts';
import { put, refusal, refused } from '../support.ts';

const BASELINE = { extension: [{ url: EXTENSION.baselineReport, valueBoolean: true }] };
const nausea = (frequency: number, severity?: number): Scores => ({
  PROCTCAE_9A_SCL: frequency,
  ...(severity === undefined ? {} : { PROCTCAE_9B_SCL: severity }),
});

/** Parts by name; of a measure by its id. */
const named = (parts: readonly ParametersParameter[] = [], name: string): ParametersParameter[] =>
  parts.filter((part) => part.name === name);
const measure = (term: ParametersParameter | undefined, id: string): ParametersParameter[] =>
  named(term?.part, 'measure').find(({ part }) => part?.some((one) => one.valueCode === id))?.part ?? [];
const value = (term: ParametersParameter | undefined, id: string): number | string | undefined =>
  named(measure(term, id), 'value')[0]?.valueQuantity?.value ?? named(measure(term, id), 'absent')[0]?.valueCode;

t.test('what was reported over time', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const form = await weeklyForm(app);
  const report = async (patient: string, day: string, scores: Scores, extra = {}): Promise<string> =>
    (await put(app, aResponse(form, patient, `2026-${day}T08:00:00Z`, scores, extra))).id;
  const patient = await aPatient(app);
  await report(patient, '08-25', nausea(4, 4));
  const baseline = await report(patient, '09-01', nausea(1, 1), BASELINE);
  await report(patient, '09-08', nausea(3, 2));
  const worst = await report(patient, '09-15', nausea(4, 3));
  await report(patient, '09-22', nausea(4));
  await report(patient, '09-29', nausea(0));
  const wrong = await report(patient, '10-06', nausea(4, 4));
  const { body } = await app.send('GET', `/QuestionnaireResponse/${wrong}`);
  t.equal(
    (await app.send('PUT', `/QuestionnaireResponse/${wrong}`, { ...body, status: 'entered-in-error' })).status,
    200,
  );

  const ask = async (
    query = '',
    of = patient,
  ): Promise<{ terms: ParametersParameter[]; all: ParametersParameter[] }> => {
    const answer = await app.send('GET', `/${of}/$symptom-summary${query}`);
    if (answer.status !== 200) throw new Error(answer.text);
    t.same(faults(answer.body), [], 'valid Parameters');
    return { terms: named(answer.body.parameter, 'term'), all: answer.body.parameter };
  };

  t.test('composites of a patient, against the recorded baseline', async (t) => {
    const { terms, all } = await ask();
    t.equal(terms.length, 12, 'what was asked and not answered is told too');
    t.match(value(terms[0], 'max'), 'no-score');
    const term = terms.find(({ part }) => part?.[0]?.valueCoding?.code === 'PROCTCAE_9_COMP');
    t.match(all[0], { name: 'subject', valueReference: { reference: `${patient}/_history/1` } });
    t.match(named(term?.part, 'code'), [{ valueCoding: { code: 'PROCTCAE_9_COMP', display: 'Nausea' } }]);
    t.match(named(term?.part, 'reports'), [{ valueInteger: 6 }]);
    t.match(named(term?.part, 'scored'), [{ valueInteger: 5 }], 'one is not certain, one was entered in error');
    for (const [id, expected] of [
      ['max', 3],
      ['max-post-baseline', 3],
      ['baseline-adjusted', 3],
      ['toxicity-index', 3.895833],
      ['average', 1.8],
      ['auc', 63],
    ] as const) {
      t.equal(value(term, id), expected, id);
    }
    t.match(measure(term, 'max-post-baseline'), [
      {},
      { valueQuantity: { value: 3, unit: 'PRO-CTCAE composite grade 0-3', code: '{score}' } },
      { name: 'source', valueReference: { reference: `QuestionnaireResponse/${worst}/_history/1` } },
    ]);
    t.match(named(term?.part, 'baseline')[0]?.part, [
      { valueInstant: '2026-09-01T08:00:00.000Z' },
      { valueInteger: 1 },
      { valueBoolean: true },
      { valueReference: { reference: `QuestionnaireResponse/${baseline}/_history/1` } },
    ]);
    const times = named(term?.part, 'measure').filter(({ part }) => part?.[0]?.valueCode === 'time-to-first');
    t.same(
      times.map(({ part }) => named(part, 'value')[0]?.valueQuantity?.value),
      [7, 7, 14],
      'days from the recorded baseline to grade 1, 2 and 3',
    );
    t.match(named(times[0]?.part, 'countedFrom'), [{ valueCode: 'recorded-baseline' }]);
    t.equal(named(term?.part, 'visit').length, 6);
    t.match(named(term?.part, 'visit')[4]?.part, [{}, { name: 'notExcluded', valueInteger: 3 }, { name: 'source' }]);
  });

  t.test('narrowed by time: the recorded baseline stays', async (t) => {
    const [term] = (await ask('?term=PROCTCAE_9_COMP&from=2026-09-20&to=2026-09-30')).terms;
    t.equal(value(term, 'max-post-baseline'), 0);
    t.equal(named(term?.part, 'visit').length, 3);
    t.same((await ask('?to=2026-08-01')).terms, []);
    const [before] = (await ask('?term=https://vigie.example/fhir/CodeSystem/pro-ctcae|PROCTCAE_9_COMP&to=2026-08-31'))
      .terms;
    t.equal(value(before, 'max'), 3);
    t.equal(value(before, 'max-post-baseline'), 'no-baseline', 'the first report is none');
  });

  t.test('items, and a threshold', async (t) => {
    const { terms } = await ask('?level=item&term=PROCTCAE_9A_SCL&threshold=4');
    t.equal(terms.length, 1);
    t.match(named(terms[0]?.part, 'scale'), [{ valueString: 'PRO-CTCAE item score 0-4' }]);
    t.equal(value(terms[0], 'max'), 4);
    t.equal(value(terms[0], 'time-to-first'), 14);
    t.equal((await ask('?level=item&term=PROCTCAE_9_COMP')).terms.length, 2);
    t.equal((await ask('?level=ctcae')).terms.length, 0, 'patient-reported grades are no CTCAE grades');
  });

  t.test('an item by its code: its term, where the level has no scores of items', async (t) => {
    const found = await app.send(
      'GET',
      '/Questionnaire?url=https://vigie.example/fhir/Questionnaire/pro-ctcae-early-phase',
    );
    const early: Questionnaire = found.body.entry[0].resource;
    const one = await aPatient(app);
    await put(app, aResponse(early, one, '2026-09-01T08:00:00Z', { PROCTCAE_24A_IND: 1, PROCTCAE_16A_SCL: 2 }));
    const codes = async (query: string): Promise<(string | undefined)[]> =>
      (await ask(query, one)).terms.map(({ part }) => part?.[0]?.valueCoding?.code);
    for (const level of ['item', 'composite']) {
      t.same(await codes(`?level=${level}&term=PROCTCAE_24A_IND`), ['PROCTCAE_24_COMP'], level);
    }
    const [rash] = (await ask('?level=item&term=PROCTCAE_24A_IND', one)).terms;
    t.match(named(rash?.part, 'yes'), [{ valueInteger: 1 }]);
    t.same(await codes('?term=PROCTCAE_16A_SCL'), ['PROCTCAE_16_COMP']);
    t.same(await codes('?term=https://vigie.example/fhir/CodeSystem/pro-ctcae|PROCTCAE_16A_SCL'), ['PROCTCAE_16_COMP']);
    t.same(await codes('?level=item&term=PROCTCAE_16A_SCL'), ['PROCTCAE_16A_SCL']);
  });

  t.test(
    'a recorded baseline without a score: what came after it is known, what it is compared with is not',
    async (t) => {
      const one = await aPatient(app);
      await report(one, '09-01', nausea(4, 4));
      const unscored = await report(one, '09-08', nausea(2), BASELINE);
      await report(one, '09-15', nausea(1, 1));
      await report(one, '09-22', nausea(3, 2));
      const asked = '?term=PROCTCAE_9_COMP&threshold=2';
      for (const query of [asked, `${asked}&from=2026-09-10`]) {
        const [term] = (await ask(query, one)).terms;
        t.equal(value(term, 'max-post-baseline'), 2, query);
        t.equal(value(term, 'baseline-adjusted'), 'no-baseline');
        t.equal(value(term, 'time-to-first'), 14);
        t.match(named(measure(term, 'time-to-first'), 'countedFrom'), [{ valueCode: 'recorded-baseline' }]);
        t.match(named(measure(term, 'time-to-first'), 'source')[0], {
          valueReference: { reference: `QuestionnaireResponse/${unscored}/_history/1` },
        });
        t.same(named(term?.part, 'baseline'), []);
      }
    },
  );

  t.test('grades of measured values, with the result behind each', async (t) => {
    const measured = await aPatient(app);
    const quantity = (value: number) => ({ value, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' });
    const haemoglobin = async (day: string, value: number): Promise<string> => {
      const observation: Observation = {
        resourceType: 'Observation',
        status: 'final',
        code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
        subject: { reference: measured },
        effectiveDateTime: `2026-${day}T07:30:00Z`,
        valueQuantity: quantity(value),
        referenceRange: [{ low: quantity(12), high: quantity(16) }],
      };
      return (await put(app, observation)).id;
    };
    await haemoglobin('09-01', 12.5);
    const low = await haemoglobin('09-08', 7.1);
    await haemoglobin('09-15', 9);
    const { terms } = await ask('?level=ctcae', measured);
    t.equal(terms.length, 1);
    t.match(named(terms[0]?.part, 'code'), [
      { valueCoding: { system: 'https://vigie.example/fhir/CodeSystem/ctcae', version: '5.0', code: 'anemia' } },
    ]);
    t.equal(value(terms[0], 'max'), 3);
    t.match(named(measure(terms[0], 'max'), 'source'), [
      { valueReference: { reference: `Observation/${low}/_history/1` } },
    ]);
    t.same((await ask('', measured)).terms, [], 'they are no PRO-CTCAE grades');
  });

  t.test('a baseline that a clinician recorded is compared with', async (t) => {
    const one = await aPatient(app);
    await report(one, '09-01', nausea(3, 2));
    await report(one, '09-08', nausea(4, 4));
    const [before] = (await ask('?term=PROCTCAE_9_COMP', one)).terms;
    t.equal(value(before, 'baseline-adjusted'), 'no-baseline');
    const { id } = await put(app, {
      resourceType: 'Observation',
      ...BASELINE,
      status: 'final',
      code: { coding: [{ system: 'https://vigie.example/fhir/CodeSystem/pro-ctcae', code: 'PROCTCAE_9_COMP' }] },
      subject: { reference: one },
      effectiveDateTime: '2026-09-02T08:00:00Z',
      valueInteger: 1,
    });
    const [term] = (await ask('?term=PROCTCAE_9_COMP', one)).terms;
    t.equal(value(term, 'baseline-adjusted'), 3);
    t.match(named(named(term?.part, 'baseline')[0]?.part, 'source'), [
      { valueReference: { reference: `Observation/${id}/_history/1` } },
    ]);
    t.match(named(term?.part, 'reports'), [{ valueInteger: 2 }], 'it is no report of the patient');
  });

  t.test('a group: shares, curve and areas', async (t) => {
    const other = await aPatient(app);
    await report(other, '09-02', nausea(0), BASELINE);
    await report(other, '09-09', nausea(1, 1));
    await report(other, '09-16', nausea(2, 1));
    const gone = await aPatient(app);
    await report(gone, '09-02', nausea(4, 4), BASELINE);
    const group: Group = {
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: [
        { entity: { reference: patient } },
        { entity: { reference: other } },
        { entity: { reference: other } },
        { entity: { reference: gone }, inactive: true },
        { entity: { reference: await aPatient(app) } },
        { entity: { reference: `Device/${app.deps.engine.device.split('/')[1]}` } },
      ],
    };
    const { id } = await put(app, group);
    const { all, terms } = await ask('?term=PROCTCAE_9_COMP', `Group/${id}`);
    t.match(named(all, 'members'), [{ valueInteger: 3 }]);
    t.match(named(all, 'otherMembers'), [{ valueInteger: 1 }]);
    t.match(named(all, 'reporting'), [{ valueInteger: 2 }]);
    const [term] = terms;
    t.match(named(term?.part, 'withBaseline'), [{ valueInteger: 2 }]);
    t.equal(value(term, 'share-3-or-more'), 0.5);
    const [first, second] = named(term?.part, 'visit');
    t.match(first?.part, [
      { valueInteger: 0 },
      { valueInteger: 2 },
      { valueInteger: 2 },
      { valueQuantity: { value: 0.5 } },
      { valueQuantity: { value: 0.5 } },
      { valueQuantity: { value: 0 } },
    ]);
    t.match(second?.part?.[3], { name: 'mean', valueQuantity: { value: 1.5 } });
    t.type(value(term, 'auc-worsening'), 'number');
    t.match(named(measure(term, 'auc-worsening'), 'value'), [{ valueQuantity: { code: '{score}.d' } }]);
  });

  t.test('a group: who was in it at the time, and is a Patient here', async (t) => {
    const [stays, left, gone] = [await aPatient(app), await aPatient(app), await aPatient(app)];
    for (const one of [stays, left, gone]) await report(one, '09-02', nausea(1, 1));
    const deleted = await aPatient(app);
    t.ok((await app.send('DELETE', `/${deleted}`)).status < 300);
    const group: Group = {
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: [
        { entity: { reference: stays }, period: { start: '2026-09-01' } },
        { entity: { reference: left }, period: { start: '2026-09-01', end: '2026-09-20' } },
        { entity: { reference: gone }, period: { end: '2026-08-31' } },
        { entity: { reference: deleted }, period: { start: '2026-09-01' } },
        { entity: { reference: 'Patient/never-was' } },
        { entity: { reference: 'Patient/never-was' }, period: { start: '2026-09-01' } },
      ],
    };
    const { id } = await put(app, group);
    const counts = async (query: string) => {
      const { all, terms } = await ask(`?term=PROCTCAE_9_COMP${query}`, `Group/${id}`);
      const [first] = terms;
      return ['members', 'otherMembers', 'reporting']
        .map((name) => named(all, name)[0]?.valueInteger)
        .concat(named(first?.part, 'patients')[0]?.valueInteger);
    };
    t.same(await counts(''), [1, 2, 1, 1], 'now');
    t.same(await counts('&from=2026-09-20'), [2, 2, 0, undefined], 'from the last day of one of them');
    t.same(await counts('&from=2026-09-21'), [1, 2, 0, undefined], 'from the day after it');
    t.same(await counts('&from=2026-09-01&to=2026-09-10'), [2, 2, 2, 2], 'at that time');
    t.same(await counts('&to=2026-08-31'), [1, 1, 0, undefined], 'before');
  });

  const faulty: [name: string, path: string, status: number, code: string][] = [
    ['of nobody', '/Patient/nobody/$symptom-summary', 404, 'not-found'],
    ['of no group', '/Group/none/$symptom-summary', 404, 'not-found'],
    ['at a level that is none', `/${patient}/$symptom-summary?level=grade`, 400, 'invalid'],
    ['of a code that nobody knows', `/${patient}/$symptom-summary?term=PROCTCAE_99_COMP`, 400, 'invalid'],
    ['of a word', `/${patient}/$symptom-summary?term=nausea`, 400, 'invalid'],
    ['of another system', `/${patient}/$symptom-summary?term=http://loinc.org|PROCTCAE_9_COMP`, 400, 'invalid'],
    ['of no system', `/${patient}/$symptom-summary?term=|PROCTCAE_9_COMP`, 400, 'invalid'],
    [
      'of an item at the level of data',
      `/${patient}/$symptom-summary?level=ctcae&term=PROCTCAE_9A_SCL`,
      400,
      'invalid',
    ],
    ['of a version that nobody has', `/${patient}/$symptom-summary?level=ctcae&term=anemia@4.0`, 400, 'invalid'],
    ['of a misspelt ladder', `/${patient}/$symptom-summary?level=ctcae&term=anaemia`, 400, 'invalid'],
    ['of a ladder where composites are asked for', `/${patient}/$symptom-summary?term=anemia`, 400, 'invalid'],
    ['to before from', `/${patient}/$symptom-summary?from=2026-02&to=2026-01`, 400, 'invalid'],
    ['a threshold above the scale', `/${patient}/$symptom-summary?threshold=4`, 400, 'invalid'],
    ['a threshold of 0', `/${patient}/$symptom-summary?threshold=0`, 400, 'invalid'],
  ];
  for (const [name, path, status, code] of faulty) {
    t.test(`refused: ${name}`, async (t) => t.same(refusal(await app.send('GET', path)), refused(status, code)));
  }

  t.test('a group is bounded, and has no time to first', async (t) => {
    const member = Array.from({ length: 1001 }, (_, index) => ({ entity: { reference: `Patient/p${index}` } }));
    const large = await put(app, { resourceType: 'Group', type: 'person', actual: true, member });
    const path = `/Group/${large.id}/$symptom-summary`;
    t.same(refusal(await app.send('GET', path)), refused(400, 'too-costly'));
    t.same(refusal(await app.send('GET', `${path}?threshold=2`)), refused(400, 'invalid'));
    const entry = member.map(({ entity: { reference } }) => ({
      resource: { resourceType: 'Patient', id: reference.slice('Patient/'.length) },
      request: { method: 'PUT', url: reference },
    }));
    const made = await app.send('POST', '', { resourceType: 'Bundle', type: 'batch', entry: entry.slice(1) });
    t.equal(made.status, 200);
    const [last, ...most] = member;
    await app.send('PUT', `/Group/${large.id}`, { ...large, member: [...most, { ...last, inactive: true }] });
    t.match((await app.send('GET', path)).body.parameter[2], { name: 'members', valueInteger: 1000 });
  });
});
