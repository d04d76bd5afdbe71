import t from 'tap';
import { testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';

t.test('what other things rest on stays as it is', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const form = await weeklyForm(app);
  const patient = await aPatient(app);
  const path = `/Questionnaire/${form.id}`;
  const { id: _id, meta: _meta, ...content } = form;
  const other = { ...content, item: form.item?.slice(0, 2) };

  await t.test('a form that nobody has answered can be changed, copied and deleted', async (t) => {
    const copy = await app.send('POST', '/Questionnaire', { ...content, url: 'https://example.org/q', version: '1' });
    t.equal(copy.status, 201);
    const copied = `/Questionnaire/${copy.body.id}`;
    t.equal((await app.send('PUT', copied, { ...copy.body, item: other.item })).status, 200);
    t.equal((await app.send('DELETE', copied)).status, 204);
  });

  await t.test(
    'another form under its url and version is refused, a draft too and before the first answer',
    async (t) => {
      const twin = { ...content, url: 'https://example.org/twin', version: '1' };
      t.equal((await app.send('POST', '/Questionnaire', twin)).status, 201);
      for (const status of ['draft', 'active']) {
        const refused = await app.send('POST', '/Questionnaire', { ...twin, status, item: other.item });
        t.equal(refused.status, 422);
        t.match(refused.body.issue[0], { code: 'business-rule', expression: ['Questionnaire.version'] });
      }
    },
  );

  await t.test('one that has been answered cannot', async (t) => {
    const response = aResponse(form, patient, '2026-11-01T08:00:00Z', { PROCTCAE_16A_SCL: 4 });
    t.equal((await app.send('POST', '/QuestionnaireResponse', response)).status, 201);
    const changed = await app.send('PUT', path, { ...other, id: form.id });
    t.equal(changed.status, 422);
    t.match(changed.body.issue[0], { code: 'business-rule', expression: ['Questionnaire.item'] });
    t.equal(
      (await app.send('POST', '/Questionnaire', other)).status,
      422,
      'nor by another resource of its url and version',
    );
    t.equal((await app.send('DELETE', path)).status, 409);
  });

  await t.test('its title, its status, and its next version can', async (t) => {
    t.equal((await app.send('PUT', path, { ...content, id: form.id, title: 'Another title' })).status, 200);
    t.equal((await app.send('POST', '/Questionnaire', { ...other, version: '2.0.0' })).status, 201);
    t.equal((await app.send('POST', '/Questionnaire', content)).status, 201, 'and the same once more changes nothing');
  });

  await t.test('a response can be withdrawn as long as it is here, and its Flag goes with it', async (t) => {
    const { body } = await app.send('GET', `/QuestionnaireResponse?patient=${patient}`);
    const response = body.entry[0].resource;
    const withdrawn = await app.send('PUT', `/QuestionnaireResponse/${response.id}`, {
      ...response,
      status: 'entered-in-error',
    });
    t.equal(withdrawn.status, 200);
    const flags = await app.send('GET', `/Flag?patient=${patient}`);
    t.strictSame(
      flags.body.entry.map((entry: { resource: { status: string } }) => entry.resource.status),
      ['entered-in-error'],
    );
  });

  await t.test('definitions that ship with the service are read-only', async (t) => {
    for (const type of ['CodeSystem', 'StructureDefinition', 'SearchParameter', 'Library', 'Device']) {
      const { body } = await app.send('GET', `/${type}?_count=1`);
      const { resource } = body.entry[0];
      t.equal((await app.send('DELETE', `/${type}/${resource.id}`)).status, 403, type);
      const put = await app.send('PUT', `/${type}/${resource.id}`, resource);
      t.equal(put.status, 403, type);
      t.equal(put.body.issue[0].code, 'forbidden');
    }
  });
});

