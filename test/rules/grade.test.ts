import { readFileSync } from 'node:fs';
import type { Questionnaire, QuestionnaireResponse, QuestionnaireResponseItem } from '@medplum/fhirtypes';
import t from 'tap';
import { PRO_CTCAE } from '../../src/fhir/canonical.ts';
import { compileQuestionnaire, NO_TERMINOLOGY } from '../../src/fhir/questionnaire.ts';
import { checkGradingItems, grade, gradingOf } from '../../src/rules/grade.ts';

const load = (name: string) =>
  compileQuestionnaire(
    JSON.parse(readFileSync(`profiles/Questionnaire-${name}.json`, 'utf8')) as Questionnaire,
    NO_TERMINOLOGY,
  );

/** A response to a bundled form: answers by item id, as codes of our CodeSystem, or words. */
function answering(answers: Readonly<Record<string, string>>): QuestionnaireResponse {
  const groups = new Map<string, QuestionnaireResponseItem[]>();
  for (const [linkId, code] of Object.entries(answers)) {
    const group = linkId.replace(/(\d+)[ABC]_(SCL|IND)$/, '$1').replace(/_(IND|TEXT)$/, '');
    const answer = linkId.endsWith('_TEXT') ? { valueString: code } : { valueCoding: { system: PRO_CTCAE, code } };
    groups.set(group, [...(groups.get(group) ?? []), { linkId, answer: [answer] }]);
  }
  return {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    item: [...groups].map(([linkId, item]) => ({ linkId, item })),
  };
}

t.test('a response to the bundled weekly form is valid and graded, one finding per term', async (t) => {
  const form = load('pro-ctcae-weekly');
  t.strictSame(checkGradingItems(form), []);
  const response = answering({
    PROCTCAE_9A_SCL: 'frequency-0',
    PROCTCAE_16A_SCL: 'frequency-4',
    PROCTCAE_48A_SCL: 'frequency-2',
    PROCTCAE_48B_SCL: 'severity-0',
    PROCTCAE_53A_SCL: 'severity-4',
  });
  t.strictSame(form.validate(response), []);
  const findings = grade(form.collect(response), form);
  t.strictSame(
    findings.map(({ term }) => Number(term.split('_')[1])),
    [8, 9, 10, 15, 16, 19, 20, 39, 48, 52, 53, 56],
  );
  const of = (number: number) => findings.find(({ term }) => term === `PROCTCAE_${number}_COMP`);
  t.match(of(9), {
    outcome: { kind: 'graded', grade: 0 },
    attributes: { severity: { state: 'hidden', because: 'PROCTCAE_9A_SCL' } },
  });
  t.match(of(16), { outcome: { kind: 'graded', grade: 3 } });
  t.match(of(48), {
    outcome: { kind: 'graded', grade: 0 },
    attributes: { interference: { state: 'hidden', because: 'PROCTCAE_48B_SCL' } },
  });
  t.match(of(53), { outcome: { kind: 'at-least', min: 2, max: 3, missing: ['interference'] } });
  t.match(of(56), { outcome: { kind: 'not-gradable', reason: 'not-answered' } });
});

t.test('severity without frequency is accepted by the form and leaves the frequency open', async (t) => {
  const form = load('pro-ctcae-weekly');
  const response = answering({ PROCTCAE_9B_SCL: 'severity-4' });
  t.strictSame(form.validate(response), []);
  const nausea = grade(form.collect(response), form).find(({ term }) => term === 'PROCTCAE_9_COMP');
  t.match(nausea?.outcome, { kind: 'at-least', min: 0, max: 3, missing: ['frequency'] });
});

t.test(
  'a frequency of 0 with a severity is refused by the bundled form, so only other forms can contradict',
  async (t) => {
    const form = load('pro-ctcae-weekly');
    t.equal(form.validate(answering({ PROCTCAE_9A_SCL: 'frequency-0', PROCTCAE_9B_SCL: 'severity-3' })).length, 1);
  },
);

t.test('the early-phase form grades yes/no terms and what the patient wrote', async (t) => {
  const form = load('pro-ctcae-early-phase');
  t.strictSame(checkGradingItems(form), []);
  const response = answering({
    PROCTCAE_24A_IND: 'presence-1',
    PROCTCAE_OTHER_IND: 'presence-1',
    PROCTCAE_OTHER_TEXT: 'Goût de métal',
  });
  t.strictSame(form.validate(response), []);
  const findings = grade(form.collect(response), form);
  t.equal(findings.length, 21);
  t.match(
    findings.find(({ term }) => term === 'PROCTCAE_24_COMP'),
    { kind: 'presence', outcome: { grade: 1 } },
  );
  t.match(findings.at(-1), { term: 'PROCTCAE_OTHER', kind: 'text', outcome: { kind: 'graded', grade: 1 } });
  t.notMatch(JSON.stringify(findings), /métal/, 'the words stay in the response');
});

t.test('two repetitions of a group that are both answered are ambiguous', async (t) => {
  const questionnaire: Questionnaire = {
    resourceType: 'Questionnaire',
    status: 'active',
    item: [
      {
        linkId: 'day',
        type: 'group',
        repeats: true,
        item: [
          {
            linkId: 'constipation',
            type: 'choice',
            code: [{ system: PRO_CTCAE, code: 'PROCTCAE_15A_SCL' }],
            answerOption: [0, 1, 2, 3, 4].map((valueInteger) => ({ valueInteger })),
          },
        ],
      },
    ],
  };
  const form = compileQuestionnaire(questionnaire, NO_TERMINOLOGY);
  const day = (valueInteger: number) => ({
    linkId: 'day',
    item: [{ linkId: 'constipation', answer: [{ valueInteger }] }],
  });
  const response = (...item: QuestionnaireResponseItem[]): QuestionnaireResponse => ({
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    item,
  });
  const graded = (...days: QuestionnaireResponseItem[]) => grade(form.collect(response(...days)), form)[0]?.outcome;
  t.match(graded(day(1)), { kind: 'graded', grade: 1 });
  t.match(graded(day(1), day(3)), { kind: 'not-gradable', reason: 'ambiguous-item' });
  t.match(graded(day(1), { linkId: 'day' }), { kind: 'graded', grade: 1 });
});

t.test('the part that depends on the form is made once', async (t) => {
  const form = load('pro-ctcae-weekly');
  t.equal(gradingOf(form), gradingOf(form));
});

t.test('a form without grading codes grades nothing', async (t) => {
  const form = compileQuestionnaire(
    { resourceType: 'Questionnaire', status: 'active', item: [{ linkId: 'weight', type: 'decimal' }] },
    NO_TERMINOLOGY,
  );
  t.strictSame(checkGradingItems(form), []);
  t.strictSame(grade(form.collect({ resourceType: 'QuestionnaireResponse', status: 'completed' }), form), []);
});
