import type {
  Bundle,
  Extension,
  Flag,
  Observation,
  Patient,
  Questionnaire,
  QuestionnaireResponse,
} from '@medplum/fhirtypes';
import type { Client } from 'fhir-kit-client';
import t from 'tap';
import { NOW } from '../support/app.ts';
import { as, listeningApp, refusal } from '../support/listening.ts';
import { aResponse, type Scores } from '../support/responses.ts';

const BASE = 'https://vigie.example/fhir';
const NAUSEA = 'PROCTCAE_9_COMP';
const nausea = (frequency: number, severity?: number): Scores => ({
  PROCTCAE_9A_SCL: frequency,
  ...(severity === undefined ? {} : { PROCTCAE_9B_SCL: severity }),
});
const fatigue = (severity: number, interference: number): Scores => ({
  PROCTCAE_53A_SCL: severity,
  ...(severity > 0 ? { PROCTCAE_53B_SCL: interference } : {}),
});

t.test('one season of nausea is one Flag, whatever arrives late, amended or in error', async (t) => {
  const { app, client } = await listeningApp({ now: () => NOW });
  t.teardown(() => app.close());
  const one = await aPatientWith(client, 'pro-ctcae-weekly');

  await one.report('2026-09-01T08:00:00Z', nausea(1, 1));
  await one.report('2026-09-08T08:00:00Z', nausea(0));
  t.same(await one.flags(), [], 'grade 1, then better: nobody is told');

  const opening = await one.report('2026-09-15T08:00:00Z', nausea(3, 2));
  t.match(await one.flags(), [
    {
      version: '1',
      status: 'active',
      priority: 'PM',
      text: /grade 2 .*was 0/,
      start: '2026-09-15T08:00:00Z',
      end: undefined,
    },
  ]);
  const severe = await one.report('2026-09-29T08:00:00Z', nausea(4, 3));
  t.match(
    await one.flags(),
    [{ version: '2', status: 'active', priority: 'PH', text: /grade 3 .*was 2/ }],
    'worse: the same Flag, higher',
  );

  const late = await one.report('2026-09-22T08:00:00Z', nausea(3, 2));
  t.match(
    await one.flags(),
    [{ version: '2', status: 'active', priority: 'PH' }],
    'a late report neither duplicates nor disturbs',
  );

  await one.replace(severe, { status: 'amended', scores: nausea(3, 2) });
  t.match(
    await one.flags(),
    [{ version: '3', status: 'active', priority: 'PM', text: /grade 2/ }],
    'an amendment is folded in',
  );
  t.match(await one.observation(severe), { status: 'amended', valueInteger: 2, meta: { versionId: '2' } });

  await one.report('2026-10-06T08:00:00Z', nausea(1, 1));
  await one.report('2026-10-06T20:00:00Z', nausea(1, 1));
  t.match(await one.flags(), [{ status: 'active' }], 'two calm reports of one day do not close');
  await one.report('2026-10-13T08:00:00Z', nausea(1, 1));
  t.match(
    await one.flags(),
    [{ status: 'inactive', start: '2026-09-15T08:00:00Z', end: '2026-10-13T08:00:00Z' }],
    'two calm days do',
  );
  const [closed] = await one.flags();

  await one.replace(opening, { status: 'entered-in-error' });
  t.match(await one.observation(opening), { status: 'entered-in-error' });
  t.match(
    await one.flags(),
    [{ id: closed?.id, status: 'inactive' }],
    'without its opening report the episode begins later, in the same Flag',
  );
  await one.replace(late, { status: 'entered-in-error' });
  await one.replace(severe, { status: 'entered-in-error' });
  t.match(
    await one.flags(),
    [{ id: closed?.id, status: 'entered-in-error' }],
    'without any report behind it the Flag was an error',
  );

  await one.report('2026-10-20T08:00:00Z', nausea(4, 3));
  t.match(
    (await one.flags()).map(({ status }) => status).sort(),
    ['active', 'entered-in-error'],
    'a new episode is a new Flag',
  );

  await one.replace(opening, { status: 'amended' });
  t.match(await one.observation(opening), { status: 'amended', valueInteger: 2, meta: { versionId: '3' } });
  t.match(
    (await one.flags()).filter(({ start }) => start === '2026-09-15T08:00:00Z'),
    [{ id: closed?.id, status: 'active' }],
    'a report that was withdrawn by mistake comes back, and so does its Flag',
  );
});