t.test('what an answer stands for does not change under a form that has been answered', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const patient = await aPatient(app);
  const base = 'https://example.org/meanings';
  const ordinal = (n: number) => ({
    url: 'http://hl7.org/fhir/StructureDefinition/codesystem-ordinalValue',
    valueDecimal: n,
  });
  const codes = (weight: (n: number) => number) => ({
    resourceType: 'CodeSystem',
    url: `${base}/codes`,
    status: 'active',
    content: 'complete',
    concept: [0, 1, 2, 3, 4].map((n) => ({ code: `s${n}`, extension: [ordinal(weight(n))] })),
  });
  const codeSystem = (
    await app.send(
      'POST',
      '/CodeSystem',
      codes((n) => n),
    )
  ).body;
  const set = {
    resourceType: 'ValueSet',
    url: `${base}/set`,
    status: 'active',
    compose: { include: [{ system: `${base}/codes` }] },
  };
  const valueSet = (await app.send('POST', '/ValueSet', set)).body;
  const form = {
    resourceType: 'Questionnaire',
    url: `${base}/form`,
    version: '1',
    status: 'active',
    item: [
      {
        linkId: 'd',
        type: 'choice',
        text: 'Diarrhea',
        code: [{ system: 'https://vigie.example/fhir/CodeSystem/pro-ctcae', code: 'PROCTCAE_16A_SCL' }],
        answerValueSet: `${base}/set`,
      },
    ],
  };
  t.equal((await app.send('POST', '/Questionnaire', form)).status, 201);
  const turned = { ...codes((n) => 4 - n), id: codeSystem.id };
  t.equal(
    (await app.send('PUT', `/CodeSystem/${codeSystem.id}`, turned)).status,
    200,
    'before the first answer it can',
  );
  t.equal(
    (await app.send('PUT', `/CodeSystem/${codeSystem.id}`, { ...codes((n) => n), id: codeSystem.id })).status,
    200,
  );

  const response = await app.send('POST', '/QuestionnaireResponse', {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire: `${base}/form|1`,
    subject: { reference: patient },
    authored: '2026-11-01T08:00:00Z',
    item: [{ linkId: 'd', answer: [{ valueCoding: { system: `${base}/codes`, code: 's4' } }] }],
  });
  t.equal(response.status, 201);
  const refused = await app.send('PUT', `/CodeSystem/${codeSystem.id}`, turned);
  t.equal(refused.status, 422);
  t.match(refused.body.issue[0], { code: 'business-rule', diagnostics: /has been answered/ });
  t.equal((await app.send('DELETE', `/CodeSystem/${codeSystem.id}`)).status, 409);
  t.equal((await app.send('DELETE', `/ValueSet/${valueSet.id}`)).status, 409);
  t.equal(
    (await app.send('PUT', `/CodeSystem/${codeSystem.id}`, { ...codes((n) => n), id: codeSystem.id, title: 'Codes' }))
      .status,
    200,
    'what means the same can change',
  );

  const weekly = await weeklyForm(app);
  const other = await app.send('PUT', `/QuestionnaireResponse/${response.body.id}`, {
    ...response.body,
    status: 'amended',
    questionnaire: `${weekly.url}|${weekly.version}`,
    item: undefined,
  });
  t.equal(other.status, 422, 'and a response stays with its form');
  t.match(other.body.issue[0], { expression: ['QuestionnaireResponse.questionnaire'] });
  t.equal((await app.send('GET', `/Flag?patient=${patient}&status=active`)).body.entry.length, 1);
});

t.test('a parameter without a value is told of, and refused where handling is strict', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const lenient = await app.send('GET', '/Flag?patient=&_count=1');
  t.equal(lenient.status, 200);
  t.match(lenient.body.entry.at(-1), { search: { mode: 'outcome' }, resource: { issue: [{ severity: 'warning' }] } });
  t.equal((await app.send('GET', '/Flag?patient=', undefined, { prefer: 'handling=strict' })).status, 400);
  const create = await app.send('POST', '/Patient', { resourceType: 'Patient' }, { 'if-none-exist': 'identifier=' });
  t.equal(create.status, 400, 'nor can a conditional create rest on it');
});
