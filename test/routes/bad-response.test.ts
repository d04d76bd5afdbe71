import type { Questionnaire, QuestionnaireItem, QuestionnaireResponse } from '@medplum/fhirtypes';
import t from 'tap';
import { NOW, testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { aForm, FORM_URL, put, refusal, refused, rowCounts } from './support.ts';

/** Stands for what a patient typed: no refusal may repeat it. */
const SECRET = 'Zebulon-Quartermaine';

const hours = (n: number): string => new Date(NOW.getTime() + n * 3_600_000).toISOString();

t.test('responses that cannot be accepted', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const other = await aPatient(app);
  await put(app, aForm());
  await put(app, aForm({ version: '2', status: 'draft' }));
  const mood = { linkId: 'mood', answer: [{ valueInteger: 3 }] };
  const make = (over: Partial<QuestionnaireResponse> = {}): QuestionnaireResponse => ({
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire: `${FORM_URL}|1`,
    subject: { reference: patient },
    authored: hours(-1),
    item: [mood],
    ...over,
  });
  const Q = 'QuestionnaireResponse';
  const BR = 'business-rule';
  const cases: [name: string, response: QuestionnaireResponse, code: string, expression: string, says: RegExp][] = [
    ['unknown linkId', make({ item: [mood, { linkId: 'x' }] }), 'structure', `${Q}.item[1]`, /./],
    [
      'wrong answer type',
      make({ item: [{ linkId: 'mood', answer: [{ valueString: SECRET }] }] }),
      'value',
      `${Q}.item[0].answer[0].value`,
      /Mood/,
    ],
    [
      'option not in the list',
      make({ item: [mood, { linkId: 'colour', answer: [{ valueCoding: { system: 'urn:x', code: 'blue' } }] }] }),
      'code-invalid',
      `${Q}.item[1].answer[0].value`,
      /Colour/,
    ],
    [
      'answer to a disabled item',
      make({ item: [mood, { linkId: 'why', answer: [{ valueString: SECRET }] }] }),
      BR,
      `${Q}.item[1]`,
      /Why/,
    ],
    ['a missing required item', make({ item: undefined }), 'required', Q, /Mood/],
    [
      'too many repeats',
      make({ item: [{ linkId: 'mood', answer: [{ valueInteger: 1 }, { valueInteger: 2 }] }] }),
      BR,
      `${Q}.item[0]`,
      /Mood/,
    ],
    [
      'a text that is too long',
      make({ item: [mood, { linkId: 'pets', answer: [{ valueString: SECRET.repeat(3) }] }] }),
      'value',
      `${Q}.item[1].answer[0].value`,
      /Names of pets/,
    ],
    [
      'an unknown Questionnaire',
      make({ questionnaire: 'https://example.org/Questionnaire/none' }),
      BR,
      `${Q}.questionnaire`,
      /no Questionnaire with this url/,
    ],
    [
      'an unknown version',
      make({ questionnaire: `${FORM_URL}|9` }),
      BR,
      `${Q}.questionnaire`,
      /version 9 is not known/,
    ],
    ['missing questionnaire', make({ questionnaire: undefined }), BR, `${Q}.questionnaire`, /required/],
    ['authored 3 days ahead', make({ authored: hours(72) }), BR, `${Q}.authored`, /future/],
    ['authored just over 24 h ahead', make({ authored: hours(24.01) }), BR, `${Q}.authored`, /future/],
    ['authored before 1900', make({ authored: '0001-01-01T00:00:00+14:00' }), BR, `${Q}.authored`, /1900/],
    ['missing authored', make({ authored: undefined }), BR, `${Q}.authored`, /required/],
    ['missing subject', make({ subject: undefined }), BR, `${Q}.subject`, /required/],
    [
      'a subject by identifier only',
      make({ subject: { identifier: { value: SECRET } } }),
      BR,
      `${Q}.subject`,
      /required/,
    ],
    ['a subject that is only a name', make({ subject: { display: SECRET } }), BR, `${Q}.subject`, /required/],
    ['an unknown subject', make({ subject: { reference: 'Patient/none' } }), BR, `${Q}.subject`, /not known/],
    [
      'a subject of another type',
      make({ subject: { reference: 'Group/x' } }),
      BR,
      `${Q}.subject`,
      /Patient of this server/,
    ],
    [
      'a subject of another server',
      make({ subject: { reference: 'https://other.example/fhir/Patient/1' } }),
      BR,
      `${Q}.subject`,
      /Patient of this server/,
    ],
    [
      'a subject as urn:uuid',
      make({ subject: { reference: 'urn:uuid:0b5d2c4e-6c0e-4f0e-9b1a-0f6d2c4e6c0e' } }),
      BR,
      `${Q}.subject`,
      /Patient of this server/,
    ],
    [
      'a contained subject',
      make({ contained: [{ resourceType: 'Patient', id: 'p' }], subject: { reference: '#p' } }),
      BR,
      `${Q}.subject`,
      /Patient of this server/,
    ],
  ];
  for (const [name, response, code, expression, says] of cases) {
    t.test(name, async (t) => {
      const before = await rowCounts(app);
      const answer = await app.send('POST', '/QuestionnaireResponse', response);
      t.same(refusal(answer), refused(422, code, expression));
      t.match(answer.body.issue[0].diagnostics, says);
      t.notMatch(answer.text, SECRET, 'does not repeat what was typed');
      t.same(await rowCounts(app), before, 'the database is unchanged');
    });
  }

  t.test('an unknown or missing form is refused before the rest is looked at, and says what is held', async (t) => {
    const { body } = await app.send('POST', '/QuestionnaireResponse', make({ questionnaire: `${FORM_URL}|9` }));
    t.match(body.issue[0].diagnostics, /held here: .*2 \(draft\).*1 \(active\)|held here: .*1 \(active\).*2 \(draft\)/);
  });

  t.test('a url without version means the newest active one; a subject may be named by our full URL', async (t) => {
    const answer = await app.send(
      'POST',
      '/QuestionnaireResponse',
      make({ questionnaire: FORM_URL, subject: { reference: `http://localhost:8080/fhir/${patient}` } }),
    );
    t.equal(answer.status, 201, answer.text);
    t.equal(answer.body.questionnaire, FORM_URL, 'stored as it came');
    const found = await app.send('GET', `/QuestionnaireResponse?subject=${patient}&_id=${answer.body.id}`);
    t.equal(found.body.entry?.length, 1);
  });

  t.test('the subject cannot be changed by PUT', async (t) => {
    const { body } = await app.send('POST', '/QuestionnaireResponse', make());
    const before = await rowCounts(app);
    for (const [subject, expression] of [
      [{ reference: other }, `${Q}.subject`],
      [{ reference: 'Patient/none' }, `${Q}.subject`],
      [undefined, `${Q}.subject`],
    ] as const) {
      const answer = await app.send('PUT', `/QuestionnaireResponse/${body.id}`, {
        ...body,
        status: 'amended',
        subject,
      });
      t.same(refusal(answer), refused(422, BR, expression));
    }
    t.same(await rowCounts(app), before);
  });

  t.test('an Observation stays with its patient too', async (t) => {
    const observation = await put(app, {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'weight' },
      subject: { reference: patient },
    });
    const before = await rowCounts(app);
    for (const subject of [{ reference: other }, { reference: 'Group/x' }, undefined]) {
      const answer = await app.send('PUT', `/Observation/${observation.id}`, { ...observation, subject });
      t.same(refusal(answer), refused(422, BR, 'Observation.subject'));
    }
    t.same(
      refusal(await app.send('POST', '/Observation', { ...observation, subject: { reference: 'Patient/none' } })),
      refused(422, BR, 'Observation.subject'),
    );
    t.same(await rowCounts(app), before);
  });

  t.test('a draft may be incomplete and deleted; what was complete is no draft again', async (t) => {
    const draft = await put(app, make({ status: 'in-progress', item: undefined, authored: undefined }));
    const before = await rowCounts(app);
    t.equal((await app.send('DELETE', `/${Q}/${draft.id}`)).status, 204);
    t.equal((await app.send('GET', `/${Q}/${draft.id}`)).status, 410);
    t.not((await rowCounts(app)).resource_version, before.resource_version);

    const next = await put(app, make({ status: 'in-progress' }));
    const done = await app.send('PUT', `/${Q}/${next.id}`, { ...next, status: 'completed' });
    t.equal(done.status, 200);
    for (const status of ['in-progress', 'stopped']) {
      const counts = await rowCounts(app);
      t.same(refusal(await app.send('PUT', `/${Q}/${next.id}`, { ...next, status })), refused(422, BR, `${Q}.status`));
      t.same(await rowCounts(app), counts);
    }
  });

  t.test('a graded response, and a Patient with data, cannot be deleted: 409', async (t) => {
    const someone = await aPatient(app);
    const response = aResponse(await weeklyForm(app), someone, hours(-2), { PROCTCAE_16A_SCL: 4 });
    const graded = await put(app, response);
    const before = await rowCounts(app);
    t.same(refusal(await app.send('DELETE', `/${Q}/${graded.id}`)), refused(409, 'conflict'));
    t.same(refusal(await app.send('DELETE', `/${someone}`)), refused(409, 'conflict'));
    t.same(await rowCounts(app), before);
    const withdrawn = { ...graded, status: 'entered-in-error', item: [{ linkId: 'no item of the form' }] };
    t.equal((await app.send('PUT', `/${Q}/${graded.id}`, withdrawn)).status, 200);
    t.same(refusal(await app.send('DELETE', `/${Q}/${graded.id}`)), refused(409, 'conflict'), 'nor when withdrawn');
    t.equal((await app.send('DELETE', `/${await aPatient(app)}`)).status, 204, 'a Patient without data can');
    const gone = await aPatient(app);
    await app.send('DELETE', `/${gone}`);
    t.same(
      refusal(await app.send('POST', `/${Q}`, make({ subject: { reference: gone } }))),
      refused(422, BR, `${Q}.subject`),
      'and nothing can be written for one that is gone',
    );
  });

  t.test('authored up to 24 h ahead is accepted: receipt time stands in, and the data quality is noted', async (t) => {
    for (const ahead of [2, 24]) {
      const someone = await aPatient(app);
      const response = aResponse(await weeklyForm(app), someone, hours(ahead), { PROCTCAE_16A_SCL: 4 });
      const stored = await put(app, response);
      t.equal(stored.authored, hours(ahead), 'stored as it came');
      const { body } = await app.send('GET', `/Observation?patient=${someone}`);
      const [{ resource }] = body.entry;
      t.equal(new Date(resource.effectivePeriod.end).toISOString(), NOW.toISOString());
      t.match(JSON.stringify(resource), /clock-ahead/);
      const flags = await app.send('GET', `/Flag?patient=${someone}`);
      t.equal(new Date(flags.body.entry[0].resource.period.start).toISOString(), NOW.toISOString());
    }
  });
});

