import type { OperationDefinitionParameter, Parameters, ParametersParameter, PlanDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { LongJobs } from '../../../src/jobs/long.ts';
import { simulateHere, simulationJob } from '../../../src/jobs/simulate.ts';
import { AUTHORS, activateOperation } from '../../../src/routes/operations/activate.ts';
import { POLICY_CONTEXT } from '../../../src/rules/policy/use-context.ts';
import { SIMULATE } from '../../../src/rules/simulation-request.ts';
import { type Answer, type TestApp, testApp } from '../../support/app.ts';
import { aPolicy, put, refusal, refused, rowCounts } from '../support.ts';

const AUTHOR: ParametersParameter[] = [
  { name: 'author', valueReference: { reference: 'Practitioner/lead' } },
  { name: 'reason', valueString: 'Fewer Flags at night' },
];
const OVERRIDE: ParametersParameter = { name: 'override', valueBoolean: true };

const parameters = (parameter: ParametersParameter[]): Parameters => ({ resourceType: 'Parameters', parameter });

async function simulation(app: TestApp, id: string): Promise<string> {
  const answer = await app.send('POST', `/PlanDefinition/${id}/$simulate`);
  if (answer.status !== 202) throw new Error(answer.text);
  await new LongJobs(app.deps, { [SIMULATE]: simulationJob(simulateHere) }).sweep();
  return `${answer.headers['content-location']}`;
}

const activate = (app: TestApp, id: string, ...parameter: ParametersParameter[]): Promise<Answer> =>
  app.send('POST', `/PlanDefinition/${id}/$activate`, parameters([...AUTHOR, ...parameter]));

const activePolicies = async (app: TestApp): Promise<string[]> =>
  (await app.send('GET', '/health/ready')).body.policies;

t.test('activation', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const draft = (url: string, over: Partial<PlanDefinition> = {}): Promise<PlanDefinition & { id: string }> =>
    put(
      app,
      aPolicy('%finding.min >= 3', { url: `https://example.org/PlanDefinition/${url}`, status: 'draft', ...over }),
    );
  // Written before the first test begins, which counts what is there.
  const waiting = await draft('waiting');
  const open = await put(
    app,
    aPolicy('%finding.min >= %fill.level', { url: 'https://example.org/PlanDefinition/open', status: 'draft' }),
  );

  t.test('of a stored draft by PUT or PATCH is refused, and $activate is named', async (t) => {
    const plan = await draft('silent');
    const before = await rowCounts(app);
    const expected = refused(422, 'business-rule', 'PlanDefinition.status');
    const byPut = await app.send('PUT', `/PlanDefinition/${plan.id}`, { ...plan, status: 'active' });
    t.same(refusal(byPut), expected);
    t.match(byPut.body.issue[0].diagnostics, `POST PlanDefinition/${plan.id}/$activate`);
    const patch = JSON.stringify([{ op: 'replace', path: '/status', value: 'active' }]);
    const headers = { 'content-type': 'application/json-patch+json' };
    t.same(refusal(await app.send('PATCH', `/PlanDefinition/${plan.id}`, patch, headers)), expected);
    const entry = {
      request: { method: 'PUT', url: `PlanDefinition/${plan.id}` },
      resource: { ...plan, status: 'active' },
    };
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry: [entry] };
    t.equal((await app.send('POST', '', bundle)).status, 422, 'nor in a transaction');
    t.same(await rowCounts(app), before);
  });

  t.test('nor by way of retired, or of what was no policy', async (t) => {
    const plan = await draft('around');
    const path = `/PlanDefinition/${plan.id}`;
    t.equal((await app.send('PUT', path, { ...plan, status: 'retired' })).status, 200);
    t.equal((await app.send('PUT', path, { ...plan, status: 'active' })).status, 422);
    const other = await draft('other', { type: undefined });
    t.equal(
      (
        await app.send('PUT', `/PlanDefinition/${other.id}`, {
          ...other,
          ...aPolicy('%finding.min >= 3'),
          id: other.id,
        })
      ).status,
      422,
    );
  });

  t.test('rests on a simulation of this very content, and leaves who and why', async (t) => {
    const plan = await draft('tried');
    const url = await simulation(app, plan.id);
    const answer = await activate(app, plan.id, { name: 'simulation', valueString: url });
    t.equal(answer.status, 200, answer.text);
    const { meta: _meta, ...active } = answer.body;
    const { meta: _before, ...content } = plan;
    t.same(active, { ...content, status: 'active' }, 'all else is as it was');
    t.equal(answer.body.meta.versionId, '2');
    t.ok((await activePolicies(app)).includes(`${plan.url}|1`), 'it judges from now on');
    const { body } = await app.send('GET', `/Provenance?target=PlanDefinition/${plan.id}`);
    t.equal(body.entry.length, 1);
    const [{ resource }] = body.entry;
    t.match(resource, {
      target: [{ reference: `PlanDefinition/${plan.id}/_history/2` }],
      policy: [`${plan.url}|1`],
      reason: [{ text: 'Fewer Flags at night' }],
      activity: { coding: [{ code: 'ACTIVATE' }] },
      agent: [{ who: { reference: 'Practitioner/lead' } }],
      entity: [{ what: { reference: `PlanDefinition/${plan.id}/_history/1` } }, { what: { display: url } }],
    });
    t.equal((await app.send('PUT', `/Provenance/${resource.id}`, resource)).status, 405, 'which nobody rewrites');
    t.same(
      refusal(await activate(app, plan.id, OVERRIDE)),
      refused(422, 'business-rule', 'PlanDefinition.status'),
      'twice is refused',
    );
    const changed = { ...answer.body, description: 'changed' };
    t.equal((await app.send('PUT', `/PlanDefinition/${plan.id}`, changed)).status, 422, 'its content is frozen');
  });

  t.test('of what was changed since its simulation is refused', async (t) => {
    const plan = await draft('changed');
    const url = await simulation(app, plan.id);
    const put = await app.send('PUT', `/PlanDefinition/${plan.id}`, {
      ...aPolicy('%finding.min >= 2', { url: plan.url, status: 'draft' }),
      id: plan.id,
    });
    t.equal(put.status, 200);
    const answer = await activate(app, plan.id, { name: 'simulation', valueString: url });
    t.match(answer, { status: 422, body: { issue: [{ diagnostics: /another content/ }] } });
  });

  t.test('without a simulation is said to be so', async (t) => {
    const plan = await draft('override');
    t.equal((await activate(app, plan.id, OVERRIDE)).status, 200);
    const { body } = await app.send(
      'GET',
      `/Provenance?target=PlanDefinition/${plan.id}&_tag=activated-without-simulation`,
    );
    t.equal(body.entry.length, 1);
  });

  t.test('beside an older active version; or in its place', async (t) => {
    const first = await put(app, aPolicy('%finding.min >= 3', { url: 'https://example.org/PlanDefinition/both' }));
    const second = await draft('both', { version: '2' });
    t.equal((await activate(app, second.id, OVERRIDE)).status, 200);
    t.equal((await app.send('GET', `/PlanDefinition/${first.id}`)).body.status, 'active', 'which stays');
    t.ok((await activePolicies(app)).includes(`${second.url}|2`));
    const third = await draft('both', { version: '3' });
    t.equal((await activate(app, third.id, OVERRIDE, { name: 'retirePrevious', valueBoolean: true })).status, 200);
    for (const { id } of [first, second]) {
      t.match((await app.send('GET', `/PlanDefinition/${id}`)).body, { status: 'retired' });
    }
    const { body } = await app.send('GET', `/Provenance?target=PlanDefinition/${first.id}`);
    t.equal(body.entry[0].resource.target.length, 3, 'which its Provenance says');
  });

  t.test('of one that is older than what is active is refused, and nothing is written', async (t) => {
    const url = 'https://example.org/PlanDefinition/older';
    await put(app, aPolicy('%finding.min >= 3', { url, version: '5' }));
    const old = await draft('older', { version: '4' });
    const before = await rowCounts(app);
    const answer = await activate(app, old.id, OVERRIDE);
    t.match(answer, { status: 422, body: { issue: [{ diagnostics: /\|5 is newer than/ }] } });
    t.same(await rowCounts(app), before);
    t.equal((await app.send('GET', `/PlanDefinition/${old.id}`)).body.status, 'draft');
  });

  const cases: [name: string, id: string, sent: ParametersParameter[], status: number][] = [
    ['neither simulation nor override', waiting.id, AUTHOR, 400],
    ['an override that is none', waiting.id, [...AUTHOR, { name: 'override', valueBoolean: false }], 400],
    ['both', waiting.id, [...AUTHOR, OVERRIDE, { name: 'simulation', valueString: waiting.id }], 400],
    ['nobody who answers for it', waiting.id, [OVERRIDE, { name: 'reason', valueString: 'x' }], 400],
    ['no reason', waiting.id, [OVERRIDE, { name: 'author', valueReference: { reference: 'Practitioner/x' } }], 400],
    ['a simulation that is none', waiting.id, [...AUTHOR, { name: 'simulation', valueString: 'x' }], 400],
    ['one that is not known', waiting.id, [...AUTHOR, { name: 'simulation', valueString: waiting.id }], 422],
    ['a policy with an open number', open.id, [...AUTHOR, OVERRIDE], 422],
    ['a policy that is not there', 'none', [...AUTHOR, OVERRIDE], 404],
  ];
  for (const [name, id, sent, status] of cases) {
    t.test(`is refused: ${name}`, async (t) => {
      const before = await rowCounts(app);
      t.equal((await app.send('POST', `/PlanDefinition/${id}/$activate`, parameters(sent))).status, status);
      t.same(await rowCounts(app), before);
    });
  }

  t.test('is answered for by those whom its definition names', async (t) => {
    const found = await app.send('GET', `/OperationDefinition?url=${activateOperation.definition}`);
    const { targetProfile }: OperationDefinitionParameter = found.body.entry[0].resource.parameter.find(
      ({ name }: OperationDefinitionParameter) => name === 'author',
    );
    t.same(
      targetProfile,
      AUTHORS.map((type) => `http://hl7.org/fhir/StructureDefinition/${type}`),
    );
    const patient = await put(app, { resourceType: 'Patient' });
    const references: [reference: string, isTaken: boolean][] = [
      ['Practitioner/held-elsewhere', true],
      ['PractitionerRole/of-the-lead', true],
      ['https://other.example/fhir/Organization/clinic', true],
      [`Patient/${patient.id}`, false],
      [`${app.deps.baseUrl}/Patient/${patient.id}`, false],
      ['Device/pump', false],
      ['https://other.example/lead', false],
      ['urn:uuid:6f1c2a1e-0d53-4f0e-9a55-1d2f6f0c7a11', false],
      ['the lead', false],
    ];
    for (const [n, [reference, isTaken]] of references.entries()) {
      const plan = await draft(`author-${n}`);
      const before = await rowCounts(app);
      const author = { name: 'author', valueReference: { reference } };
      const sent = parameters([author, { name: 'reason', valueString: 'x' }, OVERRIDE]);
      const answer = await app.send('POST', `/PlanDefinition/${plan.id}/$activate`, sent);
      if (isTaken) {
        t.equal(answer.status, 200, reference);
        continue;
      }
      t.same(refusal(answer), refused(400, 'invalid', 'author'), reference);
      t.same(await rowCounts(app), before, reference);
    }
  });

  t.test('of a simulation that has not ended is refused', async (t) => {
    const answer = await app.send('POST', `/PlanDefinition/${waiting.id}/$simulate`);
    const simulation = { name: 'simulation', valueString: `${answer.headers['content-location']}` };
    t.match(await activate(app, waiting.id, simulation), {
      status: 422,
      body: { issue: [{ diagnostics: /not come to its end/ }] },
    });
  });
});

