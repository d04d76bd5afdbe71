import type { Flag, Questionnaire } from '@medplum/fhirtypes';
import t from 'tap';
import { CTCAE_ANSWER } from '../../src/rules/gradings/ctcae-answer-items.ts';
import { NOW, testApp } from '../support/app.ts';
import { post } from '../support/observations.ts';
import { aPatient } from '../support/responses.ts';

const code = (value: string) => [{ system: CTCAE_ANSWER, code: value }];

/** A site's form: when it comes on is asked of those alone who are short of breath. */
const FORM: Questionnaire = {
  resourceType: 'Questionnaire',
  url: 'https://hospital.example/Questionnaire/breath',
  version: '1',
  status: 'active',
  item: [
    { linkId: 'a', text: 'Short of breath?', type: 'boolean', code: code('dyspnea.present') },
    {
      linkId: 'b',
      text: 'When?',
      type: 'choice',
      code: code('dyspnea.exertion'),
      enableWhen: [{ question: 'a', operator: '=', answerBoolean: true }],
      answerOption: ['moderate', 'minimal', 'rest'].map((one) => ({
        valueCoding: { system: CTCAE_ANSWER, code: one },
      })),
    },
  ],
};

t.test('breathlessness at rest that structured answers told closes by two days on which there is none', async (t) => {
  const app = await testApp({ now: () => NOW });
  t.teardown(() => app.close());
  await post(app, FORM);
  const patient = await aPatient(app);
  const report = (daysAgo: number, present: boolean, exertion?: string) =>
    post(app, {
      resourceType: 'QuestionnaireResponse',
      status: 'completed',
      questionnaire: `${FORM.url}|${FORM.version}`,
      subject: { reference: patient },
      authored: new Date(NOW.getTime() - daysAgo * 86_400_000).toISOString(),
      item: [
        { linkId: 'a', answer: [{ valueBoolean: present }] },
        ...(exertion ? [{ linkId: 'b', answer: [{ valueCoding: { system: CTCAE_ANSWER, code: exertion } }] }] : []),
      ],
    });
  const flag = async (): Promise<string | undefined> => {
    const { body } = await app.send('GET', `/Flag?patient=${patient}`);
    const flags: Flag[] = (body.entry ?? []).map(({ resource }: { resource: Flag }) => resource);
    return flags.find(({ code: { coding } }) => coding?.[0]?.code === 'dyspnoea-at-rest')?.status;
  };
  await report(5, true, 'rest');
  t.equal(await flag(), 'active');
  await report(4, false);
  t.equal(await flag(), 'active', 'one day is not two');
  await report(3, true);
  t.equal(await flag(), 'active', 'that there is some does not tell when');
  await report(2, false);
  await report(1, false);
  t.equal(await flag(), 'inactive');
});