t.test('forms that cannot be accepted', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const system = 'https://vigie.example/fhir/CodeSystem/pro-ctcae';
  const scale = (from: number, to: number): QuestionnaireItem['answerOption'] =>
    Array.from({ length: to - from + 1 }, (_, index) => ({ valueInteger: from + index }));
  const form = (item: QuestionnaireItem[]): Questionnaire =>
    aForm({ url: 'https://example.org/Questionnaire/bad', item });
  const coded = (over: Partial<QuestionnaireItem>): QuestionnaireItem => ({
    linkId: 'pain',
    type: 'integer',
    text: 'Pain',
    code: [{ system, code: 'PROCTCAE_16A_SCL' }],
    ...over,
  });
  const PAIN = "Questionnaire.repeat(item).where(linkId = 'pain')";
  const cases: [name: string, item: QuestionnaireItem[], code: string, expression: string][] = [
    ['our code on a 0-10 scale', [coded({ answerOption: scale(0, 10) })], 'business-rule', PAIN],
    ['our code on a 1-5 scale', [coded({ answerOption: scale(1, 5) })], 'business-rule', PAIN],
    ['our code on an open number', [coded({})], 'business-rule', PAIN],
    [
      'the same linkId twice',
      [
        { linkId: 'a', type: 'string' },
        { linkId: 'a', type: 'string' },
      ],
      'invariant',
      'Questionnaire',
    ],
    [
      'a branch on an item that is not there',
      [{ linkId: 'a', type: 'string', enableWhen: [{ question: 'z', operator: '=', answerInteger: 1 }] }],
      'business-rule',
      'Questionnaire.item[0].enableWhen[0]',
    ],
  ];
  for (const [name, item, code, expression] of cases) {
    t.test(name, async (t) => {
      const before = await rowCounts(app);
      const answer = await app.send('POST', '/Questionnaire', form(item));
      t.same(refusal(answer), refused(code === 'invariant' ? 400 : 422, code, expression), answer.text);
      t.same(await rowCounts(app), before);
    });
  }
  t.test('our code on 0 to 4 is accepted', async (t) => {
    const answer = await app.send('POST', '/Questionnaire', form([coded({ answerOption: scale(0, 4) })]));
    t.equal(answer.status, 201, answer.text);
  });
});
