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
  const texts = keptFor(labels);
  const known = texts.extensions.get(text);
  if (known !== undefined) return known;
  if (texts.extensions.size >= MOST_KEPT) texts.extensions.clear();
  const made = extensionOf(text, labels);
  texts.extensions.set(text, made);
  return made;
}

function extensionOf(text: string, labels: Labels): string {
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

/** Lists are asked for again and again. */
interface Kept {
  extensions: Map<string, string>;
  terms: Map<string, string>;
}

const KEPT = new WeakMap<Labels, Kept>();
const MOST_KEPT = 5000;

function keptFor(labels: Labels): Kept {
  const held = KEPT.get(labels);
  if (held) return held;
  const made: Kept = { extensions: new Map(), terms: new Map() };
  KEPT.set(labels, made);
  return made;
}

function termText(key: string, labels: Labels): string {
  const { terms } = keptFor(labels);
  const held = terms.get(key);
  if (held !== undefined) return held;
  const made = JSON.stringify({ url: 'term', valueCoding: codingOf(key, labels) });
  terms.set(key, made);
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
