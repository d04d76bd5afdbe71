import type { Coding, Parameters, Provenance, Questionnaire, QuestionnaireItem } from '@medplum/fhirtypes';
import t from 'tap';
import { type TestApp, testApp } from '../support/app.ts';
import { post } from '../support/observations.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';

type Wording = 55 | 56;

/** The items of one wording of sadness; the weekly form asks the second. */
function wording(weekly: Questionnaire, number: Wording): QuestionnaireItem {
  const second = weekly.item?.find(({ linkId }) => linkId === 'PROCTCAE_56');
  return JSON.parse(JSON.stringify(second).replaceAll('PROCTCAE_56', `PROCTCAE_${number}`), ofProCtcae);
}

/** Codes of other systems would go on naming the second wording. */
const ofProCtcae = (member: string, value: unknown): unknown =>
  member === 'code' && Array.isArray(value) ? value.filter(({ code }: Coding) => code?.startsWith('PROCTCAE')) : value;

const aForm = (weekly: Questionnaire, wordings: readonly Wording[]): Questionnaire => ({
  resourceType: 'Questionnaire',
  url: `https://hospital.example/Questionnaire/sadness-${wordings.join('-')}`,
  version: '1',
  status: 'active',
  item: wordings.map((number) => wording(weekly, number)),
});

/** Scores that make composite grade 3, or 0. */
const scores = (grade: 0 | 3, wordings: readonly Wording[]) =>
  Object.fromEntries(
    wordings.flatMap((number): [string, number][] =>
      grade === 0
        ? [[`PROCTCAE_${number}A_SCL`, 0]]
        : ['A', 'B', 'C'].map((letter) => [`PROCTCAE_${number}${letter}_SCL`, 4]),
    ),
  );

/** What each decision about a patient comes to when it is taken again. */
async function replays(app: TestApp, patient: string): Promise<(string | undefined)[]> {
  const { body } = await app.send('GET', '/Provenance?_count=100');
  const own = (body.entry ?? []).filter(({ resource }: { resource: Provenance }) =>
    resource.entity?.some(({ what }) => what.reference?.startsWith(patient)),
  );
  const answers = own.map(async ({ resource }: { resource: Provenance }) => {
    const answer = await app.send('GET', `/Provenance/${resource.id}/$replay`);
    return (answer.body as Parameters).parameter?.find(({ name }) => name === 'outcome')?.valueCode;
  });
  return Promise.all(answers);
}

t.test('a decision about two wordings of one adverse event is taken again alike', async (t) => {
  const app = await testApp();
  t.teardown(() => app.close());
  const weekly = await weeklyForm(app);
  const forms = new Map<string, Questionnaire>();
  for (const asked of [[55], [56], [55, 56]] as const) {
    forms.set(asked.join(), await post(app, aForm(weekly, asked)));
  }
  const cases: [name: string, late: readonly Wording[], grade: 0 | 3][] = [
    ['a late report asks the one that was merged', [56], 0],
    ['a late report asks the one that it was merged into', [55], 0],
    ['a late report asks both', [55, 56], 0],
    ['a late report opens the one that was merged', [56], 3],
    ['a late report opens the other', [55], 3],
  ];
  for (const [name, late, grade] of cases) {
    const patient = await aPatient(app);
    const answer = (day: string, asked: readonly Wording[], grade: 0 | 3) =>
      post(
        app,
        aResponse(forms.get(asked.join()) ?? weekly, patient, `2026-11-${day}T08:00:00Z`, scores(grade, asked)),
      );
    await answer('08', [55, 56], 3);
    await answer('15', [55], 3);
    await answer('01', late, grade);
    t.same(await replays(app, patient), ['equal', 'equal', 'equal'], name);
  }
});
