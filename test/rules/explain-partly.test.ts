import t from 'tap';
import type { DecisionRecord, RecordedTerm } from '../../src/rules/decision-record.ts';
import { leftOf, leftParameters, leftText } from '../../src/rules/explain-partly.ts';
import { allLabels } from '../../src/rules/resources/all-labels.ts';
import { englishIn } from '../support/english.ts';
import { graded, TERM } from './builders.ts';

const labels = allLabels();
const source = { type: 'QuestionnaireResponse', id: 'r', version: 2 } as const;

/** One step of the report; conditions as `policy action error`, of which those without an error are false. */
const step = (term: string, conditions: string[], over: Partial<RecordedTerm> = {}): RecordedTerm => ({
  source,
  at: '2026-03-01T08:00:00.000Z',
  day: '2026-03-01',
  finding: { ...graded(1), term },
  transition: 'none',
  conditions: conditions.map((one) => {
    const [policy = '', action = '', error] = one.split(' ');
    return { policy, action, ...(error ? { value: 'undecided' as const, error } : { value: false }) };
  }),
  ...over,
});

const record = (...terms: RecordedTerm[]): Pick<DecisionRecord, 'terms' | 'source'> => ({ terms, source });

const mixed = record(
  step(TERM, ['a|1 open', 'b|1 open budget', 'b|1 close budget', 'c|1 open budget']),
  step('PROCTCAE_10_COMP', ['a|1 open budget', 'b|1 open TypeError', 'b|1 close not-boolean', 'c|1 open TypeError']),
  step('PROCTCAE_8_COMP', ['a|1 open', 'b|1 open']),
  step('PROCTCAE_15_COMP', ['a|1 open budget'], { source: { ...source, id: 'later' } }),
);

t.test(
  'each policy is told once with each term of the report that it left undecided, by what left it so',
  async (t) => {
    const told = (by: 'policy-budget' | 'policy-error') =>
      leftOf(mixed, by).map(({ finding, policy, errors }) => [finding.term, policy, ...errors]);
    t.same(told('policy-budget'), [
      [TERM, 'b|1', 'budget'],
      [TERM, 'c|1', 'budget'],
      ['PROCTCAE_10_COMP', 'a|1', 'budget'],
    ]);
    t.same(told('policy-error'), [
      ['PROCTCAE_10_COMP', 'b|1', 'TypeError', 'not-boolean'],
      ['PROCTCAE_10_COMP', 'c|1', 'TypeError'],
    ]);
  },
);

t.test('as a sentence, in both languages', async (t) => {
  const cases = [
    [
      'policy-budget',
      'en',
      'Not asked, since the steps of one report were spent, which is not a no: Nausea by b|1; Nausea by c|1; Vomiting by a|1.',
    ],
    ['policy-error', 'en', 'Undecided, since a condition failed, which is not a no: Vomiting by b|1; Vomiting by c|1.'],
    [
      'policy-budget',
      'fr',
      'Non examiné, les étapes prévues pour une réponse étant épuisées, ce qui n’est pas un non : Nausées par b|1 ; Nausées par c|1 ; Vomissements par a|1.',
    ],
    [
      'policy-error',
      'fr',
      'Indécidable, une condition ayant échoué, ce qui n’est pas un non : Vomissements par b|1 ; Vomissements par c|1.',
    ],
  ] as const;
  for (const [by, language, text] of cases) {
    t.same(leftText(leftOf(mixed, by), by, { labels, language }), [text]);
    if (language === 'fr') t.same(englishIn(text), []);
  }
  t.same(leftText([], 'policy-budget', { labels, language: 'en' }), [], 'nothing where nothing was left');
});

t.test('as parameters', async (t) => {
  const [, , last] = leftParameters(leftOf(mixed, 'policy-budget'), { labels, language: 'fr' });
  t.same(last, {
    name: 'undecided',
    part: [
      {
        name: 'term',
        valueCoding: {
          system: 'https://vigie.example/fhir/CodeSystem/pro-ctcae',
          code: 'PROCTCAE_10_COMP',
          display: 'Vomissements',
        },
      },
      { name: 'policy', valueCanonical: 'a|1' },
      { name: 'error', valueString: 'budget' },
    ],
  });
});

t.test('of many the first are told, and how many more there are', async (t) => {
  const left = (count: number) =>
    leftOf(
      record(
        step(
          TERM,
          Array.from({ length: count }, (_, n) => `p${n}|1 open budget`),
        ),
      ),
      'policy-budget',
    );
  const parameters = (count: number) => leftParameters(left(count), { labels, language: 'en' });
  const text = (count: number) => leftText(left(count), 'policy-budget', { labels, language: 'en' })[0] ?? '';
  t.equal(parameters(200).length, 200);
  t.equal(parameters(201).length, 201);
  t.same(parameters(201).at(-1), { name: 'undecidedMore', valueInteger: 1 });
  t.match(text(20), /; Nausea by p19\|1\.$/);
  t.match(text(21), /; Nausea by p19\|1; 1 more\.$/);
  t.match(
    leftText(left(21), 'policy-budget', { labels, language: 'fr' })[0],
    /; 1 de plus\.$|; 1 de plus\.$| ; 1 de plus\.$/,
  );
});
