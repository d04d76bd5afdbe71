import type {
  Bundle,
  Flag,
  Parameters,
  ParametersParameter,
  Patient,
  PlanDefinition,
  Provenance,
  Questionnaire,
} from '@medplum/fhirtypes';
import { Client } from 'fhir-kit-client';
import t from 'tap';
import { decisionsOf } from '../../src/demo/chart.ts';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { LongJobs } from '../../src/jobs/long.ts';
import { simulateHere, simulationJob } from '../../src/jobs/simulate.ts';
import { SIMULATE } from '../../src/rules/simulation-request.ts';
import { as, listeningApp, refusal } from '../support/listening.ts';
import { aResponse } from '../support/responses.ts';

/** How often diarrhoea was, 0-4. Of a report with 3 the composite grade is 2, with 4 it is 3. */
const frequency = (score: number) => ({ PROCTCAE_16A_SCL: score });

t.test('a clinical lead tries a policy on the past, then makes it active', async (t) => {
  const { app, client } = await listeningApp();
  t.teardown(() => app.close());
  const form = await one<Questionnaire>(client, 'Questionnaire', `${CANONICAL}/Questionnaire/pro-ctcae-weekly`);
  const inForce = await one<PlanDefinition>(client, 'PlanDefinition', `${CANONICAL}/PlanDefinition/demonstration`);
  const patient = async (): Promise<string> =>
    `Patient/${(await as<Patient>(client.create({ resourceType: 'Patient', body: { resourceType: 'Patient' } }))).id}`;
  const reports = async (subject: string, day: string, score: number): Promise<void> => {
    const body = asJson(aResponse(form, subject, `2026-11-${day}T08:00:00Z`, frequency(score)));
    await client.create({ resourceType: 'QuestionnaireResponse', body });
  };
  const flagsOf = async (subject: string): Promise<Flag[]> =>
    entries(await as<Bundle<Flag>>(client.search({ resourceType: 'Flag', searchParams: { patient: subject } })));

  // Grade 2 without a report before, and after grade 1: nobody is told of either today.
  const [first, risen, severe, mild] = [await patient(), await patient(), await patient(), await patient()];
  await reports(first, '02', 3);
  await reports(risen, '02', 1);
  await reports(risen, '09', 3);
  await reports(severe, '02', 4);
  await reports(mild, '02', 1);
  t.same(
    await Promise.all([first, risen, severe, mild].map(async (subject) => (await flagsOf(subject)).length)),
    [0, 0, 1, 0],
  );

  const { id: _id, meta: _meta, ...content } = inForce;
  const draft = await as<PlanDefinition & { id: string }>(
    client.create({
      resourceType: 'PlanDefinition',
      body: asJson({
        ...content,
        version: '2.0.0',
        status: 'draft',
        action: content.action?.map((action) =>
          action.id === 'open-composite-3' ? { ...action, condition: atLeast2(action.condition) } : action,
        ),
      }),
    }),
  );
  const { id } = draft;
  const direct = client.update({ resourceType: 'PlanDefinition', id, body: asJson({ ...draft, status: 'active' }) });
  t.equal((await refusal(direct)).status, 422, 'a draft does not become active by being written so');

  const accepted = await client.operation({
    name: 'simulate',
    resourceType: 'PlanDefinition',
    id,
    input: asJson({ resourceType: 'Parameters' }),
    options: { headers: { Prefer: 'respond-async' } },
  });
  const answer = Client.httpFor(accepted).response;
  t.equal(answer?.status, 202);
  const result = `${answer?.headers.get('content-location')}`;
  await new LongJobs(app.deps, { [SIMULATE]: simulationJob(simulateHere) }).sweep();

  await t.test('the simulation finds what the change would have done, and nothing else', async (t) => {
    const told = await as<Parameters>(client.request(result));
    const found = (told.parameter ?? []).filter(({ name }) => name === 'disagreement');
    t.same(
      found
        .map((one) => [part(one, 'patient')?.valueReference?.reference, part(one, 'kind')?.valueCode])
        .sort((a, b) => ([first, risen].indexOf(`${a[0]}`) < [first, risen].indexOf(`${b[0]}`) ? -1 : 1)),
      [
        [first, 'added'],
        [risen, 'added'],
      ],
    );
    const flags = told.parameter?.find(({ name }) => name === 'flags') ?? { name: 'flags' };
    t.same(
      ['before', 'after', 'added', 'removed', 'moved'].map((name) => part(flags, name)?.valueInteger),
      [1, 3, 2, 0, 0],
    );
    t.same((await flagsOf(first)).length, 0, 'and writes nothing');
  });

  await t.test('activated on the ground of it, it judges what comes later', async (t) => {
    const activate = (...parameter: ParametersParameter[]) =>
      as<PlanDefinition>(
        client.operation({
          name: 'activate',
          resourceType: 'PlanDefinition',
          id,
          input: asJson({
            resourceType: 'Parameters',
            parameter: [
              { name: 'author', valueReference: { reference: 'Practitioner/lead' } },
              { name: 'reason', valueString: 'Grade 2 is told too' },
              ...parameter,
            ],
          }),
        }),
      );
    t.equal((await refusal(activate())).status, 400, 'on no ground it is refused');
    t.equal((await activate({ name: 'simulation', valueString: result })).status, 'active');
    const [who] = entries(
      await as<Bundle<Provenance>>(
        client.search({ resourceType: 'Provenance', searchParams: { target: `PlanDefinition/${id}` } }),
      ),
    );
    t.match(who, { agent: [{ who: { reference: 'Practitioner/lead' } }], reason: [{ text: 'Grade 2 is told too' }] });

    const later = await patient();
    await reports(later, '16', 3);
    const [flag] = await flagsOf(later);
    t.same(flag && decisionsOf(flag), [{ policy: `${inForce.url}|2.0.0`, action: 'open-composite-3' }]);
    t.same((await flagsOf(first)).length, 0, 'what was judged before stays as it was');
  });
});

const atLeast2 = (condition: unknown): unknown => JSON.parse(JSON.stringify(condition).replace('>= 3', '>= 2'));

const part = ({ part: parts = [] }: ParametersParameter, name: string): ParametersParameter | undefined =>
  parts.find((one) => one.name === name);

const entries = <R extends Flag | Provenance | Questionnaire | PlanDefinition>({ entry = [] }: Bundle<R>): R[] =>
  entry.flatMap(({ resource }) => (resource ? [resource] : []));

async function one<R extends Questionnaire | PlanDefinition>(
  client: Client,
  resourceType: string,
  url: string,
): Promise<R> {
  const found = await as<Bundle<R>>(client.search({ resourceType, searchParams: { url, status: 'active' } }));
  const [resource] = entries(found);
  if (!resource) throw new Error(`${url} is not there`);
  return resource;
}

/** The client types resources as bare JSON. */
const asJson = (resource: object) => resource as { resourceType: string };
