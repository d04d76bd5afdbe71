import type {
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireResponse,
  QuestionnaireResponseItem,
} from '@medplum/fhirtypes';
import { CTCAE_ANSWER } from '../../src/rules/gradings/ctcae-answer-items.ts';

const question = (
  linkId: string,
  text: string,
  type: QuestionnaireItem['type'],
  more: Partial<QuestionnaireItem> = {},
) => ({
  linkId,
  text,
  type,
  code: [{ system: CTCAE_ANSWER, code: linkId }],
  ...more,
});

const options = (...codes: string[]): Partial<QuestionnaireItem> => ({
  answerOption: codes.map((code) => ({ valueCoding: { system: CTCAE_ANSWER, code } })),
});

const unlessNo = (present: string): Partial<QuestionnaireItem> => ({
  enableWhen: [{ question: present, operator: '=', answerBoolean: true }],
});

/** A plain example: a site brings its own form and its own texts. Its linkIds are the codes of its items. */
export const SYMPTOM_FORM: Questionnaire = {
  resourceType: 'Questionnaire',
  url: 'https://hospital.example/Questionnaire/symptoms',
  version: '1.0.0',
  status: 'active',
  title: 'Example: two symptoms',
  item: [
    question('pain.present', 'Pain?', 'boolean'),
    question('pain.severity', 'How strong?', 'choice', {
      ...unlessNo('pain.present'),
      ...options('mild', 'moderate', 'severe'),
    }),
    question('pain.limitsIADL', 'Trouble with errands or housework?', 'boolean', unlessNo('pain.present')),
    question('pain.limitsSelfCare', 'Trouble with washing or dressing?', 'boolean', unlessNo('pain.present')),
    question('diarrhea.stoolsPerDay', 'Stools yesterday', 'integer'),
    question('diarrhea.baselineStoolsPerDay', 'Stools on a usual day', 'integer'),
    question(
      'diarrhea.ostomy',
      'More from a stoma than usual?',
      'choice',
      options('none', 'mild', 'moderate', 'severe'),
    ),
    question('diarrhea.limitsIADL', 'Trouble with errands or housework because of it?', 'boolean'),
    question('diarrhea.limitsSelfCare', 'Trouble with washing or dressing because of it?', 'boolean'),
    question('diarrhea.hospitalisation', 'Told to go to hospital for it?', 'boolean'),
  ],
};

/** Answers by linkId: a text is the code of an option. */
export type Answers = Readonly<Record<string, boolean | number | string>>;

/** A completed response to the form, with nothing else answered. */
export const aSymptomReport = (
  subject: string,
  authored: string,
  answers: Answers,
  extra: Partial<QuestionnaireResponse> = {},
): QuestionnaireResponse => ({
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  questionnaire: `${SYMPTOM_FORM.url}|${SYMPTOM_FORM.version}`,
  subject: { reference: subject },
  authored,
  item: (SYMPTOM_FORM.item ?? []).flatMap(({ linkId }): QuestionnaireResponseItem[] => {
    const value = answers[linkId];
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [{ linkId, answer: [{ valueBoolean: value }] }];
    if (typeof value === 'number') return [{ linkId, answer: [{ valueInteger: value }] }];
    return [{ linkId, answer: [{ valueCoding: { system: CTCAE_ANSWER, code: value } }] }];
  }),
  ...extra,
});