t.test('what is not certain is said', async (t) => {
  const { app, client } = await listeningApp({ now: () => NOW });
  t.teardown(() => app.close());

  t.test('a missing severity that could mean grade 3 opens a Flag that cannot exclude it', async (t) => {
    const one = await aPatientWith(client, 'pro-ctcae-weekly');
    const id = await one.report('2026-11-01T08:00:00Z', nausea(4));
    t.match(await one.flags(), [{ priority: 'PM', text: /3 cannot be excluded/, decidedBy: ['open-cannot-exclude'] }]);
    const observation = await one.observation(id);
    t.equal(observation.valueInteger, undefined, 'no number stands for what is not known');
    t.match(observation.dataAbsentReason, { coding: [{ code: 'unknown' }] });
  });

  t.test('contradictory answers count as grade 0 and ask for review when severity is 3', async (t) => {
    const one = await aPatientWith(client, await flatForm(client));
    const id = await one.report(
      '2026-11-01T08:00:00Z',
      {},
      { item: [integer('frequency', 0), integer('severity', 3)] },
    );
    t.match(await one.flags(), [{ priority: 'PM', decidedBy: ['open-review'] }]);
    const observation = await one.observation(id);
    t.equal(observation.valueInteger, 0);
    t.same(qualityOf(observation), ['contradictory', 'needs-review']);
    for (const day of ['02', '03', '04']) {
      await one.report(`2026-11-${day}T08:00:00Z`, {}, { item: [integer('frequency', 0), integer('severity', 2)] });
    }
    t.match(await one.flags(), [{ status: 'active' }], 'and never count toward closing');
  });

  t.test('a phone whose clock is ahead is believed no further than now, and 24 hours', async (t) => {
    const one = await aPatientWith(client, 'pro-ctcae-weekly');
    const id = await one.report('2026-11-21T15:00:00Z', nausea(4, 3));
    const observation = await one.observation(id);
    t.equal(observation.effectivePeriod?.end, NOW.toISOString(), 'the time of receipt stands in');
    t.same(qualityOf(observation), ['clock-ahead']);
    t.match(await one.flags(), [{ status: 'active', start: NOW.toISOString() }]);
    const refused = await refusal(one.report('2026-11-22T12:00:01Z', nausea(4, 3)));
    t.match(refused, { status: 422, data: { issue: [{ expression: ['QuestionnaireResponse.authored'] }] } });
  });
});

t.test('a baseline is what was recorded as one', async (t) => {
  const { app, client } = await listeningApp({ now: () => NOW });
  t.teardown(() => app.close());
  const baseline = { extension: [{ url: `${BASE}/StructureDefinition/baseline-report`, valueBoolean: true }] };
  for (const [name, first, expected] of [
    [
      'a slow rise above a recorded baseline opens a Flag',
      baseline,
      [{ priority: 'PM', text: /was 1, baseline 0/, decidedBy: ['open-rise-baseline'] }],
    ],
    ['the same rise above a first report that nobody called a baseline does not', {}, []],
  ] satisfies [string, Partial<QuestionnaireResponse>, object[]][]) {
    t.test(name, async (t) => {
      const one = await aPatientWith(client, 'pro-ctcae-weekly');
      await one.report('2026-10-01T08:00:00Z', fatigue(0, 0), first);
      await one.report('2026-10-08T08:00:00Z', fatigue(1, 1));
      await one.report('2026-10-15T08:00:00Z', fatigue(2, 2));
      const flags = await one.flags();
      t.equal(flags.length, expected.length);
      t.match(flags, expected);
    });
  }
});

t.test('yes/no and written symptoms are told at low priority', async (t) => {
  const { app, client } = await listeningApp({ now: () => NOW });
  t.teardown(() => app.close());

  t.test('a rash that is new opens a Flag, and the same answer next week changes nothing', async (t) => {
    const one = await aPatientWith(client, 'pro-ctcae-early-phase');
    await one.report('2026-10-01T08:00:00Z', { PROCTCAE_24A_IND: 0 });
    t.same(await one.flags(), []);
    await one.report('2026-10-08T08:00:00Z', { PROCTCAE_24A_IND: 1 });
    await one.report('2026-10-15T08:00:00Z', { PROCTCAE_24A_IND: 1 });
    t.match(await one.flags(), [{ version: '1', priority: 'PL', text: /reported: yes .*was no/ }]);
  });

  t.test('a symptom in the patient’s own words opens a Flag that does not repeat them', async (t) => {
    const one = await aPatientWith(client, 'pro-ctcae-early-phase');
    const system = `${BASE}/CodeSystem/pro-ctcae`;
    await one.report(
      '2026-10-01T08:00:00Z',
      {},
      {
        item: [
          {
            linkId: 'PROCTCAE_OTHER',
            item: [
              { linkId: 'PROCTCAE_OTHER_IND', answer: [{ valueCoding: { system, code: 'presence-1' } }] },
              { linkId: 'PROCTCAE_OTHER_TEXT', answer: [{ valueString: 'my nails turn blue' }] },
            ],
          },
        ],
      },
    );
    const flags = await one.flags();
    t.match(flags, [{ priority: 'PL', text: /^Other symptom/ }]);
    t.notMatch(JSON.stringify(flags), /nails/);
  });
});

