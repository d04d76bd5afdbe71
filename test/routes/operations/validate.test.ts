import { readFileSync } from 'node:fs';
import type { StructureDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { type Answer, testApp } from '../../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../../support/responses.ts';
import { aForm, aPolicy, FORM_URL, put, rowCounts } from '../support.ts';

const example = (name: string) => JSON.parse(readFileSync(`node_modules/hl7.fhir.r4.examples/${name}.json`, 'utf8'));
const VITAL = 'http://hl7.org/fhir/StructureDefinition/vitalsigns';
const BMI = 'http://hl7.org/fhir/StructureDefinition/bmi';

const parameters = (...parameter: object[]) => ({ resourceType: 'Parameters', parameter });
const issues = ({ status, body }: Answer) => [
  status,
  ...(body?.issue ?? []).map(
    ({ severity, code, expression }: { severity: string; code: string; expression?: string[] }) =>
      [severity, code, expression?.[0]].filter((part) => part !== undefined).join(' '),
  ),
];
const OK = [200, 'information informational'];

t.test('$validate', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const patient = await put(app, { resourceType: 'Patient' });
  const subject = { reference: `Patient/${patient.id}` };
  await put(app, aForm());
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject };
  const stored = await put(app, observation as never);
  const response = {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire: `${FORM_URL}|1`,
    subject,
    authored: '2026-11-20T09:00:00Z',
    item: [{ linkId: 'mood', answer: [{ valueInteger: 3 }] }],
  };
  const ask = (path: string, body?: unknown) => app.send('POST', path, body);

  const cases: [name: string, path: string, body: unknown, expected: unknown[]][] = [
    ['the resource as the body', '/Observation/$validate', observation, OK],
    [
      'the resource in Parameters',
      '/Observation/$validate',
      parameters({ name: 'resource', resource: observation }),
      OK,
    ],
    [
      'every structure fault at once',
      '/Observation/$validate',
      { resourceType: 'Observation', status: 'wrong', colour: 'red', subject },
      [
        200,
        'error code-invalid Observation.status',
        'error structure Observation.colour',
        'error required Observation.code',
      ],
    ],
    [
      'a resource of another type',
      '/Observation/$validate',
      { resourceType: 'Patient' },
      [200, 'error invalid Observation'],
    ],
    [
      'a profile that is named beside the resource',
      '/Observation/$validate',
      parameters({ name: 'profile', valueCanonical: VITAL }, { name: 'resource', resource: observation }),
      [
        200,
        'error required Observation.category',
        'error required Observation.category',
        'error required Observation.effective',
        'error invariant Observation',
        'warning code-invalid Observation.code',
      ],
    ],
    [
      'a profile that is named in the URL',
      `/Observation/$validate?profile=${encodeURIComponent(VITAL)}&mode=profile`,
      { ...example('Observation-bmi'), meta: undefined },
      OK,
    ],
    [
      'the core definition of the type as profile',
      `/Patient/$validate?profile=${encodeURIComponent('http://hl7.org/fhir/StructureDefinition/Patient')}`,
      { resourceType: 'Patient' },
      OK,
    ],
    [
      'a coding of another system than an extensible binding names',
      '/Patient/$validate',
      { resourceType: 'Patient', maritalStatus: { coding: [{ system: 'urn:x', code: 'y' }] } },
      [200, 'warning code-invalid Patient.maritalStatus'],
    ],
    [
      'a code of an extensible binding, and another where there is only a text',
      '/Patient/$validate',
      {
        resourceType: 'Patient',
        maritalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: 'M' }] },
        contact: [{ name: { text: 'x' }, relationship: [{ text: 'neighbour' }] }],
      },
      OK,
    ],
    [
      'a constraint of severity warning',
      '/ValueSet/$validate',
      { resourceType: 'ValueSet', url: 'https://example.org/ValueSet/x', name: 'not a name', status: 'draft' },
      [200, 'warning invariant ValueSet'],
    ],
    [
      'a profile of another type',
      `/Patient/$validate?profile=${encodeURIComponent(BMI)}`,
      { resourceType: 'Patient' },
      [200, 'error value Patient.meta.profile'],
    ],
    [
      'a claimed profile that is not held',
      '/Observation/$validate',
      { ...observation, meta: { profile: ['https://example.org/none'] } },
      [200, 'information not-found Observation.meta.profile'],
    ],
    [
      'a response against its Questionnaire',
      '/QuestionnaireResponse/$validate',
      { ...response, item: [{ linkId: 'colour', answer: [{ valueString: 'x' }] }] },
      [200, 'error required QuestionnaireResponse', 'error value QuestionnaireResponse.item[0].answer[0].value'],
    ],
    ['a response that is sound', '/QuestionnaireResponse/$validate', response, OK],
    [
      'mode create: the patient is not known',
      '/QuestionnaireResponse/$validate?mode=create',
      { ...response, subject: { reference: 'Patient/nobody' } },
      [200, 'error business-rule QuestionnaireResponse.subject'],
    ],
    [
      'mode profile asks nothing beyond the resource',
      '/QuestionnaireResponse/$validate?mode=profile',
      { ...response, subject: { reference: 'Patient/nobody' } },
      OK,
    ],
    [
      'mode create of a type that clients do not write',
      '/Flag/$validate?mode=create',
      { resourceType: 'Flag', status: 'active', code: { text: 'x' }, subject },
      [200, 'error not-supported Flag'],
    ],
    [
      'a Flag without a mode is looked at in itself',
      '/Flag/$validate',
      { resourceType: 'Flag', status: 'active', code: { text: 'x' }, subject },
      OK,
    ],
    [
      'mode update would move the resource to another patient',
      `/Observation/${stored.id}/$validate?mode=update`,
      { ...observation, id: stored.id, subject: { reference: 'Group/1' } },
      [200, 'error business-rule Observation.subject'],
    ],
    [
      'mode update with another id in the body',
      `/Observation/${stored.id}/$validate?mode=update`,
      { ...observation, id: 'other' },
      [200, 'error invalid Observation.id'],
    ],
    ['mode delete of what may go', `/Observation/${stored.id}/$validate?mode=delete`, undefined, OK],
    [
      'mode delete of a patient who has data',
      `/Patient/${patient.id}/$validate`,
      parameters({ name: 'mode', valueCode: 'delete' }),
      [200, 'error conflict'],
    ],
    [
      'a Questionnaire that contradicts itself',
      '/Questionnaire/$validate',
      aForm({
        url: 'https://example.org/other',
        item: [
          { linkId: 'a', type: 'group' },
          { linkId: 'a', type: 'group' },
        ],
      }),
      [
        200,
        'error invariant Questionnaire.item[0]',
        'error invariant Questionnaire.item[1]',
        'error invariant Questionnaire',
      ],
    ],
    [
      'a policy that cannot be compiled',
      '/PlanDefinition/$validate',
      aPolicy('%finding.grde > 1'),
      [200, 'error value PlanDefinition.action[0].condition[0].expression.expression'],
    ],
    [
      'an extension where its definition does not allow it, and one that is not known',
      '/Patient/$validate',
      {
        resourceType: 'Patient',
        extension: [
          { url: 'http://hl7.org/fhir/StructureDefinition/flag-detail', valueReference: { reference: 'Patient/1' } },
          { url: 'https://example.org/unknown', valueCode: 'x' },
        ],
        modifierExtension: [{ url: 'https://example.org/unknown-modifier', valueCode: 'x' }],
      },
      [
        200,
        'error structure Patient.extension[0]',
        'information not-found Patient.extension[1]',
        'warning not-found Patient.modifierExtension[0]',
      ],
    ],
  ];
  for (const [name, path, body, expected] of cases) {
    t.test(name, async (t) => {
      t.same(issues(await ask(path, body)), expected);
    });
  }

  t.test('GET at an instance looks at what is stored', async (t) => {
    t.same(issues(await app.send('GET', `/Observation/${stored.id}/$validate`)), OK);
    const named = await app.send('GET', `/Observation/${stored.id}/$validate?profile=${encodeURIComponent(VITAL)}`);
    t.match(named, { status: 200 });
    t.equal(named.body.issue.length, 5);
  });

  const impossible: [name: string, path: string, body: unknown, status: number][] = [
    ['no resource', '/Observation/$validate', undefined, 400],
    ['Parameters without a resource', '/Observation/$validate', parameters({ name: 'mode', valueCode: 'create' }), 400],
    ['a body that is no JSON', '/Observation/$validate', '{', 400],
    ['an unknown mode', '/Observation/$validate?mode=destroy', observation, 400],
    ['an unknown parameter', '/Observation/$validate?colour=red', observation, 400],
    ['mode delete without an instance', '/Observation/$validate?mode=delete', observation, 400],
    ['mode update without an id', '/Observation/$validate?mode=update', observation, 400],
    ['a profile that is not held', '/Observation/$validate?profile=https://example.org/none', observation, 404],
    ['an instance that is not there', '/Observation/nobody/$validate', undefined, 404],
  ];
  for (const [name, path, body, status] of impossible) {
    t.test(`${name}: the question cannot be answered`, async (t) => {
      const answer = await ask(path, body);
      t.equal(answer.status, status);
      t.match(answer.body, { resourceType: 'OperationOutcome', issue: [{ severity: 'error' }] });
    });
  }

  t.test('only meta.profile claims a profile, of the resource or of what it contains', async (t) => {
    const url = 'http://hl7.org/fhir/StructureDefinition/flag-priority';
    const extension = [{ url, valueCodeableConcept: { text: 'misplaced' } }];
    const meta = { profile: ['http://hl7.org/fhir/StructureDefinition/Basic'] };
    const basic = { resourceType: 'Basic', code: { text: 'x' }, extension };
    const post = async (resource: object) => (await app.send('POST', '/Basic', resource)).status;
    t.equal(await post(basic), 201, 'no claim');
    t.equal(await post({ ...basic, meta }), 422, 'its own claim');
    const contained = [{ resourceType: 'Basic', id: 'b', code: { text: 'x' } }];
    const subject = { reference: '#b' };
    t.equal(await post({ ...basic, subject, contained }), 201, 'what it contains claims none');
    t.equal(
      await post({ ...basic, subject, contained: [{ ...contained[0], meta }] }),
      422,
      'what it contains claims one',
    );
    const definition = {
      resourceType: 'StructureDefinition',
      url: 'https://example.org/StructureDefinition/typed',
      name: 'Typed',
      status: 'draft',
      kind: 'resource',
      abstract: false,
      type: 'Basic',
      baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Basic',
      derivation: 'constraint',
      extension,
      differential: {
        element: [
          { id: 'Basic', path: 'Basic' },
          { id: 'Basic.code', path: 'Basic.code', type: [{ code: 'CodeableConcept', profile: [VITAL] }] },
        ],
      },
    };
    const { status } = await app.send('POST', '/StructureDefinition', definition);
    t.equal(status, 201, "an element of another name: 'profile' of a type");
  });

  t.test('nothing is stored', async (t) => {
    const before = await rowCounts(app);
    await ask('/QuestionnaireResponse/$validate?mode=create', response);
    await ask('/Observation/$validate?mode=create', observation);
    await ask(`/Observation/${stored.id}/$validate?mode=delete`);
    t.same(await rowCounts(app), before);
  });

  t.test('a posted profile is refused where it cannot be compiled, and enforced from then on', async (t) => {
    const profile: StructureDefinition = {
      resourceType: 'StructureDefinition',
      url: 'https://example.org/StructureDefinition/mine',
      name: 'Mine',
      status: 'active',
      kind: 'resource',
      abstract: false,
      type: 'Observation',
      baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Observation',
      derivation: 'constraint',
      differential: { element: [{ id: 'Observation.colour', path: 'Observation.colour', min: 1 }] },
    };
    t.same(issues(await app.send('POST', '/StructureDefinition', profile)), [
      422,
      'error value StructureDefinition.differential.element[0].path',
    ]);
    t.same(issues(await app.send('POST', '/StructureDefinition/$validate', profile)), [
      200,
      'error value StructureDefinition.differential.element[0].path',
    ]);
    const sound = { ...profile, differential: { element: [{ id: 'x', path: 'Observation.method', min: 1 }] } };
    const held = await put(app, sound);
    const claims = { ...observation, meta: { profile: [profile.url] } };
    t.same(issues(await app.send('POST', '/Observation', claims)), [422, 'error required Observation.method']);
    t.match((await app.send('POST', '/Observation', { ...claims, method: { text: 'x' } })).status, 201);
    const patched = await app.send(
      'PATCH',
      `/Observation/${stored.id}`,
      JSON.stringify([{ op: 'add', path: '/meta/profile', value: [profile.url] }]),
      { 'content-type': 'application/json-patch+json' },
    );
    t.same(issues(patched), [422, 'error required Observation.method']);
    const changed = { ...held, differential: { element: [{ id: 'x', path: 'Observation.note', max: '0' }] } };
    t.equal((await app.send('PUT', `/StructureDefinition/${held.id}`, changed)).status, 200);
    t.equal((await app.send('POST', '/Observation', claims)).status, 201, 'the next version counts at once');
    t.equal((await app.send('DELETE', `/StructureDefinition/${held.id}`)).status, 204);
    t.same(issues(await app.send('POST', '/Observation/$validate', claims)), [
      200,
      'information not-found Observation.meta.profile',
    ]);
  });
});

