import t from 'tap';
import type { Episode, TermState } from '../../src/rules/episode.ts';
import type { Outcome } from '../../src/rules/finding.ts';
import {
  type LastGrades,
  newLastGrades,
  readLastGrades,
  systemOf,
  writeLastGrades,
} from '../../src/rules/last-grades.ts';
import { allLabels } from '../../src/rules/resources/all-labels.ts';
import { lastGradesExtension } from '../../src/rules/resources/last-grades.ts';

const SOURCE = { type: 'QuestionnaireResponse', id: 'r1', version: 1 } as const;
const [MONDAY, TUESDAY] = ['2026-11-23T08:00:00.000Z', '2026-11-24T08:00:00.000Z'];

const previous = (grade: number, at = MONDAY): TermState['previous'] => ({
  grade,
  at,
  day: at.slice(0, 10),
  source: SOURCE,
});

const episode = (status: Episode['status'], outcome: Outcome): Episode => ({
  term: 'PROCTCAE_16_COMP',
  status,
  origin: 'r1',
  start: MONDAY,
  opening: SOURCE,
  latest: SOURCE,
  kind: 'composite',
  system: 'pro-ctcae',
  systemVersion: '1.0',
  outcome,
  openingLevel: 1,
  priority: 'PM',
  openedBy: [],
  decidedBy: [],
  calmDays: 0,
  reports: 1,
});

const graded = (grade: number): Outcome => ({ kind: 'graded', grade });
const between = (min: number, max: number): Outcome => ({ kind: 'at-least', min, max, missing: ['severity'] });

const cases: [name: string, terms: Record<string, TermState>, expected: LastGrades][] = [
  ['nothing graded yet is nothing', { PROCTCAE_16_COMP: {} }, { grades: [], zero: 0 }],
  ['grade 0 is counted, not listed', { PROCTCAE_16_COMP: { previous: previous(0) } }, { grades: [], zero: 1 }],
  [
    'grade 1 is listed with its time',
    { PROCTCAE_16_COMP: { previous: previous(1) } },
    { grades: [{ term: 'PROCTCAE_16_COMP', grade: 1, at: MONDAY }], zero: 0 },
  ],
  [
    'grade 0 in an open episode is listed',
    { PROCTCAE_16_COMP: { previous: previous(0), episode: episode('open', graded(0)) } },
    { grades: [{ term: 'PROCTCAE_16_COMP', grade: 0, at: MONDAY }], zero: 0 },
  ],
  [
    'grade 0 after an episode is counted',
    { PROCTCAE_16_COMP: { previous: previous(0), episode: episode('closed', graded(0)) } },
    { grades: [], zero: 1 },
  ],
  [
    'an open episode that was never certain has no grade, and is not 0',
    { PROCTCAE_16_COMP: { episode: episode('open', between(2, 3)) } },
    { grades: [{ term: 'PROCTCAE_16_COMP', atLeast: 2 }], zero: 0 },
  ],
  [
    'what it can be at least stands beside the last certain grade',
    { PROCTCAE_16_COMP: { previous: previous(1), episode: episode('open', between(2, 3)) } },
    { grades: [{ term: 'PROCTCAE_16_COMP', grade: 1, at: MONDAY, atLeast: 2 }], zero: 0 },
  ],
  [
    'the highest stands first, of equal ones the latest',
    {
      PROCTCAE_9_COMP: { previous: previous(1, MONDAY) },
      PROCTCAE_16_COMP: { previous: previous(1, TUESDAY) },
      'anemia@5.0': { previous: previous(3, MONDAY) },
      fever: { previous: previous(0) },
    },
    {
      grades: [
        { term: 'anemia@5.0', grade: 3, at: MONDAY },
        { term: 'PROCTCAE_16_COMP', grade: 1, at: TUESDAY },
        { term: 'PROCTCAE_9_COMP', grade: 1, at: MONDAY },
      ],
      zero: 1,
    },
  ],
  [
    'what is followed like a term and is no grade of the patient is left out',
    { 'missing-report': { previous: previous(1) } },
    { grades: [], zero: 0 },
  ],
];

for (const [name, terms, expected] of cases) {
  t.test(name, async (t) => {
    t.same(readLastGrades(writeLastGrades({ terms })), expected);
  });
}

t.test('the same grades are the same text, and are not written again', async (t) => {
  const [one, other] = [{ previous: previous(2) }, { previous: previous(1, TUESDAY) }];
  const before = { terms: { PROCTCAE_9_COMP: one, PROCTCAE_16_COMP: other } };
  const after = { terms: { PROCTCAE_16_COMP: other, PROCTCAE_9_COMP: one } };
  t.equal(newLastGrades(before, after), undefined);
  t.equal(newLastGrades({ terms: {} }, { terms: {} }), undefined);
  t.equal(newLastGrades(before, { terms: {} }), '', 'what was withdrawn goes');
  t.ok(writeLastGrades(before).length < 90, writeLastGrades(before));
});

t.test('each scale is told from its terms', async (t) => {
  t.equal(systemOf('PROCTCAE_OTHER'), 'pro-ctcae');
  t.equal(systemOf('anemia@6.0'), 'ctcae');
  t.equal(systemOf('missing-report'), undefined);
});

t.test('as an extension each term has the coding that its Flag has', async (t) => {
  const labels = allLabels();
  t.equal(lastGradesExtension('', labels), undefined);
  const terms = {
    PROCTCAE_16_COMP: { previous: previous(2) },
    'anemia@5.0': { previous: previous(1) },
    PROCTCAE_9_COMP: { previous: previous(0) },
  };
  const extension = JSON.parse(lastGradesExtension(writeLastGrades({ terms }), labels) ?? '');
  t.match(extension, {
    url: 'https://vigie.example/fhir/StructureDefinition/last-grades',
    extension: [
      {
        url: 'term-grade',
        extension: [
          {
            url: 'term',
            valueCoding: {
              system: 'https://vigie.example/fhir/CodeSystem/pro-ctcae',
              code: 'PROCTCAE_16_COMP',
              display: /composite grade$/,
            },
          },
          { url: 'grade', valueInteger: 2 },
          { url: 'at', valueInstant: MONDAY },
        ],
      },
      {
        extension: [
          {
            valueCoding: {
              system: 'https://vigie.example/fhir/CodeSystem/ctcae',
              version: '5.0',
              code: 'anemia',
              display: 'Anemia',
            },
          },
        ],
      },
      { url: 'others-at-zero', valueInteger: 1 },
    ],
  });
});
