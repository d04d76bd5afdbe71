import type {
  Bundle,
  Patient,
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireResponse,
  QuestionnaireResponseItem,
  Resource,
} from '@medplum/fhirtypes';
import type { Client } from 'fhir-kit-client';
import { EXTENSION } from '../rules/resources/codes.ts';
import { type Answers, byGroup, inOrderOfArrival, type Week } from './season.ts';

const FORM = 'https://vigie.example/fhir/Questionnaire/pro-ctcae-weekly';
const ORDINAL = 'http://hl7.org/fhir/StructureDefinition/ordinalValue';
const WEEK_MILLIS = 7 * 86_400_000;

/**
 * Does over HTTP what a patient's app does: creates a synthetic patient, reads the weekly form, posts each report with If-None-Exist in the
 * order of arrival, and at last sends the corrections by PUT with If-Match. Gives the patient's id.
 */
export async function playSeason(client: Client, season: readonly Week[], now: Date): Promise<string> {
  const patient = await sent<Patient>(
    client.create({
      resourceType: 'Patient',
      body: { resourceType: 'Patient', name: [{ text: 'Demonstration, nobody' }], gender: 'female', birthDate: '1961' },
    }),
  );
  const form = await weeklyForm(client);
  const corrections: { response: QuestionnaireResponse; corrected: Answers }[] = [];
  for (const week of inOrderOfArrival(season)) {
    const response = await post(client, aReport(form, `Patient/${patient.id}`, week, now));
    if (week.corrected) corrections.push({ response, corrected: week.corrected });
  }
  for (const { response, corrected } of corrections) {
    await sent(
      client.update({
        resourceType: 'QuestionnaireResponse',
        id: response.id ?? '',
        body: { ...response, status: 'amended', item: answersOf(form, corrected) },
        options: { headers: { 'If-Match': `W/"${response.meta?.versionId}"` } },
      }),
    );
  }
  return patient.id ?? '';
}

/** If-None-Exist with an identifier of the app's own: a retry after a lost answer finds the first and makes no second. */
function post(client: Client, report: QuestionnaireResponse): Promise<QuestionnaireResponse> {
  const { system, value } = report.identifier ?? {};
  return sent<QuestionnaireResponse>(
    client.create({
      resourceType: 'QuestionnaireResponse',
      body: { ...report },
      options: { headers: { 'If-None-Exist': `identifier=${system}|${value}` } },
    }),
  );
}

async function weeklyForm(client: Client): Promise<Questionnaire> {
  const found = await sent<Bundle<Questionnaire>>(
    client.search({ resourceType: 'Questionnaire', searchParams: { url: FORM, status: 'active' } }),
  );
  const form = found.entry?.[0]?.resource;
  if (!form) throw new Error(`The service does not hold the form ${FORM}`);
  return form;
}

function aReport(form: Questionnaire, subject: string, week: Week, now: Date): QuestionnaireResponse {
  const authored = new Date(now.getTime() - week.weeksAgo * WEEK_MILLIS);
  return {
    resourceType: 'QuestionnaireResponse',
    identifier: { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${crypto.randomUUID()}` },
    status: 'completed',
    questionnaire: `${form.url}|${form.version}`,
    subject: { reference: subject },
    authored: authored.toISOString(),
    ...(week.baseline ? { extension: [{ url: EXTENSION.baselineReport, valueBoolean: true }] } : {}),
    item: answersOf(form, week.answers),
  };
}

function answersOf(form: Questionnaire, answers: Answers): QuestionnaireResponseItem[] {
  const scores = byGroup(answers);
  return (form.item ?? []).flatMap((group) =>
    group.type === 'group'
      ? [{ linkId: group.linkId, item: answered(group.item ?? [], scores.get(group.linkId)) }]
      : [],
  );
}

/** The items of one term up to the first 0, behind which the form hides the rest. */
function answered(items: readonly QuestionnaireItem[], scores: readonly number[] = []): QuestionnaireResponseItem[] {
  const given: QuestionnaireResponseItem[] = [];
  for (const [index, item] of items.entries()) {
    const score = scores[index] ?? 0;
    given.push({ linkId: item.linkId, answer: [{ valueCoding: optionOf(item, score) }] });
    if (score === 0) break;
  }
  return given;
}

function optionOf(item: QuestionnaireItem, score: number): { system?: string; code?: string } {
  const option = item.answerOption?.find(({ extension }) =>
    extension?.some(({ url, valueDecimal }) => url === ORDINAL && valueDecimal === score),
  )?.valueCoding;
  if (!option) throw new Error(`${item.linkId} has no answer that counts ${score}`);
  return { system: option.system, code: option.code };
}

/** The client's answers are typed as bare JSON; the service has validated what it sends back. */
const sent = async <T extends Resource>(request: Promise<object>): Promise<T> => (await request) as T;