/** A form of our test that does not branch, so that answers can contradict each other. */
async function flatForm(client: Client): Promise<Questionnaire> {
  const item = (linkId: string, code: string) => ({
    linkId,
    text: linkId,
    type: 'integer' as const,
    code: [{ system: `${BASE}/CodeSystem/pro-ctcae`, code }],
    extension: [
      { url: 'http://hl7.org/fhir/StructureDefinition/minValue', valueInteger: 0 },
      { url: 'http://hl7.org/fhir/StructureDefinition/maxValue', valueInteger: 4 },
    ],
  });
  const form: Questionnaire = {
    resourceType: 'Questionnaire',
    url: 'https://site.example/Questionnaire/flat',
    version: '1',
    status: 'active',
    item: [item('frequency', 'PROCTCAE_9A_SCL'), item('severity', 'PROCTCAE_9B_SCL')],
  };
  return as<Questionnaire>(client.create({ resourceType: 'Questionnaire', body: { ...form } }));
}

const integer = (linkId: string, value: number) => ({ linkId, answer: [{ valueInteger: value }] });

const qualityOf = ({ extension }: Observation): string[] =>
  (extension ?? [])
    .filter(({ url }) => url === `${BASE}/StructureDefinition/data-quality`)
    .map(({ valueCode, valueCoding }) => valueCode ?? valueCoding?.code ?? '');

/** A new patient who answers one form; what they send, and what an EHR then reads. */
async function aPatientWith(client: Client, wanted: string | Questionnaire) {
  const { id = '' } = await as<Patient>(client.create({ resourceType: 'Patient', body: { resourceType: 'Patient' } }));
  const form =
    typeof wanted === 'string'
      ? await first<Questionnaire>(client, 'Questionnaire', { url: `${BASE}/Questionnaire/${wanted}` })
      : wanted;
  return {
    async report(authored: string, scores: Scores, extra: Partial<QuestionnaireResponse> = {}): Promise<string> {
      const body = { ...aResponse(form, `Patient/${id}`, authored, scores, extra) };
      const made = await as<QuestionnaireResponse>(client.create({ resourceType: 'QuestionnaireResponse', body }));
      return made.id ?? '';
    },
    async replace(report: string, change: { status: QuestionnaireResponse['status']; scores?: Scores }): Promise<void> {
      const current = await as<QuestionnaireResponse>(
        client.read({ resourceType: 'QuestionnaireResponse', id: report }),
      );
      const item = change.scores ? aResponse(form, '', '', change.scores).item : current.item;
      await client.update({
        resourceType: 'QuestionnaireResponse',
        id: report,
        body: { ...current, status: change.status, item },
      });
    },
    observation: (report: string, code = NAUSEA) =>
      first<Observation>(client, 'Observation', { 'derived-from': `QuestionnaireResponse/${report}`, code }),
    async flags() {
      const bundle = await as<Bundle<Flag>>(client.search({ resourceType: 'Flag', searchParams: { patient: id } }));
      return (bundle.entry ?? []).flatMap(({ resource }) => (resource ? [summary(resource)] : []));
    },
  };
}

async function first<T extends Questionnaire | Observation>(
  client: Client,
  resourceType: string,
  searchParams: Record<string, string>,
): Promise<T> {
  const bundle = await as<Bundle<T>>(client.search({ resourceType, searchParams }));
  const resource = bundle.entry?.[0]?.resource;
  if (!resource) throw new Error(`no ${resourceType}`);
  return resource;
}

function summary({ id, meta, status, code, period, extension = [] }: Flag) {
  const finding = extension.find(({ url }) => url.endsWith('/graded-finding'))?.extension ?? [];
  const actionOf = ({ extension: parts }: Extension) => parts?.find(({ url }) => url === 'action')?.valueString;
  return {
    id,
    version: meta?.versionId,
    status,
    priority: extension.find(({ url }) => url.endsWith('/flag-priority'))?.valueCodeableConcept?.coding?.[0]?.code,
    text: code.text,
    start: period?.start,
    end: period?.end,
    decidedBy: finding.filter(({ url }) => url === 'decided-by').map(actionOf),
  };
}
