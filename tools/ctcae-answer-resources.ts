import type { CodeSystem, CodeSystemConcept } from '@medplum/fhirtypes';
import {
  ANSWER_CODES,
  type AnswerCode,
  CTCAE_ANSWER,
  NONE,
  PRESENT,
} from '../src/rules/gradings/ctcae-answer-items.ts';
import { asksPresence } from '../src/rules/gradings/ctcae-answers.ts';
import { CTCAE_DATA, termOf } from '../src/rules/gradings/ctcae-data.ts';
import { TERMS } from '../src/rules/resources/codes.ts';
import type { Label } from '../src/rules/resources/labels.ts';
import { ANSWER_LABELS, inputLabel } from '../src/rules/resources/structured.ts';

/** The resources in `profiles/` that are made from what CTCAE grades by answers, by file name. */
export function ctcaeAnswerResources(): Record<string, object> {
  return { 'CodeSystem-ctcae-answer.json': codeSystem() };
}

const OWN_TRANSLATION = 'own-translation';

/** The types of answer, as an item of a form has them. */
const TYPE = { boolean: 'boolean', count: 'integer', code: 'choice' } as const;

function codeSystem(): CodeSystem {
  const concept = [
    ...ANSWER_CODES.map(question),
    ...Object.entries(ANSWER_LABELS).map(([code, label]) => ({
      code,
      display: label.en,
      definition: `Answer of ${fieldsWith(code).join(', ')}.`,
      designation: inFrench(label),
      property: [{ code: 'kind', valueCode: 'answer' }],
    })),
    {
      code: OWN_TRANSLATION,
      display: 'Our own translation',
      definition: 'Use of a designation that nobody has validated.',
      property: [{ code: 'kind', valueCode: 'designation-use' }],
    },
  ];
  return {
    resourceType: 'CodeSystem',
    id: 'ctcae-answer',
    language: 'en',
    url: CTCAE_ANSWER,
    version: '1.0.0',
    name: 'VigieCtcaeAnswer',
    title: 'Questions by whose answers CTCAE grades',
    status: 'active',
    experimental: false,
    publisher: 'Vigie',
    description:
      'Codes of the items of a form whose answers are graded by CTCAE, and of their coded answers. Inputs and answers are the answer fields of the grading ' +
      'table (Library/grading-ctcae), which follow the steps of NCI CTCAE v5.0 and v6.0; the input "present" is our own. Displays are names of inputs and no ' +
      'wording for patients: a form brings its own. French designations are our own translation.',
    copyright: CTCAE_DATA.licence.note,
    caseSensitive: true,
    content: 'complete',
    count: concept.length,
    property: [
      { code: 'kind', type: 'code', description: 'question, answer or designation-use' },
      { code: 'term', type: 'Coding', description: 'The term of CodeSystem ctcae that a question is about' },
      { code: 'input', type: 'code', description: 'The answer field of the table; present is our own' },
      {
        code: 'type',
        type: 'code',
        description: 'Type of the item: boolean (or choice of Y and N), integer or choice',
      },
      { code: 'answer', type: 'code', description: 'A coded answer that the question offers' },
    ],
    concept,
  };
}

function question({ code, term, field }: AnswerCode): CodeSystemConcept {
  const name = termOf(term);
  const label = inputLabel(field.name);
  const en = name?.en['5.0'] ?? name?.en['6.0'] ?? term;
  const both = { en: `${en}: ${label.en}`, fr: `${name?.fr ?? term} : ${label.fr}` };
  return {
    code,
    display: both.en,
    definition: DEFINITION[field.name] ?? `Answer field ${field.name} of the entry ${term} of the table.`,
    designation: inFrench(both),
    property: [
      { code: 'kind', valueCode: 'question' },
      { code: 'term', valueCoding: { system: TERMS.ctcae, code: term } },
      { code: 'input', valueCode: field.name },
      { code: 'type', valueCode: TYPE[field.kind] },
      ...answersOf({ term, field }).map((answer) => ({ code: 'answer', valueCode: answer })),
    ],
  };
}

/** Where a name alone does not say what is meant. Source: NCI CTCAE v5.0, activities of daily living; the words are ours. */
const DEFINITION: Readonly<Record<string, string>> = {
  [PRESENT.name]: 'Whether the patient has it at all. No step of CTCAE is about what is not there: a no is grade 0.',
  limitsIADL: 'It limits instrumental activities: preparing meals, shopping, using the telephone, managing money.',
  limitsSelfCare:
    'It limits self-care: bathing, dressing and undressing, feeding oneself, using the toilet, taking medicines, not being bedridden.',
  baselineStoolsPerDay:
    'How many stools a day are usual for the patient, before treatment. It is asked and never assumed.',
  ostomy: 'How much more comes out of an ostomy than usual; none also where there is no ostomy.',
};

const answersOf = ({ term, field }: Pick<AnswerCode, 'term' | 'field'>): readonly string[] =>
  field.kind === 'code' && asksPresence(term) ? [NONE, ...field.codes] : field.codes;

const fieldsWith = (answer: string): readonly string[] => [
  ...new Set(ANSWER_CODES.flatMap((one) => (answersOf(one).includes(answer) ? [one.field.name] : []))),
];

const inFrench = (label: Label): CodeSystemConcept['designation'] => [
  { language: 'fr', use: { system: CTCAE_ANSWER, code: OWN_TRANSLATION }, value: label.fr },
];
