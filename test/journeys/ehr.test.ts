import type { Bundle, Flag, Parameters, Patient, Provenance, Questionnaire } from '@medplum/fhirtypes';
import type { Client } from 'fhir-kit-client';
import t from 'tap';
import { as, listeningApp } from '../support/listening.ts';
import { aResponse, type Scores } from '../support/responses.ts';

const SEVERE: Scores = { PROCTCAE_16A_SCL: 4, PROCTCAE_15A_SCL: 4, PROCTCAE_9A_SCL: 4, PROCTCAE_9B_SCL: 4 };

t.test('an EHR polls for Flags, and meets each change once', async (t) => {
  const { app, baseUrl, client } = await listeningApp();
  t.teardown(() => app.close());
  const report = await reporter(client);

  const start = await poll(client);
  t.same(start.flags, [], 'nothing is there before the first report');
  await report('2026-11-01T08:00:00Z', SEVERE);
  const first = await poll(client, start.watermark);
  t.equal(first.flags.length, 3, 'a severe report of three symptoms gives three Flags');
  t.ok(first.pages > 1, 'which come on more than one page');
  t.ok(
    first.links.every((link) => link.startsWith(`${baseUrl}/Flag?`)),
    'whose links lead to the service',
  );
  t.same((await poll(client, first.watermark)).flags, [], 'a second poll from the watermark brings nothing twice');
  await report('2026-11-08T08:00:00Z', { PROCTCAE_16A_SCL: 1 });
  const third = await poll(client, first.watermark);
  t.match(
    third.flags.map(({ code, meta }) => [code.coding?.[0]?.code, meta?.versionId]),
    [['PROCTCAE_16_COMP', '2']],
    'then only what changed since',
  );
});

t.test('an EHR asks a Flag for its reasons', async (t) => {
  const { app, client } = await listeningApp();
  t.teardown(() => app.close());
  const report = await reporter(client);
  const patient = await report('2026-11-01T08:00:00Z', { PROCTCAE_16A_SCL: 1 });
  await report('2026-11-08T08:00:00Z', { PROCTCAE_16A_SCL: 4 });

  const bundle = await as<Bundle<Flag | Provenance>>(
    client.search({
      resourceType: 'Flag',
      searchParams: { patient, status: 'active', category: 'clinical', _revinclude: 'Provenance:target' },
    }),
  );
  const [match, included] = bundle.entry ?? [];
  if (match?.resource?.resourceType !== 'Flag' || included?.resource?.resourceType !== 'Provenance') {
    throw new Error('expected a Flag and its Provenance');
  }
  const flag = match.resource;
  t.equal(flag.code.text, 'Diarrhea: PRO-CTCAE composite grade 3 (patient-reported), was 1');
  t.same([match.search?.mode, included.search?.mode], ['match', 'include']);
  t.ok(included.resource.target.some(({ reference }) => reference === `Flag/${flag.id}/_history/1`));
  t.match(included.resource.policy, ['https://vigie.example/fhir/PlanDefinition/demonstration|1.0.0']);

  const told = await as<Parameters>(
    client.operation({ name: '$explain', resourceType: 'Flag', id: flag.id ?? '', method: 'GET' }),
  );
  const text = told.parameter?.find(({ name }) => name === 'text')?.valueString ?? '';
  for (const said of [
    'frequency 4 of 4 [PROCTCAE_16A_SCL]',
    'composite grade 3',
    'not a CTCAE grade',
    '1 on 2026-11-01',
    'demonstration|1.0.0',
  ]) {
    t.ok(text.includes(said), `the explanation says: ${said}`);
  }
  const entity = included.resource.entity?.[0]?.what.reference?.split('/') ?? [];
  const source = await as<Questionnaire>(
    client.vread({ resourceType: entity[0] ?? '', id: entity[1] ?? '', version: entity[3] ?? '' }),
  );
  t.equal(source.resourceType, 'QuestionnaireResponse', 'and the versioned answer behind it can be read');

  const history = await as<Bundle<Flag>>(client.history({ resourceType: 'Flag', id: flag.id ?? '' }));
  t.equal(history.total, 1);
});

/** A new patient; gives a function that posts a report of theirs and answers the patient's id. */
async function reporter(client: Client): Promise<(authored: string, scores: Scores) => Promise<string>> {
  const { id = '' } = await as<Patient>(client.create({ resourceType: 'Patient', body: { resourceType: 'Patient' } }));
  const forms = await as<Bundle<Questionnaire>>(
    client.search({
      resourceType: 'Questionnaire',
      searchParams: { url: 'https://vigie.example/fhir/Questionnaire/pro-ctcae-weekly' },
    }),
  );
  const form = forms.entry?.[0]?.resource;
  if (!form) throw new Error('no form');
  return async (authored, scores) => {
    await client.create({
      resourceType: 'QuestionnaireResponse',
      body: { ...aResponse(form, `Patient/${id}`, authored, scores) },
    });
    return id;
  };
}

/** Every Flag since a watermark, two a page, and the next watermark: that of the first page. */
async function poll(client: Client, since?: string) {
  const flags: Flag[] = [];
  const links: string[] = [];
  let pages = 0;
  let bundle: Bundle<Flag> | undefined = await as<Bundle<Flag>>(
    client.search({
      resourceType: 'Flag',
      searchParams: { _count: 2, ...(since ? { _lastUpdated: `gt${since}` } : {}) },
    }),
  );
  const watermark = bundle.meta?.lastUpdated ?? '';
  while (bundle) {
    pages += 1;
    flags.push(...(bundle.entry ?? []).flatMap(({ resource }) => (resource ? [resource] : [])));
    links.push(...(bundle.link ?? []).map(({ url }) => url));
    const next: Promise<object> | undefined = client.nextPage({ bundle: bundle as never });
    bundle = next && (await as<Bundle<Flag>>(next));
  }
  return { flags, links, pages, watermark };
}
