import type { ParametersParameter } from '@medplum/fhirtypes';
import type { Finding, StructuredAnswer } from './finding.ts';
import { CTCAE_ANSWER } from './gradings/ctcae-answer-items.ts';
import type { Language } from './resources/labels.ts';
import { ANSWER_LABELS, inputLabel } from './resources/structured.ts';

/** What was answered to each question that a CTCAE grade rests on, as words. */
export const structuredTexts = ({ structured = [] }: Finding, language: Language): string[] =>
  structured.map((answer) => {
    const words = WORDS[language];
    const label = inputLabel(answer.input)[language];
    switch (answer.state) {
      case 'answered':
        return `${label}${words.colon}${valueText(answer.value, language)} [${answer.linkId}]`;
      case 'hidden':
        return words.hidden(label, answer.because);
      default:
        return words.absent[answer.state](label);
    }
  });

/** What the answers of a patient are graded by CTCAE; undefined of any other finding, and where there is no grade. */
export function structuredGrade({ structured, outcome, version }: Finding, language: Language): string | undefined {
  if (!structured || outcome.kind === 'not-gradable') return undefined;
  const words = WORDS[language];
  return outcome.kind === 'graded'
    ? words.grade(version, outcome.grade)
    : words.atLeast(version, outcome.min, outcome.max);
}

/** What was answered to each question that a CTCAE grade rests on, one parameter each. */
export const structuredParameters = ({ term, structured = [] }: Finding): ParametersParameter[] =>
  structured.map((answer) => ({
    name: 'answer',
    part: [
      { name: 'input', valueCoding: { system: CTCAE_ANSWER, code: `${term}.${answer.input}` } },
      ...('linkId' in answer ? [{ name: 'linkId', valueString: answer.linkId }] : []),
      { name: 'state', valueCode: answer.state },
      ...(answer.state === 'answered' ? [valueParameter(answer.value)] : []),
      ...(answer.state === 'hidden' ? [{ name: 'hiddenBy', valueString: answer.because }] : []),
      ...(answer.state === 'opted-out' ? [{ name: 'optOut', valueCode: answer.code }] : []),
    ],
  }));

function valueParameter(value: string | number | boolean): ParametersParameter {
  if (typeof value === 'boolean') return { name: 'value', valueBoolean: value };
  if (typeof value === 'number') return { name: 'value', valueInteger: value };
  return { name: 'value', valueCoding: { system: CTCAE_ANSWER, code: value } };
}

function valueText(value: string | number | boolean, language: Language): string {
  if (typeof value === 'boolean') return WORDS[language].yesNo[value ? 'yes' : 'no'];
  return typeof value === 'number' ? String(value) : (ANSWER_LABELS[value]?.[language] ?? value);
}

interface Words {
  colon: string;
  yesNo: Readonly<Record<'yes' | 'no', string>>;
  hidden(input: string, because: string): string;
  absent: Readonly<Record<Exclude<StructuredAnswer['state'], 'answered' | 'hidden'>, (input: string) => string>>;
  grade(version: string, grade: number): string;
  atLeast(version: string, min: number, max: number): string;
}

/** The French is our own. */
const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    colon: ': ',
    yesNo: { yes: 'yes', no: 'no' },
    hidden: (input, because) => `${input}: no, not shown because of the answer to ${because}`,
    absent: {
      missing: (input) => `${input} not answered`,
      'opted-out': (input) => `${input} declined, not known or not applicable`,
      'not-asked': (input) => `${input} not asked by this form`,
    },
    grade: (version, grade) =>
      `CTCAE ${version} grade ${grade} from the answers; patient-reported, proposed, to be confirmed.`,
    atLeast: (version, min, max) =>
      `CTCAE ${version} grade at least ${min} from the answers, and ${max} cannot be excluded; patient-reported, proposed, to be confirmed.`,
  },
  fr: {
    colon: ' : ',
    yesNo: { yes: 'oui', no: 'non' },
    hidden: (input, because) => `${input} : non, question non affichée à cause de la réponse à ${because}`,
    absent: {
      missing: (input) => `${input} sans réponse`,
      'opted-out': (input) => `${input} : ne souhaite pas répondre, ne sait pas ou sans objet`,
      'not-asked': (input) => `${input} : question absente du formulaire`,
    },
    grade: (version, grade) =>
      `CTCAE ${version}, grade ${grade} d’après les réponses ; déclaré par le patient, proposé, à confirmer.`,
    atLeast: (version, min, max) =>
      `CTCAE ${version}, grade d’au moins ${min} d’après les réponses, et ${max} ne peut être exclu ; déclaré par le patient, proposé, à confirmer.`,
  },
};
