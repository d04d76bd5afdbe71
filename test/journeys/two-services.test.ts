import { readFileSync } from 'node:fs';
import type { PlanDefinition, Questionnaire, QuestionnaireResponse, SearchParameter } from '@medplum/fhirtypes';
import t, { type Test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { type Method, testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { secondDeps } from '../support/second.ts';

/** Two services on one database, as on two hosts: each with its own connections, catalog and search parameters. */
async function twoServices(t: Test) {
  const here = await testApp();
  const second = await secondDeps(here);
  const app = buildApp(second.deps);
  t.teardown(async () => {
    await app.close();
    await second.close();
    await here.close();
  });
  const there = async (method: Method, path: string, body?: object, headers: Record<string, string> = {}) => {
    const answer = await app.inject({
      method,
      url: `/fhir${path}`,
      headers: { host: 'localhost', 'content-type': 'application/fhir+json', ...headers },
      ...(body ? { payload: JSON.stringify(body) } : {}),
    });
    return { status: answer.statusCode, body: answer.body === '' ? undefined : JSON.parse(answer.body) };
  };
  return { here, there, second: second.deps };
}

const OUTCOME = { prefer: 'return=OperationOutcome' };

t.test('two services on one database', async (t) => {
  const { here, there, second } = await twoServices(t);
  const patient = await aPatient(here);
  const form = await weeklyForm(here);
  const response = (authored: string, severity: number): QuestionnaireResponse =>
    aResponse(form, patient, authored, { PROCTCAE_16A_SCL: 1, PROCTCAE_16B_SCL: severity });

  await t.test('a policy that one is sent judges the next report that the other is sent', async (t) => {
    // Both have compiled what there was.
    t.equal((await there('POST', '/QuestionnaireResponse', response('2026-11-01T08:00:00+01:00', 0))).status, 201);
    const { id: _, ...demonstration }: PlanDefinition = JSON.parse(
      readFileSync('profiles/policies/demonstration.json', 'utf8'),
    );
    const [first] = demonstration.action ?? [];
    const policy: PlanDefinition = {
      ...demonstration,
      url: 'https://example.org/PlanDefinition/every-report',
      action: [
        {
          ...first,
          id: 'every',
          title: 'Every report',
          condition: [
            {
              kind: 'applicability',
              expression: {
                language: 'text/fhirpath',
                expression: "%finding.kind = 'composite' and %finding.min >= 1",
              },
            },
          ],
        },
      ],
    };
    t.equal((await here.send('POST', '/PlanDefinition', policy)).status, 201);
    const answer = await there('POST', '/QuestionnaireResponse', response('2026-11-02T08:00:00+01:00', 1), OUTCOME);
    t.equal(answer.status, 201);
    const { body } = await there('GET', `/Flag?patient=${patient}&status=active`);
    const [{ resource: flag }] = body.entry;
    t.match(JSON.stringify(flag.extension), 'https://example.org/PlanDefinition/every-report|1.0.0');
  });

  await t.test('a form that one is sent is answered, validated and graded at the other', async (t) => {
    const { id: _, meta: __, ...rest } = form;
    const own: Questionnaire = { ...rest, url: 'https://example.org/Questionnaire/own', version: '1' };
    const answers = (extra: object): object => ({
      ...response('2026-11-03T08:00:00+01:00', 2),
      questionnaire: `${own.url}|1`,
      ...extra,
    });
    t.equal((await there('POST', '/QuestionnaireResponse', answers({}))).status, 422, 'it is not known yet');
    t.equal((await here.send('POST', '/Questionnaire', own)).status, 201);
    t.equal((await there('POST', '/QuestionnaireResponse', answers({ item: [{ linkId: 'no' }] }))).status, 422);
    const answer = await there('POST', '/QuestionnaireResponse', answers({}));
    t.equal(answer.status, 201);
    const { body } = await here.send('GET', `/Observation?derived-from=QuestionnaireResponse/${answer.body.id}`);
    t.ok(body.entry.length > 0);
  });

  await t.test('a policy that one retires judges nothing at the other any more', async (t) => {
    const { body } = await here.send('GET', '/PlanDefinition?url=https://example.org/PlanDefinition/every-report');
    const [{ resource }] = body.entry;
    t.equal((await here.send('PUT', `/PlanDefinition/${resource.id}`, { ...resource, status: 'retired' })).status, 200);
    const { policies } = await second.catalog.at({ tenant: 1, patient: 'everyone' });
    t.notOk(policies.some(({ canonical }) => canonical.includes('every-report')));
  });

  await t.test('a search parameter that one is sent is written by, and searched by, at the other', async (t) => {
    const parameter: SearchParameter = {
      resourceType: 'SearchParameter',
      url: 'https://example.org/SearchParameter/nickname',
      name: 'Nickname',
      status: 'active',
      description: 'The name that friends use',
      code: 'nickname',
      base: ['Patient'],
      type: 'string',
      expression: "Patient.name.where(use = 'nickname').given",
    };
    const named = { resourceType: 'Patient', name: [{ use: 'nickname', given: ['Mimi'] }] };
    const before = await there('POST', '/Patient', named);
    t.equal((await here.send('POST', '/SearchParameter', parameter)).status, 201);
    const unknown = await there('GET', '/Patient?nickname=Mimi', undefined, { prefer: 'handling=strict' });
    t.equal(unknown.status, 400, 'what is not indexed whole is not offered');

    // Both look once a second; here each is told to look now.
    await second.indexing.refresh();
    const after = await there('POST', '/Patient', named);
    await here.deps.indexing.refresh();
    await here.deps.indexing.work({ graceSeconds: 0 });
    await second.indexing.refresh();
    for (const send of [there, here.send]) {
      const { status, body } = await send('GET', '/Patient?nickname=Mimi', undefined, { prefer: 'handling=strict' });
      t.equal(status, 200);
      const found = (body.entry ?? []).map(({ resource }: { resource: { id: string } }) => resource.id).sort();
      t.same(found, [before.body.id, after.body.id].sort());
    }
  });
});
