import type {
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireResponse,
  QuestionnaireResponseItem,
} from '@medplum/fhirtypes';
import type { TestApp } from './app.ts';

/** A synthetic patient; gives its reference `Patient/<id>`. */
export async function aPatient(app: TestApp): Promise<string> {
  const { status, body } = await app.send('POST', '/Patient', {
    resourceType: 'Patient',
    gender: 'female',
    birthDate: '1961-05-04',
  });
  if (status !== 201) throw new Error(`no patient: ${status}`);
  return `Patient/${body.id}`;
}

/** The current version of a patient as one that came at a moment: versions are dated by the clock of the database, which no test moves. */
export async function saidAt(app: TestApp, patient: string, moment: string): Promise<void> {
  await app.deps.db.pool.query(
    `update resource_version v set ts = $2 from resource_current c
     where c.type = 'Patient' and c.id = $1
       and (v.tenant, v.shard, v.type, v.id, v.version) = (c.tenant, c.shard, c.type, c.id, c.version)`,
    [patient.slice('Patient/'.length), moment],
  );
}

/** The bundled weekly form, as the service holds it. */
export async function weeklyForm(app: TestApp): Promise<Questionnaire> {
  const { body } = await app.send(
    'GET',
    '/Questionnaire?url=https://vigie.example/fhir/Questionnaire/pro-ctcae-weekly',
  );
  return body.entry[0].resource;
}

/** Scores by item id, e.g. `{ PROCTCAE_16A_SCL: 3 }`. */
export type Scores = Readonly<Record<string, number>>;

/** A completed response to `form` with these scores and nothing else answered. */
export function aResponse(
  form: Questionnaire,
  subject: string,
  authored: string,
  scores: Scores,
  extra: Partial<QuestionnaireResponse> = {},
): QuestionnaireResponse {
  return {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire: `${form.url}|${form.version}`,
    subject: { reference: subject },
    authored,
    item: answersOf(form.item ?? [], scores),
    ...extra,
  };
}

function answersOf(items: readonly QuestionnaireItem[], scores: Scores): QuestionnaireResponseItem[] {
  return items.flatMap((item): QuestionnaireResponseItem[] => {
    if (item.type === 'group') {
      const children = answersOf(item.item ?? [], scores);
      return children.length > 0 ? [{ linkId: item.linkId, item: children }] : [];
    }
    const score = scores[item.linkId];
    if (score === undefined) return [];
    const option = item.answerOption?.find(({ extension, valueCoding }) =>
      [...(extension ?? []), ...(valueCoding?.extension ?? [])].some(({ valueDecimal }) => valueDecimal === score),
    );
    if (!option?.valueCoding) throw new Error(`${item.linkId} has no option of ${score}`);
    const { system, code } = option.valueCoding;
    return [{ linkId: item.linkId, answer: [{ valueCoding: { system, code } }] }];
  });
}
