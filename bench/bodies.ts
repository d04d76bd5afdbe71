import type { Questionnaire, QuestionnaireItem, QuestionnaireResponseItem } from '@medplum/fhirtypes';
import { composeForm } from '../src/forms.ts';
import { DATA } from '../src/rules/gradings/pro-ctcae-data.ts';

/** Thirty items of fourteen terms: the weekly form's twelve symptoms, abdominal pain and headache. */
export const FORM: Questionnaire = composeForm(
  {
    terms: [8, 9, 10, 15, 16, 17, 19, 20, 39, 48, 49, 52, 53, 56],
    languages: ['en', 'fr'],
    url: 'https://vigie.example/fhir/Questionnaire/bench',
    version: '1',
  },
  DATA.items,
);

export const IDENTIFIERS = 'https://vigie.example/bench/response';

const HOUR = 3_600_000;
/** Hours between two responses of a patient. */
const STEP = 6;

/**
 * Bodies of responses, each fresh: the k-th belongs to patient k modulo their number and is authored after all
 * before it. Every item is answered, mostly mildly; about one response in seven has one severe symptom.
 */
export function bodies(patients: readonly string[], now: number): (k: number) => { body: string; identifier: string } {
  const items = variants(500);
  const first = now - 350 * 24 * HOUR;
  return (k) => {
    const step = Math.floor(k / patients.length);
    const authored = new Date(first + step * STEP * HOUR).toISOString();
    const identifier = `${now}-${k}`;
    const body =
      `{"resourceType":"QuestionnaireResponse","identifier":{"system":"${IDENTIFIERS}","value":"${identifier}"},` +
      `"questionnaire":"${FORM.url}|${FORM.version}","status":"completed",` +
      `"subject":{"reference":"Patient/${patients[k % patients.length]}"},"authored":"${authored}",` +
      `"item":${items[scatter(k) % items.length]}}`;
    return { body, identifier };
  };
}

/** Fifteen vital signs of one patient as a transaction, each fresh. */
export function transactions(
  patients: readonly string[],
  now: number,
): (k: number) => { body: string; identifier: string } {
  const first = now - 350 * 24 * HOUR;
  return (k) => {
    const patient = patients[k % patients.length];
    const identifier = `${now}-t-${k}`;
    const entry = Array.from({ length: 15 }, (_, at) => ({
      resource: {
        resourceType: 'Observation',
        status: 'final',
        identifier: [{ system: IDENTIFIERS, value: `${identifier}-${at}` }],
        code: { coding: [{ system: 'http://loinc.org', code: '8331-1', display: 'Oral temperature' }] },
        subject: { reference: `Patient/${patient}` },
        effectiveDateTime: new Date(first + (k * 15 + at) * 60_000).toISOString(),
        valueQuantity: {
          value: 36 + (scatter(k + at) % 40) / 10,
          unit: '°C',
          system: 'http://unitsofmeasure.org',
          code: 'Cel',
        },
      },
      request: { method: 'POST', url: 'Observation' },
    }));
    return { body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }), identifier };
  };
}

/** Heart rates `from` to `from + count` of one patient, a quarter of an hour apart, as a transaction. */
export function pulses(patient: string, now: number, from: number, count: number): string {
  const entry = Array.from({ length: count }, (_, at) => ({
    resource: {
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] },
      subject: { reference: `Patient/${patient}` },
      effectiveDateTime: new Date(now - (from + at) * 900_000).toISOString(),
      valueQuantity: {
        value: 60 + (scatter(from + at) % 60),
        unit: 'beats/minute',
        system: 'http://unitsofmeasure.org',
        code: '/min',
      },
    },
    request: { method: 'POST', url: 'Observation' },
  }));
  return JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
}

function variants(count: number): string[] {
  return Array.from({ length: count }, (_, variant) => {
    const groups = (FORM.item ?? []).filter(({ type }) => type === 'group');
    const severe = variant % 7 === 0 ? scatter(variant) % groups.length : -1;
    return JSON.stringify(
      groups.map((group, index) =>
        answered(group, index === severe ? 3 : scatter(variant * 31 + index) % 5 === 0 ? 2 : 1),
      ),
    );
  });
}

/** As an app sends it: with the text of each question and the display of each answer. */
function answered(item: QuestionnaireItem, score: number): QuestionnaireResponseItem {
  const { linkId, text } = item;
  if (item.item) return { linkId, text, item: item.item.map((child) => answered(child, score)) };
  const coding = item.answerOption?.[score]?.valueCoding;
  if (!coding) throw new Error(`${linkId} has no answer ${score}`);
  const { system, code, display } = coding;
  return { linkId, text, answer: [{ valueCoding: { system, code, display } }] };
}

/** A number that looks random, the same for the same `k` on every machine. Source: the finaliser of MurmurHash3. */
function scatter(k: number): number {
  let h = k + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
