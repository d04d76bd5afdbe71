import t from 'tap';
import type { Finding, Report } from '../../src/rules/finding.ts';
import { type Level, seriesOf } from '../../src/rules/longitudinal-series.ts';
import { atLeast, contradictory, graded, notGradable, other, presence, report, TERM } from './builders.ts';

const ladder = (grade: number, version: '5.0' | '6.0'): Finding => ({
  term: 'anemia',
  system: 'ctcae',
  version,
  kind: 'ladder',
  outcome: { kind: 'graded', grade },
  attributes: {},
  dataQuality: [],
});

const scores = (findings: Finding[], level: Level) =>
  seriesOf([report('03-01', findings)], level).map(({ key, presence: apart, visits: [visit] }) => ({
    key,
    ...(apart ? { presence: true } : {}),
    ...(visit?.score === undefined ? {} : { score: visit.score }),
    ...(visit?.upTo === undefined ? {} : { upTo: visit.upTo }),
  }));

const cases: [name: string, findings: Finding[], level: Level, expected: object[]][] = [
  ['a composite', [graded(2)], 'composite', [{ key: TERM, score: 2 }]],
  ['a range has no score', [atLeast(1, 3)], 'composite', [{ key: TERM, upTo: 3 }]],
  ['what is not gradable has none', [notGradable()], 'composite', [{ key: TERM }]],
  ['a grade 0 that the answers contradict is not relied on', [contradictory(2)], 'composite', [{ key: TERM }]],
  ['yes and no stand apart', [presence(1)], 'composite', [{ key: 'PROCTCAE_5_COMP', presence: true, score: 1 }]],
  ['so does a write-in', [other(true)], 'composite', [{ key: 'PROCTCAE_OTHER', presence: true, score: 1 }]],
  [
    'items, each under its own code',
    [graded(1, { frequency: 2, severity: 1 })],
    'item',
    [
      { key: 'PROCTCAE_9A_SCL', score: 2 },
      { key: 'PROCTCAE_9B_SCL', score: 1 },
    ],
  ],
  [
    'a hidden item is a true 0',
    [graded(0, { frequency: 0, severity: 'hidden' })],
    'item',
    [
      { key: 'PROCTCAE_9A_SCL', score: 0 },
      { key: 'PROCTCAE_9B_SCL', score: 0 },
    ],
  ],
  [
    'a skipped one and an opt-out are none, and what was not asked is no visit',
    [graded(0, { frequency: 'missing', severity: 'opted-out', interference: 'not-asked' })],
    'item',
    [{ key: 'PROCTCAE_9A_SCL' }, { key: 'PROCTCAE_9B_SCL' }],
  ],
  [
    'both versions of CTCAE, each as its own scale',
    [ladder(3, '5.0'), ladder(2, '6.0')],
    'ctcae',
    [
      { key: 'anemia@5.0', score: 3 },
      { key: 'anemia@6.0', score: 2 },
    ],
  ],
  ['patient-reported grades are no CTCAE grades', [graded(2)], 'ctcae', []],
  ['nor the other way round', [ladder(2, '5.0')], 'composite', []],
];
for (const [name, findings, level, expected] of cases) {
  t.test(name, async (t) => void t.same(scores(findings, level), expected));
}

t.test('visits are in the order of symptom time, with their reports', async (t) => {
  const [series] = seriesOf([report('03-08', graded(1)), report('03-01', graded(2), { baseline: true })], 'composite');
  t.match(series?.visits, [
    { score: 2, baseline: true, source: { id: '03-01' } },
    { score: 1, baseline: false, source: { id: '03-08' } },
  ]);
});

t.test('the last recorded baseline is a visit of its terms, with a score or without', async (t) => {
  const baseline = { baseline: true };
  const visitOf = (...reports: Report[]) => seriesOf(reports, 'composite')[0]?.baselineVisit;
  t.equal(visitOf(report('03-01', graded(1))), undefined, 'the first report is none');
  t.match(visitOf(report('03-01', notGradable(), baseline)), { baseline: true, source: { id: '03-01' } });
  t.match(visitOf(report('03-01', graded(1), baseline), report('03-15', atLeast(1, 3), baseline)), {
    upTo: 3,
    source: { id: '03-15' },
  });
  const outcome = { kind: 'not-gradable', reason: 'not-asked', missing: [] } as const;
  const silent: Finding = { ...notGradable(), outcome };
  t.match(
    visitOf(report('03-01', graded(1), baseline), report('03-15', silent, baseline)),
    { score: 1, source: { id: '03-01' } },
    'where the term is not asked it is no visit',
  );
  const said: Report = {
    ...report('03-20', [], { baseline: true, id: 'said' }),
    baselines: [{ term: TERM, grade: 2 }],
  };
  t.match(visitOf(report('03-01', notGradable(), baseline), said), { score: 2, source: { id: 'said' } });
});

t.test('the last baseline that has a score is in force, also one that a clinician recorded', async (t) => {
  const baselineOf = (...reports: Report[]) => seriesOf(reports, 'composite')[0]?.baseline;
  const recorded = report('03-08', graded(1), { baseline: true });
  t.equal(baselineOf(report('03-01', graded(1))), undefined, 'the first report is none');
  t.match(baselineOf(report('03-01', graded(2), { baseline: true }), recorded), { score: 1, source: { id: '03-08' } });
  t.match(baselineOf(recorded, report('03-15', atLeast(1, 3), { baseline: true })), { source: { id: '03-08' } });
  const said: Report = {
    ...report('03-20', [], { baseline: true, id: 'said' }),
    baselines: [
      { term: TERM, grade: 2 },
      { term: 'PROCTCAE_53_COMP', grade: 1 },
    ],
  };
  t.match(baselineOf(recorded, said), { score: 2, source: { id: 'said' } });
  t.equal(seriesOf([recorded, said], 'composite').length, 1, 'what was never reported has no series');
});
