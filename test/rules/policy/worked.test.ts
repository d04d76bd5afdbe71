import { readFileSync } from 'node:fs';
import type { PlanDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { fold } from '../../../src/rules/episodes.ts';
import type { Finding, Report } from '../../../src/rules/finding.ts';
import { checkPolicy, compilePolicy } from '../../../src/rules/policy.ts';
import { atLeast, contradictory, graded, notGradable, plan, report } from '../builders.ts';

/** The policies of docs/policies.md as they stand there, by the last part of their url. */
const WORKED = new Map(
  [...readFileSync('docs/policies.md', 'utf8').matchAll(/```json\n([\s\S]*?)```/g)]
    .map(([, text = '']): PlanDefinition => JSON.parse(text))
    // An extension is shown by itself as well.
    .filter(({ resourceType }) => resourceType === 'PlanDefinition')
    .map((plan) => [plan.url?.split('/').at(-1) ?? '', plan]),
);

/** What became of the term after each report: the transition, and the priority where an episode is open. */
function story(name: string, reports: readonly Report[], term?: string): string[] {
  const plan = WORKED.get(name);
  if (!plan) throw new Error(`${name} is not in the document`);
  const { steps } = fold(reports, [compilePolicy(plan)], {});
  return steps
    .filter((step) => term === undefined || step.term === term)
    .map(({ transition, episodeAfter }) =>
      episodeAfter?.status === 'open' ? `${transition} ${episodeAfter.priority}` : transition,
    );
}

/** Weekly reports from 1 March on. */
const weekly = (...findings: (Finding | readonly Finding[])[]): Report[] =>
  findings.map((finding, week) => {
    const day = new Date(Date.UTC(2026, 2, 1 + 7 * week)).toISOString().slice(5, 10);
    return report(day, finding, { id: `w${week}` });
  });

const S3 = { frequency: 3, severity: 3 } as const;
const of = (term: string, grade: number): Finding => ({ ...graded(grade), term });

t.test('there are ten, each sound, and the numbers of a draft are filled in', async (t) => {
  t.same(
    [...WORKED.keys()],
    [
      'rise',
      'expected',
      'hysteresis',
      'three-of-four',
      'persistence',
      'burden',
      'combination',
      'laboratory',
      'unknown',
      'study',
    ],
  );
  for (const [name, plan] of WORKED) t.same(checkPolicy({ ...plan, status: 'active' }), [], name);
});

t.test('1. against the previous report, and against the baseline', async (t) => {
  t.same(story('rise', weekly(graded(2))), ['none'], 'a first report is no rise');
  t.same(story('rise', weekly(graded(1), graded(2))), ['none', 'none'], 'one grade');
  t.same(story('rise', weekly(graded(0), graded(2))), ['none', 'open PM'], 'two grades');
  t.same(story('rise', weekly(graded(0), atLeast(1, 3))), ['none', 'none'], 'a rise that is not certain');
  const slow = [report('03-01', graded(0), { baseline: true }), report('03-08', graded(1)), report('03-15', graded(2))];
  t.same(story('rise', slow), ['none', 'none', 'open PM'], 'by steps above the baseline');
});

t.test('2. above the expected level, until the day', async (t) => {
  const expecting = (level: number, until: string): Report => ({
    ...report('02-20', [], { id: 'nurse' }),
    expected: [{ term: graded(0).term, level, until }],
  });
  const until = '2026-03-08T08:00:00.000Z';
  t.same(story('expected', weekly(graded(1))), ['none']);
  t.same(story('expected', weekly(graded(2))), ['open PM'], 'nothing is expected');
  t.same(story('expected', [expecting(2, until), ...weekly(graded(2), graded(2))]), ['none', 'none'], 'to the moment');
  t.same(story('expected', [expecting(2, until), ...weekly(graded(2), graded(2), graded(2))]).at(-1), 'open PM');
  t.same(story('expected', [expecting(2, until), ...weekly(graded(3, S3))]), ['open PM'], 'above it');
  t.same(story('expected', [expecting(1, until), ...weekly(graded(2))]), ['open PM']);
});

t.test('3. a grade that hovers does not flicker', async (t) => {
  t.same(
    story('hysteresis', weekly(graded(2), graded(3, S3), graded(2), graded(3, S3), graded(2), graded(1), graded(2))),
    ['open PM', 'worse PH', 'better PH', 'worse PH', 'better PH', 'better PM', 'worse PM'],
  );
  t.same(story('hysteresis', weekly(graded(2), graded(1), graded(1), graded(0))), [
    'open PM',
    'better PM',
    'same PM',
    'close',
  ]);
});

t.test('4. three of the last four', async (t) => {
  t.same(story('three-of-four', weekly(graded(2), graded(1), graded(2))), ['none', 'none', 'none'], 'two of three');
  t.same(story('three-of-four', weekly(graded(2), graded(1), graded(2), graded(2))).at(-1), 'open PM');
  t.same(
    story('three-of-four', weekly(graded(2), graded(1), graded(1), graded(2), graded(2))).at(-1),
    'none',
    'of five',
  );
  t.same(
    story('three-of-four', weekly(graded(2), notGradable(), graded(1), contradictory(2), graded(2), graded(2))).at(-1),
    'open PM',
    'reports without a certain grade are not among them',
  );
  const late = weekly(graded(1), graded(2), graded(2), notGradable());
  t.same(story('three-of-four', late).at(-1), 'none', 'nor does such a report open');
});

t.test('5. three weeks on end', async (t) => {
  const weeks = [graded(1), graded(2), graded(1), graded(1)];
  t.same(story('persistence', weekly(...weeks)), ['none', 'none', 'none', 'open PL'], '21 days');
  t.same(story('persistence', weekly(...weeks.slice(1))).at(-1), 'none', '14 days');
  t.same(story('persistence', weekly(graded(1), graded(0), graded(1), graded(1))).at(-1), 'none', 'broken');
  t.same(story('persistence', weekly(...weeks, graded(0))).at(-1), 'close');
  const long = Array.from({ length: 30 }, () => graded(1));
  t.same(new Set(story('persistence', weekly(...long)).slice(3)), new Set(['open PL', 'same PL']), 'for half a year');
});

t.test('6. thirty grade-days', async (t) => {
  const ones = Array.from({ length: 5 }, () => graded(1));
  t.same(story('burden', weekly(...ones)).at(-1), 'none', '28 at grade 1');
  t.same(story('burden', weekly(...ones, graded(1))).at(-1), 'open PL', '35');
  t.same(story('burden', weekly(graded(3, S3), graded(3, S3), graded(3, S3))).at(-1), 'open PL', '42 at grade 3');
  t.same(story('burden', weekly(graded(3, S3), graded(3, S3), graded(0))).at(-1), 'none', '31.5, but it has gone');
});

t.test('days are whole days of the calendar, and hours do not count', async (t) => {
  const steps = (...reports: Report[]) =>
    fold(reports, [compilePolicy(plan([{ id: 'a', expression: '%burden.area >= 0.5 or %persistence.days1 > 0' }]))], {})
      .steps;
  const told = (...moments: string[]) => {
    const last = steps(...moments.map((at) => report(`2026-03-${at}:00.000Z`, graded(2)))).at(-1)?.told;
    return [last?.burden?.area, last?.burden?.days1, last?.recent?.since[0]];
  };
  t.same(told('02T08:00', '02T20:00'), [0, 0, '2026-03-02'], 'two reports of one day');
  t.same(told('02T08:00', '03T20:00'), [2, 1, '2026-03-02'], '36 hours over one midnight');
  t.same(told('02T20:00', '04T08:00'), [4, 2, '2026-03-02'], '36 hours over two');
});

t.test('7. both terms, in one report or in two', async (t) => {
  const [vomiting, diarrhoea] = ['PROCTCAE_10_COMP', 'PROCTCAE_16_COMP'];
  const told = (...reports: Finding[][]) => story('combination', weekly(...reports), vomiting);
  t.same(told([of(vomiting, 2)]), ['none'], 'alone: not known is not yes');
  t.same(told([of(vomiting, 2), of(diarrhoea, 1)]), ['none']);
  t.same(told([of(vomiting, 2), of(diarrhoea, 2)]), ['open PH']);
  t.same(told([of(diarrhoea, 2)], [of(vomiting, 2)]), ['open PH'], 'as last known');
  t.same(told([of(diarrhoea, 2)], [of(vomiting, 2), of(diarrhoea, 0)]), ['none'], 'this report first');
  t.same(story('combination', weekly([of(vomiting, 2), of(diarrhoea, 2)]), diarrhoea), ['none'], 'one Flag, not two');
});

const result = (term: string, grade: number, measured: Partial<Finding['measured']>): Report => ({
  ...report('03-01', {
    term,
    system: 'ctcae',
    version: '5.0',
    kind: 'ladder',
    outcome: { kind: 'graded', grade },
    attributes: {},
    measured: { loinc: '718-7', value: 85, unit: 'g/L', ...measured },
    dataQuality: [],
  }),
  source: { type: 'Observation', id: 'lab', version: 1 },
});

t.test('8. laboratory results', async (t) => {
  const neutrophils = { loinc: '26499-4', unit: '10*9/L' };
  const told = (...args: Parameters<typeof result>) => story('laboratory', [result(...args)]);
  t.same(told('neutrophil_count_decreased', 2, { ...neutrophils, value: 1.2 }), ['none']);
  t.same(told('neutrophil_count_decreased', 3, { ...neutrophils, value: 0.8 }), ['open PH']);
  t.same(told('neutrophil_count_decreased', 3, { loinc: '751-8', value: 0.8 }), ['none'], 'another code');
  t.same(told('anemia', 2, { value: 90 }), ['none']);
  t.same(told('anemia', 2, { value: 89.9 }), ['open PM']);
  t.same(told('anemia', 2, { value: 8.9, unit: 'g/dL' }), ['none'], 'in another unit');
  t.same(
    told('anemia', 2, { value: 8.9, unit: 'g/dL', canonical: 89, canonicalUnit: 'g/L' }),
    ['open PM'],
    'converted',
  );
  t.same(
    told('alt_increased', 1, { loinc: '1742-6', value: 120, unit: 'U/L', high: 40 }),
    ['none'],
    'exactly three times',
  );
  t.same(told('alt_increased', 2, { loinc: '1742-6', value: 121, unit: 'U/L', high: 40 }), ['open PM']);
  t.same(told('alt_increased', 2, { loinc: '1742-6', value: 121, unit: 'U/L' }), ['none'], 'no limit came with it');
});

t.test('9. unknown counts as yes where the policy says so', async (t) => {
  const severe = (facts?: Report['facts']) => story('unknown', [{ ...report('03-01', graded(3, S3)), facts }]);
  t.same(severe(), ['open PH'], 'not asked');
  t.same(severe({ treatments: { codes: [] } }), ['open PH'], 'not known');
  t.same(severe({ studies: [] }), ['open PH'], 'nothing is recorded');
  t.same(severe({ treatments: { systemic: true, codes: [] } }), ['open PH']);
  t.same(severe({ treatments: { systemic: false, codes: [] } }), ['none']);
  t.same(story('unknown', weekly(atLeast(1, 3))), ['open PM'], 'cannot be excluded');
  t.same(story('unknown', weekly(atLeast(1, 2))), ['none']);
});

t.test('10. one study, one form, a gap of more than fourteen days', async (t) => {
  const form = 'https://example.org/Questionnaire/early|2';
  const two = (day: string, over: Partial<Report> = {}) => [
    { ...report('03-01', graded(1)), form },
    { ...report(day, graded(1)), form, facts: { studies: ['https://example.org/studies|PHASE-1'] }, ...over },
  ];
  t.same(story('study', two('03-15')), ['none', 'none'], '14 days');
  t.same(story('study', two('03-16')), ['none', 'open PL'], '15 days');
  t.same(story('study', two('03-16', { form: 'https://example.org/Questionnaire/early' })).at(-1), 'open PL');
  t.same(story('study', two('03-16', { form: 'https://example.org/Questionnaire/weekly|2' })).at(-1), 'none');
  t.same(story('study', two('03-16', { facts: { studies: [] } })).at(-1), 'none', 'in no study');
  t.same(story('study', two('03-16', { facts: { studies: ['ResearchStudy/other'] } })).at(-1), 'none');
  t.same(story('study', two('03-16', { facts: undefined })).at(-1), 'open PL', 'not known: asked');
});