t.test('$compare', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const url = 'https://example.org/PlanDefinition/compared';
  const old = await put(app, aPolicy('%finding.min >= 3', { url }));
  const draft = await put(app, aPolicy('%finding.min >= 2', { url, version: '2', status: 'draft' }));
  const path = `/PlanDefinition/${draft.id}/$compare`;

  t.test('of a draft with the version that is active, in words of the language that is asked for', async (t) => {
    const { status, body } = await app.send('GET', path);
    t.equal(status, 200);
    t.match(body.parameter, [
      { name: 'from', valueCanonical: `${url}|1` },
      { name: 'to', valueCanonical: `${url}|2` },
      { name: 'same', valueBoolean: false },
      { name: 'text', valueString: /“First” \(first\): 3 becomes 2 in %finding\.min >= 2\./ },
      { name: 'difference' },
    ]);
    const french = await app.send('GET', `${path}?language=fr`);
    t.match(french.body.parameter[3], { valueString: /3 devient 2/ });
  });
  t.test('with another version by its canonical, and with itself', async (t) => {
    const same = await app.send('GET', `/PlanDefinition/${old.id}/$compare?against=${encodeURIComponent(`${url}|1`)}`);
    t.match(same.body.parameter[2], { name: 'same', valueBoolean: true });
  });
  t.test('of whom it is meant for, in words of both languages', async (t) => {
    const meant = aPolicy('%finding.min >= 3', {
      url,
      version: '3',
      useContext: [
        {
          code: { system: POLICY_CONTEXT, code: 'treatment' },
          valueCodeableConcept: { text: 'Cisplatin', coding: [{ system: 'http://www.whocc.no/atc', code: 'L01XA01' }] },
        },
      ],
    });
    for (const [language, said] of [
      ['en', 'The policy is now meant for the treatment Cisplatin (ATC L01XA01).'],
      ['fr', 'La politique concerne maintenant le traitement Cisplatin (ATC L01XA01).'],
    ] as const) {
      const sent = parameters([
        { name: 'policy', resource: meant },
        { name: 'language', valueCode: language },
      ]);
      const { body } = await app.send('POST', '/PlanDefinition/$compare', sent);
      const text = body.parameter.find(({ name }: ParametersParameter) => name === 'text').valueString;
      t.equal(text.split('\n').at(-1), said);
    }
  });
  t.test('of two that came along', async (t) => {
    const sent = parameters([
      { name: 'policy', resource: aPolicy('%finding.min >= 2') },
      { name: 'other', resource: aPolicy('%finding.min >= 3') },
    ]);
    t.match((await app.send('POST', '/PlanDefinition/$compare', sent)).status, 200);
  });
  t.test('refused: nothing to compare with, what does not compile', async (t) => {
    const alone = parameters([{ name: 'policy', resource: aPolicy('%finding.min >= 2', { url: `${url}-alone` }) }]);
    t.equal((await app.send('POST', '/PlanDefinition/$compare', alone)).status, 422);
    const faulty = parameters([{ name: 'policy', resource: aPolicy('%finding.grde >= 2', { url }) }]);
    t.equal((await app.send('POST', '/PlanDefinition/$compare', faulty)).status, 422);
    t.equal((await app.send('GET', `${path}?against=x%7C9`)).status, 422);
  });
});
