import type { Questionnaire, QuestionnaireItem, QuestionnaireResponse } from '@medplum/fhirtypes';
import t from 'tap';
import { PRO_CTCAE } from '../../src/fhir/canonical.ts';
import { compileQuestionnaire, NO_TERMINOLOGY } from '../../src/fhir/questionnaire.ts';
import { answeredOtherwise, type OtherAnswer } from '../../src/rules/answered-otherwise.ts';
import type { Answer } from '../../src/rules/finding.ts';
import { proCtcae } from '../../src/rules/gradings/pro-ctcae.ts';

const scale = (linkId: string, code: string, extra: Partial<QuestionnaireItem> = {}): QuestionnaireItem => ({
  linkId,
  type: 'integer',
  code: [{ system: PRO_CTCAE, code }],
  answerOption: [0, 1, 2, 3, 4].map((valueInteger) => ({ valueInteger })),
  ...extra,
});

/** Frequency, then severity beneath a group and only from 2 on, then interference unless severity is 0. */
const FORM: Questionnaire = {
  resourceType: 'Questionnaire',
  url: 'https://hospital.example/Questionnaire/pain',
  version: '1',
  status: 'active',
  item: [
    scale('f', 'PROCTCAE_48A_SCL'),
    {
      linkId: 'more',
      type: 'group',
      item: [
        scale('s', 'PROCTCAE_48B_SCL', { enableWhen: [{ question: 'f', operator: '>=', answerInteger: 2 }] }),
        scale('i', 'PROCTCAE_48C_SCL', { enableWhen: [{ question: 's', operator: '!=', answerInteger: 0 }] }),
      ],
    },
  ],
};

function otherwise(form: Questionnaire, said: Record<string, number>, others: readonly OtherAnswer[]): string[] {
  const compiled = compileQuestionnaire(form, NO_TERMINOLOGY);
  const grade = proCtcae.prepare(compiled);
  if (!grade) throw new Error('the form grades');
  const answer = (linkId: string) =>
    said[linkId] === undefined ? [] : [{ linkId, answer: [{ valueInteger: said[linkId] }] }];
  const inner = [...answer('s'), ...answer('i')];
  const response: QuestionnaireResponse = {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    item: [...answer('f'), ...(inner.length > 0 ? [{ linkId: 'more', item: inner }] : [])],
  };
  const before = JSON.stringify(response);
  const [finding] = answeredOtherwise(response, { compiled, grade }, others) ?? [];
  t.equal(JSON.stringify(response), before, 'the response stays as it is');
  return Object.values(finding?.attributes ?? {}).map(told);
}

const told = (answer: Answer): string =>
  answer.state === 'answered'
    ? `${answer.value}`
    : answer.state === 'hidden'
      ? `hidden by ${answer.because}`
      : answer.state;

const cases: [name: string, said: Record<string, number>, others: OtherAnswer[], answers: string[]][] = [
  ['an answer is another', { f: 3, s: 2, i: 1 }, [{ linkId: 's', score: 4 }], ['3', '4', '1']],
  [
    'two are',
    { f: 3, s: 2, i: 1 },
    [
      { linkId: 's', score: 4 },
      { linkId: 'f', score: 2 },
    ],
    ['2', '4', '1'],
  ],
  ['one that is missing is put where it belongs', { f: 3 }, [{ linkId: 's', score: 1 }], ['3', '1', 'missing']],
  ['what it hides is not answered', { f: 3, s: 2, i: 4 }, [{ linkId: 's', score: 0 }], ['3', '0', 'hidden by s']],
  [
    'below the condition of the form there was no question',
    { f: 3, s: 2, i: 1 },
    [{ linkId: 'f', score: 1 }],
    ['1', 'not-asked', '1'],
  ],
  ['what it comes to show is not known', { f: 3, s: 0 }, [{ linkId: 's', score: 2 }], ['3', '2', 'missing']],
  ['what the form hides cannot be answered', { f: 1 }, [{ linkId: 's', score: 2 }], []],
  ['nor what it has no option for', { f: 1 }, [{ linkId: 'f', score: 5 }], []],
  ['nor what it does not ask', { f: 1 }, [{ linkId: 'x', score: 1 }], []],
];

t.test('a response answered otherwise, as its form would have asked it', async (t) => {
  for (const [name, said, others, answers] of cases) t.same(otherwise(FORM, said, others), answers, name);
});

t.test('what may be answered several times is left alone', async (t) => {
  const form: Questionnaire = { ...FORM, item: [scale('f', 'PROCTCAE_48A_SCL', { repeats: true })] };
  t.same(otherwise(form, { f: 2 }, [{ linkId: 'f', score: 3 }]), []);
});
