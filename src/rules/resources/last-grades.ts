import type { Coding } from '@medplum/fhirtypes';
import { type LastGrade, readLastGrades, systemOf } from '../last-grades.ts';
import { EXTENSION, TERMS } from './codes.ts';
import type { Labels } from './labels.ts';

/**
 * The extension last-grades as JSON text, from the short text of a patient's last grades; undefined where nothing was graded yet. A list has one
 * for each entry, so what is the same for all patients is made once.
 */
export function lastGradesExtension(text: string, labels: Labels): string | undefined {
  if (text === '') return undefined;
  const { grades, zero } = readLastGrades(text);
  const parts = grades.map((one) => gradeText(one, labels));
  // All others that were ever graded: what is not there was never certain.
  parts.push(`{"url":"others-at-zero","valueInteger":${zero}}`);
  return `{"url":"${EXTENSION.lastGrades}","extension":[${parts.join(',')}]}`;
}

function gradeText({ term, grade, at, atLeast }: LastGrade, labels: Labels): string {
  const certain =
    grade === undefined || at === undefined
      ? ''
      : `,{"url":"grade","valueInteger":${grade}},{"url":"at","valueInstant":"${at}"}`;
  const open = atLeast === undefined ? '' : `,{"url":"at-least","valueInteger":${atLeast}}`;
  return `{"url":"term-grade","extension":[${termText(term, labels)}${certain}${open}]}`;
}

const known = new WeakMap<Labels, Map<string, string>>();

function termText(key: string, labels: Labels): string {
  const texts = known.get(labels) ?? new Map<string, string>();
  known.set(labels, texts);
  const made = texts.get(key) ?? JSON.stringify({ url: 'term', valueCoding: codingOf(key, labels) });
  texts.set(key, made);
  return made;
}

/** As the Flag of the term has it. */
function codingOf(key: string, labels: Labels): Coding {
  const system = systemOf(key);
  const label = labels.term(key);
  if (system === undefined) return { code: label.code };
  if (system === 'pro-ctcae') return { system: TERMS[system], code: label.code, display: label.result.en };
  const [, version] = key.split('@');
  return { system: TERMS[system], ...(version ? { version } : {}), code: label.code, display: label.en };
}