t.test('what the engine writes conforms to our profiles', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const subject = await aPatient(app);
  const form = await weeklyForm(app);
  // A grade, a branch, an answer that is missing: what the profiles have extensions for.
  const scores = { PROCTCAE_16A_SCL: 3, PROCTCAE_9A_SCL: 4 };
  const { status } = await app.send(
    'POST',
    '/QuestionnaireResponse',
    aResponse(form, subject, '2026-11-20T09:00:00Z', scores),
  );
  t.equal(status, 201);
  for (const [type, profile] of [
    ['Flag', 'vigie-flag'],
    ['Observation', 'vigie-graded-observation'],
  ]) {
    const { body } = await app.send('GET', `/${type}?patient=${subject.slice('Patient/'.length)}`);
    t.ok(body.entry.length > 0, `${type}s were written`);
    const url = encodeURIComponent(`https://vigie.example/fhir/StructureDefinition/${profile}`);
    for (const { resource } of body.entry) {
      const answer = await app.send('GET', `/${type}/${resource.id}/$validate?profile=${url}`);
      const errors = answer.body.issue.filter(({ severity }: { severity: string }) => severity === 'error');
      t.same([answer.status, errors], [200, []], `${type} ${resource.code.text}`);
      const { code: _code, ...mutant } = resource;
      const refused = await app.send('POST', `/${type}/$validate?profile=${url}`, {
        ...mutant,
        subject: { reference: 'Group/1' },
      });
      const said = refused.body.issue.map(({ expression }: { expression: string[] }) => expression[0]);
      t.ok(said.includes(`${type}.subject`) && said.includes(`${type}.code`));
    }
  }
});
